/* SPDX-License-Identifier: BSD-2-Clause */
/* ATA BLOCK ERASE EXT (ACS-3 7.33.1): the drive erases the blocks of its flash, those out of use too. */
#include "sanitize/ata_sanitize.h"

static const struct ata_sanitize command = {
	.feature = 0x12, .lba = 0x426b4572 /* "BkEr" */, .count = 0, .estimate = 2
};

static int run(struct method_run *m, hz_error **err)
{
	return ata_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return ata_sanitize_adopt(m, &command, err);
}

const struct method method_ata_block_erase = {
	.id = "ata-block-erase",
	.title = "ATA SANITIZE: BLOCK ERASE EXT",
	.needs = HZ_CAN_ATA_BLOCK_ERASE,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
