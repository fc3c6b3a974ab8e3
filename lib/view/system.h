/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Systems, and what trusted records show of each. A system is what the newest policy record names, by hosts, paths and
 * repositories; without a policy it is a host and a repository of backup records. What no record shows stays unknown.
 */
#ifndef VIEW_SYSTEM_H
#define VIEW_SYSTEM_H

#include "view/facts.h"

#define NIGHTS 30

enum night { NIGHT_NO_RECORD, NIGHT_BACKED_UP, NIGHT_ISSUE, NIGHT_FAILED, NIGHT_MISSED, NIGHT_NOT_DUE, NIGHT_COUNT };

struct view_system {
	const struct json_value *policy; /* its entry in the policy's result, or NULL */
	const char *name, *owner;        /* owner may be NULL */
	const char *host, *repository;   /* of one without a policy */
	enum night nights[NIGHTS];       /* the last is the one that contains now */
	int64_t night_good[NIGHTS + 1];  /* start of the last good backup of each; [0]: before them */
	int64_t nights_from, last_run, last_good, first_good; /* seconds; -1: none */
	enum view_look last_look;
	const char *last_outcome;
	int64_t cadence;               /* seconds between runs; 0: the records show none */
	int64_t last_drill, last_read; /* good ones: -1: none. read: every byte of what was there */
	int64_t oldest_unread;         /* the oldest backup that no such read covers; -1: none */
	double rpo, rto, drill_seconds;
	bool drill_good, has_drill;
	int64_t check_bad; /* when the check or verification was that found damage, and no later one as deep was good;
			      -1 */
	enum view_look look;
	const char *verdict; /* a sentence; static, not translated */
};

struct view_systems {
	struct view_system *list;
	size_t n;
	const struct view_fact *policy; /* the record, or NULL */
	unsigned char *member;          /* member[system * facts + i] */
	size_t n_facts;
};

/* d keeps the texts. HZ_E_NOMEM. */
int systems_find(struct view_systems *s, struct view_doc *d, const struct view_facts *f, hz_error **err);
void systems_release(struct view_systems *s);
bool systems_has(const struct view_systems *s, size_t system, size_t fact);

/* How often it runs, by the starts of runs in rising order; 0: they do not show it. */
int64_t cadence_of(const int64_t *starts, size_t n);

#endif
