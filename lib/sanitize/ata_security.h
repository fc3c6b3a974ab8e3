/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SECURITY ERASE UNIT of ATA (ACS-3 4.18, 7.36 to 7.41): what its two methods share. The drive wants a password set
 * before it erases. It is always the same, and in docs/erase/methods.md: a drive that a crash leaves locked is opened
 * with it by anybody, with any tool.
 */
#ifndef SANITIZE_ATA_SECURITY_H
#define SANITIZE_ATA_SECURITY_H

#include "sanitize/method.h"

#define ATA_PASSWORD "hozen-erase" /* the rest of the 32 bytes is zero; user password, level high */

int ata_security_run(struct method_run *m, bool enhanced, hz_error **err);
/* Without a password that is set nothing is done. Otherwise it is taken away; where the drive does not give itself up
 * to it without erasing (an erase that was cut off), it is erased again. */
int ata_security_recover(struct method_run *m, bool enhanced, hz_error **err);

#endif
