/* SPDX-License-Identifier: BSD-2-Clause */
/* One device, opened for reading. What goes wrong here becomes an obstacle: it was not found out, so it counts as in
 * use. */
#include "device/survey.h"
#include "device/ask.h"
#include "device/facts.h"
#include "device/kernel.h"
#include "device/signature.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#define CLAIM_TRIES 5

int open_node(const struct roots *r, const struct block *b, int flags)
{
	char node[80];
	struct stat st;
	int fd;

	if (r->dev < 0) {
		errno = ENOENT;
		return -1;
	}
	blocks_node(node, sizeof(node), b->name);
	/* Never O_CREAT: a name without a node must not become a file that swallows everything. */
	fd = vfs()->openat(r->dev, node, flags, 0);
	if (fd < 0)
		return -1;
	if (vfs()->fstat(fd, &st) == 0 && S_ISBLK(st.st_mode) && major(st.st_rdev) == b->major &&
		minor(st.st_rdev) == b->minor)
		return fd;
	fd_close(&fd);
	errno = EINVAL;
	return -1;
}

static void cannot_open(hz_device_info *info, int e)
{
	if (e == EACCES || e == EPERM)
		info_obstacle(info, HZ_GATE_PERMISSION, false, err_text("no permission to open it: ask as root"));
	else if (e == ENOMEDIUM)
		info_obstacle(info, HZ_GATE_SIZE, false, err_text("no medium is in it"));
	else if (e == EINVAL)
		info_obstacle(info, HZ_GATE_UNKNOWN, false, err_text("%s is not its node"), info->path);
	else
		info_obstacle(info, HZ_GATE_UNKNOWN, false, err_text("it cannot be opened: %s"), strerror(e));
}

static void open_facts(hz_device_info *info, int fd)
{
	uint64_t bytes = 0;
	int ro = 0;

	if (vfs()->ioctl(fd, BLKGETSIZE64, &bytes) < 0 || bytes != info->bytes)
		info_obstacle(info, HZ_GATE_SIZE, false,
			err_text("the kernel tells two sizes of it: %llu and %llu bytes"),
			(unsigned long long)info->bytes, (unsigned long long)bytes);
	/* Some open for writing all the same and refuse each write. */
	if (vfs()->ioctl(fd, BLKROGET, &ro) < 0 || ro) {
		info->state |= HZ_STATE_READ_ONLY;
		info->can &= ~HZ_CAN_WRITE;
		info_obstacle(info, HZ_GATE_READ_ONLY, false, err_text("it is read-only"));
	}
}

static void try_claim(hz_device_info *info, const struct roots *r, const struct block *b)
{
	const struct timespec nap = { 0, 20000000 };
	int fd AUTO_FD = open_node(r, b, O_RDONLY | O_EXCL | O_NONBLOCK);

	/* Another list may have tried the same at this moment. */
	for (int i = 0; fd < 0 && errno == EBUSY && i < CLAIM_TRIES; i++) {
		(void)nanosleep(&nap, NULL);
		fd = open_node(r, b, O_RDONLY | O_EXCL | O_NONBLOCK);
	}
	if (fd < 0 && errno == EBUSY)
		info_obstacle(info, HZ_GATE_BUSY, false, err_text("claimed by the kernel or another program"));
	else if (fd < 0)
		cannot_open(info, errno);
}

void examine(hz_device_info *info, const struct roots *r, const struct blocks *b, size_t i)
{
	int fd = open_node(r, &b->at[i], O_RDONLY | O_NONBLOCK);
	AUTO(link_close) struct link *l = NULL;

	if (fd < 0) {
		cannot_open(info, errno);
		return;
	}
	open_facts(info, fd);
	if (kernel_link_new(&l, fd, r, info, NULL) < 0) {
		info_obstacle(info, HZ_GATE_UNKNOWN, false, err_text("no memory to look at it"));
		return;
	}
	if (b->at[i].disk == i)
		ask_device(l, info);
	signature_check(info, fd);
	facts_identify_again(info, r, b, i);
	try_claim(info, r, &b->at[i]);
}
