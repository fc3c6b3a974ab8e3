/* SPDX-License-Identifier: BSD-2-Clause */
/* A bundle's files are whole and flushed, or there is no bundle. */
#include "recorded.h"
#include "support/faultvfs.h"
#include "base/error.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RECORDS 3

struct fixture {
	char *path, *folder, *out;
	char year[8];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	time_t now = time(NULL);
	struct tm tm;

	assert_non_null(f);
	recorded_begin_place(&f->path, &f->folder);
	f->out = hzt_path(f->path, "bundle");
	assert_non_null(gmtime_r(&now, &tm));
	assert_int_equal(strftime(f->year, sizeof(f->year), "%Y", &tm), 4);
	for (unsigned i = 0; i < RECORDS; i++)
		recorded(f->folder, f->path, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	recorded_end_place(f->path, f->folder);
	free(f->out);
	free(f);
	return 0;
}

static int copy(const struct fixture *f, uint64_t *n, hz_error **err)
{
	return hz_evidence_copy(f->folder, f->path, f->year, f->out, n, err);
}

static void assert_bundle(const struct fixture *f)
{
	char command[8192];

	(void)snprintf(command, sizeof(command),
		"cd '%s' && test $(ls | wc -l) = 6 && test $(ls -A records/* | wc -l) = %d && cmp log ../evidence/log "
		"&& "
		"cmp checkpoint ../evidence/checkpoint && diff -r records ../evidence/records && rm -r '%s'",
		f->out, 2 * RECORDS, f->out);
	assert_int_equal(system(command), 0);
}

/* The one flush is the last thing that happens to it, and it is not tried again. */
static void each_failure_leaves_nothing(void **state)
{
	const struct fixture *f = *state;
	unsigned failed = 0;

	for (unsigned n = 1;; n++) {
		AUTO(hz_error_free) hz_error *err = NULL;
		uint64_t records = 0;
		int rc;

		fault_start(FAULT_ALL & ~(unsigned)(FAULT_UNLINK | FAULT_LOCK), n, EIO);
		rc = copy(f, &records, &err);
		if (!fault_stop()) {
			assert_ok(rc, &err);
			assert_int_equal(records, RECORDS);
			break;
		}
		if (rc == 0) {
			assert_bundle(f);
			continue;
		}
		failed++;
		assert_int_not_equal(access(f->out, F_OK), 0);
	}
	assert_bundle(f);
	/* Of each file: that it is opened, read, made, written, closed, named. */
	assert_true(failed > 6 * 2 * RECORDS);
}

static void an_unflushed_bundle_is_none(void **state)
{
	const struct fixture *f = *state;
	hz_error *err = NULL;
	uint64_t n = 0;

	fault_start(FAULT_FSYNC, 0, 0);
	assert_ok(copy(f, &n, &err), &err);
	assert_int_equal(fault_count(), 1);
	(void)fault_stop();
	assert_bundle(f);
	fault_start(FAULT_FSYNC, 1, EIO);
	assert_fails(copy(f, &n, &err), HZ_E_IO, &err);
	(void)fault_stop();
	assert_int_not_equal(access(f->out, F_OK), 0);
}

static void what_stands_there_is_left_alone(void **state)
{
	const struct fixture *f = *state;
	hz_error *err = NULL;
	uint64_t n = 0;

	assert_ok(copy(f, &n, &err), &err);
	assert_fails(copy(f, &n, &err), HZ_E_EXISTS, &err);
	assert_bundle(f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_failure_leaves_nothing),
		TEST(an_unflushed_bundle_is_none),
		TEST(what_stands_there_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
