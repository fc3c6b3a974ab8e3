/* SPDX-License-Identifier: BSD-2-Clause */
/* ATA OVERWRITE EXT (ACS-3 7.33.4): one pass of zeros by the drive, over what is not addressable any more too. The bit
 * that inverts the pattern between passes is not confirmed and not sent. */
#include "sanitize/ata_sanitize.h"

static const struct ata_sanitize command = {
	.feature = 0x14, .lba = UINT64_C(0x4f57) << 32 /* "OW", then the pattern */, .count = 1, .estimate = 3
};

static int run(struct method_run *m, hz_error **err)
{
	return ata_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return ata_sanitize_adopt(m, &command, err);
}

const struct method method_ata_overwrite = {
	.id = "ata-overwrite",
	.title = "ATA SANITIZE: OVERWRITE EXT, one pass of zeros",
	.needs = HZ_CAN_ATA_OVERWRITE,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
