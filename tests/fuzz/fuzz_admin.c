/* SPDX-License-Identifier: BSD-2-Clause */
/* admin_apply over a row of entries, each u8 who signs (0 root, 1 the first agent, 2 a writer), u16 length, items. */
#include "fuzz/signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_state(const struct admin_log *log)
{
	demand(log->roots.n <= ROOTS_MAX);
	for (size_t i = 0; i < log->n_writers; i++) {
		const struct writer_info *w = admin_writer(log, &log->writers[i].id);

		demand(w && admin_signer(log, &w->id) == w->pub);
	}
	for (size_t i = 1; i < log->tombstones.n; i++)
		demand(id_cmp(&log->tombstones.v[i - 1], &log->tombstones.v[i]) < 0);
	for (size_t i = 0; i < log->n_finals; i++) {
		for (size_t k = 0; k < log->finals[i].n; k++)
			demand(admin_pack_is_final(log, &log->finals[i].packs[k]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct signing *s = signing_get();
	struct admin_log log = { .repo = s->log.repo };
	struct dec d = dec_of(data, len);
	int rc = 0;

	log.repo.roots = s->log.roots;
	while (rc == 0 && dec_left(&d) > 0) {
		uint8_t who = dec_u8(&d) % 3;
		size_t n = dec_u16(&d);
		const uint8_t *items;
		struct uid signer = who == 1 && log.n_agents ? log.agents[0].id
			: who == 2                           ? s->writer.id
							     : signer_id(1, s->log.roots.pub[0]);

		n = n < dec_left(&d) ? n : dec_left(&d);
		items = dec_bytes(&d, n);
		rc = items ? admin_apply(&log, items, n, &signer, 1, 0, NULL) : -1;
		log.n++;
		if (rc == 0)
			check_state(&log);
	}
	log.n = 0;
	admin_log_release(&log);
	return 0;
}
