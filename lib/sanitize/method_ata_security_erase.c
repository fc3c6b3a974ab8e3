/* SPDX-License-Identifier: BSD-2-Clause */
/* SECURITY ERASE UNIT, normal: the drive overwrites what is addressable (ACS-3 7.38). */
#include "sanitize/ata_security.h"

static int run(struct method_run *m, hz_error **err)
{
	return ata_security_run(m, false, err);
}

static int recover(struct method_run *m, hz_error **err)
{
	return ata_security_recover(m, false, err);
}

const struct method method_ata_security_erase = {
	.id = "ata-security-erase",
	.title = "ATA SECURITY ERASE UNIT",
	.needs = HZ_CAN_ATA_SECURITY,
	.firmware = true,
	.run = run,
	.recover = recover,
};
