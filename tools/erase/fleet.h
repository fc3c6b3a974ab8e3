/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many drives side by side, one process each: a drive that hangs in the kernel, or a crash, holds up no other. Each
 * child reports through a pipe of its own; the parent draws, prints and waits, and touches no drive.
 */
#ifndef ERASE_FLEET_H
#define ERASE_FLEET_H

#include "common/cli.h"
#include <sys/types.h>

struct fleet_drive {
	char path[256], confirm_id[200];
	const char *journal; /* resume; NULL: a new run */
	const char *typed;   /* what the operator typed; NULL: nothing */
	/* Of the parent. */
	pid_t pid; /* 0: over */
	int in;    /* the child's reports; -1: over */
	uint64_t begun_ns, heard_ns, mark_ns, mark_done, printed_ns;
	double rate;
	hz_sanitize_progress p;
	char method[40], doing[24];
	bool has_result, has_progress;
	int code;
	hz_sanitize_result result;
	char *summary; /* a line of JSON */
	char failure[512], hint[256];
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
/* In a child, for hz_sanitize_options: user is the struct fleet_drive. */
int fleet_progress(void *user, const hz_sanitize_progress *p);

/* One line each, on the terminal (fleet_print.c). */
void fleet_draw(struct fleet *f);
void fleet_clear(struct fleet *f);
void fleet_json_progress(struct fleet *f, struct fleet_drive *d);
/* What came of a drive. */
void fleet_print_result(struct fleet *f, const struct fleet_drive *d);
uint64_t fleet_now_ns(void);

#endif
