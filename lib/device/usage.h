/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a device in use? Asked of the kernel's own lists, besides O_EXCL (open.c), because they can say by whom, and
 * because O_EXCL does not see a plain open of another process. What cannot be read is the obstacle HZ_GATE_UNKNOWN.
 */
#ifndef DEVICE_USAGE_H
#define DEVICE_USAGE_H

#include "device/blocks.h"
#include "device/info.h"

/* All of the below for block i and what stands on it. HZ_E_NOMEM; whatever else goes wrong is an obstacle. */
int usage_check(hz_device_info *info, const struct roots *r, const struct blocks *b, size_t i, hz_error **err);

/* What stands on it: above as blocks_above gives it. */
struct usage {
	hz_device_info *info;
	const struct roots *r;
	const struct blocks *b;
	size_t target;
	const bool *above;
};
/* Device mapper, md, bcache and loop devices. */
void usage_holders(const struct usage *u);
/* Mounts, btrfs by all of its members, the running system, and swap. */
int usage_mounts(const struct usage *u, hz_error **err);
/* Open descriptors of other processes: of the device, its partitions and its SCSI generic node. */
int usage_open(const struct usage *u, hz_error **err);

/* Pure: the next line of /proc/self/mountinfo (proc(5)), with its octal escapes undone in place; text moves on. False:
 * the end, or a line that is none, which sets *bad. */
struct mount_line {
	uint64_t id;
	uint32_t major, minor;
	const char *point, *type, *source, *options; /* options: of the file system; "" where there are none */
};
bool mount_next(struct mount_line *m, char **text, bool *bad);

#endif
