/* SPDX-License-Identifier: BSD-2-Clause */
/* SCSI SANITIZE with CRYPTOGRAPHIC ERASE (SBC-4 5.30.2.4): the device changes the keys of its media. */
#include "sanitize/scsi_sanitize.h"
#include "device/scsi.h"

static const struct scsi_sanitize command = { .action = SCSI_SANITIZE_CRYPTO, .estimate = 4 };

static int run(struct method_run *m, hz_error **err)
{
	return scsi_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return scsi_sanitize_adopt(m, &command, err);
}

const struct method method_scsi_crypto_erase = {
	.id = "scsi-crypto-erase",
	.title = "SCSI SANITIZE: CRYPTOGRAPHIC ERASE",
	.needs = HZ_CAN_SCSI_CRYPTO,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
