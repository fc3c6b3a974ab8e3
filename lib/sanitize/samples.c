/* SPDX-License-Identifier: BSD-2-Clause */
/* The places of docs/erase/sampling.md, which has the algorithm step by step; the words here are its words. */
#include "sanitize/engine.h"
#include "base/codec.h"
#include "crypto/digest.h"
#include <string.h>

#define SUBSECTIONS 1000u
#define SHARE       20u /* one sample is a twentieth of its subsection */

/* Words of 64 bit, as many as are asked for. */
struct words {
	uint8_t message[16 + SAMPLE_SEED_LEN + 8];
	uint64_t block;
	struct id hash;
	unsigned used; /* of the four in hash */
};

static uint64_t word(struct words *w)
{
	if (w->used == 4) {
		put_le64(w->message + 16 + SAMPLE_SEED_LEN, w->block++);
		w->hash = sha256(w->message, sizeof(w->message));
		w->used = 0;
	}
	return get_le64(w->hash.b + 8 * w->used++);
}

/* Below k, every value as likely as the others: what lies behind the last whole multiple of k is drawn anew. */
static uint64_t below(struct words *w, uint64_t k)
{
	const uint64_t rest = (0 - k) % k; /* 2^64 mod k */
	uint64_t x;

	do {
		x = word(w);
	} while (x > UINT64_MAX - rest);
	return x % k;
}

/* floor(i * n / SUBSECTIONS), without a product that does not fit. */
static uint64_t border(uint64_t n, uint64_t i)
{
	return i * (n / SUBSECTIONS) + i * (n % SUBSECTIONS) / SUBSECTIONS;
}

static void put(struct samples *s, uint64_t lba, uint64_t count)
{
	s->at[s->n++] = (struct sample){ lba, count };
	s->sectors += count;
}

static void draw_two(struct samples *s, struct words *w, uint64_t from, uint64_t to, uint64_t grain)
{
	const uint64_t n = to - from, len = (n + SHARE - 1) / SHARE;
	uint64_t a, b;

	do {
		a = below(w, n - len + 1);
		b = below(w, n - len + 1);
	} while (a < b ? b - a < len : a - b < len);
	put(s, (from + (a < b ? a : b)) * grain, len * grain);
	put(s, (from + (a < b ? b : a)) * grain, len * grain);
}

static int whole(struct samples *s, uint64_t sectors)
{
	s->everything = true;
	s->subsections = 1;
	put(s, 0, sectors);
	return 0;
}

/* First and last place, and the sectors behind the last whole grain. They are atoms here: inside a sample or outside.
 */
static void put_ends(struct samples *s, uint64_t grains, uint64_t grain, uint64_t sectors)
{
	const struct sample *last;

	if (s->at[0].lba != 0) {
		memmove(s->at + 1, s->at, s->n * sizeof(s->at[0]));
		s->at[0] = (struct sample){ 0, grain };
		s->n++;
		s->sectors += grain;
	}
	last = &s->at[s->n - 1];
	if (last->lba + last->count < grains * grain)
		put(s, (grains - 1) * grain, grain);
	if (sectors > grains * grain)
		put(s, grains * grain, sectors - grains * grain);
}

int samples_make(struct samples *s, const uint8_t seed[SAMPLE_SEED_LEN], uint64_t sectors, uint32_t logical_sector,
	uint32_t physical_sector, hz_error **err)
{
	struct words w = { .message = "hozen-sampling-1", .used = 4 };
	uint64_t grain = 1, grains;

	if (sectors == 0 || logical_sector == 0)
		return err_set(err, HZ_E_INVAL, "a medium without sectors has no samples");
	if (physical_sector > logical_sector && physical_sector % logical_sector == 0)
		grain = physical_sector / logical_sector;
	grains = sectors / grain;
	*s = (struct samples){ .at = calloc(2 * SUBSECTIONS + 3, sizeof(struct sample)) };
	if (!s->at)
		return err_nomem(err);
	if (grains < SUBSECTIONS * SHARE)
		return whole(s, sectors);
	memcpy(w.message + 16, seed, SAMPLE_SEED_LEN);
	s->subsections = SUBSECTIONS;
	for (uint64_t i = 0; i < SUBSECTIONS; i++)
		draw_two(s, &w, border(grains, i), border(grains, i + 1), grain);
	put_ends(s, grains, grain, sectors);
	return 0;
}

void samples_release(struct samples *s)
{
	free(s->at);
	*s = (struct samples){ 0 };
}
