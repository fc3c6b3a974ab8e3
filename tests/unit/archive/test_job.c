/* SPDX-License-Identifier: BSD-2-Clause */
/* Events and progress come on the calling thread, in order, not too often. test-label: tsan */
#include "support/hzt.h"
#include "archive/job.h"
#include "base/clock.h"
#include <pthread.h>

#define THREADS 4u
#define EVENTS  200u
#define MS      1000000u

static uint64_t now_ns;

static uint64_t fake_mono(void)
{
	return now_ns;
}

struct seen {
	hz_job *job;
	pthread_t owner;
	unsigned events, progress, answer;
	unsigned next[THREADS]; /* the event that each thread must show now */
	hz_progress last;
	char text[256];
};

static int set_up(void **state)
{
	struct seen *s = calloc(1, sizeof(*s));

	*state = s;
	s->owner = pthread_self();
	now_ns = 5000000 * (uint64_t)MS;
	clock_install(NULL, fake_mono);
	return hz_job_new(&s->job, NULL);
}

static int tear_down(void **state)
{
	struct seen *s = *state;

	hz_job_free(s->job);
	clock_install(NULL, NULL);
	free(s);
	return 0;
}

static void on_event(void *user, const hz_event *e)
{
	struct seen *s = user;
	size_t n = strlen(s->text);

	assert_int_equal(e->size, sizeof(*e));
	assert_true(pthread_equal(pthread_self(), s->owner));
	s->events++;
	(void)snprintf(s->text + n, sizeof(s->text) - n, "%u:%s:%.*s ", e->kind, e->message,
		e->path ? (int)e->path_len : 4, e->path ? e->path : "none");
}

static int on_progress(void *user, const hz_progress *p)
{
	struct seen *s = user;

	s->progress++;
	s->last = *p;
	return (int)s->answer;
}

/* ---- events ---- */

static void events_wait_for_the_tick_and_come_in_order(void **state)
{
	struct seen *s = *state;

	hz_job_on_event(s->job, on_event, s);
	job_event(s->job, HZ_EVENT_NOTE, NULL, 0, "first %d", 1);
	job_event(s->job, HZ_EVENT_SOURCE, "a/b", 3, "second");
	job_event(s->job, HZ_EVENT_DAMAGE, "", 0, "third %s", "x");
	assert_int_equal(s->events, 0);
	assert_int_equal(job_tick(s->job, NULL), 0);
	assert_string_equal(s->text, "0:first 1:none 1:second:a/b 3:third x: ");
	assert_int_equal(job_tick(s->job, NULL), 0);
	assert_int_equal(s->events, 3);
}

static void on_bytes(void *user, const hz_event *e)
{
	unsigned *n = user;

	assert_int_equal(e->path_len, 5);
	assert_memory_equal(e->path, "a\0b\n\xff", 5);
	++*n;
}

static void paths_are_bytes(void **state)
{
	struct seen *s = *state;
	unsigned n = 0;

	hz_job_on_event(s->job, on_bytes, &n);
	job_event(s->job, HZ_EVENT_META, "a\0b\n\xff", 5, "x");
	assert_int_equal(job_tick(s->job, NULL), 0);
	assert_int_equal(n, 1);
}

static void events_without_a_listener_are_forgotten(void **state)
{
	struct seen *s = *state;

	job_event(s->job, HZ_EVENT_NOTE, "p", 1, "nobody hears it");
	assert_int_equal(job_tick(s->job, NULL), 0);
	hz_job_on_event(s->job, on_event, s);
	assert_int_equal(job_tick(s->job, NULL), 0);
	assert_int_equal(s->events, 0);
	/* One that is never delivered is freed with the job. */
	job_event(s->job, HZ_EVENT_NOTE, "p", 1, "too late");
}

static void on_numbered(void *user, const hz_event *e)
{
	struct seen *s = user;
	unsigned thread, number;

	assert_int_equal(sscanf(e->message, "%u %u", &thread, &number), 2);
	assert_true(thread < THREADS);
	assert_int_equal(number, s->next[thread]);
	s->next[thread]++;
	s->events++;
	assert_true(pthread_equal(pthread_self(), s->owner));
}

struct poster {
	hz_job *job;
	unsigned number;
};

static void *post(void *arg)
{
	struct poster *p = arg;

	for (unsigned i = 0; i < EVENTS; i++)
		job_event(p->job, i % 2 ? HZ_EVENT_NOTE : HZ_EVENT_SOURCE, "path", 4, "%u %u", p->number, i);
	return NULL;
}

static void many_threads_post_and_each_keeps_its_order(void **state)
{
	struct seen *s = *state;
	struct poster posters[THREADS];
	pthread_t threads[THREADS];
	hz_progress p = { .phase = HZ_PHASE_SCAN };

	job_begin(s->job);
	hz_job_on_event(s->job, on_numbered, s);
	hz_job_on_progress(s->job, on_progress, s);
	for (unsigned i = 0; i < THREADS; i++) {
		posters[i] = (struct poster){ s->job, i };
		assert_int_equal(pthread_create(&threads[i], NULL, post, &posters[i]), 0);
	}
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(job_tick(s->job, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(job_tick(s->job, &p), 0);
	assert_int_equal(s->events, THREADS * EVENTS);
	assert_int_equal(s->last.problems, THREADS * EVENTS / 2);
}

/* ---- progress ---- */

static void progress_comes_at_most_ten_times_a_second(void **state)
{
	struct seen *s = *state;
	hz_progress p = { .phase = HZ_PHASE_SCAN };

	hz_job_on_progress(s->job, on_progress, s);
	job_begin(s->job);
	assert_int_equal(job_tick(s->job, &p), 0);
	assert_int_equal(s->progress, 1);
	for (unsigned i = 0; i < 99; i++) {
		now_ns += MS;
		assert_int_equal(job_tick(s->job, &p), 0);
	}
	assert_int_equal(s->progress, 1);
	now_ns += MS;
	p.bytes_done = 17;
	assert_int_equal(job_tick(s->job, &p), 0);
	assert_int_equal(s->progress, 2);
	assert_int_equal(s->last.bytes_done, 17);
	assert_int_equal(s->last.elapsed_ns, 100 * MS);
	assert_int_equal(s->last.size, sizeof(hz_progress));
}

static void a_new_phase_is_shown_at_once(void **state)
{
	struct seen *s = *state;
	hz_progress p = { .phase = HZ_PHASE_SCAN };

	hz_job_on_progress(s->job, on_progress, s);
	job_begin(s->job);
	assert_int_equal(job_tick(s->job, &p), 0);
	p.phase = HZ_PHASE_FINISH;
	assert_int_equal(job_tick(s->job, &p), 0);
	assert_int_equal(s->progress, 2);
	assert_int_equal(s->last.phase, HZ_PHASE_FINISH);
	assert_int_equal(job_tick(s->job, &p), 0);
	assert_int_equal(job_tick(s->job, NULL), 0);
	assert_int_equal(s->progress, 2);
}

static void each_call_counts_time_and_problems_anew(void **state)
{
	struct seen *s = *state;
	hz_progress p = { .phase = HZ_PHASE_START };

	hz_job_on_progress(s->job, on_progress, s);
	job_begin(s->job);
	job_event(s->job, HZ_EVENT_DAMAGE, NULL, 0, "counts");
	job_event(s->job, HZ_EVENT_NOTE, NULL, 0, "does not");
	now_ns += 3 * MS;
	assert_int_equal(job_tick(s->job, &p), 0);
	assert_int_equal(s->last.problems, 1);
	assert_int_equal(s->last.elapsed_ns, 3 * MS);
	job_begin(s->job);
	assert_int_equal(job_tick(s->job, &p), 0);
	assert_int_equal(s->progress, 2);
	assert_int_equal(s->last.problems, 0);
	assert_int_equal(s->last.elapsed_ns, 0);
}

/* ---- stopping ---- */

static void a_cancelled_job_says_so_from_then_on(void **state)
{
	struct seen *s = *state;
	hz_error *err = NULL;

	assert_false(job_is_cancelled(s->job));
	assert_ok(job_check(s->job, &err), &err);
	hz_job_on_event(s->job, on_event, s);
	job_event(s->job, HZ_EVENT_NOTE, NULL, 0, "still told");
	hz_job_cancel(s->job);
	assert_true(job_is_cancelled(s->job));
	assert_int_equal(job_tick(s->job, NULL), HZ_E_CANCELED);
	assert_int_equal(s->events, 1);
	assert_fails(job_check(s->job, &err), HZ_E_CANCELED, &err);
	/* A signal before the call counts. */
	job_begin(s->job);
	assert_int_equal(job_tick(s->job, NULL), HZ_E_CANCELED);
}

static void progress_may_stop_the_call(void **state)
{
	struct seen *s = *state;
	hz_progress p = { .phase = HZ_PHASE_SCAN };

	hz_job_on_progress(s->job, on_progress, s);
	job_begin(s->job);
	assert_int_equal(job_tick(s->job, &p), 0);
	s->answer = 1;
	assert_int_equal(job_tick(s->job, &p), 0);
	now_ns += 200 * MS;
	assert_int_equal(job_tick(s->job, &p), HZ_E_CANCELED);
	assert_true(job_is_cancelled(s->job));
}

static void no_job_is_fine_everywhere(void **state)
{
	hz_progress p = { .phase = HZ_PHASE_SCAN };
	hz_error *err = NULL;

	(void)state;
	job_event(NULL, HZ_EVENT_NOTE, "p", 1, "%d", 1);
	job_begin(NULL);
	hz_job_cancel(NULL);
	hz_job_free(NULL);
	assert_false(job_is_cancelled(NULL));
	assert_int_equal(job_tick(NULL, &p), 0);
	assert_ok(job_check(NULL, &err), &err);
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(events_wait_for_the_tick_and_come_in_order),
		IN_PLACE(paths_are_bytes),
		IN_PLACE(events_without_a_listener_are_forgotten),
		IN_PLACE(many_threads_post_and_each_keeps_its_order),
		IN_PLACE(progress_comes_at_most_ten_times_a_second),
		IN_PLACE(a_new_phase_is_shown_at_once),
		IN_PLACE(each_call_counts_time_and_problems_anew),
		IN_PLACE(a_cancelled_job_says_so_from_then_on),
		IN_PLACE(progress_may_stop_the_call),
		cmocka_unit_test(no_job_is_fine_everywhere),
	};

	return cmocka_run_group_tests_name("archive/job", tests, NULL, NULL);
}
