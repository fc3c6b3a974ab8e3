/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking a person at the terminal. */
#ifndef COMMON_PROMPT_H
#define COMMON_PROMPT_H

#include <stddef.h>
#include <sys/types.h>

/* Shows text on /dev/tty and reads one line with echo off. The number of bytes before the newline, cap + 1 if there
 * were more than cap, or -1 with errno: ENXIO and the like without a terminal, EINTR after a signal that asks to stop.
 */
ssize_t prompt_secret(const char *text, char *out, size_t cap);

/* The same with echo on. */
ssize_t prompt_line(const char *text, char *out, size_t cap);

#endif
