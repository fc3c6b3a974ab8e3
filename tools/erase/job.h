/* SPDX-License-Identifier: BSD-2-Clause */
/* What run and resume share: their options, the record of each drive, and the child's work. */
#ifndef ERASE_JOB_H
#define ERASE_JOB_H

#include "erase/fleet.h"

#define JOB_OPTIONS                                                                                                  \
	{ "report-dir", 0, "DIR", N_("for journals and records; default: erase in the state folder") },              \
		{ "confirm", 0, "ID", N_("what list shows for the device; once for each; asked for when missing") }, \
		{ "override", 0, "GATE=ID", N_("overrides one gate for one device; it is in the record") },          \
		{ "property-no", 0, "TEXT", N_("the organisation's number of the medium, for the certificate") },    \
		{ "source", 0, "TEXT", N_("whose it was, or out of which computer it came") },                       \
		{ "data-backed-up", 0, "ANSWER", N_("yes, no, or where to; default: not known") },                   \
		{ "destination", 0, "TEXT", N_("where the medium goes: reuse, recycler, manufacturer, ...") },       \
		{ "witness", 0, "NAME", N_("who stood by") },                                                        \
	{                                                                                                            \
		"photo", 0, "FILE", N_("its SHA-256 goes into the record")                                           \
	}

/* --report-dir, or erase in HOZEN_STATE_DIR, or NULL: the default of the library. Lives until the next call. */
const char *job_report_dir(const struct cli *cli);
/* Each journal of the folder, or the one that was named; a default folder that is not there has none. */
int job_journals(struct cli *cli, hz_journal_fn fn, void *user, uint64_t *bad);
/* The child: fills d->result and what goes with it; the exit code of this drive. */
int job_work(struct fleet *f, struct fleet_drive *d);
/* Before any is begun. --override with a gate or an identity that is not there: CLI_EXIT_USAGE. */
int job_check_overrides(struct fleet *f);
/* A --confirm that is of none of them: somebody means another disk, and all are refused. */
int job_check_confirmations(struct fleet *f);
/* Does --override name this gate for this medium? */
bool job_is_overridden(struct cli *cli, const char *confirm_id, uint32_t gate);
/* d->typed from --confirm, or where none was given from a person at the terminal; NULL: from nobody, and the library
 * refuses. Refuses d itself (fleet_refuse) when that was stopped by a signal. CLI_EXIT_DONE, or why not. */
int job_confirm(struct cli *cli, struct fleet_drive *d, const hz_device_info *info);

#endif
