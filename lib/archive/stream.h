/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree that does not come from a file system: the entries of a tar in the order in which it has them, or the one file
 * that standard input or a command gives. Content is stored as it comes; entries are kept in memory until the end,
 * about 250 bytes each and their names, and become folders then. A later entry of a name takes the place of an earlier
 * one.
 */
#ifndef ARCHIVE_STREAM_H
#define ARCHIVE_STREAM_H

#include "archive/scan.h"
#include "archive/session.h"

struct stream;

/* Adds all there is, on a worker. Anything but 0: there will be no snapshot. */
typedef int (*stream_fn)(void *user, struct stream *s, hz_error **err);
/* Like scan_run: r is set as far as known on failure too. */
int stream_run(const struct scan_options *o, struct scan_result *r, stream_fn fn, void *user, hz_error **err);

/* ---- in fn ---- */

/* A path may begin with / and hold "." and more than one / in a row, which are dropped. What cannot be stored ("..", a
 * name that is too long, attributes that no entry has) is told as a problem of the source, and left out: 0. e has all
 * but a name; of a regular file the content follows. 1: it is wanted. */
int stream_add(struct stream *s, const char *path, const struct entry *e, hz_error **err);
/* The content of the regular file that was added last, front to back; what is left out between two pieces is a hole. */
int stream_data(struct stream *s, uint64_t off, const void *data, size_t len, hz_error **err);
/* The file ends, size bytes long. */
int stream_end(struct stream *s, uint64_t size, hz_error **err);
/* One more name of what stands at target. */
int stream_link(struct stream *s, const char *path, const char *target, hz_error **err);
/* A source error: the snapshot is made, and is incomplete. */
void stream_problem(struct stream *s, enum source_error kind, const char *path, const char *what);
/* The run was stopped: fn is to return HZ_E_CANCELED. Shaped for base/input.h. */
bool stream_is_stopped(void *stream);
struct owner_names *stream_owner_names(struct stream *s);

#endif
