/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of facts: which paths something is about, and whether a snapshot's tree has them (facts.h). */
#include "base/error.h"
#include "report/facts.h"
#include "report/judge.h"
#include <string.h>

bool facts_has_opened(const hz_facts *f, const char *repository)
{
	for (size_t i = 0; i < f->n_opened; i++) {
		if (strcmp(f->opened[i], repository) == 0)
			return true;
	}
	return false;
}

const struct policy_list *facts_paths_of(const hz_facts *f, const char *snapshot)
{
	for (size_t i = 0; *snapshot && i < f->n_copies; i++) {
		if (f->copies[i].paths.n > 0 && strcmp(f->copies[i].snapshot, snapshot) == 0)
			return &f->copies[i].paths;
	}
	return NULL;
}

const struct policy_list *facts_paths_of_proof(const hz_facts *f, const struct fact_proof *p)
{
	return p->paths.n > 0 ? &p->paths : facts_paths_of(f, p->snapshot);
}

bool facts_damage_hits(const hz_facts *f, const struct fact_proof *p, const char *host, const char *path)
{
	const struct policy_list *paths = facts_paths_of_proof(f, p);

	if (*p->host && strcmp(p->host, host) != 0)
		return false;
	for (size_t i = 0; paths && i < paths->n; i++) {
		if (policy_path_is_in(path, paths->v[i]))
			return true;
	}
	return !paths || !*p->host;
}

bool facts_looked(const struct fact_copy *c, const char *path, enum fact_found *found)
{
	for (unsigned i = 0; i < FOUND_COUNT; i++) {
		if (policy_list_has(&c->looked[i], path)) {
			*found = (enum fact_found)i;
			return true;
		}
	}
	return false;
}

/* ---- looking into trees ---- */

struct looking {
	hz_facts *f;
	hz_facts_path_fn fn;
	void *user;
	int64_t now;
	struct slot slot;
	struct fact_copy **v; /* copies that may have it, by time */
	size_t n;
};

/* The longest of the paths that were given in which it lies. */
static const char *folder_of(const struct fact_copy *c, const char *path)
{
	const char *found = NULL;

	for (size_t i = 0; i < c->paths.n; i++) {
		const char *p = c->paths.v[i];

		if (policy_path_is_in(path, p) && (!found || strlen(p) > strlen(found)))
			found = p;
	}
	return found;
}

/* FOUND_*, or an error. */
static int look(const struct looking *l, struct fact_copy *c, hz_error **err)
{
	enum fact_found known;
	int found;

	if (facts_looked(c, l->slot.path, &known))
		return (int)known;
	found = l->fn(l->user, c->snapshot, folder_of(c, l->slot.path), l->slot.path, c->paths.n);
	if (found < 0)
		return found;
	if (found >= FOUND_COUNT)
		found = FOUND_UNKNOWN;
	return facts_list_add(&c->looked[found], l->slot.path) ? found : err_nomem(err);
}

static bool is_drilled(const hz_facts *f, const char *snapshot)
{
	for (size_t i = 0; i < f->n_proofs; i++) {
		if (strcmp(f->proofs[i].snapshot, snapshot) == 0)
			return true;
	}
	return false;
}

/* The newest, back over the days in which gaps are looked for and to the one before; the oldest; those of drills.
 * Nothing else is asked for, and each look reads a part of a tree. */
static int look_at_slot(const struct looking *l, hz_error **err)
{
	int found = FOUND_NOT;

	for (size_t i = l->n; i-- > 0 && found >= 0;) {
		found = look(l, l->v[i], err);
		if (found == FOUND_THERE && l->v[i]->time < l->now - (KEPT_DAYS + 1) * DAY)
			break;
	}
	for (size_t i = 0; i < l->n && found >= 0; i++) {
		found = look(l, l->v[i], err);
		if (found == FOUND_THERE)
			break;
	}
	for (size_t i = 0; i < l->n && found >= 0; i++) {
		if (is_drilled(l->f, l->v[i]->snapshot))
			found = look(l, l->v[i], err);
	}
	return found < 0 ? found : 0;
}

static int by_time(const void *a, const void *b)
{
	const struct fact_copy *x = *(const struct fact_copy *const *)a, *y = *(const struct fact_copy *const *)b;

	return (x->time > y->time) - (x->time < y->time);
}

static int look_for(struct looking *l, const char *repository, hz_error **err)
{
	l->n = 0;
	for (size_t i = 0; i < l->f->n_copies; i++) {
		struct fact_copy *c = &l->f->copies[i];

		if (c->in_repository && strcmp(c->repository, repository) == 0 && strcmp(c->host, l->slot.host) == 0 &&
			folder_of(c, l->slot.path))
			l->v[l->n++] = c;
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(struct fact_copy *), by_time);
	return look_at_slot(l, err);
}

int hz_facts_look_up(hz_facts *f, const hz_policy *policy, const char *repository, int64_t now, hz_facts_path_fn fn,
	void *user, hz_error **err)
{
	AUTO_FREE struct fact_copy **v = malloc((f->n_copies + 1) * sizeof(*v));
	struct looking l = { .f = f, .fn = fn, .user = user, .now = now, .v = v };
	int rc = v ? 0 : err_nomem(err);

	for (size_t i = 0; rc == 0 && i < policy->n_systems; i++) {
		const struct policy_system *s = &policy->systems[i];

		if (!policy_system_has(policy, s, repository))
			continue;
		for (size_t k = 0; rc == 0 && k < s->hosts.n * s->paths.n; k++) {
			l.slot = (struct slot){ s->hosts.v[k / s->paths.n], s->paths.v[k % s->paths.n] };
			rc = look_for(&l, repository, err);
		}
	}
	return rc;
}
