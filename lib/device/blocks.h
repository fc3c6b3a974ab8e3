/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All block devices of the machine and what stands on what: partitions on disks, device mapper, md and bcache on their
 * slaves, loop devices on block devices. Read once, from /sys/block.
 */
#ifndef DEVICE_BLOCKS_H
#define DEVICE_BLOCKS_H

#include "device/roots.h"

#define BLOCKS_NONE SIZE_MAX

struct block {
	char name[64]; /* as in sysfs: "sda1", "cciss!c0d0" */
	char sys[136]; /* "block/sda/sda1" */
	size_t disk;   /* the disk that it is a partition of; itself for a disk */
	uint32_t major, minor;
	bool hidden; /* a path of native multipath: no node of its own */
	bool unread; /* what stands on it, or it on, could not be read */
};
struct blocks {
	struct block *at;
	size_t n, cap;
	struct block_edge {
		size_t upper, lower;
	} * edge;
	size_t n_edges, cap_edges;
};
#define BLOCKS_INIT                    \
	{                              \
		NULL, 0, 0, NULL, 0, 0 \
	}

int blocks_read(struct blocks *b, const struct roots *r, hz_error **err);
void blocks_release(struct blocks *b);
#define AUTO_BLOCKS __attribute__((cleanup(blocks_release)))

/* Index, or BLOCKS_NONE. */
size_t blocks_by_name(const struct blocks *b, const char *name);
size_t blocks_by_number(const struct blocks *b, uint32_t major, uint32_t minor);
/* By a path as the kernel prints it: "/dev/sda1", "/dev/mapper/vg-root" (through r->dev). */
size_t blocks_by_path(const struct blocks *b, const struct roots *r, const char *path);
/* above[i] of b->n: stands on, or is, block i. True: all of it could be read. */
bool blocks_above(const struct blocks *b, size_t i, bool *above);
/* The name below /dev: "cciss/c0d0". */
void blocks_node(char *out, size_t cap, const char *name);

#endif
