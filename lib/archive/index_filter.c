/* SPDX-License-Identifier: BSD-2-Clause */
/* Which runs may hold an id: each large run has a filter, all small ones together have a table. Ids are keyed hashes,
 * so their own bytes serve as hash functions. */
#include "archive/index_internal.h"
#include <string.h>

#define FILTER_BITS   12u /* an entry; about one id in 250 passes that is not there */
#define FILTER_PROBES 6u
#define BLOCK_WORDS   8u
#define RUN_BITS      24u

/* ---- filters ---- */

int filter_new(struct known_run *k, hz_error **err)
{
	k->filter_blocks = k->run.n_entries * FILTER_BITS / (BLOCK_WORDS * 64) + 1;
	k->filter = calloc((size_t)k->filter_blocks * BLOCK_WORDS, sizeof(uint64_t));
	return k->filter ? 0 : err_nomem(err);
}

/* One 512-bit block, then FILTER_PROBES bits in it. */
static uint64_t *filter_block(const struct known_run *k, const struct id *id)
{
	return k->filter + (size_t)(((unsigned __int128)get_le64(id->b + 8) * k->filter_blocks) >> 64) * BLOCK_WORDS;
}

void filter_add(struct known_run *k, const struct id *id)
{
	uint64_t *block = filter_block(k, id), bits = get_le64(id->b + 16);

	for (unsigned i = 0; i < FILTER_PROBES; i++, bits >>= 9)
		block[(bits >> 6) & 7] |= (uint64_t)1 << (bits & 63);
}

bool filter_has(const struct known_run *k, const struct id *id)
{
	const uint64_t *block = filter_block(k, id);
	uint64_t bits = get_le64(id->b + 16);

	for (unsigned i = 0; i < FILTER_PROBES; i++, bits >>= 9) {
		if (!(block[(bits >> 6) & 7] & ((uint64_t)1 << (bits & 63))))
			return false;
	}
	return true;
}

/* ---- the table ---- */

/* The upper bits say where a slot stands, so that the table can grow without the ids. */
static size_t home_of(const struct small_table *t, uint64_t slot)
{
	return (size_t)(slot >> (64 - t->bits));
}

/* False: the same stands there already. */
static bool put_slot(struct small_table *t, uint64_t slot)
{
	size_t i = home_of(t, slot);

	for (; t->slots[i] != 0; i = (i + 1) & (t->cap - 1)) {
		if (t->slots[i] == slot)
			return false;
	}
	t->slots[i] = slot;
	return true;
}

static int enlarge(struct small_table *t)
{
	struct small_table bigger = { .bits = t->bits ? t->bits + 1 : 8, .n = t->n };

	bigger.cap = (size_t)1 << bigger.bits;
	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < t->cap; i++) {
		if (t->slots[i] != 0)
			(void)put_slot(&bigger, t->slots[i]);
	}
	free(t->slots);
	*t = bigger;
	return 0;
}

static uint64_t key_of(const struct id *id)
{
	return get_le64(id->b) >> RUN_BITS << RUN_BITS;
}

int small_add(struct small_table *t, const struct id *id, uint32_t run, hz_error **err)
{
	if ((t->n + 1) * 4 > t->cap * 3 && enlarge(t) < 0)
		return err_nomem(err);
	t->n += put_slot(t, key_of(id) | (run + 1));
	return 0;
}

int64_t small_next(const struct small_table *t, const struct id *id, size_t *at)
{
	uint64_t key = key_of(id);

	while (t->cap > 0) {
		uint64_t slot = t->slots[(home_of(t, key) + (*at)++) & (t->cap - 1)];

		if (slot == 0)
			break;
		if ((slot ^ key) >> RUN_BITS == 0)
			return (int64_t)(slot & ((1u << RUN_BITS) - 1)) - 1;
	}
	return -1;
}
