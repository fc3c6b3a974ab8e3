/* SPDX-License-Identifier: BSD-2-Clause */
/* Lookups in the index: filters say which runs to look into, then one page of a run says which of its packs, and one
 * more what these are. */
#include "archive/index_internal.h"
#include <string.h>

/* The page that would hold what has the prefix: the last whose first one is not after it, and, where prefixes are
 * equal, those before. */
static uint32_t page_of(const uint64_t *first, uint32_t n, uint64_t prefix)
{
	uint32_t lo = 0, hi = n;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (first[mid] <= prefix)
			lo = mid;
		else
			hi = mid;
	}
	while (lo > 0 && first[lo] == prefix)
		lo--;
	return lo;
}

/* Place of the first of n elements of each bytes that is not before the key of len bytes with which they begin. */
static unsigned search(const uint8_t *v, unsigned n, size_t each, const uint8_t *key, size_t len)
{
	unsigned lo = 0, hi = n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (memcmp(v + mid * each, key, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A run that turns out to be damaged, or was removed, counts from then on as if it had not been loaded. */
static int without_it(struct index *ix, struct known_run *k, int rc, hz_error **e, hz_error **err)
{
	if (rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND) {
		if (!__atomic_exchange_n(&k->left_out, true, __ATOMIC_RELAXED) && rc == HZ_E_CORRUPT && ix->sink &&
			ix->sink->fn)
			ix->sink->fn(ix->sink->user, name_run(&k->run.uid).s, hz_error_message(*e), false);
		return 0;
	}
	if (rc < 0 && err && !*err)
		*err = TAKE(*e);
	return rc;
}

static bool counts(const struct known_run *k)
{
	return !__atomic_load_n(&k->left_out, __ATOMIC_RELAXED);
}

/* ---- packs ---- */

static int pack_at(struct index *ix, const struct known_run *k, uint32_t place, struct run_pack *pack, hz_error **err)
{
	struct page_slot *slot = NULL;
	int rc = page_lock(ix, k, 1 + place / RUN_PACKS, &slot, err);

	if (rc < 0)
		return rc;
	*pack = run_pack_at(slot->plain, place % RUN_PACKS);
	page_unlock(slot);
	return 0;
}

/* With the lock held. The run whose packs have the number among theirs. */
static struct known_run *run_of(const struct index *ix, uint32_t number)
{
	size_t lo = 0, hi = ix->n_runs;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (ix->runs[mid]->base <= number)
			lo = mid;
		else
			hi = mid;
	}
	/* Of those that begin there only the last has any. */
	return ix->runs[lo];
}

int index_pack(struct index *ix, uint32_t number, struct run_pack *pack, hz_error **err)
{
	const struct known_run *k;
	int rc;

	(void)pthread_rwlock_rdlock(&ix->lock);
	k = run_of(ix, number);
	rc = pack_at(ix, k, number - k->base, pack, err);
	(void)pthread_rwlock_unlock(&ix->lock);
	return rc;
}

/* 1: the run names it, at *place. */
static int find_pack(
	struct index *ix, const struct known_run *k, const struct uid *uid, uint32_t *place, hz_error **err)
{
	uint64_t prefix = get_be64(uid->b);
	uint32_t pages = k->run.first_page - 1;

	for (uint32_t p = page_of(k->pack_first, pages, prefix); p < pages && k->pack_first[p] <= prefix; p++) {
		struct page_slot *slot = NULL;
		unsigned n = run_packs_on(&k->run, p), i;
		int rc = page_lock(ix, k, 1 + p, &slot, err);

		if (rc < 0)
			return rc;
		i = search(slot->plain, n, RUN_PACK_LEN, uid->b, UID_LEN);
		rc = i < n && memcmp(slot->plain + i * RUN_PACK_LEN, uid->b, UID_LEN) == 0;
		page_unlock(slot);
		*place = p * RUN_PACKS + i;
		if (rc)
			return 1;
	}
	return 0;
}

int index_pack_number(struct index *ix, const struct uid *uid, uint32_t *number, hz_error **err)
{
	uint32_t place = 0;
	int rc = index_load(ix, err);

	(void)pthread_rwlock_rdlock(&ix->lock);
	for (size_t i = 0; rc == 0 && i < ix->n_runs; i++) {
		struct known_run *k = ix->runs[i];
		AUTO(hz_error_free) hz_error *e = NULL;

		rc = counts(k) ? find_pack(ix, k, uid, &place, &e) : 0;
		if (rc == 1 && number)
			*number = k->base + place;
		if (rc < 0)
			rc = without_it(ix, k, rc, &e, err);
	}
	(void)pthread_rwlock_unlock(&ix->lock);
	return rc;
}

static int each_pack_of(struct index *ix, const struct known_run *k, index_pack_fn fn, void *user, hz_error **err)
{
	uint8_t plain[RUN_PLAIN];
	int rc = 0;

	for (uint32_t p = 0; rc == 0 && p + 1 < k->run.first_page; p++) {
		rc = page_read(ix, k, 1 + p, plain, err);
		for (unsigned i = 0; rc == 0 && i < run_packs_on(&k->run, p); i++) {
			struct run_pack pack = run_pack_at(plain, i);

			rc = fn(user, &pack, err);
		}
	}
	return rc;
}

int index_each_pack(struct index *ix, index_pack_fn fn, void *user, hz_error **err)
{
	int rc = index_load(ix, err);

	(void)pthread_rwlock_rdlock(&ix->lock);
	for (size_t i = 0; rc == 0 && i < ix->n_runs; i++) {
		AUTO(hz_error_free) hz_error *e = NULL;

		rc = counts(ix->runs[i]) ? each_pack_of(ix, ix->runs[i], fn, user, &e) : 0;
		rc = without_it(ix, ix->runs[i], rc, &e, err);
	}
	(void)pthread_rwlock_unlock(&ix->lock);
	return rc;
}

/* ---- ids ---- */

struct finding {
	struct index *ix;
	struct pack_ref *out;
	unsigned n;
};

static int offer(struct finding *f, const struct known_run *k, uint32_t place, hz_error **err)
{
	const struct index_options *o = &f->ix->opts;
	struct run_pack p;
	int rc;

	if (f->n == INDEX_CANDIDATES)
		return 0;
	rc = pack_at(f->ix, k, place, &p, err);
	if (rc < 0 || (o->is_gone && o->is_gone(o->user, &p.uid)))
		return rc;
	for (unsigned i = 0; i < f->n; i++) {
		if (uid_eq(&f->out[i].uid, &p.uid))
			return 0;
	}
	f->out[f->n++] = (struct pack_ref){ p.uid, p.size, k->base + place };
	return 0;
}

struct places {
	uint32_t v[INDEX_CANDIDATES];
	unsigned n;
};

/* The places of the packs that the p-th page of entries gives the id. */
static int look_at_page(
	struct index *ix, const struct known_run *k, uint32_t p, const struct id *id, struct places *pl, hz_error **err)
{
	unsigned n = run_entries_on(&k->run, p);
	struct page_slot *slot = NULL;
	int rc = page_lock(ix, k, k->run.first_page + p, &slot, err);

	if (rc < 0)
		return rc;
	for (unsigned i = search(slot->plain, n, RUN_ENTRY_LEN, id->b, ID_LEN); rc == 0 && i < n; i++) {
		struct run_entry e = run_entry_at(slot->plain, i);

		if (!id_eq(&e.id, id))
			break;
		if (e.pack >= k->run.n_packs)
			rc = err_set(err, HZ_E_CORRUPT, "%s: malformed", name_run(&k->run.uid).s);
		else if (pl->n < INDEX_CANDIDATES)
			pl->v[pl->n++] = e.pack;
	}
	page_unlock(slot);
	return rc;
}

static int find_in(struct finding *f, struct known_run *k, const struct id *id, hz_error **err)
{
	uint64_t prefix = get_be64(id->b);
	uint32_t pages = k->run.entry_pages, p = page_of(k->entry_first, pages, prefix);
	AUTO(hz_error_free) hz_error *e = NULL;
	struct places pl = { .n = 0 };
	int rc = 0;

	if (!counts(k))
		return 0;
	for (; rc == 0 && p < pages && k->entry_first[p] <= prefix; p++)
		rc = look_at_page(f->ix, k, p, id, &pl, &e);
	for (unsigned i = 0; rc == 0 && i < pl.n; i++)
		rc = offer(f, k, pl.v[i], &e);
	return without_it(f->ix, k, rc, &e, err);
}

int index_find(
	struct index *ix, const struct id *id, struct pack_ref out[INDEX_CANDIDATES], unsigned *n, hz_error **err)
{
	struct finding f = { ix, out, 0 };
	size_t at = 0;
	int rc = index_load(ix, err);

	(void)pthread_rwlock_rdlock(&ix->lock);
	for (int64_t run; rc == 0 && (run = small_next(&ix->small, id, &at)) >= 0;)
		rc = (size_t)run < ix->n_runs ? find_in(&f, ix->runs[run], id, err) : 0;
	for (size_t i = 0; rc == 0 && i < ix->n_runs; i++) {
		if (ix->runs[i]->filter && filter_has(ix->runs[i], id))
			rc = find_in(&f, ix->runs[i], id, err);
	}
	(void)pthread_rwlock_unlock(&ix->lock);
	*n = f.n;
	return rc;
}

/* The state of a pack by its number; to be read and set atomically. It does not move when runs are added. */
static uint8_t *state_of(struct index *ix, uint32_t number)
{
	struct known_run *k;

	(void)pthread_rwlock_rdlock(&ix->lock);
	k = run_of(ix, number);
	(void)pthread_rwlock_unlock(&ix->lock);
	return &k->state[number - k->base];
}

static int pack_is_there(struct index *ix, const struct pack_ref *r, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	uint8_t *state = state_of(ix, r->number), known = __atomic_load_n(state, __ATOMIC_RELAXED);
	uint64_t size = 0;
	int rc;

	if (known != PACK_UNKNOWN)
		return known == PACK_THERE;
	rc = store_size(ix->store, name_pack(&r->uid).s, &size, &e);
	if (rc < 0 && rc != HZ_E_NOTFOUND) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	__atomic_store_n(state, rc == 0 && size == r->size ? PACK_THERE : PACK_GONE, __ATOMIC_RELAXED);
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

uint64_t index_entries(const struct index *ix)
{
	return ix->entries;
}

size_t index_runs(const struct index *ix)
{
	return ix->n_runs;
}
