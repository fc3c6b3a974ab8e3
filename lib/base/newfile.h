/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that appears whole and durable under its name, or not at all.
 *
 *	newfile_create(&f, dirfd, "name", ".tmp.x", 0600, err)   a temporary name in the same folder
 *	newfile_write(f, iov, n, err)                            any number of times, appending
 *	newfile_flush(f, err)                                    where the bytes must be durable long before the name
 *	newfile_commit(TAKE(f), NEWFILE_KEEP, err)               fsync file, give it the name, fsync folder
 *	newfile_discard(f)                                       removes it; NULL is fine; AUTO(newfile_discard)
 *
 * Names are single components. commit always consumes f; on failure the name was not taken by us, except that after
 * HZ_E_IO of the folder's fsync it may or may not stand. HZ_E_EXISTS: somebody else's file stands there, untouched.
 * NEWFILE_KEEP never replaces (RENAME_NOREPLACE, or link(2) where that is missing; HZ_E_UNSUPPORTED where both are);
 * NEWFILE_REPLACE renames over what is there. A failed fsync is final: nothing is retried.
 * NEWFILE_LATER is NEWFILE_KEEP that flushes nothing, unless syncfs would not do: for many files of a folder that
 * nobody relies on before its owner has called syncfs on it. Until then a crash may leave a name without its bytes.
 * syncfs tells of what could not be written since Linux 5.8.
 */
#ifndef BASE_NEWFILE_H
#define BASE_NEWFILE_H

#include "base/vfs.h"

enum newfile_mode { NEWFILE_KEEP, NEWFILE_REPLACE, NEWFILE_LATER };
struct newfile;

/* dirfd is borrowed and must stay open until commit or discard. temp_name must not exist (HZ_E_EXISTS). */
int newfile_create(
	struct newfile **ret, int dirfd, const char *name, const char *temp_name, mode_t mode, hz_error **err);
int newfile_write(struct newfile *f, const struct iovec *iov, size_t n, hz_error **err);
int newfile_flush(struct newfile *f, hz_error **err);
int newfile_commit(struct newfile *f, enum newfile_mode mode, hz_error **err);
void newfile_discard(struct newfile *f);
DEFINE_AUTO(struct newfile, newfile_discard)

/* Create, write, commit in one call, with a random temporary name that begins ".tmp.". */
int newfile_put(
	int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum newfile_mode m, hz_error **err);

#endif
