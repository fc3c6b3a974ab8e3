/* SPDX-License-Identifier: BSD-2-Clause */
/* Format NVM with SES 2: the controller changes the keys of user data, and keeps the format. */
#include "sanitize/nvme_format.h"

static int run(struct method_run *m, hz_error **err)
{
	return nvme_format_run(m, NVME_SES_CRYPTO, err);
}

const struct method method_nvme_format_crypto = {
	.id = "nvme-format-crypto",
	.title = "NVMe Format: crypto erase",
	.needs = HZ_CAN_NVME_FORMAT_CRYPTO,
	.firmware = true,
	.run = run,
	.adopt = nvme_format_adopt,
};
