/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock held by the kernel (flock) on a file that stays: it is free exactly when no living process holds it. */
#ifndef BASE_LOCKFILE_H
#define BASE_LOCKFILE_H

#include "base/error.h"
#include <stdbool.h>

/* Creates the file (0600) if needed and locks it. HZ_E_BUSY when another holds it and wait is false. *fd is the lock:
 * close it to release. If the file is replaced or removed while waiting, it is opened anew. */
int lockfile_take(int *fd, int dirfd, const char *name, bool wait, hz_error **err);
/* The same lock on an open file, without waiting. False, with errno: another holds it (EWOULDBLOCK), or it cannot be
 * had. */
bool lockfile_try(int fd);
/* True when the file exists, can be opened, and somebody holds it. Where it is free this takes it for a moment:
 * another's lockfile_take() copes with that. */
bool lockfile_is_held(int dirfd, const char *name);

#endif
