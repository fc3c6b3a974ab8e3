/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of file calls that counts them, makes one of them fail, and can write down what changed the disk. For tests:
 *
 *	for (unsigned n = 1;; n++) {
 *		fault_start(FAULT_ALL, n, ENOSPC);
 *		rc = work(&err);
 *		if (!fault_stop())
 *			break;          the n-th call was never made: all have failed once
 *		... check what is left
 *	}
 *
 * One at a time; safe with threads that start after fault_start() and end before fault_stop().
 */
#ifndef SUPPORT_FAULTVFS_H
#define SUPPORT_FAULTVFS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	FAULT_OPEN = 1 << 0,
	FAULT_READ = 1 << 1,  /* read, pread, getdents64, readlinkat */
	FAULT_WRITE = 1 << 2, /* write, pwritev */
	FAULT_FSYNC = 1 << 3,
	FAULT_CLOSE = 1 << 4, /* closes all the same */
	FAULT_RENAME = 1 << 5,
	FAULT_LINK = 1 << 6,
	FAULT_UNLINK = 1 << 7,
	FAULT_MKDIR = 1 << 8,
	FAULT_STAT = 1 << 9,      /* fstat, statx, statvfs */
	FAULT_TRUNCATE = 1 << 10, /* ftruncate, fallocate */
	FAULT_LOCK = 1 << 11,
	FAULT_META = 1 << 12, /* owner, mode, times, attributes, flags, symlinks, nodes */
	FAULT_SEEK = 1 << 13,
	FAULT_ATTR = 1 << 14,  /* extended attributes and inode flags are read; where on its disk a file lies */
	FAULT_IOCTL = 1 << 15, /* commands to devices */
	FAULT_ALL = (1 << 16) - 1,
};

/* In place of an errno: a read or write takes half of its bytes and succeeds; other calls succeed. */
#define FAULT_SHORT (-1)

/* Installs the table. The nth call (1: the first) of the kinds in set fails with errnum; 0: none does. */
void fault_start(unsigned set, unsigned nth, int errnum);
/* The nth and every later call of the set fails. */
void fault_start_forever(unsigned set, unsigned nth, int errnum);
/* Puts the system's table back. True when a call was made to fail. The log stays until the next fault_start. */
bool fault_stop(void);
/* Calls of the set so far. */
unsigned fault_count(void);

/* Call after fault_start: from now on write down what changes the disk and succeeds, with paths below root. */
void fault_record(const char *root);
/* The i-th line, or NULL past the end: "mkdir P", "create P", "write P", "fsync P", "rename P Q", "link P Q",
 * "unlink P", "truncate P". The folder root itself is ".". */
const char *fault_log(size_t i);
/* The index of a line that is text, searched from line from on; -1 when there is none. */
long fault_log_find(size_t from, const char *text);

#endif
