/* SPDX-License-Identifier: BSD-2-Clause */
/* SCSI SANITIZE with BLOCK ERASE (SBC-4 5.30.2.3): the device erases the blocks of its flash. */
#include "sanitize/scsi_sanitize.h"
#include "device/scsi.h"

static const struct scsi_sanitize command = { .action = SCSI_SANITIZE_BLOCK, .estimate = 2 };

static int run(struct method_run *m, hz_error **err)
{
	return scsi_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return scsi_sanitize_adopt(m, &command, err);
}

const struct method method_scsi_block_erase = {
	.id = "scsi-block-erase",
	.title = "SCSI SANITIZE: BLOCK ERASE",
	.needs = HZ_CAN_SCSI_BLOCK,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
