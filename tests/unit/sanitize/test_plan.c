/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans: every medium with every goal in every profile, what stands in the way, and the words of some in full. */
#include "support/hzt.h"
#include "sanitize/sanitize.h"
#include "hozen/sanitize.h"
#include "sanitize/plan.h"

#define R1    "nist-800-88r1"
#define IEEE  "nist-800-88r2+ieee2883"
#define SOUMU "soumu-jp"

enum {
	ATA_DISK,
	ATA_SSD,
	SCSI_DISK,
	SCSI_SSD,
	NVME_SSD,
	NVME_FORMAT_ONLY,
	USB_DISK,
	USB_SSD,
	USB_STICK,
	SD_CARD,
	LOOP,
	VIRTIO,
	ODD,
	KINDS
};
static const struct {
	uint32_t transport, medium;
	uint64_t can;
} kinds[KINDS] = {
	{ HZ_TRANSPORT_ATA, HZ_MEDIUM_MAGNETIC,
		HZ_CAN_ATA_SECURITY | HZ_CAN_ATA_ENHANCED | HZ_CAN_ATA_CRYPTO_SCRAMBLE | HZ_CAN_ATA_OVERWRITE },
	{ HZ_TRANSPORT_ATA, HZ_MEDIUM_FLASH,
		HZ_CAN_ATA_SECURITY | HZ_CAN_ATA_ENHANCED | HZ_CAN_ATA_CRYPTO_SCRAMBLE | HZ_CAN_ATA_BLOCK_ERASE |
			HZ_CAN_DISCARD },
	{ HZ_TRANSPORT_SCSI, HZ_MEDIUM_MAGNETIC, HZ_CAN_SCSI_OVERWRITE | HZ_CAN_SCSI_CRYPTO },
	{ HZ_TRANSPORT_SCSI, HZ_MEDIUM_FLASH, HZ_CAN_SCSI_BLOCK | HZ_CAN_SCSI_CRYPTO },
	{ HZ_TRANSPORT_NVME, HZ_MEDIUM_FLASH,
		HZ_CAN_NVME_BLOCK | HZ_CAN_NVME_CRYPTO | HZ_CAN_NVME_OVERWRITE | HZ_CAN_NVME_FORMAT |
			HZ_CAN_NVME_FORMAT_CRYPTO | HZ_CAN_DISCARD | HZ_CAN_WRITE_ZEROES },
	{ HZ_TRANSPORT_NVME, HZ_MEDIUM_FLASH, HZ_CAN_NVME_FORMAT },
	{ HZ_TRANSPORT_USB, HZ_MEDIUM_MAGNETIC, 0 },
	{ HZ_TRANSPORT_USB, HZ_MEDIUM_FLASH, HZ_CAN_DISCARD },
	{ HZ_TRANSPORT_USB, HZ_MEDIUM_CARD, 0 },
	{ HZ_TRANSPORT_MMC, HZ_MEDIUM_CARD, HZ_CAN_DISCARD },
	{ HZ_TRANSPORT_LOOP, HZ_MEDIUM_VIRTUAL, HZ_CAN_DISCARD | HZ_CAN_WRITE_ZEROES },
	{ HZ_TRANSPORT_VIRTIO, HZ_MEDIUM_VIRTUAL, HZ_CAN_DISCARD },
	{ HZ_TRANSPORT_OTHER, HZ_MEDIUM_UNKNOWN, 0 },
};

static hz_device_info device(unsigned kind)
{
	hz_device_info d = { .size = sizeof(d),
		.transport = kinds[kind].transport,
		.medium = kinds[kind].medium,
		.can = kinds[kind].can | HZ_CAN_WRITE,
		.bytes = UINT64_C(1000) * 1000 * 1000 * 1000,
		.logical_sector = 512,
		.physical_sector = 4096 };

	d.hidden.hpa = d.hidden.dco = d.hidden.ama = HZ_HIDDEN_NONE;
	(void)snprintf(d.serial, sizeof(d.serial), "S1");
	return d;
}

/* "a b": the steps in order; each with its verification: F full, S sampled, C change. "-": cannot be reached. */
static void steps_of(char *out, size_t len, const struct plan *p)
{
	static const char how[] = "-FSC";
	size_t at = 0;

	(void)snprintf(out, len, "-");
	for (size_t i = 0; i < p->n_steps; i++) {
		at += (size_t)snprintf(out + at, len - at, "%s%s/%c%s", i ? " " : "", p->step[i].method->id,
			how[p->step[i].verify], p->step[i].row ? "" : "+");
		assert_true(at < len);
	}
	assert_true(p->reachable == (p->n_steps > 0));
}

static void expect(const hz_device_info *d, const struct plan_options *o, const char *want)
{
	struct plan p;
	char got[400];

	plan_make(&p, d, o);
	steps_of(got, sizeof(got), &p);
	if (strcmp(got, want) != 0)
		fail_msg("%s %s: %s, not %s; last reason: %s", o->profile ? o->profile : "", level_name(o->goal), got,
			want, p.n_reasons ? p.reason[p.n_reasons - 1] : "none");
	for (size_t i = 0; i < p.n_steps; i++)
		assert_true(p.step[i].why[0] != '\0');
	assert_true(p.n_reasons > 0);
}

static void test_every_medium_goal_and_profile(void **state)
{
	static const char both[] = "overwrite-stream/F+ overwrite-pattern/S";
	static const struct {
		unsigned kind;
		const char *clear, *purge_r1, *purge_ieee;
	} table[] = {
		{ ATA_DISK, "overwrite-stream/F", "ata-overwrite/C", "ata-overwrite/C" },
		{ ATA_SSD, "overwrite-stream/F", "ata-block-erase/C", "ata-block-erase/C" },
		{ SCSI_DISK, "overwrite-stream/F", "scsi-overwrite/C", "scsi-overwrite/C" },
		{ SCSI_SSD, "overwrite-stream/F", "scsi-block-erase/C", "scsi-block-erase/C" },
		{ NVME_SSD, "overwrite-stream/F", "nvme-block-erase/C", "nvme-block-erase/C" },
		/* The trap: Format is purge in one table and clear in the other. */
		{ NVME_FORMAT_ONLY, "overwrite-stream/F", "nvme-format/C", "-" },
		{ USB_DISK, "overwrite-stream/F", "-", "-" },
		{ USB_SSD, both, "-", "-" },
		{ USB_STICK, both, "-", "-" },
		{ SD_CARD, both, "-", "-" },
		{ LOOP, "overwrite-stream/F", "-", "-" },
		{ VIRTIO, "overwrite-stream/F", "-", "-" },
		{ ODD, both, "-", "-" },
	};

	(void)state;
	assert_int_equal(sizeof(table) / sizeof(table[0]), KINDS);
	for (unsigned i = 0; i < KINDS; i++) {
		hz_device_info d = device(table[i].kind);

		expect(&d, &(struct plan_options){ .goal = LEVEL_CLEAR }, table[i].clear);
		expect(&d, &(struct plan_options){ .goal = LEVEL_CLEAR, .profile = IEEE }, table[i].clear);
		expect(&d, &(struct plan_options){ .goal = LEVEL_CLEAR, .profile = SOUMU }, table[i].clear);
		expect(&d, &(struct plan_options){ .goal = LEVEL_PURGE, .profile = R1 }, table[i].purge_r1);
		expect(&d, &(struct plan_options){ .goal = LEVEL_PURGE, .profile = IEEE }, table[i].purge_ieee);
		expect(&d, &(struct plan_options){ .goal = LEVEL_PURGE, .profile = SOUMU }, table[i].purge_r1);
	}
}

static void test_options(void **state)
{
	hz_device_info disk = device(ATA_DISK), stick = device(USB_STICK), nvme = device(NVME_SSD);

	(void)state;
	expect(&disk, &(struct plan_options){ .goal = LEVEL_CLEAR, .quick = true }, "overwrite-zeros/S");
	expect(&disk, &(struct plan_options){ .goal = LEVEL_CLEAR, .final_zeros = true },
		"overwrite-stream/F overwrite-zeros/S+");
	expect(&disk, &(struct plan_options){ .goal = LEVEL_CLEAR, .quick = true, .final_zeros = true },
		"overwrite-zeros/S");
	expect(&disk, &(struct plan_options){ .goal = LEVEL_CLEAR, .verify = VERIFY_SAMPLED }, "overwrite-stream/S");
	expect(&disk, &(struct plan_options){ .goal = LEVEL_CLEAR, .quick = true, .verify = VERIFY_FULL },
		"overwrite-zeros/F");
	expect(&disk, &(struct plan_options){ .goal = LEVEL_CLEAR, .verify = VERIFY_CHANGE }, "-");
	expect(&disk, &(struct plan_options){ .goal = LEVEL_PURGE, .verify = VERIFY_FULL }, "-");
	expect(&disk, &(struct plan_options){ .goal = LEVEL_PURGE, .quick = true }, "-");
	expect(&nvme, &(struct plan_options){ .goal = LEVEL_PURGE, .final_zeros = true },
		"nvme-block-erase/C overwrite-zeros/S+");
	expect(&stick, &(struct plan_options){ .goal = LEVEL_CLEAR, .quick = true }, "overwrite-pattern/S");
	expect(&stick, &(struct plan_options){ .goal = LEVEL_CLEAR, .method = "overwrite-pattern" },
		"overwrite-pattern/F");
	expect(&disk, &(struct plan_options){ .goal = LEVEL_CLEAR, .profile = "dod-7-pass" }, "-");
	expect(&disk, &(struct plan_options){ 0 }, "-");
}

static void test_one_method_and_no_other(void **state)
{
	hz_device_info disk = device(ATA_DISK), ssd = device(ATA_SSD), stick = device(USB_STICK), loop = device(LOOP);
	struct plan_options o = { .goal = LEVEL_PURGE, .method = "ata-security-erase-enhanced" };

	(void)state;
	expect(&disk, &o, "ata-security-erase-enhanced/C");
	expect(&ssd, &o, "-"); /* clear only in r1 */
	o.profile = IEEE;
	expect(&ssd, &o, "ata-security-erase-enhanced/C");
	o.profile = NULL;
	o.method = "overwrite-stream";
	expect(&disk, &o, "-");
	o.goal = LEVEL_CLEAR;
	expect(&stick, &o, "-"); /* one pass is not enough there */
	o.method = "no-such-method";
	expect(&disk, &o, "-");
	o.method = "discard";
	expect(&loop, &o, "-");
	o.method = "write-zeroes";
	expect(&loop, &o, "-");
}

/* Crypto erase is purge only for who vouches for what it rests on. */
static void test_crypto_erase_needs_somebody_who_vouches(void **state)
{
	hz_device_info d = device(NVME_SSD);
	struct plan_options o = { .goal = LEVEL_PURGE, .method = "nvme-crypto-erase" };
	struct plan p;

	(void)state;
	expect(&d, &o, "-");
	o.goal = LEVEL_CLEAR;
	expect(&d, &o, "nvme-crypto-erase/C");
	o.goal = LEVEL_PURGE;
	o.vouched = true;
	expect(&d, &o, "nvme-crypto-erase/C");
	plan_make(&p, &d, &o);
	assert_true(p.vouched);
	assert_non_null(strstr(p.assumption[1], "the operator vouches: every byte"));
	o.profile = IEEE;
	o.method = "nvme-format-crypto";
	expect(&d, &o, "-"); /* "clear, possible purge" is clear */
}

static void test_what_stands_in_the_way(void **state)
{
	static const struct {
		unsigned kind;
		uint32_t state;
		const char *clear, *purge;
	} table[] = {
		{ ATA_SSD, HZ_STATE_SECURITY_FROZEN, "overwrite-stream/F", "ata-block-erase/C" },
		{ ATA_DISK, HZ_STATE_SECURITY_ENABLED, "overwrite-stream/F", "ata-overwrite/C" },
		{ ATA_DISK, HZ_STATE_SANITIZE_FROZEN, "overwrite-stream/F", "ata-security-erase-enhanced/C" },
		{ ATA_DISK, HZ_STATE_SANITIZE_FROZEN | HZ_STATE_SECURITY_FROZEN, "overwrite-stream/F", "-" },
		{ ATA_DISK, HZ_STATE_SANITIZE_FROZEN | HZ_STATE_SECURITY_EXPIRED, "overwrite-stream/F", "-" },
		{ ATA_DISK, HZ_STATE_SECURITY_ENABLED | HZ_STATE_SECURITY_LOCKED, "-", "-" },
		{ ATA_DISK, HZ_STATE_SANITIZE_RUNNING, "-", "-" },
		{ ATA_DISK, HZ_STATE_READ_ONLY, "-", "-" },
		{ NVME_SSD, HZ_STATE_SANITIZE_FAILED, "nvme-format/C", "nvme-block-erase/C" },
		{ SCSI_DISK, HZ_STATE_SANITIZE_FAILED, "scsi-overwrite/C", "scsi-overwrite/C" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		hz_device_info d = device(table[i].kind);

		d.state = table[i].state;
		expect(&d, &(struct plan_options){ .goal = LEVEL_CLEAR }, table[i].clear);
		expect(&d, &(struct plan_options){ .goal = LEVEL_PURGE }, table[i].purge);
	}
}

static void test_size_zero_and_zones(void **state)
{
	hz_device_info d = device(ATA_DISK);

	(void)state;
	d.bytes = 0;
	expect(&d, &(struct plan_options){ .goal = LEVEL_CLEAR }, "-");
	d = device(ATA_DISK);
	d.zoned = 1;
	expect(&d, &(struct plan_options){ .goal = LEVEL_CLEAR }, "ata-security-erase/C");
}

static bool says(const struct plan *p, const char *text)
{
	for (size_t i = 0; i < p->n_reasons; i++)
		if (strstr(p->reason[i], text))
			return true;
	return false;
}

static bool assumes(const struct plan *p, const char *text)
{
	for (size_t i = 0; i < p->n_assumptions; i++)
		if (strstr(p->assumption[i], text))
			return true;
	return false;
}

static void test_hidden_areas_keep_it_from_passing(void **state)
{
	hz_device_info d = device(ATA_DISK);
	struct plan_options o = { .goal = LEVEL_CLEAR };
	struct plan p;

	(void)state;
	plan_make(&p, &d, &o);
	assert_false(p.cannot_pass);
	d.hidden.hpa = HZ_HIDDEN_PRESENT;
	plan_make(&p, &d, &o);
	assert_true(p.reachable && p.cannot_pass && says(&p, "hidden by HPA"));
	d.hidden.hpa = HZ_HIDDEN_NONE;
	d.hidden.dco = HZ_HIDDEN_UNCLEAR;
	plan_make(&p, &d, &o);
	assert_true(p.cannot_pass && says(&p, "makes no sense on DCO"));
	d.hidden.dco = HZ_HIDDEN_NONE;
	d.hidden.ama = HZ_HIDDEN_PRESENT;
	plan_make(&p, &d, &o);
	assert_true(p.cannot_pass && says(&p, "hidden by AMA"));
	d.hidden.hpa = HZ_HIDDEN_NOT_LOOKED;
	plan_make(&p, &d, &o);
	assert_true(assumes(&p, "hidden areas could not be asked for"));
}

static void test_hidden_areas_are_told_to_callers(void **state)
{
	hz_device_info d = device(ATA_DISK);
	hz_plan_options o = HZ_PLAN_OPTIONS_INIT;
	hz_plan *p = NULL;

	(void)state;
	o.goal = HZ_LEVEL_CLEAR;
	assert_int_equal(hz_plan_make(&p, &d, &o, NULL), 0);
	assert_null(hz_plan_cannot_pass(p));
	hz_plan_free(p);
	d.hidden.dco = HZ_HIDDEN_PRESENT;
	assert_int_equal(hz_plan_make(&p, &d, &o, NULL), 0);
	assert_true(hz_plan_reachable(p));
	assert_non_null(strstr(hz_plan_cannot_pass(p), "hidden by DCO"));
	hz_plan_free(p);
}

static void test_obstacles_and_bridges_are_told(void **state)
{
	hz_device_info d = device(USB_DISK);
	struct plan p;

	(void)state;
	d.obstacles = 20;
	(void)snprintf(d.obstacle[0].text, sizeof(d.obstacle[0].text), "the bridge shows serial 000000000001");
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_PURGE });
	assert_true(says(&p, "in the way: the bridge shows serial 000000000001") && says(&p, "in the way: 18 more"));
	assert_true(says(&p, "purge cannot be reached here: destroy it"));
	assert_true(says(&p, "clear could be reached"));
	/* Nobody destroys what a power cycle would make willing. */
	d.state |= HZ_STATE_SECURITY_FROZEN;
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_PURGE });
	assert_true(says(&p,
		"purge cannot be reached here while the drive is frozen: suspend and resume this computer, or switch "
		"the "
		"drive off and on, and ask again; or destroy it"));
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_CLEAR });
	assert_true(assumes(&p, "behind a USB bridge"));
}

static void test_expected_times(void **state)
{
	hz_device_info d = device(ATA_DISK);
	struct plan_options o = { .goal = LEVEL_CLEAR };
	struct plan p;

	(void)state;
	plan_make(&p, &d, &o);
	assert_int_equal(p.step[0].expected_s, 0);
	o.bytes_per_s = 100000000;
	plan_make(&p, &d, &o);
	assert_int_equal(p.step[0].expected_s, 2 * 10001);
	o.verify = VERIFY_SAMPLED;
	plan_make(&p, &d, &o);
	assert_int_equal(p.step[0].expected_s, 10001 + 1000);
	o.verify = VERIFY_FULL;
	o.method = "overwrite-pattern";
	plan_make(&p, &d, &o);
	assert_int_equal(p.step[0].expected_s, 3 * 10001);
	/* The drive's own word for its own work. */
	for (unsigned i = 0; i < 4; i++)
		d.estimate_s[i] = 1000 * (i + 1);
	o = (struct plan_options){ .goal = LEVEL_PURGE };
	plan_make(&p, &d, &o);
	assert_int_equal(p.step[0].expected_s, 4000);
	o.method = "ata-security-erase-enhanced";
	plan_make(&p, &d, &o);
	assert_int_equal(p.step[0].expected_s, 2000);
}

static void golden(const struct plan *p, const char *const *reasons, const char *const *assumptions)
{
	size_t n = 0;

	for (; reasons[n]; n++) {
		assert_true(n < p->n_reasons);
		assert_string_equal(p->reason[n], reasons[n]);
	}
	assert_int_equal(n, p->n_reasons);
	for (n = 0; assumptions[n]; n++) {
		assert_true(n < p->n_assumptions);
		assert_string_equal(p->assumption[n], assumptions[n]);
	}
	assert_int_equal(n, p->n_assumptions);
}

static void test_words_of_a_purge(void **state)
{
	static const char *const reasons[] = {
		"ata-block-erase: taken: reaches purge: SP 800-88r1 Table A-8 (ATA SSD)",
		"scsi-block-erase: no: the device does not offer it",
		"nvme-block-erase: no: the device does not offer it",
		"ata-overwrite: no: the device does not offer it",
		"scsi-overwrite: no: the device does not offer it",
		"nvme-overwrite: no: the device does not offer it",
		"ata-crypto-scramble: no: would reach purge, but nobody vouches for what that rests on: counts as "
		"clear",
		"scsi-crypto-erase: no: the device does not offer it",
		"nvme-crypto-erase: no: the device does not offer it",
		"nvme-format: no: the device does not offer it",
		"nvme-format-crypto: no: the device does not offer it",
		"ata-security-erase-enhanced: no: reaches clear only: SP 800-88r1 Table A-8 (ATA SSD)",
		"overwrite-stream: no: reaches clear only: SP 800-88r1 Table A-8 (ATA SSD)",
		"overwrite-zeros: no: reaches clear only: SP 800-88r1 Table A-8 (ATA SSD)",
		"overwrite-pattern: no: reaches clear only: SP 800-88r1 Table A-8 (ATA SSD)",
		"ata-security-erase: no: reaches clear only: SP 800-88r1 Table A-8 (ATA SSD)",
		NULL,
	};
	static const char *const assumptions[] = {
		"ata-block-erase was tested with models of devices only, never on hardware of this kind",
		"table from secondary sources: what NIST SP 800-88 Rev. 1, Appendix A says of these techniques was not "
		"read "
		"in its own text",
		NULL,
	};
	hz_device_info d = device(ATA_SSD);
	struct plan p;

	(void)state;
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_PURGE });
	golden(&p, reasons, assumptions);
	assert_string_equal(p.step[0].why,
		"purge: SP 800-88r1 Table A-8 (ATA SSD); samples of before and after are compared: they must differ");
}

static void test_words_of_what_cannot_be_reached(void **state)
{
	static const char *const reasons[] = {
		"overwrite-stream: no: reaches nothing on this medium (card or stick, USB) in nist-800-88r1",
		"purge cannot be reached here by this method",
		NULL,
	};
	static const char *const none[] = { NULL };
	hz_device_info d = device(USB_STICK);
	struct plan p;

	(void)state;
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_PURGE, .method = "overwrite-stream" });
	golden(&p, reasons, none);
}

static void test_words_of_a_stick(void **state)
{
	hz_device_info d = device(USB_STICK);
	struct plan p;

	(void)state;
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_CLEAR });
	assert_string_equal(
		p.step[0].why, "a further pass, of no level of its own; every address is read back and compared");
	assert_string_equal(p.step[1].why,
		"clear: SP 800-88r1 Table A-8 (USB removable media, memory cards): two passes, pattern and complement; "
		"a "
		"sample of at least a tenth is read back and compared");
	assert_false(assumes(&p, "aliases"));
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_CLEAR, .quick = true });
	assert_true(assumes(&p, "aliases"));
}

/* However many lines there are to say, none is written outside. */
static void test_the_trail_is_bounded(void **state)
{
	hz_device_info d = device(NVME_SSD);
	struct plan p;

	(void)state;
	d.hidden.hpa = d.hidden.dco = d.hidden.ama = HZ_HIDDEN_PRESENT;
	d.obstacles = 16;
	for (unsigned i = 0; i < HZ_DEVICE_OBSTACLES; i++)
		memset(d.obstacle[i].text, 'x', sizeof(d.obstacle[i].text) - 1);
	d.can = HZ_CAN_WRITE;
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_PURGE });
	assert_true(p.n_reasons <= PLAN_REASONS);
	assert_true(says(&p, "purge cannot be reached here"));
}

static void test_decisions(void **state)
{
	static const struct {
		const char *profile;
		enum confidentiality c;
		bool reused, leaves;
		enum decision d;
	} table[] = {
		{ R1, CONFIDENTIALITY_LOW, true, false, DECIDE_CLEAR },
		{ R1, CONFIDENTIALITY_LOW, false, true, DECIDE_PURGE },
		{ R1, CONFIDENTIALITY_MODERATE, false, false, DECIDE_DESTROY },
		{ R1, CONFIDENTIALITY_MODERATE, true, true, DECIDE_PURGE },
		{ R1, CONFIDENTIALITY_MODERATE, true, false, DECIDE_CLEAR },
		{ R1, CONFIDENTIALITY_HIGH, true, true, DECIDE_DESTROY },
		{ R1, CONFIDENTIALITY_HIGH, true, false, DECIDE_PURGE },
		{ R1, CONFIDENTIALITY_HIGH, false, false, DECIDE_DESTROY },
		{ R1, CONFIDENTIALITY_NOT_SAID, true, true, DECIDE_DESTROY },
		{ IEEE, CONFIDENTIALITY_HIGH, true, false, DECIDE_PURGE },
		{ SOUMU, CONFIDENTIALITY_LOW, false, true, DECIDE_CLEAR },
		{ SOUMU, CONFIDENTIALITY_MODERATE, false, true, DECIDE_PURGE },
		{ SOUMU, CONFIDENTIALITY_MODERATE, true, false, DECIDE_CLEAR },
		{ SOUMU, CONFIDENTIALITY_HIGH, true, true, DECIDE_DESTROY },
		{ SOUMU, CONFIDENTIALITY_HIGH, true, false, DECIDE_CLEAR },
		{ SOUMU, CONFIDENTIALITY_NOT_SAID, false, false, DECIDE_DESTROY },
	};
	char why[200];

	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(plan_decide(profile_find(table[i].profile), table[i].c, table[i].reused,
					 table[i].leaves, why, sizeof(why)),
			table[i].d);
	(void)plan_decide(profile_find(R1), CONFIDENTIALITY_NOT_SAID, true, false, why, sizeof(why));
	assert_string_equal(why,
		"confidentiality not said, so as high, to be reused, stays under our control: purge (SP "
		"800-88r1 Figure 4-1)");
}

/* The decision is the reason, and the last word: no method that could do something is offered beside it. */
static void test_what_must_be_destroyed(void **state)
{
	hz_plan_options o = HZ_PLAN_OPTIONS_INIT;
	hz_device_info d = device(NVME_SSD);
	hz_plan *p = NULL;

	(void)state;
	o.confidentiality = HZ_CONFIDENTIALITY_HIGH;
	o.flags = HZ_PLAN_REUSED | HZ_PLAN_LEAVES;
	assert_int_equal(hz_plan_make(&p, &d, &o, NULL), 0);
	assert_int_equal(hz_plan_decision(p), HZ_DECIDE_DESTROY);
	assert_false(hz_plan_reachable(p));
	assert_int_equal(hz_plan_steps(p), 0);
	assert_non_null(strstr(hz_plan_reason(p, 0), "destroy (SP 800-88r1 Figure 4-1)"));
	assert_string_equal(
		hz_plan_reason(p, 1), "destroy it: SP 800-88r1 Figure 4-1 asks for that, which no command here does");
	assert_null(hz_plan_reason(p, 2));
	assert_null(hz_plan_assumption(p, 0));
	hz_plan_free(p);
}

/* Sanitize and Format reach the others too, and the plan says so; an overwrite does not. */
static void test_other_namespaces_are_told(void **state)
{
	hz_device_info d = device(NVME_SSD);
	struct plan p;
	bool told = false;

	(void)state;
	d.namespaces = 3;
	(void)snprintf(d.name, sizeof(d.name), "nvme0n2");
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_PURGE });
	for (size_t i = 0; i < p.n_assumptions; i++)
		told |= strstr(p.assumption[i], "all 3 namespaces of the medium are erased, not nvme0n2 alone") != NULL;
	assert_true(told);
	plan_make(&p, &d, &(struct plan_options){ .goal = LEVEL_CLEAR });
	for (size_t i = 0; i < p.n_assumptions; i++)
		assert_null(strstr(p.assumption[i], "namespaces of the medium are erased"));
}

/* Each row names a method that is there, and none a hint; nothing but two passes is said of what is not known. */
static void test_profiles_are_consistent(void **state)
{
	(void)state;
	assert_null(profile_find("nist"));
	for (const struct profile *p = profiles(); p->id; p++) {
		assert_ptr_equal(profile_find(p->id), p);
		assert_true(p->version && p->title && p->technique_standard && p->decision_clause);
		for (size_t i = 0; i < p->n_rows; i++) {
			const struct profile_row *r = &p->rows[i];
			const struct method *m = method_find(r->method);

			assert_true(m && !m->hint && r->clause && r->secondary);
			assert_true(r->medium != HZ_MEDIUM_UNKNOWN || strcmp(r->method, "overwrite-pattern") == 0);
			assert_true(r->medium != HZ_MEDIUM_VIRTUAL || (r->level == LEVEL_CLEAR && r->assumes));
			assert_true(!strstr(r->method, "crypto") || r->assumes);
			for (size_t k = 0; k < i; k++)
				assert_false(p->rows[k].medium == r->medium && p->rows[k].transport == r->transport &&
					strcmp(p->rows[k].method, r->method) == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_medium_goal_and_profile),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_one_method_and_no_other),
		cmocka_unit_test(test_crypto_erase_needs_somebody_who_vouches),
		cmocka_unit_test(test_what_stands_in_the_way),
		cmocka_unit_test(test_size_zero_and_zones),
		cmocka_unit_test(test_hidden_areas_keep_it_from_passing),
		cmocka_unit_test(test_hidden_areas_are_told_to_callers),
		cmocka_unit_test(test_obstacles_and_bridges_are_told),
		cmocka_unit_test(test_expected_times),
		cmocka_unit_test(test_words_of_a_purge),
		cmocka_unit_test(test_words_of_what_cannot_be_reached),
		cmocka_unit_test(test_words_of_a_stick),
		cmocka_unit_test(test_the_trail_is_bounded),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_what_must_be_destroyed),
		cmocka_unit_test(test_other_namespaces_are_told),
		cmocka_unit_test(test_profiles_are_consistent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
