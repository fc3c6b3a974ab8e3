/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of times, and that tests can set the clocks. */
#include "support/hzt.h"
#include "base/auto.h"
#include "base/clock.h"
#include <time.h>

static void known_times_have_known_texts(void **state)
{
	static const struct {
		int64_t sec;
		uint32_t nsec;
		const char *text;
	} known[] = {
		{ 0, 0, "1970-01-01T00:00:00.000000000Z" },
		{ 1, 123456789, "1970-01-01T00:00:01.123456789Z" },
		{ -1, 999999999, "1969-12-31T23:59:59.999999999Z" },
		{ 951782400, 0, "2000-02-29T00:00:00.000000000Z" },
		{ 951868799, 0, "2000-02-29T23:59:59.000000000Z" },
		{ 4107542400, 0, "2100-03-01T00:00:00.000000000Z" },
		{ 15032385535, 0, "2446-05-10T22:38:55.000000000Z" },
		{ 253402300799, 0, "9999-12-31T23:59:59.000000000Z" },
		{ 253402300800, 0, "10000-01-01T00:00:00.000000000Z" },
		{ -62167219200, 0, "0000-01-01T00:00:00.000000000Z" },
		{ -62167219201, 0, "-0001-12-31T23:59:59.000000000Z" },
		{ INT64_MAX, 999999999, "292277026596-12-04T15:30:07.999999999Z" },
		{ INT64_MIN, 0, "-292277022657-01-27T08:29:52.000000000Z" },
	};
	char text[CLOCK_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		assert_string_equal(clock_rfc3339(text, known[i].sec, known[i].nsec), known[i].text);
}

static void dates_agree_with_the_system(void **state)
{
	struct hzt_random r = { 3 };

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		time_t sec = (time_t)hzt_random_below(&r, 400000000000) - 100000000000;
		char ours[CLOCK_TEXT_LEN], theirs[64];
		struct tm tm;

		assert_non_null(gmtime_r(&sec, &tm));
		if (tm.tm_year + 1900 < 0)
			continue;
		(void)snprintf(theirs, sizeof(theirs), "%04d-%02d-%02dT%02d:%02d:%02d.000000000Z", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		assert_string_equal(clock_rfc3339(ours, sec, 0), theirs);
	}
}

static struct walltime fixed_wall(void)
{
	return (struct walltime){ 42, 7, true };
}

static uint64_t fixed_mono(void)
{
	return 99;
}

static void a_test_can_set_both_clocks(void **state)
{
	struct walltime w;

	(void)state;
	clock_install(fixed_wall, fixed_mono);
	w = clock_wall();
	assert_true(w.sec == 42 && w.nsec == 7 && w.synchronized);
	assert_true(clock_mono_ns() == 99);
	clock_install(NULL, NULL);
	assert_true(clock_wall().sec != 42);
	assert_true(clock_mono_ns() != 99);
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t now = clock_mono_ns();

		assert_true(now >= last);
		last = now;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_times_have_known_texts),
		cmocka_unit_test(dates_agree_with_the_system),
		cmocka_unit_test(a_test_can_set_both_clocks),
		cmocka_unit_test(the_monotonic_clock_does_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
