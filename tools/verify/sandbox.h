/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A private folder that is gone afterwards, whatever becomes of this process: a second one without secrets waits for
 * its end and removes what is left. What lies in it may be anything, read-only and immutable too.
 */
#ifndef VERIFY_SANDBOX_H
#define VERIFY_SANDBOX_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>

struct sandbox {
	char *base; /* where it is to be made, without symlinks */
	char *path; /* NULL: not made yet */
	char *tree; /* in it, for what is restored */
	int pipe;   /* to the guard */
	pid_t guard;
};
#define SANDBOX_INIT                                                \
	{                                                           \
		.base = NULL, .path = NULL, .pipe = -1, .guard = -1 \
	}

/* Starts the guard: before any secret is in memory. 0 or an errno. */
int sandbox_begin(struct sandbox *s, const char *base);
/* Does the place lie in the folder, or is it the folder? A folder that is not there holds nothing. *other: on another
 * file system than it. 0 or an errno. */
int sandbox_is_inside(const struct sandbox *s, const char *folder, bool *inside, bool *other);
/* What a user may still write there. 0 or an errno. */
int sandbox_space(const struct sandbox *s, uint64_t *bytes);
/* Makes it, 0700. 0 or an errno. */
int sandbox_make(struct sandbox *s);
/* A process group that the guard ends before it removes anything; 0: none any more. */
void sandbox_is_used_by(const struct sandbox *s, pid_t group);
/* Removes it and ends the guard; signals wait meanwhile. 0 or an errno: what is left is path. */
int sandbox_end(struct sandbox *s);
void sandbox_release(struct sandbox *s);

#endif
