/* SPDX-License-Identifier: BSD-2-Clause */
/* Restore: beneath the target only, every chunk's id recomputed before a byte is written, final names only for whole
 * files. */
#ifndef HOZEN_RESTORE_H
#define HOZEN_RESTORE_H

#include "hozen/repo.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hz_restore_options {
	uint32_t size;
	uint32_t flags; /* HZ_RESTORE_* */
	const char *target;
	const char *const *patterns; /* none: everything */
	uint64_t n_patterns;
} hz_restore_options;
#define HZ_RESTORE_OPTIONS_INIT                        \
	{                                              \
		sizeof(hz_restore_options), 0, 0, 0, 0 \
	}

#define HZ_RESTORE_DRY_RUN       1u
#define HZ_RESTORE_INTO_EXISTING 2u /* a target that is not empty is allowed; what exists is left as it is */
#define HZ_RESTORE_VERIFY        4u /* read everything back and compare with the snapshot */
/* An existing target is made as the snapshot has it: of a file whose content differs only the blocks that differ are
 * read and written, in a clone of it where the file system can, else in place, under a temporary name until it is
 * whole. What has other names that the snapshot does not know is copied before it is changed. Other kinds of files are
 * replaced; a folder with things in it only with HZ_RESTORE_DELETE. */
#define HZ_RESTORE_UPDATE 8u
/* With HZ_RESTORE_UPDATE: what stands in a folder that is restored whole, and the snapshot does not have, is removed;
 * never what is mounted there. */
#define HZ_RESTORE_DELETE 16u
/* Goes on with a restore that was interrupted: of the same snapshot and patterns into this target, or HZ_E_REFUSED.
 * What is there already is compared, not trusted. Not for one that was HZ_RESTORE_INTO_EXISTING. */
#define HZ_RESTORE_RESUME 32u

typedef struct hz_restore_result {
	uint32_t size;
	uint32_t mended;                     /* objects that parity mended on the way */
	uint64_t files, dirs, others, bytes; /* bytes: of content, holes are none */
	uint64_t left_existing;              /* existing files that were left as they are */
	uint64_t meta_short;                 /* entries without some attribute, or not made for want of privilege */
	uint64_t failed_damage;              /* files and lists of folders not restored because stored bytes are gone */
	uint64_t failed_target;              /* files that could not be written */
	uint64_t verified, verify_mismatch;
	uint64_t matched; /* entries that the patterns selected */
	uint64_t duration_ns;
	uint64_t unchanged, bytes_unchanged; /* update: of files, bytes: those that were right already */
	uint64_t deleted;                    /* names that were removed */
} hz_restore_result;
#define HZ_RESTORE_RESULT_INIT                                                            \
	{                                                                                 \
		sizeof(hz_restore_result), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}

/* id: whole, from hz_snapshot_find. 0 also with shortfalls: look at the result, which is filled as far as known when
 * the call fails, too. The target is made when something is to be put into it. HZ_E_REFUSED: the target is not empty.
 * HZ_E_NOTFOUND: patterns match nothing. HZ_E_NOSPACE, HZ_E_IO, HZ_E_CANCELED: it stopped; what is there under final
 * names is right. Names of one inode become hard links; where that cannot be, copies, which is reported. Files are not
 * flushed one by one (but on FUSE): the target's file system is, once, at the end, and a failure of that is HZ_E_IO.
 * Until then a file .hozen-restore in the target says what is under way. Needs HZ_NEED_READ. Since: 0.1 */
HZ_API int hz_restore(hz_reader *r, const char *id, const hz_restore_options *opts, hz_job *job,
	hz_restore_result *result, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
