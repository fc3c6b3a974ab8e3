/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CSV as in RFC 4180, read strictly: a quote only where a field begins, two of them for one, nothing behind the last
 * but a comma or the end of the row. Rows end with CR LF or LF. Text is UTF-8; a byte order mark in front is passed
 * over.
 */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "base/buf.h"
#include "base/error.h"

#define CSV_FIELDS_MAX 64u
#define CSV_FIELD_MAX  ((size_t)4096)

struct csv {
	const char *at, *end;
	unsigned line, next_line; /* where the row that was read began, and where the next one does; from 1 */
	struct buf text;          /* the fields of the row, each ended by a NUL */
	size_t from[CSV_FIELDS_MAX];
	size_t n; /* fields */
};

/* text is borrowed. */
void csv_begin(struct csv *c, const char *text, size_t len);
void csv_release(struct csv *c);
/* The next row: 1, 0 at the end, HZ_E_INVAL with the line and what is wrong there, HZ_E_NOMEM. Rows without a letter
 * are passed over. */
int csv_next(struct csv *c, hz_error **err);
/* Until the next row is read. */
const char *csv_field(const struct csv *c, size_t i);

#endif
