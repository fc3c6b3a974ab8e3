/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packs there should be, as the runs of committed sessions say. A large repository has many: of each only what
 * nobody can look up cheaply is kept, in one sorted array. */
#include "archive/check_internal.h"
#include "base/sort.h"
#include <string.h>

#define HEADS 65536u

void *check_grow(void *array, size_t *n, size_t *cap, size_t each)
{
	void **p = array;

	if (*n == *cap) {
		size_t more = *cap ? *cap * 2 : 256;
		void *v = realloc(*p, more * each);

		if (!v)
			return NULL;
		*p = v;
		*cap = more;
	}
	uint8_t *at = (uint8_t *)*p + (*n)++ * each;

	memset(at, 0, each);
	return at;
}

void check_runs_release(struct check *c)
{
	for (size_t i = 0; i < c->n_runs; i++) {
		run_release(&c->runs[i].run);
		free(c->runs[i].claims);
	}
	for (size_t i = 0; i < CHECK_PAGES; i++)
		free(c->pages[i]);
	free(c->runs);
	free(c->superseded);
	free(c->packs);
	free(c->heads);
}

/* ---- one run ---- */

struct loading {
	struct check_run *at;
	bool mended;
};

static int claims_new(struct check_run *at, hz_error **err)
{
	if (at->claims)
		return 0;
	at->claims = calloc((size_t)at->run.n_packs + 1, sizeof(*at->claims));
	return at->claims ? 0 : err_nomem(err);
}

void check_sum_id(uint64_t sum[2], const struct id *id)
{
	sum[0] += get_le64(id->b);
	sum[1] += get_le64(id->b + 8) ^ get_le64(id->b + 16) ^ get_le64(id->b + 24);
}

static int see_entry(void *user, const struct run_entry *e, hz_error **err)
{
	struct loading *l = user;
	int rc = claims_new(l->at, err);

	if (rc == 0) {
		l->at->claims[e->pack].n++;
		check_sum_id(l->at->claims[e->pack].sum, &e->id);
	}
	return rc;
}

static void see_damage(void *user, const char *name, const char *what, bool mended)
{
	struct loading *l = user;

	(void)name;
	(void)what;
	l->mended = l->mended || mended;
}

static int take_packs(struct check *c, struct check_run *at, hz_error **err)
{
	struct run *r = &at->run;

	for (uint32_t i = 0; i < r->n_packs; i++) {
		struct check_pack *k = check_grow(&c->packs, &c->n_packs, &c->cap_packs, sizeof(*k));

		if (!k)
			return err_nomem(err);
		k->uid = r->packs[i].uid;
		k->size = r->packs[i].size;
		k->run = (uint32_t)(at - c->runs);
		k->place = i;
	}
	c->res.chunks += r->n_entries;
	free(TAKE(r->packs));
	return c->opts.flags & HZ_CHECK_READ_DATA ? claims_new(at, err) : 0;
}

static int take_run(struct check *c, struct check_run *at, hz_error **err)
{
	const struct run *r = &at->run;
	bool opens = r->aead;

	at->hash = r->hash;
	at->loaded = true;
	for (size_t i = 0; i < r->n_supersedes; i++) {
		struct superseded *v = realloc(c->superseded, (c->n_superseded + 1) * sizeof(*v));

		if (!v)
			return err_nomem(err);
		c->superseded = v;
		v[c->n_superseded++] = (struct superseded){ r->supersedes[i], r->signer };
	}
	aead_free(TAKE(at->run.aead));
	if (!opens) {
		c->closed_runs++;
		return 0;
	}
	while (!uid_eq(&c->groups[at->group].id, &r->group))
		at->group++;
	return take_packs(c, at, err);
}

/* Runs that no commit names are those of sessions that go on or were broken off; only of a commit that cannot be read
 * nobody knows. */
static bool run_counts(const struct check *c, const struct uid *uid, const struct run *r)
{
	return uid_list_has(&c->named, uid) || (r && uid_list_has(&c->damaged_commits, &r->session));
}

static int check_run(struct check *c, struct check_run *at, hz_error **err)
{
	struct loading l = { at, false };
	struct damage_sink sink = { see_damage, &l };
	struct repo *repo = &c->r->repo;
	struct name name = name_run(&at->uid);
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = run_load(&at->run, repo->store, &at->uid, &repo->log, c->groups, c->n_groups,
		c->opts.flags & HZ_CHECK_READ_DATA ? see_entry : NULL, &l, &sink, &e);

	c->res.objects++;
	if (rc == 0 && run_counts(c, &at->uid, &at->run)) {
		if (l.mended)
			check_damage(c, name.s, true, "damaged; parity can mend it");
		rc = take_run(c, at, err);
		return rc < 0 ? rc : check_tick(c, err);
	}
	run_release(&at->run);
	free(TAKE(at->claims));
	if (rc < 0 && (run_counts(c, &at->uid, NULL) || rc == HZ_E_NOMEM || rc == HZ_E_IO))
		rc = check_verdict(c, name.s, rc, &e, err);
	else
		rc = 0;
	return rc < 0 ? rc : check_tick(c, err);
}

/* ---- what runs say of a pack ---- */

static int read_packs(struct check *c, struct check_page *p, hz_error **err)
{
	const struct check_run *at = &c->runs[p->run];
	AUTO(aead_free) struct aead *a = NULL;
	int rc = run_cipher(&a, &at->run, &c->groups[at->group], err);

	return rc < 0 ? rc : run_read_page(&at->run, a, c->r->repo.store, p->page, p->plain, err);
}

/* With the page lock held. Packs are asked for in their order mostly, so that one page of each run is enough. */
static int page_of(struct check *c, const struct check_pack *k, struct check_page **ret, hz_error **err)
{
	struct check_page **p = &c->pages[k->run % CHECK_PAGES];
	uint32_t page = 1 + k->place / RUN_PACKS;
	int rc = 0;

	if (!*p)
		*p = calloc(1, sizeof(**p));
	if (!*p)
		return err_nomem(err);
	if (!(*p)->loaded || (*p)->run != k->run || (*p)->page != page) {
		(*p)->loaded = false;
		(*p)->run = k->run;
		(*p)->page = page;
		rc = read_packs(c, *p, err);
		(*p)->loaded = rc == 0;
	}
	*ret = *p;
	return rc;
}

int check_pack_info(struct check *c, const struct check_pack *k, struct run_pack *info, bool *found, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	struct check_page *p = NULL;
	int rc;

	(void)pthread_mutex_lock(&c->page_lock);
	rc = page_of(c, k, &p, &e);
	if (rc == 0)
		*info = run_pack_at(p->plain, k->place % RUN_PACKS);
	(void)pthread_mutex_unlock(&c->page_lock);
	*found = rc == 0;
	return check_verdict(c, name_run(&c->runs[k->run].uid).s, rc, &e, err);
}

static int compare(struct check *c, const struct check_pack *first, const struct check_pack *k, hz_error **err)
{
	struct run_pack want, got;
	bool found = false;
	int rc = check_pack_info(c, first, &want, &found, err);

	if (rc == 0 && found)
		rc = check_pack_info(c, k, &got, &found, err);
	if (rc == 0 && found && (got.size != want.size || !id_eq(&got.hash, &want.hash)))
		check_damage(c, name_run(&c->runs[k->run].uid).s, false,
			"says other things of %s than another run does", name_pack(&k->uid).s);
	return rc < 0 ? rc : check_tick(c, err);
}

/* ---- all packs ---- */

static int cmp_pack(const void *a, const void *b)
{
	const struct check_pack *x = a, *y = b;
	int order = uid_cmp(&x->uid, &y->uid);

	return order ? order : (x->run > y->run) - (x->run < y->run);
}

static uint32_t head_of(const struct uid *u)
{
	return (uint32_t)u->b[0] << 8 | u->b[1];
}

static int sort_packs(struct check *c, hz_error **err)
{
	size_t at = 0;

	sort_spread(c->packs, c->n_packs, sizeof(*c->packs), cmp_pack);
	c->heads = calloc(HEADS + 1, sizeof(*c->heads));
	if (!c->heads)
		return err_nomem(err);
	for (uint32_t h = 0; h <= HEADS; h++) {
		while (at < c->n_packs && head_of(&c->packs[at].uid) < h)
			at++;
		c->heads[h] = (uint32_t)at;
	}
	return 0;
}

int64_t check_pack_number(const struct check *c, const struct uid *uid)
{
	uint32_t h = head_of(uid), lo, hi, end;

	if (!c->heads)
		return -1;
	lo = c->heads[h];
	end = hi = c->heads[h + 1];
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (uid_cmp(&c->packs[mid].uid, uid) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end && uid_eq(&c->packs[lo].uid, uid) ? (int64_t)lo : -1;
}

static int judge_packs(struct check *c, hz_error **err)
{
	size_t first = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n_packs; i++) {
		if (i > 0 && uid_eq(&c->packs[first].uid, &c->packs[i].uid)) {
			rc = compare(c, &c->packs[first], &c->packs[i], err);
			continue;
		}
		first = i;
		c->packs[i].expected = !admin_pack_is_final(&c->r->repo.log, &c->packs[i].uid);
	}
	return rc;
}

static int see_run(void *user, const char *name, uint64_t size)
{
	struct check *c = user;
	struct check_run *r;
	struct uid u;

	if (!name_parse_uid(&u, name, "index/"))
		return 0;
	r = check_grow(&c->runs, &c->n_runs, &c->cap_runs, sizeof(*r));
	if (!r)
		return HZ_E_NOMEM;
	r->uid = u;
	c->res.bytes_read += size;
	return 0;
}

static int cmp_run(const void *a, const void *b)
{
	return uid_cmp(&((const struct check_run *)a)->uid, &((const struct check_run *)b)->uid);
}

int check_runs(struct check *c, hz_error **err)
{
	int rc = store_list(c->r->repo.store, "index", see_run, c, err);

	if (rc == HZ_E_NOMEM)
		(void)err_nomem(err);
	if (c->n_runs > 1)
		qsort(c->runs, c->n_runs, sizeof(*c->runs), cmp_run);
	for (size_t i = 0; rc == 0 && i < c->n_runs; i++)
		rc = check_run(c, &c->runs[i], err);
	if (rc == 0)
		rc = sort_packs(c, err);
	return rc < 0 ? rc : judge_packs(c, err);
}
