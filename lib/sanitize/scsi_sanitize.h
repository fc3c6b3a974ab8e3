/* SPDX-License-Identifier: BSD-2-Clause */
/* SANITIZE of SCSI (SBC-4 5.30): what its three methods share. */
#ifndef SANITIZE_SCSI_SANITIZE_H
#define SANITIZE_SCSI_SANITIZE_H

#include "sanitize/method.h"

struct scsi_sanitize {
	uint8_t action;    /* SERVICE ACTION */
	unsigned estimate; /* index in estimate_s; 4: none */
};
int scsi_sanitize_run(struct method_run *m, const struct scsi_sanitize *s, hz_error **err);
int scsi_sanitize_adopt(struct method_run *m, const struct scsi_sanitize *s, hz_error **err);

#endif
