/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/hzt.h"
#include "archive/budget.h"

#define MIB  ((uint64_t)1 << 20)
#define PACK (16 * MIB)

static struct budget of(unsigned cores, uint32_t workers, uint64_t memory, bool remote)
{
	const struct budget_limits l = {
		.cores = cores, .workers = workers, .memory = memory, .pack_size = PACK, .remote = remote
	};
	struct budget b = { 0 };
	hz_error *err = NULL;

	assert_ok(budget_make(&b, &l, &err), &err);
	return b;
}

static void the_default_is_a_worker_a_core_within_100_mib(void **state)
{
	(void)state;
	assert_int_equal(of(1, 0, 0, false).workers, 1);
	assert_int_equal(of(2, 0, 0, false).workers, 2);
	assert_int_equal(of(4, 0, 0, false).workers, 4);
	assert_int_equal(of(2, 0, 0, false).memory, 100 * MIB);
	/* A large machine does not get more than fits. */
	assert_in_range(of(256, 0, 0, false).workers, 4, 6);
	/* What is not known counts as one. */
	assert_int_equal(of(0, 0, 0, false).workers, 1);
}

static void memory_makes_room_for_workers(void **state)
{
	(void)state;
	assert_int_equal(of(32, 0, 1024 * MIB, false).workers, 32);
	assert_int_equal(of(2, 16, 1024 * MIB, false).workers, 16);
	assert_int_equal(of(2, 100000, UINT64_MAX, false).workers, BUDGET_WORKERS_MAX);
	assert_int_equal(of(32, 3, 1024 * MIB, false).workers, 3);
	for (uint64_t m = 70; m < 600; m++)
		assert_true(of(64, 0, m * MIB, false).workers <= of(64, 0, (m + 1) * MIB, false).workers);
}

static void a_local_store_takes_one_pack_at_a_time_a_remote_one_some(void **state)
{
	(void)state;
	assert_int_equal(of(2, 0, 1024 * MIB, false).puts, 1);
	assert_int_equal(of(2, 0, 1024 * MIB, true).puts, 3);
	assert_int_equal(of(2, 0, 0, true).puts, 3);
	assert_int_equal(of(2, 0, 0, true).workers, 2);
	/* Neither starves the other. */
	assert_true(of(64, 0, 0, true).puts >= 2);
	assert_true(of(64, 0, 0, true).workers >= 3);
}

static void too_little_memory_is_refused_and_the_least_is_said(void **state)
{
	struct budget_limits l = { .cores = 2, .workers = 1, .memory = 10 * MIB, .pack_size = PACK };
	struct budget b = { .workers = 77 };
	hz_error *err = NULL;
	unsigned least = 0;

	(void)state;
	assert_int_equal(budget_make(&b, &l, &err), HZ_E_INVAL);
	assert_int_equal(b.workers, 77);
	assert_non_null(hz_error_hint(err));
	assert_non_null(strstr(hz_error_message(err), "it takes "));
	assert_int_equal(sscanf(strstr(hz_error_message(err), "it takes "), "it takes %u MiB at least", &least), 1);
	hz_error_free(err);
	/* And that much is enough for one of each. */
	l.memory = least * MIB;
	assert_ok(budget_make(&b, &l, NULL), NULL);
	assert_int_equal(b.workers, 1);
	assert_int_equal(b.puts, 1);
	l.memory -= MIB;
	assert_int_equal(budget_make(&b, &l, NULL), HZ_E_INVAL);
}

static void large_packs_take_what_they_need_by_default(void **state)
{
	const struct budget_limits l = { .cores = 8, .pack_size = 64 * MIB, .remote = true };
	struct budget b;

	(void)state;
	assert_ok(budget_make(&b, &l, NULL), NULL);
	assert_int_equal(b.workers, 1);
	assert_int_equal(b.puts, 1);
	assert_true(b.memory > 100 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_is_a_worker_a_core_within_100_mib),
		cmocka_unit_test(memory_makes_room_for_workers),
		cmocka_unit_test(a_local_store_takes_one_pack_at_a_time_a_remote_one_some),
		cmocka_unit_test(too_little_memory_is_refused_and_the_least_is_said),
		cmocka_unit_test(large_packs_take_what_they_need_by_default),
	};

	return cmocka_run_group_tests_name("archive/budget", tests, NULL, NULL);
}
