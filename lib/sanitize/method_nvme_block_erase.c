/* SPDX-License-Identifier: BSD-2-Clause */
/* NVMe Sanitize, SANACT 2 (NVM Express Base 2.0, 5.24): block erase of the whole subsystem. */
#include "sanitize/nvme_sanitize.h"

static const struct nvme_sanitize command = { .action = 2, .passes = 0, .estimate = 1 };

static int run(struct method_run *m, hz_error **err)
{
	return nvme_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return nvme_sanitize_adopt(m, &command, err);
}

const struct method method_nvme_block_erase = {
	.id = "nvme-block-erase",
	.title = "NVMe Sanitize: block erase",
	.needs = HZ_CAN_NVME_BLOCK,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
