/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk as a whole: begin at the root, wait for the workers, hand out what was found. */
#include "archive/scan_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct scan_limits scan_limits = { .children = 4096, .children_min = 256 };

void scan_result_release(struct scan_result *r)
{
	buf_release(&r->root);
	buf_release(&r->errors);
}

/* The name of a folder below the root. */
static const char *name_of(const struct scan_dir *d)
{
	return d->parent->children[d->slot].name;
}

/* From its end to its beginning: folders keep no paths, which would take the square of the depth of a tree. */
int scan_path(struct buf *b, const struct scan_dir *dir, const char *name)
{
	size_t len;
	uint8_t *end;

	buf_reset(b);
	if (!name && !dir->parent)
		return 0;
	if (!name) {
		name = name_of(dir);
		dir = dir->parent;
	}
	len = strlen(name);
	for (const struct scan_dir *d = dir; d->parent; d = d->parent)
		len += strlen(name_of(d)) + 1;
	end = buf_extend(b, len);
	if (!end)
		return -1;
	for (end += len;; dir = dir->parent) {
		len = strlen(name);
		end -= len;
		memcpy(end, name, len);
		if (!dir->parent)
			return 0;
		*--end = '/';
		name = name_of(dir);
	}
}

void scan_error(
	struct scan *s, uint8_t kind, const struct scan_dir *dir, const char *name, const char *what, int errnum)
{
	AUTO_IN(buf_release) struct buf path = BUF_INIT;
	const char *stored = strerrordesc_np(errnum);
	char text[256];

	/* What is stored is in one language whatever the process speaks; what is told is in its own. */
	if (errnum)
		(void)snprintf(text, sizeof(text), "%s: %s", what, stored ? stored : "unknown error");
	else
		(void)snprintf(text, sizeof(text), "%s", what);
	if (scan_path(&path, dir, name) < 0)
		buf_reset(&path);
	bump(&s->r->counts.errors, 1);
	(void)pthread_mutex_lock(&s->error_lock);
	/* A longer path would make the list one that no reader takes, and with it the snapshot. */
	if (path.len <= COMMIT_TEXT_MAX && s->r->errors.len + path.len + sizeof(text) < ERRORS_BYTES_MAX) {
		struct enc e = enc_to(&s->r->errors);
		size_t before = s->r->errors.len;

		enc_u8(&e, kind);
		enc_blob(&e, path.data, path.len);
		enc_blob(&e, text, strlen(text));
		if (e.bad)
			s->r->errors.len = before;
		else
			s->r->n_listed++;
	}
	(void)pthread_mutex_unlock(&s->error_lock);
	job_event(s->o.job, HZ_EVENT_SOURCE, path.data ? (const char *)path.data : "", path.len, "%s%s%s",
		err_text(what), errnum ? ": " : "", errnum ? strerror(errnum) : "");
}

int scan_put_node(void *user, enum node_kind kind, const uint8_t *data, size_t len, struct id *id, hz_error **err)
{
	struct node_user *u = user;

	return ingest_node(u->s->o.ingest, u->worker, kind, data, len, id, err);
}

static int tick(void *user)
{
	struct scan *s = user;
	const struct scan_counts *c = &s->r->counts;
	hz_progress p = { .phase = HZ_PHASE_SCAN };

#define GET(f) __atomic_load_n(&c->f, __ATOMIC_RELAXED)
	p.files_done = GET(files_new) + GET(files_changed) + GET(files_same);
	p.bytes_done = GET(total_bytes);
#undef GET
	p.files_total = s->o.expect_files;
	p.bytes_total = s->o.expect_bytes;
	p.stored_bytes = ingest_stored(s->o.ingest);
	return job_tick(s->o.job, &p);
}

static int workers_new(struct scan *s, hz_error **err)
{
	int rc = 0;

	s->workers = pool_workers(s->o.pool);
	s->w = calloc(s->workers + 1u, sizeof(*s->w));
	if (!s->w)
		return err_nomem(err);
	for (unsigned i = 0; rc == 0 && i <= s->workers; i++)
		rc = arena_new(&s->w[i].arena, err);
	return rc;
}

static void workers_free(struct scan *s)
{
	for (unsigned i = 0; s->w && i <= s->workers; i++) {
		arena_free(s->w[i].arena);
		buf_release(&s->w[i].data);
		buf_release(&s->w[i].encoded);
		buf_release(&s->w[i].path);
		cache_out_release(&s->w[i].out);
	}
	free(s->w);
}

/* The cache holds the root as the one child of a folder, so that its list too need not be made again. */
static void recall_root(struct scan *s)
{
	if (s->o.cache && cache_folder_open(&s->above, s->o.cache, s->o.cache_root) == 0)
		s->root_cached = cache_folder_next(&s->above);
}

static struct scan_dir *root_dir(const struct scan *s)
{
	struct scan_dir *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->fd = d->slash_fd = -1;
	d->fd_refs = 1;
	d->pending = 1;
	d->limit = scan_limits.children;
	d->node = &s->o.sources->root;
	if (arena_new(&d->arena, NULL) < 0) {
		free(d);
		return NULL;
	}
	return d;
}

int scan_begin(struct scan *s, const struct scan_options *o, struct scan_result *r, hz_error **err)
{
	int rc;

	*s = (struct scan){ .o = *o, .r = r };
	*r = (struct scan_result){ .root = BUF_INIT, .errors = BUF_INIT };
	(void)pthread_mutex_init(&s->error_lock, NULL);
	(void)pthread_mutex_init(&s->spare_lock, NULL);
	rc = workers_new(s, err);
	return rc < 0 ? rc : owner_names_new(&s->names, err);
}

int scan_wait(struct scan *s, hz_error **err)
{
	return pool_wait(s->o.pool, 100, tick, s, err);
}

void scan_end(struct scan *s)
{
	workers_free(s);
	cache_folder_close(&s->above);
	owner_names_free(s->names);
	large_release(s);
	(void)pthread_mutex_destroy(&s->spare_lock);
	(void)pthread_mutex_destroy(&s->error_lock);
}

int scan_run(const struct scan_options *o, struct scan_result *r, hz_error **err)
{
	struct scan s;
	int rc = scan_begin(&s, o, r, err);

	if (rc == 0) {
		recall_root(&s);
		s.root = root_dir(&s);
		rc = s.root ? dir_submit(&s, s.root, err) : err_nomem(err);
	}
	if (rc == 0)
		rc = scan_wait(&s, err);
	scan_end(&s);
	return rc;
}
