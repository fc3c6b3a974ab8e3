/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy that was judged: for programs, for people, for the papers of an ISMS. */
#ifndef VERIFY_POLICY_PRINT_H
#define VERIFY_POLICY_PRINT_H

#include "verify/policy_facts.h"

/* The summary, for its record too; code: the exit code. */
void policy_print_summary(struct cli *cli, const struct policy_view *v, int code);
void policy_print_text(const struct policy_view *v);
/* "met", ... in the language of the user. */
const char *policy_status_text(uint32_t status);

/* Rows for a sheet of this name ("checklist", "effectiveness") into a file. The exit code. */
int policy_csv(struct cli *cli, const struct policy_view *v, const char *sheet, const char *path);
bool policy_csv_is(const char *sheet);

#endif
