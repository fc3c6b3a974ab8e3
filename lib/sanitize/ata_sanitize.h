/* SPDX-License-Identifier: BSD-2-Clause */
/* The SANITIZE DEVICE feature set of ATA (ACS-3 4.17, 7.33): what its three methods share. */
#ifndef SANITIZE_ATA_SANITIZE_H
#define SANITIZE_ATA_SANITIZE_H

#include "sanitize/method.h"

struct ata_sanitize {
	uint16_t feature;  /* subcommand */
	uint64_t lba;      /* the key that the subcommand wants */
	uint16_t count;    /* without FAILURE MODE EXIT, which is the operator's */
	unsigned estimate; /* index in estimate_s; 4: none */
};
int ata_sanitize_run(struct method_run *m, const struct ata_sanitize *s, hz_error **err);
int ata_sanitize_adopt(struct method_run *m, const struct ata_sanitize *s, hz_error **err);

#endif
