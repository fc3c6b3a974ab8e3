/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of one group: see index.h. Loading a run takes one copy of its object, and that for as long as it takes;
 * what stays is enough to find the page that a lookup needs. */
#include "archive/index_internal.h"
#include "base/heap.h"
#include <string.h>

#define MEMORY_ENTRIES ((size_t)192 << 10) /* 2 MiB of table */
#define SMALL_RUN      ((size_t)16 << 10)
#define RUNS_IN_TABLE  ((size_t)1 << 23) /* its slots have room for no more */

static void known_run_free(struct known_run *k)
{
	if (!k)
		return;
	run_release(&k->run);
	free(k->pack_first);
	free(k->entry_first);
	free(k->state);
	free(k->filter);
	free(k);
}
DEFINE_AUTO(struct known_run, known_run_free)

struct loading {
	struct index *ix;
	struct known_run *k;
	uint64_t seen;
};

static int see_entry(void *user, const struct run_entry *e, hz_error **err)
{
	struct loading *l = user;
	struct known_run *k = l->k;

	if (l->seen % RUN_ENTRIES == 0)
		k->entry_first[l->seen / RUN_ENTRIES] = get_be64(e->id.b);
	l->seen++;
	if (!k->filter)
		return small_add(&l->ix->small, &e->id, k->place, err);
	filter_add(k, &e->id);
	return 0;
}

/* Where the run's packs stand is kept, and they themselves are not. */
static int take_packs(struct known_run *k, hz_error **err)
{
	struct run *r = &k->run;

	k->pack_first = calloc(r->n_packs / RUN_PACKS + 1u, sizeof(*k->pack_first));
	k->state = calloc((size_t)r->n_packs + 1, sizeof(*k->state));
	if (!k->pack_first || !k->state)
		return err_nomem(err);
	for (uint32_t i = 0; i < r->n_packs; i += RUN_PACKS)
		k->pack_first[i / RUN_PACKS] = get_be64(r->packs[i].uid.b);
	free(TAKE(r->packs));
	return 0;
}

/* All of a run but the adding to the index's list. */
static int read_run(struct index *ix, struct known_run *k, const struct run_object *o, hz_error **err)
{
	struct loading l = { ix, k, 0 };
	struct run *r = &k->run;
	int rc = run_unlock(r, o, ix->group, err);

	if (rc == 0 && r->n_packs > UINT32_MAX - ix->n_packs)
		rc = err_set(err, HZ_E_UNSUPPORTED, "index: more packs than can be numbered");
	if (rc == 0)
		rc = take_packs(k, err);
	if (rc < 0)
		return rc;
	k->place = (uint32_t)ix->n_runs;
	k->base = (uint32_t)ix->n_packs;
	k->first_page = ix->n_pages;
	k->entry_first = calloc((size_t)r->entry_pages + 1, sizeof(*k->entry_first));
	if (!k->entry_first)
		return err_nomem(err);
	if (r->n_entries > SMALL_RUN || ix->small.n + r->n_entries > ix->opts.memory_entries ||
		ix->n_runs >= RUNS_IN_TABLE)
		rc = filter_new(k, err);
	if (rc == 0)
		rc = run_each(r, o, see_entry, &l, err);
	aead_free(TAKE(r->aead));
	return rc;
}

static bool is_trusted(const struct index *ix, const struct run *r)
{
	const struct agent_info *a = admin_agent(ix->log, &r->signer);

	const struct writer_info *w = admin_writer(ix->log, &r->signer);

	/* A reader takes all: what it gets is recomputed. A writer would refer to what may be gone or false. */
	if (ix->opts.trust == INDEX_ALL)
		return true;
	if (w && w->is_cut)
		return false;
	if (ix->opts.trust == INDEX_GROUP)
		return true;
	return uid_eq(&r->signer, &ix->opts.self) || (a && a->role == HZ_ROLE_ATTESTER);
}

static int append(struct index *ix, struct known_run *k, hz_error **err)
{
	if ((ix->n_runs & (ix->n_runs - 1)) == 0) {
		struct known_run **v = realloc(ix->runs, (ix->n_runs ? ix->n_runs * 2 : 1) * sizeof(*v));

		if (!v)
			return err_nomem(err);
		ix->runs = v;
	}
	ix->runs[ix->n_runs++] = k;
	ix->n_packs += k->run.n_packs;
	ix->n_pages += (uint64_t)k->run.first_page + k->run.entry_pages;
	ix->entries += k->run.n_entries;
	return 0;
}

static int load_run(struct index *ix, const struct uid *uid, hz_error **err)
{
	AUTO(known_run_free) struct known_run *k = calloc(1, sizeof(*k));
	AUTO_IN(run_object_release) struct run_object o = RUN_OBJECT_INIT;
	int rc = k ? run_open(&k->run, &o, ix->store, uid, ix->log, ix->sink, err) : err_nomem(err);

	/* The clear part first: most runs of other groups and writers end here. */
	if (rc < 0 || !uid_eq(&k->run.group, &ix->group->id) || !is_trusted(ix, &k->run))
		return rc;
	rc = read_run(ix, k, &o, err);
	if (rc == 0)
		rc = append(ix, k, err);
	if (rc == 0)
		(void)TAKE(k);
	return rc;
}

/* Small ones first, so that the table holds many of them; equal sizes by name, so that two runs of the program do the
 * same. */
static int cmp_size(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return x->size != y->size ? (x->size < y->size ? -1 : 1) : uid_cmp(&x->uid, &y->uid);
}

static int list_runs(struct index *ix, hz_error **err)
{
	int rc = listing_load(&ix->listed, ix->store, "index", listed_run, err);

	if (rc == 0 && ix->listed.n > 1)
		qsort(ix->listed.v, ix->listed.n, sizeof(*ix->listed.v), cmp_size);
	return rc;
}

/* Goes on where a failure ended it, so that nothing is loaded or told twice. */
static int load_all(struct index *ix, hz_error **err)
{
	int rc = 0;

	for (; ix->next < ix->listed.n; ix->next++) {
		const struct uid *uid = &ix->listed.v[ix->next].uid;
		AUTO(hz_error_free) hz_error *e = NULL;

		rc = load_run(ix, uid, &e);
		if (rc == HZ_E_CORRUPT && ix->sink && ix->sink->fn)
			ix->sink->fn(ix->sink->user, name_run(uid).s, hz_error_message(e), false);
		if (rc == 0 || rc == HZ_E_CORRUPT || rc == HZ_E_REFUSED || rc == HZ_E_NOTFOUND)
			continue;
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	listing_release(&ix->listed);
	ix->next = 0;
	/* One object after the other was read; what is kept of them stands between. */
	heap_trim();
	return 0;
}

int index_load(struct index *ix, hz_error **err)
{
	int rc = 0;

	if (__atomic_load_n(&ix->loaded, __ATOMIC_ACQUIRE))
		return 0;
	(void)pthread_rwlock_wrlock(&ix->lock);
	if (!__atomic_load_n(&ix->loaded, __ATOMIC_RELAXED))
		rc = load_all(ix, err);
	if (rc == 0)
		__atomic_store_n(&ix->loaded, true, __ATOMIC_RELEASE);
	(void)pthread_rwlock_unlock(&ix->lock);
	return rc;
}

int index_new(struct index **ret, struct store *st, const struct admin_log *log, const struct group *g,
	const struct index_options *opts, const struct damage_sink *sink, hz_error **err)
{
	AUTO(index_free) struct index *ix = calloc(1, sizeof(*ix));
	int rc;

	if (!ix)
		return err_nomem(err);
	ix->store = st;
	ix->log = log;
	ix->group = g;
	ix->opts = *opts;
	ix->sink = sink;
	if (!ix->opts.memory_entries)
		ix->opts.memory_entries = MEMORY_ENTRIES;
	(void)pthread_rwlock_init(&ix->lock, NULL);
	rc = index_pages_new(ix, err);
	if (rc == 0)
		rc = list_runs(ix, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(ix);
	return 0;
}

void index_free(struct index *ix)
{
	if (!ix)
		return;
	for (size_t i = 0; i < ix->n_runs; i++)
		known_run_free(ix->runs[i]);
	free(ix->runs);
	listing_release(&ix->listed);
	free(ix->small.slots);
	index_pages_free(ix);
	(void)pthread_rwlock_destroy(&ix->lock);
	free(ix);
}

int index_add_run(struct index *ix, const struct uid *run, hz_error **err)
{
	int rc;

	(void)pthread_rwlock_wrlock(&ix->lock);
	rc = load_run(ix, run, err);
	(void)pthread_rwlock_unlock(&ix->lock);
	return rc;
}
