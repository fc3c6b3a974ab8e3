/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The evidence folder (docs/evidence, "The folder"), for those who write. What is in pending/ moves on in this order,
 * each step durable before the next, and each may be done again after a crash:
 *
 *	<uuid>.begun   the record as it is if nothing more is heard of the command; locked while its process lives
 *	<uuid>.json    the record as it is; its signature beside it
 *	log            has its entry
 *	records/       the two files
 *	checkpoint     covers it
 */
#ifndef REPORT_FOLDER_H
#define REPORT_FOLDER_H

#include "report/checkpoint.h"
#include "report/logfile.h"

struct folder {
	char *path;
	int dir, pending, records;
	struct secret *seed;
	uint8_t pub[SIGN_PUB_LEN];
	bool key_is_new;
	struct checkpoint head; /* as it was last read or written */
};

/* <state>/evidence, or what is given; *path is the caller's. */
int folder_path(char **path, const char *given, const char *state_dir, hz_error **err);
/* Makes what is missing, the key too; pins the key when it is made. */
int folder_open(struct folder *f, const char *given, const char *state_dir, hz_error **err);
void folder_close(struct folder *f);
/* Signs, logs and puts away what waits in pending/ and is no living command's. HZ_E_CORRUPT: log and checkpoint do not
 * belong together, nothing was added. */
int folder_settle(struct folder *f, hz_error **err);

/* A command's place in pending/. text is its record in case nothing more is heard of it. *lock holds it. */
int folder_begin(struct folder *f, const char *uuid, const char *text, size_t len, int *lock, hz_error **err);
/* The record as it is instead, durable. */
int folder_finish(struct folder *f, const char *uuid, const char *text, size_t len, hz_error **err);

#endif
