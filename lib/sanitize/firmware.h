/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for a firmware that erases. One loop for ATA, SCSI and NVMe: a method says how the device is asked, and here
 * is decided what counts. Only FIRMWARE_DONE ends in OUTCOME_COMPLETED; a device that says nothing that can be relied
 * on is asked for a while and then OUTCOME_UNKNOWN.
 */
#ifndef SANITIZE_FIRMWARE_H
#define SANITIZE_FIRMWARE_H

#include "sanitize/method.h"

#define FIRMWARE_PARTS 65536u /* of outcome.total */

enum firmware_says {
	FIRMWARE_NOTHING = 0, /* unreadable, or nothing that says something about our command */
	FIRMWARE_RUNNING,
	FIRMWARE_DONE, /* and it was ours, and it says that it went well */
	FIRMWARE_FAILED,
	FIRMWARE_OTHER /* it ended, and what the device says is about another command than ours, or contradicts it */
};
struct firmware_answer {
	enum firmware_says says;
	uint16_t progress; /* of FIRMWARE_PARTS, while it runs */
};
/* Asks once. Fills outcome->device_status and said. An error is that of the link; says is then not looked at. */
typedef int (*firmware_ask)(struct method_run *m, void *user, struct firmware_answer *a, hz_error **err);

/* Until it ends. 0: the outcome is COMPLETED, FAILED or UNKNOWN, with err untouched. HZ_E_CANCELED: asked to stop, it
 * goes on. HZ_E_NOTFOUND: OUTCOME_LOST. HZ_E_IO: it did not say anything any more. estimate_s: the device's own, 0
 * none. */
int firmware_wait(struct method_run *m, firmware_ask ask, void *user, uint64_t estimate_s, hz_error **err);

/* Nothing was sent, and why: sets state and said, and the error with this code. */
int firmware_refuse(struct method_run *m, int code, hz_error **err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* What a link's error means for the outcome of a command that was sent: lost, or not known; the firmware may be at
 * work. Returns rc. */
int firmware_sent_error(struct method_run *m, int rc);
/* The end of it. */
void firmware_end(struct outcome *o, enum outcome_state s, enum outcome_touched t);
void firmware_said(struct outcome *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Is it noted, in this run or in the one that crashed, that the device took our command? */
bool firmware_is_accepted(const struct method_run *m);
/* note() with one detail, which may be NULL. */
int firmware_note(struct method_run *m, const char *state, const char *key, const char *value, hz_error **err);

#endif
