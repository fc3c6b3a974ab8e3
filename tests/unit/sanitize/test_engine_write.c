/* SPDX-License-Identifier: BSD-2-Clause */
/* A pass writes every sector but those that cannot be written, and says exactly which those are. test-label: tsan */
#include "unit/sanitize/medium.h"
#include <errno.h>

static void every_sector_is_written_whichever_way(void **state)
{
	(void)state;
	for (unsigned way = WAY_URING; way < WAYS; way++) {
		for (uint32_t sector = 512; sector <= 4096; sector *= 8) {
			struct outcome o = { 0 };
			struct medium m;
			hz_error *err = NULL;

			/* The last request is a short one. */
			medium_open(&m, 5 * MIB + 3 * 4096, sector, way);
			assert_ok(engine_write(m.link, &m.fill, &m.eo, &o, &err), &err);
			assert_int_equal(o.state, OUTCOME_COMPLETED);
			assert_int_equal(o.touched, TOUCHED_ALL);
			assert_true(o.flushed);
			assert_int_equal(o.done, m.bytes);
			assert_int_equal(o.total, m.bytes);
			assert_int_equal(o.bad.n, 0);
			assert_true(m.file->flushes > 0);
			assert_int_equal(medium_differs(&m, NULL), 0);
			medium_close(&m);
		}
	}
}

static void patterns_begin_at_address_0(void **state)
{
	static const struct fill fills[] = { { .kind = FILL_BYTES, .pattern = { 0 }, .pattern_len = 1 },
		{ .kind = FILL_BYTES, .pattern = { 0xA5 }, .pattern_len = 1 },
		{ .kind = FILL_BYTES, .pattern = { 1, 2, 3 }, .pattern_len = 3 },
		{ .kind = FILL_BYTES, .pattern = { 1, 2, 3, 4, 5, 6, 7 }, .pattern_len = 7 },
		{ .kind = FILL_BYTES,
			.pattern = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
			.pattern_len = 16 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
		AUTO_FREE uint8_t *is = NULL;
		struct outcome o = { 0 };
		struct medium m;
		size_t len;
		hz_error *err = NULL;

		medium_open(&m, 3 * MIB + 512, 512, i % 2 ? WAY_URING : WAY_CALLS);
		m.fill = fills[i];
		assert_ok(engine_write(m.link, &m.fill, &m.eo, &o, &err), &err);
		is = hzt_get(m.path, &len);
		for (size_t at = 0; at < len; at++)
			assert_int_equal(is[at], fills[i].pattern[at % fills[i].pattern_len]);
		medium_close(&m);
	}
}

/* The failure of nwipe: two bad spots of 4 KiB, at 50 % and at 75 %, and everything between them left. */
static void two_bad_spots_leave_exactly_those_sectors(void **state)
{
	(void)state;
	for (unsigned way = WAY_URING; way < WAYS; way++) {
		struct outcome o = { 0 };
		uint64_t first = 0;
		struct medium m;
		hz_error *err = NULL;

		medium_open(&m, 8 * MIB, 512, way);
		filelink_fault(m.file, FAULT_WRITE, 4 * MIB, 4096, way == WAY_CALLS ? ENODATA : EIO, 0);
		filelink_fault(m.file, FAULT_WRITE, 6 * MIB, 4096, EIO, 0);
		assert_ok(engine_write(m.link, &m.fill, &m.eo, &o, &err), &err);
		assert_int_equal(o.state, OUTCOME_EXCEPTIONS);
		assert_int_equal(o.touched, TOUCHED_PARTLY);
		assert_true(o.flushed);
		assert_int_equal(o.bad.n, 2);
		assert_int_equal(o.bad.sectors, 16);
		assert_extent(&o.bad, 0, 4 * MIB / 512, 8);
		assert_extent(&o.bad, 1, 6 * MIB / 512, 8);
		assert_int_equal(o.bad.at[0].error, way == WAY_CALLS ? ENODATA : EIO);
		assert_int_equal(medium_differs(&m, &first), 16);
		assert_int_equal(first, 4 * MIB / 512);
		/* A whole request, and its halves: not each sector of it. */
		assert_true(m.file->writes < 8 * MIB / m.eo.request_bytes + 2 * 40);
		extents_release(&o.bad);
		medium_close(&m);
	}
}

static void one_sector_across_requests_and_at_both_ends(void **state)
{
	static const uint64_t spots[] = { 0, 512, 256 * KIB - 512, 256 * KIB, 2 * MIB - 512 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spots); i++) {
		struct outcome o = { 0 };
		struct medium m;
		hz_error *err = NULL;

		medium_open(&m, 2 * MIB, 512, WAY_URING);
		filelink_fault(m.file, FAULT_WRITE, spots[i], 512, EIO, 0);
		assert_ok(engine_write(m.link, &m.fill, &m.eo, &o, &err), &err);
		assert_int_equal(o.bad.n, 1);
		assert_extent(&o.bad, 0, spots[i] / 512, 1);
		assert_int_equal(medium_differs(&m, NULL), 1);
		extents_release(&o.bad);
		medium_close(&m);
	}
}

static void what_the_drive_remaps_is_good_in_the_end(void **state)
{
	struct outcome o = { 0 };
	struct medium m;
	hz_error *err = NULL;

	(void)state;
	medium_open(&m, 4 * MIB, 4096, WAY_URING);
	filelink_fault(m.file, FAULT_HEALS, MIB, 4096, EIO, 3);
	assert_ok(engine_write(m.link, &m.fill, &m.eo, &o, &err), &err);
	assert_int_equal(o.state, OUTCOME_COMPLETED);
	assert_int_equal(o.bad.n, 0);
	assert_int_equal(medium_differs(&m, NULL), 0);
	medium_close(&m);
}

static void a_medium_that_takes_nothing_is_a_failure(void **state)
{
	static const int numbers[] = { EIO, EPERM, EROFS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct outcome o = { 0 };
		struct medium m;
		hz_error *err = NULL;

		medium_open(&m, 2 * MIB, 512, WAY_URING);
		m.eo.area_s = m.eo.mend_s = 1;
		filelink_fault(m.file, FAULT_WRITE, 0, m.bytes, numbers[i], 0);
		assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_IO, &err);
		assert_int_equal(o.state, OUTCOME_FAILED);
		assert_int_equal(o.touched, numbers[i] == EIO ? TOUCHED_UNKNOWN : TOUCHED_NO);
		extents_release(&o.bad);
		medium_close(&m);
	}
}

static void a_flush_that_fails_is_a_failure(void **state)
{
	struct outcome o = { 0 };
	struct medium m;
	hz_error *err = NULL;

	(void)state;
	medium_open(&m, 2 * MIB, 512, WAY_URING);
	m.file->flush_error = EIO;
	assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_IO, &err);
	assert_int_equal(o.state, OUTCOME_FAILED);
	assert_false(o.flushed);
	medium_close(&m);
}

static void a_device_that_goes_away_is_lost(void **state)
{
	(void)state;
	for (unsigned way = WAY_URING; way < WAYS; way++) {
		struct outcome o = { 0 };
		struct medium m;
		hz_error *err = NULL;

		medium_open(&m, 8 * MIB, 512, way);
		filelink_fault(m.file, FAULT_VANISH, 0, 0, 0, 20);
		assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_NOTFOUND, &err);
		assert_int_equal(o.state, OUTCOME_LOST);
		assert_int_equal(o.touched, TOUCHED_PARTLY);
		assert_false(o.flushed);
		extents_release(&o.bad);
		medium_close(&m);
	}
}

/* An unplugged disk may say ENOSPC, and so may one whose backing store is full: the size tells them apart. */
static void no_space_inside_the_size_is_looked_at(void **state)
{
	(void)state;
	for (unsigned unplugged = 0; unplugged < 2; unplugged++) {
		struct outcome o = { 0 };
		struct medium m;
		hz_error *err = NULL;

		medium_open(&m, 4 * MIB, 512, WAY_URING);
		filelink_fault(m.file, FAULT_WRITE, MIB, 512, ENOSPC, 0);
		if (unplugged) {
			m.file->looks_bytes = 512;
			assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_NOTFOUND, &err);
			assert_int_equal(o.state, OUTCOME_LOST);
		} else {
			assert_ok(engine_write(m.link, &m.fill, &m.eo, &o, &err), &err);
			assert_int_equal(o.state, OUTCOME_EXCEPTIONS);
			assert_extent(&o.bad, 0, MIB / 512, 1);
		}
		extents_release(&o.bad);
		medium_close(&m);
	}
}

struct log {
	struct medium *m;
	uint64_t durable[64], flushes[64];
	size_t n;
	uint64_t stop_at;
	int fail_with;
};

static int checkpoint(void *user, uint64_t durable, const struct outcome *o, hz_error **err)
{
	struct log *l = user;

	(void)o;
	if (l->fail_with)
		return err_set(err, l->fail_with, "the journal is full");
	assert_true(l->n < ARRAY_LEN(l->durable));
	l->durable[l->n] = durable;
	l->flushes[l->n++] = l->m->file->flushes;
	return 0;
}

static int progress(void *user, uint64_t done, uint64_t total)
{
	struct log *l = user;

	assert_true(done <= total);
	return l->stop_at && done >= l->stop_at;
}

/* With a slow medium there are checkpoints on the way; each follows a flush of its own. */
static void checkpoints_follow_flushes(void **state)
{
	struct outcome o = { 0 };
	struct medium m;
	struct log log = { &m, { 0 }, { 0 }, 0, 0, 0 };
	hz_error *err = NULL;

	(void)state;
	medium_open(&m, 64 * MIB, 512, WAY_THREADS);
	m.eo.checkpoint = checkpoint;
	m.eo.progress = progress;
	m.eo.user = &log;
	m.eo.checkpoint_bytes = MIB;
	m.eo.request_bytes = 64 * 1024;
	assert_ok(engine_write(m.link, &m.fill, &m.eo, &o, &err), &err);
	assert_true(log.n >= 1);
	assert_int_equal(log.durable[log.n - 1], m.bytes);
	for (size_t i = 1; i < log.n; i++) {
		assert_true(log.durable[i] >= log.durable[i - 1]);
		assert_true(log.flushes[i] > log.flushes[i - 1]);
	}
	medium_close(&m);
}

/* Stopped, then resumed from what was durable: nothing below it is written again, and all is there. */
static void a_stopped_pass_goes_on_where_it_was_durable(void **state)
{
	(void)state;
	for (unsigned way = WAY_URING; way < WAYS; way++) {
		struct outcome o = { 0 };
		struct medium m;
		struct log log = { &m, { 0 }, { 0 }, 0, 1, 0 };
		uint64_t before, from;
		hz_error *err = NULL;
		int rc;

		medium_open(&m, 96 * MIB, 512, way);
		filelink_fault(m.file, FAULT_HEALS, 512, 512, EIO, 1);
		m.eo.checkpoint = checkpoint;
		m.eo.progress = progress;
		m.eo.user = &log;
		rc = engine_write(m.link, &m.fill, &m.eo, &o, &err);
		if (rc == 0) {
			/* It was done before the first look at the clock. */
			medium_close(&m);
			continue;
		}
		assert_fails(rc, HZ_E_CANCELED, &err);
		assert_int_equal(o.state, OUTCOME_RUNNING);
		assert_int_equal(o.touched, TOUCHED_PARTLY);
		assert_true(log.n > 0);
		from = log.durable[log.n - 1];
		assert_int_equal(o.done, from);
		log.stop_at = 0;
		m.eo.from = from;
		before = m.file->writes;
		assert_ok(engine_write(m.link, &m.fill, &m.eo, &o, &err), &err);
		assert_int_equal(o.state, OUTCOME_COMPLETED);
		assert_true(m.file->writes - before <= (m.bytes - from) / m.eo.request_bytes + 4);
		assert_int_equal(medium_differs(&m, NULL), 0);
		extents_release(&o.bad);
		medium_close(&m);
	}
}

/* What the journal cannot take ends the pass: nothing goes on that could not be resumed. */
static void a_checkpoint_that_fails_ends_the_pass(void **state)
{
	struct outcome o = { 0 };
	struct medium m;
	struct log log = { &m, { 0 }, { 0 }, 0, 0, HZ_E_NOSPACE };
	hz_error *err = NULL;

	(void)state;
	medium_open(&m, 8 * MIB, 512, WAY_URING);
	m.eo.checkpoint = checkpoint;
	m.eo.user = &log;
	assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_NOSPACE, &err);
	medium_close(&m);
}

static void what_is_no_medium_is_refused_untouched(void **state)
{
	struct outcome o = { 0 };
	struct medium m;
	hz_error *err = NULL;

	(void)state;
	medium_open(&m, MIB, 512, WAY_CALLS);
	m.link->info.bytes = 0;
	assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_INVAL, &err);
	m.link->info.bytes = MIB;
	m.link->info.logical_sector = 520;
	assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_INVAL, &err);
	m.link->info.logical_sector = 512;
	m.fill = (struct fill){ .kind = FILL_BYTES, .pattern_len = 17 };
	assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_INVAL, &err);
	m.fill = (struct fill){ .kind = FILL_STREAM };
	assert_fails(engine_write(m.link, &m.fill, &m.eo, &o, &err), HZ_E_INVAL, &err);
	assert_int_equal(o.state, OUTCOME_NOT_STARTED);
	assert_int_equal(o.touched, TOUCHED_NO);
	assert_int_equal(m.file->writes, 0);
	medium_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sector_is_written_whichever_way),
		cmocka_unit_test(patterns_begin_at_address_0),
		cmocka_unit_test(two_bad_spots_leave_exactly_those_sectors),
		cmocka_unit_test(one_sector_across_requests_and_at_both_ends),
		cmocka_unit_test(what_the_drive_remaps_is_good_in_the_end),
		cmocka_unit_test(a_medium_that_takes_nothing_is_a_failure),
		cmocka_unit_test(a_flush_that_fails_is_a_failure),
		cmocka_unit_test(a_device_that_goes_away_is_lost),
		cmocka_unit_test(no_space_inside_the_size_is_looked_at),
		cmocka_unit_test(checkpoints_follow_flushes),
		cmocka_unit_test(a_stopped_pass_goes_on_where_it_was_durable),
		cmocka_unit_test(a_checkpoint_that_fails_ends_the_pass),
		cmocka_unit_test(what_is_no_medium_is_refused_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
