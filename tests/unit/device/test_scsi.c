/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of SCSI disks: whole, cut off, and of others. */
#include "support/hzt.h"
#include "support/answers.h"
#include "device/scsi.h"

static void inquiry(void **state)
{
	uint8_t p[36] = { 0x00, 0x80, 6, 2, 31 };
	struct scsi_inquiry q;

	(void)state;
	memcpy(p + 8, "SEAGATE ST4000NM0025    N004", 28);
	assert_true(scsi_inquiry_parse(&q, p, sizeof(p)));
	assert_string_equal(q.vendor, "SEAGATE");
	assert_string_equal(q.product, "ST4000NM0025");
	assert_string_equal(q.revision, "N004");
	assert_true(q.removable && q.type == 0);
	assert_false(scsi_inquiry_parse(&q, p, 35));
	p[0] = 0x7f;
	assert_false(scsi_inquiry_parse(&q, p, sizeof(p)));
}

static void unit_serial(void **state)
{
	uint8_t p[24] = { 0, 0x80, 0, 20, ' ', ' ', 'Z', 'C', '1', '0', '0', '1', 0 };
	char out[16] = "before";

	(void)state;
	assert_true(scsi_serial_parse(out, sizeof(out), p, sizeof(p)));
	assert_string_equal(out, "ZC1001");
	memset(p + 4, 'x', 20);
	assert_true(scsi_serial_parse(out, 8, p, sizeof(p)));
	assert_string_equal(out, "xxxxxxx");
	memset(p + 4, ' ', 20);
	assert_false(scsi_serial_parse(out, sizeof(out), p, sizeof(p)));
	p[1] = 0x83;
	assert_false(scsi_serial_parse(out, sizeof(out), p, sizeof(p)));
	/* Says more than it has. */
	p[1] = 0x80;
	p[3] = 200;
	memset(p + 4, 'y', 20);
	assert_true(scsi_serial_parse(out, sizeof(out), p, sizeof(p)));
}

static void the_best_name_of_the_unit_is_taken(void **state)
{
	/* T10 vendor text, NAA of the unit, NAA of a port. */
	static const uint8_t page[] = { 0, 0x83, 0, 36, 0x02, 0x01, 0, 8, 'A', 'T', 'A', ' ', 'x', 'y', 'z', ' ', 0x01,
		0x03, 0, 8, 0x50, 0x01, 0x4e, 0xe2, 0x0a, 0x1b, 0x2c, 0x3d, 0x61, 0x93, 0, 8, 0x50, 0, 0, 0, 0, 0, 0,
		9 };
	uint8_t p[sizeof(page)];
	char out[80] = "";

	(void)state;
	assert_true(scsi_name_parse(out, sizeof(out), page, sizeof(page)));
	assert_string_equal(out, "naa.50014ee20a1b2c3d");
	assert_true(scsi_name_parse(out, sizeof(out), page, 16));
	assert_string_equal(out, "t10.ATA xyz");
	/* A port's name only is none. */
	memcpy(p, page, sizeof(p));
	p[5] |= 0x10;
	p[17] |= 0x10;
	assert_false(scsi_name_parse(out, sizeof(out), p, sizeof(p)));
	/* A designator that is longer than its page. */
	memcpy(p, page, sizeof(p));
	p[7] = 200;
	assert_false(scsi_name_parse(out, sizeof(out), p, sizeof(p)));
}

static void characteristics(void **state)
{
	uint8_t p[64] = { 0, 0xb1, 0, 60, 0x1c, 0x20 };
	struct scsi_characteristics c;

	(void)state;
	assert_true(scsi_characteristics_parse(&c, p, sizeof(p)));
	assert_int_equal(c.rotation, 7200);
	p[4] = 0, p[5] = 1, p[8] = 0x10;
	assert_true(scsi_characteristics_parse(&c, p, sizeof(p)));
	assert_true(c.rotation == 1 && c.zoned == 1);
	p[4] = 0, p[5] = 2;
	assert_true(scsi_characteristics_parse(&c, p, sizeof(p)));
	assert_int_equal(c.rotation, 0);
	assert_false(scsi_characteristics_parse(&c, p, 8));
}

static void capacity(void **state)
{
	uint8_t p[32] = { 0 };
	struct scsi_capacity c;

	(void)state;
	answer_be(p, 976754645, 8);
	answer_be(p + 8, 4096, 4);
	p[12] = 1, p[14] = 0x80;
	assert_true(scsi_capacity_parse(&c, p, sizeof(p)));
	assert_true(c.blocks == 976754646 && c.block_bytes == 4096 && c.protected_info && c.provisioned);
	answer_be(p + 8, 512, 4);
	p[13] = 3;
	assert_true(scsi_capacity_parse(&c, p, sizeof(p)));
	assert_int_equal(c.physical_bytes, 4096);
	answer_be(p + 8, 0, 4);
	assert_false(scsi_capacity_parse(&c, p, sizeof(p)));
	answer_be(p + 8, 512, 4);
	memset(p, 0xff, 8);
	assert_false(scsi_capacity_parse(&c, p, sizeof(p)));
	assert_false(scsi_capacity_parse(&c, p, 11));
}

static void only_support_as_the_standard_says_counts(void **state)
{
	(void)state;
	for (uint8_t support = 0; support < 8; support++) {
		uint8_t p[4] = { 0, support };

		assert_int_equal(scsi_supported_parse(p, 4), support == 3 ? 1 : support == 1 || support == 5 ? 0 : -1);
	}
	assert_int_equal(scsi_supported_parse("", 1), -1);
}

static void log_pages(void **state)
{
	static const uint8_t pages[] = { 0, 0, 0, 3, 0x00, 0x0d, 0x2f };
	static const uint8_t temperature[] = { 0x0d, 0, 0, 6, 0, 0, 3, 2, 0, 33 };
	static const uint8_t errors[] = { 0x03, 0, 0, 12, 0, 6, 2, 8, 0, 0, 0, 0, 0, 0, 1, 2 };
	static const uint8_t wear[] = { 0x11, 0, 0, 8, 0, 1, 3, 4, 0, 0, 0, 9 };
	static const uint8_t hours[] = { 0x15, 0, 0, 8, 0, 0, 3, 4, 0, 0, 0x1c, 0x20 };
	static const uint8_t failing[] = { 0x2f, 0, 0, 7, 0, 0, 3, 3, 0x5d, 0x10, 50 };
	struct scsi_health h = SCSI_HEALTH_INIT;

	(void)state;
	assert_true(scsi_log_has(0x0d, pages, sizeof(pages)) && !scsi_log_has(0x11, pages, sizeof(pages)));
	assert_false(scsi_log_has(0x2f, pages, 6));
	assert_true(scsi_log_parse(&h, SCSI_LOG_TEMPERATURE, temperature, sizeof(temperature)));
	assert_int_equal(h.temperature_c, 33);
	assert_true(scsi_log_parse(&h, SCSI_LOG_READ_ERRORS, errors, sizeof(errors)));
	assert_true(h.uncorrected == 258);
	assert_true(scsi_log_parse(&h, SCSI_LOG_SOLID_STATE, wear, sizeof(wear)));
	assert_int_equal(h.wear_percent, 9);
	assert_true(scsi_log_parse(&h, SCSI_LOG_BACKGROUND, hours, sizeof(hours)));
	assert_true(h.power_on_hours == 120);
	assert_true(scsi_log_parse(&h, SCSI_LOG_EXCEPTIONS, failing, sizeof(failing)));
	assert_true(h.ok == 2 && h.temperature_c == 33);
	assert_false(scsi_log_parse(&h, SCSI_LOG_TEMPERATURE, wear, sizeof(wear)));
}

static void a_cut_off_log_tells_nothing(void **state)
{
	static const uint8_t temperature[] = { 0x0d, 0, 0, 6, 0, 0, 3, 2, 0, 33 };

	(void)state;
	for (size_t n = 0; n < sizeof(temperature); n++) {
		struct scsi_health h = SCSI_HEALTH_INIT;
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, temperature, n);
		(void)scsi_log_parse(&h, SCSI_LOG_TEMPERATURE, exact, n);
		assert_int_equal(h.temperature_c, INT32_MIN);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inquiry),
		cmocka_unit_test(unit_serial),
		cmocka_unit_test(the_best_name_of_the_unit_is_taken),
		cmocka_unit_test(characteristics),
		cmocka_unit_test(capacity),
		cmocka_unit_test(only_support_as_the_standard_says_counts),
		cmocka_unit_test(log_pages),
		cmocka_unit_test(a_cut_off_log_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
