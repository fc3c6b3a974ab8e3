/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process for work that may hang where no signal reaches it, as in a device that answers no more: a thread there
 * would keep this process from ending. The result is a plain struct that comes back through a pipe, whole or not at
 * all. work runs in the copy that fork makes: where other threads run it must not rely on locks that they may hold.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0: none */
	int out;
};
#define CHILD_INIT    \
	{             \
		0, -1 \
	}

/* len bytes at most, as a pipe takes them at once. */
#define CHILD_RESULT_MAX ((size_t)32 << 10)
/* Calls work(arg) in a new process, which then hands over the len bytes at result. */
int child_start(struct child *c, void (*work)(void *arg), void *arg, const void *result, size_t len, hz_error **err);
/* 0 and the result; HZ_E_BUSY: not before deadline_ns of clock_mono_ns(); HZ_E_IO: it ended without one. */
int child_take(struct child *c, void *result, size_t len, uint64_t deadline_ns, hz_error **err);
/* Kills it if it still runs, and does not wait for one that cannot be killed. */
void child_release(struct child *c);

#endif
