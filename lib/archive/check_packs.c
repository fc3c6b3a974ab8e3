/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packs there should be, as the runs of committed sessions say, and whether they are there with their size. */
#include "archive/check_internal.h"
#include <string.h>

/* ---- tables ---- */

static struct id wide(const struct uid *u)
{
	struct id id = { { 0 } };

	memcpy(id.b, u->b, UID_LEN);
	return id;
}

int64_t check_pack_number(const struct check *c, const struct uid *uid)
{
	struct id id = wide(uid);
	uint32_t n;

	return idmap_get(&c->by_uid, &id, &n) ? (int64_t)n : -1;
}

static int cmp_stored(const void *a, const void *b)
{
	return uid_cmp(&((const struct stored_pack *)a)->uid, &((const struct stored_pack *)b)->uid);
}

const struct stored_pack *check_stored(const struct check *c, const struct uid *uid)
{
	struct stored_pack key = { .uid = *uid };

	return c->n_stored ? bsearch(&key, c->stored, c->n_stored, sizeof(key), cmp_stored) : NULL;
}

/* One more zeroed element at the end of a growing array, or NULL. */
static void *grow(void *array, size_t *n, size_t *cap, size_t each)
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

static int add_pack(struct check *c, const struct run *run, const struct run_pack *p, uint32_t group, uint32_t *number,
	hz_error **err)
{
	struct id id = wide(&p->uid);
	struct check_pack *k;
	int added = idmap_add(&c->by_uid, &id, (uint32_t)c->n_packs, number);

	if (added < 0)
		return err_nomem(err);
	if (added == 0) {
		k = &c->packs[*number];
		if (k->p.size != p->size || !id_eq(&k->p.hash, &p->hash))
			check_damage(c, name_run(&run->uid).s, false, "says other things of %s than another run does",
				name_pack(&p->uid).s);
		return 0;
	}
	*number = (uint32_t)c->n_packs;
	k = grow(&c->packs, &c->n_packs, &c->cap_packs, sizeof(*k));
	if (!k)
		return err_nomem(err);
	k->p = *p;
	k->group = group;
	k->expected = !admin_pack_is_final(&c->r->repo.log, &p->uid);
	return 0;
}

/* ---- runs ---- */

struct loading {
	struct check *c;
	struct run run;
	struct claim *claims; /* of its packs, in its order */
	bool mended;
};

static int claims_new(struct loading *l, hz_error **err)
{
	if (l->claims)
		return 0;
	l->claims = calloc((size_t)l->run.n_packs + 1, sizeof(*l->claims));
	return l->claims ? 0 : err_nomem(err);
}

void check_sum_id(uint64_t sum[2], const struct id *id)
{
	sum[0] += get_le64(id->b);
	sum[1] += get_le64(id->b + 8) ^ get_le64(id->b + 16) ^ get_le64(id->b + 24);
}

static int see_entry(void *user, const struct run_entry *e, hz_error **err)
{
	struct loading *l = user;
	int rc = claims_new(l, err);

	if (rc == 0) {
		l->claims[e->pack].n++;
		check_sum_id(l->claims[e->pack].sum, &e->id);
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

static int take_claims(struct check *c, struct loading *l, uint32_t run, uint32_t group, hz_error **err)
{
	int rc = claims_new(l, err);

	for (uint32_t i = 0; rc == 0 && i < l->run.n_packs; i++) {
		uint32_t number = 0;
		struct claim *claim;

		rc = add_pack(c, &l->run, &l->run.packs[i], group, &number, err);
		if (rc < 0)
			break;
		claim = grow(&c->claims, &c->n_claims, &c->cap_claims, sizeof(*claim));
		if (!claim)
			return err_nomem(err);
		*claim = l->claims[i];
		claim->run = run;
		claim->pack = number;
		claim->next = c->packs[number].claims;
		c->packs[number].claims = (uint32_t)c->n_claims;
		c->res.chunks += claim->n;
	}
	return rc;
}

static int take_run(struct check *c, struct loading *l, struct check_run *at, hz_error **err)
{
	const struct run *r = &l->run;

	at->hash = r->hash;
	at->loaded = true;
	for (size_t i = 0; i < r->n_supersedes; i++) {
		struct superseded *v = realloc(c->superseded, (c->n_superseded + 1) * sizeof(*v));

		if (!v)
			return err_nomem(err);
		c->superseded = v;
		v[c->n_superseded++] = (struct superseded){ r->supersedes[i], r->signer };
	}
	if (!r->aead) {
		c->closed_runs++;
		return 0;
	}
	for (size_t g = 0; g < c->n_groups; g++) {
		if (uid_eq(&c->groups[g].id, &r->group))
			return take_claims(c, l, (uint32_t)(at - c->runs), (uint32_t)g, err);
	}
	return 0;
}

/* Runs that no commit names are those of sessions that go on or were broken off; only of a commit that cannot be read
 * nobody knows. */
static bool run_counts(const struct check *c, const struct uid *uid, const struct run *r)
{
	return uid_list_has(&c->named, uid) || (r && uid_list_has(&c->damaged_commits, &r->session));
}

static int check_run(struct check *c, struct check_run *at, hz_error **err)
{
	struct loading l = { .c = c };
	struct damage_sink sink = { see_damage, &l };
	struct repo *repo = &c->r->repo;
	struct name name = name_run(&at->uid);
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = run_load(&l.run, repo->store, &at->uid, &repo->log, c->groups, c->n_groups, see_entry, &l, &sink, &e);

	c->res.objects++;
	if (rc == 0 && run_counts(c, &at->uid, &l.run)) {
		if (l.mended)
			check_damage(c, name.s, true, "damaged; parity can mend it");
		rc = take_run(c, &l, at, err);
	} else if (rc < 0 && (run_counts(c, &at->uid, NULL) || rc == HZ_E_NOMEM || rc == HZ_E_IO)) {
		rc = check_verdict(c, name.s, rc, &e, err);
	} else {
		rc = 0;
	}
	run_release(&l.run);
	free(l.claims);
	return rc < 0 ? rc : check_tick(c, err);
}

static int see_run(void *user, const char *name, uint64_t size)
{
	struct check *c = user;
	struct check_run *r;
	struct uid u;

	if (!name_parse_uid(&u, name, "index/"))
		return 0;
	r = grow(&c->runs, &c->n_runs, &c->cap_runs, sizeof(*r));
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

static int load_runs(struct check *c, hz_error **err)
{
	int rc = store_list(c->r->repo.store, "index", see_run, c, err);

	if (rc == HZ_E_NOMEM)
		(void)err_nomem(err);
	if (c->n_runs > 1)
		qsort(c->runs, c->n_runs, sizeof(*c->runs), cmp_run);
	for (size_t i = 0; rc == 0 && i < c->n_runs; i++)
		rc = check_run(c, &c->runs[i], err);
	return rc;
}

/* ---- presence ---- */

static int see_pack(void *user, const char *name, uint64_t size)
{
	struct check *c = user;
	struct stored_pack *p;
	struct uid u;

	if (!name_parse_uid(&u, name, "packs/"))
		return 0;
	p = grow(&c->stored, &c->n_stored, &c->cap_stored, sizeof(*p));
	if (!p)
		return HZ_E_NOMEM;
	p->uid = u;
	p->size = size;
	return 0;
}

/* Cut off or grown: parity may give back what is missing. */
static int wrong_size(struct check *c, struct check_pack *k, uint64_t size, hz_error **err)
{
	struct repo *repo = &c->r->repo;
	struct name name = name_pack(&k->p.uid);
	AUTO(pack_close) struct pack *p = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = pack_open(&p, repo->store, &repo->log.repo, &k->p.uid, true, &e);

	if (rc == 0 && (uint64_t)p->blocks * OBJECT_BLOCK == k->p.size) {
		check_damage(c, name.s, true, "has %llu bytes instead of %u; parity can mend it",
			(unsigned long long)size, k->p.size);
		return 0;
	}
	k->bad = true;
	if (rc == 0)
		rc = err_set(&e, HZ_E_CORRUPT, "has %llu bytes instead of %u", (unsigned long long)size, k->p.size);
	return check_verdict(c, name.s, rc, &e, err);
}

static int check_presence(struct check *c, struct check_pack *k, hz_error **err)
{
	const struct stored_pack *s = check_stored(c, &k->p.uid);
	int rc = 0;

	if (!k->expected)
		return 0;
	if (!s) {
		check_damage(c, name_pack(&k->p.uid).s, false, "missing");
		return check_tick(c, err);
	}
	k->present = true;
	c->res.packs++;
	c->res.objects++;
	if (s->size != k->p.size)
		rc = wrong_size(c, k, s->size, err);
	return rc < 0 ? rc : check_tick(c, err);
}

/* A pack that no open run names: its head says of which session it is. */
static int judge_unnamed(struct check *c, const struct stored_pack *s, hz_error **err)
{
	struct repo *repo = &c->r->repo;
	AUTO(pack_close) struct pack *p = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc;

	if (c->closed_runs > 0) {
		rc = pack_open(&p, repo->store, &repo->log.repo, &s->uid, false, &e);
		if (rc == HZ_E_NOMEM || rc == HZ_E_IO)
			return check_verdict(c, name_pack(&s->uid).s, rc, &e, err);
		if (rc == 0 && uid_list_has(&c->committed, &p->session))
			return uid_list_add(&c->strangers, &s->uid, err);
	}
	if (!admin_pack_is_final(&repo->log, &s->uid))
		c->res.dead_packs++;
	return 0;
}

int check_packs(struct check *c, hz_error **err)
{
	int rc = load_runs(c, err);

	/* After the runs: whatever they name was put before they were. */
	if (rc == 0)
		rc = store_list(c->r->repo.store, "packs", see_pack, c, err);
	if (rc == HZ_E_NOMEM)
		(void)err_nomem(err);
	if (c->n_stored > 1)
		qsort(c->stored, c->n_stored, sizeof(*c->stored), cmp_stored);
	for (size_t i = 0; rc == 0 && i < c->n_packs; i++)
		rc = check_presence(c, &c->packs[i], err);
	for (size_t i = 0; rc == 0 && i < c->n_stored; i++) {
		if (check_pack_number(c, &c->stored[i].uid) < 0)
			rc = judge_unnamed(c, &c->stored[i], err);
	}
	c->res.packs += c->strangers.n;
	return rc;
}

/* ---- single chunks ---- */

/* Ids are uniformly spread and compared whole: the pack's number goes into the last bytes. */
static struct id member_key(uint32_t pack, const struct id *id)
{
	struct id key = *id;
	uint8_t *last = key.b + ID_LEN - 4;

	put_le32(last, get_le32(last) ^ (pack + 1));
	return key;
}

int check_bad_member(struct check *c, uint32_t pack, const struct id *id, hz_error **err)
{
	struct id key = member_key(pack, id);
	int added;

	(void)pthread_mutex_lock(&c->lock);
	added = idmap_add(&c->bad_members, &key, 0, NULL);
	(void)pthread_mutex_unlock(&c->lock);
	return added < 0 ? err_nomem(err) : 0;
}

static bool holds(const struct check *c, const struct pack_ref *ref, const struct id *id)
{
	int64_t n = check_pack_number(c, &ref->uid);

	if (n >= 0) {
		const struct check_pack *k = &c->packs[n];
		struct id key = member_key((uint32_t)n, id);

		return k->present && !k->bad && !idmap_get(&c->bad_members, &key, NULL);
	}
	/* Of a session that was broken off, or goes on: such a pack serves as well. */
	const struct stored_pack *s = check_stored(c, &ref->uid);

	return s && s->size == ref->size && !admin_pack_is_final(&c->r->repo.log, &ref->uid);
}

int check_chunk(struct check *c, struct reader_group *g, const struct id *id, hz_error **err)
{
	struct pack_ref refs[INDEX_CANDIDATES];
	unsigned n = 0;
	int rc = index_find(g->index, id, refs, &n, err);

	if (rc == HZ_E_CORRUPT) {
		err_clear(err);
		return 0;
	}
	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = holds(c, &refs[i], id);
	return rc;
}
