/* SPDX-License-Identifier: BSD-2-Clause */
/* When something was done last, of each source that records name: see hozen/policy.h. */
#include "base/error.h"
#include "report/facts.h"
#include "report/judge.h"
#include <string.h>

/* What counts for a kind. A drill without a source to compare with is one where everything was restored. */
static const struct kind {
	const char *name;
	unsigned levels;
	bool of_source;
} kinds[] = {
	{ "backup", 0, true },
	{ "drill", LEVEL_DRILL | LEVEL_FULL_DRILL, true },
	{ "check", LEVEL_CHECK, false },
	{ "verify", LEVEL_CHECK, false },
	{ "restore", LEVEL_RESTORE, false },
};

struct source {
	const char *repository, *host; /* host NULL: the repository */
	const struct policy_list *paths;
};

struct sources {
	struct source *v;
	size_t n;
};

static const struct policy_list no_paths;

/* Is each of these paths in the others? Those that no record says are in nothing else. */
static bool serves(const struct policy_list *of, const struct policy_list *by)
{
	if (of->n == 0 || by->n == 0)
		return of->n == by->n;
	for (size_t i = 0; i < of->n; i++) {
		bool found = false;

		for (size_t k = 0; k < by->n && !found; k++)
			found = policy_path_is_in(of->v[i], by->v[k]);
		if (!found)
			return false;
	}
	return true;
}

static bool is_same(const struct source *s, const char *repository, const char *host, const struct policy_list *paths)
{
	return strcmp(s->repository, repository) == 0 && s->host && strcmp(s->host, host) == 0 &&
		serves(s->paths, paths) && serves(paths, s->paths);
}

static void take_source(struct sources *l, const char *repository, const char *host, const struct policy_list *paths)
{
	for (size_t i = 0; i < l->n; i++) {
		if (is_same(&l->v[i], repository, host, paths))
			return;
	}
	l->v[l->n++] = (struct source){ repository, host, paths };
}

static bool has_source(const struct sources *l, const char *repository)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].repository, repository) == 0)
			return true;
	}
	return false;
}

static void take_sources(struct sources *l, const hz_facts *f, const struct kind *k, int64_t now)
{
	for (size_t i = 0; k->of_source && i < f->n_copies; i++) {
		const struct fact_copy *c = &f->copies[i];

		if (c->time <= now + DAY)
			take_source(l, c->repository, c->host, &c->paths);
	}
	for (size_t i = 0; k->levels && k->of_source && i < f->n_proofs; i++) {
		const struct fact_proof *p = &f->proofs[i];
		const struct policy_list *paths = facts_paths_of_proof(f, p);

		if (strcmp(p->kind, k->name) == 0 && *p->host && p->time <= now + DAY)
			take_source(l, p->repository, p->host, paths ? paths : &no_paths);
	}
	/* A repository that is known from any record must have one of this kind. */
	for (size_t i = 0; i < f->n_known; i++) {
		if (!has_source(l, f->known[i]))
			l->v[l->n++] = (struct source){ f->known[i], NULL, &no_paths };
	}
}

static void take_time(int64_t *at, int64_t time)
{
	*at = time > *at ? time : *at;
}

static void look_at_copies(hz_fact_last *last, const hz_facts *f, const struct source *s, int64_t now)
{
	for (size_t i = 0; s->host && i < f->n_copies; i++) {
		const struct fact_copy *c = &f->copies[i];

		if (c->time <= now + DAY && strcmp(c->repository, s->repository) == 0 &&
			strcmp(c->host, s->host) == 0 && serves(s->paths, &c->paths))
			take_time(&last->time, c->time);
	}
}

/* Damage of something that may be a part of it. */
static bool is_hit(const hz_facts *f, const struct source *s, const struct fact_proof *p)
{
	for (size_t i = 0; s->host && i < s->paths->n; i++) {
		if (facts_damage_hits(f, p, s->host, s->paths->v[i]))
			return true;
	}
	return !s->host || s->paths->n == 0;
}

static bool is_shown(const hz_facts *f, const struct source *s, const struct fact_proof *p)
{
	const struct policy_list *paths = facts_paths_of_proof(f, p);

	return !s->host || (strcmp(p->host, s->host) == 0 && serves(s->paths, paths ? paths : &no_paths));
}

static void look_at_proofs(
	hz_fact_last *last, const hz_facts *f, const struct kind *k, const struct source *s, int64_t now)
{
	for (size_t i = 0; i < f->n_proofs; i++) {
		const struct fact_proof *p = &f->proofs[i];

		if (strcmp(p->kind, k->name) != 0 || !(p->levels & k->levels) || p->time > now + DAY ||
			strcmp(p->repository, s->repository) != 0)
			continue;
		if (p->damage && is_hit(f, s, p))
			take_time(&last->damage, p->time);
		else if (!p->damage && is_shown(f, s, p))
			take_time(&last->time, p->time);
	}
	if (last->damage < last->time)
		last->damage = 0;
}

static int give(
	const hz_facts *f, const struct kind *k, const struct source *s, int64_t now, hz_fact_last_fn fn, void *user)
{
	hz_fact_last last = { .size = sizeof(last), .repository = s->repository, .host = s->host };

	last.paths = (const char *const *)s->paths->v;
	last.n_paths = s->paths->n;
	if (k->levels)
		look_at_proofs(&last, f, k, s, now);
	else
		look_at_copies(&last, f, s, now);
	return fn(user, &last);
}

int hz_facts_last(const hz_facts *facts, const char *kind, int64_t now, hz_fact_last_fn fn, void *user, hz_error **err)
{
	AUTO_FREE struct source *v = malloc(
		(facts->n_copies + facts->n_proofs + facts->n_known + 1) * sizeof(struct source));
	struct sources l = { .v = v };
	const struct kind *k = NULL;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds) && !k; i++)
		k = strcmp(kinds[i].name, kind) == 0 ? &kinds[i] : NULL;
	if (!k)
		return err_set(err, HZ_E_INVAL, "%.64s is no kind of record that is done again and again", kind);
	if (!v)
		return err_nomem(err);
	take_sources(&l, facts, k, now);
	for (size_t i = 0; i < l.n && rc == 0; i++)
		rc = give(facts, k, &l.v[i], now, fn, user);
	return rc;
}
