/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a snapshot holds, as streams of bytes.
 *
 *	char id[HZ_ID_HEX];
 *	hz_reader *r = NULL;
 *
 *	if (hz_reader_open(&r, &opts, HZ_NEED_READ, NULL, &err) == 0 &&
 *		hz_snapshot_find(id, r, "latest", NULL, NULL, &err) == 0)
 *		rc = hz_cat(r, id, "etc/hosts", put, stdout, NULL, &err);
 *	hz_reader_close(r);
 */
#ifndef HOZEN_EXPORT_H
#define HOZEN_EXPORT_H

#include "hozen/repo.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Takes the next bytes; non-zero stops the call and is returned. data is valid during the call only. */
typedef int (*hz_data_fn)(void *user, const void *data, size_t len);

/* Gives the content of the regular file at path (as stored; a leading / is dropped) in the snapshot id to fn, from
 * the first byte to the last, holes as zeros. Every chunk's id is recomputed before a byte of it is given; memory does
 * not grow with the file. HZ_E_CORRUPT: the stored bytes from there on are damaged; what was given is right and is the
 * file's beginning. HZ_E_NOTFOUND: no such path. HZ_E_INVAL: no regular file, or "..". Needs HZ_NEED_READ. Since: 0.1
 */
HZ_API int hz_cat(
	hz_reader *r, const char *id, const char *path, hz_data_fn fn, void *user, hz_job *job, hz_error **err);

typedef struct hz_export_options {
	uint32_t size;
	uint32_t flags;              /* none yet */
	const char *const *patterns; /* as of hz_restore_options; none: everything */
	uint64_t n_patterns;
} hz_export_options;
#define HZ_EXPORT_OPTIONS_INIT                     \
	{                                          \
		sizeof(hz_export_options), 0, 0, 0 \
	}

typedef struct hz_export_result {
	uint32_t size;
	uint32_t reserved;
	uint64_t entries, bytes; /* in the archive; bytes: of content, holes too */
	uint64_t matched;        /* that the patterns selected */
	uint64_t meta_short;     /* entries in the archive without something that tar cannot hold */
	uint64_t left_out;       /* entries that tar cannot hold: sockets */
	uint64_t failed_damage;  /* files and parts of folders' lists left out because stored bytes are gone */
} hz_export_result;
#define HZ_EXPORT_RESULT_INIT                                 \
	{                                                     \
		sizeof(hz_export_result), 0, 0, 0, 0, 0, 0, 0 \
	}

/* Gives the snapshot id as a tar archive in the pax format to fn: parents first; with nanoseconds, hard links, holes
 * (GNU's sparse format 1.0), devices, owners by name and number, ACLs (SCHILY.acl), xattrs (SCHILY.xattr) and inode
 * flags (SCHILY.fflags). What tar cannot hold is an event of kind META, and 0 is returned also then: look at the
 * result, which may be NULL and is filled also when the call fails. Every file is read twice, first to see that it is
 * whole: one that is damaged is left out, which is an event. HZ_E_NOTFOUND: patterns match nothing. After any other
 * failure the archive has no end mark. Needs HZ_NEED_READ. Since: 0.1 */
HZ_API int hz_export(hz_reader *r, const char *id, const hz_export_options *opts, hz_data_fn fn, void *user,
	hz_job *job, hz_export_result *result, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
