/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input that may keep its reader waiting: a pipe, a terminal, or what a command prints. Whoever reads is asked now and
 * then whether it still wants to.
 */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include "base/error.h"
#include <stdbool.h>
#include <sys/types.h>

/* True: give up. */
typedef bool (*input_stop_fn)(void *user);

/* What there is, at most len bytes; 0 at the end; HZ_E_IO; HZ_E_CANCELED once stop says so. */
ssize_t input_read(int fd, void *data, size_t len, input_stop_fn stop, void *user, hz_error **err);

/* A program whose standard output is read from out. Its standard input and standard error are those of this process. */
struct command {
	pid_t pid; /* 0: none, or over */
	int out;
};
#define COMMAND_INIT  \
	{             \
		0, -1 \
	}

/* argv ends with NULL; its program is looked for in PATH. HZ_E_NOTFOUND, or another error, when it cannot be started.
 */
int command_start(struct command *c, const char *const *argv, hz_error **err);
/* Waits until it is over. HZ_E_IO unless it ended by itself with status 0; HZ_E_CANCELED once stop says so. */
int command_wait(struct command *c, input_stop_fn stop, void *user, hz_error **err);
/* Stops it if it still runs: SIGTERM, and SIGKILL when that does not help. */
void command_release(struct command *c);

#endif
