/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of sectors: sorted, half-open, no two touch. */
#include "sanitize/extents.h"
#include <string.h>

/* The first extent that ends at lba or later. */
static size_t find(const struct extents *e, uint64_t lba)
{
	size_t low = 0, high = e->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (e->at[mid].lba + e->at[mid].count < lba)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int room(struct extents *e, hz_error **err)
{
	size_t cap = e->cap ? 2 * e->cap : 16;
	struct extent *at;

	if (e->n < e->cap)
		return 0;
	at = reallocarray(e->at, cap, sizeof(*at));
	if (!at)
		return err_nomem(err);
	e->at = at;
	e->cap = cap;
	return 0;
}

/* What touches [lba, end) becomes one with it, at i. */
static void merge(struct extents *e, size_t i, uint64_t lba, uint64_t end)
{
	struct extent *x = &e->at[i];
	size_t last = i;
	uint64_t stop = end;

	while (last < e->n && e->at[last].lba <= end) {
		e->sectors -= e->at[last].count;
		if (e->at[last].lba + e->at[last].count > stop)
			stop = e->at[last].lba + e->at[last].count;
		last++;
	}
	if (lba < x->lba)
		x->lba = lba;
	x->count = stop - x->lba;
	e->sectors += x->count;
	memmove(e->at + i + 1, e->at + last, (e->n - last) * sizeof(e->at[0]));
	e->n -= last - i - 1;
}

int extents_add(struct extents *e, uint64_t lba, uint64_t count, int error, hz_error **err)
{
	size_t i = find(e, lba);

	if (count == 0 || count > UINT64_MAX - lba)
		return count == 0 ? 0 : err_set(err, HZ_E_INVAL, "a range of sectors that does not end");
	if (i < e->n && e->at[i].lba <= lba + count) {
		merge(e, i, lba, lba + count);
		return 0;
	}
	if (room(e, err) < 0)
		return HZ_E_NOMEM;
	memmove(e->at + i + 1, e->at + i, (e->n - i) * sizeof(e->at[0]));
	e->at[i] = (struct extent){ lba, count, error };
	e->n++;
	e->sectors += count;
	return 0;
}

int extents_copy(struct extents *to, const struct extents *from, hz_error **err)
{
	struct extent *at = NULL;

	if (from->n > 0) {
		at = reallocarray(NULL, from->n, sizeof(*at));
		if (!at)
			return err_nomem(err);
		memcpy(at, from->at, from->n * sizeof(*at));
	}
	extents_release(to);
	*to = (struct extents){ .at = at, .n = from->n, .cap = from->n, .sectors = from->sectors };
	return 0;
}

int extents_minus(struct extents *e, const struct extents *less, hz_error **err)
{
	AUTO_IN(extents_release) struct extents left = { 0 };
	struct extents all = *e;
	size_t k = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < e->n; i++) {
		uint64_t at = e->at[i].lba, end = at + e->at[i].count;

		while (k < less->n && less->at[k].lba + less->at[k].count <= at)
			k++;
		for (size_t m = k; rc == 0 && at < end; m++) {
			const struct extent *hole = m < less->n && less->at[m].lba < end ? &less->at[m] : NULL;
			uint64_t stop = hole ? hole->lba : end;

			if (stop > at)
				rc = extents_add(&left, at, stop - at, e->at[i].error, err);
			at = hole ? hole->lba + hole->count : end;
		}
	}
	if (rc == 0) {
		*e = left;
		left = all;
	}
	return rc;
}

bool extents_touch(const struct extents *e, uint64_t lba, uint64_t count)
{
	size_t i = find(e, lba + 1);

	return i < e->n && e->at[i].lba < lba + count;
}

void extents_release(struct extents *e)
{
	free(e->at);
	*e = (struct extents){ 0 };
}
