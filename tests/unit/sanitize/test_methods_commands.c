/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands as they must be on the wire, in their order, and what is made of single answers. Scripts: a command that
 * is other, missing or too many fails. */
#include "support/hzt.h"
#include "support/fakedevice.h"
#include "device/ata.h"
#include "device/nvme.h"
#include "device/scsi.h"

#define REGS .has_registers = true, .has_high = true, .status = 0x50

#define ATA_STATUS(...)                                                                                         \
	{                                                                                                       \
		.op = FAKE_OP_ATA, .ata = { .command = 0xb4, .ext = true }, .ata_answer = { REGS, __VA_ARGS__ } \
	}

static enum outcome_state play(
	enum fake_kind kind, const char *method, const struct fake_line *lines, bool strict, struct outcome *o)
{
	struct fake *f = fake_new(kind, 0);
	enum outcome_state s;
	struct fake_run r;

	fake_run_init(&r, f);
	r.options.strict = strict;
	fake_script(f, lines);
	(void)method_find(method)->run(&r.run, NULL);
	fake_script_end(f);
	s = r.outcome.state;
	if (o)
		*o = r.outcome;
	fake_free(f);
	return s;
}

static void test_ata_block_erase(void **state)
{
	const struct fake_line lines[] = { ATA_STATUS(.count = 0),
		{ .op = FAKE_OP_ATA,
			.ata = { .command = 0xb4, .ext = true, .feature = 0x12, .count = 0x10, .lba = 0x426b4572 },
			.ata_answer = { REGS, .count = 0x4000 } },
		ATA_STATUS(.count = 0x4000, .lba = 0x8000), ATA_STATUS(.count = 0x8000, .lba = 0xffff), { 0 } };
	struct outcome o;

	(void)state;
	assert_int_equal(play(FAKE_ATA_SSD, "ata-block-erase", lines, false, &o), OUTCOME_COMPLETED);
	assert_int_equal(o.device_status[0], 0x50);
	assert_int_equal(o.device_status[2], 0x8000);
	assert_int_equal(o.device_status[3], 0xffff);
}

static void test_ata_strict_crypto_and_overwrite(void **state)
{
	const struct fake_line crypto[] = { ATA_STATUS(.count = 0),
		{ .op = FAKE_OP_ATA,
			.ata = { .command = 0xb4, .ext = true, .feature = 0x11, .count = 0, .lba = 0x43727970 },
			.ata_answer = { REGS, .count = 0x8000 } },
		ATA_STATUS(.count = 0x8000), { 0 } };
	const struct fake_line overwrite[] = { ATA_STATUS(.count = 0),
		{ .op = FAKE_OP_ATA,
			.ata = { .command = 0xb4, .ext = true, .feature = 0x14, .count = 0x11, .lba = 0x4f5700000000 },
			.ata_answer = { REGS, .count = 0x4000 } },
		ATA_STATUS(.count = 0x8000), { 0 } };

	(void)state;
	assert_int_equal(play(FAKE_ATA_SSD, "ata-crypto-scramble", crypto, true, NULL), OUTCOME_COMPLETED);
	assert_int_equal(play(FAKE_ATA_DISK, "ata-overwrite", overwrite, false, NULL), OUTCOME_COMPLETED);
}

/* A host adapter that gives no registers for SANITIZE STATUS is found out before anything is sent; one that stops
 * giving them after the command leaves it open. */
static void test_ata_without_registers_is_not_known(void **state)
{
	const struct fake_line before[] = { { .op = FAKE_OP_ATA, .ata = { .command = 0xb4, .ext = true } }, { 0 } };
	const struct fake_line fixed[] = { { .op = FAKE_OP_ATA,
						   .ata = { .command = 0xb4, .ext = true },
						   .ata_answer = { .has_registers = true, .status = 0x50 } },
		{ 0 } };
	struct outcome o;

	(void)state;
	assert_int_equal(play(FAKE_ATA_SSD, "ata-block-erase", before, false, &o), OUTCOME_NOT_STARTED);
	assert_int_equal(o.touched, TOUCHED_NO);
	assert_int_equal(play(FAKE_ATA_SSD, "ata-block-erase", fixed, false, &o), OUTCOME_NOT_STARTED);
}

/* The drive kept "ended well" from an earlier sanitize, and it is not known whether it took ours. */
static void test_ata_old_success_is_not_ours(void **state)
{
	const struct fake_line lines[] = { ATA_STATUS(.count = 0x8000),
		{ .op = FAKE_OP_ATA,
			.ata = { .command = 0xb4, .ext = true, .feature = 0x12, .count = 0x10, .lba = 0x426b4572 },
			.rc = HZ_E_IO },
		ATA_STATUS(.count = 0x8000), { 0 } };

	(void)state;
	assert_int_equal(play(FAKE_ATA_SSD, "ata-block-erase", lines, false, NULL), OUTCOME_UNKNOWN);
}

static void test_ata_failure_is_told(void **state)
{
	const struct fake_line lines[] = { ATA_STATUS(.count = 0),
		{ .op = FAKE_OP_ATA,
			.ata = { .command = 0xb4, .ext = true, .feature = 0x12, .count = 0x10, .lba = 0x426b4572 },
			.ata_answer = { REGS, .count = 0x4000 } },
		{ .op = FAKE_OP_ATA,
			.ata = { .command = 0xb4, .ext = true },
			.ata_answer = { .has_registers = true,
				.has_high = true,
				.status = 0x51,
				.error = 4,
				.lba = 1 } },
		{ 0 } };

	(void)state;
	assert_int_equal(play(FAKE_ATA_SSD, "ata-block-erase", lines, false, NULL), OUTCOME_FAILED);
}

static const uint8_t with_password[13] = { 0, 0, 'h', 'o', 'z', 'e', 'n', '-', 'e', 'r', 'a', 's', 'e' };
static const uint8_t enhanced_password[13] = { 2, 0, 'h', 'o', 'z', 'e', 'n', '-', 'e', 'r', 'a', 's', 'e' };

static void test_ata_security_in_its_order(void **state)
{
	const struct fake_line lines[] = { { .op = FAKE_OP_ATA, .ata = { .command = 0xe5 }, .ata_answer = { REGS } },
		{ .op = FAKE_OP_ATA,
			.ata = { .command = 0xf1, .data = LINK_TO_DEVICE, .count = 1 },
			.sends = with_password,
			.sends_len = sizeof(with_password),
			.ata_answer = { REGS } },
		{ .op = FAKE_OP_ATA, .ata = { .command = 0xf3 }, .ata_answer = { REGS } },
		{ .op = FAKE_OP_ATA,
			.ata = { .command = 0xf4, .data = LINK_TO_DEVICE, .count = 1 },
			.sends = enhanced_password,
			.sends_len = sizeof(enhanced_password),
			.ata_answer = { REGS } },
		{ 0 } };

	(void)state;
	assert_int_equal(play(FAKE_ATA_SSD, "ata-security-erase-enhanced", lines, false, NULL), OUTCOME_COMPLETED);
}

static const uint8_t running_sense[] = { 0x72, 2, 0x04, 0x1b, 0, 0, 0, 8, 2, 6, 0, 0, 0x80, 0x40, 0, 0 };
static const uint8_t fixed_running[] = { 0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x04, 0x1b, 0, 0x80, 0x80, 0 };
static const uint8_t no_sense[] = { 0x70, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t failed_sense[] = { 0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x31, 0x03, 0, 0, 0, 0 };
static const uint8_t reset_sense[] = { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0 };
static const uint8_t one_pass[] = { 1, 0, 0, 4, 0, 0, 0, 0 };

#define SENSE(bytes)                                                                                           \
	{                                                                                                      \
		.op = FAKE_OP_SCSI, .scsi = { .cdb = { 0x03, 0, 0, 0, 252, 0 }, .cdb_len = 6 }, .data = bytes, \
		.data_len = sizeof(bytes)                                                                      \
	}
#define READ_BLOCK(...)                                                                                    \
	{                                                                                                  \
		.op = FAKE_OP_SCSI, .scsi = { .cdb = { 0x88, [13] = 1 }, .cdb_len = 16 }, .scsi_answer = { \
			__VA_ARGS__                                                                        \
		}                                                                                          \
	}
#define SANITIZE(byte1, len, ...)                                                                                  \
	{                                                                                                          \
		.op = FAKE_OP_SCSI, .scsi = { .cdb = { 0x48, byte1, [8] = len }, .cdb_len = 10 }, .scsi_answer = { \
			__VA_ARGS__                                                                                \
		}                                                                                                  \
	}

static void test_scsi_overwrite(void **state)
{
	const struct fake_line lines[] = { SENSE(no_sense), READ_BLOCK(.status = 0),
		{ .op = FAKE_OP_SCSI,
			.scsi = { .cdb = { 0x48, 0xa1, [8] = 8 }, .cdb_len = 10 },
			.sends = one_pass,
			.sends_len = sizeof(one_pass) },
		SENSE(running_sense), SENSE(fixed_running), SENSE(no_sense), READ_BLOCK(.status = 0), { 0 } };

	(void)state;
	assert_int_equal(play(FAKE_SCSI_DISK, "scsi-overwrite", lines, false, NULL), OUTCOME_COMPLETED);
}

/* No progress any more, and the medium says that it failed: sg_sanitize ends here and says nothing of it. */
static void test_scsi_end_of_progress_is_no_success(void **state)
{
	const struct fake_line told[] = { SENSE(no_sense), READ_BLOCK(.status = 0), SANITIZE(0x82, 0, .status = 0),
		SENSE(running_sense), SENSE(failed_sense), { 0 } };
	const struct fake_line at_medium[] = { SENSE(no_sense), READ_BLOCK(.status = 0), SANITIZE(0x82, 0, .status = 0),
		SENSE(running_sense), SENSE(no_sense),
		READ_BLOCK(.status = 2, .has_sense = true, .key = 3, .asc = 0x31, .ascq = 3), { 0 } };
	const struct fake_line reset[] = { SENSE(no_sense), READ_BLOCK(.status = 0), SANITIZE(0x82, 0, .status = 0),
		SENSE(running_sense), SENSE(reset_sense), SENSE(no_sense), READ_BLOCK(.status = 0), { 0 } };

	(void)state;
	assert_int_equal(play(FAKE_SCSI_SSD, "scsi-block-erase", told, true, NULL), OUTCOME_FAILED);
	assert_int_equal(play(FAKE_SCSI_SSD, "scsi-block-erase", at_medium, true, NULL), OUTCOME_FAILED);
	assert_int_equal(play(FAKE_SCSI_SSD, "scsi-block-erase", reset, true, NULL), OUTCOME_UNKNOWN);
}

/* Reads fail until the place is written again (WABEREQ): that is how it should be. */
static void test_scsi_write_after_sanitize_required(void **state)
{
	const struct fake_line lines[] = { SENSE(no_sense), READ_BLOCK(.status = 0), SANITIZE(0xa3, 0, .status = 0),
		SENSE(running_sense), SENSE(no_sense),
		READ_BLOCK(.status = 2, .has_sense = true, .key = 3, .asc = 0x11, .ascq = 0x15), { 0 } };

	(void)state;
	assert_int_equal(play(FAKE_SCSI_SSD, "scsi-crypto-erase", lines, false, NULL), OUTCOME_COMPLETED);
}

/* Never seen at work: asked again without IMMED; and an event first is no refusal. */
static void test_scsi_too_fast_to_be_seen(void **state)
{
	const struct fake_line good[] = { SENSE(no_sense), READ_BLOCK(.status = 0),
		SANITIZE(0xa3, 0, .status = 2, .has_sense = true, .key = 6, .asc = 0x2a, .ascq = 1),
		SANITIZE(0xa3, 0, .status = 0), SENSE(no_sense), READ_BLOCK(.status = 0),
		SANITIZE(0x23, 0, .status = 0), { 0 } };
	const struct fake_line bad[] = { SENSE(no_sense), READ_BLOCK(.status = 0), SANITIZE(0xa3, 0, .status = 0),
		SENSE(no_sense), READ_BLOCK(.status = 0),
		SANITIZE(0x23, 0, .status = 2, .has_sense = true, .key = 3, .asc = 0x31, .ascq = 3), { 0 } };
	const struct fake_line lost[] = { SENSE(no_sense), READ_BLOCK(.status = 0), SANITIZE(0xa3, 0, .host = 7),
		SENSE(no_sense), READ_BLOCK(.status = 0), { 0 } };

	(void)state;
	assert_int_equal(play(FAKE_SCSI_SSD, "scsi-crypto-erase", good, false, NULL), OUTCOME_COMPLETED);
	assert_int_equal(play(FAKE_SCSI_SSD, "scsi-crypto-erase", bad, false, NULL), OUTCOME_FAILED);
	/* The adapter says that it may not have arrived. */
	assert_int_equal(play(FAKE_SCSI_SSD, "scsi-crypto-erase", lost, false, NULL), OUTCOME_UNKNOWN);
}

#define LOG(sprog, sstat, gde, cdw10)                           \
	{                                                       \
		(sprog) & 0xff, (sprog) >> 8, sstat, gde, cdw10 \
	}
#define GET_LOG(bytes)                                                                                   \
	{                                                                                                \
		.op = FAKE_OP_NVME, .nvme = { .opcode = 0x02, .nsid = 0xffffffff, .cdw10 = 0x007f8081 }, \
		.data = bytes, .data_len = sizeof(bytes)                                                 \
	}
static const uint8_t log_never[8] = { 0xff, 0xff };

/* Each single part of the rule, missing. cdw10 12h: overwrite would be 1Bh; a block erase with AUSE is 0Ah. */
static void test_nvme_rule_needs_all_its_parts(void **state)
{
	static const struct {
		uint8_t log[8];
		enum outcome_state ends;
	} cases[] = {
		{ LOG(0xffff, 1, 1, 0x0a), OUTCOME_COMPLETED },
		{ LOG(0xffff, 4, 1, 0x0a), OUTCOME_COMPLETED },
		{ LOG(0xffff, 0x29, 1, 0x0a), OUTCOME_COMPLETED }, /* five passes done: other bits */
		{ LOG(0xffff, 1, 0, 0x0a), OUTCOME_UNKNOWN },
		{ LOG(0xffff, 1, 1, 0x02), OUTCOME_UNKNOWN },
		{ LOG(0xffff, 0, 1, 0x0a), OUTCOME_UNKNOWN },
		{ LOG(0xffff, 3, 1, 0x0a), OUTCOME_FAILED },
		{ LOG(0xffff, 3, 1, 0x0c), OUTCOME_UNKNOWN },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fake_line lines[] = { GET_LOG(log_never),
			{ .op = FAKE_OP_NVME, .nvme = { .opcode = 0x84, .nsid = 0, .cdw10 = 0x0a } },
			GET_LOG(cases[i].log), { 0 } };

		assert_int_equal(play(FAKE_NVME, "nvme-block-erase", lines, false, NULL), cases[i].ends);
	}
}

static void test_nvme_commands(void **state)
{
	static const uint8_t done_crypto[8] = LOG(0xffff, 1, 1, 0x04), done_over[8] = LOG(0xffff, 1, 1, 0x1b);
	const struct fake_line crypto[] = { GET_LOG(log_never),
		{ .op = FAKE_OP_NVME, .nvme = { .opcode = 0x84, .cdw10 = 4 } }, GET_LOG(done_crypto), { 0 } };
	const struct fake_line over[] = { GET_LOG(log_never),
		{ .op = FAKE_OP_NVME, .nvme = { .opcode = 0x84, .cdw10 = 0x1b } }, GET_LOG(done_over), { 0 } };

	(void)state;
	assert_int_equal(play(FAKE_NVME, "nvme-crypto-erase", crypto, true, NULL), OUTCOME_COMPLETED);
	assert_int_equal(play(FAKE_NVME, "nvme-overwrite", over, false, NULL), OUTCOME_COMPLETED);
}

#define IDENTIFY(id, cns, bytes)                                                                      \
	{                                                                                             \
		.op = FAKE_OP_NVME, .nvme = { .opcode = 6, .nsid = id, .cdw10 = cns }, .data = bytes, \
		.data_len = sizeof(bytes)                                                             \
	}

/* fna, and the format of two namespaces, which must stay. */
static void format_with(
	uint8_t fna, uint8_t flbas2, const struct fake_line *formats, unsigned n, enum outcome_state ends)
{
	static const uint8_t two[] = { 1, 0, 0, 0, 2, 0, 0, 0 };
	uint8_t ctrl[600] = { [4] = 'S', [24] = 'M', [256] = 2, [524] = fna };
	uint8_t ns1[140] = { [0] = 8, [26] = 0x31, [29] = 0x0a, [130] = 9, [134] = 9 }, ns2[140];
	struct fake_line lines[16] = { IDENTIFY(0, 1, ctrl), IDENTIFY(0, 2, two), IDENTIFY(1, 0, ns1),
		IDENTIFY(2, 0, ns2) };
	const struct fake_line after1 = IDENTIFY(1, 0, ns1), after2 = IDENTIFY(2, 0, ns2);

	memcpy(ns2, ns1, sizeof(ns1));
	ns2[26] = flbas2;
	memcpy(lines + 4, formats, n * sizeof(*formats));
	if (ends == OUTCOME_COMPLETED) {
		lines[4 + n] = after1;
		if (n == 2)
			lines[5 + n] = after2;
	}
	assert_int_equal(play(FAKE_NVME, "nvme-format", lines, false, NULL), ends);
}

static void test_nvme_format_reaches_all_and_keeps_the_format(void **state)
{
	const struct fake_line each[] = { { .op = FAKE_OP_NVME,
						  .nvme = { .opcode = 0x80, .nsid = 1, .cdw10 = 0x1351 } },
		{ .op = FAKE_OP_NVME, .nvme = { .opcode = 0x80, .nsid = 2, .cdw10 = 0x1351 } } };
	const struct fake_line other[] = { { .op = FAKE_OP_NVME,
						   .nvme = { .opcode = 0x80, .nsid = 1, .cdw10 = 0x1351 } },
		{ .op = FAKE_OP_NVME, .nvme = { .opcode = 0x80, .nsid = 2, .cdw10 = 0x0342 } } };
	const struct fake_line all[] = { { .op = FAKE_OP_NVME,
		.nvme = { .opcode = 0x80, .nsid = 0xffffffff, .cdw10 = 0x1351 } } };
	const struct fake_line second[] = { each[0],
		{ .op = FAKE_OP_NVME,
			.nvme = { .opcode = 0x80, .nsid = 2, .cdw10 = 0x1351 },
			.nvme_answer = { .status = 6 } } };

	(void)state;
	format_with(0, 0x31, each, 2, OUTCOME_COMPLETED);
	/* FNA bit 1: a secure erase of one reaches all; each is asked all the same. */
	format_with(2, 0x31, each, 2, OUTCOME_COMPLETED);
	format_with(1, 0x31, all, 1, OUTCOME_COMPLETED);
	format_with(1 | 8, 0x31, each, 2, OUTCOME_COMPLETED); /* no broadcast */
	format_with(1, 0x02, other, 2, OUTCOME_COMPLETED);
	format_with(0, 0x31, second, 2, OUTCOME_FAILED);
}

/* QEMU takes SES 2 though FNA does not offer it. And a namespace that nobody is attached to would be left. */
static void test_nvme_format_refuses_what_would_not_reach(void **state)
{
	static const uint8_t one[] = { 1, 0, 0, 0 }, three[] = { 1, 0, 0, 0, 3, 0, 0, 0 };
	uint8_t ctrl[600] = { [4] = 'S', [24] = 'M', [256] = 2 },
		manages[600] = { [4] = 'S', [24] = 'M', [256] = 0x0a };
	uint8_t ns[140] = { [0] = 8, [130] = 9 };
	const struct fake_line crypto[] = { IDENTIFY(0, 1, ctrl), { 0 } };
	const struct fake_line unattached[] = { IDENTIFY(0, 1, manages), IDENTIFY(0, 2, one), IDENTIFY(1, 0, ns),
		IDENTIFY(0, 0x10, three), { 0 } };

	(void)state;
	assert_int_equal(play(FAKE_NVME, "nvme-format-crypto", crypto, false, NULL), OUTCOME_NOT_STARTED);
	assert_int_equal(play(FAKE_NVME, "nvme-format", unattached, false, NULL), OUTCOME_NOT_STARTED);
}

/* A controller that says done while its namespace says that a format goes on. */
static void test_nvme_format_that_goes_on(void **state)
{
	static const uint8_t one[] = { 1, 0, 0, 0 };
	uint8_t ctrl[600] = { [4] = 'S', [24] = 'M', [256] = 2 }, ns[140] = { [0] = 8, [130] = 9 }, busy[140];
	struct outcome o;

	(void)state;
	memcpy(busy, ns, sizeof(ns));
	busy[32] = 0x80 | 70;
	{
		const struct fake_line lines[] = { IDENTIFY(0, 1, ctrl), IDENTIFY(0, 2, one), IDENTIFY(1, 0, ns),
			{ .op = FAKE_OP_NVME, .nvme = { .opcode = 0x80, .nsid = 1, .cdw10 = 0x200 } },
			IDENTIFY(1, 0, busy), { 0 } };

		assert_int_equal(play(FAKE_NVME, "nvme-format", lines, false, &o), OUTCOME_UNKNOWN);
		assert_true(o.goes_on);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ata_block_erase),
		cmocka_unit_test(test_ata_strict_crypto_and_overwrite),
		cmocka_unit_test(test_ata_without_registers_is_not_known),
		cmocka_unit_test(test_ata_old_success_is_not_ours),
		cmocka_unit_test(test_ata_failure_is_told),
		cmocka_unit_test(test_ata_security_in_its_order),
		cmocka_unit_test(test_scsi_overwrite),
		cmocka_unit_test(test_scsi_end_of_progress_is_no_success),
		cmocka_unit_test(test_scsi_write_after_sanitize_required),
		cmocka_unit_test(test_scsi_too_fast_to_be_seen),
		cmocka_unit_test(test_nvme_rule_needs_all_its_parts),
		cmocka_unit_test(test_nvme_commands),
		cmocka_unit_test(test_nvme_format_reaches_all_and_keeps_the_format),
		cmocka_unit_test(test_nvme_format_refuses_what_would_not_reach),
		cmocka_unit_test(test_nvme_format_that_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
