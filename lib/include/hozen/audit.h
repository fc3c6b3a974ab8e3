/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sealed copy of evidence in a repository (docs/format/audit.md): a host puts there what is new in its evidence
 * folder; whoever has a lister's key gets it back, also when the host and its folder are gone.
 *
 *	hz_audit_result res = HZ_AUDIT_RESULT_INIT;
 *
 *	hz_reader *r = NULL;
 *
 *	hz_audit_publish(&repo_options, NULL, &res, &err);
 *	hz_reader_open(&r, &repo_options, HZ_NEED_LIST, NULL, &err);
 *	hz_audit_fetch(r, "/var/tmp/evidence", NULL, NULL, NULL, &err);
 */
#ifndef HOZEN_AUDIT_H
#define HOZEN_AUDIT_H

#include "hozen/evidence.h"
#include "hozen/repo.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hz_audit_result {
	uint32_t size;
	uint32_t objects; /* that were put */
	uint64_t entries; /* in them */
	uint64_t missing; /* of these: records that were missing, or not what the log says; their entries are there */
	uint64_t stored_bytes; /* put to the store, parity included */
} hz_audit_result;
#define HZ_AUDIT_RESULT_INIT                        \
	{                                           \
		sizeof(hz_audit_result), 0, 0, 0, 0 \
	}
/* Puts a copy of the entries that the log's checkpoint covers and that this host has not put there yet. Needs a
 * writer's key file and uses no passphrase. folder: as in hz_record_options. What was put before a failure counts, the
 * next call goes on from there. HZ_E_AUTH: no writer's key at hand, or one that was revoked; nothing was put.
 * HZ_E_CORRUPT: the log is not what its checkpoint says. HZ_E_NOTFOUND: no such repository, or no log. HZ_E_NOSPACE:
 * less than the reserve is free. Since: 0.1 */
HZ_API int hz_audit_publish(const hz_repo_options *repo, const char *folder, hz_audit_result *result, hz_error **err);

/* Who in the repository says that a key of evidence is a host's. It says nothing to somebody who does not believe the
 * repository. */
enum { HZ_EVIDENCE_NOBODY = 0, HZ_EVIDENCE_ADMIN_LOG = 1, HZ_EVIDENCE_WRITER = 2 };

/* One log that was fetched. */
typedef struct hz_audit_log {
	uint32_t size;
	uint32_t registered;                   /* HZ_EVIDENCE_*, of its key */
	const char *folder;                    /* where it is now; valid during the call, like the other texts */
	char origin[80];                       /* as in its checkpoint */
	char fingerprint[HZ_FINGERPRINT_TEXT]; /* of the key that signs it */
	char reserved_text[5];
	uint64_t entries;
	uint64_t missing;        /* entries that no copy has: lines of dashes stand in their places */
	uint64_t contradictions; /* entries of which copies differ */
} hz_audit_log;
typedef int (*hz_audit_log_fn)(void *user, const hz_audit_log *log);

/* Writes all that the repository has into folder, which is made: a folder for each log, named as in its origin, as
 * hz_log_check takes it. Nothing of it is believed because it came from here: check it. Damaged objects are events of
 * the job, and are left out. fn is called for each log once all that were written are durable, also where another could
 * not be written, which is the result then; its own non-zero result ends the call. Needs HZ_NEED_LIST (HZ_E_AUTH).
 * HZ_E_EXISTS: a log is in the folder already. HZ_E_IO, HZ_E_NOSPACE: folder or store. Since: 0.1 */
HZ_API int hz_audit_fetch(
	hz_reader *reader, const char *folder, hz_audit_log_fn fn, void *user, hz_job *job, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
