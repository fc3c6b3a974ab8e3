/* SPDX-License-Identifier: BSD-2-Clause */
/* Loop devices for tests, over files that the test made; gone again with loopdev_free. Needs root. */
#ifndef SUPPORT_LOOPDEV_H
#define SUPPORT_LOOPDEV_H

#include <stdbool.h>
#include <stdint.h>

struct loopdev {
	char path[32];
	char file[300];
	int fd; /* keeps it */
};
/* NULL: loop devices are not to be had here. */
struct loopdev *loopdev_new(const char *folder, uint64_t bytes, uint32_t sector, bool read_only);
void loopdev_free(struct loopdev *l);

#endif
