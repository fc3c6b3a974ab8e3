/* SPDX-License-Identifier: BSD-2-Clause */
/* Which records are about which system: see system.h. */
#include "view/system.h"
#include "view/system_judge.h"
#include <string.h>

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* A check or verification is of a whole repository, whoever's data is in it. */
static bool is_of_repository(const struct view_fact *f)
{
	return fact_is(f, "check") || fact_is(f, "verify");
}

static bool is_about_data(const struct view_fact *f)
{
	return fact_is(f, "backup") || fact_is(f, "drill") || fact_is(f, "restore");
}

bool systems_has(const struct view_systems *s, size_t system, size_t fact)
{
	return s->member[system * s->n_facts + fact];
}

static bool cites(const struct json_value *system, const char *uuid)
{
	const struct json_value *checks = json_get(system, "checks");

	for (size_t i = 0; i < json_list_len(checks); i++) {
		if (list_has(json_get(json_list_at(checks, i), "records"), uuid))
			return true;
	}
	return false;
}

/* Of the hosts, paths and repositories that the policy names; a record that names no path may be about each. */
static bool is_of_policy(const struct json_value *policy, const struct view_fact *o)
{
	const struct json_value *paths = json_get(policy, "paths");

	if (!list_has(json_get(policy, "repository_ids"), o->repository))
		return false;
	if (is_of_repository(o))
		return true;
	/* Damage of data of which nobody knows whose it is may be of these. */
	if (!is_about_data(o) || (o->host && !list_has(json_get(policy, "hosts"), o->host)))
		return false;
	for (size_t i = 0; i < json_list_len(o->paths); i++) {
		const char *path = json_text(json_list_at(o->paths, i));

		for (size_t k = 0; path && k < json_list_len(paths); k++) {
			const char *of = json_text(json_list_at(paths, k));

			if (of && (path_is_in(path, of) || path_is_in(of, path)))
				return true;
		}
	}
	return json_list_len(o->paths) == 0;
}

/* Records of earlier versions do not name hosts and paths: then whatever is of the same source as one that is cited. */
static void tie_cited(unsigned char *member, const struct view_facts *f, const struct view_fact *cited)
{
	for (size_t m = 0; is_about_data(cited) && m < f->n; m++) {
		const struct view_fact *o = &f->list[m];

		if (o->trusted && same(o->repository, cited->repository) &&
			(is_of_repository(o) ||
				(is_about_data(o) && same(o->host, cited->host) && fact_paths_in(o, cited) &&
					fact_paths_in(cited, o))))
			member[m] = 1;
	}
}

static void tie_policy(struct view_systems *s, size_t k, const struct view_facts *f)
{
	const struct json_value *policy = s->list[k].policy;
	unsigned char *member = s->member + k * s->n_facts;
	bool named = json_is_list(json_get(policy, "hosts"));

	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (!o->trusted)
			continue;
		if (named && is_of_policy(policy, o))
			member[i] = 1;
		if (!cites(policy, o->uuid))
			continue;
		member[i] = 1;
		if (!named)
			tie_cited(member, f, o);
	}
}

static void tie_source(struct view_systems *s, size_t k, const struct view_facts *f)
{
	const struct view_system *sys = &s->list[k];

	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (o->trusted && same(o->repository, sys->repository) &&
			(is_of_repository(o) || (is_about_data(o) && (!o->host || same(o->host, sys->host)))))
			s->member[k * s->n_facts + i] = 1;
	}
}

static bool is_listed(const struct view_systems *s, const struct view_fact *f)
{
	for (size_t i = 0; i < s->n; i++) {
		if (same(s->list[i].host, f->host) && same(s->list[i].repository, f->repository))
			return true;
	}
	return false;
}

/* The newest trusted policy record that has systems. */
static const struct view_fact *newest_policy(const struct view_facts *f)
{
	for (size_t i = f->n; i-- > 0;) {
		if (f->list[i].trusted && fact_is(&f->list[i], "policy") &&
			json_list_len(json_get(f->list[i].result, "systems")) > 0)
			return &f->list[i];
	}
	return NULL;
}

static size_t count_sources(struct view_systems *s, struct view_doc *d, const struct view_facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (!o->trusted || !fact_is(o, "backup") || !o->host || !o->repository || is_listed(s, o))
			continue;
		s->list[s->n++] = (struct view_system){ .host = o->host,
			.repository = o->repository,
			.name = doc_format(
				d, lang_say(&d->lang, N_("%s in repository %.8s")), o->host, o->repository) };
	}
	return s->n;
}

static void take_policy(struct view_systems *s, struct view_doc *d)
{
	const struct json_value *list = json_get(s->policy->result, "systems");

	for (size_t i = 0; i < json_list_len(list); i++) {
		const struct json_value *v = json_list_at(list, i);
		struct view_system *sys = &s->list[s->n++];

		*sys = (struct view_system){ .policy = v };
		sys->name = doc_text(d, json_text(json_get(v, "name")));
		sys->owner = json_text(json_get(v, "owner"));
		(void)json_number(json_get(v, "rpo_s"), &sys->rpo);
		(void)json_number(json_get(v, "rto_s"), &sys->rto);
	}
}

int systems_find(struct view_systems *s, struct view_doc *d, const struct view_facts *f, hz_error **err)
{
	size_t room;

	*s = (struct view_systems){ .policy = newest_policy(f), .n_facts = f->n };
	room = s->policy ? json_list_len(json_get(s->policy->result, "systems")) : f->n;
	s->list = calloc(room + 1, sizeof(*s->list));
	if (!s->list)
		return err_nomem(err);
	if (s->policy)
		take_policy(s, d);
	else
		(void)count_sources(s, d, f);
	s->member = calloc(s->n * f->n + 1, 1);
	if (!s->member)
		return err_nomem(err);
	for (size_t k = 0; k < s->n; k++) {
		if (s->policy)
			tie_policy(s, k, f);
		else
			tie_source(s, k, f);
		if (system_judge(s, k, &d->lang, f) < 0)
			return err_nomem(err);
	}
	return 0;
}

void systems_release(struct view_systems *s)
{
	free(s->list);
	free(s->member);
	*s = (struct view_systems){ 0 };
}
