/* SPDX-License-Identifier: BSD-2-Clause */
/* The content of one file as a stream. */
#ifndef ARCHIVE_CONTENT_H
#define ARCHIVE_CONTENT_H

#include "archive/reader.h"

/* Non-zero stops and is returned. */
typedef int (*content_fn)(void *user, const void *data, size_t len, hz_error **err);
struct content {
	struct reader_nodes *nodes;
	content_fn fn;
	void *user;
	hz_progress *progress; /* bytes_done is counted */
	bool skip_holes;       /* they are passed over: somebody wants to know whether all can be had */
	uint64_t at;           /* bytes given, or passed over; after a failure: where the file ends */
};
/* Gives all bytes of a regular file in order, holes as zeros, each chunk's id recomputed before. Memory: one chunk, and
 * the caches of the reader. HZ_E_CORRUPT: what comes next cannot be had; HZ_E_CANCELED by the reader's job. */
int content_read(struct content *c, const struct entry *e, hz_error **err);

/* HZ_E_AUTH, with what is needed, when the keys of this reader open no content. */
int content_need(const struct hz_reader *r, hz_error **err);

#endif
