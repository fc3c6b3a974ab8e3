/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers and packs under way take turns in getting what memory is left, so that neither starves the other. */
#include "archive/budget.h"

#define MIB         ((uint64_t)1 << 20)
#define BASE        (11 * MIB) /* program, libraries, index and cache of an ordinary repository */
#define EACH_WORKER (8 * MIB)  /* reading and compression buffers, a bundle of each kind, its part of what waits */
#define META_PART   4u         /* metadata has a pack of its own: so small a part of it is filled, as a rule */
#define PARITY_PART 16u        /* parity, checksums and lists of a finished pack */

static uint64_t put_cost(uint64_t pack)
{
	return pack + pack / PARITY_PART;
}

int budget_make(struct budget *b, const struct budget_limits *l, hz_error **err)
{
	unsigned workers = l->workers ? l->workers : l->cores, puts = l->remote ? BUDGET_PUTS_MAX : 1;
	uint64_t put = put_cost(l->pack_size),
		 least = BASE + l->pack_size + l->pack_size / META_PART + put + EACH_WORKER;
	uint64_t memory = l->memory ? l->memory : BUDGET_MEMORY, left;
	struct budget out = { .workers = 1, .puts = 1 };
	bool more = true;

	if (l->memory && l->memory < least) {
		err_set(err, HZ_E_INVAL,
			"%llu KiB of memory are too little for packs of %llu MiB: it takes %llu MiB at least",
			(unsigned long long)(l->memory >> 10), (unsigned long long)(l->pack_size / MIB),
			(unsigned long long)((least + MIB - 1) / MIB));
		err_hint(err, "allow more memory, or leave the limit to the default");
		return HZ_E_INVAL;
	}
	if (workers > BUDGET_WORKERS_MAX)
		workers = BUDGET_WORKERS_MAX;
	out.memory = memory > least ? memory : least;
	left = out.memory - least;
	while (more) {
		more = false;
		if (out.workers < workers && left >= EACH_WORKER) {
			out.workers++;
			left -= EACH_WORKER;
			more = true;
		}
		if (out.puts < puts && left >= put) {
			out.puts++;
			left -= put;
			more = true;
		}
	}
	*b = out;
	return 0;
}
