/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy as it was read: docs/evidence/POLICY.md. */
#ifndef REPORT_POLICY_H
#define REPORT_POLICY_H

#include "base/auto.h"
#include "base/id.h"
#include "hozen/policy.h"
#include <stdbool.h>

#define POLICY_MAX              ((size_t)256 << 10)
#define POLICY_SYSTEMS_MAX      64u /* so that what is said of them fits into a record */
#define POLICY_REPOSITORIES_MAX 64u
#define POLICY_LIST_MAX         64u /* values of one key that may be repeated */
#define POLICY_NAME_MAX         40u /* of a section; inih would cut longer ones */

struct policy_list {
	char **v;
	size_t n;
};

struct policy_repository {
	char *name, *id, *location, *key_file, *site;
	bool offline, immutable;
	int64_t max_age, key_age; /* seconds, here and below; 0: not given */
};

struct policy_system {
	char *name, *owner;
	struct policy_list hosts, paths, assets, repositories, approvers;
	int64_t rpo, rto, retention, check, sample, read, drill, full_drill, key_age;
	int64_t copies;
	int64_t review; /* 0: that of the policy */
	bool offline_copy;
};

struct hz_policy {
	char *id, *version, *owner;
	struct policy_list approvers;
	int64_t approved, review;
	bool two_persons;
	struct policy_repository *repositories;
	size_t n_repositories;
	struct policy_system *systems;
	size_t n_systems;
	char sha256[ID_HEX_LEN + 1];
};
DEFINE_AUTO(hz_policy, hz_policy_free)

/* The text of a policy file; name is for messages. HZ_E_INVAL, HZ_E_NOMEM. */
int policy_parse(hz_policy **policy, const char *text, size_t len, const char *name, hz_error **err);

/* NULL: none of this name. */
const struct policy_repository *policy_repository(const hz_policy *p, const char *name);
/* Is path below folder, or the folder? Both absolute. */
bool policy_path_is_in(const char *path, const char *folder);
bool policy_list_has(const struct policy_list *l, const char *text);
/* Does the system have the repository of this id? */
bool policy_system_has(const hz_policy *p, const struct policy_system *s, const char *repository_id);

#endif
