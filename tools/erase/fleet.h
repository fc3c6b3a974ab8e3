/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many drives side by side, one process each: a drive that hangs in the kernel, or a crash, holds up no other. Each
 * child reports through a pipe of its own; the parent draws, prints and waits, and touches no drive. Whatever happens,
 * each drive ends with a line, a summary and an exit code.
 */
#ifndef ERASE_FLEET_H
#define ERASE_FLEET_H

#include "common/cli.h"
#include <sys/types.h>

/* The signed record of a drive. */
struct fleet_record {
	char uuid[HZ_UUID_TEXT]; /* empty: none was begun */
	char path[4200];         /* where it is when it is written */
	bool written;
};

struct fleet_drive {
	char path[256], confirm_id[200];
	const char *journal; /* resume; NULL: a new run */
	const char *typed;   /* what the operator typed or gave; NULL: nothing. Never filled in for him */
	char answer[200];    /* at the prompt */
	const char *goal;    /* of the plan, static; NULL: not known */
	/* What the decision flow says; confidentiality NULL: nobody asked it. */
	const char *confidentiality, *asks_for;
	bool reused, leaves_control;
	bool looked; /* confirm_id is known */
	/* HZ_E_*: the work is not begun, for what failure and hint say, and that goes on record; 0: it is. */
	int refused;
	/* Of the parent. */
	pid_t pid; /* 0: over */
	int in;    /* the child's reports; -1: over */
	char *heard;
	size_t heard_len, heard_cap; /* not yet a whole message */
	uint64_t begun_ns, heard_ns, mark_ns, mark_done, printed_ns;
	double rate;
	hz_sanitize_progress p;
	char method[40], doing[24];
	bool has_result, has_progress;
	int code;
	hz_sanitize_result result;
	struct fleet_record record;
	char *summary; /* a line of JSON */
	char failure[1024], hint[256];
};

struct fleet {
	struct cli *cli;
	struct fleet_drive *drive;
	uint64_t n;
	/* Runs in the child of this drive: fills has_result .. hint, reports through fleet_progress. */
	int (*work)(struct fleet *f, struct fleet_drive *d);
	void *user;
	uint64_t lines; /* that stand on the terminal now */
};

/* Starts all, waits for all; the worst exit code. */
int fleet_run(struct fleet *f);
/* d->failure, which names the path once, and d->hint (may be NULL). */
void fleet_fail(struct fleet_drive *d, const char *why, const char *hint);
/* This drive is not begun, for this reason. The first one counts. */
void fleet_refuse(struct fleet_drive *d, int code, const char *why, const char *hint);
/* In a child, for hz_sanitize_options: user is the struct fleet_drive. */
int fleet_progress(void *user, const hz_sanitize_progress *p);
/* In a child: d->record is known now. */
void fleet_tell_record(const struct fleet_drive *d);
/* In a child: it was asked to stop. */
bool fleet_is_stopping(void);

/* One line each, on the terminal (fleet_print.c). */
void fleet_draw(struct fleet *f);
void fleet_clear(struct fleet *f);
void fleet_json_progress(struct fleet *f, struct fleet_drive *d);
/* It was asked to stop: what that means for this drive. */
void fleet_print_stopping(struct fleet *f, const struct fleet_drive *d);
/* What came of a drive. */
void fleet_print_result(struct fleet *f, const struct fleet_drive *d);
uint64_t fleet_now_ns(void);

#endif
