/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a disk may hold after a power cut: a log of everything that was done to a tree of files (recordvfs.h), from
 * which any state is built that the file system may have come to.
 *
 * The model is stricter than any file system that Linux has. An operation survives for certain only if a flush made it
 * durable before the cut: the content of a file by fsync of that file, a name (create, mkdir, link, rename, unlink) by
 * fsync of its folder, both by syncfs; fsync of a file does not make its name durable. Every other operation has its
 * own fate, whatever became of those before it: a name may survive whose content did not, a later write without the
 * earlier one, half of a write, or its length and none of its bytes. A rename is one operation: both of its names, or
 * none.
 */
#ifndef SUPPORT_DISKMODEL_H
#define SUPPORT_DISKMODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_kind {
	DISK_CREATE, /* name: inode */
	DISK_MKDIR,
	DISK_LINK,
	DISK_RENAME, /* of dir to to_name of to_dir */
	DISK_UNLINK,
	DISK_WRITE,
	DISK_TRUNCATE, /* to off */
	DISK_FSYNC,    /* of inode, a file or a folder */
	DISK_SYNCFS,
	DISK_NOTE, /* nothing of the disk's: what the world was told at that moment, a number in off */
};

enum disk_fate { DISK_KEPT, DISK_LOST, DISK_HALF, DISK_BLANK };

struct disk_op {
	enum disk_kind kind;
	unsigned inode, dir, to_dir;
	char *name, *to_name;
	uint64_t off;
	uint8_t *data;
	size_t len;
	size_t durable; /* index of the flush that made it so; SIZE_MAX: none did */
};

struct disk_entry {
	char *name;
	unsigned inode;
};

struct disk_inode {
	bool is_dir;
	uint8_t *data; /* what was there before the log begins, and is durable */
	size_t len;
	struct disk_entry *entries;
	size_t n;
	uint64_t dev, ino; /* of the file that is recorded; 0: it is gone */
};

/* Inode 0 is the root. */
struct disk {
	struct disk_op *op;
	size_t n_ops;
	struct disk_inode *inode;
	unsigned n_inodes;
};

/* With all that lies below the folder root, which is durable. */
struct disk *disk_new(const char *root);
void disk_free(struct disk *d);
/* An inode that nothing names yet. */
unsigned disk_inode_new(struct disk *d, bool is_dir, uint64_t dev, uint64_t ino);
/* The newest inode with these numbers; -1: none. */
long disk_inode_of(const struct disk *d, uint64_t dev, uint64_t ino);
/* Appends; names are copied, data is too. */
void disk_add(struct disk *d, const struct disk_op *op);
/* Call once, when recording is over: finds out what made what durable. */
void disk_seal(struct disk *d);

/* The operations before cut whose fate is open, into out (room for n_ops); their number. */
size_t disk_open_at(const struct disk *d, size_t cut, size_t *out);
/* How many fates it has: 2, or 4 for content. */
unsigned disk_fates(const struct disk_op *op);
/* Tells apart states that can be told apart. fate: one for each operation before cut. */
uint64_t disk_signature(const struct disk *d, size_t cut, const uint8_t *fate);
/* Makes the folder path and in it the state. */
void disk_build(const struct disk *d, size_t cut, const uint8_t *fate, const char *path);
/* "rename repo/packs/.tmp.x to x", in a buffer of its own. */
const char *disk_op_text(const struct disk *d, size_t op);

#endif
