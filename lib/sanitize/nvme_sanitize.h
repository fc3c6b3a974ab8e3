/* SPDX-License-Identifier: BSD-2-Clause */
/* Sanitize of NVMe (Base Specification 2.0, 5.24 and the log page 81h): what its three methods share. */
#ifndef SANITIZE_NVME_SANITIZE_H
#define SANITIZE_NVME_SANITIZE_H

#include "sanitize/method.h"

struct nvme_sanitize {
	uint8_t action;    /* SANACT */
	uint8_t passes;    /* OWPASS */
	unsigned estimate; /* index in the log's estimates: 0 overwrite, 1 block, 2 crypto */
};
int nvme_sanitize_run(struct method_run *m, const struct nvme_sanitize *s, hz_error **err);
int nvme_sanitize_adopt(struct method_run *m, const struct nvme_sanitize *s, hz_error **err);

#endif
