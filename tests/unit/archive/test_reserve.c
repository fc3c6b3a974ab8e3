/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept free in a store, on a file system of any size: the table of file calls says how large it is. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "archive/ingest.h"
#include "base/vfs.h"
#include <errno.h>

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static uint64_t free_now, total_now;
static struct vfs table;
static char *folder;
static struct store *store;

static int fake_statvfs(int fd, uint64_t *free_bytes, uint64_t *total_bytes)
{
	(void)fd;
	*free_bytes = free_now;
	*total_bytes = total_now;
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	(void)unsetenv("HOZEN_RESERVE");
	folder = hzt_tmpdir();
	table = *vfs_system();
	table.statvfs = fake_statvfs;
	vfs_install(&table);
	return store_open(&store, folder, STORE_CREATE, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	store_close(store);
	vfs_install(NULL);
	hzt_tmpdir_remove(folder);
	(void)unsetenv("HOZEN_RESERVE");
	return 0;
}

/* Exactly so much stays free: a byte less is too little. */
static void expect_reserve(uint64_t total, uint64_t reserve)
{
	static const uint64_t puts[] = { 0, 1, 16 * MIB };

	total_now = total;
	for (size_t i = 0; i < ARRAY_LEN(puts); i++) {
		hz_error *err = NULL;

		free_now = reserve + puts[i];
		assert_ok(reserve_check(store, puts[i], &err), &err);
		if (free_now == 0)
			continue;
		free_now--;
		assert_int_equal(reserve_check(store, puts[i], &err), HZ_E_NOSPACE);
		assert_int_equal(hz_error_code(err), HZ_E_NOSPACE);
		assert_non_null(strstr(hz_error_message(err), folder));
		assert_non_null(strstr(hz_error_hint(err), "HOZEN_RESERVE"));
		hz_error_free(err);
	}
}

static void the_default_follows_the_size_of_the_store(void **state)
{
	(void)state;
	expect_reserve(0, 0);
	expect_reserve(100 * MIB, 10 * MIB);
	expect_reserve(640 * MIB, 64 * MIB);
	expect_reserve(10 * GIB, 64 * MIB);
	expect_reserve(60 * GIB, 64 * MIB);
	expect_reserve(64 * GIB, 64 * GIB / 1000);
	expect_reserve(100 * GIB, 100 * GIB / 1000);
	expect_reserve((uint64_t)1 << 60, ((uint64_t)1 << 60) / 1000);
}

static void the_environment_sets_it(void **state)
{
	static const struct {
		const char *text;
		uint64_t reserve;
	} cases[] = {
		{ "0", 0 },
		{ "123", 123 },
		{ "7K", 7 << 10 },
		{ "512M", 512 * MIB },
		{ "3G", 3 * GIB },
		{ "0G", 0 },
		{ "007M", 7 * MIB },
		{ "9223372036854775807", INT64_MAX },
		{ "8589934591G", 8589934591u * GIB },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(setenv("HOZEN_RESERVE", cases[i].text, 1), 0);
		expect_reserve(10 * GIB, cases[i].reserve);
	}
}

static void a_malformed_value_is_ignored(void **state)
{
	static const char *const bad[] = { "", "M", "-1", "+1", " 1M", "1M ", "1 M", "1m", "1k", "1T", "1MB", "1MM",
		"0x10", "1.5G", "1e3", "none", "18446744073709551616", "99999999999999999999G", "18446744073709551615K",
		"17179869184G", "18014398509481984K" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(setenv("HOZEN_RESERVE", bad[i], 1), 0);
		expect_reserve(10 * GIB, 64 * MIB);
	}
}

static void what_is_larger_than_the_room_does_not_fit(void **state)
{
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(setenv("HOZEN_RESERVE", "0", 1), 0);
	total_now = GIB;
	free_now = 5;
	assert_ok(reserve_check(store, 5, &err), &err);
	assert_fails(reserve_check(store, 6, &err), HZ_E_NOSPACE, &err);
	assert_fails(reserve_check(store, UINT64_MAX, &err), HZ_E_NOSPACE, &err);
}

static void a_store_that_cannot_say_is_a_storage_error(void **state)
{
	hz_error *err = NULL;
	int rc;

	(void)state;
	fault_start(FAULT_STAT, 1, EIO);
	rc = reserve_check(store, 0, &err);
	assert_true(fault_stop());
	assert_fails(rc, HZ_E_IO, &err);
}

static void a_store_in_memory_has_room(void **state)
{
	struct store *mem = NULL;
	hz_error *err = NULL;

	(void)state;
	assert_ok(store_mem_new(&mem, &err), &err);
	assert_ok(reserve_check(mem, GIB, &err), &err);
	store_close(mem);
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(the_default_follows_the_size_of_the_store),
		IN_PLACE(the_environment_sets_it),
		IN_PLACE(a_malformed_value_is_ignored),
		IN_PLACE(what_is_larger_than_the_room_does_not_fit),
		IN_PLACE(a_store_that_cannot_say_is_a_storage_error),
		IN_PLACE(a_store_in_memory_has_room),
	};

	return cmocka_run_group_tests_name("archive/reserve", tests, NULL, NULL);
}
