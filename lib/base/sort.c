/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting what begins with random bytes: by the first byte in place, then each of the 256 parts with qsort. */
#include "base/sort.h"
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct parts {
	uint8_t *v;
	size_t each;
	size_t begin[256], end[256]; /* what is not in its part yet */
};

static void swap(const struct parts *p, size_t a, size_t b)
{
	uint8_t tmp[SORT_EACH_MAX];

	memcpy(tmp, p->v + a * p->each, p->each);
	memcpy(p->v + a * p->each, p->v + b * p->each, p->each);
	memcpy(p->v + b * p->each, tmp, p->each);
}

static void split(struct parts *p, size_t n)
{
	size_t count[256] = { 0 }, at = 0;

	for (size_t i = 0; i < n; i++)
		count[p->v[i * p->each]]++;
	for (unsigned b = 0; b < 256; b++) {
		p->begin[b] = at;
		at += count[b];
		p->end[b] = at;
	}
	for (unsigned b = 0; b < 256; b++) {
		while (p->begin[b] < p->end[b]) {
			unsigned belongs = p->v[p->begin[b] * p->each];

			if (belongs != b)
				swap(p, p->begin[b], p->begin[belongs]);
			p->begin[belongs]++;
		}
	}
}

void sort_spread(void *v, size_t n, size_t each, int (*cmp)(const void *a, const void *b))
{
	struct parts p = { .v = v, .each = each };

	assert(each > 0 && each <= SORT_EACH_MAX);
	if (n < 2)
		return;
	split(&p, n);
	for (unsigned b = 0; b < 256; b++) {
		size_t from = b ? p.end[b - 1] : 0;

		if (p.end[b] - from > 1)
			qsort(p.v + from * each, p.end[b] - from, each, cmp);
	}
}
