/* SPDX-License-Identifier: BSD-2-Clause */
/* SECURITY ERASE UNIT, enhanced: as the vendor has it, over reallocated sectors too (ACS-3 7.38). */
#include "sanitize/ata_security.h"

static int run(struct method_run *m, hz_error **err)
{
	return ata_security_run(m, true, err);
}

static int recover(struct method_run *m, hz_error **err)
{
	return ata_security_recover(m, true, err);
}

const struct method method_ata_security_erase_enhanced = {
	.id = "ata-security-erase-enhanced",
	.title = "ATA SECURITY ERASE UNIT, enhanced",
	.needs = HZ_CAN_ATA_SECURITY | HZ_CAN_ATA_ENHANCED,
	.firmware = true,
	.run = run,
	.recover = recover,
};
