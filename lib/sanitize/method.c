/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of methods. */
#include "sanitize/overwrite.h"
#include <string.h>

static const struct method *const table[] = {
	&method_ata_crypto_scramble,
	&method_ata_block_erase,
	&method_ata_overwrite,
	&method_ata_security_erase,
	&method_ata_security_erase_enhanced,
	&method_scsi_crypto_erase,
	&method_scsi_block_erase,
	&method_scsi_overwrite,
	&method_nvme_crypto_erase,
	&method_nvme_block_erase,
	&method_nvme_overwrite,
	&method_nvme_format,
	&method_nvme_format_crypto,
	&method_overwrite_stream,
	&method_overwrite_zeros,
	&method_overwrite_pattern,
	&method_discard,
	&method_write_zeroes,
	NULL,
};

const struct method *const *methods(void)
{
	return table;
}

const struct method *method_find(const char *id)
{
	for (const struct method *const *m = methods(); *m; m++)
		if (strcmp((*m)->id, id) == 0)
			return *m;
	return NULL;
}
