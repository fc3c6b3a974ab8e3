/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of packs (docs/format/pack.md): decoding one, and finding an id in it. */
#include "archive/pack.h"
#include <string.h>

#define SPOT_MAX 32u

void pack_table_release(struct pack_table *t)
{
	free(t->frames);
	free(t->members);
	free(t->by_id);
	*t = (struct pack_table){ 0 };
}

static bool decode_frames(struct pack_table *t, struct dec *d, const struct uid *writers, unsigned n_writers,
	enum pack_role role, uint32_t limit)
{
	uint64_t end = PACK_FRAMES, members = 0;

	for (uint32_t i = 0; i < t->n_frames; i++) {
		struct pack_frame *f = &t->frames[i];
		uint16_t w;

		f->off = dec_u32(d);
		f->stored = dec_u32(d);
		f->raw = dec_u32(d);
		f->method = dec_u8(d);
		w = dec_u16(d);
		f->members = dec_u32(d);
		f->first = (uint32_t)members;
		members += f->members;
		if (d->bad || w >= n_writers || f->off < end || f->stored <= TAG_LEN ||
			(uint64_t)f->off + f->stored > limit || f->raw > FRAME_RAW_MAX || f->method > METHOD_PAD)
			return false;
		if (f->method != METHOD_ZSTD && f->raw != f->stored - TAG_LEN)
			return false;
		if ((f->method == METHOD_PAD) != (f->members == 0) || (f->method == METHOD_PAD && role != PACK_DATA))
			return false;
		if (f->method == METHOD_PAD && i + 1 != t->n_frames)
			return false;
		f->writer = writers[w];
		end = (uint64_t)f->off + f->stored;
	}
	return members == t->n_members;
}

static bool decode_members(struct pack_table *t, struct dec *d)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < t->n_frames; i++) {
		uint64_t off = 0;

		for (uint32_t j = 0; j < t->frames[i].members; j++, k++) {
			struct pack_member *m = &t->members[k];

			dec_copy(d, m->id.b, ID_LEN);
			m->len = dec_u32(d);
			m->frame = i;
			m->off = (uint32_t)off;
			off += m->len;
			if (off > t->frames[i].raw)
				return false;
		}
		if (t->frames[i].method != METHOD_PAD && off != t->frames[i].raw)
			return false;
	}
	return true;
}

static int cmp_member(const void *a, const void *b, void *arg)
{
	const struct pack_member *m = arg;
	int c = id_cmp(&m[*(const uint32_t *)a].id, &m[*(const uint32_t *)b].id);
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return c ? c : (x > y) - (x < y);
}

/* One of as many spots as there are members. */
static uint32_t spot_of(const struct pack_table *t, uint32_t member)
{
	return (uint32_t)(((get_be64(t->members[member].id.b) >> 32) * t->n_members) >> 32);
}

static void sort_spot(struct pack_table *t, uint32_t from, uint32_t to)
{
	if (to - from > SPOT_MAX) {
		qsort_r(t->by_id + from, to - from, sizeof(*t->by_id), cmp_member, t->members);
		return;
	}
	for (uint32_t i = from + 1; i < to; i++) {
		uint32_t place = t->by_id[i], k = i;

		for (; k > from && cmp_member(&t->by_id[k - 1], &place, t->members) > 0; k--)
			t->by_id[k] = t->by_id[k - 1];
		t->by_id[k] = place;
	}
}

/* Puts the places in the order of ids. Ids are spread evenly: each goes near where it belongs, and what falls on one
 * spot is sorted there; with qsort where that is much, for who made the pack may have chosen its ids. */
static int sort_by_id(struct pack_table *t, hz_error **err)
{
	uint32_t n = t->n_members;
	AUTO_FREE uint32_t *end = calloc((size_t)n + 1, sizeof(*end));

	if (!end)
		return err_nomem(err);
	for (uint32_t i = 0; i < n; i++)
		end[spot_of(t, i) + 1]++;
	for (uint32_t s = 1; s <= n; s++)
		end[s] += end[s - 1];
	/* Each spot's begin moves on to its end. */
	for (uint32_t i = 0; i < n; i++)
		t->by_id[end[spot_of(t, i)]++] = i;
	for (uint32_t s = 0, from = 0; s < n; from = end[s++])
		sort_spot(t, from, end[s]);
	return 0;
}

int pack_table_decode(
	struct pack_table *t, const uint8_t *data, size_t len, enum pack_role role, uint32_t limit, hz_error **err)
{
	struct dec d = dec_of(data, len);
	unsigned n_writers = dec_u16(&d);
	AUTO_FREE struct uid *writers = NULL;
	bool good;

	if (d.bad || n_writers < 1 || dec_left(&d) < n_writers * UID_LEN)
		return err_set(err, HZ_E_CORRUPT, "pack table: malformed");
	writers = calloc(n_writers, UID_LEN);
	if (!writers)
		return err_nomem(err);
	dec_copy(&d, writers, n_writers * UID_LEN);
	t->n_frames = dec_u32(&d);
	if (d.bad || dec_left(&d) / FRAME_ENTRY < t->n_frames ||
		(dec_left(&d) - (size_t)t->n_frames * FRAME_ENTRY) % MEMBER_ENTRY != 0)
		return err_set(err, HZ_E_CORRUPT, "pack table: malformed");
	t->n_members = (uint32_t)((dec_left(&d) - (size_t)t->n_frames * FRAME_ENTRY) / MEMBER_ENTRY);
	t->frames = calloc((size_t)t->n_frames + 1, sizeof(*t->frames));
	t->members = calloc((size_t)t->n_members + 1, sizeof(*t->members));
	t->by_id = calloc((size_t)t->n_members + 1, sizeof(*t->by_id));
	if (!t->frames || !t->members || !t->by_id) {
		pack_table_release(t);
		return err_nomem(err);
	}
	good = decode_frames(t, &d, writers, n_writers, role, limit) && decode_members(t, &d) && dec_done(&d);
	if (!good) {
		pack_table_release(t);
		return err_set(err, HZ_E_CORRUPT, "pack table: malformed");
	}
	if (sort_by_id(t, err) < 0) {
		pack_table_release(t);
		return HZ_E_NOMEM;
	}
	t->loaded = true;
	return 0;
}

const struct pack_member *pack_find(const struct pack *p, enum pack_role role, const struct id *id)
{
	const struct pack_table *t = &p->t[role];
	uint32_t lo = 0, hi = t->n_members;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (id_cmp(&t->members[t->by_id[mid]].id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < t->n_members && id_eq(&t->members[t->by_id[lo]].id, id))
		return &t->members[t->by_id[lo]];
	return NULL;
}
