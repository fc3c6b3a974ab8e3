/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written on a device that makes it part of something else: libblkid, on the disk and in each of its
 * partitions, also those for which there is no node. */
#ifndef DEVICE_SIGNATURE_H
#define DEVICE_SIGNATURE_H

#include "device/info.h"

/* Adds the obstacle HZ_GATE_SIGNATURE for each that asks for a stronger confirmation; a file system or a table by
 * itself does not. */
void signature_check(hz_device_info *info, int fd);
/* Does a signature of this type and usage, as libblkid calls them, ask for it? */
bool signature_counts(const char *type, const char *usage);

#endif
