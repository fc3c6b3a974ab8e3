/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a tool says. Data goes to stdout, talk to stderr. With --json every line on stdout is one JSON object with type
 * and schema (docs/schemas), and failures are there too, as type "error".
 */
#ifndef COMMON_REPORT_H
#define COMMON_REPORT_H

#include "common/cli.h"

/* Turns a result of the library into an exit code; a failure is printed with its hint. Frees *err and sets it to NULL.
 * (A pointer to it, because the call that sets it usually stands in the same list of arguments.) */
int report_result(struct cli *cli, int rc, hz_error **err);
/* The same where HZ_E_INVAL means that the command line is wrong (".." in a path, a bad pattern): CLI_EXIT_USAGE. */
int report_arguments_result(struct cli *cli, int rc, hz_error **err);
/* A failure that does not end the command, with the exit code that it asks for, which is returned. */
int report_exception(struct cli *cli, int rc, const hz_error *err, int code);
/* A failure that the tool itself found. code: HZ_E_*, gives its exit code. */
int report_failure(struct cli *cli, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Wrong options or arguments: CLI_EXIT_USAGE, with a pointer to the help. */
int report_usage(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Something that must be seen, also with --quiet: an alarm, an exception. On stderr, as it is: nothing from outside
 * belongs into it. */
void report_warning(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints and frees a line of JSON. NULL (no memory) counts as a failed output. */
void report_line(struct cli *cli, hz_json *line);
/* For hz_job_on_event and hz_job_on_progress; user is the struct cli. */
void report_event(void *user, const hz_event *e);
int report_progress(void *user, const hz_progress *p);
/* For hz_data_fn: bytes on stdout; user is the struct cli. HZ_E_CANCELED when they cannot be written. */
int report_bytes(void *user, const void *data, size_t len);
/* Of a callback that prints: HZ_E_CANCELED when nobody reads any more (a pager that ended), so that there is no reason
 * to go on; else 0. */
int report_printed(const struct cli *cli);
/* report_arguments_result of a call whose callbacks print: where stdout failed, that is the reason, and report_close
 * says it. */
int report_stream_result(struct cli *cli, int rc, hz_error **err);
/* A path on stdout: as it is, or with control characters escaped when it goes to a terminal. */
void report_path(const char *path, size_t len);
/* Flushes and closes stdout. The worse of code and CLI_EXIT_FAILED when something could not be written. */
int report_close(struct cli *cli, int code);

#endif
