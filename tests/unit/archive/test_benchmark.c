/* SPDX-License-Identifier: BSD-2-Clause */
/* The benchmark of the processor: which rows come, and how it ends. What it measures is not looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/auto.h"
#include "hozen/benchmark.h"
#include <string.h>

struct seen {
	unsigned n[HZ_BENCHMARK_CHECK + 1], rows, stop_at;
	uint32_t last_kind;
	int out_of_order, senseless;
	hz_job *cancel;
};

static int look(void *user, const hz_benchmark_row *r)
{
	struct seen *s = user;
	int following = r->kind >= HZ_BENCHMARK_CREATE;

	assert_int_equal(r->size, sizeof(*r));
	assert_in_range(r->kind, HZ_BENCHMARK_HASH, HZ_BENCHMARK_CHECK);
	s->n[r->kind]++;
	s->out_of_order += s->last_kind >= HZ_BENCHMARK_CREATE && !following;
	s->last_kind = r->kind;
	s->senseless += r->bytes_per_second == 0 || r->message_bytes == 0 || r->workers == 0 || !r->name || !*r->name;
	s->senseless += r->stored_permille > 1000 || (!following && r->workers != 1);
	if (s->cancel)
		hz_job_cancel(s->cancel);
	return ++s->rows == s->stop_at ? 42 : 0;
}

static const hz_benchmark_options quick = { sizeof(quick), 1, 4, 0 };

static void every_part_is_measured_before_what_follows_is_told(void **state)
{
	struct seen s = { .rows = 0 };
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(hz_benchmark_cpu(&quick, NULL, look, &s, &err), 0);
	assert_null(err);
	assert_int_equal(s.out_of_order, 0);
	assert_int_equal(s.senseless, 0);
	/* Two suites, two sizes of message. */
	assert_int_equal(s.n[HZ_BENCHMARK_HASH], 4);
	assert_int_equal(s.n[HZ_BENCHMARK_SEAL], 4);
	assert_int_equal(s.n[HZ_BENCHMARK_OPEN], 4);
	assert_int_equal(s.n[HZ_BENCHMARK_CHUNKER], 1);
	/* Three levels, and the look at what does not compress. */
	assert_int_equal(s.n[HZ_BENCHMARK_COMPRESS], 7);
	assert_int_equal(s.n[HZ_BENCHMARK_DECOMPRESS], 6);
	assert_int_equal(s.n[HZ_BENCHMARK_PROTECT], 2);
	assert_int_equal(s.n[HZ_BENCHMARK_READ], 2);
	assert_int_equal(s.n[HZ_BENCHMARK_VERIFY], 2);
	/* Two suites, compressible or not, one worker and four. */
	assert_int_equal(s.n[HZ_BENCHMARK_CREATE], 8);
	assert_int_equal(s.n[HZ_BENCHMARK_RESTORE], 8);
	assert_int_equal(s.n[HZ_BENCHMARK_CHECK], 8);
}

static void one_worker_is_told_once(void **state)
{
	hz_benchmark_options o = quick;
	struct seen s = { .rows = 0 };

	(void)state;
	o.workers = 1;
	assert_int_equal(hz_benchmark_cpu(&o, NULL, look, &s, NULL), 0);
	assert_int_equal(s.n[HZ_BENCHMARK_CREATE], 4);
}

static void what_the_callback_returns_stops_it_and_is_returned(void **state)
{
	struct seen s = { .stop_at = 3 };

	(void)state;
	assert_int_equal(hz_benchmark_cpu(&quick, NULL, look, &s, NULL), 42);
	assert_int_equal(s.rows, 3);
	s = (struct seen){ .stop_at = 34 };
	assert_int_equal(hz_benchmark_cpu(&quick, NULL, look, &s, NULL), 42);
	assert_int_equal(s.rows, 34);
}

static void a_cancelled_job_ends_it(void **state)
{
	struct seen s = { .rows = 0 };
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(hz_job_new(&s.cancel, NULL), 0);
	assert_int_equal(hz_benchmark_cpu(&quick, s.cancel, look, &s, &err), HZ_E_CANCELED);
	assert_int_equal(hz_error_code(err), HZ_E_CANCELED);
	assert_int_equal(s.rows, 1);
	hz_error_free(err);
	hz_job_free(s.cancel);
}

static void options_of_a_later_version_are_refused(void **state)
{
	struct {
		hz_benchmark_options o;
		uint64_t more;
	} later = { quick, 1 };
	struct seen s = { .rows = 0 };
	hz_error *err = NULL;

	(void)state;
	later.o.size = sizeof(later);
	assert_int_equal(hz_benchmark_cpu(&later.o, NULL, look, &s, &err), HZ_E_UNSUPPORTED);
	assert_non_null(err);
	assert_int_equal(s.rows, 0);
	hz_error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_measured_before_what_follows_is_told),
		cmocka_unit_test(one_worker_is_told_once),
		cmocka_unit_test(what_the_callback_returns_stops_it_and_is_returned),
		cmocka_unit_test(a_cancelled_job_ends_it),
		cmocka_unit_test(options_of_a_later_version_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
