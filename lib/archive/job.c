/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs: progress and events go from any thread to the caller's callbacks, in order, on the caller's thread. */
#include "archive/job.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TICK_NS 100000000u

struct event {
	struct event *next;
	uint32_t kind;
	char *message;
	size_t path_len;
	bool has_path;
	char path[];
};

struct hz_job {
	hz_progress_fn progress;
	void *progress_user;
	hz_event_fn event;
	void *event_user;
	int cancelled; /* atomic */
	pthread_mutex_t lock;
	struct event *first, **last;
	uint64_t problems; /* atomic */
	uint64_t began, shown;
	uint32_t phase;
};

int hz_job_new(hz_job **job, hz_error **err)
{
	hz_job *j = calloc(1, sizeof(*j));

	if (!j)
		return err_nomem(err);
	(void)pthread_mutex_init(&j->lock, NULL);
	j->last = &j->first;
	j->phase = UINT32_MAX;
	*job = j;
	return 0;
}

void hz_job_on_progress(hz_job *job, hz_progress_fn fn, void *user)
{
	job->progress = fn;
	job->progress_user = user;
}

void hz_job_on_event(hz_job *job, hz_event_fn fn, void *user)
{
	job->event = fn;
	job->event_user = user;
}

void hz_job_cancel(hz_job *job)
{
	if (job)
		__atomic_store_n(&job->cancelled, 1, __ATOMIC_RELAXED);
}

static void event_free(struct event *e)
{
	free(e->message);
	free(e);
}

void hz_job_free(hz_job *job)
{
	if (!job)
		return;
	while (job->first) {
		struct event *e = job->first;

		job->first = e->next;
		event_free(e);
	}
	(void)pthread_mutex_destroy(&job->lock);
	free(job);
}

void job_event(hz_job *job, uint32_t kind, const void *path, size_t path_len, const char *fmt, ...)
{
	struct event *e;
	va_list ap;

	if (!job)
		return;
	e = calloc(1, sizeof(*e) + path_len + 1);
	if (e) {
		va_start(ap, fmt);
		if (vasprintf(&e->message, err_text(fmt), ap) < 0)
			e->message = NULL;
		va_end(ap);
		e->kind = kind;
		e->has_path = path != NULL;
		e->path_len = path_len;
		if (path)
			memcpy(e->path, path, path_len);
	}
	(void)pthread_mutex_lock(&job->lock);
	if (kind != HZ_EVENT_NOTE)
		(void)__atomic_add_fetch(&job->problems, 1, __ATOMIC_RELAXED);
	if (e) {
		*job->last = e;
		job->last = &e->next;
	}
	(void)pthread_mutex_unlock(&job->lock);
}

bool job_is_cancelled(const hz_job *job)
{
	return job && __atomic_load_n(&job->cancelled, __ATOMIC_RELAXED) != 0;
}

int job_check(const hz_job *job, hz_error **err)
{
	return job_is_cancelled(job) ? err_set(err, HZ_E_CANCELED, "cancelled") : 0;
}

void job_begin(hz_job *job)
{
	if (!job)
		return;
	job->began = clock_mono_ns();
	job->shown = 0;
	job->problems = 0;
	job->phase = UINT32_MAX;
}

static void deliver(hz_job *job)
{
	struct event *e;

	(void)pthread_mutex_lock(&job->lock);
	e = job->first;
	job->first = NULL;
	job->last = &job->first;
	(void)pthread_mutex_unlock(&job->lock);
	while (e) {
		struct event *next = e->next;
		hz_event out = { sizeof(out), e->kind, e->has_path ? e->path : NULL, e->path_len,
			e->message ? e->message : "out of memory" };

		if (job->event)
			job->event(job->event_user, &out);
		event_free(e);
		e = next;
	}
}

int job_tick(hz_job *job, hz_progress *p)
{
	uint64_t now;

	if (!job)
		return 0;
	deliver(job);
	now = clock_mono_ns();
	if (p && job->progress && (p->phase != job->phase || now - job->shown >= TICK_NS)) {
		job->phase = p->phase;
		job->shown = now;
		p->size = sizeof(*p);
		p->elapsed_ns = now - job->began;
		p->problems = __atomic_load_n(&job->problems, __ATOMIC_RELAXED);
		if (job->progress(job->progress_user, p) != 0)
			hz_job_cancel(job);
	}
	return job_is_cancelled(job) ? HZ_E_CANCELED : 0;
}
