/* SPDX-License-Identifier: BSD-2-Clause */
/* A process for work that may hang: its result comes whole or not at all, and nobody waits for it for ever. */
#include "support/hzt.h"
#include "base/child.h"
#include "base/clock.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS(n) (clock_mono_ns() + (uint64_t)(n)*UINT64_C(1000000000))

struct answer {
	uint32_t value;
	uint8_t rest[6000];
};

static struct answer made;

static void answer(void *arg)
{
	made.value = *(uint32_t *)arg;
	memset(made.rest, 0x5c, sizeof(made.rest));
}

static void hang(void *arg)
{
	(void)arg;
	(void)signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

static void crash(void *arg)
{
	(void)arg;
	(void)raise(SIGKILL);
}

static void a_result_comes_back_whole(void **state)
{
	struct child c = CHILD_INIT;
	struct answer got = { 0 };
	uint32_t value = 4711;

	(void)state;
	assert_ok(child_start(&c, answer, &value, &made, sizeof(made), NULL), NULL);
	assert_ok(child_take(&c, &got, sizeof(got), SECONDS(60), NULL), NULL);
	assert_true(got.value == 4711 && got.rest[5999] == 0x5c);
	/* It happened in the other process. */
	assert_int_equal(made.value, 0);
	child_release(&c);
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void one_that_hangs_is_given_up_and_ended(void **state)
{
	struct child c = CHILD_INIT;
	struct answer got;
	hz_error *err = NULL;

	(void)state;
	assert_ok(child_start(&c, hang, NULL, &made, sizeof(made), NULL), NULL);
	assert_fails(child_take(&c, &got, sizeof(got), clock_mono_ns() + 50000000, &err), HZ_E_BUSY, &err);
	child_release(&c);
	child_release(&c);
	/* Killed and reaped; on a loaded machine it may take a moment longer. */
	(void)waitpid(-1, NULL, 0);
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void one_that_dies_gives_no_result(void **state)
{
	struct child c = CHILD_INIT;
	struct answer got;
	hz_error *err = NULL;

	(void)state;
	assert_ok(child_start(&c, crash, NULL, &made, sizeof(made), NULL), NULL);
	assert_fails(child_take(&c, &got, sizeof(got), SECONDS(60), &err), HZ_E_IO, &err);
	child_release(&c);
}

static void a_result_that_no_pipe_takes_is_refused(void **state)
{
	struct child c = CHILD_INIT;

	(void)state;
	assert_fails(child_start(&c, answer, NULL, &made, CHILD_RESULT_MAX + 1, NULL), HZ_E_INTERNAL, NULL);
	child_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_comes_back_whole),
		cmocka_unit_test(one_that_hangs_is_given_up_and_ended),
		cmocka_unit_test(one_that_dies_gives_no_result),
		cmocka_unit_test(a_result_that_no_pipe_takes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
