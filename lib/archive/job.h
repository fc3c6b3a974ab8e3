/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of hz_job: workers post, the calling thread delivers. All take job == NULL. */
#ifndef ARCHIVE_JOB_H
#define ARCHIVE_JOB_H

#include "hozen/job.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From any thread: an event to be delivered at the next tick. path may be NULL. Out of memory: counted, not delivered.
 */
void job_event(hz_job *job, uint32_t kind, const void *path, size_t path_len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
bool job_is_cancelled(const hz_job *job);
/* On the calling thread: delivers what waits, and progress when p is not NULL and it is due (or the phase changed). 0
 * or HZ_E_CANCELED. elapsed_ns and problems of p are filled in. Shaped for pool_wait's tick. */
int job_tick(hz_job *job, hz_progress *p);
/* Begins a call: clock and problem count start anew. */
void job_begin(hz_job *job);
/* HZ_E_CANCELED with its message when the job is cancelled, else 0. */
int job_check(const hz_job *job, hz_error **err);

#endif
