/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluating a policy. judge.c goes through systems and assets, judge_held.c says what a copy has, judge_copies.c and
 * judge_proofs.c have the checks.
 * Pure: what the arguments say at the time they are given, and nothing else.
 *
 * A slot is one path of one host. What a check says of a system is what is true of its worst slot.
 */
#ifndef REPORT_JUDGE_H
#define REPORT_JUDGE_H

#include "report/facts.h"

#define CITED_MAX  20u
#define CHECKS_MAX 16u
#define DAY        ((int64_t)86400)
/* How far back gaps are looked for. */
#define KEPT_DAYS 30

/* A result and all that it points to. */
struct building {
	hz_policy_result pub; /* first */
	void **kept;
	size_t n_kept, cap_kept;
	bool failed; /* memory is out */
};

struct check {
	hz_policy_check pub; /* first */
	const char *records[CITED_MAX], *sha256[CITED_MAX], *snapshots[CITED_MAX];
};

struct judging {
	struct building *b;
	const hz_policy *p;
	const hz_facts *f;
	int64_t now;
	/* The system at hand. */
	const struct policy_system *s;
	const struct fact_copy **mine; /* copies of its hosts in its repositories, by time */
	size_t n_mine;
	hz_policy_check *checks[CHECKS_MAX];
	size_t n_checks;
};

struct slot {
	const char *host, *path;
};
/* The i-th; host NULL: there are no more. */
struct slot judge_slot(const struct judging *j, size_t i);
/* Does this copy have it? UNKNOWN: it may, and no fact says so. */
enum held { HELD_NOT, HELD_UNKNOWN, HELD_YES };
enum held judge_held(const struct judging *j, const struct slot *s, const struct fact_copy *c);
/* The same of the snapshot that a drill restored. */
enum held judge_drilled(const struct judging *j, const struct slot *s, const struct fact_proof *p);
/* Does it say what is there? Where the repository was looked at, records do not. */
bool judge_is_there(const struct judging *j, const struct fact_copy *c);
/* The record of the backup that made this snapshot; NULL: none is known. */
const struct fact_copy *judge_record_of(const struct judging *j, const struct fact_copy *c);
const struct policy_repository *judge_repository(const struct judging *j, size_t i);
/* The newest that is there and has it, or with UNKNOWN at least may have it; in this repository or with NULL in any. */
const struct fact_copy *judge_newest(
	const struct judging *j, const struct slot *s, const char *repository, enum held held);
/* Was each repository of the system looked at? If not, *which is one that was not. */
bool judge_all_opened(const struct judging *j, const char **which);

/* A check of the system; never NULL (when memory is out it is written to all the same, and lost). */
struct check *judge_begin(struct judging *j, const char *name, const char *control);
void judge_status(struct check *c, uint32_t status);
void judge_target(struct judging *j, struct check *c, int64_t value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void judge_actual(struct judging *j, struct check *c, int64_t value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void judge_cite(
	struct judging *j, struct check *c, const char *record, const char *sha256, const char *snapshot, int64_t time);
void judge_cite_copy(struct judging *j, struct check *c, const struct fact_copy *copy);

void judge_copies(struct judging *j);
void judge_proofs(struct judging *j);

#endif
