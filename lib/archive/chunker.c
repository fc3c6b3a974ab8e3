/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Content-defined cuts (docs/format/chunker.md). The hash at a length is a function of the 64 bytes before it and of
 * nothing else, also just after the minimum: that is what lets cuts fall into step again behind an insertion.
 */
#include "archive/chunker.h"
#include "base/codec.h"

#define WINDOW 64u /* a byte has left the 64-bit hash after as many shifts */
#define KIB    1024u

struct profile {
	size_t min, normal, max;
	unsigned bits_hard, bits_easy;
};

/* Every minimum is at least WINDOW. */
static const struct profile profiles[] = {
	[CHUNKER_DEFAULT] = { 512 * KIB, 1024 * KIB, 8192 * KIB, 22, 18 },
	[CHUNKER_SMALL] = { 16 * KIB, 64 * KIB, 256 * KIB, 18, 14 },
	[CHUNKER_FIXED] = { 1024 * KIB, 1024 * KIB, 1024 * KIB, 22, 18 },
};

int chunker_init(struct chunker *c, unsigned profile, const uint8_t table[CHUNKER_TABLE_LEN])
{
	const struct profile *p;

	if (profile < CHUNKER_DEFAULT || profile > CHUNKER_FIXED)
		return -1;
	p = &profiles[profile];
	c->min = p->min;
	c->normal = p->normal;
	c->max = p->max;
	c->mask_hard = UINT64_MAX << (64 - p->bits_hard);
	c->mask_easy = UINT64_MAX << (64 - p->bits_easy);
	for (size_t i = 0; i < 256; i++)
		c->gear[i] = get_le64(table + 8 * i);
	return 0;
}

/* The first length from at on, below end, whose hash has no bit of mask set; end when there is none. *h is the hash at
 * at. Four bytes a turn: the chain of shift and add is the limit, so the loop leaves nothing else in its way. */
static size_t scan(const struct chunker *c, const uint8_t *data, size_t at, size_t end, uint64_t mask, uint64_t *h)
{
	const uint64_t *gear = c->gear;
	uint64_t v = *h;

	for (; at + 4 <= end; at += 4) {
		if (!(v & mask))
			return at;
		v = (v << 1) + gear[data[at]];
		if (!(v & mask))
			return at + 1;
		v = (v << 1) + gear[data[at + 1]];
		if (!(v & mask))
			return at + 2;
		v = (v << 1) + gear[data[at + 2]];
		if (!(v & mask))
			return at + 3;
		v = (v << 1) + gear[data[at + 3]];
	}
	for (; at < end; at++) {
		if (!(v & mask))
			return at;
		v = (v << 1) + gear[data[at]];
	}
	*h = v;
	return end;
}

size_t chunker_cut(const struct chunker *c, const uint8_t *data, size_t len)
{
	size_t end = len < c->max ? len : c->max;
	size_t turn = end < c->normal ? end : c->normal;
	uint64_t h = 0;
	size_t cut;

	if (end <= c->min)
		return end;
	for (size_t i = c->min - WINDOW; i < c->min; i++)
		h = (h << 1) + c->gear[data[i]];
	cut = scan(c, data, c->min, turn, c->mask_hard, &h);
	return cut < turn ? cut : scan(c, data, turn, end, c->mask_easy, &h);
}
