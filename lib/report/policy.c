/* SPDX-License-Identifier: BSD-2-Clause */
/* The public side of a policy that was read: see policy.h. */
#include "report/policy.h"
#include "base/options.h"
#include "base/vfs.h"
#include "crypto/digest.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static void list_free(struct policy_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static void system_free(struct policy_system *s)
{
	free(s->name);
	free(s->owner);
	list_free(&s->hosts);
	list_free(&s->paths);
	list_free(&s->assets);
	list_free(&s->repositories);
	list_free(&s->approvers);
}

void hz_policy_free(hz_policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_repositories; i++) {
		struct policy_repository *r = &p->repositories[i];

		free(r->name);
		free(r->id);
		free(r->location);
		free(r->key_file);
		free(r->site);
	}
	for (size_t i = 0; i < p->n_systems; i++)
		system_free(&p->systems[i]);
	free(p->repositories);
	free(p->systems);
	list_free(&p->approvers);
	free(p->id);
	free(p->version);
	free(p->owner);
	free(p);
}

int hz_policy_open(hz_policy **policy, const char *path, hz_error **err)
{
	AUTO(hz_policy_free) hz_policy *p = NULL;
	AUTO_FREE uint8_t *text = NULL;
	struct id hash;
	size_t len;
	int rc = crypto_init(err);

	if (rc == 0)
		rc = err_wrap(
			err, vfs_read_file(&text, &len, AT_FDCWD, path, POLICY_MAX, false, err), "policy %s", path);
	if (rc == 0)
		rc = policy_parse(&p, (const char *)text, len, path, err);
	if (rc < 0)
		return rc;
	hash = sha256(text, len);
	memcpy(p->sha256, id_hex(&hash).s, sizeof(p->sha256));
	*policy = TAKE(p);
	return 0;
}

const struct policy_repository *policy_repository(const hz_policy *p, const char *name)
{
	for (size_t i = 0; i < p->n_repositories; i++) {
		if (strcmp(p->repositories[i].name, name) == 0)
			return &p->repositories[i];
	}
	return NULL;
}

bool policy_path_is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (strcmp(folder, "/") == 0)
		return path[0] == '/';
	return strncmp(path, folder, len) == 0 && (path[len] == '/' || !path[len]);
}

bool policy_list_has(const struct policy_list *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i], text) == 0)
			return true;
	}
	return false;
}

bool policy_system_has(const hz_policy *p, const struct policy_system *s, const char *repository_id)
{
	for (size_t i = 0; i < s->repositories.n; i++) {
		if (strcmp(policy_repository(p, s->repositories.v[i])->id, repository_id) == 0)
			return true;
	}
	return false;
}

int hz_policy_info_get(const hz_policy *p, hz_policy_info *info, hz_error **err)
{
	hz_policy_info i = HZ_POLICY_INFO_INIT;

	if (info->size < sizeof(info->size))
		return err_set(err, HZ_E_INVAL, "hz_policy_info: its size is not set");
	i.two_persons = p->two_persons;
	i.id = p->id;
	i.version = p->version;
	i.owner = p->owner;
	memcpy(i.sha256, p->sha256, sizeof(p->sha256));
	i.systems = p->n_systems;
	i.repositories = p->n_repositories;
	i.approved = p->approved;
	i.review = p->review;
	result_give(info, &i, sizeof(i));
	return 0;
}

int hz_policy_repository_get(const hz_policy *p, uint64_t i, hz_policy_repository *repository, hz_error **err)
{
	hz_policy_repository out = HZ_POLICY_REPOSITORY_INIT;
	const struct policy_repository *r;

	if (i >= p->n_repositories)
		return err_set(err, HZ_E_NOTFOUND, "the policy has %zu repositories", p->n_repositories);
	r = &p->repositories[i];
	out.name = r->name;
	out.id = r->id;
	out.location = r->location;
	out.key_file = r->key_file;
	out.site = r->site;
	out.offline = r->offline;
	out.immutable = r->immutable;
	result_give(repository, &out, sizeof(out));
	return 0;
}

static bool is_of(const hz_policy *p, const struct policy_system *s, const char *repository, const char *host,
	const char *const *paths, uint64_t n_paths)
{
	if (!policy_system_has(p, s, repository) || !policy_list_has(&s->hosts, host))
		return false;
	for (uint64_t i = 0; i < n_paths; i++) {
		for (size_t j = 0; j < s->paths.n; j++) {
			if (policy_path_is_in(s->paths.v[j], paths[i]) || policy_path_is_in(paths[i], s->paths.v[j]))
				return true;
		}
	}
	return false;
}

int hz_policy_limits_of(const hz_policy *p, const char *system, const char *repository, const char *host,
	const char *const *paths, uint64_t n_paths, hz_policy_limits *limits, hz_error **err)
{
	hz_policy_limits l = HZ_POLICY_LIMITS_INIT;
	const struct policy_system *found = NULL;

	for (size_t i = 0; i < p->n_systems; i++) {
		const struct policy_system *s = &p->systems[i];

		if (system ? strcmp(s->name, system) != 0 : !is_of(p, s, repository, host, paths, n_paths))
			continue;
		if (found)
			return err_set(err, HZ_E_INVAL, "the policy has several systems for this: %s and %s",
				found->name, s->name);
		found = s;
	}
	if (!found)
		return system
			? err_set(err, HZ_E_NOTFOUND, "the policy has no system %.64s", system)
			: err_set(err, HZ_E_NOTFOUND, "the policy has no system for this repository, host and path");
	l.system = found->name;
	l.owner = found->owner;
	l.rpo = found->rpo;
	l.rto = found->rto ? found->rto : -1;
	result_give(limits, &l, sizeof(l));
	return 0;
}
