/* SPDX-License-Identifier: BSD-2-Clause */
/* commit_load of a commit that a writer (first byte even) or a root key signed, without the key of its body. */
#include "fuzz/signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct signing *s = signing_get();
	AUTO_IN(buf_release) struct buf clear = BUF_INIT, tail = BUF_INIT;
	struct name name = name_commit(&s->object, 0);
	struct commit c;

	if (len < 1 || !signing_split(&clear, &tail, data + 1, len - 1) ||
		!signing_put(s, name.s, OBJECT_COMMIT, data[0] & 1, &clear, &tail))
		return 0;
	if (commit_load(&c, NULL, s->store, &s->object, 0, &s->log, NULL, NULL, NULL) == 0) {
		demand(c.kind >= COMMIT_SNAPSHOT && c.kind <= COMMIT_EVICTED && uid_eq(&c.session, &s->object));
		demand(c.kind <= COMMIT_PLAIN || (c.n_parents == 0 && c.n_runs == 0));
		for (size_t i = 1; i < c.n_parents; i++)
			demand(id_cmp(&c.parents[i - 1], &c.parents[i]) < 0);
		for (size_t i = 1; i < c.n_runs; i++)
			demand(uid_cmp(&c.runs[i - 1].uid, &c.runs[i].uid) < 0);
		commit_release(&c);
	}
	demand(store_remove(s->store, name.s, NULL) == 0);
	return 0;
}
