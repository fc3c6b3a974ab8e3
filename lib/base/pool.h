/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identical workers over one bounded set of tasks. Tasks have a class: higher classes run first, within a class the
 * newest first (which keeps a tree walk near depth-first, and so its memory small). A task may submit tasks.
 * pool_submit never blocks; pool_try_submit refuses when the class already has its limit waiting, and the caller then
 * runs the work itself: that is what bounds memory without a deadlock. The first failing task (fn < 0) stops the pool:
 * tasks not begun are dropped through their drop function, and pool_wait returns that task's code and error. A
 * cancelled pool behaves the same with HZ_E_CANCELED.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define POOL_CLASSES 4
struct pool;

/* worker: 0..n-1, the index of the thread that runs it. */
typedef int (*pool_fn)(void *arg, unsigned worker, hz_error **err);
typedef void (*pool_drop_fn)(void *arg);

/* n worker threads, 1 at least. */
int pool_new(struct pool **ret, unsigned n, hz_error **err);
/* Stops, drops what is left, joins. NULL is fine. */
void pool_free(struct pool *p);
DEFINE_AUTO(struct pool, pool_free)
unsigned pool_workers(const struct pool *p);

/* 0 taken; HZ_E_NOMEM: not taken, arg is still the caller's. A stopped pool takes it and drops it. */
int pool_submit(struct pool *p, unsigned cls, pool_fn fn, pool_drop_fn drop, void *arg, hz_error **err);
/* True when taken. limit: how many of the class may wait. */
bool pool_try_submit(struct pool *p, unsigned cls, size_t limit, pool_fn fn, pool_drop_fn drop, void *arg);
/* True once a task failed or the pool was cancelled: long tasks look now and then. Lock-free. */
bool pool_stopped(const struct pool *p);
/* Stops as if a task had returned HZ_E_CANCELED. */
void pool_cancel(struct pool *p);
/* Until every task, submitted ones too, is done or dropped; tick (may be NULL) is called on this thread about every
 * tick_ms; non-zero from it cancels with that code. Returns 0 or the first failure. The pool can be used again after 0.
 */
int pool_wait(struct pool *p, unsigned tick_ms, int (*tick)(void *user), void *user, hz_error **err);
/* The same, but no longer than until *left is 0, which tasks count down as the last thing they do (atomic). Others may
 * run on then, also where a failure is returned; that of a task that counted down just now may be seen by the next call
 * only. One thread at a time. */
int pool_wait_for(
	struct pool *p, const unsigned *left, unsigned tick_ms, int (*tick)(void *user), void *user, hz_error **err);

#endif
