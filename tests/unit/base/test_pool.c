/* SPDX-License-Identifier: BSD-2-Clause */
/* Every task is run or dropped once; the first failure is the result. Also run under ThreadSanitizer. test-label: tsan
 */
#include "support/hzt.h"
#include "base/pool.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

/* One test's record of what happened. */
struct tally {
	struct pool *pool;
	atomic_uint run;
	atomic_uint dropped;
	atomic_uint worker_mask;
	sem_t started; /* a task is inside gate_task */
	sem_t open;    /* lets it out */
	unsigned left; /* of counted tasks; atomic */
	char order[64];
};

static int setup(void **state)
{
	struct tally *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	assert_int_equal(sem_init(&t->started, 0, 0), 0);
	assert_int_equal(sem_init(&t->open, 0, 0), 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct tally *t = *state;

	pool_free(t->pool);
	(void)sem_destroy(&t->started);
	(void)sem_destroy(&t->open);
	free(t);
	return 0;
}

static void make_pool(struct tally *t, unsigned n)
{
	hz_error *err = NULL;

	assert_ok(pool_new(&t->pool, n, &err), &err);
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0 && errno == EINTR)
		;
}

static int count_task(void *arg, unsigned worker, hz_error **err)
{
	struct tally *t = arg;

	(void)err;
	atomic_fetch_add(&t->run, 1);
	atomic_fetch_or(&t->worker_mask, 1U << worker);
	return 0;
}

static void count_drop(void *arg)
{
	struct tally *t = arg;

	atomic_fetch_add(&t->dropped, 1);
}

static int gate_task(void *arg, unsigned worker, hz_error **err)
{
	struct tally *t = arg;

	(void)sem_post(&t->started);
	wait_for(&t->open);
	return count_task(arg, worker, err);
}

static int fail_task(void *arg, unsigned worker, hz_error **err)
{
	(void)count_task(arg, worker, err);
	return err_set(err, HZ_E_CORRUPT, "this task fails");
}

static int fail_silently(void *arg, unsigned worker, hz_error **err)
{
	(void)arg, (void)worker, (void)err;
	return HZ_E_BUSY;
}

static void submit(struct tally *t, unsigned cls, pool_fn fn)
{
	hz_error *err = NULL;

	assert_ok(pool_submit(t->pool, cls, fn, count_drop, t, &err), &err);
}

static void every_task_runs_once(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 4);
	assert_int_equal(pool_workers(t->pool), 4);
	for (unsigned i = 0; i < 2000; i++)
		submit(t, i % POOL_CLASSES, count_task);
	assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
	assert_int_equal(t->run, 2000);
	assert_int_equal(t->dropped, 0);
	assert_int_equal(t->worker_mask & ~15U, 0);
	assert_false(pool_stopped(t->pool));
}

static void a_pool_can_be_used_again(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 0);
	assert_int_equal(pool_workers(t->pool), 1);
	for (unsigned round = 1; round <= 50; round++) {
		submit(t, 0, count_task);
		assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
		assert_int_equal(t->run, round);
	}
	assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
}

/* Tasks that write their letter down. */
struct letter {
	struct tally *t;
	char c;
};

static int letter_task(void *arg, unsigned worker, hz_error **err)
{
	struct letter *l = arg;
	size_t len = strlen(l->t->order);

	(void)worker, (void)err;
	l->t->order[len] = l->c;
	return 0;
}

static void higher_classes_and_newer_tasks_come_first(void **state)
{
	struct tally *t = *state;
	struct letter letters[] = { { t, 'a' }, { t, 'b' }, { t, 'c' }, { t, 'd' }, { t, 'e' } };
	static const unsigned classes[] = { 0, 3, 0, 3, 1 };
	hz_error *err = NULL;

	make_pool(t, 1);
	submit(t, 0, gate_task);
	wait_for(&t->started);
	for (unsigned i = 0; i < ARRAY_LEN(letters); i++)
		assert_ok(pool_submit(t->pool, classes[i], letter_task, NULL, &letters[i], &err), &err);
	(void)sem_post(&t->open);
	assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
	assert_string_equal(t->order, "dbeca");
}

/* A tree: each task above the bottom submits two more. */
struct branch {
	struct tally *t;
	unsigned depth;
};

static void branch_drop(void *arg)
{
	struct branch *b = arg;

	count_drop(b->t);
	free(b);
}

static int branch_task(void *arg, unsigned worker, hz_error **err)
{
	struct branch *b = arg;
	int rc = count_task(b->t, worker, err);

	for (unsigned i = 0; rc == 0 && b->depth > 0 && i < 2; i++) {
		struct branch *child = malloc(sizeof(*child));

		if (!child) {
			rc = err_nomem(err);
			break;
		}
		*child = (struct branch){ b->t, b->depth - 1 };
		rc = pool_submit(b->t->pool, 1, branch_task, branch_drop, child, err);
		if (rc < 0)
			free(child);
	}
	free(b);
	return rc;
}

static void plant(struct tally *t, unsigned depth)
{
	struct branch *root = malloc(sizeof(*root));
	hz_error *err = NULL;

	assert_non_null(root);
	*root = (struct branch){ t, depth };
	assert_ok(pool_submit(t->pool, 1, branch_task, branch_drop, root, &err), &err);
}

static void waiting_covers_tasks_that_tasks_submit(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 3);
	plant(t, 10);
	assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
	assert_int_equal(t->run, 2047);
}

static void a_full_class_refuses_and_the_caller_keeps_the_task(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 1);
	submit(t, 0, gate_task);
	wait_for(&t->started);
	assert_true(pool_try_submit(t->pool, 1, 2, count_task, count_drop, t));
	assert_true(pool_try_submit(t->pool, 1, 2, count_task, count_drop, t));
	assert_false(pool_try_submit(t->pool, 1, 2, count_task, count_drop, t));
	assert_false(pool_try_submit(t->pool, 2, 0, count_task, count_drop, t));
	/* Another class has its own limit, and plain submitting none. */
	assert_true(pool_try_submit(t->pool, 2, 1, count_task, count_drop, t));
	submit(t, 1, count_task);
	(void)sem_post(&t->open);
	assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
	assert_int_equal(t->run, 5);
	assert_int_equal(t->dropped, 0);
}

static void the_first_failure_drops_the_rest(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 1);
	submit(t, 0, gate_task);
	wait_for(&t->started);
	for (unsigned i = 0; i < 10; i++)
		submit(t, 0, count_task);
	submit(t, 1, fail_task);
	(void)sem_post(&t->open);
	assert_int_equal(pool_wait(t->pool, 0, NULL, NULL, &err), HZ_E_CORRUPT);
	assert_string_equal(hz_error_message(err), "this task fails");
	err_clear(&err);
	assert_int_equal(t->run, 2);
	assert_int_equal(t->dropped, 10);
	assert_true(pool_stopped(t->pool));
	/* It stays stopped, and says so again. */
	submit(t, 0, count_task);
	assert_int_equal(t->dropped, 11);
	assert_true(pool_try_submit(t->pool, 0, 0, count_task, count_drop, t));
	assert_int_equal(t->dropped, 12);
	assert_fails(pool_wait(t->pool, 0, NULL, NULL, &err), HZ_E_CORRUPT, &err);
}

static void a_failure_without_an_error_object_gets_one(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 2);
	submit(t, 0, fail_silently);
	assert_fails(pool_wait(t->pool, 0, NULL, NULL, &err), HZ_E_BUSY, &err);
}

static void of_many_failures_one_is_reported_and_none_leaks(void **state)
{
	struct tally *t = *state;

	make_pool(t, 4);
	for (unsigned i = 0; i < 100; i++)
		submit(t, 0, fail_task);
	assert_int_equal(pool_wait(t->pool, 0, NULL, NULL, NULL), HZ_E_CORRUPT);
	assert_int_equal(t->run + t->dropped, 100);
}

static void failing_deep_in_a_tree_loses_no_task(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 3);
	plant(t, 12);
	plant(t, 12);
	submit(t, 0, fail_task);
	/* fail_task is of the lowest class, so the trees may be whole by then; no branch may leak either way. */
	assert_fails(pool_wait(t->pool, 0, NULL, NULL, &err), HZ_E_CORRUPT, &err);
}

static void a_cancelled_pool_drops_what_waits(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 1);
	submit(t, 0, gate_task);
	wait_for(&t->started);
	for (unsigned i = 0; i < 5; i++)
		submit(t, 0, count_task);
	pool_cancel(t->pool);
	assert_true(pool_stopped(t->pool));
	assert_int_equal(t->dropped, 5);
	(void)sem_post(&t->open);
	assert_fails(pool_wait(t->pool, 0, NULL, NULL, &err), HZ_E_CANCELED, &err);
	assert_int_equal(t->run, 1);
}

static int tick_opens(void *user)
{
	struct tally *t = user;

	if (t->order[0] < 3) {
		t->order[0]++;
		return 0;
	}
	(void)sem_post(&t->open);
	return 0;
}

static void ticks_come_while_waiting(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 1);
	submit(t, 0, gate_task);
	assert_ok(pool_wait(t->pool, 1, tick_opens, t, &err), &err);
	assert_int_equal(t->order[0], 3);
	assert_int_equal(t->run, 1);
}

static int counted_task(void *arg, unsigned worker, hz_error **err)
{
	struct tally *t = arg;

	(void)worker, (void)err;
	(void)__atomic_sub_fetch(&t->left, 1, __ATOMIC_RELEASE);
	return 0;
}

static void some_tasks_can_be_waited_for_while_others_run(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 2);
	submit(t, 0, gate_task);
	wait_for(&t->started);
	t->left = 3;
	for (unsigned i = 0; i < 3; i++)
		submit(t, 0, counted_task);
	assert_ok(pool_wait_for(t->pool, &t->left, 1, NULL, NULL, &err), &err);
	assert_int_equal(t->left, 0);
	assert_int_equal(t->run, 0);
	(void)sem_post(&t->open);
	assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
	assert_int_equal(t->run, 1);
	/* Of tasks that will not run any more none is waited for. */
	t->left = 1;
	submit(t, 0, fail_task);
	assert_true(pool_wait_for(t->pool, &t->left, 1, NULL, NULL, &err) < 0);
	err_clear(&err);
}

static int tick_cancels(void *user)
{
	struct tally *t = user;

	t->order[0]++;
	(void)sem_post(&t->open);
	return HZ_E_REFUSED;
}

static void a_tick_can_stop_the_pool_with_its_own_code(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;

	make_pool(t, 1);
	submit(t, 0, gate_task);
	wait_for(&t->started);
	submit(t, 0, count_task);
	assert_fails(pool_wait(t->pool, 1, tick_cancels, t, &err), HZ_E_REFUSED, &err);
	assert_int_equal(t->order[0], 1);
	/* The tick opens the gate before it returns: the second task may be begun or dropped, never both, never lost.
	 */
	assert_int_equal(t->run + t->dropped, 2);
	assert_true(t->run >= 1);
}

static void freeing_drops_what_was_never_waited_for(void **state)
{
	struct tally *t = *state;

	pool_free(NULL);
	make_pool(t, 1);
	submit(t, 0, gate_task);
	wait_for(&t->started);
	for (unsigned i = 0; i < 3; i++)
		submit(t, 0, count_task);
	(void)sem_post(&t->open);
	pool_free(t->pool);
	t->pool = NULL;
	assert_int_equal(t->run + t->dropped, 4);
	assert_true(t->run >= 1);
}

static void *submit_many(void *arg)
{
	struct tally *t = arg;

	for (unsigned i = 0; i < 500; i++)
		if (!pool_try_submit(t->pool, i % POOL_CLASSES, 20, count_task, count_drop, t))
			(void)count_task(t, 0, NULL);
	return NULL;
}

static void many_threads_may_submit(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;
	pthread_t threads[4];

	make_pool(t, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, submit_many, t), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
	assert_int_equal(t->run, 2000);
}

static void cancelling_amid_submissions_loses_no_task(void **state)
{
	struct tally *t = *state;
	pthread_t threads[2];

	make_pool(t, 2);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, submit_many, t), 0);
	pool_cancel(t->pool);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(pool_wait(t->pool, 0, NULL, NULL, NULL), HZ_E_CANCELED);
	assert_int_equal(t->run + t->dropped, 1000);
}

static int signals_task(void *arg, unsigned worker, hz_error **err)
{
	struct tally *t = arg;
	sigset_t set;

	(void)worker, (void)err;
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	t->order[0] = (char)sigismember(&set, SIGINT);
	t->order[1] = (char)sigismember(&set, SIGSEGV);
	return 0;
}

static void workers_leave_signals_to_the_caller(void **state)
{
	struct tally *t = *state;
	hz_error *err = NULL;
	sigset_t before, after;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	make_pool(t, 1);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
	submit(t, 0, signals_task);
	assert_ok(pool_wait(t->pool, 0, NULL, NULL, &err), &err);
	assert_int_equal(t->order[0], 1);
	assert_int_equal(t->order[1], 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_task_runs_once),
		TEST(a_pool_can_be_used_again),
		TEST(higher_classes_and_newer_tasks_come_first),
		TEST(waiting_covers_tasks_that_tasks_submit),
		TEST(a_full_class_refuses_and_the_caller_keeps_the_task),
		TEST(the_first_failure_drops_the_rest),
		TEST(a_failure_without_an_error_object_gets_one),
		TEST(of_many_failures_one_is_reported_and_none_leaks),
		TEST(failing_deep_in_a_tree_loses_no_task),
		TEST(a_cancelled_pool_drops_what_waits),
		TEST(ticks_come_while_waiting),
		TEST(some_tasks_can_be_waited_for_while_others_run),
		TEST(a_tick_can_stop_the_pool_with_its_own_code),
		TEST(freeing_drops_what_was_never_waited_for),
		TEST(many_threads_may_submit),
		TEST(cancelling_amid_submissions_loses_no_task),
		TEST(workers_leave_signals_to_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
