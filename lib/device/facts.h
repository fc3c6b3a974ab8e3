/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel and udev tell of a device without asking it anything: docs/erase/devices.md. */
#ifndef DEVICE_FACTS_H
#define DEVICE_FACTS_H

#include "device/blocks.h"
#include "device/info.h"

/* Everything of info that comes from sysfs, with the obstacles of size, read-only and partition. */
void facts_read(hz_device_info *info, const struct roots *r, const struct blocks *b, size_t i);
/* A disk that a plain list leaves out: empty, a ram disk, an unused loop device, device mapper and md, optical, an area
 * of a card that is not its medium; what is hidden is always left out. */
bool facts_is_minor(const struct roots *r, const struct blocks *b, size_t i);
/* Another namespace of the same NVMe subsystem. */
bool facts_are_siblings(const hz_device_info *a, const hz_device_info *b);

/* info->confirm_id from what is in info now. */
void facts_identify(hz_device_info *info);
/* The same once more after the device itself was asked, where a serial is what it goes by. */
void facts_identify_again(hz_device_info *info, const struct roots *r, const struct blocks *b, size_t i);
/* Adds the obstacle of identity to each of n devices that shows what another one shows, too. */
void facts_compare(hz_device_info *info, const hz_device_info *other);

#endif
