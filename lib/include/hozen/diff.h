/* SPDX-License-Identifier: BSD-2-Clause */
/* What is different between two snapshots. */
#ifndef HOZEN_DIFF_H
#define HOZEN_DIFF_H

#include "hozen/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	HZ_DIFF_ADDED = 1,   /* only in the second; before is NULL */
	HZ_DIFF_REMOVED = 2, /* only in the first; after is NULL */
	HZ_DIFF_CONTENT = 3, /* of a file, a symlink, a device; attributes may differ too */
	HZ_DIFF_META = 4,    /* attributes only */
	HZ_DIFF_TYPE = 5     /* a folder became a file, ... */
};

/* What differs. The first five are content. */
#define HZ_DIFF_F_CONTENT     1u /* bytes */
#define HZ_DIFF_F_SIZE        2u
#define HZ_DIFF_F_HOLES       4u /* where a file has holes */
#define HZ_DIFF_F_TARGET      8u /* of a symlink */
#define HZ_DIFF_F_DEVICE      0x10u
#define HZ_DIFF_F_MODE        0x20u
#define HZ_DIFF_F_OWNER       0x40u /* numbers */
#define HZ_DIFF_F_OWNER_NAMES 0x80u
#define HZ_DIFF_F_MTIME       0x100u
#define HZ_DIFF_F_BTIME       0x200u
#define HZ_DIFF_F_XATTRS      0x400u
#define HZ_DIFF_F_ACL         0x800u
#define HZ_DIFF_F_FLAGS       0x1000u /* of the inode */
#define HZ_DIFF_F_HARDLINKS   0x2000u /* one has further names, the other has not */

typedef struct hz_difference {
	uint32_t size;
	uint32_t change; /* HZ_DIFF_* */
	uint32_t fields; /* HZ_DIFF_F_*, of HZ_DIFF_CONTENT and HZ_DIFF_META */
	uint32_t reserved;
	const hz_entry_info *before, *after; /* with the same path */
} hz_difference;
/* Non-zero stops and is returned. d is valid during the call only. */
typedef int (*hz_diff_fn)(void *user, const hz_difference *d);

typedef struct hz_diff_result {
	uint32_t size;
	uint32_t reserved;
	uint64_t added, removed, content, meta, type; /* entries, folders too */
	uint64_t added_bytes, removed_bytes;          /* content of files that are only there */
	uint64_t before_bytes, after_bytes;           /* content of files in both that differ in it */
} hz_diff_result;
#define HZ_DIFF_RESULT_INIT                                          \
	{                                                            \
		sizeof(hz_diff_result), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}

/* Gives every difference between the snapshots before and after, at path and below it (NULL or "": everywhere), in the
 * order of names, parents first. Folders that are the same are not read. What lies below a folder that is only in one
 * of them is given, too. Snapshots of one group are compared by the ids of their chunks, which takes HZ_NEED_LIST; of
 * two groups files of equal size are read, which takes HZ_NEED_READ (HZ_E_AUTH). result may be NULL and is filled also
 * when the call fails. HZ_E_CORRUPT, after everything else: what lies in damaged parts could not be compared; each is
 * an event. HZ_E_NOTFOUND: path is in neither; HZ_E_INVAL: "..". Since: 0.1 */
HZ_API int hz_diff(hz_reader *r, const char *before, const char *after, const char *path, hz_diff_fn fn, void *user,
	hz_job *job, hz_diff_result *result, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
