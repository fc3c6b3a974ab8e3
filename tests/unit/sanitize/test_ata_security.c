/* SPDX-License-Identifier: BSD-2-Clause */
/* The password of ATA SECURITY: wherever a crash or a fault hits, no drive stays locked without the journal saying with
 * what, and recover opens it, or erases it, or says what a person must do. */
#include "support/hzt.h"
#include "support/fakedevice.h"

static const char *const ids[] = { "ata-security-erase", "ata-security-erase-enhanced" };

/* Crashes after the n-th command that reached the drive: the rest of the run finds it gone. */
struct crash {
	struct link_ops ops;
	const struct link_ops *real;
	unsigned left;
};
static struct crash crash;

static int crashing_ata(
	struct link *l, const struct ata_command *c, void *data, size_t len, struct ata_answer *a, hz_error **err)
{
	if (crash.left == 0)
		return err_set(err, HZ_E_NOTFOUND, "crashed");
	crash.left--;
	return crash.real->ata(l, c, data, len, a, err);
}

static int crashing_look(struct link *l, hz_device_info *info, hz_error **err)
{
	return crash.left == 0 ? err_set(err, HZ_E_NOTFOUND, "crashed") : crash.real->look(l, info, err);
}

static void crash_after(struct fake *f, unsigned commands)
{
	crash.real = f->link.ops;
	crash.ops = *f->link.ops;
	crash.ops.ata = crashing_ata;
	crash.ops.look = crashing_look;
	crash.left = commands;
	f->link.ops = &crash.ops;
}

/* The password is in the journal whenever the drive may have it. */
static void check_noted(const struct fake *f, const struct fake_run *r)
{
	bool noted = false;

	for (unsigned i = 0; i < r->notes; i++)
		noted = noted || strcmp(r->note[i], NOTE_PASSWORD) == 0;
	if (f->enabled)
		assert_true(noted);
}

static void test_crash_after_each_command(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (unsigned n = 0; n < 6; n++) {
			struct fake *f = fake_new(FAKE_ATA_DISK, 0);
			const struct method *m = method_find(ids[i]);
			hz_error *err = NULL;
			struct fake_run first, r;

			fake_run_init(&first, f);
			crash_after(f, n);
			(void)m->run(&first.run, NULL);
			check_noted(f, &first);
			f->link.ops = crash.real;
			fake_reattach(f, "sdx");
			fake_run_init(&r, f);
			r.run.noted = fake_run_noted(&first);
			assert_ok(m->recover(&r.run, &err), &err);
			assert_false(f->enabled || f->locked);
			/* Completed only if it erased now: what was before was not seen. */
			if (r.outcome.state == OUTCOME_COMPLETED)
				assert_true(fake_erased(f));
			/* And it can be erased from the start. */
			fake_run_init(&r, f);
			assert_ok(m->run(&r.run, &err), &err);
			assert_int_equal(r.outcome.state, OUTCOME_COMPLETED);
			fake_free(f);
		}
}

static struct fake *locked_in_mid_erase(const struct method *m, struct fake_run *first)
{
	struct fake *f = fake_new(FAKE_ATA_DISK, FAKE_POWER_LOSS);

	fake_run_init(first, f);
	(void)m->run(&first->run, NULL);
	fake_reattach(f, "sdx");
	assert_true(f->locked);
	return f;
}

static void test_frozen_after_the_crash_is_told_once(void **state)
{
	const struct method *m = method_find(ids[0]);
	hz_error *err = NULL;
	struct fake_run first, r;
	struct fake *f = locked_in_mid_erase(m, &first);
	unsigned before = f->commands;

	(void)state;
	f->frozen = true;
	fake_run_init(&r, f);
	r.run.noted = fake_run_noted(&first);
	assert_int_equal(m->recover(&r.run, &err), HZ_E_REFUSED);
	assert_non_null(hz_error_hint(err));
	hz_error_free(err);
	/* Nothing was tried against it. */
	assert_int_equal(f->commands, before);
	assert_int_equal(f->unlocks, 0);
	assert_int_equal(r.outcome.state, OUTCOME_UNKNOWN);
	/* The operator did what the hint says. */
	err = NULL;
	f->frozen = false;
	fake_run_init(&r, f);
	r.run.noted = fake_run_noted(&first);
	assert_ok(m->recover(&r.run, &err), &err);
	assert_false(f->enabled);
	fake_free(f);
}

/* Somebody else's password: a handful of tries, no loop, no false end. */
static void test_a_password_that_is_not_ours(void **state)
{
	const struct method *m = method_find(ids[0]);
	struct fake *f = fake_new(FAKE_ATA_DISK, FAKE_LOCKED);
	hz_error *err = NULL;
	struct fake_run r;

	(void)state;
	fake_run_init(&r, f);
	assert_fails(m->run(&r.run, &err), HZ_E_REFUSED, &err);
	assert_int_equal(r.outcome.state, OUTCOME_NOT_STARTED);
	fake_run_init(&r, f);
	r.run.noted = NOTE_PASSWORD;
	assert_true(m->recover(&r.run, &err) < 0);
	hz_error_free(err);
	assert_int_equal(r.outcome.state, OUTCOME_FAILED);
	assert_true(f->unlocks < 5 && f->enabled);
	assert_false(fake_touched(f));
	fake_free(f);
}

static void test_failed_erase_takes_the_password_away(void **state)
{
	const uint32_t faults[] = { FAKE_REFUSES, FAKE_KEEPS_PASSWORD, FAKE_IGNORES };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct fake *f = fake_new(FAKE_ATA_DISK, faults[i]);
		struct fake_run r;

		fake_run_init(&r, f);
		(void)method_find(ids[0])->run(&r.run, NULL);
		assert_int_not_equal(r.outcome.state, OUTCOME_COMPLETED);
		assert_false(f->enabled);
		assert_string_equal(fake_run_noted(&r), NOTE_PASSWORD_GONE);
		fake_free(f);
	}
}

/* What cannot be taken away is said, with the password. */
static void test_password_that_stays_is_named(void **state)
{
	struct fake *f = fake_new(FAKE_ATA_DISK, FAKE_FAILS_AT_40);
	struct fake_run r;

	(void)state;
	fake_run_init(&r, f);
	assert_true(method_find(ids[0])->run(&r.run, NULL) < 0);
	assert_int_equal(r.outcome.state, OUTCOME_FAILED);
	assert_true(f->enabled);
	assert_non_null(strstr(r.outcome.said, "hozen-erase"));
	check_noted(f, &r);
	fake_free(f);
}

/* The journal fails between password and erase: not erased, and open again. */
static void test_journal_full_before_the_erase(void **state)
{
	struct fake *f = fake_new(FAKE_ATA_DISK, 0);
	hz_error *err = NULL;
	struct fake_run r;

	(void)state;
	fake_run_init(&r, f);
	r.fail_note = 2;
	assert_fails(method_find(ids[0])->run(&r.run, &err), HZ_E_IO, &err);
	assert_int_equal(f->erases, 0);
	assert_false(f->enabled);
	assert_int_not_equal(r.outcome.state, OUTCOME_COMPLETED);
	fake_free(f);
}

static uint32_t longest_ms;
static const struct link_ops *plain;

static int timed_ata(
	struct link *l, const struct ata_command *c, void *data, size_t len, struct ata_answer *a, hz_error **err)
{
	if (c->timeout_ms > longest_ms)
		longest_ms = c->timeout_ms;
	return plain->ata(l, c, data, len, a, err);
}

static uint32_t erase_timeout(uint64_t bytes, uint64_t told_s)
{
	struct fake *f = fake_new(FAKE_ATA_DISK, 0);
	struct link_ops ops = *f->link.ops;
	struct fake_run r;

	plain = f->link.ops;
	ops.ata = timed_ata;
	f->link.ops = &ops;
	f->link.info.bytes = bytes;
	f->link.info.estimate_s[0] = told_s;
	longest_ms = 0;
	fake_run_init(&r, f);
	(void)method_find(ids[0])->run(&r.run, NULL);
	f->link.ops = plain;
	fake_free(f);
	return longest_ms;
}

static void test_the_erase_is_given_its_time(void **state)
{
	(void)state;
	/* By size: 30 MB/s and half an hour. */
	assert_int_equal(erase_timeout(UINT64_C(3000000000), 0), (100 + 1800) * 1000);
	/* By the drive's own word: twice that and an hour. */
	assert_int_equal(erase_timeout(FAKE_BYTES, 7200), (2 * 7200 + 3600) * 1000);
	assert_int_equal(erase_timeout(UINT64_C(3000000000000), 60), (100000 + 1800) * 1000);
	/* Nothing wraps. */
	assert_int_equal(erase_timeout(UINT64_MAX / 2, 0), UINT32_MAX);
	assert_int_equal(erase_timeout(FAKE_BYTES, UINT64_MAX), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crash_after_each_command),
		cmocka_unit_test(test_frozen_after_the_crash_is_told_once),
		cmocka_unit_test(test_a_password_that_is_not_ours),
		cmocka_unit_test(test_failed_erase_takes_the_password_away),
		cmocka_unit_test(test_password_that_stays_is_named),
		cmocka_unit_test(test_journal_full_before_the_erase),
		cmocka_unit_test(test_the_erase_is_given_its_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
