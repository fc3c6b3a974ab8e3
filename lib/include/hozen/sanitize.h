/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sanitization of whole media: a plan with its reasons, the run, and what came of it. Words are those of NIST SP
 *800-88: clear, purge, verify. docs/erase has profiles, methods and the sampling.
 *
 *	hz_plan_options po = HZ_PLAN_OPTIONS_INIT;
 *	hz_device_info d = HZ_DEVICE_INFO_INIT;
 *	hz_plan *plan = NULL;
 *	hz_error *err = NULL;
 *
 *	po.goal = HZ_LEVEL_PURGE;
 *	if (hz_device_look("/dev/sdx", &d, &err) == 0 && hz_plan_make(&plan, &d, &po, &err) == 0)
 *		puts(hz_plan_reachable(plan) ? "can be purged" : "destroy it");
 *	hz_plan_free(plan);
 *
 * Only hz_sanitize_run and hz_sanitize_resume write to a device. One thread at a time for each object.
 */
#ifndef HOZEN_SANITIZE_H
#define HOZEN_SANITIZE_H

#include "hozen/device.h"
#include "hozen/evidence.h"
#include "hozen/job.h"
#include "hozen/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* SP 800-88r1 2.5. Destroy is done by people. */
enum { HZ_LEVEL_NONE = 0, HZ_LEVEL_CLEAR = 1, HZ_LEVEL_PURGE = 2 };
/* "none", "clear", "purge"; static. */
HZ_API const char *hz_level_name(uint32_t level);

/* The decision flow (SP 800-88r1 figure 4-1, or as the profile has it): what has to be done with this medium. */
enum {
	HZ_CONFIDENTIALITY_NOT_SAID = 0,
	HZ_CONFIDENTIALITY_LOW = 1,
	HZ_CONFIDENTIALITY_MODERATE = 2,
	HZ_CONFIDENTIALITY_HIGH = 3
};
enum { HZ_DECIDE_CLEAR = 1, HZ_DECIDE_PURGE = 2, HZ_DECIDE_DESTROY = 3 };

#define HZ_PLAN_QUICK       1u  /* one pass of zeros and a sample of it */
#define HZ_PLAN_FINAL_ZEROS 2u  /* a further pass of zeros */
#define HZ_PLAN_STRICT      4u  /* a failed firmware erase may only be left by one that succeeds */
#define HZ_PLAN_REUSED      8u  /* for the decision: the medium will be used again */
#define HZ_PLAN_LEAVES      16u /* for the decision: it leaves the control of the organisation */
/* The operator vouches for what a cryptographic erase rests on: encrypted from the first write on, no copy of the key
 * elsewhere. It is in the record. */
#define HZ_PLAN_VOUCHED 32u

typedef struct hz_plan_options {
	uint32_t size;
	uint32_t flags;           /* HZ_PLAN_* */
	uint32_t goal;            /* HZ_LEVEL_CLEAR or _PURGE; 0: what the decision flow says */
	uint32_t confidentiality; /* HZ_CONFIDENTIALITY_*; with goal both must agree, or the plan says so */
	const char *profile;      /* NULL: "nist-800-88r1" */
	const char *method;       /* one of docs/erase/methods.md; NULL: the best there is */
} hz_plan_options;
#define HZ_PLAN_OPTIONS_INIT                           \
	{                                              \
		sizeof(hz_plan_options), 0, 0, 0, 0, 0 \
	}

typedef struct hz_plan hz_plan;
/* Pure: touches no device. HZ_E_INVAL: no such profile or method, no goal. */
HZ_API int hz_plan_make(hz_plan **plan, const hz_device_info *device, const hz_plan_options *opts, hz_error **err);
HZ_API void hz_plan_free(hz_plan *plan);
/* 0: the goal cannot be reached on this medium; the reasons say why, and what to do. */
HZ_API int hz_plan_reachable(const hz_plan *plan);
/* The steps can be done, but as the medium is now no level can come of them (hidden areas), and no certificate: why, in
 * text, borrowed. NULL: nothing of the kind. Since: 0.1 */
HZ_API const char *hz_plan_cannot_pass(const hz_plan *plan);
HZ_API uint32_t hz_plan_goal(const hz_plan *plan);
/* HZ_DECIDE_*; 0: confidentiality was not said. */
HZ_API uint32_t hz_plan_decision(const hz_plan *plan);
typedef struct hz_plan_step {
	uint32_t size;
	uint32_t firmware; /* 1: done by the device; cannot be stopped once begun */
	const char *method, *title, *verification, *clause, *why; /* borrowed from the plan */
	uint64_t expected_s;                                      /* 0: not known */
} hz_plan_step;
#define HZ_PLAN_STEP_INIT                                 \
	{                                                 \
		sizeof(hz_plan_step), 0, 0, 0, 0, 0, 0, 0 \
	}
HZ_API uint64_t hz_plan_steps(const hz_plan *plan);
HZ_API int hz_plan_step_get(const hz_plan *plan, uint64_t i, hz_plan_step *step);
/* Texts, borrowed; NULL beyond the last. */
HZ_API const char *hz_plan_reason(const hz_plan *plan, uint64_t i);
HZ_API const char *hz_plan_assumption(const hz_plan *plan, uint64_t i);
HZ_API const char *hz_plan_profile_title(const hz_plan *plan);
/* All of it by docs/schemas/plan-v1.json. */
HZ_API void hz_plan_json(hz_json *j, const hz_plan *plan);

/* ---- running it ---- */

enum {
	HZ_TOUCHED_NO = 0, /* not a byte: no command that changes anything was sent */
	HZ_TOUCHED_PARTLY = 1,
	HZ_TOUCHED_ALL = 2,
	HZ_TOUCHED_UNKNOWN = 3
};

typedef struct hz_sanitize_progress {
	uint32_t size;
	uint32_t step, steps; /* from 1 */
	uint32_t stoppable;   /* 0: the firmware works, and goes on whatever happens here */
	const char *method;   /* its id */
	const char *doing;    /* "write", "verify", "firmware", "sample"; static */
	uint64_t done, total; /* bytes, or parts of 65536 of a firmware step; total 0: not known */
	uint64_t bad_sectors;
	int32_t temperature_c; /* INT32_MIN: not told */
} hz_sanitize_progress;
/* At most ten times a second, on the thread that called; non-zero asks to stop. */
typedef int (*hz_sanitize_progress_fn)(void *user, const hz_sanitize_progress *p);

typedef struct hz_sanitize_options {
	uint32_t size;
	uint32_t flags; /* none yet */
	hz_plan_options plan;
	const char *confirm_id; /* what the operator typed: must be hz_device_info.confirm_id. Required */
	/* Gates that the operator overrides for exactly this medium: names of hz_gate_name, ended by NULL; or NULL. */
	const char *const *overrides;
	const char *report_dir; /* made if missing; holds the journal, and the record's copy at the end. Required */
	const char *record_id;  /* UUID of the record that will be made of it: names the journal. Required */
	hz_sanitize_progress_fn progress;
	void *user;
} hz_sanitize_options;
#define HZ_SANITIZE_OPTIONS_INIT                                                       \
	{                                                                              \
		sizeof(hz_sanitize_options), 0, HZ_PLAN_OPTIONS_INIT, 0, 0, 0, 0, 0, 0 \
	}

typedef struct hz_sanitize_result {
	uint32_t size;
	uint32_t level; /* that was reached and verified: HZ_LEVEL_* */
	uint32_t goal;
	uint32_t touched;     /* HZ_TOUCHED_* */
	uint32_t certificate; /* 1: the goal was reached, nothing is open: a certificate may be made of the record */
	uint32_t mismatch;    /* 1: a verification found other data than it must find */
	uint32_t goes_on;     /* 1: the firmware still works on */
	uint32_t lost;        /* 1: the device went away, or is another one now */
	uint64_t bad_sectors; /* that could not be written or read back */
	char why[256];        /* why level is what it is, for people */
	hz_device_info device;
} hz_sanitize_result;
#define HZ_SANITIZE_RESULT_INIT                                                             \
	{                                                                                   \
		sizeof(hz_sanitize_result), 0, 0, 0, 0, 0, 0, 0, 0, "", HZ_DEVICE_INFO_INIT \
	}

/* Erases one medium. 0: it came to an end, and the result says what end; an error: it did not, and the result is filled
 * all the same with what is known. HZ_E_REFUSED, HZ_E_BUSY, HZ_E_AUTH, HZ_E_INVAL, HZ_E_NOTFOUND before the first
 * command: touched is HZ_TOUCHED_NO. HZ_E_CANCELED: stopped by progress. HZ_E_IO, HZ_E_NOSPACE: of the journal or the
 * report folder; the work stops at once, for what is not in the journal cannot be resumed or evidenced. summary: filled
 * by docs/schemas/sanitize_summary-v1.json, always; what the caller put there before, "custody" and "approval", is kept
 * in the journal for resume. rec may be NULL; identity, subject and what it does not say go there. Open journals of the
 * same medium in the report folder are closed: this job takes their place. Since: 0.1 */
HZ_API int hz_sanitize_run(const char *path, const hz_sanitize_options *opts, hz_record *rec, hz_json *summary,
	hz_sanitize_result *result, hz_error **err);
/* Goes on with what a journal says, on the same medium under whatever name it has now (path NULL: looked for). A
 * firmware step that still runs is adopted. Identity and gates are checked as for a run, opts->confirm_id too. Before
 * anything is written a sample of what the journal says was durable is read: HZ_E_REFUSED, and nothing is touched, if
 * it does not stand there, for then the medium was used since. HZ_E_NOTFOUND: no such medium here. HZ_E_REFUSED: the
 * journal is finished, void by a later run on the medium, or of another medium. opts->plan is not used. Assumptions,
 * overrides, and what the caller of hz_sanitize_run had put into summary as "custody" and "approval", come from the
 * journal where the caller says nothing else now. Since: 0.1 */
HZ_API int hz_sanitize_resume(const char *journal, const char *path, const hz_sanitize_options *opts, hz_record *rec,
	hz_json *summary, hz_sanitize_result *result, hz_error **err);

/*
 * Can this equipment tell good from bad? SP 800-53 MP-6(2), on a scratch medium that nobody needs: known data is
 * written and found; the default clear runs and is verified, as in hz_sanitize_run with HZ_LEVEL_CLEAR; then, behind
 * the back of the verification, one bit of one sector is turned and another sector gets the content of a third, and the
 * verification must find exactly these two. opts as for hz_sanitize_run, its plan is not used. Everything on the medium
 * is lost, and no certificate is made of this.
 */
typedef struct hz_equipment_result {
	uint32_t size;
	uint32_t passed;  /* 1: each check came out as it must */
	uint32_t checks;  /* that were made, of 5 */
	uint32_t touched; /* HZ_TOUCHED_* */
	char why[256];    /* the first that did not; or empty */
	hz_device_info device;
} hz_equipment_result;
#define HZ_EQUIPMENT_RESULT_INIT                                              \
	{                                                                     \
		sizeof(hz_equipment_result), 0, 0, 0, "", HZ_DEVICE_INFO_INIT \
	}
/* 0: it came to its end, result->passed says how. Errors as in hz_sanitize_run. summary: filled by
 * docs/schemas/equipment_summary-v1.json. Since: 0.1 */
HZ_API int hz_sanitize_selftest(const char *path, const hz_sanitize_options *opts, hz_record *rec, hz_json *summary,
	hz_equipment_result *result, hz_error **err);

/* What a journal says, without touching a device. */
typedef struct hz_journal_info {
	uint32_t size;
	uint32_t finished; /* 1: it came to its end, or a later job on the medium took its place */
	uint32_t step, steps;
	char record_id[HZ_UUID_TEXT];
	char confirm_id[200], path[256], method[40]; /* the last known */
	/* "not-begun", "running", a word of the method, "done-not-verified", "verified", "verified-not-passed",
	 * "superseded", or how the step ended. */
	char state[40];
	uint64_t durable_bytes, total_bytes;
	uint32_t goal; /* HZ_LEVEL_* */
	uint32_t reserved;
} hz_journal_info;
#define HZ_JOURNAL_INFO_INIT                                                     \
	{                                                                        \
		sizeof(hz_journal_info), 0, 0, 0, "", "", "", "", "", 0, 0, 0, 0 \
	}
typedef int (*hz_journal_fn)(void *user, const char *path, const hz_journal_info *info);
/* Each journal of a report folder, by name. What cannot be read is passed over and counted in *bad. */
HZ_API int hz_journals_list(const char *report_dir, hz_journal_fn fn, void *user, uint64_t *bad, hz_error **err);

#ifdef __cplusplus
}
#endif
#endif
