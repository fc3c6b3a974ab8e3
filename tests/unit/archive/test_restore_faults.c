/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole restores while calls of the system fail: a file is whole or not there, and what is not there was told.
 * test-label: tsan
 * test-timeout: 600
 * test-passphrases: cheap
 */
#include "restored.h"
#include "support/faultvfs.h"
#include <errno.h>

/* All but the many: each call is made to fail in its turn. */
static int restore_some(hz_restore_result *res, hz_error **err)
{
	static const char *const some[] = { "/a/", "/z/", "/big", "/many/1" };
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;

	o.target = g.out;
	o.patterns = some;
	o.n_patterns = ARRAY_LEN(some);
	*res = (hz_restore_result)HZ_RESTORE_RESULT_INIT;
	return hz_restore(g.reader, g.id, &o, NULL, res, err);
}

static void fail_each(unsigned set, int errnum)
{
	hz_restore_result res;
	hz_error *err = NULL;
	unsigned n = 1;

	/* The index and what it takes is loaded. */
	assert_ok(restore(HZ_RESTORE_DRY_RUN, NULL, &res, &err), &err);
	/* In test_calls each one. */
	for (;; n += 1 + n / 16) {
		bool fired;
		int rc;

		fault_start(set, n, errnum);
		rc = restore_some(&res, &err);
		fired = fault_stop();
		if (rc < 0) {
			assert_non_null(err);
			assert_int_equal(hz_error_code(err), rc);
			hz_error_free(err);
			err = NULL;
		}
		/* Whole or not there; and when not all is there, that was said. */
		if (count_right() < ARRAY_LEN(files))
			assert_true(rc < 0 || res.failed_target + res.failed_damage > 0);
		if (rc == 0 && fired && errnum == EIO)
			assert_true(res.failed_target + res.failed_damage + res.meta_short > 0);
		assert_int_equal(count_temps(g.out), 0);
		(void)clean(NULL);
		if (!fired)
			break;
	}
	assert_true(n > 5);
}

static void a_disk_that_fails_leaves_only_whole_files(void **state)
{
	(void)state;
	fail_each(FAULT_WRITE | FAULT_TRUNCATE | FAULT_RENAME | FAULT_MKDIR | FAULT_LINK | FAULT_META, EIO);
}

static void a_full_disk_leaves_only_whole_files(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	fail_each(FAULT_WRITE | FAULT_MKDIR, ENOSPC);
	fault_start_forever(FAULT_WRITE, 5, ENOSPC);
	assert_fails(restore(0, NULL, &res, &err), HZ_E_NOSPACE, &err);
	assert_true(fault_stop());
	(void)count_right();
	assert_int_equal(count_temps(g.out), 0);
}

static void what_may_not_be_written_is_left_out(void **state)
{
	(void)state;
	fail_each(FAULT_OPEN | FAULT_RENAME | FAULT_MKDIR | FAULT_LINK | FAULT_META, EACCES);
}

static void short_writes_are_completed(void **state)
{
	(void)state;
	fault_start_forever(FAULT_WRITE, 1, FAULT_SHORT);
	expect_whole(0);
	assert_true(fault_stop());
}

static void a_flush_that_fails_is_an_error(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(mkdir(g.out, 0700), 0);
	fault_start(FAULT_FSYNC, 1, EIO);
	assert_fails(restore(0, NULL, &res, &err), HZ_E_IO, &err);
	assert_true(fault_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_disk_that_fails_leaves_only_whole_files),
		T(a_full_disk_leaves_only_whole_files),
		T(what_may_not_be_written_is_left_out),
		T(short_writes_are_completed),
		T(a_flush_that_fails_is_an_error),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
