/* SPDX-License-Identifier: BSD-2-Clause */
/* Sense data of both formats, whole and cut off. */
#include "support/hzt.h"
#include "support/answers.h"
#include "device/sense.h"

static const struct ata_answer registers = { true, true, 0x50, 0x04, 0x40, 0xc0d1, UINT64_C(0x112233445566) };

static void descriptor_format_gives_all_registers(void **state)
{
	uint8_t d[64];
	size_t n = answer_sense_descriptor(d, &registers, 1);
	struct sense s = sense_parse(d, n);

	(void)state;
	assert_true(s.present && s.key == 1 && s.asc == 0 && s.ascq == 0x1d);
	assert_true(s.ata.has_registers && s.ata.has_high);
	assert_int_equal(s.ata.status, 0x50);
	assert_int_equal(s.ata.error, 0x04);
	assert_int_equal(s.ata.device, 0x40);
	assert_int_equal(s.ata.count, 0xc0d1);
	assert_true(s.ata.lba == UINT64_C(0x112233445566));
}

static void without_extend_the_high_registers_are_not_there(void **state)
{
	uint8_t d[64];
	size_t n = answer_sense_descriptor(d, &registers, 0);
	struct sense s = sense_parse(d, n);

	(void)state;
	assert_true(s.ata.has_registers && !s.ata.has_high);
	assert_int_equal(s.ata.count, 0xd1);
	assert_true(s.ata.lba == 0x445566);
}

static void fixed_format_gives_the_low_registers_only(void **state)
{
	uint8_t d[64];
	size_t n = answer_sense_fixed(d, &registers);
	struct sense s = sense_parse(d, n);

	(void)state;
	assert_true(s.present && s.ata.has_registers && !s.ata.has_high);
	assert_int_equal(s.ata.status, 0x50);
	assert_int_equal(s.ata.error, 0x04);
	assert_int_equal(s.ata.count, 0xd1);
	assert_true(s.ata.lba == 0x445566);
}

/* What USB bridges answer: a fixed format that says nothing. */
static void an_empty_fixed_sense_has_no_registers(void **state)
{
	uint8_t d[64] = { 0x70, 0, 0, 0, 0, 0, 0, 10 };
	struct sense s = sense_parse(d, 18);

	(void)state;
	assert_true(s.present && !s.ata.has_registers);
	assert_false(sense_parse(d, 7).present);
	assert_false(sense_parse(NULL, 0).present);
	d[0] = 0x7f;
	assert_false(sense_parse(d, 18).present);
}

static void other_sense_is_not_taken_for_registers(void **state)
{
	uint8_t d[64];
	size_t n = answer_sense(d, 5, 0x20, 0, 1, -1);
	struct sense s = sense_parse(d, n);

	(void)state;
	assert_true(s.key == 5 && s.asc == 0x20 && !s.ata.has_registers && !s.has_progress);
}

static void progress_is_read_in_both_formats(void **state)
{
	uint8_t d[64];

	(void)state;
	for (int fixed = 0; fixed < 2; fixed++) {
		size_t n = answer_sense(d, 2, 0x04, 0x1b, fixed, 0x8001);
		struct sense s = sense_parse(d, n);

		assert_true(s.has_progress);
		assert_int_equal(s.progress, 0x8001);
		assert_true(s.key == 2 && s.asc == 4 && s.ascq == 0x1b);
	}
}

static void what_is_cut_off_is_absent(void **state)
{
	uint8_t d[64];

	(void)state;
	for (size_t n = 0; n < 22; n++) {
		uint8_t *exact = malloc(n ? n : 1);

		answer_sense_descriptor(d, &registers, 1);
		memcpy(exact, d, n);
		assert_false(sense_parse(exact, n).ata.has_registers);
		free(exact);
	}
	answer_sense_descriptor(d, &registers, 1);
	d[7] = 13;
	assert_false(sense_parse(d, 22).ata.has_registers);
	answer_sense_fixed(d, &registers);
	assert_false(sense_parse(d, 13).ata.has_registers);
	d[7] = 5;
	assert_false(sense_parse(d, 18).ata.has_registers);
}

static void a_deferred_error_is_marked(void **state)
{
	uint8_t d[64];
	size_t n = answer_sense(d, 4, 0x44, 0, 1, -1);

	(void)state;
	d[0] = 0x71;
	assert_true(sense_parse(d, n).deferred);
	n = answer_sense(d, 4, 0x44, 0, 0, -1);
	d[0] = 0x73;
	assert_true(sense_parse(d, n).deferred);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptor_format_gives_all_registers),
		cmocka_unit_test(without_extend_the_high_registers_are_not_there),
		cmocka_unit_test(fixed_format_gives_the_low_registers_only),
		cmocka_unit_test(an_empty_fixed_sense_has_no_registers),
		cmocka_unit_test(other_sense_is_not_taken_for_registers),
		cmocka_unit_test(progress_is_read_in_both_formats),
		cmocka_unit_test(what_is_cut_off_is_absent),
		cmocka_unit_test(a_deferred_error_is_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
