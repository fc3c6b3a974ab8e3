/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of a policy file, read strictly: false is none, and *out is untouched then. */
#ifndef REPORT_POLICY_VALUE_H
#define REPORT_POLICY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As in hz_duration. */
bool policy_duration(int64_t *seconds, const char *text);
/* "2027-03-31": the beginning of that day, UTC. */
bool policy_date(int64_t *seconds, const char *text);
/* 1 to 64, in digits. */
bool policy_count(int64_t *count, const char *text);
/* "yes", "no". */
bool policy_yes_no(bool *value, const char *text);
/* Letters, digits, dot, dash and underscore, at most max. */
bool policy_word(const char *text, size_t max);
/* From the root, without "." or "..", without // and without a slash at the end. */
bool policy_path(const char *text);

/* As people say it: "24h", "30d". out is returned. */
#define POLICY_DURATION_TEXT 32
char *policy_duration_text(char out[POLICY_DURATION_TEXT], int64_t seconds);
/* "2027-03-31"; out is returned. */
#define POLICY_DATE_TEXT 32
char *policy_date_text(char out[POLICY_DATE_TEXT], int64_t seconds);

#endif
