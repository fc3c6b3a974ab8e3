/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of the disk under a folder. */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include <stdbool.h>

/* Does the file system of this descriptor lie on a disk that turns? False also where that cannot be told: no block
 * device of its own (tmpfs, btrfs, a network), no sysfs. */
bool disk_is_rotational(int fd);

#endif
