/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session of a backup: its object, what dead sessions left, the commit. Each step is durable before the next relies
 * on it: session object, then marks and index are listed, packs, runs, pending memory, commit, memory.
 */
#include "archive/backup.h"
#include "base/newfile.h"
#include <string.h>
#include <unistd.h>

/* ---- beginning ---- */

/* The log may have grown since it was opened: tombstones and final lists count from after the session object. */
static int reload_log(struct backup *b, hz_error **err)
{
	struct admin_log log = { .repo = b->repo.log.repo };
	int rc = admin_log_load(&log, b->repo.store, &b->repo.sink, err);

	if (rc < 0)
		return rc;
	if (log.n < b->repo.log.n) {
		admin_log_release(&log);
		return err_set(err, HZ_E_CORRUPT, "admin log: it became shorter while it was read");
	}
	admin_log_release(&b->repo.log);
	b->repo.log = log;
	return 0;
}

static struct cache_key cache_key_of(const struct backup *b)
{
	return (struct cache_key){
		.repo = b->repo.log.repo.id, .writer = b->repo.key->key_id, .group = b->group.id, .source = b->source
	};
}

static void open_cache(struct backup *b)
{
	struct cache_key key = cache_key_of(b);

	cache_close(TAKE(b->cache));
	b->has_base = b->trust_cache = false;
	b->base = (struct id){ { 0 } };
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
	int rc;

	if (index_pack_number(b->index, &pack->uid) >= 0 || backup_pack_is_gone(b, &pack->uid))
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

	if (state_lock_session(&lock, &b->state, session, NULL) < 0)
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
	struct cache_key key = cache_key_of(b);
	AUTO(hz_error_free) hz_error *e = NULL;

	if (!(b->o.flags & HZ_BACKUP_DRY_RUN) && cache_create(&b->new_cache, b->repo.cache_dir, &key, &e) < 0)
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
		.workers = b->repo.workers };
	int rc;

	open_cache(b);
	rc = put_session(b, err);
	if (rc == 0)
		rc = reload_log(b, err);
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

/* ---- the commit ---- */

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static struct bytes *texts(const char *const *v, size_t n)
{
	struct bytes *b = calloc(n + 1, sizeof(*b));

	for (size_t i = 0; b && i < n; i++)
		b[i] = text(v[i]);
	return b;
}

static int fill_body(struct backup *b, struct commit_body *body, const struct scan_result *scan, hz_error **err)
{
	const struct ingest_stats *st = ingest_stats(b->ingest);
	const struct scan_counts *c = &scan->counts;

	body->paths = texts((const char *const *)b->sources->absolute, b->sources->n);
	body->tags = texts(b->o.tags, b->o.n_tags);
	if (!body->paths || !body->tags)
		return err_nomem(err);
	body->n_paths = b->sources->n;
	body->n_tags = b->o.n_tags;
	body->start = b->start;
	body->end = clock_wall();
	body->duration_ns = clock_mono_ns() - b->began_ns;
	body->host = text(b->host);
	body->tool = text(b->o.tool ? b->o.tool : "libhozen " HOZEN_VERSION);
	body->counts[COUNT_FILES] = c->files_new + c->files_changed + c->files_same;
	body->counts[COUNT_DIRS] = c->dirs_new + c->dirs_changed + c->dirs_same;
	body->counts[COUNT_OTHERS] = c->others;
	body->counts[COUNT_BYTES] = c->total_bytes;
	body->counts[COUNT_NEW] = st->new_chunks;
	body->counts[COUNT_KNOWN] = st->known_chunks;
	body->counts[COUNT_NEW_BYTES] = st->new_bytes;
	body->counts[COUNT_STORED] = ingest_stored(b->ingest);
	body->counts[COUNT_ERRORS] = c->errors;
	body->complete = c->errors == 0;
	body->root = (struct bytes){ scan->root.data, scan->root.len };
	body->n_errors = c->errors;
	body->n_listed = scan->n_listed;
	body->errors = (struct bytes){ scan->errors.data, scan->errors.len };
	body->admin_n = b->repo.log.n - 1;
	body->admin_head = b->repo.log.hashes[b->repo.log.n - 1];
	body->source = b->source;
	return 0;
}

/* Puts the commit under the first free try. 1: evicted. */
static int put_commit(
	struct backup *b, struct commit *c, const struct commit_body *body, uint64_t cache_record, hz_error **err)
{
	for (c->attempt = 0; c->attempt < NAME_TRIES_MAX; c->attempt++) {
		AUTO_IN(buf_release) struct buf object = BUF_INIT;
		AUTO(hz_error_free) hz_error *e = NULL;
		struct name nm = name_commit(&c->session, c->attempt);
		struct iovec iov;
		struct commit there;
		int rc = commit_build(&object, c, &b->repo.log.repo, &b->session, b->repo.key->sign_seed, body, err);

		if (rc == 0)
			rc = reserve_check(b->repo.store, object.len, err);
		if (rc == 0)
			rc = state_add_pending(&b->state, &c->hash, err);
		if (rc < 0)
			return rc;
		if (b->new_cache && cache_prepare(b->new_cache, &c->hash, cache_record, &e) < 0) {
			job_event(
				b->job, HZ_EVENT_NOTE, NULL, 0, "the next run will be slower: %s", hz_error_message(e));
			cache_discard(TAKE(b->new_cache));
		}
		iov = (struct iovec){ object.data, object.len };
		rc = store_put(b->repo.store, nm.s, &iov, 1, err);
		if (rc != HZ_E_EXISTS)
			return rc;
		rc = commit_load(&there, NULL, b->repo.store, &c->session, c->attempt, &b->repo.log, NULL, NULL, NULL);
		if (rc == 0) {
			bool evicted = there.kind == COMMIT_EVICTED;

			commit_release(&there);
			err_clear(err);
			return evicted ? 1 : err_set(err, HZ_E_CORRUPT, "%s: something else stands there", nm.s);
		}
		if (rc != HZ_E_CORRUPT && rc != HZ_E_REFUSED)
			return rc;
		err_clear(err);
	}
	return err_set(err, HZ_E_CORRUPT, "commit: no free try");
}

/* Dead sessions whose packs are now in this one's run: said to be abandoned, and forgotten. Failing costs only that it
 * is done again. */
static void bury_dead(struct backup *b)
{
	for (size_t i = 0; i < b->n_dead; i++) {
		AUTO_IN(buf_release) struct buf object = BUF_INIT;
		struct commit c = { .kind = COMMIT_ABANDONED, .session = b->dead[i].id, .signer = b->repo.key->key_id };
		struct session s;

		if (session_load(&s, b->repo.store, &b->dead[i].id, &b->repo.log, NULL, NULL, NULL) == 0) {
			struct iovec iov;

			c.session_hash = s.part_hash;
			if (commit_build(&object, &c, &b->repo.log.repo, &s, b->repo.key->sign_seed, NULL, NULL) == 0) {
				iov = (struct iovec){ object.data, object.len };
				(void)store_put(b->repo.store, name_commit(&c.session, 0).s, &iov, 1, NULL);
			}
			session_release(&s);
		}
		(void)journal_remove(&b->state, &b->dead[i].id, NULL);
		state_forget_session(&b->state, &b->dead[i].id);
	}
}

int backup_session_commit(
	struct backup *b, struct scan_result *scan, const struct run_ref *runs, size_t n_runs, hz_error **err)
{
	struct commit_body body = { .raw = BUF_INIT };
	struct commit c = { .kind = COMMIT_SNAPSHOT,
		.session = b->session.id,
		.signer = b->session.writer,
		.number = b->number + 1,
		.session_hash = b->session.part_hash };
	int rc = fill_body(b, &body, scan, err);

	c.parents = calloc(b->n_heads + 1, sizeof(*c.parents));
	c.runs = calloc(n_runs + 1, sizeof(*c.runs));
	if (rc == 0 && (!c.parents || !c.runs))
		rc = err_nomem(err);
	if (rc == 0) {
		memcpy(c.parents, b->heads, b->n_heads * sizeof(*c.parents));
		if (n_runs > 0)
			memcpy(c.runs, runs, n_runs * sizeof(*runs));
		c.n_parents = b->n_heads;
		c.n_runs = n_runs;
		rc = signed_ensure_copy(b->repo.store, name_session(&b->session.id).s, err);
	}
	if (rc == 0)
		rc = put_commit(b, &c, &body, scan->cache_record, err);
	if (rc == 0) {
		AUTO(hz_error_free) hz_error *e = NULL;

		hex_encode(b->result->snapshot_id, c.hash.b, ID_LEN);
		/* The snapshot stands: what fails from here on is told, and mended by the next run. */
		if (state_committed(&b->state, &c.hash, c.parents, c.n_parents, &e) < 0 ||
			backup_lost_remember(b, &e) < 0 || journal_remove(&b->state, &b->session.id, &e) < 0 ||
			/* The alarm was given; the chain goes on from what is there. */
			state_committed(&b->state, &c.hash, b->missing.v, b->missing.n, &e) < 0)
			job_event(b->job, HZ_EVENT_NOTE, NULL, 0,
				"the backup is stored, but this host's memory could not be written: %s",
				hz_error_message(e));
		cache_commit(b->new_cache);
		bury_dead(b);
		state_forget_session(&b->state, &b->session.id);
	}
	commit_release(&c);
	free(TAKE(body.paths));
	free(TAKE(body.tags));
	return rc;
}
