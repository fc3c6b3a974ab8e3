/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A job: what a long call reports while it runs, and how it is stopped. Every function that takes one takes NULL too.
 *
 *	hz_job *job = NULL;
 *
 *	hz_job_new(&job, NULL);
 *	hz_job_on_progress(job, draw, &screen);
 *	hz_job_on_event(job, print_event, stderr);
 *	hz_backup(&repo, &options, job, &result, &err);
 *	hz_job_free(job);
 *
 * Callbacks run on the thread that made the call, on a change of phase and at most ten times a second; events in the
 *order in which they happened. One job serves one call at a time.
 */
#ifndef HOZEN_JOB_H
#define HOZEN_JOB_H

#include "hozen/error.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hz_job hz_job;

enum {
	HZ_PHASE_START = 0,  /* reading keys, admin log, index */
	HZ_PHASE_SCAN = 1,   /* backup: walking and storing */
	HZ_PHASE_FINISH = 2, /* backup: runs and commit */
	HZ_PHASE_PLAN = 3,   /* restore, check: walking the stored tree */
	HZ_PHASE_DATA = 4,   /* restore: writing; check: reading packs */
	HZ_PHASE_ATTRS = 5,  /* restore: folders and hard links */
	HZ_PHASE_VERIFY = 6, /* restore --verify */
	HZ_PHASE_WAIT = 7    /* waiting for another run of the same source */
};

typedef struct hz_progress {
	uint32_t size; /* of this struct, as the library knows it */
	uint32_t phase;
	uint64_t files_done, files_total; /* total 0: not known; may be an estimate */
	uint64_t bytes_done, bytes_total; /* of file content (check: of packs) */
	uint64_t stored_bytes;            /* backup: put to the store so far */
	uint64_t problems;                /* events so far that are no HZ_EVENT_NOTE */
	uint64_t elapsed_ns;
} hz_progress;

enum {
	HZ_EVENT_NOTE = 0,   /* worth knowing; changes no result */
	HZ_EVENT_SOURCE = 1, /* something of the source could not be read, vanished, or changed while being read */
	HZ_EVENT_META = 2,   /* restore: content is there, an attribute could not be set, or an existing file was left;
				export: tar cannot hold something */
	HZ_EVENT_DAMAGE = 3, /* stored bytes are damaged or missing, whether or not parity mended them; rollback */
	HZ_EVENT_TARGET = 4  /* restore: a file could not be written */
};

typedef struct hz_event {
	uint32_t size;
	uint32_t kind;
	const char *path; /* may be NULL; bytes, path_len of them, not terminated */
	size_t path_len;
	const char *message; /* one line */
} hz_event;

/* Non-zero stops the call, which returns HZ_E_CANCELED. */
typedef int (*hz_progress_fn)(void *user, const hz_progress *p);
typedef void (*hz_event_fn)(void *user, const hz_event *e);

HZ_API int hz_job_new(hz_job **job, hz_error **err);
HZ_API void hz_job_on_progress(hz_job *job, hz_progress_fn fn, void *user);
HZ_API void hz_job_on_event(hz_job *job, hz_event_fn fn, void *user);
/* One atomic store: safe in a signal handler and from any thread. */
HZ_API void hz_job_cancel(hz_job *job);
HZ_API void hz_job_free(hz_job *job);

#ifdef __cplusplus
}
#endif
#endif
