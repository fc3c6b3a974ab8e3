/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a medium through a link and holding it against a record. */
#ifndef MEDIACHECK_COMPARE_H
#define MEDIACHECK_COMPARE_H

#include "device/link.h"
#include "hozen/mediacheck.h"
#include "mediacheck/erased.h"

struct comparison {
	struct link *link;
	const struct erased *erased;
	const hz_media_options *opts;
	hz_media_finding_fn fn;
	void *user;
	hz_media_result *res;
	/* What it is in the middle of. */
	uint64_t done, total;
	unsigned told;
	/* Findings of the same kind that touch are told as one. */
	uint32_t open_kind;
	struct spot open;
};
/* Identity, then the places of the record's seed and those of seed, or everything. Findings are counted in res. */
int comparison_run(struct comparison *c, const uint8_t seed[32], hz_error **err);

#endif
