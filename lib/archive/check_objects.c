/* SPDX-License-Identifier: BSD-2-Clause */
/* The small objects: each is read whole, with its copy, and held against what names it. Signatures and chains are
 * verified by the same functions that every command uses; here stands what those pass over, because one of the two is
 * enough for them. */
#include "archive/check_internal.h"
#include "crypto/suite.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SMALL_MAX ((size_t)OBJECT_BLOCKS_MAX * OBJECT_BLOCK)

/* An object, or its copy. */
struct half {
	struct name stored;
	bool there, good, mended;
	struct id hash;
	char why[512];
};
struct twin {
	struct half h[2];
};

static void why(struct half *h, const char *text)
{
	(void)snprintf(h->why, sizeof(h->why), "%s", text);
}

static int decode_half(
	struct check *c, struct half *h, const char *name, uint8_t type, uint8_t *data, size_t len, hz_error **err)
{
	struct object o = OBJECT_INIT;
	int rc = object_decode(&o, name, data, len, err);

	if (rc == 0 && o.header.type != type)
		rc = err_set(err, HZ_E_CORRUPT, "type %u where %u belongs", o.header.type, type);
	if (rc == 0 && !uid_eq(&o.header.repo, &c->r->repo.log.repo.id))
		rc = err_set(err, HZ_E_CORRUPT, "belongs to another repository (%s)", uid_hex(&o.header.repo).s);
	if (rc == 0) {
		h->good = true;
		h->mended = o.health.bad_blocks > 0;
		h->hash = suite_hash1(o.header.suite, o.stream.data, OBJECT_HEADER + (size_t)o.header.length);
	}
	object_release(&o);
	return rc;
}

static int read_half(struct check *c, struct half *h, const char *name, uint8_t type, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;
	int rc = store_get_all(c->r->repo.store, h->stored.s, SMALL_MAX, &data, &len, &e);

	if (rc == HZ_E_NOTFOUND) {
		why(h, err_text("missing"));
		return 0;
	}
	h->there = true;
	c->res.objects++;
	c->res.bytes_read += len;
	if (rc == 0)
		rc = decode_half(c, h, name, type, data, len, &e);
	if (rc == HZ_E_CORRUPT || rc == HZ_E_TOONEW || (rc == HZ_E_IO && hz_error_errno(e) == EIO)) {
		why(h, hz_error_message(e));
		return 0;
	}
	if (rc < 0 && err && !*err)
		*err = TAKE(e);
	return rc;
}

static int twin_read(
	struct check *c, struct twin *t, const char *name, const struct name *copy, uint8_t type, hz_error **err)
{
	int rc;

	*t = (struct twin){ 0 };
	(void)snprintf(t->h[0].stored.s, sizeof(t->h[0].stored.s), "%s", name);
	t->h[1].stored = *copy;
	rc = read_half(c, &t->h[0], name, type, err);
	if (rc == 0)
		rc = read_half(c, &t->h[1], name, type, err);
	return rc;
}

/* want: the hash that something signed names; NULL: the two need only be the same. */
static void twin_judge(struct check *c, struct twin *t, const struct id *want)
{
	for (unsigned i = 0; i < 2; i++) {
		struct half *h = &t->h[i];

		if (h->good && want && !id_eq(&h->hash, want)) {
			h->good = false;
			why(h, "not the object that the admin log names");
		}
	}
	if (!want && t->h[0].good && t->h[1].good && !id_eq(&t->h[0].hash, &t->h[1].hash)) {
		t->h[1].good = false;
		why(&t->h[1], err_text("not the same as the object that it is the copy of"));
	}
	for (unsigned i = 0; i < 2; i++) {
		const struct half *h = &t->h[i], *other = &t->h[1 - i];

		if (h->good && h->mended)
			check_damage(c, h->stored.s, true, "damaged; parity can mend it");
		else if (!h->good)
			check_damage(c, h->stored.s, other->good, "%s%s", h->why,
				other->good ? err_text("; the other of the two is whole") : "");
	}
}

static int check_twin(struct check *c, const char *name, uint8_t type, const struct id *want, hz_error **err)
{
	struct name copy = name_copy(name);
	struct twin t;
	int rc = twin_read(c, &t, name, &copy, type, err);

	if (rc == 0)
		twin_judge(c, &t, want);
	return rc < 0 ? rc : check_tick(c, err);
}

/* ---- repo, admin log, keys ---- */

static int check_repo(struct check *c, hz_error **err)
{
	struct name copy = name_repo_copy(&c->r->repo.log.repo.id);
	struct twin t;
	int rc = twin_read(c, &t, "repo", &copy, OBJECT_REPO, err);

	if (rc == 0)
		twin_judge(c, &t, NULL);
	return rc;
}

/* The chain was verified when the repository was opened; its hashes say which object each entry is. */
static int check_entry(struct check *c, uint64_t n, hz_error **err)
{
	const struct id *want = &c->r->repo.log.hashes[n];

	for (unsigned attempt = 0; attempt < NAME_TRIES_MAX; attempt++) {
		struct name name = name_admin(n, attempt), copy = name_copy(name.s);
		struct twin t;
		int rc = twin_read(c, &t, name.s, &copy, OBJECT_ADMIN, err);

		if (rc < 0)
			return rc;
		if (!t.h[0].there && !t.h[1].there)
			break;
		for (unsigned i = 0; i < 2; i++) {
			if (t.h[i].good && id_eq(&t.h[i].hash, want)) {
				twin_judge(c, &t, want);
				return check_tick(c, err);
			}
		}
	}
	check_damage(c, name_admin(n, 0).s, false,
		"entry %llu of the admin log is gone since the repository was opened", (unsigned long long)n);
	return 0;
}

static int check_slot(struct check *c, const struct key_info *k, hz_error **err)
{
	struct repo *repo = &c->r->repo;
	AUTO(hz_error_free) hz_error *e = NULL;
	struct bundle *none = NULL;
	struct slot_info info;
	int rc = slot_open(&none, &info, repo->store, &repo->log, k, NULL, &repo->sink, &e);

	/* Other kinds of locks are no damage. */
	return rc == HZ_E_UNSUPPORTED ? 0 : check_verdict(c, name_slot(&k->uid).s, rc, &e, err);
}

static int check_keys(struct check *c, hz_error **err)
{
	struct repo *repo = &c->r->repo;
	struct group *v = NULL;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < repo->log.n_keys; i++) {
		const struct key_info *k = &repo->log.keys[i];

		if (k->ended || (k->kind != KEY_SLOT && k->kind != KEY_GROUP))
			continue;
		struct name name = k->kind == KEY_SLOT ? name_slot(&k->uid) : name_group(&k->uid);

		rc = check_twin(c, name.s, OBJECT_KEYS, &k->hash, err);
		if (rc == 0 && k->kind == KEY_SLOT)
			rc = check_slot(c, k, err);
	}
	if (rc < 0 || !(repo->can & HZ_NEED_LIST))
		return rc;
	/* That they open with our key is told by the loading. */
	rc = groups_load(&v, &n, repo->store, &repo->log, repo->key, &repo->sink, err);
	for (size_t i = 0; i < n; i++)
		group_release(&v[i]);
	free(v);
	return rc;
}

/* ---- sessions and commits ---- */

static int sort_snaps(struct check *c, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->r->n_snaps; i++) {
		const struct snap *s = &c->r->snaps[i];
		struct uid session;
		unsigned attempt;

		if (!name_parse_commit(&session, &attempt, s->name.s))
			continue;
		bool damaged = !s->valid && (check_is_told(c, s->name.s) || check_is_told(c, name_session(&session).s));

		/* What is not valid and not damaged either is another repository's, or cut off by the admin log. */
		if (damaged)
			rc = uid_list_add(&c->damaged_commits, &session, err);
		else if (uid_is_zero(&s->session.id) || s->commit.kind > COMMIT_PLAIN)
			continue;
		for (size_t k = 0; rc == 0 && !damaged && k < s->commit.n_runs; k++)
			rc = uid_list_add(&c->named, &s->commit.runs[k].uid, err);
		if (rc == 0)
			rc = uid_list_add(&c->committed, &session, err);
		c->res.snapshots_hurt += damaged;
		c->res.snapshots += !damaged && s->valid && s->commit.kind == COMMIT_SNAPSHOT && !s->forgotten;
	}
	uid_list_sort(&c->committed);
	uid_list_sort(&c->damaged_commits);
	uid_list_sort(&c->named);
	return rc;
}

static int see_commit(void *user, const char *name, uint64_t size)
{
	struct check *c = user;

	(void)name;
	c->res.bytes_read += size;
	return 0;
}

static int check_sessions(struct check *c, hz_error **err)
{
	int rc = store_list(c->r->repo.store, "commits", see_commit, c, err);

	/* Anew, so that what is wrong is told to us. */
	reader_drop_snaps(c->r);
	if (rc == 0)
		rc = reader_load_snaps(c->r, err);
	if (rc == 0) {
		c->res.objects += c->r->n_snaps;
		rc = sort_snaps(c, err);
	}
	for (size_t i = 0; rc == 0 && i < c->committed.n; i++)
		rc = check_twin(c, name_session(&c->committed.v[i]).s, OBJECT_SESSION, NULL, err);
	return rc;
}

/* ---- marks ---- */

struct marks {
	struct mark_name {
		uint64_t n;
		unsigned attempt;
	} * v;
	size_t n, cap;
};

static int see_mark(void *user, const char *name, uint64_t size)
{
	struct marks *l = user;
	struct mark_name m;
	char base[STORE_NAME_MAX];

	(void)size;
	(void)snprintf(base, sizeof(base), "%.*s", (int)(strlen(name) - (name_is_copy(name) ? 5 : 0)), name);
	if (!name_parse_numbered(&m.n, &m.attempt, base, "sessions/mark."))
		return 0;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		void *v = realloc(l->v, cap * sizeof(*l->v));

		if (!v)
			return HZ_E_NOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = m;
	return 0;
}

static int cmp_mark(const void *a, const void *b)
{
	const struct mark_name *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

static int check_mark(struct check *c, const struct mark_name *m, hz_error **err)
{
	struct repo *repo = &c->r->repo;
	struct name name = name_mark(m->n, m->attempt);
	AUTO(hz_error_free) hz_error *e = NULL;
	struct mark mark;
	int rc = mark_load(&mark, repo->store, m->n, m->attempt, &repo->log, &repo->sink, &e);

	if (rc == HZ_E_REFUSED)
		return 0;
	if (rc == 0)
		mark_release(&mark);
	else
		rc = check_verdict(c, name.s, rc, &e, err);
	return rc < 0 ? rc : check_twin(c, name.s, OBJECT_MARK, NULL, err);
}

static int check_marks(struct check *c, hz_error **err)
{
	struct marks l = { 0 };
	int rc = store_list(c->r->repo.store, "sessions", see_mark, &l, err);

	if (rc == HZ_E_NOMEM)
		(void)err_nomem(err);
	if (l.n > 1)
		qsort(l.v, l.n, sizeof(*l.v), cmp_mark);
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		if (i == 0 || cmp_mark(&l.v[i - 1], &l.v[i]) != 0)
			rc = check_mark(c, &l.v[i], err);
	}
	free(l.v);
	return rc;
}

/* ---- runs ---- */

static const struct check_run *find_run(const struct check *c, const struct uid *uid)
{
	for (size_t lo = 0, hi = c->n_runs; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;
		int order = uid_cmp(&c->runs[mid].uid, uid);

		if (order == 0)
			return &c->runs[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* Only its own writer and attesters may stand in for a run that is gone. */
static bool is_superseded(const struct check *c, const struct commit *by, const struct id *hash)
{
	for (size_t i = 0; i < c->n_superseded; i++) {
		const struct superseded *s = &c->superseded[i];
		const struct agent_info *a = admin_agent(&c->r->repo.log, &s->signer);

		if (id_eq(&s->hash, hash) && (uid_eq(&s->signer, &by->signer) || (a && a->role == HZ_ROLE_ATTESTER)))
			return true;
	}
	return false;
}

static void check_ref(struct check *c, const struct snap *s, const struct run_ref *ref)
{
	const struct check_run *r = find_run(c, &ref->uid);
	struct name name = name_run(&ref->uid);

	if (r && r->loaded && id_eq(&r->hash, &ref->hash))
		return;
	if (r && r->loaded)
		check_damage(c, name.s, false, "not the run that commit %.16s names", id_hex(&s->commit.hash).s);
	else if (!r && !is_superseded(c, &s->commit, &ref->hash))
		check_damage(c, name.s, false, "missing; commit %.16s names it", id_hex(&s->commit.hash).s);
	else if (r && !check_is_told(c, name.s))
		check_damage(c, name.s, false, "not the run that commit %.16s names, but another repository's",
			id_hex(&s->commit.hash).s);
}

int check_named_runs(struct check *c, hz_error **err)
{
	for (size_t i = 0; i < c->r->n_snaps; i++) {
		const struct snap *s = &c->r->snaps[i];

		for (size_t k = 0; s->valid && k < s->commit.n_runs; k++)
			check_ref(c, s, &s->commit.runs[k]);
	}
	return check_tick(c, err);
}

int check_objects(struct check *c, hz_error **err)
{
	int rc = check_repo(c, err);

	for (uint64_t n = 0; rc == 0 && n < c->r->repo.log.n; n++)
		rc = check_entry(c, n, err);
	if (rc == 0)
		rc = check_keys(c, err);
	if (rc == 0)
		rc = check_sessions(c, err);
	if (rc == 0)
		rc = check_marks(c, err);
	return rc;
}
