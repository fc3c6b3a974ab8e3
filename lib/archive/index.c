/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of one group: see index.h. Packs are numbered over all runs, so that a pack named by several runs is one.
 */
#include "archive/index_internal.h"
#include "archive/listing.h"
#include <string.h>

#define MEMORY_ENTRIES ((size_t)192 << 10)
#define FILTER_BITS    12u

static struct id wide(const struct uid *u)
{
	struct id id = { { 0 } };

	memcpy(id.b, u->b, UID_LEN);
	return id;
}

int64_t index_pack_number(const struct index *ix, const struct uid *uid)
{
	struct id id = wide(uid);
	uint32_t n;

	return idmap_get(&ix->by_uid, &id, &n) ? (int64_t)n : -1;
}

static int number_pack(struct index *ix, const struct run_pack *p, uint32_t *number, hz_error **err)
{
	struct id id = wide(&p->uid);
	uint32_t old;
	int added = idmap_add(&ix->by_uid, &id, (uint32_t)ix->n_packs, &old);

	if (added < 0)
		return err_nomem(err);
	if (added == 0) {
		*number = old;
		return 0;
	}
	if (ix->n_packs == ix->cap_packs) {
		size_t cap = ix->cap_packs ? ix->cap_packs * 2 : 256;
		struct known_pack *v = realloc(ix->packs, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		ix->packs = v;
		ix->cap_packs = cap;
	}
	*number = (uint32_t)ix->n_packs;
	ix->packs[ix->n_packs++] = (struct known_pack){ .p = *p };
	return 0;
}

/* ---- in memory ---- */

static int remember(struct index *ix, const struct id *id, uint32_t number, hz_error **err)
{
	uint32_t old;
	int added;

	if (ix->n_more == ix->cap_more) {
		size_t cap = ix->cap_more ? ix->cap_more * 2 : 1024;
		struct more *v = realloc(ix->more, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		ix->more = v;
		ix->cap_more = cap;
	}
	added = idmap_add(&ix->memory, id, (uint32_t)ix->n_more, &old);
	if (added < 0)
		return err_nomem(err);
	if (added == 0) {
		/* Behind the first one: the chain's head stays where the table points. */
		for (uint32_t i = old + 1; i; i = ix->more[i - 1].next) {
			if (ix->more[i - 1].number == number)
				return 0;
		}
		ix->more[ix->n_more] = (struct more){ number, ix->more[old].next };
		ix->more[old].next = (uint32_t)++ix->n_more;
		return 0;
	}
	ix->more[ix->n_more++] = (struct more){ number, 0 };
	return 0;
}

/* ---- on disk ---- */

static void disk_run_free(struct disk_run *d)
{
	if (!d)
		return;
	run_release(&d->run);
	free(d->numbers);
	free(d->first);
	free(d->filter);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}

struct loading {
	struct index *ix;
	struct disk_run *d; /* NULL: into memory */
	struct run *run;
	uint32_t *numbers;
	uint64_t seen;
};

static int load_entry(void *user, const struct run_entry *e, hz_error **err)
{
	struct loading *l = user;

	l->seen++;
	if (!l->d)
		return remember(l->ix, &e->id, l->numbers[e->pack], err);
	if ((l->seen - 1) % RUN_ENTRIES == 0)
		l->d->first[(l->seen - 1) / RUN_ENTRIES] = get_be64(e->id.b);
	filter_add(l->d, &e->id);
	return 0;
}

/* Called with the first entry, when the run's head is known. */
static int begin_entries(struct loading *l, hz_error **err)
{
	struct run *r = l->run;
	bool disk = l->ix->n_more + r->n_entries > l->ix->opts.memory_entries;

	l->numbers = calloc((size_t)r->n_packs + 1, sizeof(*l->numbers));
	if (!l->numbers)
		return err_nomem(err);
	for (uint32_t i = 0; i < r->n_packs; i++) {
		int rc = number_pack(l->ix, &r->packs[i], &l->numbers[i], err);

		if (rc < 0)
			return rc;
	}
	if (!disk)
		return 0;
	l->d = calloc(1, sizeof(*l->d));
	if (!l->d)
		return err_nomem(err);
	(void)pthread_mutex_init(&l->d->lock, NULL);
	l->d->page = UINT32_MAX;
	l->d->filter_blocks = r->n_entries * FILTER_BITS / 512 + 1;
	l->d->filter = calloc((size_t)l->d->filter_blocks * 8, sizeof(uint64_t));
	l->d->first = calloc((size_t)r->entry_pages + 1, sizeof(uint64_t));
	return l->d->filter && l->d->first ? 0 : err_nomem(err);
}

static int first_then_rest(void *user, const struct run_entry *e, hz_error **err)
{
	struct loading *l = user;

	if (l->seen == 0) {
		int rc = begin_entries(l, err);

		if (rc < 0)
			return rc;
	}
	return load_entry(l, e, err);
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

static int load_run(struct index *ix, const struct uid *uid, hz_error **err)
{
	struct run run = { 0 };
	struct loading l = { .ix = ix, .run = &run };
	int rc;

	/* The clear part first: most runs of other groups and writers end here. */
	rc = run_load(&run, ix->store, uid, ix->log, NULL, 0, NULL, NULL, ix->sink, err);
	if (rc == 0 && (!uid_eq(&run.group, &ix->group->id) || !is_trusted(ix, &run))) {
		run_release(&run);
		return 0;
	}
	run_release(&run);
	if (rc == 0)
		rc = run_load(&run, ix->store, uid, ix->log, ix->group, 1, first_then_rest, &l, NULL, err);
	if (rc == 0 && l.d) {
		struct disk_run **v = realloc(ix->disk, (ix->n_disk + 1) * sizeof(*v));

		if (v) {
			ix->disk = v;
			l.d->run = run;
			l.d->numbers = TAKE(l.numbers);
			ix->disk[ix->n_disk++] = TAKE(l.d);
		} else {
			rc = err_nomem(err);
		}
		if (rc == 0) {
			ix->n_runs++;
			ix->entries += ix->disk[ix->n_disk - 1]->run.n_entries;
			return 0;
		}
	}
	if (rc == 0) {
		ix->n_runs++;
		ix->entries += run.n_entries;
	}
	run_release(&run);
	disk_run_free(l.d);
	free(l.numbers);
	return rc;
}

/* Small ones first, so that memory holds many of them; equal sizes by name, so that two runs of the program do the
 * same. */
static int cmp_size(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return x->size != y->size ? (x->size < y->size ? -1 : 1) : uid_cmp(&x->uid, &y->uid);
}

static int load_all(struct index *ix, hz_error **err)
{
	struct listing list;
	int rc = listing_load(&list, ix->store, "index", listed_run, err);

	if (rc < 0)
		return rc;
	if (list.n > 1)
		qsort(list.v, list.n, sizeof(*list.v), cmp_size);
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		AUTO(hz_error_free) hz_error *e = NULL;

		rc = load_run(ix, &list.v[i].uid, &e);
		if (rc == HZ_E_CORRUPT || rc == HZ_E_REFUSED || rc == HZ_E_NOTFOUND) {
			if (rc == HZ_E_CORRUPT && ix->sink && ix->sink->fn)
				ix->sink->fn(ix->sink->user, name_run(&list.v[i].uid).s, hz_error_message(e), false);
			rc = 0;
		} else if (rc < 0 && err && !*err) {
			*err = TAKE(e);
		}
	}
	listing_release(&list);
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
	rc = load_all(ix, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(ix);
	return 0;
}

void index_free(struct index *ix)
{
	if (!ix)
		return;
	for (size_t i = 0; i < ix->n_disk; i++)
		disk_run_free(ix->disk[i]);
	free(ix->disk);
	free(ix->packs);
	free(ix->more);
	idmap_release(&ix->by_uid);
	idmap_release(&ix->memory);
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
