/* SPDX-License-Identifier: BSD-2-Clause */
/* Format NVM with SES 1: the controller erases user data, by any means, and keeps the format. */
#include "sanitize/nvme_format.h"

static int run(struct method_run *m, hz_error **err)
{
	return nvme_format_run(m, NVME_SES_USER_DATA, err);
}

const struct method method_nvme_format = {
	.id = "nvme-format",
	.title = "NVMe Format: user data erase",
	.needs = HZ_CAN_NVME_FORMAT,
	.firmware = true,
	.run = run,
	.adopt = nvme_format_adopt,
};
