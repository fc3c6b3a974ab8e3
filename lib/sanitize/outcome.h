/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of one step. Every step starts as OUTCOME_NOT_STARTED; nothing but an observation moves it on, and
 * nothing maps what is not known to success.
 */
#ifndef SANITIZE_OUTCOME_H
#define SANITIZE_OUTCOME_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

enum outcome_state {
	OUTCOME_NOT_STARTED = 0, /* no command that changes anything was sent */
	OUTCOME_RUNNING,         /* sent or begun; how far is in done and total */
	OUTCOME_COMPLETED,       /* the device, or each write and the flush, said that all of it was done */
	OUTCOME_EXCEPTIONS,      /* as completed, but for the ranges in bad */
	OUTCOME_FAILED,          /* it said that it was not */
	OUTCOME_UNKNOWN,         /* it said nothing that can be relied on */
	OUTCOME_LOST             /* the device went away */
};
const char *outcome_name(enum outcome_state s);

/* Touched: of the user's data by this step. */
enum outcome_touched { TOUCHED_NO, TOUCHED_PARTLY, TOUCHED_ALL, TOUCHED_UNKNOWN };

/* Half-open ranges of logical sectors, sorted, not touching each other. */
struct extent {
	uint64_t lba, count;
	int error; /* errno of the last try */
};
struct extents {
	struct extent *at;
	size_t n, cap;
	uint64_t sectors; /* in all */
};
int extents_add(struct extents *e, uint64_t lba, uint64_t count, int error, hz_error **err);
void extents_release(struct extents *e);

struct outcome {
	enum outcome_state state;
	enum outcome_touched touched;
	bool goes_on;              /* the firmware works on whatever we do */
	bool flushed;              /* after the last write, and it said yes */
	uint64_t done, total;      /* bytes, or parts of 65536 for firmware */
	struct extents bad;        /* what could not be written */
	uint32_t device_status[4]; /* the last words of the device: ATA status/error/count/lba, SCSI key/asc/ascq, NVMe
				      status/SSTAT/SCDW10/SPROG */
	char said[200];            /* the same for people */
	uint64_t started_ns, ended_ns;
};

#endif
