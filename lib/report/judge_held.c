/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a copy has. That a path lies in one that was given to the backup shows nothing: it may have been missing, or
 * left out. The tree of the snapshot shows it; a record shows it of a path that was given itself, unless it says that
 * just this, or what is above it, could not be read.
 */
#include "report/judge.h"
#include <string.h>

/* Was it given itself (YES), or does it lie below what was (UNKNOWN)? */
static enum held given(const struct policy_list *paths, const char *path)
{
	enum held held = HELD_NOT;

	for (size_t i = 0; paths && i < paths->n; i++) {
		if (strcmp(paths->v[i], path) == 0)
			return HELD_YES;
		if (policy_path_is_in(path, paths->v[i]))
			held = HELD_UNKNOWN;
	}
	return held;
}

/* Is it, or something above it, in this list? */
static bool is_named(const struct policy_list *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++) {
		if (policy_path_is_in(path, l->v[i]))
			return true;
	}
	return false;
}

/* A path that was given relative to a folder fails under a name that is the end of its own. */
static bool has_failed(const struct fact_copy *c, const char *path)
{
	if (is_named(&c->failed, path))
		return true;
	for (size_t i = 0; i < c->failed.n; i++) {
		const char *f = c->failed.v[i];
		size_t len = strlen(f);

		for (size_t k = 0; k < c->paths.n; k++) {
			const char *given_path = c->paths.v[k];
			size_t n = strlen(given_path);

			if (n > len && strcmp(given_path + n - len, f) == 0 && policy_path_is_in(path, given_path))
				return true;
		}
	}
	return false;
}

const struct fact_copy *judge_record_of(const struct judging *j, const struct fact_copy *c)
{
	for (size_t i = 0; i < j->f->n_copies; i++) {
		const struct fact_copy *o = &j->f->copies[i];

		if (!o->in_repository && strcmp(o->snapshot, c->snapshot) == 0 &&
			strcmp(o->repository, c->repository) == 0)
			return o;
	}
	return NULL;
}

static enum held by_record(const struct slot *s, const struct fact_copy *c)
{
	enum held held = given(&c->paths, s->path);

	if (held != HELD_NOT && has_failed(c, s->path))
		return HELD_NOT;
	return held == HELD_YES && c->failed_cut ? HELD_UNKNOWN : held;
}

static enum held by_tree(const struct judging *j, const struct slot *s, const struct fact_copy *c)
{
	const struct fact_copy *record;
	enum fact_found found;

	if (given(&c->paths, s->path) == HELD_NOT)
		return HELD_NOT;
	/* Of a folder that could not be read the tree has the name. */
	record = c->complete ? NULL : judge_record_of(j, c);
	if (record && has_failed(record, s->path))
		return HELD_NOT;
	if (!facts_looked(c, s->path, &found) || found == FOUND_UNKNOWN)
		return HELD_UNKNOWN;
	return found == FOUND_THERE ? HELD_YES : HELD_NOT;
}

enum held judge_held(const struct judging *j, const struct slot *s, const struct fact_copy *c)
{
	if (strcmp(s->host, c->host) != 0)
		return HELD_NOT;
	return c->in_repository ? by_tree(j, s, c) : by_record(s, c);
}

enum held judge_drilled(const struct judging *j, const struct slot *s, const struct fact_proof *p)
{
	enum held own, best = HELD_UNKNOWN;
	bool known = false;

	if (strcmp(s->host, p->host) != 0)
		return HELD_NOT;
	/* The tree of the snapshot, where it was looked into; else the record of its backup. */
	for (size_t i = 0; *p->snapshot && i < j->f->n_copies; i++) {
		const struct fact_copy *c = &j->f->copies[i];

		if (strcmp(c->snapshot, p->snapshot) != 0 || strcmp(c->repository, p->repository) != 0)
			continue;
		own = judge_held(j, s, c);
		if (own == HELD_NOT)
			return HELD_NOT;
		best = own > best ? own : best;
		known = true;
	}
	own = p->paths.n > 0 ? given(&p->paths, s->path) : HELD_UNKNOWN;
	if (own == HELD_NOT || is_named(&p->absent, s->path))
		return HELD_NOT;
	return known ? best : own;
}
