/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of owners, asked for by several threads at once. test-label: tsan */
#include "support/hzt.h"
#include "archive/entry_internal.h"
#include <pthread.h>

#define THREADS 4
#define NUMBERS 600u

static struct owner_names *names;

static int set_up(void **state)
{
	(void)state;
	return owner_names_new(&names, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	owner_names_free(names);
	return 0;
}

static void owners_have_names_or_none(void **state)
{
	const char *root = owner_names_user(names, 0);

	(void)state;
	assert_string_equal(root, "root");
	assert_ptr_equal(owner_names_user(names, 0), root);
	assert_string_equal(owner_names_group(names, 0), "root");
	assert_string_equal(owner_names_user(names, 4123456789), "");
	assert_string_equal(owner_names_group(names, 4123456789), "");
	/* In the same list as 0. */
	assert_string_equal(owner_names_user(names, 256u * 4567890u), "");
	assert_string_equal(owner_names_user(names, 0), "root");
}

static void *ask(void *arg)
{
	bool *good = arg;

	*good = true;
	for (uint32_t i = 0; i < 2 * NUMBERS; i++)
		*good = *good && owner_names_user(names, 3000000000u + i % NUMBERS)[0] == 0 &&
			strcmp(owner_names_user(names, 0), "root") == 0;
	return NULL;
}

static void threads_may_ask_at_once(void **state)
{
	pthread_t threads[THREADS];
	bool good[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &good[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(good[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(owners_have_names_or_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(threads_may_ask_at_once, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("archive/owner_names", tests, NULL, NULL);
}
