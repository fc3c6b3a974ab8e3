/* SPDX-License-Identifier: BSD-2-Clause */
/* First byte even: u8 first entry, u8 entries, then what is inside an audit object, decompressed. Odd: an audit object
 * that its writer signed (signing.h); the reader's key is another one, so that no seal opens. */
#include "archive/audit.h"
#include "fuzz/signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void inside(const uint8_t *data, size_t len)
{
	struct audit a = { .first = data[0], .n = data[1], .raw = BUF_INIT };
	AUTO_IN(buf_release) struct buf raw = BUF_INIT, other = BUF_INIT;

	demand(buf_append(&raw, data + 2, len - 2) == 0);
	if (audit_decode(&a, &raw, NULL) == 0) {
		demand(a.n > 0 && a.first + a.n <= a.head.size);
		for (uint64_t i = 0; i < a.n; i++) {
			const struct audit_entry *e = &a.entries[i];

			demand(e->line[LOG_LINE_LEN - 1] == '\n' && e->record.len <= RECORD_MAX &&
				e->sig.len <= SSHSIG_MAX);
		}
	}
	audit_release(&a);
	/* The same bytes as a frame. */
	if (audit_unpack(&other, data + 2, len - 2, NULL) == 0)
		demand(other.len > 0 && other.len <= AUDIT_RAW_MAX);
}

static void object(const uint8_t *data, size_t len)
{
	struct signing *s = signing_get();
	AUTO_IN(buf_release) struct buf clear = BUF_INIT, tail = BUF_INIT;
	struct name name = name_audit(&s->object);
	struct bundle key = { .role = HZ_ROLE_LISTER, .suite = 1 };
	struct audit a;

	/* The writer's id is that of its key here: it is found by what signed. */
	s->writer.id = signer_id(1, s->writer.pub);
	if (!signing_split(&clear, &tail, data, len) || !signing_put(s, name.s, OBJECT_AUDIT, false, &clear, &tail))
		return;
	if (audit_load(&a, s->store, &s->object, &s->log, NULL, NULL, NULL) == 0) {
		demand(uid_eq(&a.id, &s->object) && a.n > 0 && a.first + a.n <= LOG_ENTRIES_MAX && !a.open);
		audit_release(&a);
	}
	key.meta_sec = s->root_seed;
	demand(audit_load(&a, s->store, &s->object, &s->log, &key, NULL, NULL) < 0);
	demand(store_remove(s->store, name.s, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	demand(crypto_init(NULL) == 0);
	if (len < 3)
		return 0;
	if (data[0] & 1)
		object(data + 1, len - 1);
	else
		inside(data + 1, len - 1);
	return 0;
}
