/* SPDX-License-Identifier: BSD-2-Clause */
/* A record as text: made from its parts, and read back strictly (docs/evidence, "A record"). */
#ifndef REPORT_STATEMENT_H
#define REPORT_STATEMENT_H

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_read.h"
#include "base/uuid.h"
#include "hozen/evidence.h"

#define RECORD_NAMESPACE "hozen-record"
#define RECORD_MAX       ((size_t)1 << 20)
#define TEXT_MAX         ((size_t)2048) /* of a text that somebody gave */
#define STATEMENT_TYPE   "https://in-toto.io/Statement/v1"
/* "2026-11", with NUL. */
#define MONTH_LEN 8

/* Everything that is known when a command begins. Borrowed. */
struct statement {
	const hz_record_options *opts;
	const char *uuid;
	struct walltime start;
	struct clock_state clock;
	const hz_json *operator_, *host, *tool; /* objects */
	const hz_json *identity;
	const hz_json *subjects; /* list; may be NULL */
	struct {
		uint64_t size;
		struct id root;
	} log; /* as it was */
	/* What is known at the end. */
	bool has_end;
	struct walltime end;
	uint64_t duration_ns;
	int exit_code;
	const char *error;
	const hz_json *result, *failures;
	uint64_t failures_total;
	const hz_json *says[3]; /* by HZ_SAYS_* */
	bool late;
};

bool record_kind_is_known(const char *kind);
/* "done", ...; NULL: no exit code of ours. */
const char *outcome_of_exit(int exit_code);
/* The text that is to be signed, with a line feed at its end. HZ_E_NOMEM. */
int statement_make(char **text, size_t *len, const struct statement *s, hz_error **err);

/* What others want to know of a record that was read. Borrowed from root. */
struct record_view {
	const char *uuid, *kind, *outcome, *command, *start, *end; /* end NULL: interrupted */
	int64_t time, start_time;                                  /* seconds; time: the end, or the start */
	char month[MONTH_LEN];                                     /* of the start */
	uint64_t log_size;
	struct id log_root;
	const struct json_value *predicate;
};
/* HZ_E_CORRUPT: no record by docs/evidence; HZ_E_TOONEW: a type that is not known. *root is the caller's. */
int record_read(struct json_value **root, struct record_view *v, const char *text, size_t len, hz_error **err);

#endif
