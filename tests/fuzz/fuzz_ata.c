/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of ATA devices, and the registers behind SANITIZE STATUS. */
#include "device/ata.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ata_identity id;
	struct ata_smart smart;
	struct ata_answer a = { 0 };
	uint64_t sectors = 0;

	if (ata_identity_parse(&id, data, len) && (id.sectors == 0 || strlen(id.model) > 40 || id.logical_sector < 512))
		abort();
	(void)ata_smart_parse(&smart, data, len);
	if (ata_dco_parse(&sectors, data, len) && (sectors < 3 || sectors > UINT64_C(1) << 48))
		abort();
	if (len >= 12) {
		a.has_registers = data[0] & 1;
		a.has_high = data[0] & 2;
		a.status = data[1], a.error = data[2];
		memcpy(&a.count, data + 3, 2);
		memcpy(&a.lba, data + 5, 6);
		if (ata_sanitize_parse(&a).completed_ok && !a.has_high)
			abort();
	}
	return 0;
}
