/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for outcomes, of journal and record. */
#include "sanitize/outcome.h"

const char *outcome_name(enum outcome_state s)
{
	static const char *const names[] = { "not-started", "running", "completed", "exceptions", "failed", "unknown",
		"lost" };

	return (unsigned)s < sizeof(names) / sizeof(names[0]) ? names[s] : "unknown";
}
