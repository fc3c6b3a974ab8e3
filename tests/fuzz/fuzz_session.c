/* SPDX-License-Identifier: BSD-2-Clause */
/* session_load of a session that its writer signed; the reader's key is another one, so that no seal opens. */
#include "fuzz/signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct signing *s = signing_get();
	AUTO_IN(buf_release) struct buf clear = BUF_INIT, tail = BUF_INIT;
	struct name name = name_session(&s->object);
	struct bundle key = { .role = HZ_ROLE_LISTER, .suite = 1 };
	struct session got;

	if (!signing_split(&clear, &tail, data, len) || !signing_put(s, name.s, OBJECT_SESSION, false, &clear, &tail))
		return 0;
	if (session_load(&got, s->store, &s->object, &s->log, NULL, NULL, NULL) == 0) {
		demand(uid_eq(&got.id, &s->object) && uid_eq(&got.group, &s->writer.group));
		demand(!got.key[PACK_META] && !got.key[PACK_DATA]);
		session_release(&got);
	}
	key.meta_sec = key.data_sec = s->root_seed;
	demand(session_load(&got, s->store, &s->object, &s->log, &key, NULL, NULL) < 0);
	demand(store_remove(s->store, name.s, NULL) == 0);
	return 0;
}
