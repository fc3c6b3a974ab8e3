/* SPDX-License-Identifier: BSD-2-Clause */
/* pack_table_decode: u8 role - 1, u32 where the data blocks end, then the table. What it takes lies inside, in order,
 * and every member is found by its id. */
#include "archive/pack.h"
#include "base/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool what)
{
	if (!what)
		abort();
}

static void check(const struct pack *p, enum pack_role role, uint32_t limit)
{
	const struct pack_table *t = &p->t[role];
	uint64_t end = PACK_FRAMES;

	for (uint32_t i = 0; i < t->n_frames; i++) {
		const struct pack_frame *f = &t->frames[i];
		uint64_t raw = 0;

		demand(f->off >= end && f->stored > TAG_LEN && f->raw <= FRAME_RAW_MAX);
		end = (uint64_t)f->off + f->stored;
		demand(end <= limit && (uint64_t)f->first + f->members <= t->n_members);
		for (uint32_t k = 0; k < f->members; k++) {
			const struct pack_member *m = &t->members[f->first + k];

			demand(m->frame == i && m->off == raw && (uint64_t)m->off + m->len <= f->raw);
			raw += m->len;
			demand(pack_find(p, role, &m->id) != NULL);
		}
		demand(f->method == METHOD_PAD || raw == f->raw);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dec d = dec_of(data, len);
	enum pack_role role = dec_u8(&d) & 1 ? PACK_DATA : PACK_META;
	uint32_t limit = dec_u32(&d);
	struct pack p = { .blocks = 16 };
	size_t n = dec_left(&d);
	const uint8_t *table = dec_bytes(&d, n);

	if (d.bad || !table)
		return 0;
	if (pack_table_decode(&p.t[role], table, n, role, limit, NULL) == 0)
		check(&p, role, limit);
	pack_table_release(&p.t[role]);
	return 0;
}
