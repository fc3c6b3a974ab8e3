/* SPDX-License-Identifier: BSD-2-Clause */
/* The entries of a tar, for a stream. */
#ifndef ARCHIVE_STREAM_TAR_H
#define ARCHIVE_STREAM_TAR_H

#include "archive/stream.h"

/* Reads the tar that fd gives up to the end of the input, decompressing it if need be; name is for messages. HZ_E_IO:
 * it cannot be read, is damaged, or ends before its end mark. */
int stream_tar_read(struct stream *s, int fd, const char *name, hz_error **err);

#endif
