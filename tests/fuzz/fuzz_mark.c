/* SPDX-License-Identifier: BSD-2-Clause */
/* mark_load of mark 7 that a root key (first byte even) or a writer signed. */
#include "fuzz/signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct signing *s = signing_get();
	AUTO_IN(buf_release) struct buf clear = BUF_INIT, tail = BUF_INIT;
	struct name name = name_mark(7, 0);
	struct mark m;

	if (len < 1 || !signing_split(&clear, &tail, data + 1, len - 1) ||
		!signing_put(s, name.s, OBJECT_MARK, !(data[0] & 1), &clear, &tail))
		return 0;
	if (mark_load(&m, s->store, 7, 0, &s->log, NULL, NULL) == 0) {
		demand(!(data[0] & 1) && m.n == 7 && (m.kind == 1 || m.kind == 2));
		for (size_t i = 1; i < m.n_packs; i++)
			demand(uid_cmp(&m.packs[i - 1], &m.packs[i]) < 0);
		mark_release(&m);
	}
	demand(store_remove(s->store, name.s, NULL) == 0);
	return 0;
}
