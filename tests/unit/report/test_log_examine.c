/* SPDX-License-Identifier: BSD-2-Clause */
/* A log long enough for several threads: what is found, and in which order, is what one thread finds.
 * test-label: tsan */
#include "recorded.h"
#include "support/faultvfs.h"
#include "base/error.h"
#include "report/logfile.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RECORDS 110

struct fixture {
	char *path, *folder;
	char names[RECORDS][LOG_NAME_LEN]; /* by their order in the log */
	uint64_t given, stop_at;
	bool disorder;
	unsigned findings, kinds[16];
	uint64_t last;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	AUTO_FREE char *path = NULL;
	AUTO_FREE uint8_t *log = NULL;
	size_t len;

	assert_non_null(f);
	recorded_begin_place(&f->path, &f->folder);
	for (unsigned i = 0; i < RECORDS; i++)
		recorded(f->folder, f->path, 0);
	path = hzt_path(f->folder, "log");
	log = hzt_get(path, &len);
	assert_int_equal(len, RECORDS * LOG_LINE_LEN);
	for (unsigned i = 0; i < RECORDS; i++) {
		struct log_entry e;

		assert_true(log_entry_read(&e, log + (size_t)i * LOG_LINE_LEN));
		memcpy(f->names[i], e.name, LOG_NAME_LEN);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	recorded_end_place(f->path, f->folder);
	free(f);
	return 0;
}

static int take(void *user, const hz_report *r)
{
	struct fixture *f = user;

	while (f->given < RECORDS && strcmp(f->names[f->given] + 8, r->uuid) != 0)
		f->given++;
	f->disorder |= f->given == RECORDS;
	return ++f->given == f->stop_at ? 77 : 0;
}

static int walk(struct fixture *f, uint64_t *bad, hz_error **err)
{
	f->given = 0;
	f->disorder = false;
	return hz_records_walk(f->folder, f->path, NULL, take, f, bad, err);
}

static void records_come_in_order(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;
	uint64_t bad = 9;

	assert_ok(walk(f, &bad, &err), &err);
	assert_int_equal(bad, 0);
	assert_int_equal(f->given, RECORDS);
	assert_false(f->disorder);
	for (f->stop_at = 1; f->stop_at < RECORDS; f->stop_at += 17) {
		assert_int_equal(walk(f, &bad, &err), 77);
		assert_null(err);
		assert_int_equal(f->given, f->stop_at);
	}
}

static void spoil(const struct fixture *f, unsigned i, const char *suffix, const char *how)
{
	char command[8192];

	(void)snprintf(
		command, sizeof(command), "cd '%s/records' && %s '%s.json%s'", f->folder, how, f->names[i], suffix);
	assert_int_equal(system(command), 0);
}

static void on_finding(void *user, const hz_log_finding *finding)
{
	struct fixture *f = user;

	f->findings++;
	f->kinds[finding->kind]++;
	if (finding->first != UINT64_MAX) {
		f->disorder |= finding->first < f->last;
		f->last = finding->first;
	}
}

static void findings_come_in_order(void **state)
{
	struct fixture *f = *state;
	hz_log_result r = HZ_LOG_RESULT_INIT;
	hz_error *err = NULL;
	uint64_t bad = 0;

	for (unsigned i = 3; i < RECORDS; i += 20) {
		spoil(f, i, "", "rm");
		spoil(f, i + 1, ".sig", "rm");
		spoil(f, i + 2, "", "sed -i s/8.13/8.14/");
		spoil(f, i + 3, ".sig", "sed -i 2s/^./#/");
	}
	assert_ok(hz_log_check(f->folder, f->path, NULL, NULL, on_finding, f, &r, &err), &err);
	assert_false(f->disorder);
	assert_int_equal(f->kinds[HZ_LOG_DROPPED], 12);
	assert_int_equal(f->kinds[HZ_LOG_CHANGED], 12);
	assert_int_equal(f->findings, 24);
	assert_int_equal(r.entries, RECORDS);
	assert_int_equal(r.records_unknown, RECORDS - 24);
	assert_ok(walk(f, &bad, &err), &err);
	assert_int_equal(bad, 24);
	assert_false(f->disorder);
}

/* What cannot be read is no finding: the check could not look. */
static void no_failing_call_passes_for_a_finding(void **state)
{
	struct fixture *f = *state;
	unsigned failed = 0;

	for (unsigned n = 1; n < 2000; n += 41) {
		AUTO(hz_error_free) hz_error *err = NULL;
		hz_log_result r = HZ_LOG_RESULT_INIT;
		int rc;

		f->findings = 0;
		f->last = 0;
		fault_start(FAULT_OPEN | FAULT_READ | FAULT_STAT, n, EIO);
		rc = hz_log_check(f->folder, f->path, NULL, NULL, on_finding, f, &r, &err);
		if (!fault_stop())
			break;
		assert_true(rc < 0 || f->findings == 0);
		failed += rc < 0;
	}
	assert_true(failed > 5);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_come_in_order),
		TEST(findings_come_in_order),
		TEST(no_failing_call_passes_for_a_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
