/* SPDX-License-Identifier: BSD-2-Clause */
/* Listing snapshots, and what is in one. */
#include "archive/snapshot_filter.h"
#include "archive/tree.h"
#include <string.h>

/* ---- snapshots ---- */

static const char *text(struct arena *a, struct bytes b)
{
	char *s = arena_alloc(a, b.len + 1);

	if (!s)
		return NULL;
	if (b.len > 0)
		memcpy(s, b.p, b.len);
	s[b.len] = '\0';
	return s;
}

static const char *const *texts(struct arena *a, const struct bytes *v, size_t n)
{
	const char **list = arena_alloc(a, (n + 1) * sizeof(*list));

	for (size_t i = 0; list && i < n; i++) {
		list[i] = text(a, v[i]);
		if (!list[i])
			return NULL;
	}
	if (list)
		list[n] = NULL;
	return list;
}

int snap_info(hz_snapshot_info *i, struct arena *a, const struct snap *s, hz_error **err)
{
	const struct commit_body *b = &s->body;

	*i = (hz_snapshot_info){ .size = sizeof(*i),
		.complete = b->complete,
		.clock_synchronized = b->start.synchronized,
		.time_sec = b->start.sec,
		.time_nsec = b->start.nsec,
		.forgotten = s->forgotten,
		.duration_ns = b->duration_ns,
		.hostname = text(a, b->host),
		.tool = text(a, b->tool),
		.paths = texts(a, b->paths, b->n_paths),
		.n_paths = b->n_paths,
		.tags = texts(a, b->tags, b->n_tags),
		.n_tags = b->n_tags,
		.total_files = b->counts[COUNT_FILES],
		.total_dirs = b->counts[COUNT_DIRS],
		.total_others = b->counts[COUNT_OTHERS],
		.total_bytes = b->counts[COUNT_BYTES],
		.source_errors = b->n_errors,
		.stored_bytes = b->counts[COUNT_STORED] };
	hex_encode(i->id, s->commit.hash.b, ID_LEN);
	hex_encode(i->writer_id, s->session.writer.b, UID_LEN);
	return i->hostname && i->tool && i->paths && i->tags ? 0 : err_nomem(err);
}

static int give_snapshots(
	struct hz_reader *r, const hz_snapshot_filter *f, hz_snapshot_fn fn, void *user, hz_error **err)
{
	AUTO(arena_free) struct arena *a = NULL;
	int rc = arena_new(&a, err);

	for (size_t i = 0; rc == 0 && i < r->n_snaps; i++) {
		hz_snapshot_info info;

		if (!snapshot_filter_has(f, &r->snaps[i]))
			continue;
		arena_reset(a);
		rc = snap_info(&info, a, &r->snaps[i], err);
		if (rc == 0)
			rc = fn(user, &info);
	}
	return rc;
}

int hz_snapshots(
	hz_reader *r, const hz_snapshot_filter *filter, hz_snapshot_fn fn, void *user, hz_job *job, hz_error **err)
{
	hz_snapshot_filter f;
	int rc = snapshot_filter_take(&f, filter, err);

	if (rc < 0)
		return rc;
	r->repo.job = job;
	rc = reader_load_snaps(r, err);
	/* What is wrong is said first: who reads the list knows then that it is not all. */
	(void)job_tick(job, NULL);
	if (rc == 0)
		rc = give_snapshots(r, &f, fn, user, err);
	if (rc == 0 && r->snaps_damaged > 0) {
		rc = err_set(err, HZ_E_CORRUPT,
			"%zu commits are damaged, missing or cannot be verified; the others are listed",
			r->snaps_damaged);
		err_hint(err, "'hozen-backup check' says what is wrong with each");
	}
	r->repo.job = NULL;
	return rc;
}

/* ---- ls ---- */

static int give_entry(const struct tree *t, const struct entry *e, hz_entry_fn fn, void *user)
{
	hz_entry_info i;

	tree_entry_info(&i, &t->path, e);
	return fn(user, &i);
}

static int ls_tree(struct tree *t, const char *path, hz_entry_fn fn, void *user, hz_error **err)
{
	hz_progress p = { .phase = HZ_PHASE_PLAN };
	struct entry e;
	int rc = tree_find(t, &e, path, err);

	/* The root has no name to be listed under. */
	if (rc == 0 && t->path.len > 0)
		rc = give_entry(t, &e, fn, user);
	if (rc == 0)
		rc = tree_enter(t, &e, NULL, err);
	while (rc == 0 && (rc = tree_next_tick(t, &e, &p, err)) > 0) {
		if (rc == TREE_LEFT) {
			rc = 0;
			continue;
		}
		rc = give_entry(t, &e, fn, user);
		if (rc == 0)
			rc = tree_enter(t, &e, NULL, err);
	}
	return rc == 0 ? tree_verdict(t, err_text("listed"), err) : rc;
}

int hz_ls(hz_reader *r, const char *id, const char *path, hz_entry_fn fn, void *user, hz_job *job, hz_error **err)
{
	AUTO_IN(tree_release) struct tree t;
	int rc;

	job_begin(job);
	r->repo.job = job;
	rc = tree_open(&t, r, id, err);
	if (rc == 0)
		rc = ls_tree(&t, path, fn, user, err);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	return rc;
}
