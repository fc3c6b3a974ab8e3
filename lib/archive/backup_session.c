/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session of a backup: its object, and what dead sessions left. Each step is durable before the next relies on it:
 * session object, then marks and index are listed, packs, runs; then the commit (backup_commit.c).
 */
#include "archive/backup.h"
#include <string.h>

/* ---- beginning ---- */

/* The log may have grown since it was opened: tombstones and final lists count from after the session object. */
int backup_reload_log(struct backup *b, hz_error **err)
{
	struct admin_log log = { .repo = b->repo.log.repo };
	int rc = admin_log_load(&log, b->repo.store, &b->repo.sink, err);

	if (rc < 0)
		return rc;
	if (!admin_has_hash(&log, b->repo.log.n - 1, &b->repo.log.hashes[b->repo.log.n - 1])) {
		admin_log_release(&log);
		return err_set(err, HZ_E_CORRUPT,
			"admin log: it does not go on from where it stood a moment ago: somebody changes the store");
	}
	admin_log_release(&b->repo.log);
	b->repo.log = log;
	return backup_check_writer(b, err);
}

struct cache_key backup_cache_key(const struct backup *b)
{
	return (struct cache_key){
		.repo = b->repo.log.repo.id, .writer = b->repo.key->key_id, .group = b->group.id, .source = b->source
	};
}

static void open_cache(struct backup *b)
{
	struct cache_key key = backup_cache_key(b);

	cache_close(TAKE(b->cache));
	b->has_base = b->trust_cache = false;
	b->base = (struct id){ { 0 } };
	if (backup_is_stream(b))
		return;
	if (cache_open(&b->cache, &b->base, &b->cache_root, b->repo.cache_dir, &key, backup_commit_is_ours, b) < 0)
		b->cache = NULL;
	b->has_base = b->cache && backup_commit_is_ours(b, &b->base) && !id_set_has(&b->repo.log.tombstones, &b->base);
	if (!b->has_base)
		b->base = (struct id){ { 0 } };
}

/* After the session object is put: is the base still what this host made, and alive? */
static int check_base(struct backup *b, hz_error **err)
{
	for (size_t i = 0; b->has_base && i < b->n_own; i++) {
		struct commit c;
		AUTO(hz_error_free) hz_error *e = NULL;
		int rc;

		if (!id_eq(&b->own[i].hash, &b->base))
			continue;
		rc = commit_load(&c, NULL, b->repo.store, &b->own[i].session, b->own[i].attempt, &b->repo.log, NULL,
			&b->repo.sink, &e);
		if (rc == 0) {
			b->trust_cache = id_eq(&c.hash, &b->base) && c.kind == COMMIT_SNAPSHOT;
			commit_release(&c);
		} else if (rc != HZ_E_CORRUPT && rc != HZ_E_NOTFOUND) {
			if (err && !*err)
				*err = TAKE(e);
			return rc;
		}
	}
	if (id_set_has(&b->repo.log.tombstones, &b->base) || b->lost_newest > 0 ||
		(b->result->alarm & HZ_ALARM_ROLLBACK))
		b->trust_cache = false;
	return 0;
}

static int take_over_pack(void *user, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err)
{
	struct backup *b = user;
	AUTO(hz_error_free) hz_error *e = NULL;
	uint64_t size = 0;
	int rc = index_pack_number(b->index, &pack->uid, NULL, err);

	if (rc < 0)
		/* Not to be mixed up with a journal that is gone. */
		return rc == HZ_E_NOTFOUND ? HZ_E_IO : rc;
	if (rc == 1 || backup_pack_is_gone(b, &pack->uid))
		return 0;
	rc = store_size(b->repo.store, name_pack(&pack->uid).s, &size, &e);
	if (rc == HZ_E_NOTFOUND || (rc == 0 && size != pack->size))
		return 0;
	if (rc == 0) {
		b->result->from_journal++;
		rc = ingest_take_over(b->ingest, pack, ids, n, err);
		/* Not to be mixed up with a journal that is gone. */
		return rc == HZ_E_NOTFOUND ? HZ_E_IO : rc;
	}
	if (err && !*err)
		*err = TAKE(e);
	return rc;
}

static int remember_dead(struct backup *b, const struct uid *session, int *lock, hz_error **err)
{
	struct dead_session *v = realloc(b->dead, (b->n_dead + 1) * sizeof(*v));

	if (!v)
		return err_nomem(err);
	b->dead = v;
	v[b->n_dead++] = (struct dead_session){ *session, *lock };
	*lock = -1;
	return 0;
}

static int take_over(void *user, const struct uid *session, hz_error **err)
{
	struct backup *b = user;
	AUTO(hz_error_free) hz_error *e = NULL;
	AUTO_FD int lock = -1;
	int rc;

	/* Its own lock is held, and asking for it would wait for nothing. */
	if (uid_eq(session, &b->session.id) || state_lock_session(&lock, &b->state, session, NULL) < 0)
		return 0;
	/* It may have died between giving a name and flushing the folder: what is relied on must be durable first. */
	rc = store_sync(b->repo.store, "packs", err);
	if (rc == 0)
		rc = store_sync(b->repo.store, "index", err);
	if (rc == 0)
		rc = journal_each_pack(&b->state, session, take_over_pack, b, &e);
	if (rc == HZ_E_NOTFOUND) {
		/* Another run was faster; the lock's file is from just now. */
		state_forget_session(&b->state, session);
		return 0;
	}
	if (rc < 0) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	return remember_dead(b, session, &lock, err);
}

static int put_session(struct backup *b, hz_error **err)
{
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	int rc = session_create(&b->session, &object, &b->repo.log, b->repo.key, &b->base, err);

	if (rc < 0 || (b->o.flags & HZ_BACKUP_DRY_RUN))
		return rc;
	hex_encode(b->repo.store->owner, b->session.writer.b, UID_LEN);
	hex_encode(b->repo.store->session, b->session.id.b, UID_LEN);
	rc = state_lock_session(&b->session_lock, &b->state, &b->session.id, err);
	if (rc == 0)
		rc = reserve_check(b->repo.store, object.len * 2, err);
	if (rc == 0)
		rc = journal_new(&b->journal, &b->state, &b->session.id, err);
	if (rc == 0)
		rc = signed_put(b->repo.store, name_session(&b->session.id).s, &object, true, err);
	return rc;
}

static int new_cache(struct backup *b)
{
	struct cache_key key = backup_cache_key(b);
	AUTO(hz_error_free) hz_error *e = NULL;

	/* A stream is read whole each time. */
	if (!(b->o.flags & HZ_BACKUP_DRY_RUN) && !backup_is_stream(b) &&
		cache_create(&b->new_cache, b->repo.cache_dir, &key, &e) < 0)
		job_event(b->job, HZ_EVENT_NOTE, NULL, 0, "the next run will be slower: %s", hz_error_message(e));
	return 0;
}

int backup_session_begin(struct backup *b, hz_error **err)
{
	bool dry = b->o.flags & HZ_BACKUP_DRY_RUN;
	struct index_options io = { .trust = b->o.flags & HZ_BACKUP_TRUST_ALL ? INDEX_GROUP : INDEX_OWN,
		.self = b->repo.key->key_id,
		.is_gone = backup_pack_is_gone,
		.user = b };
	struct ingest_options in = { .store = dry ? NULL : b->repo.store,
		.repo = &b->repo.log.repo,
		.session = &b->session,
		.group = &b->group,
		.seed = b->repo.key->sign_seed,
		.workers = b->repo.workers,
		.puts = b->repo.budget.puts,
		.job = b->job };
	int rc;

	open_cache(b);
	rc = put_session(b, err);
	if (rc == 0)
		rc = backup_reload_log(b, err);
	if (rc == 0)
		rc = backup_find_marks(b, err);
	if (rc == 0)
		rc = check_base(b, err);
	if (rc == 0)
		rc = index_new(&b->index, b->repo.store, &b->repo.log, &b->group, &io, &b->repo.sink, err);
	if (rc < 0)
		return rc;
	in.index = b->index;
	in.journal = b->journal;
	rc = ingest_new(&b->ingest, &in, err);
	if (rc == 0 && !dry)
		rc = journal_each_dead(&b->state, take_over, b, err);
	return rc < 0 ? rc : new_cache(b);
}

void backup_session_end(struct backup *b)
{
	ingest_free(TAKE(b->ingest));
	index_free(TAKE(b->index));
	cache_close(TAKE(b->cache));
	cache_discard(TAKE(b->new_cache));
	journal_close(TAKE(b->journal));
	session_release(&b->session);
	fd_close(&b->session_lock);
	for (size_t i = 0; i < b->n_dead; i++)
		fd_close(&b->dead[i].lock);
	free(TAKE(b->dead));
	b->n_dead = 0;
}
