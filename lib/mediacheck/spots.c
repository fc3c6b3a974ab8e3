/* SPDX-License-Identifier: BSD-2-Clause */
/* See spots.h. Plain and slow where the other one is careful: products in 128 bit, one hash for each word. */
#include "mediacheck/spots.h"
#include "base/codec.h"
#include "crypto/digest.h"
#include <stdbool.h>
#include <string.h>

typedef unsigned __int128 wide;

static uint64_t nth_word(const uint8_t seed[32], uint64_t n)
{
	uint8_t text[56];
	struct id digest;

	memcpy(text, "hozen-sampling-1", 16);
	memcpy(text + 16, seed, 32);
	put_le64(text + 48, n / 4);
	digest = sha256(text, sizeof(text));
	return get_le64(digest.b + n % 4 * 8);
}

static uint64_t even(const uint8_t seed[32], uint64_t *used, uint64_t k)
{
	const wide all = (wide)1 << 64, usable = all - all % k;
	wide x = nth_word(seed, (*used)++);

	while (x >= usable)
		x = nth_word(seed, (*used)++);
	return (uint64_t)(x % k);
}

static void swap_to_order(struct spot *a, struct spot *b)
{
	struct spot t = *a;

	if (a->first <= b->first)
		return;
	*a = *b;
	*b = t;
}

/* Two of the subsection [from, to), in grains. */
static void pair(struct spot out[2], const uint8_t seed[32], uint64_t *used, uint64_t from, uint64_t to)
{
	const uint64_t grains = to - from, len = grains / 20 + (grains % 20 != 0), places = grains - len + 1;

	for (;;) {
		uint64_t x = even(seed, used, places), y = even(seed, used, places);

		out[0] = (struct spot){ from + x, from + x + len };
		out[1] = (struct spot){ from + y, from + y + len };
		swap_to_order(&out[0], &out[1]);
		if (out[0].end <= out[1].first)
			return;
	}
}

int spots_draw(struct spot **list, size_t *n, const uint8_t seed[32], uint64_t sectors, uint32_t logical,
	uint32_t physical, hz_error **err)
{
	const uint64_t grain = logical && physical >= logical && physical % logical == 0 ? physical / logical : 1;
	const uint64_t grains = sectors / grain;
	struct spot *out = calloc(2003, sizeof(*out));
	uint64_t used = 0;
	size_t k = 1; /* 0 is kept for the first grain */

	if (!out)
		return err_nomem(err);
	if (sectors == 0 || logical == 0) {
		free(out);
		return err_set(err, HZ_E_INVAL, "no sectors to draw from");
	}
	if (grains < 20000) {
		out[0] = (struct spot){ 0, sectors };
		*list = out, *n = 1;
		return 0;
	}
	for (unsigned i = 0; i < 1000; i++, k += 2)
		pair(out + k, seed, &used, (uint64_t)((wide)i * grains / 1000),
			(uint64_t)((wide)(i + 1) * grains / 1000));
	out[0] = (struct spot){ 0, 1 };
	if (out[k - 1].end < grains)
		out[k++] = (struct spot){ grains - 1, grains };
	for (size_t i = 0; i < k; i++)
		out[i] = (struct spot){ out[i].first * grain, out[i].end * grain };
	if (grains * grain < sectors)
		out[k++] = (struct spot){ grains * grain, sectors };
	if (out[1].first == 0)
		memmove(out, out + 1, --k * sizeof(*out));
	*list = out, *n = k;
	return 0;
}
