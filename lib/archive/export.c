/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot as a pax archive. Invariant: what stands in the archive is right and whole. The header of a file comes
 * before its bytes, so every file is read to its end before it is begun (small ones come out of the caches the second
 * time), and a failure after that ends the archive without its end mark.
 */
#include "archive/content.h"
#include "archive/export.h"
#include "archive/idmap.h"
#include "archive/pattern.h"
#include "archive/tree.h"
#include "hozen/export.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#define BLOCK ((int)64 << 10)

/* A folder on the way to what patterns may select, which is not in the archive yet. */
struct waiting {
	struct buf bytes; /* its entry */
	size_t path_len, depth;
};
/* Where an inode stands first. */
struct export_name {
	char *path; /* NULL: nowhere yet */
	uint32_t type;
};
struct export
{
	struct tree t;
	hz_export_options opts;
	struct patterns *patterns; /* NULL: everything */
	struct archive *a;
	struct archive_entry *entry; /* used again and again */
	struct arena *arena;         /* of folders that have waited */
	struct buf path;
	struct waiting *waiting;
	size_t n_waiting, cap_waiting;
	struct idmap links; /* hard link id to place in names */
	struct export_name *names;
	size_t n_names;
	hz_data_fn fn;
	void *user;
	int stopped; /* what fn said */
	bool muted;  /* nothing is written any more */
	hz_job *job;
	hz_export_result res;
	hz_progress progress;
};

static void export_release(struct export *x)
{
	/* Of one that was not closed the end mark goes nowhere, and nobody takes it for whole. */
	x->muted = true;
	(void)archive_write_free(x->a);
	archive_entry_free(x->entry);
	arena_free(x->arena);
	patterns_free(x->patterns);
	buf_release(&x->path);
	while (x->n_waiting > 0)
		buf_release(&x->waiting[--x->n_waiting].bytes);
	free(x->waiting);
	idmap_release(&x->links);
	while (x->n_names > 0)
		free(x->names[--x->n_names].path);
	free(x->names);
	tree_release(&x->t);
}

static bool is_damage(int rc)
{
	return rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND || rc == HZ_E_TOONEW;
}

/* ---- libarchive ---- */

/* libarchive is not told of a failure: of an archive that has failed it does not free everything. Whoever calls it
 * looks at stopped. */
static la_ssize_t put(struct archive *a, void *user, const void *data, size_t len)
{
	struct export *x = user;

	(void)a;
	if (!x->muted && x->stopped == 0)
		x->stopped = x->fn(x->user, data, len);
	return (la_ssize_t)len;
}

static int archive_failed(struct export *x, hz_error **err)
{
	int errnum = archive_errno(x->a);

	if (x->stopped)
		return x->stopped;
	return err_set(err, errnum == ENOMEM ? HZ_E_NOMEM : HZ_E_INTERNAL, "writing tar: %s",
		archive_error_string(x->a) ? archive_error_string(x->a) : "out of memory");
}

static int open_archive(struct export *x, hz_error **err)
{
	x->a = archive_write_new();
	x->entry = archive_entry_new();
	if (!x->a || !x->entry)
		return err_nomem(err);
	if (archive_write_set_format_pax(x->a) != ARCHIVE_OK ||
		archive_write_set_format_option(x->a, "pax", "xattrheader", "SCHILY") != ARCHIVE_OK ||
		archive_write_set_bytes_per_block(x->a, BLOCK) != ARCHIVE_OK ||
		archive_write_set_bytes_in_last_block(x->a, 10240) != ARCHIVE_OK ||
		archive_write_open(x->a, x, NULL, put, NULL) != ARCHIVE_OK)
		return archive_failed(x, err);
	return 0;
}

/* 1: it is in the archive; 0: it cannot be, which is told. */
static int write_header(struct export *x, const char *path, size_t len, hz_error **err)
{
	const char *said;
	int rc = archive_write_header(x->a, x->entry);

	if (x->stopped)
		return x->stopped;
	if (rc == ARCHIVE_OK)
		return 1;
	said = archive_error_string(x->a);
	/* Of a name that is no text in this locale or in UTF-8: then its bytes are written as they are. */
	if (rc == ARCHIVE_WARN && said && strncmp(said, "Can't translate", strlen("Can't translate")) == 0)
		return 1;
	if (rc < ARCHIVE_FAILED)
		return archive_failed(x, err);
	job_event(x->job, HZ_EVENT_META, path, len, rc == ARCHIVE_WARN ? "tar: %s" : "not in the archive: %s",
		said ? said : "tar cannot hold it");
	if (rc == ARCHIVE_WARN)
		x->res.meta_short++;
	else
		x->res.left_out++;
	return rc == ARCHIVE_WARN;
}

/* ---- one entry ---- */

static int look(void *user, const void *data, size_t len, hz_error **err)
{
	(void)user, (void)data, (void)len, (void)err;
	return 0;
}

static int write_data(void *user, const void *data, size_t len, hz_error **err)
{
	struct export *x = user;

	if (archive_write_data(x->a, data, len) != (la_ssize_t)len)
		return archive_failed(x, err);
	return x->stopped;
}

static int left_out(struct export *x, const char *path, size_t len, hz_error **why, int rc, hz_error **err)
{
	if (!is_damage(rc)) {
		if (err && !*err)
			*err = TAKE(*why);
		return rc;
	}
	x->res.failed_damage++;
	job_event(x->job, HZ_EVENT_DAMAGE, path, len, "not in the archive: %s", hz_error_message(*why));
	return 0;
}

static int write_entry(struct export *x, const struct entry *e, const char *path, size_t len, hz_error **err)
{
	struct content c = { &x->t.nodes, write_data, x, &x->progress, false, 0 };
	int rc = write_header(x, path, len, err);

	if (rc != 1)
		return rc;
	rc = S_ISREG(e->mode) && !archive_entry_hardlink(x->entry) ? content_read(&c, e, err) : 0;
	if (is_damage(rc))
		rc = err_wrap(err, HZ_E_CORRUPT, "%s: its stored bytes can no longer be read", path);
	if (rc == 0 && archive_write_finish_entry(x->a) != ARCHIVE_OK)
		rc = archive_failed(x, err);
	if (rc < 0)
		return rc;
	x->res.entries++;
	x->res.bytes += c.at;
	return 1;
}

/* The place of an inode's first name, or of a new one. */
static int link_place(struct export *x, const struct entry *e, uint32_t *place, hz_error **err)
{
	int added = idmap_add(&x->links, &e->hardlink, (uint32_t)x->n_names, place);

	if (added < 0)
		return err_nomem(err);
	if (added == 0)
		return 0;
	struct export_name *v = realloc(x->names, (x->n_names + 1) * sizeof(*v));

	if (!v)
		return err_nomem(err);
	x->names = v;
	*place = (uint32_t)x->n_names;
	v[x->n_names++] = (struct export_name){ .type = e->mode & S_IFMT };
	return 0;
}

static int fill(struct export *x, const struct entry *e, const char *path, size_t len, hz_error **err)
{
	struct content c = { &x->t.nodes, look, NULL, &x->progress, true, 0 };
	struct export_shorts s = { .len = 0 };
	int rc = 0;

	if (S_ISREG(e->mode))
		rc = content_read(&c, e, err);
	if (rc == 0)
		rc = export_fill(x->entry, &x->t.nodes, e, path, &s, err);
	if (rc == 0 && s.n > 0) {
		x->res.meta_short++;
		job_event(x->job, HZ_EVENT_META, path, len, "tar cannot hold: %s", s.text);
	}
	return rc;
}

/* path ends in a NUL behind its len bytes. */
static int add(struct export *x, const struct entry *e, const char *path, size_t len, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	uint32_t place = UINT32_MAX;
	int rc = 0;

	if (e->flags & ENTRY_SYNTHETIC)
		return 0;
	if (e->has_hardlink)
		rc = link_place(x, e, &place, err);
	if (rc < 0)
		return rc;
	if (place != UINT32_MAX && x->names[place].type != (e->mode & S_IFMT)) {
		rc = err_set(&why, HZ_E_CORRUPT, "another name of what is of another type than this");
		return left_out(x, path, len, &why, rc, err);
	}
	if (place != UINT32_MAX && x->names[place].path) {
		export_fill_basics(x->entry, e, path);
		archive_entry_copy_hardlink(x->entry, x->names[place].path);
		rc = write_entry(x, e, path, len, err);
		return rc < 0 ? rc : 0;
	}
	rc = fill(x, e, path, len, &why);
	if (rc < 0)
		return left_out(x, path, len, &why, rc, err);
	rc = write_entry(x, e, path, len, err);
	if (rc == 1 && place != UINT32_MAX) {
		x->names[place].path = strdup(path);
		if (!x->names[place].path)
			return err_nomem(err);
	}
	return rc < 0 ? rc : 0;
}

/* ---- the walk ---- */

static int wait_for(struct export *x, const struct entry *e, hz_error **err)
{
	if (x->n_waiting == x->cap_waiting) {
		size_t cap = x->cap_waiting ? x->cap_waiting * 2 : 32;
		struct waiting *v = realloc(x->waiting, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		x->waiting = v;
		x->cap_waiting = cap;
	}
	struct waiting *w = &x->waiting[x->n_waiting];

	*w = (struct waiting){ .bytes = BUF_INIT, .path_len = x->t.path.len, .depth = x->t.depth };
	x->n_waiting++;
	return entry_encode(&w->bytes, e, err);
}

/* Parents before what is in them. */
static int add_waiting(struct export *x, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < x->n_waiting; i++) {
		struct waiting *w = &x->waiting[i];
		struct entry e;

		arena_reset(x->arena);
		rc = entry_decode(&e, x->arena, w->bytes.data, w->bytes.len, err);
		if (rc == 0)
			rc = tree_set_path(&x->path, 0, x->t.path.data, w->path_len, err);
		if (rc == 0)
			rc = add(x, &e, (const char *)x->path.data, x->path.len, err);
	}
	while (x->n_waiting > 0)
		buf_release(&x->waiting[--x->n_waiting].bytes);
	return rc;
}

static void left(struct export *x)
{
	while (x->n_waiting > 0 && x->waiting[x->n_waiting - 1].depth >= x->t.depth)
		buf_release(&x->waiting[--x->n_waiting].bytes);
}

static int see(struct export *x, const struct entry *e, hz_error **err)
{
	struct tree *t = &x->t;
	const char *path = (const char *)t->path.data;
	bool is_dir = S_ISDIR(e->mode), entered = false;
	bool selected = !x->patterns || t->levels[t->depth - 1].mark[0] ||
		patterns_match(x->patterns, path, t->path.len, is_dir);
	int rc = 0;

	if (selected) {
		x->res.matched++;
		rc = add_waiting(x, err);
		if (rc == 0)
			rc = add(x, e, path, t->path.len, err);
	} else if (!is_dir || !e->has_tree || !patterns_may_match_below(x->patterns, path, t->path.len)) {
		return 0;
	} else {
		rc = wait_for(x, e, err);
	}
	if (rc == 0)
		rc = tree_enter(t, e, &entered, err);
	if (rc == 0 && entered)
		t->levels[t->depth - 1].mark[0] = selected;
	return rc;
}

static int begin(struct export *x, hz_error **err)
{
	struct entry root;
	int rc = tree_find(&x->t, &root, NULL, err);

	if (rc == 0 && !x->patterns)
		rc = add(x, &root, "./", 2, err);
	return rc == 0 ? tree_enter(&x->t, &root, NULL, err) : rc;
}

static int run(struct export *x, const char *id, hz_error **err)
{
	struct entry e;
	int rc = tree_open(&x->t, x->t.r, id, err);

	if (rc == 0)
		rc = arena_new(&x->arena, err);
	if (rc == 0 && x->opts.n_patterns > 0)
		rc = patterns_new(&x->patterns, err);
	for (uint64_t i = 0; rc == 0 && i < x->opts.n_patterns; i++)
		rc = patterns_add(x->patterns, x->opts.patterns[i], err);
	if (rc == 0)
		rc = open_archive(x, err);
	if (rc < 0)
		return rc;
	x->progress.bytes_total = x->patterns ? 0 : x->t.snap->body.counts[COUNT_BYTES];
	rc = begin(x, err);
	while (rc == 0 && (rc = tree_next_tick(&x->t, &e, &x->progress, err)) > 0) {
		if (rc == TREE_LEFT)
			left(x);
		rc = rc == TREE_LEFT ? 0 : see(x, &e, err);
	}
	x->res.failed_damage += x->t.broken;
	if (rc == 0 && x->patterns && x->res.matched == 0 && x->res.failed_damage == 0)
		return err_set(err, HZ_E_NOTFOUND, "snapshot %.8s: nothing in it matches the patterns", id);
	if (rc == 0 && archive_write_close(x->a) != ARCHIVE_OK)
		rc = archive_failed(x, err);
	return rc == 0 ? x->stopped : rc;
}

int hz_export(hz_reader *r, const char *id, const hz_export_options *opts, hz_data_fn fn, void *user, hz_job *job,
	hz_export_result *result, hz_error **err)
{
	AUTO_IN(export_release)
	struct export x = { .t = { .r = r },
		.path = BUF_INIT,
		.fn = fn,
		.user = user,
		.job = job,
		.opts = HZ_EXPORT_OPTIONS_INIT,
		.res = HZ_EXPORT_RESULT_INIT,
		.progress = { .phase = HZ_PHASE_DATA } };
	int rc = content_need(r, err);

	if (rc == 0 && opts)
		rc = options_copy(&x.opts, sizeof(x.opts), opts, "hz_export_options", err);
	if (rc < 0)
		return rc;
	job_begin(job);
	r->repo.job = job;
	rc = run(&x, id, err);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	if (result) {
		x.res.size = result->size;
		memcpy(result, &x.res, x.res.size < sizeof(x.res) ? x.res.size : sizeof(x.res));
	}
	return rc;
}
