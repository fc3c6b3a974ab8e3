/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of an approval (hozen/evidence.h). */
#ifndef REPORT_APPROVAL_H
#define REPORT_APPROVAL_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APPROVAL_NAMESPACE "hozen-approval"
#define APPROVAL_DEVICES   256u

struct approval_text {
	const char *goal; /* borrowed from the text, here and below */
	const char *device[APPROVAL_DEVICES];
	size_t n;
	bool has_until;
	int64_t until; /* seconds since 1970 */
};
/* Cuts the text into its lines. HZ_E_CORRUPT: none, with the line. */
int approval_parse(struct approval_text *a, char *text, hz_error **err);
bool approval_names(const struct approval_text *a, const char *device);

#endif
