/* SPDX-License-Identifier: BSD-2-Clause */
/* journal_state_read: entries, each u16 length and so many bytes, to which length and sum are put as they should be;
 * what follows a length of 0xFFFF stands as it is. Input that begins as a journal does is taken as it is. */
#include "sanitize/erase_journal_internal.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void make_file(struct buf *out, const uint8_t *data, size_t len)
{
	struct journal_sum sum = { { 0 } };
	struct dec d = dec_of(data, len);
	struct enc e = enc_to(out);
	uint8_t head[JOURNAL_HEAD_LEN];

	enc_bytes(&e, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN);
	while (dec_left(&d) >= 2) {
		size_t n = dec_u16(&d);
		const uint8_t *p;

		if (n == 0xFFFF) {
			n = dec_left(&d);
			enc_bytes(&e, dec_bytes(&d, n), n);
			return;
		}
		n = n < dec_left(&d) ? n : dec_left(&d);
		p = dec_bytes(&d, n);
		sum = journal_sum(&sum, p, n);
		journal_head(head, n);
		enc_bytes(&e, head, sizeof(head));
		enc_bytes(&e, p, n);
		enc_bytes(&e, sum.b, JOURNAL_SUM_LEN);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_IN(buf_release) struct buf file = BUF_INIT;
	struct journal_state s = { 0 };

	if (crypto_init(NULL) < 0)
		abort();
	if (len >= JOURNAL_MAGIC_LEN && memcmp(data, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN) == 0) {
		if (buf_append(&file, data, len) < 0)
			abort();
	} else {
		make_file(&file, data, len);
	}
	if (journal_state_read(&s, file.data, file.len, NULL) < 0)
		return 0;
	if (s.good > file.len || s.n_steps > PLAN_STEPS || s.device.bytes < s.device.logical_sector)
		abort();
	for (unsigned i = 0; i < s.n_steps; i++) {
		const struct journal_step *t = &s.step[i];

		if (t->durable > s.device.bytes || t->bad.sectors > s.device.bytes / s.device.logical_sector)
			abort();
	}
	journal_state_release(&s);
	return 0;
}
