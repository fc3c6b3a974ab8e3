/* SPDX-License-Identifier: BSD-2-Clause */
/* The link whose operations are the kernel's: block calls, SG_IO and NVMe admin commands on one open block device. */
#ifndef DEVICE_KERNEL_H
#define DEVICE_KERNEL_H

#include "device/link.h"
#include "device/roots.h"

struct kernel_link {
	struct link link; /* first */
	struct roots roots;
	int fd;
	/* Descriptors that hold the claim on what shares the medium. */
	int *claim;
	size_t n_claims;
};
/* fd is the link's from now on, also on failure. info as facts_read gave it. */
int kernel_link_new(struct link **ret, int fd, const struct roots *r, const hz_device_info *info, hz_error **err);
/* One more descriptor that is held until the close; taken also on failure. */
int kernel_link_hold(struct link *l, int fd, hz_error **err);

/* link.h; implemented in kernel_command.c. */
int kernel_ata(
	struct link *l, const struct ata_command *c, void *data, size_t len, struct ata_answer *a, hz_error **err);
int kernel_scsi(
	struct link *l, const struct scsi_command *c, void *data, size_t len, struct scsi_answer *a, hz_error **err);
int kernel_nvme(
	struct link *l, const struct nvme_command *c, void *data, size_t len, struct nvme_answer *a, hz_error **err);

/* The failure of a call, from errno, as link.h has its codes; gone: what else says that the device is not there. */
int kernel_failed(struct link *l, hz_error **err, const char *what);
/* Does the open device have no size any more? */
bool kernel_is_gone(const struct kernel_link *k);

#endif
