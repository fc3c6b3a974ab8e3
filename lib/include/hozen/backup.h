/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Backup. Needs a writer key and nothing else: no passphrase, no key that opens a backup.
 *
 *	const char *paths[] = { "/etc" };
 *	hz_backup_options b = HZ_BACKUP_OPTIONS_INIT;
 *	hz_backup_result res = HZ_BACKUP_RESULT_INIT;
 *
 *	b.paths = paths;
 *	b.n_paths = 1;
 *	rc = hz_backup(&repo_options, &b, job, &res, &err);
 *	printf("%s\n", res.snapshot_id);
 */
#ifndef HOZEN_BACKUP_H
#define HOZEN_BACKUP_H

#include "hozen/repo.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hz_backup_options {
	uint32_t size;
	uint32_t flags; /* HZ_BACKUP_* */
	const char *const *paths;
	uint64_t n_paths;
	const char *const *tags;
	uint64_t n_tags;
	const char *const *excludes; /* patterns over stored paths, see docs/man */
	uint64_t n_excludes;
	const char *host; /* NULL: host name */
	int64_t wait_sec; /* how long to wait for another run of the same source; 0: not */
	const char *tool; /* program and version for the snapshot; NULL: the library's */
	/* Names of a file: of a folder that holds one of them only the folder and that file are kept. */
	const char *const *exclude_if_present;
	uint64_t n_exclude_if_present;
	/* Instead of paths: one regular file of this path, mode 0600, whose content is standard input, or what command
	 * prints. A snapshot is made only if all of it could be read and the command ended with 0. */
	const char *stream_name;
	const char *const *command; /* program and arguments, NULL at the end; looked for in PATH */
	/* Instead of paths: the tree that is in this tar, which may be compressed; "-": in standard input. The source
	 * is the tar's path, or stream_name, or "stdin". */
	const char *tar;
	/* Public key of this host's evidence, as in hz_record_info; NULL: none. Where the admin log does not have it,
	 * the snapshot's commit says that it is this writer's. */
	const char *evidence_key;
} hz_backup_options;
#define HZ_BACKUP_OPTIONS_INIT                                                            \
	{                                                                                 \
		sizeof(hz_backup_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}

#define HZ_BACKUP_DRY_RUN         1u /* read, chunk and look up, put nothing */
#define HZ_BACKUP_TRUST_ALL       2u /* deduplicate also against what other writers of the group stored */
#define HZ_BACKUP_ONE_FILE_SYSTEM 4u
#define HZ_BACKUP_EXCLUDE_CACHES \
	8u /* folders with a CACHEDIR.TAG: the folder and the tag are kept, the rest is left out */
#define HZ_BACKUP_EXCLUDE_NODUMP \
	16u /* files, and folders with all below, that have the inode flag nodump (chattr +d) and were not named */
#define HZ_BACKUP_READ_SPECIAL \
	32u /* block devices, and symlinks to them that were named, are stored as regular files of their content */

/* What was done: set as far as known also when the call fails. */
typedef struct hz_backup_result {
	uint32_t size;
	uint32_t complete;           /* 1: every source was stored whole */
	char snapshot_id[HZ_ID_HEX]; /* empty: no snapshot was made */
	uint32_t alarm;              /* HZ_ALARM_* bits */
	uint32_t reserved;
	uint64_t files_new, files_changed, files_unmodified;
	uint64_t dirs_new, dirs_changed, dirs_unmodified;
	uint64_t others;                   /* symlinks, devices, FIFOs, sockets */
	uint64_t files_read_bytes;         /* content read this time */
	uint64_t total_files, total_bytes; /* in the snapshot, unchanged ones too */
	uint64_t data_added_bytes;         /* new chunks, before compression */
	uint64_t stored_bytes;             /* put to the store, parity and padding included */
	uint64_t chunks_new, chunks_known;
	uint64_t source_errors; /* paths unreadable, missing, or never stable */
	uint64_t duration_ns;
	uint32_t protects;        /* 1: the store protects what is there from this host */
	uint32_t from_journal;    /* packs of a dead run that were taken over */
	char repo_id[HZ_UID_HEX]; /* empty: it was not opened */
	char reserved_end[7];
} hz_backup_result;
#define HZ_BACKUP_RESULT_INIT                                                                                       \
	{                                                                                                           \
		sizeof(hz_backup_result), 0, "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", "" \
	}

#define HZ_ALARM_FOREIGN_HEAD \
	1u /* a head of this writer that this host did not make: stolen key, cloned or reverted host */
#define HZ_ALARM_ROLLBACK   2u /* the store shows less than this host has seen */
#define HZ_ALARM_LOST_PACKS 4u /* repair has published lost packs; everything was looked up again */

/* 0 also for an incomplete snapshot and for alarms: look at the result. Any storage error is a negative code and leaves
 * no snapshot; what was put is used again by the next run. HZ_E_BUSY: the same source is being backed up.
 * HZ_E_NOTFOUND: none of the paths exists. HZ_E_REFUSED: the repository lies inside and is all there is, or another
 * rule. HZ_E_INVAL: "..", or two paths that would be stored under one name, or options that do not go together.
 * HZ_E_NOSPACE: less than the reserve is free. Since: 0.1 */
HZ_API int hz_backup(const hz_repo_options *repo, const hz_backup_options *opts, hz_job *job, hz_backup_result *result,
	hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
