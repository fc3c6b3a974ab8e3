/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what is known of a device and what is wanted to the steps that get there, with the reasons; and from what came
 * of the steps to the level that was reached. Pure: no device, no clock, no memory.
 *
 * Profiles are data (profile.c): which technique reaches which level on which medium, with the clause, and whether that
 * row is known from the standard's own text or from others' (then the record's assumptions say so).
 */
#ifndef SANITIZE_PLAN_H
#define SANITIZE_PLAN_H

#include "hozen/device.h"
#include "sanitize/method.h"

enum level { LEVEL_NONE = 0, LEVEL_CLEAR = 1, LEVEL_PURGE = 2 };
enum verification {
	VERIFY_NONE = 0,
	VERIFY_FULL = 1,    /* every address read and compared */
	VERIFY_SAMPLED = 2, /* SP 800-88r1 4.7 */
	VERIFY_CHANGE = 3   /* samples before and after differ: what is left after a crypto erase has no known value */
};
enum decision { DECIDE_CLEAR, DECIDE_PURGE, DECIDE_DESTROY };
enum confidentiality {
	CONFIDENTIALITY_NOT_SAID = 0,
	CONFIDENTIALITY_LOW,
	CONFIDENTIALITY_MODERATE,
	CONFIDENTIALITY_HIGH
};

struct profile_row {
	uint32_t medium;    /* HZ_MEDIUM_* */
	uint32_t transport; /* HZ_TRANSPORT_*; UINT32_MAX: any */
	const char *method; /* id */
	enum level level;
	const char *clause; /* "SP 800-88r1 Table A-5" */
	bool secondary;     /* the table is known from secondary sources only */
	/* What must be true besides ("encrypted from the first write on"); NULL: nothing. Unless the operator vouches
	 * for it (plan_options.vouched) the row reaches no more than clear. */
	const char *assumes;
};
struct profile {
	const char *id, *version, *title, *technique_standard;
	const struct profile_row *rows;
	size_t n_rows;
	/* The decision flow: [confidentiality][reused][leaves control]. */
	enum decision decide[4][2][2];
	const char *decision_clause;
};
const struct profile *profiles(void); /* ends with an empty id */
const struct profile *profile_find(const char *id);
/* The row for this method on this medium, or NULL: reaches nothing there. */
const struct profile_row *profile_row_find(const struct profile *p, const hz_device_info *d, const char *method);
/* The level of a row, which may be NULL, with or without somebody who vouches for what it assumes. */
enum level profile_row_level(const struct profile_row *r, bool vouched);

/* The decision flow: what to do with a medium, and why in text. Confidentiality that is not said counts as high. */
enum decision plan_decide(
	const struct profile *p, enum confidentiality c, bool reused, bool leaves_control, char *why, size_t why_len);
const char *level_name(enum level l);               /* "none", "clear", "purge" */
const char *decision_name(enum decision d);         /* "clear", "purge", "destroy" */
const char *verification_name(enum verification v); /* "none", "full", "sampled", "change" */

struct plan_options {
	enum level goal;
	const char *profile;      /* id; NULL: nist-800-88r1 */
	const char *method;       /* that one and no other; NULL: the best there is */
	bool quick;               /* one fixed pass, sampled */
	bool final_zeros;         /* a further pass of zeros, sampled */
	bool strict;              /* sanitize without "allow unrestricted exit" */
	enum verification verify; /* VERIFY_NONE: as the technique asks for */
	bool vouched;             /* the operator vouches for what rows assume (crypto erase); it is in the record */
	uint64_t bytes_per_s;     /* of the medium, to say how long an overwrite takes; 0: not known */
};

#define PLAN_STEPS   8
#define PLAN_REASONS 24
struct plan_step {
	const struct method *method;
	enum verification verify;
	const struct profile_row *row; /* NULL: a further pass that reaches no level of its own */
	uint64_t expected_s;           /* 0: not known */
	char why[200];
};
struct plan {
	const struct profile *profile;
	enum level goal;
	bool vouched;   /* from the options */
	bool reachable; /* false: no step is there; why in reasons ("purge cannot be reached here: destroy it") */
	/* The steps can be done, but as the device is now no level can come of them: why in reasons (hidden areas). */
	bool cannot_pass;
	struct plan_step step[PLAN_STEPS];
	size_t n_steps;
	char reason[PLAN_REASONS][200]; /* the trail: each method that was looked at, and why it was taken or not */
	size_t n_reasons;
	char assumption[8][200];
	size_t n_assumptions;
};
void plan_make(struct plan *p, const hz_device_info *d, const struct plan_options *o);

/* What was verified of a step, by the engine. */
struct verified {
	enum verification kind; /* VERIFY_NONE: not verified */
	bool passed;
	uint64_t sectors, mismatched, unreadable;
};
/* The level that was really reached: of the best step that completed, is in the profile, and was verified, unless
 * anything (a step of the plan that did not complete, a bad range, hidden areas, another identity or size, an answer
 * that is not known) takes it away; why, in text. outcomes and verified have p->n_steps entries. */
enum level level_reached(const struct plan *p, const struct outcome *outcomes, const struct verified *verified,
	const hz_device_info *before, const hz_device_info *after, char *why, size_t why_len);

#endif
