/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a policy is to be done now. What never was done is due too. */
#ifndef VERIFY_DUE_POLICY_H
#define VERIFY_DUE_POLICY_H

#include "verify/policy_facts.h"
#include <stdio.h>

/* How many checks are of things to be done again, and how many of these are due. */
void due_policy_count(const struct policy_view *v, uint64_t *checks, uint64_t *overdue);
void due_policy_print(struct cli *cli, const struct policy_view *v);
/* A value of a label: backslash, quote and line feed are escaped. */
void due_put_label(FILE *f, const char *text);
/* Lines of the textfile of node_exporter; only_due: nothing is said of the others. */
void due_policy_metrics(FILE *f, const struct policy_view *v, bool only_due);

#endif
