/* SPDX-License-Identifier: BSD-2-Clause */
/* Where on its device a file lies (FIEMAP), and whether writing changed that: the surest sign that old blocks were left
 * as they were. */
#ifndef DEVICE_FILEMAP_H
#define DEVICE_FILEMAP_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More are not kept: then nothing is claimed about the rest (truncated). */
#define FILEMAP_MAX ((size_t)65536)

struct filemap {
	struct file_extent {
		uint64_t logical, physical, len;
	} * at; /* those whose place is known and is a block of their own, in order */
	size_t n, cap;
	uint32_t missed; /* HZ_MISSED_SHARED, _INLINE, and _COW for compressed ones: they cannot be written in place */
	bool known;      /* the file system answers such questions */
	bool truncated;
};
#define FILEMAP_INIT                        \
	{                                   \
		NULL, 0, 0, 0, false, false \
	}
/* Asks without writing anything back first: what has no block yet is of no interest. HZ_E_NOMEM, HZ_E_IO. */
int filemap_read(struct filemap *m, int fd, hz_error **err);
void filemap_release(struct filemap *m);
#define AUTO_FILEMAP __attribute__((cleanup(filemap_release)))
/* Pure: is every block of before still one of the file's, at the same offset? */
bool filemap_holds(const struct filemap *before, const struct filemap *after);
/* HZ_MISSED_JOURNAL: the inode itself has its data go through the journal (chattr +j); else 0. */
uint32_t filemap_flags_missed(int fd);

#endif
