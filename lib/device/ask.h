/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device itself says: identity, what it can erase, hidden areas, health. Sends only commands that change nothing
 * (docs/erase/devices.md has each with its clause). Answers replace what the kernel told; what it does not answer is in
 * not_known. Through the operations of the link only, so that a model can answer.
 */
#ifndef DEVICE_ASK_H
#define DEVICE_ASK_H

#include "device/info.h"
#include "device/link.h"

/* By transport. */
void ask_device(struct link *l, hz_device_info *info);
/* True: it is an ATA device (or one behind a bridge), and info has its answers. */
bool ask_ata(struct link *l, hz_device_info *info);
void ask_scsi(struct link *l, hz_device_info *info);
void ask_nvme(struct link *l, hz_device_info *info);

#define ASK_TIMEOUT_MS 10000

#endif
