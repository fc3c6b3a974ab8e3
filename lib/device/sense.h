/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sense data of SCSI in both formats (SPC-4), and the ATA registers that a translation layer puts there
 * (SAT-3). Pure: bytes in, values out.
 */
#ifndef DEVICE_SENSE_H
#define DEVICE_SENSE_H

#include "device/link.h"

struct sense {
	bool present;  /* false: no sense data, or none that this knows */
	bool deferred; /* of an earlier command */
	uint8_t key, asc, ascq;
	bool has_progress;
	uint16_t progress; /* of 65536 */
	struct ata_answer ata;
};
/* len bytes, of which a device may have filled fewer: what is cut off counts as not there. */
struct sense sense_parse(const void *data, size_t len);

#endif
