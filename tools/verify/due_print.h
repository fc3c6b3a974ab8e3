/* SPDX-License-Identifier: BSD-2-Clause */
/* What due found, for people, programs and monitoring. */
#ifndef VERIFY_DUE_PRINT_H
#define VERIFY_DUE_PRINT_H

#include "verify/due_policy.h"

struct due {
	const char *kind;
	hz_facts *facts; /* keep the texts of v; NULL: no age was asked for */
	hz_fact_last *v;
	uint64_t n, bad;
	bool damaged;                   /* a repository that the policy names */
	int64_t now, max_age;           /* max_age 0: not asked for */
	const struct policy_view *view; /* NULL: no policy */
};

/* Is anything due, or is nothing known that could be? */
bool due_is_any(const struct due *d);
void due_print(struct cli *cli, const struct due *d);
/* The line of a plugin, and its exit code. */
int due_nagios(const struct due *d);
/* The same where nothing could be said, by what was told. */
int due_nagios_unknown(const struct cli *cli);
/* The textfile of node_exporter. An exit code. */
int due_put_metrics(struct cli *cli, const struct due *d, const char *file);

#endif
