/* SPDX-License-Identifier: BSD-2-Clause */
/* What the public calls of hozen/sanitize.h share, and what tests run on a link of their own. */
#ifndef SANITIZE_SANITIZE_H
#define SANITIZE_SANITIZE_H

#include "sanitize/job.h"

#define JOURNAL_SUFFIX ".journal"

DEFINE_AUTO(hz_plan, hz_plan_free)
/* The plan inside, borrowed, and what was wanted. */
const struct plan *plan_of(const hz_plan *p, struct plan_options *wanted);

/* given NULL: erase in the state folder. make: with all that leads there. *path is the caller's, set or NULL. */
int report_folder_open(int *fd, char **path, const char *given, bool make, hz_error **err);
int sanitize_options_check(hz_sanitize_options *o, const hz_sanitize_options *given, hz_error **err);
int sanitize_claim(struct link **l, struct trace **t, const char *path, const hz_sanitize_options *o, hz_error **err);
/* The folder of a journal, and its name in there, borrowed from path (journals.c). */
int journal_folder_open(int *fd, const char **name, const char *path, hz_error **err);
/* Closes every open journal of the folder but `own` that is of this medium: job `by` begins anew there. */
int journals_supersede(int dirfd, const char *own, const char *by, const hz_device_info *d, hz_error **err);
/* Refused before anything was done: all that a summary must have. */
void sanitize_nothing_touched(hz_json *summary, hz_sanitize_result *result, int rc, const hz_error *err);
/* The first thing that went wrong is why; rc 0: as it is. */
void sanitize_why(hz_json *summary, hz_sanitize_result *r, int rc, const hz_error *e);
void sanitize_sleep(void *user, uint32_t ms);

/* The whole run on an open link; sleep_ms NULL: really. */
int sanitize_on(struct link *l, const hz_sanitize_options *o, int dirfd, void (*sleep_ms)(void *, uint32_t),
	hz_record *rec, hz_json *summary, hz_sanitize_result *result, hz_error **err);
int sanitize_resume_on(struct link *l, const hz_sanitize_options *o, int dirfd, const char *name,
	void (*sleep_ms)(void *, uint32_t), hz_record *rec, hz_json *summary, hz_sanitize_result *result,
	hz_error **err);
/* hz_sanitize_selftest on an open link. */
int sanitize_selftest_on(struct link *l, const hz_sanitize_options *o, int dirfd, void (*sleep_ms)(void *, uint32_t),
	hz_record *rec, hz_json *summary, hz_equipment_result *result, hz_error **err);

#endif
