/* SPDX-License-Identifier: BSD-2-Clause */
/* What came of one drive, as JSON (docs/schemas/sanitize_summary-v1.json): what the library does not know of it. */
#ifndef ERASE_SUMMARY_H
#define ERASE_SUMMARY_H

#include "erase/fleet.h"

/* Its beginning: names, custody, what the decision flow says. */
hz_json *summary_new(struct cli *cli, const struct fleet_drive *d);
/* Where no work was done, or nobody is left to tell of it: d->result.touched says how much, why is why. */
void summary_without_work(hz_json *summary, const struct fleet_drive *d, const char *why);
/* Exit code and record as they are now; without a written record there is no certificate. */
void summary_end(hz_json *summary, const struct fleet_drive *d);

#endif
