/* SPDX-License-Identifier: BSD-2-Clause */
/* The two-person rule before a run. */
#ifndef ERASE_APPROVAL_H
#define ERASE_APPROVAL_H

#include "erase/fleet.h"

#define APPROVAL_OPTIONS                                                                                               \
	{ "approval", 0, "FILE", N_("another person's signed approval of this goal and these devices (FILE.sig)") },   \
	{                                                                                                              \
		"approvers", 0, "FILE",                                                                                \
			N_("allowed_signers of those who may approve (HOZEN_APPROVERS); with it nothing runs without") \
	}

/* Asked before anything is begun; refuses all drives (fleet_refuse) where it is needed and not good. goal: as the plan
 * has it. CLI_EXIT_DONE, or CLI_EXIT_USAGE. */
int approval_check(struct cli *cli, const char *goal, struct fleet_drive *d, uint64_t n);
/* What was approved, into the record and summary of one drive; null where none was. */
void approval_put(struct cli *cli, hz_json *summary);

#endif
