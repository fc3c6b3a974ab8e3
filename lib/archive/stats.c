/* SPDX-License-Identifier: BSD-2-Clause */
/* How much is stored, and what for. Distinct chunks are counted in passes over the runs, each for a share of all ids,
 * so that memory is bounded however large the repository is. */
#include "archive/idmap.h"
#include "archive/reader.h"
#include "base/sort.h"
#include "hozen/snapshot.h"
#include <string.h>

#define PASS_ENTRIES ((uint64_t)2 << 20)

struct stored_pack {
	struct uid uid;
	uint64_t size;
	bool named;
};
struct counting {
	struct hz_reader *r;
	hz_stats *s;
	struct uid *runs;
	size_t n_runs, cap_runs;
	struct stored_pack *packs; /* ascending once all are there */
	size_t n_packs, cap_packs;
};

static int see_run(struct counting *c, const struct uid *run)
{
	if (c->n_runs == c->cap_runs) {
		size_t cap = c->cap_runs ? c->cap_runs * 2 : 64;
		struct uid *v = realloc(c->runs, cap * sizeof(*v));

		if (!v)
			return HZ_E_NOMEM;
		c->runs = v;
		c->cap_runs = cap;
	}
	c->runs[c->n_runs++] = *run;
	return 0;
}

static int see_pack(struct counting *c, const struct uid *uid, uint64_t size)
{
	if (c->n_packs == c->cap_packs) {
		size_t cap = c->cap_packs ? c->cap_packs * 2 : 64;
		struct stored_pack *v = realloc(c->packs, cap * sizeof(*v));

		if (!v)
			return HZ_E_NOMEM;
		c->packs = v;
		c->cap_packs = cap;
	}
	c->packs[c->n_packs++] = (struct stored_pack){ *uid, size, false };
	return 0;
}

static int cmp_pack(const void *a, const void *b)
{
	return uid_cmp(&((const struct stored_pack *)a)->uid, &((const struct stored_pack *)b)->uid);
}

static int mark_named(void *user, const struct run_pack *p, hz_error **err)
{
	struct counting *c = user;
	struct stored_pack key = { .uid = p->uid };
	struct stored_pack *at = c->n_packs ? bsearch(&key, c->packs, c->n_packs, sizeof(key), cmp_pack) : NULL;

	(void)err;
	if (at)
		at->named = true;
	return 0;
}

/* Packs that no run names are of sessions that ended before their commit. */
static int count_dead(struct counting *c, hz_error **err)
{
	int rc = 0;

	sort_spread(c->packs, c->n_packs, sizeof(*c->packs), cmp_pack);
	for (size_t i = 0; rc == 0 && i < c->r->n_groups; i++)
		rc = index_each_pack(c->r->groups[i].index, mark_named, c, err);
	for (size_t i = 0; i < c->n_packs; i++) {
		c->s->dead_packs += !c->packs[i].named;
		c->s->dead_pack_bytes += c->packs[i].named ? 0 : c->packs[i].size;
	}
	return rc;
}

static int see_object(void *user, const char *name, uint64_t size)
{
	struct counting *c = user;
	struct uid uid;

	c->s->objects++;
	c->s->store_bytes += size;
	if (name_parse_uid(&uid, name, "packs/")) {
		c->s->packs++;
		c->s->pack_bytes += size;
		return see_pack(c, &uid, size);
	}
	if (!name_parse_uid(&uid, name, "index/"))
		return 0;
	c->s->runs++;
	c->s->run_bytes += size;
	return see_run(c, &uid);
}

static int count_store(struct counting *c, hz_error **err)
{
	int rc = store_list(c->r->repo.store, "", see_object, c, err);

	for (size_t i = 0; rc == 0 && store_folders[i]; i++) {
		rc = store_list(c->r->repo.store, store_folders[i], see_object, c, err);
		if (rc == 0)
			rc = job_check(c->r->repo.job, err);
	}
	if (rc == HZ_E_NOMEM)
		(void)err_nomem(err);
	return rc < 0 ? rc : count_dead(c, err);
}

struct pass {
	struct idmap ids;
	uint32_t n, of;
};

static int see_entry(void *user, const struct run_entry *e, hz_error **err)
{
	struct pass *p = user;

	if (get_le32(e->id.b + ID_LEN - 4) % p->of != p->n)
		return 0;
	return idmap_add(&p->ids, &e->id, 0, NULL) < 0 ? err_nomem(err) : 0;
}

static int count_group(struct counting *c, struct reader_group *g, hz_error **err)
{
	struct repo *repo = &c->r->repo;
	struct pass p = { .of = (uint32_t)(index_entries(g->index) / PASS_ENTRIES) + 1 };
	int rc = 0;

	for (; rc == 0 && p.n < p.of; p.n++) {
		for (size_t i = 0; rc == 0 && i < c->n_runs; i++) {
			AUTO(hz_error_free) hz_error *e = NULL;
			struct run run;

			/* What is wrong with a run was said when the index was loaded. */
			rc = run_load(&run, repo->store, &c->runs[i], &repo->log, &g->keys, 1, see_entry, &p, NULL, &e);
			if (rc == 0)
				run_release(&run);
			else if (rc == HZ_E_CORRUPT || rc == HZ_E_REFUSED || rc == HZ_E_NOTFOUND)
				rc = 0;
			else if (err && !*err)
				*err = TAKE(e);
			if (rc == 0)
				rc = job_check(repo->job, err);
		}
		c->s->chunks += p.ids.n;
		idmap_release(&p.ids);
	}
	return rc;
}

static void count_snaps(const struct hz_reader *r, hz_stats *s)
{
	for (size_t i = 0; i < r->n_snaps; i++) {
		if (!snap_is_listed(&r->snaps[i]))
			continue;
		s->snapshots++;
		s->files += r->snaps[i].body.counts[COUNT_FILES];
		s->restore_bytes += r->snaps[i].body.counts[COUNT_BYTES];
	}
}

static int collect(struct counting *c, hz_error **err)
{
	struct hz_reader *r = c->r;
	int rc = reader_load_snaps(r, err);

	if (rc == 0)
		count_snaps(r, c->s);
	for (size_t i = 0; rc == 0 && i < r->n_groups; i++) {
		struct index *ix = NULL;

		rc = reader_index(r, &r->groups[i], &ix, err);
	}
	if (rc == 0)
		rc = count_store(c, err);
	for (size_t i = 0; rc == 0 && i < r->n_groups; i++)
		rc = count_group(c, &r->groups[i], err);
	return rc;
}

int hz_stats_collect(hz_reader *r, hz_stats *stats, hz_job *job, hz_error **err)
{
	hz_stats s = HZ_STATS_INIT;
	struct counting c = { .r = r, .s = &s };
	int rc;

	if (stats->size < sizeof(stats->size))
		return err_set(err, HZ_E_INVAL, "hz_stats: its size is not set");
	r->repo.job = job;
	rc = collect(&c, err);
	free(c.runs);
	free(c.packs);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	if (rc < 0)
		return rc;
	s.size = stats->size;
	memcpy(stats, &s, s.size < sizeof(s) ? s.size : sizeof(s));
	return 0;
}
