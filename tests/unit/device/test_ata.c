/* SPDX-License-Identifier: BSD-2-Clause */
/* What IDENTIFY DEVICE, SMART, DCO and SANITIZE STATUS say, and what they do not. */
#include "support/hzt.h"
#include "support/answers.h"
#include "device/ata.h"

static void identify_of_a_disk(void **state)
{
	uint8_t p[512];
	struct ata_identity id;

	(void)state;
	answer_ata_identify(p);
	assert_true(ata_identity_parse(&id, p, sizeof(p)));
	assert_string_equal(id.serial, "WD-WCC4N0000001");
	assert_string_equal(id.model, "WDC WD10EZEX-00BN5A0");
	assert_string_equal(id.firmware, "80.00A80");
	assert_string_equal(id.wwn, "naa.50014ee20a1b2c3d");
	assert_true(id.sectors == 1953525168 && id.lba48);
	assert_int_equal(id.logical_sector, 512);
	assert_int_equal(id.physical_sector, 4096);
	assert_int_equal(id.rotation, 7200);
	assert_true(id.smart && id.smart_enabled && id.hpa && id.dco && !id.ama && !id.trim);
	assert_true(id.can ==
		(HZ_CAN_ATA_SECURITY | HZ_CAN_ATA_ENHANCED | HZ_CAN_ATA_CRYPTO_SCRAMBLE | HZ_CAN_ATA_BLOCK_ERASE |
			HZ_CAN_ATA_OVERWRITE));
	assert_int_equal(id.state, 0);
	assert_true(id.erase_s == 56 * 120 && id.enhanced_s == 64 * 120);
}

static void each_security_bit_is_a_state(void **state)
{
	static const struct {
		uint16_t word;
		uint32_t state;
	} cases[] = { { 0x0003, HZ_STATE_SECURITY_ENABLED }, { 0x0005, HZ_STATE_SECURITY_LOCKED },
		{ 0x0009, HZ_STATE_SECURITY_FROZEN }, { 0x0011, HZ_STATE_SECURITY_EXPIRED },
		{ 0x000f, HZ_STATE_SECURITY_ENABLED | HZ_STATE_SECURITY_LOCKED | HZ_STATE_SECURITY_FROZEN },
		{ 0x001e, 0 }, { 0xffff, 0 } };
	struct ata_identity id;
	uint8_t p[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer_ata_identify(p);
		answer_word(p, 128, cases[i].word);
		answer_checksum(p, 1);
		assert_true(ata_identity_parse(&id, p, sizeof(p)));
		assert_int_equal(id.state, cases[i].state);
		assert_int_equal(id.security, cases[i].word & 1 && cases[i].word != 0xffff);
	}
}

static void words_that_tell_nothing_give_nothing(void **state)
{
	struct ata_identity id;
	uint8_t p[512];

	(void)state;
	answer_ata_identify(p);
	answer_word(p, 59, 0xffff);
	answer_word(p, 83, 0xffff);
	answer_word(p, 87, 0);
	answer_word(p, 106, 0xffff);
	answer_word(p, 169, 0xffff);
	answer_word(p, 217, 0xffff);
	answer_checksum(p, 1);
	assert_true(ata_identity_parse(&id, p, sizeof(p)));
	assert_false(id.sanitize || id.hpa || id.dco || id.smart || id.trim || id.lba48);
	assert_int_equal(id.rotation, 0);
	assert_int_equal(id.physical_sector, 512);
	assert_string_equal(id.wwn, "");
	assert_true(id.sectors == 0x0fffffff);
}

static void erase_times_have_two_formats(void **state)
{
	static const struct {
		uint16_t word;
		uint64_t seconds;
	} cases[] = { { 0, 0 }, { 1, 120 }, { 0xfe, 254 * 120 }, { 0x8001, 120 }, { 0xfffe, UINT64_C(32766) * 120 },
		{ 0xffff, 0 } };
	struct ata_identity id;
	uint8_t p[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer_ata_identify(p);
		answer_word(p, 89, cases[i].word);
		answer_checksum(p, 1);
		assert_true(ata_identity_parse(&id, p, sizeof(p)));
		assert_true(id.erase_s == cases[i].seconds);
	}
}

static void large_sectors_are_read_from_117(void **state)
{
	struct ata_identity id;
	uint8_t p[512];

	(void)state;
	answer_ata_identify(p);
	answer_word(p, 106, 0x5000);
	answer_word(p, 117, 2048);
	answer_checksum(p, 1);
	assert_true(ata_identity_parse(&id, p, sizeof(p)));
	assert_int_equal(id.logical_sector, 4096);
	assert_int_equal(id.physical_sector, 4096);
}

static void what_is_no_identify_is_refused(void **state)
{
	struct ata_identity id;
	uint8_t p[512] = { 0 };

	(void)state;
	assert_false(ata_identity_parse(&id, p, sizeof(p)));
	answer_ata_identify(p);
	assert_false(ata_identity_parse(&id, p, 511));
	p[60]++;
	assert_false(ata_identity_parse(&id, p, sizeof(p)));
	answer_ata_identify(p);
	answer_word(p, 0, 0x8580);
	answer_checksum(p, 1);
	assert_false(ata_identity_parse(&id, p, sizeof(p)));
	memset(p, 0xff, sizeof(p));
	assert_false(ata_identity_parse(&id, p, sizeof(p)));
}

static void control_characters_do_not_come_through(void **state)
{
	struct ata_identity id;
	uint8_t p[512];

	(void)state;
	answer_ata_identify(p);
	answer_ata_string(p, 27, 20, "  EVIL\x1b[2J\xe9\x7f ");
	answer_checksum(p, 1);
	assert_true(ata_identity_parse(&id, p, sizeof(p)));
	assert_string_equal(id.model, "EVIL?[2J??");
}

static void smart_attributes(void **state)
{
	struct ata_smart s;
	uint8_t p[512];

	(void)state;
	answer_ata_smart(p);
	assert_true(ata_smart_parse(&s, p, sizeof(p)));
	assert_int_equal(s.temperature_c, 31);
	assert_true(s.power_on_hours == 1234 && s.reallocated == 3 && s.pending == 2);
	p[3]++;
	assert_false(ata_smart_parse(&s, p, sizeof(p)));
	assert_true(s.temperature_c == INT32_MIN && s.pending == UINT64_MAX);
	/* 190 only where there is no 194. */
	memset(p, 0, sizeof(p));
	p[2] = 190;
	p[7] = 40;
	answer_checksum(p, 0);
	assert_true(ata_smart_parse(&s, p, sizeof(p)));
	assert_int_equal(s.temperature_c, 40);
	assert_true(s.power_on_hours == UINT64_MAX);
}

static void dco_of_nothing_is_no_hidden_area(void **state)
{
	static const uint64_t nothing[] = { 0, 1, UINT64_MAX, UINT64_C(1) << 48 };
	uint8_t p[512];
	uint64_t sectors = 77;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		answer_ata_dco(p, nothing[i]);
		assert_false(ata_dco_parse(&sectors, p, sizeof(p)));
	}
	assert_true(sectors == 77);
	answer_ata_dco(p, 1953525167);
	assert_true(ata_dco_parse(&sectors, p, sizeof(p)));
	assert_true(sectors == 1953525168);
	p[7]++;
	assert_false(ata_dco_parse(&sectors, p, sizeof(p)));
}

static void sanitize_status_without_registers_is_unknown(void **state)
{
	struct ata_answer a = { 0 };

	(void)state;
	a.count = 0x8000;
	assert_int_equal(ata_sanitize_parse(&a).phase, ATA_SANITIZE_UNKNOWN);
	a.has_registers = true;
	a.status = 0x50;
	assert_int_equal(ata_sanitize_parse(&a).phase, ATA_SANITIZE_UNKNOWN);
	assert_false(ata_sanitize_parse(&a).completed_ok);
	a.has_high = true;
	assert_int_equal(ata_sanitize_parse(&a).phase, ATA_SANITIZE_IDLE);
	assert_true(ata_sanitize_parse(&a).completed_ok);
	a.count = 0x4000;
	a.lba = 0x7fff;
	assert_int_equal(ata_sanitize_parse(&a).phase, ATA_SANITIZE_RUNNING);
	assert_int_equal(ata_sanitize_parse(&a).progress, 0x7fff);
	a.count = 0x2000;
	assert_true(ata_sanitize_parse(&a).frozen);
	a.status = 0x51;
	a.error = 0x04;
	a.lba = 1;
	assert_int_equal(ata_sanitize_parse(&a).phase, ATA_SANITIZE_FAILED);
	a.lba = 2;
	assert_int_equal(ata_sanitize_parse(&a).phase, ATA_SANITIZE_UNKNOWN);
	/* The drive's own error says that it failed even where the high registers are missing. */
	a.lba = 1;
	a.has_high = false;
	assert_int_equal(ata_sanitize_parse(&a).phase, ATA_SANITIZE_FAILED);
}

static void pass_through_places_every_field(void **state)
{
	struct ata_command c = { .command = ATA_SANITIZE,
		.device = 0x40,
		.ext = true,
		.feature = 0x0112,
		.count = 0x3344,
		.lba = UINT64_C(0xa1b2c3d4e5f6) };
	static const uint8_t non_data[16] = { 0x85, 0x07, 0x20, 0x01, 0x12, 0x33, 0x44, 0xc3, 0xf6, 0xb2, 0xe5, 0xa1,
		0xd4, 0x40, 0xb4, 0 };
	uint8_t cdb[16];

	(void)state;
	ata_pass_through(cdb, &c);
	assert_memory_equal(cdb, non_data, 16);
	c.ext = false;
	ata_pass_through(cdb, &c);
	assert_true(cdb[1] == 0x06 && cdb[3] == 0 && cdb[5] == 0 && cdb[7] == 0 && cdb[9] == 0 && cdb[11] == 0);
	c.data = LINK_FROM_DEVICE;
	ata_pass_through(cdb, &c);
	assert_true(cdb[1] == 0x08 && cdb[2] == 0x0e);
	c.data = LINK_TO_DEVICE;
	ata_pass_through(cdb, &c);
	assert_true(cdb[1] == 0x0a && cdb[2] == 0x26);
	c.dma = true;
	ata_pass_through(cdb, &c);
	assert_true(cdb[1] == 0x0c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identify_of_a_disk),
		cmocka_unit_test(each_security_bit_is_a_state),
		cmocka_unit_test(words_that_tell_nothing_give_nothing),
		cmocka_unit_test(erase_times_have_two_formats),
		cmocka_unit_test(large_sectors_are_read_from_117),
		cmocka_unit_test(what_is_no_identify_is_refused),
		cmocka_unit_test(control_characters_do_not_come_through),
		cmocka_unit_test(smart_attributes),
		cmocka_unit_test(dco_of_nothing_is_no_hidden_area),
		cmocka_unit_test(sanitize_status_without_registers_is_unknown),
		cmocka_unit_test(pass_through_places_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
