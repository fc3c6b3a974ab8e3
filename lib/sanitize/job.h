/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One medium from the claim to the result: steps, their verification, the journal, and what is written about them. The
 * facts are kept here; what they are worth is level_reached's to say.
 */
#ifndef SANITIZE_JOB_H
#define SANITIZE_JOB_H

#include "base/json_read.h"
#include "hozen/sanitize.h"
#include "sanitize/erase_journal.h"
#include "sanitize/overwrite.h"
#include "sanitize/plan.h"

/* What is known of a step besides its outcome. */
struct step_facts {
	uint8_t seed[SAMPLE_SEED_LEN];
	struct overwrite over; /* overwrites: its fill is what verification expects */
	struct secret *key;    /* of a stream, kept for verification and record */
	struct fill left;
	uint64_t samples, subsections;
	struct extents mismatched, unreadable;
	struct changed changed;
	uint64_t marked;  /* firmware: samples to which known data was written before */
	bool in_journal;  /* its beginning is written down */
	bool done_before; /* an earlier process carried it out */
	char note[64];    /* of the journal: the last state; empty: none */
};

struct job {
	struct link *link;
	const hz_sanitize_options *opts;
	struct plan plan;
	struct plan_options wanted;
	struct erase_journal *journal;
	struct outcome outcome[PLAN_STEPS];
	struct verified verified[PLAN_STEPS];
	struct step_facts facts[PLAN_STEPS];
	unsigned step; /* under way */
	hz_device_info before, after;
	bool looked_after;
	int32_t temperature_max;
	uint64_t progress_ns, looked_ns;
	const char *doing;
	bool resumed;
	struct json_value *kept; /* resumed: the journal's plan with all that it keeps; NULL otherwise */
	struct method_options method_options;
	/* Sleeps; a test's does not. */
	void (*sleep_ms)(void *user, uint32_t ms);
};
void job_init(struct job *j, struct link *l, const hz_sanitize_options *o);
void job_release(struct job *j);

/* Steps and verification from where j stands; then what the device is now. 0, or why it did not come to its end. */
int job_run(struct job *j, hz_error **err);
/* Verification of step i: verified, facts (job_verify.c). */
int job_mark(struct job *j, unsigned i, const struct samples *s, hz_error **err);
int job_verify(struct job *j, unsigned i, hz_error **err);
int job_step_firmware(struct job *j, unsigned i, hz_error **err);
/* The method of a firmware step alone. */
int job_send(struct job *j, unsigned i, hz_error **err);
/* Of a resumed job, before it writes: does what was durable still stand there? HZ_E_REFUSED, with what to do
 * (job_stands.c). */
int job_stands(struct job *j, hz_error **err);
/* For engine_options and method_run. */
int job_on_progress(void *user, uint64_t done, uint64_t total);

/* The plan as text for the journal, with what of the summary the end of the job needs, and back; HZ_E_CORRUPT
 * (job_plan.c). */
int job_plan_text(const struct job *j, const hz_json *summary, char **text, hz_error **err);
int job_plan_read(struct job *j, const char *text, hz_error **err);
/* How many steps such a text has, and its goal; 0: it is none. text may be NULL. */
size_t job_plan_steps(const char *text, enum level *goal);
/* What the record needs besides (job_kept.c). Into the journal's plan: custody and approval are what the caller put
 * into the summary. */
int job_kept_put(const struct job *j, hz_json *plan, const hz_json *summary, hz_error **err);
/* Back into summary and record: what the caller says now counts before what was said first. */
int job_kept_take(const struct job *j, hz_json *summary, hz_record *rec, hz_error **err);
/* Into the plan: 1; 0: the journal has none; HZ_E_CORRUPT. */
int job_kept_assumptions(struct job *j);
/* Those of the first run that were not given again. */
void job_kept_overrides(const struct job *j, hz_record *rec);

/* Result, summary and what the record does not say (job_report.c). rc: of job_run. */
void job_report(const struct job *j, int rc, hz_record *rec, hz_json *summary, hz_sanitize_result *result);

#endif
