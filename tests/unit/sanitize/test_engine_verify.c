/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading back finds what is not there: lost writes, aliased addresses, a size that is a lie. test-label: tsan */
#include "unit/sanitize/medium.h"
#include <errno.h>

static struct check verify(struct medium *m, bool first_only)
{
	struct check c = { 0 };
	hz_error *err = NULL;

	assert_ok(engine_verify(m->link, &m->fill, first_only, &m->eo, &c, &err), &err);
	return c;
}

static void write_all(struct medium *m, enum outcome_state want)
{
	struct outcome o = { 0 };
	hz_error *err = NULL;

	assert_ok(engine_write(m->link, &m->fill, &m->eo, &o, &err), &err);
	assert_int_equal(o.state, want);
	extents_release(&o.bad);
}

static void what_was_written_is_there(void **state)
{
	(void)state;
	for (unsigned way = WAY_URING; way < WAYS; way++) {
		struct medium m;
		struct check c;

		medium_open(&m, 5 * MIB + 1536, 512, way);
		write_all(&m, OUTCOME_COMPLETED);
		c = verify(&m, false);
		assert_int_equal(c.sectors, m.bytes / 512);
		assert_int_equal(c.mismatched.n, 0);
		assert_int_equal(c.unreadable.n, 0);
		assert_false(c.stopped_early);
		medium_close(&m);
	}
}

static void one_flipped_bit_is_found_where_it_is(void **state)
{
	static const uint64_t bits[] = { 0, 511 * 8, 256 * KIB * 8, (3 * MIB - 1) * 8 + 7 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
		AUTO_FREE uint8_t *data = NULL;
		struct medium m;
		struct check c;
		size_t len;

		medium_open(&m, 3 * MIB, 512, (enum way)(i % WAYS));
		write_all(&m, OUTCOME_COMPLETED);
		data = hzt_get(m.path, &len);
		data[bits[i] / 8] ^= (uint8_t)(1u << bits[i] % 8);
		hzt_put(m.path, data, len);
		c = verify(&m, false);
		assert_int_equal(c.mismatched.n, 1);
		assert_extent(&c.mismatched, 0, bits[i] / 8 / 512, 1);
		assert_int_equal(c.sectors, m.bytes / 512);
		check_release(&c);
		medium_close(&m);
	}
}

/* The device says yes and writes nothing. */
static void dropped_writes_are_found(void **state)
{
	(void)state;
	for (unsigned way = WAY_URING; way < WAYS; way++) {
		struct medium m;
		struct check c;

		medium_open(&m, 4 * MIB, 512, way);
		filelink_fault(m.file, FAULT_DROP, MIB, 256 * KIB, 0, 0);
		write_all(&m, OUTCOME_COMPLETED);
		c = verify(&m, false);
		assert_int_equal(c.mismatched.n, 1);
		assert_extent(&c.mismatched, 0, MIB / 512, 512);
		check_release(&c);
		medium_close(&m);
	}
}

/* Two addresses are one place: with a fixed pattern nobody would see it. */
static void aliased_addresses_are_found(void **state)
{
	struct medium m;
	struct check c;

	(void)state;
	medium_open(&m, 4 * MIB, 512, WAY_URING);
	filelink_fault(m.file, FAULT_ALIAS, 2 * MIB, 256 * KIB, 0, MIB);
	write_all(&m, OUTCOME_COMPLETED);
	c = verify(&m, false);
	/* One of the two, whichever was written first. */
	assert_int_equal(c.mismatched.sectors, 512);
	check_release(&c);
	m.fill = (struct fill){ .kind = FILL_BYTES, .pattern_len = 1 };
	write_all(&m, OUTCOME_COMPLETED);
	c = verify(&m, false);
	assert_int_equal(c.mismatched.n, 0);
	medium_close(&m);
}

/* Counterfeit: half of what it says, and the rest goes round. */
static void a_size_that_is_a_lie_is_found(void **state)
{
	struct medium m;
	struct check c;

	(void)state;
	medium_open(&m, 4 * MIB, 512, WAY_CALLS);
	filelink_fault(m.file, FAULT_ALIAS, 2 * MIB, 2 * MIB, 0, 0);
	write_all(&m, OUTCOME_COMPLETED);
	c = verify(&m, false);
	assert_int_equal(c.mismatched.sectors, 2 * MIB / 512);
	check_release(&c);
	medium_close(&m);
}

static void unreadable_sectors_are_named_exactly(void **state)
{
	(void)state;
	for (unsigned way = WAY_URING; way < WAYS; way++) {
		struct medium m;
		struct check c;

		medium_open(&m, 4 * MIB, 512, way);
		write_all(&m, OUTCOME_COMPLETED);
		filelink_fault(m.file, FAULT_READ, MIB, 4096, ENODATA, 0);
		c = verify(&m, false);
		assert_int_equal(c.mismatched.n, 0);
		assert_int_equal(c.unreadable.n, 1);
		assert_extent(&c.unreadable, 0, MIB / 512, 8);
		assert_int_equal(c.unreadable.at[0].error, ENODATA);
		assert_int_equal(c.sectors, m.bytes / 512 - 8);
		check_release(&c);
		medium_close(&m);
	}
}

/* What reads again in smaller pieces is compared all the same. */
static void what_is_read_in_pieces_is_compared(void **state)
{
	AUTO_FREE uint8_t *data = NULL;
	struct medium m;
	struct check c;
	size_t len;

	(void)state;
	medium_open(&m, 2 * MIB, 512, WAY_URING);
	write_all(&m, OUTCOME_COMPLETED);
	data = hzt_get(m.path, &len);
	data[MIB + 512 * 9] ^= 1;
	hzt_put(m.path, data, len);
	filelink_fault(m.file, FAULT_READ, MIB, 512, EIO, 0);
	c = verify(&m, false);
	assert_extent(&c.unreadable, 0, MIB / 512, 1);
	assert_int_equal(c.mismatched.n, 1);
	assert_extent(&c.mismatched, 0, MIB / 512 + 9, 1);
	check_release(&c);
	medium_close(&m);
}

static void first_only_stops_there(void **state)
{
	struct medium m;
	struct check c;

	(void)state;
	medium_open(&m, 16 * MIB, 512, WAY_CALLS);
	c = verify(&m, true);
	assert_true(c.stopped_early);
	assert_true(c.mismatched.sectors > 0);
	assert_true(c.sectors < m.bytes / 512);
	check_release(&c);
	medium_close(&m);
}

static void a_device_that_goes_away_is_no_result(void **state)
{
	struct check c = { 0 };
	struct medium m;
	hz_error *err = NULL;

	(void)state;
	medium_open(&m, 8 * MIB, 512, WAY_URING);
	filelink_fault(m.file, FAULT_VANISH, 0, 0, 0, 5);
	assert_fails(engine_verify(m.link, &m.fill, false, &m.eo, &c, &err), HZ_E_NOTFOUND, &err);
	check_release(&c);
	medium_close(&m);
}

static void samples_are_compared_and_nothing_else(void **state)
{
	static const uint8_t seed[SAMPLE_SEED_LEN] = { 1 };
	AUTO_IN(samples_release) struct samples s = { 0 };
	struct check c = { 0 };
	struct medium m;
	hz_error *err = NULL;

	(void)state;
	medium_open(&m, 16 * MIB, 512, WAY_URING);
	assert_ok(samples_make(&s, seed, m.bytes / 512, 512, 512, &err), &err);
	assert_false(s.everything);
	write_all(&m, OUTCOME_COMPLETED);
	m.file->reads = 0;
	assert_ok(engine_verify_samples(m.link, &m.fill, &s, &m.eo, &c, &err), &err);
	assert_int_equal(c.sectors, s.sectors);
	assert_int_equal(c.mismatched.n, 0);
	assert_int_equal(m.file->reads, s.n);
	check_release(&c);
	/* The first and the last sector are always among them. */
	for (unsigned last = 0; last < 2; last++) {
		AUTO_FREE uint8_t *data = NULL;
		size_t len;

		data = hzt_get(m.path, &len);
		data[last ? len - 1 : 0] ^= 0x80;
		hzt_put(m.path, data, len);
	}
	assert_ok(engine_verify_samples(m.link, &m.fill, &s, &m.eo, &c, &err), &err);
	assert_int_equal(c.mismatched.n, 2);
	assert_extent(&c.mismatched, 0, 0, 1);
	assert_extent(&c.mismatched, 1, m.bytes / 512 - 1, 1);
	check_release(&c);
	medium_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_there),
		cmocka_unit_test(one_flipped_bit_is_found_where_it_is),
		cmocka_unit_test(dropped_writes_are_found),
		cmocka_unit_test(aliased_addresses_are_found),
		cmocka_unit_test(a_size_that_is_a_lie_is_found),
		cmocka_unit_test(unreadable_sectors_are_named_exactly),
		cmocka_unit_test(what_is_read_in_pieces_is_compared),
		cmocka_unit_test(first_only_stops_there),
		cmocka_unit_test(a_device_that_goes_away_is_no_result),
		cmocka_unit_test(samples_are_compared_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
