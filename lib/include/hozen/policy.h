/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backup policy, and whether facts show that it is kept (docs/evidence/POLICY.md). ISO/IEC 27001 Annex A 8.13, 8.24,
 * 5.33; clauses 9.1 and 9.2.
 *
 *	hz_policy *policy = NULL;
 *	hz_facts *facts = NULL;
 *	hz_policy_result *result = NULL;
 *	hz_error *err = NULL;
 *
 *	hz_policy_open(&policy, "/etc/hozen/policy.ini", &err);
 *	hz_facts_new(&facts, &err);
 *	hz_policy_evaluate(&result, policy, facts, NULL, 1796083200, &err);
 *	hz_policy_result_free(result);
 *	hz_facts_free(facts);
 *	hz_policy_free(policy);
 *
 * Nothing here opens a repository or an evidence folder: facts come from those who did. One thread at a time for each
 * object; a policy that nobody frees may be read by several.
 */
#ifndef HOZEN_POLICY_H
#define HOZEN_POLICY_H

#include "hozen/evidence.h"
#include "hozen/repo.h"
#include "hozen/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the policy ---- */

typedef struct hz_policy hz_policy;
/* Reads a policy file of at most 256 KiB. HZ_E_INVAL: it is none, with the line and what is expected there;
 * HZ_E_NOTFOUND, HZ_E_IO, HZ_E_NOMEM. Since: 0.1 */
HZ_API int hz_policy_open(hz_policy **policy, const char *path, hz_error **err);
HZ_API void hz_policy_free(hz_policy *policy);

/* Texts live as long as the policy. */
typedef struct hz_policy_info {
	uint32_t size;
	uint32_t two_persons; /* 1: no medium is erased without another person's approval, and none validated by one
				 person */
	const char *id, *version, *owner; /* version: NULL where none is given */
	char sha256[HZ_ID_HEX];           /* of the file's bytes */
	uint64_t systems, repositories;
	int64_t approved, review; /* seconds since 1970, UTC: the beginning of the day */
} hz_policy_info;
#define HZ_POLICY_INFO_INIT                                        \
	{                                                          \
		sizeof(hz_policy_info), 0, 0, 0, 0, "", 0, 0, 0, 0 \
	}
HZ_API int hz_policy_info_get(const hz_policy *policy, hz_policy_info *info, hz_error **err);

typedef struct hz_policy_repository {
	uint32_t size;
	uint32_t offline, immutable; /* 1: the policy says so */
	uint32_t reserved;
	const char *name, *id;
	const char *location, *key_file, *site; /* NULL: not given */
} hz_policy_repository;
#define HZ_POLICY_REPOSITORY_INIT                                    \
	{                                                            \
		sizeof(hz_policy_repository), 0, 0, 0, 0, 0, 0, 0, 0 \
	}
/* The i-th of them. HZ_E_NOTFOUND: there are fewer. */
HZ_API int hz_policy_repository_get(
	const hz_policy *policy, uint64_t i, hz_policy_repository *repository, hz_error **err);

/* What a system is allowed; -1: the policy does not say. */
typedef struct hz_policy_limits {
	uint32_t size;
	uint32_t reserved;
	const char *system, *owner;
	int64_t rpo, rto; /* seconds */
} hz_policy_limits;
#define HZ_POLICY_LIMITS_INIT                             \
	{                                                 \
		sizeof(hz_policy_limits), 0, 0, 0, -1, -1 \
	}
/* Of the system of this name, or with NULL of the one that has the repository (its id), the host, and one of the paths.
 * HZ_E_NOTFOUND: none; HZ_E_INVAL: more than one, and the message names them. Since: 0.1 */
HZ_API int hz_policy_limits_of(const hz_policy *policy, const char *system, const char *repository, const char *host,
	const char *const *paths, uint64_t n_paths, hz_policy_limits *limits, hz_error **err);

/* Reads "90m", "26h", "30d", "2w": a number from 1 to 100000 with s, m, h, d or w. HZ_E_INVAL. Since: 0.1 */
HZ_API int hz_duration(int64_t *seconds, const char *text, hz_error **err);

/* ---- assets ---- */

typedef struct hz_assets hz_assets;
/* Reads a list of assets: CSV as in RFC 4180, UTF-8 with or without a byte order mark, at most 16 MiB and 100000 rows,
 * its first row the names of columns: asset (or 資産名), and where there are such host (ホスト名) and path (パス);
 * others are passed over. HZ_E_INVAL: it is none, with the line; HZ_E_NOTFOUND, HZ_E_IO, HZ_E_NOMEM. Since: 0.1 */
HZ_API int hz_assets_open(hz_assets **assets, const char *path, hz_error **err);
HZ_API void hz_assets_free(hz_assets *assets);
/* Of the file's bytes; borrowed. */
HZ_API const char *hz_assets_sha256(const hz_assets *assets);

/* ---- facts ---- */

typedef struct hz_facts hz_facts;
HZ_API int hz_facts_new(hz_facts **facts, hz_error **err);
HZ_API void hz_facts_free(hz_facts *facts);
/* A record that was verified. Only one whose signer is trusted becomes a fact; others are counted. HZ_E_NOMEM. */
HZ_API int hz_facts_add_record(hz_facts *facts, const hz_report *report, hz_error **err);
/* From here on the facts say what really is in the repository of this id: what was added of it and nothing else. */
HZ_API int hz_facts_add_repository(hz_facts *facts, const char *repository, hz_error **err);
HZ_API int hz_facts_add_snapshot(
	hz_facts *facts, const char *repository, const hz_snapshot_info *snapshot, hz_error **err);
HZ_API int hz_facts_add_key(hz_facts *facts, const char *repository, const hz_key_info *key, hz_error **err);
/* Is path in this snapshot? folder: of the n_folders paths that were given to its backup the one in which path lies,
 * all absolute; a path that was given relative to a folder is stored without the way to it. 0: no; 1: yes; 2: nobody
 * can say; negative stops, and is returned. */
typedef int (*hz_facts_path_fn)(
	void *user, const char *snapshot, const char *folder, const char *path, uint64_t n_folders);
/* Asks fn for each path of the policy's systems, of those snapshots of the repository (added before) that the
 * evaluation at the time now looks at; a snapshot that nobody was asked about does not show that it has the path.
 * HZ_E_NOMEM. Since: 0.1 */
HZ_API int hz_facts_look_up(hz_facts *facts, const hz_policy *policy, const char *repository, int64_t now,
	hz_facts_path_fn fn, void *user, hz_error **err);
/* When something was done last, by records, of one source: what a host backs up together into one repository. */
typedef struct hz_fact_last {
	uint32_t size;
	uint32_t reserved;
	const char *repository;
	const char *host;         /* NULL: of the repository as a whole */
	const char *const *paths; /* none: of all of them, or no record says */
	uint64_t n_paths;
	int64_t time;   /* seconds since 1970; 0: never */
	int64_t damage; /* when damage was found, and nothing was shown to be good since; 0: it was not */
} hz_fact_last;
/* Non-zero stops and is returned. */
typedef int (*hz_fact_last_fn)(void *user, const hz_fact_last *last);
/* kind: "backup", "drill": of each source that a backup or drill names, and which a later one with these paths and more
 * serves as well; "check", "verify", "restore": of each repository that any record names. What counts as done is the
 * rule of docs/evidence/POLICY.md; what lies more than a day after now counts as nothing. HZ_E_INVAL: another kind;
 * HZ_E_NOMEM. Since: 0.1 */
HZ_API int hz_facts_last(
	const hz_facts *facts, const char *kind, int64_t now, hz_fact_last_fn fn, void *user, hz_error **err);
/* Records that did not count, for their signer is not trusted. */
HZ_API uint64_t hz_facts_untrusted(const hz_facts *facts);

/* ---- verdicts ---- */

/* From good to bad. */
enum {
	HZ_POLICY_MET = 0,           /* a fact shows it */
	HZ_POLICY_NOT_EVIDENCED = 1, /* no fact shows it or the contrary */
	HZ_POLICY_OVERDUE = 2,       /* it was to be done again, and was not */
	HZ_POLICY_MISSED = 3         /* a fact shows the contrary */
};
/* "met", "not_evidenced", "overdue", "missed". Static. */
HZ_API const char *hz_policy_status_name(uint32_t status);

typedef struct hz_policy_check {
	uint32_t size;
	uint32_t status;     /* HZ_POLICY_* */
	const char *name;    /* docs/evidence/POLICY.md has the list: "rpo", ... */
	const char *control; /* of ISO/IEC 27001 Annex A */
	const char *target;  /* "the newest copy is at most 24h old" */
	const char *actual;  /* what the facts say */
	/* Both in the language of the process; the others are English, for records. */
	const char *target_local, *actual_local;
	/* The same as numbers, in the check's unit; -1: none. */
	int64_t target_value, actual_value;
	int64_t time; /* of the newest fact, seconds since 1970; 0: none */
	/* The facts: records by UUID with their SHA-256, and snapshots of repositories. At most 20 of each. */
	const char *const *records;
	const char *const *records_sha256;
	uint64_t n_records;
	const char *const *snapshots;
	uint64_t n_snapshots;
} hz_policy_check;

typedef struct hz_policy_system {
	uint32_t size;
	uint32_t status; /* the worst of its checks */
	const char *name, *owner;
	const char *const *repositories; /* names */
	uint64_t n_repositories;
	int64_t rpo, rto; /* -1: none */
	const hz_policy_check *const *checks;
	uint64_t n_checks;
	const char *const *hosts;
	uint64_t n_hosts;
	const char *const *paths;
	uint64_t n_paths;
	const char *const *repository_ids; /* in the order of repositories */
} hz_policy_system;

typedef struct hz_policy_asset {
	uint32_t size;
	uint32_t covered;
	const char *name;
	const char *system; /* that covers it; NULL: none */
	uint32_t status;    /* that of the system */
	uint32_t line;      /* in the list */
} hz_policy_asset;

typedef struct hz_policy_result {
	uint32_t size;
	uint32_t status; /* the worst of all systems */
	const hz_policy_system *const *systems;
	uint64_t n_systems;
	const hz_policy_asset *const *assets;
	uint64_t n_assets, not_covered;
	uint64_t by_status[4]; /* checks */
	int64_t now;
} hz_policy_result;
/* What the facts say of the policy at a time. Nothing but its arguments is looked at. assets may be NULL. The result is
 * the caller's, and lives without the others. HZ_E_NOMEM. Since: 0.1 */
HZ_API int hz_policy_evaluate(hz_policy_result **result, const hz_policy *policy, const hz_facts *facts,
	const hz_assets *assets, int64_t now, hz_error **err);
HZ_API void hz_policy_result_free(hz_policy_result *result);

#ifdef __cplusplus
}
#endif
#endif
