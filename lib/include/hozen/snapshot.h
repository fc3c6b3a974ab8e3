/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots and what is in them. Strings and arrays handed to callbacks are valid during the call only. */
#ifndef HOZEN_SNAPSHOT_H
#define HOZEN_SNAPSHOT_H

#include "hozen/repo.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hz_snapshot_info {
	uint32_t size;
	uint32_t complete;
	char id[HZ_ID_HEX];
	char writer_id[HZ_UID_HEX];
	uint32_t clock_synchronized;
	int64_t time_sec; /* start */
	uint32_t time_nsec;
	uint32_t forgotten; /* a tombstone names it */
	uint64_t duration_ns;
	const char *hostname;
	const char *tool;
	const char *const *paths; /* absolute */
	uint64_t n_paths;
	const char *const *tags;
	uint64_t n_tags;
	uint64_t total_files, total_dirs, total_others, total_bytes;
	uint64_t source_errors;
	uint64_t stored_bytes;
} hz_snapshot_info;
/* Non-zero stops and is returned. */
typedef int (*hz_snapshot_fn)(void *user, const hz_snapshot_info *s);

/* Which snapshots are meant. Of each kind that is given, one must fit; a NULL filter, and one of zeros, lets all
 * through. */
typedef struct hz_snapshot_filter {
	uint32_t size;
	uint32_t reserved;
	const char *const *hosts; /* host names, as snapshots show them */
	uint64_t n_hosts;
	const char *const *paths; /* absolute: those that were given to the backup, not what lies in them */
	uint64_t n_paths;
	const char *const *tags;
	uint64_t n_tags;
} hz_snapshot_filter;
#define HZ_SNAPSHOT_FILTER_INIT                                 \
	{                                                       \
		sizeof(hz_snapshot_filter), 0, 0, 0, 0, 0, 0, 0 \
	}

/* All snapshots that are valid, not forgotten, and let through, oldest first. Damaged or unverifiable commits are
 * events of the job and make the call return HZ_E_CORRUPT after the others were given. HZ_E_INVAL: a path of the filter
 * that is not absolute. Needs HZ_NEED_LIST. */
HZ_API int hz_snapshots(
	hz_reader *r, const hz_snapshot_filter *filter, hz_snapshot_fn fn, void *user, hz_job *job, hz_error **err);

/* name: a unique prefix of an id, "latest", or a time "YYYY-MM-DD[THH:MM[:SS][Z]]" (the newest at or
 * before it; local time without Z). Only what the filter lets through is looked at. HZ_E_NOTFOUND: none; HZ_E_INVAL:
 * more than one, or a path of the filter that is not absolute. */
HZ_API int hz_snapshot_find(char id[HZ_ID_HEX], hz_reader *r, const char *name, const hz_snapshot_filter *filter,
	hz_job *job, hz_error **err);

enum {
	HZ_TYPE_FILE = 1,
	HZ_TYPE_DIR = 2,
	HZ_TYPE_SYMLINK = 3,
	HZ_TYPE_CHAR = 4,
	HZ_TYPE_BLOCK = 5,
	HZ_TYPE_FIFO = 6,
	HZ_TYPE_SOCKET = 7
};

typedef struct hz_entry_info {
	uint32_t size;
	uint32_t type;
	const char *path; /* bytes; relative to the snapshot's root, no leading slash */
	size_t path_len;
	const char *link; /* of a symlink; bytes */
	size_t link_len;
	uint32_t mode; /* permission bits, setuid, setgid, sticky */
	uint32_t uid, gid;
	uint32_t mtime_nsec;
	int64_t mtime_sec;
	const char *user, *group; /* names, may be "" */
	uint64_t content_bytes;
	uint32_t rdev_major, rdev_minor;
	uint32_t changed_while_read, has_hardlinks;
	/* Time of birth, where the file system had one. It is kept, and no system lets it be set again. */
	uint32_t has_btime, btime_nsec;
	int64_t btime_sec;
} hz_entry_info;
typedef int (*hz_entry_fn)(void *user, const hz_entry_info *e);

/* Everything in the snapshot id below path (NULL or "": all), the path itself included, parents before children, sorted
 * by name. HZ_E_NOTFOUND: no such path. Needs HZ_NEED_LIST. */
HZ_API int hz_ls(
	hz_reader *r, const char *id, const char *path, hz_entry_fn fn, void *user, hz_job *job, hz_error **err);

/* Non-zero stops and is returned. */
typedef int (*hz_find_fn)(void *user, const hz_snapshot_info *s, const hz_entry_info *e);

/* Every entry whose path one of the patterns matches (as hz_restore_options; a folder that matches does not take what
 * is below it), in every snapshot that the filter lets through, oldest first, each in the order of hz_ls. HZ_E_INVAL: a
 * bad pattern, or a path of the filter that is not absolute. HZ_E_CORRUPT, after everything else: some snapshots are
 * damaged, in whole or in part; each is an event. Needs HZ_NEED_LIST. Since: 0.1 */
HZ_API int hz_find(hz_reader *r, const char *const *patterns, uint64_t n_patterns, const hz_snapshot_filter *filter,
	hz_find_fn fn, void *user, hz_job *job, hz_error **err);

typedef struct hz_stats {
	uint32_t size;
	uint32_t reserved;
	uint64_t snapshots;
	uint64_t files, restore_bytes; /* summed over snapshots */
	uint64_t packs, pack_bytes;
	uint64_t chunks;               /* distinct */
	uint64_t objects, store_bytes; /* everything in the store */
	uint64_t runs, run_bytes;
	uint64_t dead_packs, dead_pack_bytes; /* named by no run: dead or running sessions */
} hz_stats;
#define HZ_STATS_INIT                                                   \
	{                                                               \
		sizeof(hz_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}
HZ_API int hz_stats_collect(hz_reader *r, hz_stats *stats, hz_job *job, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
