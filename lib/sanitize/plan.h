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
	const char *clause;  /* "SP 800-88r1 Table A-5" */
	bool secondary;      /* the table is known from secondary sources only */
	const char *assumes; /* what must be true besides ("encrypted from the first write on"); NULL: nothing */
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

struct plan_options {
	enum level goal;
	const char *profile;      /* id; NULL: nist-800-88r1 */
	const char *method;       /* that one and no other; NULL: the best there is */
	bool quick;               /* one fixed pass, sampled */
	bool final_zeros;         /* a further pass of zeros, sampled */
	bool strict;              /* sanitize without "allow unrestricted exit" */
	enum verification verify; /* VERIFY_NONE: as the technique asks for */
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
	bool reachable; /* false: no step is there; why in reasons ("purge cannot be reached here: destroy it") */
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
 * anything (a bad range, hidden areas, a lost device, an answer that is not known) takes it away; why, in text. */
enum level level_reached(const struct plan *p, const struct outcome *outcomes, const struct verified *verified,
	const hz_device_info *before, const hz_device_info *after, char *why, size_t why_len);

#endif
