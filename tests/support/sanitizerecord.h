/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a record of an erasure, with a result of the test's choice. */
#ifndef SUPPORT_SANITIZERECORD_H
#define SUPPORT_SANITIZERECORD_H

#include "report/statement.h"

/* result: JSON text, or NULL for none. To be freed. */
char *sanitize_record(const char *kind, const char *result, size_t *len);

#endif
