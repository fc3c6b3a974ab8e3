/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by cache.c (the file) and cache_folder.c (the records in it). */
#ifndef ARCHIVE_CACHE_INTERNAL_H
#define ARCHIVE_CACHE_INTERNAL_H

#include "archive/cache.h"
#include <pthread.h>

#define CACHE_HEADER_LEN (8u + 3 * UID_LEN + 2 * ID_LEN + 8 + 8)

struct cache_file_name {
	char s[96];
};

struct cache_reader {
	int fd;
	uint64_t size;
};

struct cache_writer {
	struct cache_key key;
	int dirfd, fd;
	struct cache_file_name temp;
	pthread_mutex_t lock;
	struct buf b;
	uint64_t at; /* file offset of what is in b */
	int failed;  /* errno of the first failure */
	bool pending;
};

/* With the lock held. */
void cache_flush(struct cache_writer *w);

#endif
