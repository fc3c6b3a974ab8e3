/* SPDX-License-Identifier: BSD-2-Clause */
/* The level reached: what takes it away, one by one. Everything starts from a case that passes. */
#include "support/hzt.h"
#include "sanitize/plan.h"

struct facts {
	struct plan plan;
	struct outcome outcome[PLAN_STEPS];
	struct verified verified[PLAN_STEPS];
	hz_device_info before, after;
};

/* An ATA SSD, as planned, and all went well. */
static struct facts good(enum level goal, const struct plan_options *more)
{
	struct facts f = { 0 };
	struct plan_options o = more ? *more : (struct plan_options){ 0 };

	f.before.transport = HZ_TRANSPORT_ATA;
	f.before.medium = HZ_MEDIUM_FLASH;
	f.before.can = HZ_CAN_WRITE | HZ_CAN_ATA_BLOCK_ERASE | HZ_CAN_ATA_CRYPTO_SCRAMBLE;
	f.before.bytes = 1 << 20;
	f.before.logical_sector = 512;
	f.before.hidden.hpa = f.before.hidden.dco = f.before.hidden.ama = HZ_HIDDEN_NONE;
	f.before.hidden.native_sectors = 2048;
	(void)snprintf(f.before.serial, sizeof(f.before.serial), "S1");
	f.after = f.before;
	o.goal = goal;
	plan_make(&f.plan, &f.before, &o);
	assert_true(f.plan.reachable);
	for (size_t i = 0; i < f.plan.n_steps; i++) {
		f.outcome[i] = (struct outcome){ .state = OUTCOME_COMPLETED, .touched = TOUCHED_ALL, .flushed = true };
		f.verified[i] = (struct verified){ .kind = f.plan.step[i].verify, .passed = true, .sectors = 2048 };
	}
	return f;
}

static enum level reached(const struct facts *f, char *why)
{
	return level_reached(&f->plan, f->outcome, f->verified, &f->before, &f->after, why, 200);
}

static void expect_none(const struct facts *f, const char *says)
{
	char why[200] = "";

	assert_int_equal(reached(f, why), LEVEL_NONE);
	if (!strstr(why, says))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
}

static void test_what_was_done_and_verified_counts(void **state)
{
	struct facts f = good(LEVEL_PURGE, NULL);
	char why[200];

	(void)state;
	assert_int_equal(reached(&f, why), LEVEL_PURGE);
	assert_string_equal(why, "purge: SP 800-88r1 Table A-8 (ATA SSD), by ata-block-erase, verified (change)");
	f = good(LEVEL_CLEAR, NULL);
	assert_int_equal(reached(&f, why), LEVEL_CLEAR);
	f = good(LEVEL_CLEAR, &(struct plan_options){ .final_zeros = true });
	assert_int_equal(f.plan.n_steps, 2);
	assert_int_equal(reached(&f, why), LEVEL_CLEAR);
	/* More than was planned is fine. */
	f = good(LEVEL_CLEAR, &(struct plan_options){ .quick = true });
	f.verified[0].kind = VERIFY_FULL;
	assert_int_equal(reached(&f, why), LEVEL_CLEAR);
}

static void test_every_other_outcome_is_none(void **state)
{
	static const enum outcome_state states[] = { OUTCOME_NOT_STARTED, OUTCOME_RUNNING, OUTCOME_EXCEPTIONS,
		OUTCOME_FAILED, OUTCOME_UNKNOWN, OUTCOME_LOST, (enum outcome_state)99 };

	(void)state;
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		for (unsigned step = 0; step < 2; step++) {
			struct facts f = good(LEVEL_CLEAR, &(struct plan_options){ .final_zeros = true });

			f.outcome[step].state = states[i];
			(void)snprintf(f.outcome[step].said, sizeof(f.outcome[step].said), "the words of the device");
			expect_none(&f, "the words of the device");
		}
}

static void test_parts_of_an_outcome(void **state)
{
	struct extent bad = { 5, 1, 5 };
	struct facts f = good(LEVEL_CLEAR, NULL);

	(void)state;
	f.outcome[0].bad = (struct extents){ &bad, 1, 1, 1 };
	expect_none(&f, "1 sectors that could not be written");
	f = good(LEVEL_CLEAR, NULL);
	f.outcome[0].flushed = false;
	expect_none(&f, "not flushed");
	f = good(LEVEL_PURGE, NULL);
	f.outcome[0].goes_on = true;
	expect_none(&f, "still at work");
	f = good(LEVEL_PURGE, NULL);
	f.outcome[0].touched = TOUCHED_PARTLY;
	expect_none(&f, "did not reach everything");
	/* The firmware has no flush of ours. */
	f = good(LEVEL_PURGE, NULL);
	f.outcome[0].flushed = false;
	assert_int_equal(reached(&f, (char[200]){ 0 }), LEVEL_PURGE);
}

static void test_parts_of_a_verification(void **state)
{
	struct facts f = good(LEVEL_CLEAR, NULL);

	(void)state;
	f.verified[0].kind = VERIFY_NONE;
	expect_none(&f, "was not verified");
	f.verified[0].kind = VERIFY_SAMPLED;
	expect_none(&f, "not as planned (full)");
	f.verified[0].kind = VERIFY_CHANGE;
	expect_none(&f, "not as planned (full)");
	f = good(LEVEL_CLEAR, NULL);
	f.verified[0].passed = false;
	expect_none(&f, "did not pass");
	f = good(LEVEL_CLEAR, NULL);
	f.verified[0].mismatched = 3;
	expect_none(&f, "3 sectors differ");
	f = good(LEVEL_CLEAR, NULL);
	f.verified[0].unreadable = 4;
	expect_none(&f, "4 cannot be read");
	f = good(LEVEL_CLEAR, NULL);
	f.verified[0].sectors = 0;
	expect_none(&f, "did not pass");
	/* A firmware's erase is not verified by what a sample happens to show. */
	f = good(LEVEL_PURGE, NULL);
	f.verified[0].kind = VERIFY_SAMPLED;
	expect_none(&f, "not as planned (change)");
	/* A further pass whose check fails found a device that lies. */
	f = good(LEVEL_CLEAR, &(struct plan_options){ .final_zeros = true });
	f.verified[1].mismatched = 1;
	expect_none(&f, "overwrite-zeros: 1 sectors differ");
}

static void test_another_device_or_size(void **state)
{
	struct facts f = good(LEVEL_PURGE, NULL);

	(void)state;
	(void)snprintf(f.after.serial, sizeof(f.after.serial), "S2");
	expect_none(&f, "another device");
	f = good(LEVEL_PURGE, NULL);
	(void)snprintf(f.after.wwn, sizeof(f.after.wwn), "naa.1");
	expect_none(&f, "another device");
	f = good(LEVEL_PURGE, NULL);
	f.after.bytes += 512;
	expect_none(&f, "its size changed");
	f = good(LEVEL_PURGE, NULL);
	f.after.logical_sector = 4096;
	expect_none(&f, "its size changed");
	/* A name is no identity: it was plugged in again. */
	f = good(LEVEL_PURGE, NULL);
	(void)snprintf(f.after.name, sizeof(f.after.name), "sdz");
	f.after.diskseq = 9;
	assert_int_equal(reached(&f, (char[200]){ 0 }), LEVEL_PURGE);
}

static void test_hidden_areas(void **state)
{
	static const uint32_t values[] = { HZ_HIDDEN_PRESENT, HZ_HIDDEN_UNCLEAR };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct facts f = good(LEVEL_PURGE, NULL);

		f.before.hidden.hpa = values[i];
		expect_none(&f, "HPA");
		f = good(LEVEL_PURGE, NULL);
		f.after.hidden.dco = values[i];
		expect_none(&f, "DCO");
		f = good(LEVEL_PURGE, NULL);
		f.after.hidden.ama = values[i];
		expect_none(&f, "AMA");
	}
	struct facts f = good(LEVEL_PURGE, NULL);

	f.after.hidden.native_sectors = 4096;
	expect_none(&f, "native size");
}

static void test_crypto_erase_without_evidence_is_clear(void **state)
{
	struct facts f = good(LEVEL_CLEAR, &(struct plan_options){ .method = "ata-crypto-scramble" });

	(void)state;
	assert_int_equal(reached(&f, (char[200]){ 0 }), LEVEL_CLEAR);
	f = good(LEVEL_PURGE, &(struct plan_options){ .method = "ata-crypto-scramble", .vouched = true });
	assert_int_equal(reached(&f, (char[200]){ 0 }), LEVEL_PURGE);
}

static void test_no_plan_no_level(void **state)
{
	struct facts f = good(LEVEL_CLEAR, NULL);

	(void)state;
	f.plan.reachable = false;
	expect_none(&f, "no plan");
	f = good(LEVEL_CLEAR, NULL);
	f.plan.n_steps = 0;
	expect_none(&f, "no plan");
	/* Only further passes. */
	f = good(LEVEL_CLEAR, NULL);
	f.plan.step[0].row = NULL;
	expect_none(&f, "no step reaches a level");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_done_and_verified_counts),
		cmocka_unit_test(test_every_other_outcome_is_none),
		cmocka_unit_test(test_parts_of_an_outcome),
		cmocka_unit_test(test_parts_of_a_verification),
		cmocka_unit_test(test_another_device_or_size),
		cmocka_unit_test(test_hidden_areas),
		cmocka_unit_test(test_crypto_erase_without_evidence_is_clear),
		cmocka_unit_test(test_no_plan_no_level),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
