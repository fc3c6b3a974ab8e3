/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocations that fail and system calls that a signal interrupts, one in turn. malloc and its kin of the whole process
 * are these (of libraries too, and on every thread); system calls are those that the library's objects make, below the
 * loops that retry them (--wrap).
 */
#ifndef FAULT_FAILING_H
#define FAULT_FAILING_H

#include <stdbool.h>

/* The nth from now on fails, none with 0; on whatever thread. */
void failing_alloc_start(unsigned long nth);
void failing_calls_start(unsigned long nth);
/* Ends either; how many there were. */
unsigned long failing_stop(bool *fired);

#endif
