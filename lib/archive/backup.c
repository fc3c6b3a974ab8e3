/* SPDX-License-Identifier: BSD-2-Clause */
/* hz_backup: options, place, locks, then one session that scans and commits (hozen/backup.h). */
#include "archive/backup.h"
#include "crypto/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS_MAX 5u /* evicted that often in one run: something else is wrong */

/* ---- preparing ---- */

static int make_sources(struct backup *b, hz_error **err)
{
	AUTO_FREE char *cwd = getcwd(NULL, 0);

	if (backup_is_stream(b))
		return backup_stream_sources(b, err);
	if (b->o.n_paths == 0)
		return err_set(err, HZ_E_INVAL, "nothing to back up: no path given");
	return sources_new(&b->sources, b->o.paths, b->o.n_paths, cwd ? cwd : "/", err);
}

/* One that is no name would never be found, and what it was to keep out would be stored. */
static int check_mark(const char *name, hz_error **err)
{
	if (!name || !*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_set(err, HZ_E_INVAL, "'%s' is no name of a file that a folder could hold", name ? name : "");
	return 0;
}

static int make_excludes(struct backup *b, hz_error **err)
{
	int rc = patterns_new(&b->excludes, err);

	for (uint64_t i = 0; rc == 0 && i < b->o.n_exclude_if_present; i++)
		rc = check_mark(b->o.exclude_if_present[i], err);

	for (uint64_t i = 0; rc == 0 && i < b->o.n_excludes; i++)
		rc = patterns_add(b->excludes, b->o.excludes[i], err);
	return rc;
}

static int cmp_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Host and set of absolute paths tell sources apart. */
static int source_key(struct backup *b, hz_error **err)
{
	size_t n = b->sources->n;
	AUTO_FREE char **sorted = calloc(n + 1, sizeof(*sorted));
	AUTO_FREE struct iovec *parts = calloc(n + 1, sizeof(*parts));
	size_t m = 0;

	if (!sorted || !parts)
		return err_nomem(err);
	memcpy(sorted, b->sources->absolute, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), cmp_text);
	parts[m++] = (struct iovec){ (void *)(uintptr_t)b->host, strlen(b->host) };
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(sorted[i - 1], sorted[i]) != 0)
			parts[m++] = (struct iovec){ sorted[i], strlen(sorted[i]) };
	}
	return kdf_raw(b->source.b, ID_LEN, b->repo.log.repo.suite, b->group.metadata, "source", parts, m, err);
}

static int lock_source(struct backup *b, hz_error **err)
{
	uint64_t until = clock_mono_ns() + (uint64_t)(b->o.wait_sec > 0 ? b->o.wait_sec : 0) * 1000000000u;

	for (;;) {
		AUTO(hz_error_free) hz_error *e = NULL;
		hz_progress p = { .phase = HZ_PHASE_WAIT };
		struct timespec nap = { 0, 200000000 };
		int rc = state_lock_source(&b->source_lock, &b->state, &b->source, &e);

		if (rc == 0)
			return 0;
		if (rc != HZ_E_BUSY || clock_mono_ns() >= until) {
			if (rc == HZ_E_BUSY) {
				err_set(err, HZ_E_BUSY, "this source is being backed up already");
				err_hint(err, "wait for the other run to end, or give --wait SECONDS");
			} else if (err && !*err) {
				*err = TAKE(e);
			}
			return rc;
		}
		if (job_tick(b->job, &p) < 0)
			return job_check(b->job, err);
		(void)nanosleep(&nap, NULL);
	}
}

static bool session_is_live(void *user, const char *session)
{
	struct backup *b = user;
	struct uid u;

	return !hex_decode(u.b, UID_LEN, session, strlen(session)) || state_session_is_live(&b->state, &u);
}

/* ---- places that are not backed up ---- */

static bool key_of(struct file_key *k, const char *path)
{
	AUTO_FD int fd = path ? vfs()->openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0) : -1;
	struct source_stat st;

	if (fd < 0 || source_stat_fd(&st, fd) != 0)
		return false;
	*k = (struct file_key){ st.sig.dev, st.sig.ino };
	return true;
}

static void find_own_places(struct backup *b, struct scan_options *so)
{
	const char *const dirs[] = { b->repo.state_dir, b->repo.cache_dir };

	if (key_of(&so->skip[so->n_skip], b->repo.store->path))
		so->n_skip++;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		/* The folder above the repository's own: all of hozen's state. */
		AUTO_FREE char *base = strdup(dirs[i]);
		char *slash = base ? strrchr(base, '/') : NULL;

		if (slash && slash != base)
			*slash = '\0';
		if (base && key_of(&so->skip[so->n_skip], base))
			so->n_skip++;
	}
}

static bool key_of_fd(struct file_key *k, int fd)
{
	struct source_stat st;

	if (fd < 0 || source_stat_fd(&st, fd) != 0)
		return false;
	*k = (struct file_key){ st.sig.dev, st.sig.ino };
	return true;
}

/* The folder itself, or the one that a file or link lies in. */
static int open_folder_of(const char *path)
{
	AUTO_FREE char *above = NULL;
	char *slash;
	int fd = vfs()->openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

	if (fd >= 0 || errno != ENOTDIR)
		return fd;
	above = strdup(path);
	slash = above ? strrchr(above, '/') : NULL;
	if (slash)
		slash[slash == above] = '\0';
	return vfs()->openat(AT_FDCWD, slash ? above : ".", O_PATH | O_DIRECTORY, 0);
}

/* Is the source the repository itself, or inside it? */
static int check_not_inside(
	const struct backup *b, const struct source_node *n, const struct file_key *repo, hz_error **err)
{
	if (n->whole && n->real) {
		AUTO_FD int fd = open_folder_of(n->real);
		struct file_key last = { 0, 0 }, here;

		while (key_of_fd(&here, fd) && (here.dev != last.dev || here.ino != last.ino)) {
			int up;

			if (here.dev == repo->dev && here.ino == repo->ino) {
				err_set(err, HZ_E_REFUSED, "%s lies inside the repository", n->real);
				err_hint(err,
					"back up something else; a repository is copied with its files, not backed up "
					"into itself");
				return HZ_E_REFUSED;
			}
			last = here;
			up = vfs()->openat(fd, "..", O_PATH | O_DIRECTORY, 0);
			fd_close(&fd);
			fd = up;
		}
	}
	for (const struct source_node *c = n->child; c; c = c->next) {
		int rc = check_not_inside(b, c, repo, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Before hours of work, for a commit with them cannot be written (commit_body.c). */
static int check_texts(const struct backup *b, hz_error **err)
{
	bool bad = false;

	for (uint64_t i = 0; i < b->o.n_tags; i++)
		bad = bad || strlen(b->o.tags[i]) > COMMIT_TEXT_MAX;
	for (size_t i = 0; i < b->sources->n; i++)
		bad = bad || strlen(b->sources->absolute[i]) > COMMIT_TEXT_MAX;
	return bad ? err_set(err, HZ_E_INVAL, "a path or a tag is longer than %u bytes", COMMIT_TEXT_MAX) : 0;
}

static int prepare(struct backup *b, hz_error **err)
{
	const struct bundle *key = b->repo.key;
	struct file_key repo;
	int rc = group_from_secret(&b->group, key->suite, &key->group, key->group_secret, err);

	if (rc == 0 && chunker_init(&b->chunker, b->repo.log.repo.chunker, b->group.table) < 0)
		rc = err_set(err, HZ_E_TOONEW, "unknown chunker profile %u", b->repo.log.repo.chunker);
	if (rc == 0 && !backup_is_stream(b) && key_of(&repo, b->repo.store->path))
		rc = check_not_inside(b, &b->sources->root, &repo, err);
	if (rc == 0)
		rc = source_key(b, err);
	if (rc == 0)
		rc = state_open(&b->state, b->repo.state_dir, &key->key_id, err);
	if (rc == 0 && !(b->o.flags & HZ_BACKUP_DRY_RUN)) {
		rc = lock_source(b, err);
		hex_encode(b->repo.store->owner, key->key_id.b, UID_LEN);
		if (rc == 0)
			rc = store_sweep(b->repo.store, b->repo.store->owner, session_is_live, b, err);
	}
	return rc;
}

/* ---- running ---- */

static void fill_result(struct backup *b, const struct scan_result *scan)
{
	const struct scan_counts *c = &scan->counts;
	hz_backup_result *r = b->result;
	const struct ingest_stats *st = ingest_stats(b->ingest);

	r->files_new = c->files_new;
	r->files_changed = c->files_changed;
	r->files_unmodified = c->files_same;
	r->dirs_new = c->dirs_new;
	r->dirs_changed = c->dirs_changed;
	r->dirs_unmodified = c->dirs_same;
	r->others = c->others;
	r->files_read_bytes = c->read_bytes;
	r->total_files = c->files_new + c->files_changed + c->files_same;
	r->total_bytes = c->total_bytes;
	r->source_errors = c->errors;
	r->data_added_bytes = st->new_bytes;
	r->chunks_new = st->new_chunks;
	r->chunks_known = st->known_chunks;
	r->stored_bytes = ingest_stored(b->ingest);
}

static int scan_all(struct backup *b, struct scan_result *scan, hz_error **err)
{
	AUTO(pool_free) struct pool *pool = NULL;
	struct scan_options so = { .sources = b->sources,
		.ingest = b->ingest,
		.index = b->index,
		.chunker = &b->chunker,
		.cache = b->cache,
		.cache_root = b->cache_root,
		.trust_cache = b->trust_cache,
		.new_cache = b->new_cache,
		.excludes = b->excludes,
		.one_file_system = b->o.flags & HZ_BACKUP_ONE_FILE_SYSTEM,
		.exclude_caches = b->o.flags & HZ_BACKUP_EXCLUDE_CACHES,
		.read_special = b->o.flags & HZ_BACKUP_READ_SPECIAL,
		.exclude_nodump = b->o.flags & HZ_BACKUP_EXCLUDE_NODUMP,
		.marks = b->o.exclude_if_present,
		.n_marks = b->o.n_exclude_if_present,
		.start = b->start,
		.job = b->job };
	int rc = pool_new(&pool, b->repo.workers, err);

	struct cache_key key = backup_cache_key(b);

	find_own_places(b, &so);
	cache_read_totals(&so.expect_files, &so.expect_bytes, b->repo.cache_dir, &key);
	so.pool = pool;
	if (rc < 0)
		return rc;
	return backup_is_stream(b) ? backup_stream_scan(b, &so, scan, err) : scan_run(&so, scan, err);
}

/* 0, 1 when the session was evicted, or an error. */
static int run_session(struct backup *b, hz_error **err)
{
	struct scan_result scan = { .root = BUF_INIT, .errors = BUF_INIT };
	hz_progress p = { .phase = HZ_PHASE_FINISH };
	const struct run_ref *runs = NULL;
	size_t n_runs = 0;
	int rc = backup_session_begin(b, err);

	if (rc == 0)
		rc = scan_all(b, &scan, err);
	if (rc == 0 && scan.sources_found == 0) {
		err_set(err, HZ_E_NOTFOUND, "none of the paths exists");
		rc = HZ_E_NOTFOUND;
	}
	(void)job_tick(b->job, &p);
	if (rc == 0)
		rc = ingest_finish(b->ingest, &runs, &n_runs, err);
	if (b->ingest)
		fill_result(b, &scan);
	if (rc == 0)
		rc = job_check(b->job, err);
	if (rc == 0 && !(b->o.flags & HZ_BACKUP_DRY_RUN))
		rc = backup_session_commit(b, &scan, runs, n_runs, err);
	if (rc == 0)
		b->result->complete = scan.counts.errors == 0;
	scan_result_release(&scan);
	backup_session_end(b);
	return rc;
}

static int run(struct backup *b, const hz_repo_options *repo, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = make_sources(b, err);

	if (rc == 0)
		rc = check_texts(b, err);
	if (rc == 0)
		rc = make_excludes(b, err);
	if (rc == 0)
		rc = repo_open(&b->repo, repo, HZ_NEED_WRITE, b->job, err);
	if (rc == 0)
		hex_encode(b->result->repo_id, b->repo.log.repo.id.b, UID_LEN);
	if (rc == 0)
		rc = backup_check_writer(b, err);
	if (rc == 0)
		rc = prepare(b, err);
	if (rc == 0)
		rc = backup_find_heads(b, err);
	if (rc < 0)
		return rc;
	b->result->protects = b->repo.store->protects;
	rc = 1;
	for (unsigned i = 0; rc == 1 && i < SESSIONS_MAX; i++) {
		if (i > 0 && backup_is_stream(b))
			return err_set(err, HZ_E_BUSY,
				"a prune ended this session before it could commit, and what was "
				"read cannot be read a second time");
		if (i > 0)
			job_event(b->job, HZ_EVENT_NOTE, NULL, 0,
				"a prune ended this session before it could commit: beginning anew");
		rc = run_session(b, err);
	}
	if (rc == 1)
		rc = err_set(err, HZ_E_BUSY, "the session was evicted %u times by prunes", SESSIONS_MAX);
	if (rc == 0 && !(b->o.flags & HZ_BACKUP_DRY_RUN) && pins_update(&b->repo, &e) < 0)
		job_event(
			b->job, HZ_EVENT_NOTE, NULL, 0, "what was seen cannot be remembered: %s", hz_error_message(e));
	return rc;
}

static void release(struct backup *b)
{
	for (size_t i = 0; i < b->n_marks; i++)
		mark_release(&b->marks[i]);
	free(b->marks);
	free(b->own);
	free(b->heads);
	free(b->missing.v);
	free(b->other_heads.v);
	free(b->other_parents.v);
	sources_free(b->sources);
	patterns_free(b->excludes);
	group_release(&b->group);
	wipe(&b->chunker, sizeof(b->chunker)); /* its table is the group's secret */
	fd_close(&b->source_lock);
	state_close(&b->state);
	repo_release(&b->repo);
}

int hz_backup(const hz_repo_options *repo, const hz_backup_options *opts, hz_job *job, hz_backup_result *result,
	hz_error **err)
{
	struct backup b = { .job = job, .source_lock = -1, .session_lock = -1, .state = { .dirfd = -1 } };
	hz_backup_result out = HZ_BACKUP_RESULT_INIT;
	int rc = options_copy(&b.o, sizeof(b.o), opts, "hz_backup_options", err);

	if (rc < 0)
		return rc;
	b.result = &out;
	b.start = clock_wall();
	b.began_ns = clock_mono_ns();
	(void)gethostname(b.host_buf, sizeof(b.host_buf) - 1);
	b.host = b.o.host ? b.o.host : b.host_buf;
	job_begin(job);
	rc = run(&b, repo, err);
	out.duration_ns = clock_mono_ns() - b.began_ns;
	(void)job_tick(job, NULL);
	release(&b);
	result_give(result, &out, sizeof(out));
	return rc;
}
