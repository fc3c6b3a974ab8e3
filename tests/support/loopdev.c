/* SPDX-License-Identifier: BSD-2-Clause */
/* LOOP_CONFIGURE on a free device that the kernel names, and autoclear: the end of the process detaches it, too. */
#include "support/loopdev.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct loopdev *loopdev_new(const char *folder, uint64_t bytes, uint32_t sector, bool read_only)
{
	static unsigned count;
	struct loopdev *l = calloc(1, sizeof(*l));
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), backing;

	/* Without it nobody can say what a device is. */
	if (!l || control < 0 || access("/sys/block", F_OK) < 0) {
		if (control >= 0)
			(void)close(control);
		free(l);
		return NULL;
	}
	(void)snprintf(l->file, sizeof(l->file), "%.200s/disk%u", folder, count++);
	backing = open(l->file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	l->fd = -1;
	/* Somebody else may take the free one first. */
	for (int tries = 0; l->fd < 0 && tries < 20 && backing >= 0 && ftruncate(backing, (off_t)bytes) == 0; tries++) {
		struct loop_config c = { .fd = (uint32_t)backing, .block_size = sector };
		int n = ioctl(control, LOOP_CTL_GET_FREE);

		if (n < 0)
			break;
		(void)snprintf(l->path, sizeof(l->path), "/dev/loop%d", n);
		l->fd = open(l->path, O_RDWR | O_CLOEXEC);
		c.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0);
		(void)snprintf((char *)c.info.lo_file_name, LO_NAME_SIZE, "%.60s", l->file);
		if (l->fd < 0 || ioctl(l->fd, LOOP_CONFIGURE, &c) == 0)
			continue;
		(void)close(l->fd);
		l->fd = -1;
		if (errno != EBUSY)
			break;
	}
	if (backing >= 0)
		(void)close(backing);
	(void)close(control);
	if (l->fd >= 0)
		return l;
	free(l);
	return NULL;
}

void loopdev_free(struct loopdev *l)
{
	if (!l)
		return;
	(void)close(l->fd);
	(void)unlink(l->file);
	free(l);
}
