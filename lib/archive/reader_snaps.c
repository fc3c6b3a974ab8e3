/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading and verifying every commit, finding snapshots by name (docs/format/session.md). */
#include "archive/reader.h"
#include "archive/listing.h"
#include "archive/snapshot_filter.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Session, then commit; what is wrong goes to the sink. Only the failing store is an error. */
static int load_snap(struct hz_reader *r, struct snap *s, const struct listed *cn, hz_error **err)
{
	struct repo *repo = &r->repo;
	AUTO(hz_error_free) hz_error *e = NULL;
	bool list = repo->can & HZ_NEED_LIST;
	struct uid whose;
	int rc;

	s->name = name_commit(&cn->uid, cn->attempt);
	rc = session_load(&s->session, repo->store, &cn->uid, &repo->log, list ? repo->key : NULL, &repo->sink, &e);
	bool has_session = rc == 0;

	if (rc == 0)
		rc = commit_load(&s->commit, &s->body, repo->store, &cn->uid, cn->attempt, &repo->log, &s->session,
			&repo->sink, &e);
	if (rc == 0) {
		s->valid = true;
		s->has_body = s->commit.kind == COMMIT_SNAPSHOT && s->session.key[PACK_META];
		s->forgotten = id_set_has(&repo->log.tombstones, &s->commit.hash);
		if (s->has_body)
			return 0;
		commit_body_release(&s->body);
		return 0;
	}
	if (rc == HZ_E_REFUSED ||
		(!has_session && signed_is_foreign(&whose, repo->store, s->name.s, &repo->log.repo.id)))
		return 0;
	if (rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND || rc == HZ_E_AUTH) {
		/* Named is what is damaged: without its session a commit cannot be read, whole as it may be. */
		struct name what = has_session ? s->name : name_session(&cn->uid);

		repo->sink.fn(repo->sink.user, what.s, hz_error_message(e), false);
		r->snaps_damaged++;
		return 0;
	}
	if (err && !*err)
		*err = TAKE(e);
	return rc;
}

static int cmp_snap(const void *a, const void *b)
{
	const struct snap *x = a, *y = b;

	if (x->has_body != y->has_body)
		return x->has_body ? 1 : -1;
	if (x->has_body && x->body.start.sec != y->body.start.sec)
		return x->body.start.sec < y->body.start.sec ? -1 : 1;
	if (x->has_body && x->body.start.nsec != y->body.start.nsec)
		return x->body.start.nsec < y->body.start.nsec ? -1 : 1;
	return id_cmp(&x->commit.hash, &y->commit.hash);
}

static struct snap *by_hash(struct hz_reader *r, const struct id *hash)
{
	for (size_t i = 0; i < r->n_snaps; i++) {
		if (r->snaps[i].valid && id_eq(&r->snaps[i].commit.hash, hash))
			return &r->snaps[i];
	}
	return NULL;
}

/* Parents that are not there, though the admin log does not say why. */
static int find_gaps(struct hz_reader *r, struct id_set *gaps, hz_error **err)
{
	for (size_t i = 0; i < r->n_snaps; i++) {
		const struct commit *c = &r->snaps[i].commit;

		for (size_t k = 0; r->snaps[i].valid && k < c->n_parents; k++) {
			const struct id *p = &c->parents[k];
			struct snap *parent = by_hash(r, p);

			if (parent)
				parent->named = true;
			else if (!id_set_has(&r->repo.log.tombstones, p) && !id_set_has(&r->repo.log.losses, p) &&
				id_set_add(gaps, p) < 0)
				return err_nomem(err);
		}
	}
	return 0;
}

/* Commits that cannot be read may be those that are missed; only more gaps than that are news. */
static int check_chains(struct hz_reader *r, hz_error **err)
{
	struct id_set gaps = { 0 };
	size_t unreadable = r->snaps_damaged;
	int rc = find_gaps(r, &gaps, err);

	for (size_t i = 0; rc == 0 && gaps.n > unreadable && i < gaps.n; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "commit %.16s", id_hex(&gaps.v[i]).s);
		r->repo.sink.fn(r->repo.sink.user, name, "missing; a later commit of its writer names it", false);
		r->snaps_damaged++;
	}
	free(gaps.v);
	return rc;
}

/* Marks the ancestors of a cut commit; all else of that writer is quarantined (admin.md). */
static void apply_cut(struct hz_reader *r, const struct writer_info *w)
{
	bool changed = true;

	for (size_t i = 0; i < r->n_snaps; i++) {
		struct snap *s = &r->snaps[i];

		if (s->valid && uid_eq(&s->session.writer, &w->id) && !id_eq(&s->commit.hash, &w->cut))
			s->valid = false;
	}
	while (changed) {
		changed = false;
		for (size_t i = 0; i < r->n_snaps; i++) {
			struct snap *s = &r->snaps[i];

			for (size_t k = 0; s->valid && uid_eq(&s->session.writer, &w->id) && k < s->commit.n_parents;
				k++) {
				for (size_t j = 0; j < r->n_snaps; j++) {
					struct snap *p = &r->snaps[j];

					if (!p->valid && uid_eq(&p->session.writer, &w->id) &&
						id_eq(&p->commit.hash, &s->commit.parents[k]))
						p->valid = changed = true;
				}
			}
		}
	}
}

void reader_drop_snaps(struct hz_reader *r)
{
	for (size_t i = 0; i < r->n_snaps; i++) {
		session_release(&r->snaps[i].session);
		commit_release(&r->snaps[i].commit);
		commit_body_release(&r->snaps[i].body);
	}
	free(r->snaps);
	r->snaps = NULL;
	r->n_snaps = r->snaps_damaged = 0;
	r->snaps_loaded = false;
}

int reader_load_snaps(struct hz_reader *r, hz_error **err)
{
	struct listing names;
	bool decided = false;
	int rc;

	if (r->snaps_loaded)
		return 0;
	reader_drop_snaps(r); /* of a call that broke off */
	rc = listing_load(&names, r->repo.store, "commits", listed_commit, err);
	if (rc < 0)
		return rc;
	r->snaps = calloc(names.n + 1, sizeof(*r->snaps));
	if (!r->snaps)
		rc = err_nomem(err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		/* Of a session's tries the lowest that stands decided: an eviction, say. */
		if (i > 0 && uid_eq(&names.v[i].uid, &names.v[i - 1].uid) && decided)
			continue;
		rc = load_snap(r, &r->snaps[r->n_snaps], &names.v[i], err);
		decided = r->snaps[r->n_snaps++].valid;
		if (rc == 0)
			rc = job_check(r->repo.job, err);
	}
	listing_release(&names);
	if (rc == 0)
		rc = check_chains(r, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->repo.log.n_writers; i++) {
		if (r->repo.log.writers[i].is_cut)
			apply_cut(r, &r->repo.log.writers[i]);
	}
	if (r->n_snaps > 1)
		qsort(r->snaps, r->n_snaps, sizeof(*r->snaps), cmp_snap);
	r->snaps_loaded = true;
	return 0;
}

bool snap_is_listed(const struct snap *s)
{
	return s->valid && s->has_body && !s->forgotten;
}

int reader_snap(struct hz_reader *r, const char *id, struct snap **snap, struct reader_group **group, hz_error **err)
{
	struct id want;
	int rc = reader_load_snaps(r, err);

	if (rc < 0)
		return rc;
	if (strlen(id) != ID_HEX_LEN || !hex_decode(want.b, ID_LEN, id, ID_HEX_LEN))
		return err_set(err, HZ_E_INVAL, "not a snapshot id: %.80s", id);
	for (size_t i = 0; i < r->n_snaps; i++) {
		struct snap *s = &r->snaps[i];

		if (!snap_is_listed(s) || !id_eq(&s->commit.hash, &want))
			continue;
		*group = reader_group(r, &s->session.group);
		if (!*group)
			return err_set(err, HZ_E_CORRUPT, "snapshot %.8s: the keys of its group do not open", id);
		*snap = s;
		return 0;
	}
	return err_set(err, HZ_E_NOTFOUND, "no snapshot %.8s", id);
}

/* ---- names ---- */

static int not_found(const char *name, const hz_snapshot_filter *f, hz_error **err)
{
	if (snapshot_filter_is_empty(f))
		err_set(err, HZ_E_NOTFOUND, "no snapshot matches \"%s\"", name);
	else
		err_set(err, HZ_E_NOTFOUND, "no snapshot of that host, path and tag matches \"%s\"", name);
	err_hint(err, "'hozen-backup snapshots' lists what there is");
	return HZ_E_NOTFOUND;
}

/* YYYY-MM-DD[THH:MM[:SS][Z]]; a date alone means its last second. */
static bool parse_time(const char *s, int64_t *out)
{
	struct tm tm = { .tm_isdst = -1 };
	int n = 0, y, mo, d, h = 23, mi = 59, sec = 59;
	bool utc = false;

	if (sscanf(s, "%4d-%2d-%2d%n", &y, &mo, &d, &n) != 3 || n != 10)
		return false;
	s += n;
	if (*s == 'T') {
		n = 0;
		if (sscanf(s, "T%2d:%2d%n", &h, &mi, &n) != 2 || n != 6)
			return false;
		s += n;
		sec = 59;
		if (*s == ':') {
			n = 0;
			if (sscanf(s, ":%2d%n", &sec, &n) != 1 || n != 3)
				return false;
			s += n;
		}
		if (*s == 'Z') {
			utc = true;
			s++;
		}
	}
	if (*s || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || h > 23 || mi < 0 || mi > 59 || sec < 0 || sec > 60)
		return false;
	tm.tm_year = y - 1900, tm.tm_mon = mo - 1, tm.tm_mday = d, tm.tm_hour = h, tm.tm_min = mi, tm.tm_sec = sec;
	*out = utc ? timegm(&tm) : mktime(&tm);
	/* 31 February would be taken as a day in March. */
	return tm.tm_mday == d;
}

static struct snap *newest_until(struct hz_reader *r, const hz_snapshot_filter *f, int64_t until)
{
	struct snap *best = NULL;

	for (size_t i = 0; i < r->n_snaps; i++) {
		if (snapshot_filter_has(f, &r->snaps[i]) && r->snaps[i].body.start.sec <= until)
			best = &r->snaps[i];
	}
	return best;
}

static int by_prefix(
	struct hz_reader *r, const hz_snapshot_filter *f, const char *name, struct snap **ret, hz_error **err)
{
	struct snap *found = NULL;
	size_t len = strlen(name);

	if (len < 1 || len > ID_HEX_LEN || strspn(name, "0123456789abcdef") != len)
		return not_found(name, f, err);
	for (size_t i = 0; i < r->n_snaps; i++) {
		if (!snapshot_filter_has(f, &r->snaps[i]) ||
			strncmp(id_hex(&r->snaps[i].commit.hash).s, name, len) != 0)
			continue;
		if (found) {
			err_set(err, HZ_E_INVAL, "more than one snapshot begins with \"%s\"", name);
			err_hint(err, "give more digits of the id");
			return HZ_E_INVAL;
		}
		found = &r->snaps[i];
	}
	*ret = found;
	return found ? 0 : not_found(name, f, err);
}

int hz_snapshot_find(char id[HZ_ID_HEX], hz_reader *r, const char *name, const hz_snapshot_filter *filter, hz_job *job,
	hz_error **err)
{
	struct snap *s = NULL;
	hz_snapshot_filter f;
	int64_t until;
	int rc = snapshot_filter_take(&f, filter, err);

	if (rc < 0)
		return rc;
	r->repo.job = job;
	rc = reader_load_snaps(r, err);
	if (rc == 0 && strcmp(name, "latest") == 0)
		s = newest_until(r, &f, INT64_MAX);
	else if (rc == 0 && parse_time(name, &until))
		s = newest_until(r, &f, until);
	else if (rc == 0)
		rc = by_prefix(r, &f, name, &s, err);
	if (rc == 0 && !s)
		rc = not_found(name, &f, err);
	if (rc == 0)
		(void)snprintf(id, HZ_ID_HEX, "%s", id_hex(&s->commit.hash).s);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	return rc;
}
