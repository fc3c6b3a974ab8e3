/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hz_restore: what the walks share, and their order. Symlinks, devices and hard links come after all content, the
 * attributes of a folder after everything in it. Nothing is flushed file by file: one syncfs of the target's file
 * system ends the restore, and its failure is an error.
 */
#include "archive/restore.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TICK_MS 100u
#define RESTORE_FLAGS                                                                                                \
	(HZ_RESTORE_DRY_RUN | HZ_RESTORE_INTO_EXISTING | HZ_RESTORE_VERIFY | HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE | \
		HZ_RESTORE_RESUME)

struct restore_limits restore_limits = { .batch_bytes = (size_t)8 << 20, .files_open = 64, .dirs_open = 256 };

/* ---- shared ---- */

enum restore_state restore_state_get(const struct restore *r, uint64_t n)
{
	return n < r->n_states ? (enum restore_state)r->states[n] : RESTORE_NONE;
}

int restore_state_set(struct restore *r, uint64_t n, enum restore_state s, hz_error **err)
{
	if (n >= r->cap_states) {
		size_t cap = r->cap_states ? r->cap_states : 4096;
		uint8_t *v;

		while (cap <= n)
			cap *= 2;
		v = realloc(r->states, cap);
		if (!v)
			return err_nomem(err);
		memset(v + r->cap_states, RESTORE_NONE, cap - r->cap_states);
		r->states = v;
		r->cap_states = cap;
	}
	if (n >= r->n_states)
		r->n_states = (size_t)n + 1;
	r->states[n] = (uint8_t)s;
	return 0;
}

void restore_event(
	struct restore *r, uint32_t kind, const struct restore_dir *dir, const char *name, const char *fmt, ...)
{
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, err_text(fmt), ap) < 0)
		text = NULL;
	va_end(ap);
	path = restore_path(dir, name, &len);
	job_event(r->job, kind, path, path ? len : 0, "%s", text ? text : fmt);
}

int restore_tick(struct restore *r, hz_error **err)
{
	r->progress.files_done = __atomic_load_n(&r->files_done, __ATOMIC_RELAXED);
	r->progress.bytes_done = __atomic_load_n(&r->bytes_done, __ATOMIC_RELAXED);
	return job_tick(r->job, &r->progress) < 0 ? err_set(err, HZ_E_CANCELED, "cancelled") : 0;
}

int restore_phase(struct restore *r, uint32_t phase, hz_error **err)
{
	r->progress.phase = phase;
	return restore_tick(r, err);
}

static int tick(void *user)
{
	return restore_tick(user, NULL);
}

int restore_wait(struct restore *r, const unsigned *left, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	int rc = pool_wait_for(r->pool, left, TICK_MS, tick, r, &why);

	if (rc == HZ_E_CANCELED)
		return err_set(err, rc, "cancelled");
	if (rc < 0 && err && !*err)
		*err = TAKE(why);
	return rc;
}

bool restore_is_damage(int rc)
{
	return rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND || rc == HZ_E_TOONEW || rc == HZ_E_AUTH;
}

bool restore_errno_is_fatal(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT || errnum == EIO || errnum == EROFS || errnum == ENOMEM ||
		errnum == EMFILE || errnum == ENFILE;
}

int restore_target_failed(struct restore *r, const struct restore_dir *dir, const char *name, const char *what,
	int errnum, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	size_t len = 0;

	if (!restore_errno_is_fatal(errnum)) {
		restore_event(r, HZ_EVENT_TARGET, dir, name, "%s: %s", err_text(what), strerror(errnum));
		return 0;
	}
	path = restore_path(dir, name, &len);
	errno = errnum;
	return err_errno(err, "%.200s: %s", path ? path : "", err_text(what));
}

void restore_short(void *user, const char *what, int errnum)
{
	struct restore_shorts *s = user;
	int n;

	s->n++;
	n = snprintf(s->text + s->len, sizeof(s->text) - s->len, "%s%s: %s", s->len ? "; " : "", err_text(what),
		strerror(errnum));
	/* Whole or not at all: half a character would be no text. */
	if (n > 0 && (size_t)n < sizeof(s->text) - s->len) {
		s->len += (size_t)n;
	} else {
		s->text[s->len] = '\0';
		s->more = true;
	}
}

enum restore_state restore_shorts_tell(
	struct restore *r, const struct restore_shorts *s, const struct restore_dir *dir, const char *name)
{
	if (s->n == 0)
		return RESTORE_MADE;
	restore_event(r, HZ_EVENT_META, dir, name, "could not be set: %s%s", s->text,
		s->more ? err_text("... and more") : "");
	return RESTORE_SHORT;
}

/* ---- beginning ---- */

static int read_options(struct restore *r, const hz_restore_options *opts, hz_error **err)
{
	int rc = options_copy(&r->opts, sizeof(r->opts), opts, "hz_restore_options", err);
	const uint32_t modes = (uint32_t)__builtin_popcount(
		r->opts.flags & (HZ_RESTORE_INTO_EXISTING | HZ_RESTORE_UPDATE | HZ_RESTORE_RESUME));

	if (rc < 0)
		return rc;
	if (r->opts.flags & ~RESTORE_FLAGS)
		return err_set(err, HZ_E_UNSUPPORTED, "hz_restore_options: unknown flags");
	if (modes > 1)
		return err_set(err, HZ_E_INVAL, "only one of into-existing, update and resume can be asked for");
	if ((r->opts.flags & HZ_RESTORE_DELETE) && !(r->opts.flags & HZ_RESTORE_UPDATE))
		return err_set(err, HZ_E_INVAL, "delete goes with update only");
	r->updates = r->opts.flags & HZ_RESTORE_UPDATE;
	r->deletes = r->opts.flags & HZ_RESTORE_DELETE;
	if (!r->opts.target || !*r->opts.target)
		return err_set(err, HZ_E_INVAL, "no target folder");
	if (r->opts.n_patterns > 0)
		rc = patterns_new(&r->patterns, err);
	for (uint64_t i = 0; rc == 0 && i < r->opts.n_patterns; i++)
		rc = patterns_add(r->patterns, r->opts.patterns[i], err);
	return rc;
}

static int find_snapshot(struct restore *r, const char *id, hz_error **err)
{
	int rc;

	if (!(r->reader->repo.can & HZ_NEED_READ)) {
		err_set(err, HZ_E_AUTH, "no key at hand that can read content: it needs the reader role");
		err_hint(err, "give a passphrase, or a reader's key file with --key-file");
		return HZ_E_AUTH;
	}
	rc = reader_snap(r->reader, id, &r->snap, &r->group, err);
	if (rc < 0)
		return rc;
	if (!r->group->content)
		return err_set(err, HZ_E_AUTH, "snapshot %.8s: the key does not open the content of its group", id);
	r->nodes = (struct reader_nodes){ r->reader, r->group };
	if (!r->patterns) {
		r->progress.files_total = r->snap->body.counts[COUNT_FILES];
		r->progress.bytes_total = r->snap->body.counts[COUNT_BYTES];
	}
	/* The tree is found through it too. */
	return reader_index(r->reader, r->group, &r->index, err);
}

static int start_workers(struct restore *r, hz_error **err)
{
	const struct repo *repo = &r->reader->repo;
	unsigned n = repo->workers;
	int rc;

	/* While some decode what they got from afar others must be asking for more; each holds a whole pack. */
	if (repo->store->remote)
		n += repo->budget.memory > BUDGET_MEMORY ? 2 : 1;
	r->workers = calloc((size_t)n + 1, sizeof(*r->workers));
	if (!r->workers)
		return err_nomem(err);
	random_bytes(&r->temp, sizeof(r->temp));
	rc = pool_new(&r->pool, n, err);
	for (r->n_workers = 0; rc == 0 && r->n_workers <= n; r->n_workers++) {
		struct restore_worker *w = &r->workers[r->n_workers];

		rc = mac_dup(&w->content, r->group->content, err);
		if (rc == 0)
			rc = arena_new(&w->arena, err);
	}
	return rc;
}

/* ---- the walks ---- */

/* All is durable: the journal goes, and what its going changed of the target itself is put right. */
static int end_target(struct restore *r, hz_error **err)
{
	const struct timespec ts[2] = { { .tv_nsec = UTIME_OMIT }, r->root_mtime };
	int rc = restore_journal_end(r, err);

	if (rc < 0 || !r->journaled)
		return rc;
	if (r->root_done && vfs()->utimensat(r->target, ".", ts, 0) < 0 && errno != EPERM)
		return err_errno(err, "target %s: set its time", r->opts.target);
	if (r->root_locks && (rc = restore_lock(r->target, r->root_locks)) != 0) {
		restore_event(r, HZ_EVENT_META, NULL, NULL, "could not be set: inode flags: %s", strerror(rc));
		r->result.meta_short++;
	}
	return vfs()->fsync(r->target) < 0 ? err_errno(err, "flush target %s", r->opts.target) : 0;
}

static int write_all(struct restore *r, hz_error **err)
{
	int rc = restore_walk(r, &restore_planner, err);

	if (rc == 0)
		rc = restore_data_run(r, err);
	if (rc < 0 || r->target < 0)
		return rc;
	rc = restore_phase(r, HZ_PHASE_ATTRS, err);
	if (rc == 0)
		rc = restore_walk(r, &restore_finisher, err);
	if (rc < 0)
		return rc;
	restore_link_locks(r);
	if (vfs()->syncfs(r->target) < 0)
		return err_errno(err, "flush the file system of %s", r->opts.target);
	return end_target(r, err);
}

static int verify_all(struct restore *r, hz_error **err)
{
	int rc;

	r->files_done = r->bytes_done = 0;
	rc = restore_phase(r, HZ_PHASE_VERIFY, err);
	if (rc == 0)
		rc = restore_walk(r, &restore_verifier, err);
	return rc == 0 ? restore_verify_run(r, err) : rc;
}

static int run(struct restore *r, const hz_restore_options *opts, const char *id, hz_error **err)
{
	int rc = read_options(r, opts, err);
	bool dry;

	if (rc == 0)
		rc = restore_target_look(r, err);
	if (rc == 0)
		rc = restore_journal_look(r, id, err);
	if (rc == 0)
		rc = restore_target_check(r, err);
	if (rc == 0)
		rc = find_snapshot(r, id, err);
	if (rc < 0)
		return rc;
	(void)snprintf(r->tag, sizeof(r->tag), "%.8s", id);
	dry = r->opts.flags & HZ_RESTORE_DRY_RUN;
	r->first_walk = true;
	rc = restore_phase(r, HZ_PHASE_PLAN, err);
	if (rc < 0)
		return rc;
	if (dry)
		rc = restore_walk(r, &restore_counter, err);
	else
		rc = start_workers(r, err);
	if (rc == 0 && !dry)
		rc = write_all(r, err);
	if (rc == 0 && r->patterns && r->result.matched == 0 && r->result.failed_damage == 0)
		rc = err_set(err, HZ_E_NOTFOUND, "snapshot %.8s: nothing in it matches the patterns", id);
	if (rc == 0 && !dry && (r->opts.flags & HZ_RESTORE_VERIFY))
		rc = verify_all(r, err);
	return rc;
}

static void workers_release(struct restore *r)
{
	for (unsigned i = 0; r->workers && i < r->n_workers; i++) {
		struct restore_worker *w = &r->workers[i];

		mac_free(w->content);
		arena_free(w->arena);
		buf_release(&w->frame);
		buf_release(&w->other_frame);
		pack_close(w->other);
	}
	free(r->workers);
}

static void release(struct restore *r)
{
	/* No task runs any more; then what they left behind is removed. */
	pool_free(r->pool);
	restore_batches_release(r);
	for (size_t i = 0; i < r->n_links; i++) {
		restore_dir_unref(&r->dirs, r->link[i]->dir);
		free(r->link[i]->name);
		free(r->link[i]);
	}
	free(r->link);
	idmap_release(&r->links);
	idmap_release(&r->kept);
	idmap_release(&r->seen);
	(void)pthread_mutex_destroy(&r->kept_lock);
	(void)pthread_mutex_destroy(&r->sharing);
	(void)pthread_cond_destroy(&r->opened);
	free(r->states);
	free(r->gaps);
	workers_release(r);
	patterns_free(r->patterns);
	restore_fds_release(&r->files);
	for (unsigned i = 0; i < RESTORE_OPENING; i++)
		(void)pthread_mutex_destroy(&r->opening[i]);
	restore_dirs_release(&r->dirs);
	fd_close(&r->target);
}

/* ---- damage that is told once ---- */

/* A walk after the other meets the same damaged objects. */
struct once {
	struct damage_sink to;
	pthread_mutex_t lock;
	char **told;
	size_t n;
};

static void sink_once(void *user, const char *name, const char *what, bool mended)
{
	struct once *o = user;
	char *text = NULL, **v;
	bool known = false;

	if (asprintf(&text, "%d%s", mended, name) < 0)
		text = NULL;
	(void)pthread_mutex_lock(&o->lock);
	for (size_t i = 0; text && !known && i < o->n; i++)
		known = strcmp(o->told[i], text) == 0;
	v = text && !known ? realloc(o->told, (o->n + 1) * sizeof(*v)) : NULL;
	if (v) {
		o->told = v;
		v[o->n++] = TAKE(text);
	}
	(void)pthread_mutex_unlock(&o->lock);
	free(text);
	if (!known)
		o->to.fn(o->to.user, name, what, mended);
}

static void once_release(struct once *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->told[i]);
	free(o->told);
	(void)pthread_mutex_destroy(&o->lock);
}

int hz_restore(hz_reader *reader, const char *id, const hz_restore_options *opts, hz_job *job,
	hz_restore_result *result, hz_error **err)
{
	struct restore r = { .reader = reader, .job = job, .target = -1, .result = HZ_RESTORE_RESULT_INIT };
	struct once once = { .to = reader->repo.sink };
	uint64_t began = clock_mono_ns();
	int rc;

	(void)pthread_mutex_init(&once.lock, NULL);
	(void)pthread_mutex_init(&r.kept_lock, NULL);
	(void)pthread_mutex_init(&r.sharing, NULL);
	(void)pthread_cond_init(&r.opened, NULL);
	reader->repo.job = job;
	reader->repo.sink = (struct damage_sink){ sink_once, &once };
	r.batches[0].restore = r.batches[1].restore = &r;
	r.batch = &r.batches[0];
	r.running = &r.batches[1];
	for (unsigned i = 0; i < RESTORE_OPENING; i++)
		(void)pthread_mutex_init(&r.opening[i], NULL);
	restore_fds_init(&r.files, restore_limits.files_open);
	restore_dirs_init(&r.dirs, -1, restore_limits.dirs_open);
	job_begin(job);
	rc = run(&r, opts, id, err);
	release(&r);
	reader->repo.sink = once.to;
	r.result.unchanged = __atomic_load_n(&r.unchanged, __ATOMIC_RELAXED);
	r.result.mended = __atomic_load_n(&reader->repo.mended, __ATOMIC_RELAXED);
	r.result.duration_ns = clock_mono_ns() - began;
	result_give(result, &r.result, sizeof(r.result));
	(void)restore_tick(&r, NULL);
	reader->repo.job = NULL;
	once_release(&once);
	return rc;
}
