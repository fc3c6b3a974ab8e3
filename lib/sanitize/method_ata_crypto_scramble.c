/* SPDX-License-Identifier: BSD-2-Clause */
/* ATA CRYPTO SCRAMBLE EXT (ACS-3 7.33.2): the drive changes the keys that its media are encrypted with. */
#include "sanitize/ata_sanitize.h"

static const struct ata_sanitize command = {
	.feature = 0x11, .lba = 0x43727970 /* "Cryp" */, .count = 0, .estimate = 4
};

static int run(struct method_run *m, hz_error **err)
{
	return ata_sanitize_run(m, &command, err);
}

static int adopt(struct method_run *m, hz_error **err)
{
	return ata_sanitize_adopt(m, &command, err);
}

const struct method method_ata_crypto_scramble = {
	.id = "ata-crypto-scramble",
	.title = "ATA SANITIZE: CRYPTO SCRAMBLE EXT",
	.needs = HZ_CAN_ATA_CRYPTO_SCRAMBLE,
	.firmware = true,
	.run = run,
	.adopt = adopt,
};
