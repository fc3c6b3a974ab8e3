/* SPDX-License-Identifier: BSD-2-Clause */
/* Every byte of every pack: checksums and parity, the hash that the runs name, tables, frames, ids, padding, and that
 * what the runs claim is what the pack holds. Packs are read by all workers, one whole pack each. */
#include "archive/check_internal.h"
#include "base/pool.h"
#include "crypto/suite.h"
#include <string.h>

struct data_worker {
	struct reading *all;
	uint32_t group; /* of the macs plus one */
	struct mac *content, *metadata;
	struct buf frame;
};

struct reading {
	struct check *c;
	bool *chosen; /* packs, then strangers; NULL: all */
	struct data_worker *workers;
	size_t n_workers;
	uint32_t *order;        /* of the packs, then strangers; NULL: as they are */
	size_t next;            /* atomic: in that order */
	uint64_t bytes, chunks; /* atomic */
};

/* Macs belong to one thread, and to the group of the pack at hand. */
static int take_macs(struct data_worker *w, uint32_t group, hz_error **err)
{
	const struct reader_group *g = &w->all->c->r->groups[group];
	int rc = 0;

	if (w->group == group + 1)
		return 0;
	mac_free(TAKE(w->content));
	mac_free(TAKE(w->metadata));
	w->group = 0;
	if (g->content)
		rc = mac_dup(&w->content, g->content, err);
	if (rc == 0)
		rc = mac_dup(&w->metadata, g->metadata, err);
	if (rc == 0)
		w->group = group + 1;
	return rc;
}

static bool member_is_good(struct data_worker *w, enum pack_role role, const struct pack_member *m)
{
	const uint8_t *data = w->frame.data + m->off;
	uint8_t kind;

	if (role == PACK_DATA)
		return w->content && chunk_id_matches(w->content, DOMAIN_DATA, data, m->len, &m->id);
	/* A node says itself what it is. */
	kind = m->len > 0 ? data[0] : 0;
	return kind >= NODE_TREE && kind <= NODE_EXTENTS && chunk_id_matches(w->metadata, kind, data, m->len, &m->id);
}

static int check_frame(
	struct data_worker *w, struct pack *p, enum pack_role role, uint32_t i, uint32_t number, hz_error **err)
{
	struct check *c = w->all->c;
	const struct pack_table *t = &p->t[role];
	const struct pack_frame *f = &t->frames[i];
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = pack_read_frame(p, role, i, &w->frame, &e);
	bool readable = rc == 0;

	if (!readable)
		rc = check_verdict(c, p->name.s, rc, &e, err);
	for (uint32_t k = f->first; rc == 0 && k < f->first + f->members; k++) {
		const struct pack_member *m = &t->members[k];

		if (readable && member_is_good(w, role, m))
			continue;
		if (readable)
			check_damage(
				c, p->name.s, false, "chunk %s has other content than its id says", id_hex(&m->id).s);
		rc = check_bad_member(c, number, &m->id, err);
	}
	(void)__atomic_add_fetch(&w->all->chunks, f->members, __ATOMIC_RELAXED);
	return rc;
}

/* Of the pack as one run names it. */
static struct claim *claim_of(const struct check *c, const struct check_pack *k)
{
	return &c->runs[k->run].claims[k->place];
}

/* k: the first that names it. */
static void compare_claims(struct check *c, const struct pack *p, const struct check_pack *k)
{
	const struct check_pack *end = c->packs + c->n_packs;
	uint64_t n = 0, sum[2] = { 0 };

	for (enum pack_role role = PACK_META; role <= PACK_DATA; role++) {
		const struct pack_table *t = &p->t[role];

		for (uint32_t i = 0; i < t->n_members; i++, n++)
			check_sum_id(sum, &t->members[i].id);
	}
	for (; k < end && uid_eq(&k->uid, &p->uid); k++) {
		struct claim *claim = claim_of(c, k);

		claim->differs = claim->n != n || claim->sum[0] != sum[0] || claim->sum[1] != sum[1];
	}
}

static int check_hash(struct check *c, const struct pack *p, const struct check_pack *k, hz_error **err)
{
	/* Of the blocks as they should be: what parity mended counts as whole. */
	struct id hash = suite_hash1(p->suite, p->sums.data, p->sums.len);
	struct run_pack info;
	bool found = false;
	int rc = check_pack_info(c, k, &info, &found, err);

	if (rc == 0 && found && !id_eq(&hash, &info.hash))
		check_damage(c, p->name.s, false, "not the pack that %s names", name_run(&c->runs[k->run].uid).s);
	return rc;
}

static int check_content(struct data_worker *w, struct pack *p, uint32_t number, hz_error **err)
{
	struct check *c = w->all->c;
	const struct check_pack *k = &c->packs[number];
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = check_hash(c, p, k, err);

	if (rc == 0)
		rc = take_macs(w, c->runs[k->run].group, err);
	for (enum pack_role role = PACK_META; rc == 0 && role <= PACK_DATA; role++) {
		for (uint32_t i = 0; rc == 0 && i < p->t[role].n_frames; i++) {
			if (p->t[role].frames[i].method != METHOD_PAD)
				rc = check_frame(w, p, role, i, number, err);
		}
	}
	if (rc < 0)
		return rc;
	compare_claims(c, p, k);
	rc = pack_check_rest(p, &e);
	return check_verdict(c, p->name.s, rc, &e, err);
}

/* number < 0: a pack of which only the container can be looked at. */
static int check_pack_bytes(struct data_worker *w, const struct uid *uid, int64_t number, hz_error **err)
{
	struct check *c = w->all->c;
	struct repo *repo = &c->r->repo;
	AUTO(pack_close) struct pack *p = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = number < 0 ? pack_open(&p, repo->store, &repo->log.repo, uid, true, &e)
			    : reader_open_pack(&p, c->r, uid, true, READER_META | READER_DATA, &e);

	if (rc < 0) {
		if (number >= 0)
			c->packs[number].bad = true;
		return check_verdict(c, name_pack(uid).s, rc, &e, err);
	}
	(void)__atomic_add_fetch(&w->all->bytes, (uint64_t)p->blocks * OBJECT_BLOCK, __ATOMIC_RELAXED);
	if (p->health.bad_blocks > 0)
		check_damage(c, p->name.s, true, "%u of %u blocks are damaged; parity can mend them",
			p->health.bad_blocks, p->blocks);
	return number < 0 ? 0 : check_content(w, p, (uint32_t)number, err);
}

static bool is_to_be_read(const struct check_pack *k)
{
	return k->present && !k->bad;
}

static int pack_at(void *user, uint32_t i, struct uid *uid, hz_error **err)
{
	const struct check *c = user;

	(void)err;
	*uid = i < c->n_packs ? c->packs[i].uid : c->strangers.v[i - c->n_packs];
	return i >= c->n_packs || is_to_be_read(&c->packs[i]);
}

static int work(void *arg, unsigned worker, hz_error **err)
{
	struct reading *all = arg;
	struct data_worker *w = &all->workers[worker];
	struct check *c = all->c;
	int rc = 0;

	while (rc == 0 && !job_is_cancelled(c->job)) {
		size_t i = __atomic_fetch_add(&all->next, 1, __ATOMIC_RELAXED);

		if (i >= c->n_packs + c->strangers.n)
			break;
		i = all->order ? all->order[i] : i;
		if (all->chosen && !all->chosen[i])
			continue;
		if (i >= c->n_packs)
			rc = check_pack_bytes(w, &c->strangers.v[i - c->n_packs], -1, err);
		else if (is_to_be_read(&c->packs[i]))
			rc = check_pack_bytes(w, &c->packs[i].uid, (int64_t)i, err);
	}
	return rc;
}

static int tick(void *user)
{
	struct reading *all = user;
	hz_progress *p = &all->c->progress;

	p->bytes_done = __atomic_load_n(&all->bytes, __ATOMIC_RELAXED);
	return job_tick(all->c->job, p);
}

static int read_all(struct reading *all, hz_error **err)
{
	AUTO(pool_free) struct pool *pool = NULL;
	int rc = pool_new(&pool, (unsigned)all->n_workers, err);

	/* Each task goes on until no pack is left, so that as many as there are workers do. */
	for (size_t i = 0; rc == 0 && i < all->n_workers; i++)
		rc = pool_submit(pool, 0, work, NULL, all, err);
	if (rc == 0)
		rc = pool_wait(pool, 100, tick, all, err);
	return rc < 0 ? rc : job_check(all->c->job, err);
}

/* ---- claims that do not add up ---- */

struct looking {
	struct check *c;
	uint32_t number;
	const struct uid *uid;
	const struct pack *p;
	struct run *run;
};

static int look_up(void *user, const struct run_entry *e, hz_error **err)
{
	struct looking *l = user;
	struct name run = name_run(&l->run->uid);

	if (!uid_eq(&l->run->packs[e->pack].uid, l->uid) || pack_find(l->p, PACK_META, &e->id) ||
		pack_find(l->p, PACK_DATA, &e->id))
		return 0;
	check_damage(
		l->c, run.s, false, "says that %s holds chunk %s, which it does not", l->p->name.s, id_hex(&e->id).s);
	return check_bad_member(l->c, l->number, &e->id, err);
}

/* Sums differ when the run says too much, or less than all, which a run may. */
static int check_claim(struct check *c, const struct check_pack *k, hz_error **err)
{
	struct repo *repo = &c->r->repo;
	AUTO(pack_close) struct pack *p = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	struct run run = { 0 };
	struct looking l = { c, (uint32_t)check_pack_number(c, &k->uid), &k->uid, NULL, &run };
	int rc = reader_open_pack(&p, c->r, &k->uid, false, READER_META | READER_DATA, &e);

	if (rc < 0)
		return check_verdict(c, name_pack(&k->uid).s, rc, &e, err);
	l.p = p;
	rc = run_load(
		&run, repo->store, &c->runs[k->run].uid, &repo->log, c->groups, c->n_groups, look_up, &l, NULL, &e);
	if (rc < 0)
		return check_verdict(c, name_run(&c->runs[k->run].uid).s, rc, &e, err);
	run_release(&run);
	return check_tick(c, err);
}

/* ---- a part of the packs ---- */

struct ranked {
	struct id rank;
	size_t i;
};

static int cmp_ranked(const void *a, const void *b)
{
	return id_cmp(&((const struct ranked *)a)->rank, &((const struct ranked *)b)->rank);
}

static const struct uid *pack_uid(const struct check *c, size_t i)
{
	return i < c->n_packs ? &c->packs[i].uid : &c->strangers.v[i - c->n_packs];
}

/* The lowest hashes of seed and name: whatever else there is, a pack keeps its rank. */
static size_t rank_all(const struct check *c, struct ranked *v)
{
	uint8_t key[8 + UID_LEN];
	size_t n = 0;

	put_le64(key, c->opts.seed);
	for (size_t i = 0; i < c->n_packs + c->strangers.n; i++) {
		if (i < c->n_packs && (!c->packs[i].present || c->packs[i].bad))
			continue;
		memcpy(key + 8, pack_uid(c, i)->b, UID_LEN);
		v[n++] = (struct ranked){ suite_hash1(c->r->repo.log.repo.suite, key, sizeof(key)), i };
	}
	if (n > 1)
		qsort(v, n, sizeof(*v), cmp_ranked);
	return n;
}

struct placed {
	uint32_t place;
	size_t i;
};

static int cmp_placed(const void *a, const void *b)
{
	uint32_t x = ((const struct placed *)a)->place, y = ((const struct placed *)b)->place;

	return (x > y) - (x < y);
}

/* Behind turn_from, around the ring of ids. Packs of the same place are taken together. */
static int choose_turn(struct reading *all, const struct ranked *v, size_t n, hz_error **err)
{
	struct check *c = all->c;
	struct placed *w AUTO_FREE = calloc(n + 1, sizeof(*w));
	size_t want = (c->res.sample_packs + 3) / 4, k;

	if (!w)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++)
		w[i] = (struct placed){ (uint32_t)(get_be64(pack_uid(c, v[i].i)->b) >> 32) - c->opts.turn_from,
			v[i].i };
	if (n > 1)
		qsort(w, n, sizeof(*w), cmp_placed);
	for (k = 0; k < n && (k < want || w[k].place == w[k - 1].place); k++)
		all->chosen[w[k].i] = true;
	c->res.turn_packs = k;
	c->res.turn_next = c->opts.turn_from + (k ? w[k - 1].place + 1 : 0);
	return 0;
}

static int choose(struct reading *all, hz_error **err)
{
	struct check *c = all->c;
	size_t total = c->n_packs + c->strangers.n, n;
	struct ranked *v AUTO_FREE = NULL;

	if (c->opts.data_packs == 0 && (c->opts.data_permille == 0 || c->opts.data_permille == 1000))
		return 0;
	v = calloc(total + 1, sizeof(*v));
	if (!v)
		return err_nomem(err);
	n = rank_all(c, v);
	/* No part, but all. */
	if (c->opts.data_packs >= n && c->opts.data_packs > 0)
		return 0;
	all->chosen = calloc(total + 1, sizeof(*all->chosen));
	if (!all->chosen)
		return err_nomem(err);
	c->res.seed = c->opts.seed;
	c->res.sample_of_packs = n;
	c->res.sample_packs = c->opts.data_packs ? c->opts.data_packs : (n * c->opts.data_permille + 999) / 1000;
	for (size_t i = 0; i < c->res.sample_packs; i++)
		all->chosen[v[i].i] = true;
	if (c->opts.flags & HZ_CHECK_TURN)
		return choose_turn(all, v, n, err);
	return 0;
}

static void plan(struct reading *all)
{
	struct check *c = all->c;

	for (size_t i = 0; i < c->n_packs + c->strangers.n; i++) {
		if (all->chosen && !all->chosen[i])
			continue;
		if (i >= c->n_packs)
			c->progress.bytes_total += check_stored(c, &c->strangers.v[i - c->n_packs])->size;
		else if (c->packs[i].present)
			c->progress.bytes_total += c->packs[i].size;
	}
}

int check_data(struct check *c, hz_error **err)
{
	struct reading all = { .c = c, .n_workers = c->r->repo.workers };
	int rc;

	all.workers = calloc(all.n_workers, sizeof(*all.workers));
	if (!all.workers)
		return err_nomem(err);
	for (size_t i = 0; i < all.n_workers; i++)
		all.workers[i].all = &all;
	rc = choose(&all, err);
	plan(&all);
	if (rc == 0)
		rc = pack_order(&all.order, c->r->repo.store, (uint32_t)(c->n_packs + c->strangers.n), pack_at, c, err);
	if (rc == 0)
		rc = read_all(&all, err);
	free(all.order);
	for (size_t i = 0; i < all.n_workers; i++) {
		mac_free(all.workers[i].content);
		mac_free(all.workers[i].metadata);
		buf_release(&all.workers[i].frame);
	}
	free(all.workers);
	free(all.chosen);
	c->res.bytes_read += all.bytes;
	c->res.chunks = all.chunks;
	for (size_t i = 0; rc == 0 && i < c->n_packs; i++) {
		if (claim_of(c, &c->packs[i])->differs)
			rc = check_claim(c, &c->packs[i], err);
	}
	if (rc < 0 || c->res.seed)
		return rc;
	c->res.looked_at |= HZ_LOOKED_CHECKSUMS;
	if (c->closed_runs == 0)
		c->res.looked_at |= HZ_LOOKED_CONTENT;
	return 0;
}
