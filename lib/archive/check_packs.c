/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the packs that runs name are there with their size, and what lies there besides. */
#include "archive/check_internal.h"
#include <string.h>

static int cmp_stored(const void *a, const void *b)
{
	return uid_cmp(&((const struct stored_pack *)a)->uid, &((const struct stored_pack *)b)->uid);
}

const struct stored_pack *check_stored(const struct check *c, const struct uid *uid)
{
	struct stored_pack key = { .uid = *uid };

	return c->n_stored ? bsearch(&key, c->stored, c->n_stored, sizeof(key), cmp_stored) : NULL;
}

/* ---- presence ---- */

static int see_pack(void *user, const char *name, uint64_t size)
{
	struct check *c = user;
	struct stored_pack *p;
	struct uid u;
	int64_t number;

	if (!name_parse_uid(&u, name, "packs/"))
		return 0;
	number = check_pack_number(c, &u);
	if (number >= 0) {
		struct check_pack *k = &c->packs[number];

		k->listed = true;
		k->odd_size = k->size != size;
		if (!k->odd_size)
			return 0;
	}
	p = check_grow(&c->stored, &c->n_stored, &c->cap_stored, sizeof(*p));
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
	struct name name = name_pack(&k->uid);
	AUTO(pack_close) struct pack *p = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = pack_open(&p, repo->store, &repo->log.repo, &k->uid, true, &e);

	if (rc == 0 && (uint64_t)p->blocks * OBJECT_BLOCK == k->size) {
		check_damage(c, name.s, true, "has %llu bytes instead of %u; parity can mend it",
			(unsigned long long)size, k->size);
		return 0;
	}
	k->bad = true;
	if (rc == 0)
		rc = err_set(&e, HZ_E_CORRUPT, "has %llu bytes instead of %u", (unsigned long long)size, k->size);
	return check_verdict(c, name.s, rc, &e, err);
}

static int check_presence(struct check *c, struct check_pack *k, hz_error **err)
{
	int rc = 0;

	if (!k->expected)
		return 0;
	if (!k->listed) {
		check_damage(c, name_pack(&k->uid).s, false, "missing");
		return check_tick(c, err);
	}
	k->present = true;
	c->res.packs++;
	c->res.objects++;
	if (k->odd_size)
		rc = wrong_size(c, k, check_stored(c, &k->uid)->size, err);
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
	/* After the runs: whatever they name was put before they were. */
	int rc = store_list(c->r->repo.store, "packs", see_pack, c, err);

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
