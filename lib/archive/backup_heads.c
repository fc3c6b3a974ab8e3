/* SPDX-License-Identifier: BSD-2-Clause */
/* What the store shows of this writer: its commits, its heads, and marks; compared with what this host remembers
 * (docs/format/session.md). */
#include "archive/backup.h"
#include "archive/listing.h"
#include "archive/seen.h"
#include "base/newfile.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define LOST_FILE "lost"

static int own_add(struct backup *b, const struct seen_commit *c, struct id_set *parents, hz_error **err)
{
	struct own_commit *v;
	uint8_t kind = c->kind & (uint8_t)~SEEN_OTHER;
	/* Apart: nobody else's commit can make one of ours no head. */
	struct id_set *named = c->kind & SEEN_OTHER ? &b->other_parents : parents;

	for (size_t i = 0; i < c->n_parents; i++) {
		if (id_set_add(named, &c->parents[i]) < 0)
			return err_nomem(err);
	}
	if (c->kind & SEEN_OTHER) {
		bool head = kind == COMMIT_SNAPSHOT || kind == COMMIT_PLAIN;

		return head && id_set_add(&b->other_heads, &c->hash) < 0 ? err_nomem(err) : 0;
	}
	if (c->kind != COMMIT_SNAPSHOT && c->kind != COMMIT_PLAIN)
		return 0;
	v = realloc(b->own, (b->n_own + 1) * sizeof(*v));
	if (!v)
		return err_nomem(err);
	b->own = v;
	v[b->n_own++] = (struct own_commit){ c->session, c->attempt, c->hash, c->number, c->kind, false };
	return 0;
}

/* One commit, verified if no earlier run did. Open or damaged ones do not count; damage to our own is told. */
static int load_own(struct backup *b, const struct uid *session, unsigned attempt, struct id_set *parents,
	struct seen *seen, bool *stands, hz_error **err)
{
	const struct seen_commit *known = seen_find(seen, session, attempt);
	struct seen_commit found = { .session = *session, .attempt = attempt };
	AUTO(hz_error_free) hz_error *e = NULL;
	struct session s;
	struct commit c = { 0 };
	bool loaded, ours;
	int rc;

	*stands = known != NULL;
	if (known)
		return own_add(b, known, parents, err);
	rc = session_load(&s, b->repo.store, session, &b->repo.log, NULL, &b->repo.sink, &e);
	loaded = rc == 0;
	ours = loaded && uid_eq(&s.writer, &b->repo.key->key_id);
	if (rc == 0)
		rc = commit_load(
			&c, NULL, b->repo.store, session, attempt, &b->repo.log, &s, ours ? &b->repo.sink : NULL, &e);
	if (loaded && !ours && (rc == HZ_E_CORRUPT || rc == HZ_E_TOONEW))
		return 0;
	if (rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND || rc == HZ_E_REFUSED) {
		if (rc == HZ_E_CORRUPT)
			b->repo.sink.fn(b->repo.sink.user, name_commit(session, attempt).s, hz_error_message(e), false);
		return 0;
	}
	if (rc < 0) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	*stands = true;
	found.kind = (uint8_t)(c.kind | (ours ? 0 : SEEN_OTHER));
	found.hash = c.hash;
	found.number = c.number;
	found.parents = c.parents;
	found.n_parents = (uint32_t)c.n_parents;
	rc = own_add(b, &found, parents, err);
	if (rc == 0 && seen_add(seen, &found) < 0)
		rc = err_nomem(err);
	commit_release(&c);
	return rc;
}

static bool has_own(const struct backup *b, const struct id *hash)
{
	for (size_t i = 0; i < b->n_own; i++) {
		if (id_eq(&b->own[i].hash, hash))
			return true;
	}
	return false;
}

bool backup_commit_is_ours(void *user, const struct id *commit)
{
	return has_own(user, commit);
}

/* Memory was read before the commits were listed: a head in it must be there. */
static int find_missing(struct backup *b, hz_error **err)
{
	const struct admin_log *log = &b->repo.log;

	for (size_t i = 0; i < b->state.heads.n; i++) {
		const struct id *h = &b->state.heads.v[i];

		if (!has_own(b, h) && !id_set_has(&log->tombstones, h) && !id_set_has(&log->losses, h) &&
			id_set_add(&b->missing, h) < 0)
			return err_nomem(err);
	}
	return 0;
}

/* Memory read again after the listing: whoever puts a commit has remembered it as pending before. */
static bool has_foreign(const struct backup *b)
{
	for (size_t i = 0; i < b->n_heads; i++) {
		const struct id *h = &b->heads[i];

		if (!id_set_has(&b->state.heads, h) && !id_set_has(&b->state.pending, h) &&
			!state_was_head(&b->state, h))
			return true;
	}
	return false;
}

static int compare_with_state(struct backup *b, hz_error **err)
{
	int rc;

	if (!b->state.existed) {
		if (b->n_heads > 0)
			job_event(b->job, HZ_EVENT_NOTE, NULL, 0,
				"this host has no memory of its earlier backups (lost state): what the store shows is "
				"taken as it is");
		return b->n_heads ? state_adopt(&b->state, b->heads, b->n_heads, err) : 0;
	}
	rc = find_missing(b, err);
	if (rc == 0)
		rc = state_refresh(&b->state, err);
	if (rc < 0)
		return rc;
	if (has_foreign(b)) {
		b->result->alarm |= HZ_ALARM_FOREIGN_HEAD;
		job_event(b->job, HZ_EVENT_DAMAGE, NULL, 0,
			"there is a backup with this host's key that this host did not make: the key was copied, or "
			"the host was cloned or put back");
	}
	if (b->missing.n > 0 || b->repo.rolled_back) {
		b->result->alarm |= HZ_ALARM_ROLLBACK;
		job_event(b->job, HZ_EVENT_DAMAGE, NULL, 0,
			"the store does not show backups that this host made: it was rolled back, or they were "
			"deleted");
	}
	return 0;
}

int backup_find_heads(struct backup *b, hz_error **err)
{
	struct listing l;
	struct id_set parents = { 0 };
	struct seen seen = { 0 };
	bool stands = false;
	int rc = listing_load(&l, b->repo.store, "commits", listed_commit, err);

	if (rc == 0 && seen_load(&seen, b->repo.cache_dir, &b->repo.key->key_id) < 0)
		rc = err_nomem(err);
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		/* Of a session's tries the lowest that stands decided. */
		if (i > 0 && stands && uid_eq(&l.v[i].uid, &l.v[i - 1].uid))
			continue;
		rc = load_own(b, &l.v[i].uid, l.v[i].attempt, &parents, &seen, &stands, err);
	}
	if (rc == 0 && seen.n > seen.sorted && !(b->o.flags & HZ_BACKUP_DRY_RUN))
		seen_save(&seen, b->repo.cache_dir, &b->repo.key->key_id);
	seen_release(&seen);
	listing_release(&l);
	b->heads = calloc(b->n_own + 1, sizeof(*b->heads));
	if (rc == 0 && !b->heads)
		rc = err_nomem(err);
	for (size_t i = 0; rc == 0 && i < b->n_own; i++) {
		b->own[i].named = id_set_has(&parents, &b->own[i].hash);
		if (b->own[i].named || b->n_heads == 255)
			continue;
		b->heads[b->n_heads++] = b->own[i].hash;
		if (b->own[i].number > b->number)
			b->number = b->own[i].number;
	}
	free(parents.v);
	for (size_t i = 0; i < b->other_parents.n; i++)
		id_set_del(&b->other_heads, &b->other_parents.v[i]);
	return rc < 0 ? rc : compare_with_state(b, err);
}

int backup_check_writer(const struct backup *b, hz_error **err)
{
	const struct writer_info *w = admin_writer(&b->repo.log, &b->repo.key->key_id);

	if (!w || !uid_eq(&w->group, &b->repo.key->group)) {
		err_set(err, HZ_E_AUTH, "the admin log does not know this writer key: what it stored would not count");
		err_hint(err,
			"make a key for this host with 'hozen-backup key export --role writer'; if this key worked "
			"before, the store was put back: find out why");
		return HZ_E_AUTH;
	}
	if (w->is_cut) {
		err_set(err, HZ_E_AUTH, "this writer key was revoked: what it stored would not count");
		err_hint(err, "make a new key for this host with 'hozen-backup key export --role writer'");
		return HZ_E_AUTH;
	}
	return 0;
}

/* ---- marks ---- */

static void read_lost_seen(struct backup *b)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;

	if (vfs_read_file(&data, &len, b->state.dirfd, LOST_FILE, 64, false, NULL) == 0 && len == 8)
		b->lost_seen = get_le64(data);
}

int backup_lost_remember(struct backup *b, hz_error **err)
{
	uint8_t n[8];

	if (b->lost_newest <= b->lost_seen)
		return 0;
	put_le64(n, b->lost_newest);
	return newfile_put(b->state.dirfd, LOST_FILE, n, sizeof(n), 0600, NEWFILE_REPLACE, err);
}

static int load_mark(struct backup *b, uint64_t n, unsigned attempt, hz_error **err)
{
	struct mark m, *v;
	int rc = mark_load(&m, b->repo.store, n, attempt, &b->repo.log, &b->repo.sink, err);

	if (rc < 0)
		return rc;
	v = realloc(b->marks, (b->n_marks + 1) * sizeof(*v));
	if (!v) {
		mark_release(&m);
		return err_nomem(err);
	}
	b->marks = v;
	v[b->n_marks++] = m;
	if (m.kind == 2 && m.n + 1 > b->lost_newest)
		b->lost_newest = m.n + 1;
	return 0;
}

/* A mark that cannot be read may name any pack: writing on without it could refer to what is about to be deleted. */
int backup_find_marks(struct backup *b, hz_error **err)
{
	struct listing l;
	int rc;

	for (size_t i = 0; i < b->n_marks; i++)
		mark_release(&b->marks[i]);
	b->n_marks = 0;
	read_lost_seen(b);
	rc = listing_load(&l, b->repo.store, "sessions", listed_mark, err);
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		AUTO(hz_error_free) hz_error *e = NULL;

		rc = load_mark(b, l.v[i].number, l.v[i].attempt, &e);
		if (rc == HZ_E_REFUSED)
			rc = 0;
		else if (rc < 0 && err && !*err)
			*err = TAKE(e);
	}
	listing_release(&l);
	if (rc == 0 && b->lost_newest > b->lost_seen) {
		b->result->alarm |= HZ_ALARM_LOST_PACKS;
		job_event(b->job, HZ_EVENT_DAMAGE, NULL, 0,
			"repair has found packs of this repository lost: what they held is looked up and stored again");
	}
	return rc;
}

static int cmp_uid(const void *a, const void *b)
{
	return memcmp(a, b, UID_LEN);
}

static bool mark_is_finished(const struct admin_log *log, const struct mark *m)
{
	for (size_t i = 0; i < log->n_finals; i++) {
		if (log->finals[i].mark == m->n && id_eq(&log->finals[i].mark_hash, &m->hash))
			return true;
	}
	return false;
}

bool backup_pack_is_gone(void *user, const struct uid *pack)
{
	const struct backup *b = user;

	if (admin_pack_is_final(&b->repo.log, pack))
		return true;
	for (size_t i = 0; i < b->n_marks; i++) {
		const struct mark *m = &b->marks[i];

		if (m->n_packs && (m->kind == 2 || !mark_is_finished(&b->repo.log, m)) &&
			bsearch(pack, m->packs, m->n_packs, UID_LEN, cmp_uid))
			return true;
	}
	return false;
}
