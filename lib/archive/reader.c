/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader handle: groups, indexes and single chunks. Every chunk's id is recomputed; where it does not match, the
 * next pack that claims the id is asked (docs/format/pack.md). Snapshots: reader_snaps.c. */
#include "archive/reader.h"
#include "crypto/suite.h"
#include <string.h>

#define CACHED_PACKS  8u
#define CACHED_FRAMES 12u
#define READER_PAGES  2048u /* 8 MiB of runs: who reads a tree asks for every chunk */

struct cached_frame {
	struct uid pack;
	enum pack_role role;
	uint32_t frame;
	struct buf bytes;
	uint64_t used;
};
struct chunk_cache {
	struct pack *packs[CACHED_PACKS];
	uint64_t pack_used[CACHED_PACKS];
	struct cached_frame frames[CACHED_FRAMES];
	uint64_t clock;
};

/* ---- groups ---- */

static int open_groups(struct hz_reader *r, hz_error **err)
{
	struct group *v = NULL;
	size_t n = 0;
	int rc;

	if (!(r->repo.can & HZ_NEED_LIST))
		return 0;
	rc = groups_load(&v, &n, r->repo.store, &r->repo.log, r->repo.key, &r->repo.sink, err);
	if (rc < 0)
		return rc;
	r->groups = calloc(n + 1, sizeof(*r->groups));
	if (!r->groups)
		rc = err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		if (rc < 0) {
			group_release(&v[i]);
			continue;
		}
		struct reader_group *g = &r->groups[r->n_groups++];

		g->keys = v[i];
		rc = mac_new(&g->metadata, r->repo.log.repo.suite, g->keys.metadata, err);
		if (rc == 0 && g->keys.content)
			rc = mac_new(&g->content, r->repo.log.repo.suite, g->keys.content, err);
	}
	free(v);
	return rc;
}

struct reader_group *reader_group(struct hz_reader *r, const struct uid *id)
{
	for (size_t i = 0; i < r->n_groups; i++) {
		if (uid_eq(&r->groups[i].keys.id, id))
			return &r->groups[i];
	}
	return NULL;
}

int reader_index(struct hz_reader *r, struct reader_group *g, struct index **ix, hz_error **err)
{
	struct index_options o = { .trust = INDEX_ALL, .cache_pages = READER_PAGES };
	AUTO(index_free) struct index *made = NULL;
	int rc = 0;

	/* Whoever reads a tree looks its root up at once: failing here is failing early. */
	if (!g->index)
		rc = index_new(&made, r->repo.store, &r->repo.log, &g->keys, &o, &r->repo.sink, err);
	if (rc == 0 && made)
		rc = index_load(made, err);
	if (rc == 0 && made)
		g->index = TAKE(made);
	*ix = g->index;
	return rc;
}

/* ---- the handle ---- */

int hz_reader_open(hz_reader **reader, const hz_repo_options *options, uint32_t need, hz_job *job, hz_error **err)
{
	struct hz_reader *r = calloc(1, sizeof(*r));
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc;

	if (!r)
		return err_nomem(err);
	(void)pthread_mutex_init(&r->lock, NULL);
	rc = repo_open(&r->repo, options, need, job, err);
	if (rc == 0)
		rc = open_groups(r, err);
	if (rc == 0) {
		r->cache = calloc(1, sizeof(*r->cache));
		if (!r->cache)
			rc = err_nomem(err);
	}
	if (rc < 0) {
		hz_reader_close(r);
		return rc;
	}
	hex_encode(r->id_text, r->repo.log.repo.id.b, UID_LEN);
	if (pins_update(&r->repo, &e) < 0)
		job_event(job, HZ_EVENT_NOTE, NULL, 0, "what was seen cannot be remembered: %s", hz_error_message(e));
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	*reader = r;
	return 0;
}

static void cache_free(struct chunk_cache *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < CACHED_PACKS; i++)
		pack_close(c->packs[i]);
	for (unsigned i = 0; i < CACHED_FRAMES; i++)
		buf_release(&c->frames[i].bytes);
	free(c);
}

void hz_reader_close(hz_reader *r)
{
	if (!r)
		return;
	reader_drop_snaps(r);
	for (size_t i = 0; i < r->n_sessions; i++)
		session_release(&r->sessions[i]);
	free(r->sessions);
	for (size_t i = 0; i < r->n_groups; i++) {
		index_free(r->groups[i].index);
		mac_free(r->groups[i].content);
		mac_free(r->groups[i].metadata);
		group_release(&r->groups[i].keys);
	}
	free(r->groups);
	cache_free(r->cache);
	repo_release(&r->repo);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

uint32_t hz_reader_can(const hz_reader *r)
{
	return r->repo.can & (HZ_NEED_LIST | HZ_NEED_READ);
}

const char *hz_reader_repo_id(const hz_reader *r)
{
	return r->id_text;
}

/* ---- packs ---- */

/* The pack's session, loaded once. Called with the lock held. */
static int pack_session(struct hz_reader *r, const struct pack *p, const struct session **ret, hz_error **err)
{
	struct session *v;
	int rc;

	for (size_t i = 0; i < r->n_sessions; i++) {
		if (uid_eq(&r->sessions[i].id, &p->session)) {
			*ret = &r->sessions[i];
			return 0;
		}
	}
	v = realloc(r->sessions, (r->n_sessions + 1) * sizeof(*v));
	if (!v)
		return err_nomem(err);
	r->sessions = v;
	rc = session_load(&v[r->n_sessions], r->repo.store, &p->session, &r->repo.log, r->repo.key, &r->repo.sink, err);
	if (rc < 0)
		return rc;
	*ret = &v[r->n_sessions++];
	return 0;
}

/* Keys of both roles, as far as they are ours. */
static int pack_keys(struct hz_reader *r, const struct pack *p, uint8_t key[3][KEY_LEN], bool has[3], hz_error **err)
{
	const struct session *s = NULL;
	int rc;

	(void)pthread_mutex_lock(&r->lock);
	rc = pack_session(r, p, &s, err);
	if (rc == 0 && !uid_eq(&s->writer, &p->writer))
		rc = err_set(err, HZ_E_CORRUPT, "%s: its writer is not its session's", p->name.s);
	for (enum pack_role role = PACK_META; rc == 0 && role <= PACK_DATA; role++) {
		has[role] = s->key[role] != NULL;
		if (has[role])
			rc = session_pack_key(key[role], r->repo.log.repo.suite, s, role, &p->uid, err);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return rc;
}

int reader_open_tables(struct hz_reader *r, struct pack *p, unsigned roles, hz_error **err)
{
	uint8_t key[3][KEY_LEN];
	bool has[3] = { false };
	int rc = pack_keys(r, p, key, has, err);

	for (enum pack_role role = PACK_META; rc == 0 && role <= PACK_DATA; role++) {
		if (has[role] && (roles & 1u << role))
			rc = pack_open_table(p, role, key[role], err);
	}
	wipe(key, sizeof(key));
	return rc;
}

int reader_open_pack(
	struct pack **ret, struct hz_reader *r, const struct uid *uid, bool whole, unsigned roles, hz_error **err)
{
	AUTO(pack_close) struct pack *p = NULL;
	int rc = pack_open(&p, r->repo.store, &r->repo.log.repo, uid, whole, err);

	if (rc == 0)
		rc = reader_open_tables(r, p, roles, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(p);
	return 0;
}

/* ---- single chunks ---- */

bool chunk_id_matches(struct mac *m, uint8_t domain, const void *data, size_t len, const struct id *id)
{
	struct id got = mac_compute(m, domain, data, len);

	return id_eq(&got, id);
}

/* Only the table that is needed: that of a pack of small files may take as much as half of the pack. */
static int cached_pack(
	struct hz_reader *r, const struct uid *uid, enum pack_role role, struct pack **ret, hz_error **err)
{
	struct chunk_cache *c = r->cache;
	unsigned oldest = 0;
	struct pack *p = NULL;
	int rc;

	for (unsigned i = 0; i < CACHED_PACKS; i++) {
		if (c->packs[i] && uid_eq(&c->packs[i]->uid, uid)) {
			c->pack_used[i] = ++c->clock;
			*ret = c->packs[i];
			return c->packs[i]->t[role].loaded ? 0 : reader_open_tables(r, c->packs[i], 1u << role, err);
		}
		if (c->pack_used[i] < c->pack_used[oldest])
			oldest = i;
	}
	rc = reader_open_pack(&p, r, uid, false, 1u << role, err);
	if (rc < 0)
		return rc;
	if (p->health.bad_blocks > 0)
		r->repo.sink.fn(r->repo.sink.user, p->name.s, "damaged; parity mended it", true);
	pack_close(c->packs[oldest]);
	c->packs[oldest] = p;
	c->pack_used[oldest] = ++c->clock;
	*ret = p;
	return 0;
}

static int cached_frame(struct hz_reader *r, struct pack *p, enum pack_role role, uint32_t frame,
	const struct buf **bytes, hz_error **err)
{
	struct chunk_cache *c = r->cache;
	struct cached_frame *old = &c->frames[0];
	uint32_t bad = p->health.bad_blocks;
	int rc;

	for (unsigned i = 0; i < CACHED_FRAMES; i++) {
		struct cached_frame *f = &c->frames[i];

		if (f->used && f->role == role && f->frame == frame && uid_eq(&f->pack, &p->uid)) {
			f->used = ++c->clock;
			*bytes = &f->bytes;
			return 0;
		}
		if (f->used < old->used)
			old = f;
	}
	old->used = 0;
	rc = pack_read_frame(p, role, frame, &old->bytes, err);
	/* Many packs are kept, and not what was read of each. */
	buf_release(&p->stored);
	if (rc < 0)
		return rc;
	if (p->health.bad_blocks > bad)
		r->repo.sink.fn(r->repo.sink.user, p->name.s, "damaged; parity mended it", true);
	old->pack = p->uid;
	old->role = role;
	old->frame = frame;
	old->used = ++c->clock;
	*bytes = &old->bytes;
	return 0;
}

static int chunk_from(struct hz_reader *r, struct reader_group *g, const struct uid *pack, enum pack_role role,
	uint8_t domain, const struct id *id, uint8_t **data, size_t *len, hz_error **err)
{
	const struct pack_member *m;
	const struct buf *bytes = NULL;
	struct pack *p = NULL;
	int rc = cached_pack(r, pack, role, &p, err);

	if (rc < 0)
		return rc;
	m = pack_find(p, role, id);
	if (!m)
		return err_set(
			err, HZ_E_CORRUPT, "%s: does not hold chunk %s that a run names", p->name.s, id_hex(id).s);
	rc = cached_frame(r, p, role, m->frame, &bytes, err);
	if (rc < 0)
		return rc;
	if (!chunk_id_matches(role == PACK_DATA ? g->content : g->metadata, domain, bytes->data + m->off, m->len, id))
		return err_set(
			err, HZ_E_CORRUPT, "%s: chunk %s has other content than its id says", p->name.s, id_hex(id).s);
	*data = malloc(m->len ? m->len : 1);
	if (!*data)
		return err_nomem(err);
	memcpy(*data, bytes->data + m->off, m->len);
	*len = m->len;
	return 0;
}

int reader_chunk(struct hz_reader *r, struct reader_group *g, enum pack_role role, uint8_t domain, const struct id *id,
	uint8_t **data, size_t *len, hz_error **err)
{
	static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
	struct pack_ref refs[INDEX_CANDIDATES];
	unsigned n = 0;
	int rc = index_find(g->index, id, refs, &n, err);

	if (rc < 0)
		return rc;
	if (n == 0)
		return err_set(err, HZ_E_CORRUPT, "chunk %s is in no pack that the index knows", id_hex(id).s);
	(void)pthread_mutex_lock(&cache_lock);
	for (unsigned i = 0; i < n; i++) {
		AUTO(hz_error_free) hz_error *e = NULL;

		rc = chunk_from(r, g, &refs[i].uid, role, domain, id, data, len, &e);
		if (rc == 0)
			break;
		if (rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND) {
			r->repo.sink.fn(r->repo.sink.user, name_pack(&refs[i].uid).s, hz_error_message(e), false);
			rc = HZ_E_CORRUPT;
		}
		if (err && !*err)
			*err = TAKE(e);
		if (rc != HZ_E_CORRUPT)
			break;
	}
	(void)pthread_mutex_unlock(&cache_lock);
	if (rc == 0)
		err_clear(err);
	return rc;
}

int reader_get_node(void *user, enum node_kind kind, const struct id *id, uint8_t **data, size_t *len, hz_error **err)
{
	struct reader_nodes *n = user;

	return reader_chunk(n->r, n->g, PACK_META, (uint8_t)kind, id, data, len, err);
}

int snap_root(struct entry *e, struct arena *a, const struct snap *s, hz_error **err)
{
	int rc = entry_decode(e, a, s->body.root.p, s->body.root.len, err);

	if (rc == 0 && (e->mode & S_IFMT) != S_IFDIR)
		rc = err_set(err, HZ_E_CORRUPT, "its root is not a folder");
	return rc < 0 ? err_wrap(err, rc, "snapshot %.8s", id_hex(&s->commit.hash).s) : 0;
}
