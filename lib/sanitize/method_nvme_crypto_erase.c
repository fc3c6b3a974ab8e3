/* SPDX-License-Identifier: BSD-2-Clause */
/* NVMe Sanitize, SANACT 4 (NVM Express Base 2.0, 5.24): the keys of the whole subsystem are changed. */
#include "sanitize/nvme_sanitize.h"

static const struct nvme_sanitize command = { .action = 4, .passes = 0, .estimate = 2 };

static int run(struct method_run *m, hz_error **err)
{
	return nvme_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return nvme_sanitize_adopt(m, &command, err);
}

const struct method method_nvme_crypto_erase = {
	.id = "nvme-crypto-erase",
	.title = "NVMe Sanitize: crypto erase",
	.needs = HZ_CAN_NVME_CRYPTO,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
