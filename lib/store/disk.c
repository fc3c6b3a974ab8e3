/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's account of a block device is in sysfs. A hint only: whatever fails means that nothing is known. */
#include "store/disk.h"
#include "base/vfs.h"
#include <fcntl.h>
#include <stdio.h>

/* 1, 0, or -1 when there is no such file. */
static int read_flag(const char *path)
{
	AUTO_FD int fd = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_NOCTTY, 0);
	char c = 0;

	if (fd < 0 || vfs()->read(fd, &c, 1) != 1)
		return -1;
	return c == '1';
}

bool disk_is_rotational(int fd)
{
	/* A partition has no queue; it stands in the folder of its disk, to which the link leads. */
	static const char *const places[] = { "queue", "../queue" };
	struct statx st;

	if (vfs()->statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char path[96];
		int flag;

		(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/rotational", st.stx_dev_major,
			st.stx_dev_minor, places[i]);
		flag = read_flag(path);
		if (flag >= 0)
			return flag == 1;
	}
	return false;
}
