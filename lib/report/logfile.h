/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the log: docs/evidence, "Log". All have the same length. */
#ifndef REPORT_LOGFILE_H
#define REPORT_LOGFILE_H

#include "base/error.h"
#include "base/id.h"
#include "base/uuid.h"
#include "report/merkle.h"
#include "report/statement.h"

#define LOG_NAME_LEN (MONTH_LEN + UUID_TEXT) /* "2026-11/<uuid>", with NUL */
#define LOG_LINE_LEN (LOG_NAME_LEN + 2 * (ID_HEX_LEN + 1))
#define LOG_MAX      ((size_t)1 << 30)

struct log_entry {
	char name[LOG_NAME_LEN];
	struct id record, sig;
};
/* out: LOG_LINE_LEN bytes, the last a line feed; no NUL. */
void log_entry_write(uint8_t out[LOG_LINE_LEN], const struct log_entry *e);
/* False: no entry. */
bool log_entry_read(struct log_entry *e, const uint8_t line[LOG_LINE_LEN]);

/* A whole log in memory. */
struct log_text {
	uint8_t *data;
	size_t len;  /* of whole lines */
	size_t torn; /* bytes behind them */
	uint64_t n;  /* lines */
};
/* No file is an empty log. */
int log_text_read(struct log_text *t, int dirfd, hz_error **err);
void log_text_release(struct log_text *t);
/* Adds leaves until m has n of them. */
void log_text_hash(const struct log_text *t, struct merkle *m, uint64_t n);
/* Does one of the first n entries name this record? */
bool log_text_has(const struct log_text *t, const char *name, uint64_t n);

#endif
