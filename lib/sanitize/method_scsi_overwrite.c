/* SPDX-License-Identifier: BSD-2-Clause */
/* SCSI SANITIZE with OVERWRITE (SBC-4 5.30.2.2): one pass of zeros by the device. */
#include "sanitize/scsi_sanitize.h"
#include "device/scsi.h"

static const struct scsi_sanitize command = { .action = SCSI_SANITIZE_OVERWRITE, .estimate = 3 };

static int run(struct method_run *m, hz_error **err)
{
	return scsi_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return scsi_sanitize_adopt(m, &command, err);
}

const struct method method_scsi_overwrite = {
	.id = "scsi-overwrite",
	.title = "SCSI SANITIZE: OVERWRITE, one pass of zeros",
	.needs = HZ_CAN_SCSI_OVERWRITE,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
