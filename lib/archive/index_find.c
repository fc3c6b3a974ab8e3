/* SPDX-License-Identifier: BSD-2-Clause */
/* Lookups in the index: memory, then filters, then one page of a run. */
#include "archive/index_internal.h"
#include <string.h>

#define FILTER_PROBES 6u

/* One 512-bit block, then FILTER_PROBES bits in it: ids are keyed hashes, their own bytes serve. */
static void filter_place(const struct disk_run *d, const struct id *id, uint64_t *block, uint64_t *bits)
{
	*block = (uint64_t)(((unsigned __int128)get_le64(id->b + 8) * d->filter_blocks) >> 64);
	*bits = get_le64(id->b + 16);
}

void filter_add(struct disk_run *d, const struct id *id)
{
	uint64_t block, bits;

	filter_place(d, id, &block, &bits);
	for (unsigned i = 0; i < FILTER_PROBES; i++, bits >>= 9)
		d->filter[block * 8 + ((bits >> 6) & 7)] |= (uint64_t)1 << (bits & 63);
}

bool filter_has(const struct disk_run *d, const struct id *id)
{
	uint64_t block, bits;

	filter_place(d, id, &block, &bits);
	for (unsigned i = 0; i < FILTER_PROBES; i++, bits >>= 9) {
		if (!(d->filter[block * 8 + ((bits >> 6) & 7)] & ((uint64_t)1 << (bits & 63))))
			return false;
	}
	return true;
}

struct finding {
	struct index *ix;
	struct pack_ref *out;
	unsigned n;
};

static void offer(struct finding *f, uint32_t number)
{
	const struct known_pack *k = &f->ix->packs[number];

	if (f->n == INDEX_CANDIDATES || (f->ix->opts.is_gone && f->ix->opts.is_gone(f->ix->opts.user, &k->p.uid)))
		return;
	for (unsigned i = 0; i < f->n; i++) {
		if (f->out[i].number == number)
			return;
	}
	f->out[f->n++] = (struct pack_ref){ k->p.uid, k->p.size, number };
}

/* The page that would hold the id: the last whose first id is not after it, and, where prefixes are equal, those
 * before. */
static uint32_t page_of(const struct disk_run *d, uint64_t prefix)
{
	uint32_t lo = 0, hi = d->run.entry_pages;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (d->first[mid] <= prefix)
			lo = mid;
		else
			hi = mid;
	}
	while (lo > 0 && d->first[lo] == prefix)
		lo--;
	return lo;
}

static int find_on_disk(struct finding *f, struct disk_run *d, const struct id *id, hz_error **err)
{
	uint64_t prefix = get_be64(id->b);
	int rc = 0;

	(void)pthread_mutex_lock(&d->lock);
	for (uint32_t p = page_of(d, prefix); rc == 0 && p < d->run.entry_pages && d->first[p] <= prefix; p++) {
		if (d->page != p) {
			rc = run_read_page(&d->run, f->ix->store, p, d->entries, &d->n, err);
			d->page = rc == 0 ? p : UINT32_MAX;
		}
		for (unsigned i = 0; rc == 0 && i < d->n; i++) {
			if (id_eq(&d->entries[i].id, id))
				offer(f, d->numbers[d->entries[i].pack]);
		}
	}
	(void)pthread_mutex_unlock(&d->lock);
	return rc;
}

int index_find(
	struct index *ix, const struct id *id, struct pack_ref out[INDEX_CANDIDATES], unsigned *n, hz_error **err)
{
	struct finding f = { ix, out, 0 };
	uint32_t at;
	int rc = 0;

	(void)pthread_rwlock_rdlock(&ix->lock);
	if (idmap_get(&ix->memory, id, &at)) {
		for (uint32_t i = at + 1; i; i = ix->more[i - 1].next)
			offer(&f, ix->more[i - 1].number);
	}
	for (size_t i = 0; rc == 0 && i < ix->n_disk; i++) {
		if (filter_has(ix->disk[i], id))
			rc = find_on_disk(&f, ix->disk[i], id, err);
	}
	(void)pthread_rwlock_unlock(&ix->lock);
	*n = f.n;
	return rc;
}

static int pack_is_there(struct index *ix, const struct pack_ref *r, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	uint8_t *state;
	uint64_t size = 0;
	int rc;

	(void)pthread_rwlock_rdlock(&ix->lock);
	uint8_t known = __atomic_load_n(&ix->packs[r->number].state, __ATOMIC_RELAXED);

	(void)pthread_rwlock_unlock(&ix->lock);
	if (known != PACK_UNKNOWN)
		return known == PACK_THERE;
	rc = store_size(ix->store, name_pack(&r->uid).s, &size, &e);
	if (rc < 0 && rc != HZ_E_NOTFOUND) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	(void)pthread_rwlock_rdlock(&ix->lock);
	state = &ix->packs[r->number].state;
	__atomic_store_n(state, rc == 0 && size == r->size ? PACK_THERE : PACK_GONE, __ATOMIC_RELAXED);
	(void)pthread_rwlock_unlock(&ix->lock);
	return rc == 0 && size == r->size;
}

int index_has(struct index *ix, const struct id *id, hz_error **err)
{
	struct pack_ref refs[INDEX_CANDIDATES];
	unsigned n = 0;
	int rc = index_find(ix, id, refs, &n, err);

	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = pack_is_there(ix, &refs[i], err);
	return rc;
}

size_t index_packs(const struct index *ix)
{
	return ix->n_packs;
}

struct run_pack index_pack(const struct index *ix, uint32_t number)
{
	return ix->packs[number].p;
}

uint64_t index_entries(const struct index *ix)
{
	return ix->entries;
}

size_t index_runs(const struct index *ix)
{
	return ix->n_runs;
}
