/* SPDX-License-Identifier: BSD-2-Clause */
/* NVMe Sanitize, SANACT 3 (NVM Express Base 2.0, 5.24): one pass of zeros over the whole subsystem. */
#include "sanitize/nvme_sanitize.h"

static const struct nvme_sanitize command = { .action = 3, .passes = 1, .estimate = 0 };

static int run(struct method_run *m, hz_error **err)
{
	return nvme_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return nvme_sanitize_adopt(m, &command, err);
}

const struct method method_nvme_overwrite = {
	.id = "nvme-overwrite",
	.title = "NVMe Sanitize: overwrite, one pass of zeros",
	.needs = HZ_CAN_NVME_OVERWRITE,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
