/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in all snapshots. A folder in which nothing was found is not walked again while it is the same: snapshots of
 * one source share most of theirs. What is remembered of that is bounded, and saves time only. */
#include "archive/idmap.h"
#include "archive/pattern.h"
#include "archive/snapshot_filter.h"
#include "archive/tree.h"
#include "crypto/suite.h"
#include <string.h>

#define BARREN_MAX ((size_t)1 << 17) /* 9 MiB */

struct finding {
	struct hz_reader *r;
	struct patterns *patterns;
	hz_find_fn fn;
	void *user;
	struct arena *arena; /* of the snapshot at hand */
	hz_snapshot_info info;
	hz_progress progress;
	struct idmap barren;
	uint64_t found, broken;
};

static void finding_release(struct finding *f)
{
	patterns_free(f->patterns);
	arena_free(f->arena);
	idmap_release(&f->barren);
}

/* A list of entries at a path: patterns see both. */
static struct id place_of(const struct finding *f, const struct id *tree, const void *path, size_t len)
{
	const struct iovec parts[] = { { (void *)(uintptr_t)tree->b, ID_LEN }, { (void *)(uintptr_t)path, len } };

	return suite_hash(f->r->repo.log.repo.suite, parts, ARRAY_LEN(parts));
}

static bool is_barren(const struct finding *f, const struct tree *t, const struct entry *e)
{
	struct id key;

	if (f->barren.cap == 0 || !e->has_tree)
		return false;
	key = place_of(f, &e->tree.root, t->path.data, t->path.len);
	return idmap_get(&f->barren, &key, NULL);
}

static int leave(struct finding *f, const struct tree *t, hz_error **err)
{
	struct id key;

	if (t->left.mark[0] != f->found || t->left.mark[1] != t->broken || f->barren.n >= BARREN_MAX)
		return 0;
	key = place_of(f, &t->left.root, t->path.data, t->left.path_len);
	return idmap_add(&f->barren, &key, 0, NULL) < 0 ? err_nomem(err) : 0;
}

static int see(struct finding *f, struct tree *t, const struct entry *e, hz_error **err)
{
	const char *path = (const char *)t->path.data;
	bool is_dir = S_ISDIR(e->mode), entered = false;
	int rc = 0;

	if (patterns_match(f->patterns, path, t->path.len, is_dir)) {
		hz_entry_info i;

		tree_entry_info(&i, &t->path, e);
		f->found++;
		rc = f->fn(f->user, &f->info, &i);
	}
	if (rc != 0 || !is_dir || !patterns_may_match_below(f->patterns, path, t->path.len) || is_barren(f, t, e))
		return rc;
	rc = tree_enter(t, e, &entered, err);
	if (rc == 0 && entered) {
		t->levels[t->depth - 1].mark[0] = f->found;
		t->levels[t->depth - 1].mark[1] = t->broken;
	}
	return rc;
}

static int walk(struct finding *f, struct tree *t, hz_error **err)
{
	struct entry e;
	int rc = tree_find(t, &e, NULL, err);

	if (rc == 0)
		rc = tree_enter(t, &e, NULL, err);
	while (rc == 0 && (rc = tree_next_tick(t, &e, &f->progress, err)) > 0)
		rc = rc == TREE_LEFT ? leave(f, t, err) : see(f, t, &e, err);
	return rc;
}

static int find_in(struct finding *f, const struct snap *s, hz_error **err)
{
	AUTO_IN(tree_release) struct tree t = { 0 };
	AUTO(hz_error_free) hz_error *why = NULL;
	int rc;

	arena_reset(f->arena);
	rc = snap_info(&f->info, f->arena, s, &why);
	if (rc == 0)
		rc = tree_open(&t, f->r, f->info.id, &why);
	if (rc == 0)
		rc = walk(f, &t, &why);
	f->broken += t.broken > 0;
	if (rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND || rc == HZ_E_TOONEW) {
		job_event(f->r->repo.job, HZ_EVENT_DAMAGE, NULL, 0, "snapshot %.8s: %s", f->info.id,
			hz_error_message(why));
		f->broken++;
		return 0;
	}
	if (rc != 0 && err && !*err)
		*err = TAKE(why);
	return rc;
}

static int find_all(struct finding *f, const hz_snapshot_filter *filter, hz_error **err)
{
	struct hz_reader *r = f->r;
	int rc = reader_load_snaps(r, err);

	for (size_t i = 0; rc == 0 && i < r->n_snaps; i++) {
		if (snapshot_filter_has(filter, &r->snaps[i]))
			rc = find_in(f, &r->snaps[i], err);
	}
	if (rc == 0 && f->broken + r->snaps_damaged > 0)
		rc = err_set(err, HZ_E_CORRUPT,
			"%llu snapshots are damaged, in whole or in part; the rest was searched",
			(unsigned long long)(f->broken + r->snaps_damaged));
	return rc;
}

int hz_find(hz_reader *r, const char *const *patterns, uint64_t n_patterns, const hz_snapshot_filter *filter,
	hz_find_fn fn, void *user, hz_job *job, hz_error **err)
{
	AUTO_IN(finding_release)
	struct finding f = { .r = r, .fn = fn, .user = user, .progress = { .phase = HZ_PHASE_PLAN } };
	hz_snapshot_filter own;
	int rc = snapshot_filter_take(&own, filter, err);

	if (rc == 0)
		rc = patterns_new(&f.patterns, err);
	for (uint64_t i = 0; rc == 0 && i < n_patterns; i++)
		rc = patterns_add(f.patterns, patterns[i], err);
	if (rc == 0)
		rc = arena_new(&f.arena, err);
	if (rc < 0)
		return rc;
	job_begin(job);
	r->repo.job = job;
	rc = find_all(&f, &own, err);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	return rc;
}
