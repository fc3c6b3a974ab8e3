/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks two stored trees side by side, in the order of names. Invariant: an entry counts as added or removed only where
 * both lists could be read; what is the same by its id is not read. */
#include "archive/content.h"
#include "archive/diff.h"
#include "archive/tree.h"
#include "crypto/suite.h"
#include <string.h>

/* A folder that is in one of them, or in both. */
struct level {
	struct node_walk *walk[2]; /* NULL: no such folder, empty, or at its end */
	const uint8_t *item[2];    /* read, and not compared yet; NULL: none */
	size_t len[2];
	size_t path_len;
};
struct diff {
	struct tree t[2];
	bool same_group;
	struct hasher *hasher; /* for content of two groups */
	struct buf path;
	struct level *levels;
	size_t depth, cap;
	hz_diff_fn fn;
	void *user;
	hz_job *job;
	hz_diff_result res;
	hz_progress progress;
	uint64_t broken;
};

static void pop(struct diff *d)
{
	struct level *top = &d->levels[--d->depth];

	for (unsigned s = 0; s < 2; s++)
		node_walk_free(top->walk[s]);
}

static void diff_release(struct diff *d)
{
	while (d->depth > 0)
		pop(d);
	free(d->levels);
	buf_release(&d->path);
	hasher_free(d->hasher);
	for (unsigned s = 0; s < 2; s++)
		tree_release(&d->t[s]);
}

static int broken(struct diff *d, int rc, hz_error **why, hz_error **err)
{
	if (rc != HZ_E_CORRUPT && rc != HZ_E_NOTFOUND && rc != HZ_E_TOONEW) {
		if (err && !*err)
			*err = TAKE(*why);
		return rc;
	}
	job_event(d->job, HZ_EVENT_DAMAGE, d->path.len ? d->path.data : NULL, d->path.len, "cannot be compared: %s",
		hz_error_message(*why));
	d->broken++;
	return 0;
}

/* ---- one pair of entries ---- */

static int hash_bytes(void *user, const void *data, size_t len, hz_error **err)
{
	(void)err;
	hasher_update(user, data, len);
	return 0;
}

/* Ids of two groups say nothing of each other: the bytes do. */
static int read_content(struct diff *d, const struct entry *const e[2], uint32_t *fields, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	struct id hash[2];
	int rc = d->hasher ? 0 : hasher_new(&d->hasher, d->t[0].r->repo.log.repo.suite, err);

	for (unsigned s = 0; rc == 0 && s < 2; s++) {
		struct content c = { &d->t[s].nodes, hash_bytes, d->hasher, &d->progress, false, 0 };

		rc = content_read(&c, e[s], &why);
		hash[s] = hasher_final(d->hasher);
		if (rc != 0)
			return broken(d, rc, &why, err);
	}
	if (rc == 0 && !id_eq(&hash[0], &hash[1]))
		*fields |= HZ_DIFF_F_CONTENT;
	return rc;
}

static void count(struct diff *d, uint32_t change, const struct entry *a, const struct entry *b)
{
	hz_diff_result *r = &d->res;
	uint64_t before = a ? a->size : 0, after = b ? b->size : 0;

	if (change == HZ_DIFF_ADDED) {
		r->added++;
		r->added_bytes += after;
	} else if (change == HZ_DIFF_REMOVED) {
		r->removed++;
		r->removed_bytes += before;
	} else if (change == HZ_DIFF_META) {
		r->meta++;
	} else {
		r->content += change == HZ_DIFF_CONTENT;
		r->type += change == HZ_DIFF_TYPE;
		r->before_bytes += before;
		r->after_bytes += after;
	}
}

static int give(struct diff *d, uint32_t change, uint32_t fields, const struct entry *a, const struct entry *b)
{
	hz_difference x = { .size = sizeof(x), .change = change, .fields = fields };
	hz_entry_info before, after;

	if (a)
		tree_entry_info(&before, &d->path, a);
	if (b)
		tree_entry_info(&after, &d->path, b);
	x.before = a ? &before : NULL;
	x.after = b ? &after : NULL;
	count(d, change, a, b);
	return d->fn(d->user, &x);
}

static bool same_tree(const struct diff *d, const struct entry *a, const struct entry *b)
{
	if (!a->has_tree || !b->has_tree)
		return a->has_tree == b->has_tree;
	return d->same_group && id_eq(&a->tree.root, &b->tree.root) && a->tree.level == b->tree.level;
}

/* What is in these folders comes next. */
static int push(struct diff *d, const struct entry *const e[2], hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	struct level *top;
	int rc = 0;

	if (d->depth == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 32;
		struct level *v = realloc(d->levels, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		d->levels = v;
		d->cap = cap;
	}
	top = &d->levels[d->depth++];
	*top = (struct level){ .path_len = d->path.len };
	for (unsigned s = 0; rc == 0 && s < 2; s++) {
		if (e[s] && e[s]->has_tree)
			rc = node_walk_new(
				&top->walk[s], NODE_TREE, &e[s]->tree, reader_get_node, &d->t[s].nodes, &why);
	}
	if (rc == 0)
		return 0;
	pop(d);
	return broken(d, rc, &why, err);
}

static int both(struct diff *d, const struct entry *const e[2], hz_error **err)
{
	uint32_t fields = diff_fields(e[0], e[1], d->same_group);
	int rc = 0;

	if (!d->same_group && S_ISREG(e[0]->mode) && !(fields & HZ_DIFF_F_CONTENT) && e[0]->size > 0)
		rc = read_content(d, e, &fields, err);
	if (rc == 0 && fields)
		rc = give(d, fields & DIFF_CONTENT ? HZ_DIFF_CONTENT : HZ_DIFF_META, fields, e[0], e[1]);
	if (rc == 0 && !same_tree(d, e[0], e[1]))
		rc = push(d, e, err);
	return rc;
}

/* One of them may be NULL. */
static int compare(struct diff *d, const struct entry *const e[2], hz_error **err)
{
	int rc;

	if (e[0] && e[1] && (e[0]->mode & S_IFMT) == (e[1]->mode & S_IFMT))
		return both(d, e, err);
	rc = give(d, !e[0] ? HZ_DIFF_ADDED : !e[1] ? HZ_DIFF_REMOVED : HZ_DIFF_TYPE, 0, e[0], e[1]);
	if (rc == 0 && ((e[0] && e[0]->has_tree) || (e[1] && e[1]->has_tree)))
		rc = push(d, e, err);
	return rc;
}

/* ---- the walk ---- */

/* Reads what is next on one side, if it is not there yet. */
static int fetch(struct level *top, unsigned s, hz_error **err)
{
	int rc;

	if (top->item[s] || !top->walk[s])
		return 0;
	rc = node_walk_next(top->walk[s], &top->item[s], &top->len[s], err);
	if (rc != 1)
		top->item[s] = NULL;
	if (rc == 0)
		node_walk_free(TAKE(top->walk[s]));
	return rc < 0 ? rc : 0;
}

static int order(const struct entry *a, const struct entry *b)
{
	size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
	int c = memcmp(a->name, b->name, n);

	return c ? c : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

/* The next name: its entry on each side that has it. */
static int next_pair(struct diff *d, struct level *top, struct entry e[2], bool has[2], hz_error **err)
{
	int rc = 0, c;

	for (unsigned s = 0; rc == 0 && s < 2; s++) {
		rc = fetch(top, s, err);
		has[s] = rc == 0 && top->item[s];
		if (!has[s])
			continue;
		arena_reset(d->t[s].arena);
		rc = entry_decode(&e[s], d->t[s].arena, top->item[s], top->len[s], err);
	}
	if (rc < 0 || !has[0] || !has[1])
		return rc;
	c = order(&e[0], &e[1]);
	has[0] = c <= 0;
	has[1] = c >= 0;
	return 0;
}

static int step(struct diff *d, hz_error **err)
{
	struct level *top = &d->levels[d->depth - 1];
	AUTO(hz_error_free) hz_error *why = NULL;
	struct entry e[2];
	bool has[2] = { false, false };
	int rc = next_pair(d, top, e, has, &why);

	if (rc < 0) {
		/* Without the whole list nothing can be said of what comes: not even that it is new. */
		d->path.len = top->path_len;
		pop(d);
		return broken(d, rc, &why, err);
	}
	if (!has[0] && !has[1]) {
		pop(d);
		return 0;
	}
	for (unsigned s = 0; s < 2; s++)
		top->item[s] = has[s] ? NULL : top->item[s];
	rc = tree_set_path(
		&d->path, top->path_len, has[0] ? e[0].name : e[1].name, has[0] ? e[0].name_len : e[1].name_len, err);
	if (rc < 0)
		return rc;
	d->progress.files_done++;
	return compare(d, (const struct entry *[2]){ has[0] ? &e[0] : NULL, has[1] ? &e[1] : NULL }, err);
}

/* Where it begins: the path in both, or in one of them. */
static int begin(struct diff *d, const char *path, hz_error **err)
{
	const struct entry *e[2] = { NULL, NULL };
	struct entry at[2];

	for (unsigned s = 0; s < 2; s++) {
		AUTO(hz_error_free) hz_error *why = NULL;
		int rc = tree_find(&d->t[s], &at[s], path, &why);

		if (rc < 0 && (rc != HZ_E_NOTFOUND || (s == 1 && !e[0]))) {
			if (err && !*err)
				*err = TAKE(why);
			return rc;
		}
		if (rc < 0)
			continue;
		e[s] = &at[s];
		d->path.len = 0;
		if (d->t[s].path.len > 0 && tree_set_path(&d->path, 0, d->t[s].path.data, d->t[s].path.len, err) < 0)
			return HZ_E_NOMEM;
	}
	/* The root has no name to be told under. */
	if (d->path.len > 0)
		return compare(d, e, err);
	return same_tree(d, e[0], e[1]) ? 0 : push(d, e, err);
}

static int run(struct diff *d, const char *const id[2], const char *path, hz_error **err)
{
	int rc = 0;

	for (unsigned s = 0; rc == 0 && s < 2; s++)
		rc = tree_open(&d->t[s], d->t[s].r, id[s], err);
	if (rc < 0)
		return rc;
	d->same_group = d->t[0].nodes.g == d->t[1].nodes.g;
	if (!d->same_group) {
		rc = content_need(d->t[0].r, err);
		if (rc < 0)
			return err_wrap(err, rc, "snapshots of two groups");
	}
	rc = begin(d, path, err);
	while (rc == 0 && d->depth > 0) {
		rc = step(d, err);
		if (rc == 0 && job_tick(d->job, &d->progress) != 0)
			rc = job_check(d->job, err);
	}
	if (rc == 0 && d->broken > 0)
		rc = err_set(err, HZ_E_CORRUPT, "%llu files or folders are damaged and were not compared",
			(unsigned long long)d->broken);
	return rc;
}

int hz_diff(hz_reader *r, const char *before, const char *after, const char *path, hz_diff_fn fn, void *user,
	hz_job *job, hz_diff_result *result, hz_error **err)
{
	AUTO_IN(diff_release)
	struct diff d = { .t = { { .r = r }, { .r = r } },
		.path = BUF_INIT,
		.fn = fn,
		.user = user,
		.job = job,
		.res = HZ_DIFF_RESULT_INIT,
		.progress = { .phase = HZ_PHASE_PLAN } };
	int rc;

	job_begin(job);
	r->repo.job = job;
	rc = run(&d, (const char *[2]){ before, after }, path, err);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	if (result) {
		d.res.size = result->size;
		memcpy(result, &d.res, d.res.size < sizeof(d.res) ? d.res.size : sizeof(d.res));
	}
	return rc;
}
