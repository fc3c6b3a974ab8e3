/* SPDX-License-Identifier: BSD-2-Clause */
/* Every firmware method with every fault that a model has: what it makes of it stands in the table below, and whatever
 * happens, nothing but a proven success is one. */
#include "support/hzt.h"
#include "support/fakedevice.h"
#include "sanitize/plan.h"

/* Columns: ATA sanitize, ATA security, SCSI sanitize, NVMe sanitize, NVMe format. Letters: C completed, N not started,
 * R running, F failed, U unknown, L lost. */
static const struct {
	uint32_t fault;
	const char *ends;
} table[] = {
	{ 0, "CCCCC" },
	{ FAKE_FAILS_AT_40, "FFFFF" },
	{ FAKE_DEALLOCATED, "CCCCC" },
	{ FAKE_LOG_UNREADABLE, "NCNNC" },
	{ FAKE_LOG_LOST, "UCUUC" },
	{ FAKE_RESETS, "CUCCU" },
	{ FAKE_RESET_FORGETS, "UFUUF" },
	{ FAKE_POWER_LOSS, "LLLLL" },
	{ FAKE_WRITTEN_AFTER, "CCCUC" },
	{ FAKE_FROZEN, "NNCCC" },
	{ FAKE_LOCKED, "FNCCC" },
	{ FAKE_KEEPS_PASSWORD, "CUCCC" },
	{ FAKE_DCO_GARBAGE, "CCCCC" },
	{ FAKE_GROWS, "CCCCC" },
	{ FAKE_ZEROS, "CCCCC" },
	{ FAKE_LIES, "CCCCC" },
	{ FAKE_STRIPS, "NNNNC" },
	{ FAKE_FIXED, "NCCCC" },
	{ FAKE_OTHER_SERIAL, "CCCCC" },
	{ FAKE_ESTIMATE_0, "CCCCC" },
	{ FAKE_HANGS, "UUUUU" },
	{ FAKE_SEND_TIMES_OUT, "CUUUU" },
	{ FAKE_REFUSES, "FFFFF" },
	{ FAKE_INSTANT, "CCCCC" },
	{ FAKE_STUCK, "UUUUU" },
	{ FAKE_FOREIGN_RUNS, "NNNNF" },
	{ FAKE_FOREIGN_AFTER, "CCCUC" },
	{ FAKE_DROPS_WRITES, "CCCCC" },
	{ FAKE_IGNORES, "UUCUC" },
};

/* The device itself says, by all that its standard has, what is not true: only a look at the data can find it. */
static bool is_beyond_the_method(unsigned column, uint32_t fault)
{
	return fault == FAKE_LIES || (fault == FAKE_IGNORES && (column == 2 || column == 4));
}

static const struct {
	enum fake_kind kind;
	const char *method;
	unsigned column;
} all[] = {
	{ FAKE_ATA_DISK, "ata-crypto-scramble", 0 },
	{ FAKE_ATA_SSD, "ata-crypto-scramble", 0 },
	{ FAKE_ATA_SSD, "ata-block-erase", 0 },
	{ FAKE_ATA_DISK, "ata-overwrite", 0 },
	{ FAKE_ATA_DISK, "ata-security-erase", 1 },
	{ FAKE_ATA_SSD, "ata-security-erase", 1 },
	{ FAKE_ATA_DISK, "ata-security-erase-enhanced", 1 },
	{ FAKE_ATA_SSD, "ata-security-erase-enhanced", 1 },
	{ FAKE_SCSI_DISK, "scsi-overwrite", 2 },
	{ FAKE_SCSI_DISK, "scsi-crypto-erase", 2 },
	{ FAKE_SCSI_SSD, "scsi-block-erase", 2 },
	{ FAKE_SCSI_SSD, "scsi-crypto-erase", 2 },
	{ FAKE_NVME, "nvme-block-erase", 3 },
	{ FAKE_NVME, "nvme-overwrite", 3 },
	{ FAKE_NVME, "nvme-crypto-erase", 3 },
	{ FAKE_NVME, "nvme-format", 4 },
	{ FAKE_NVME, "nvme-format-crypto", 4 },
};
#define N_ALL   (sizeof(all) / sizeof(all[0]))
#define N_TABLE (sizeof(table) / sizeof(table[0]))

/* OUTCOME_* in its order. */
static const char letters[] = "NRCXFUL";

/* What holds of any outcome. */
static void check_honest(const struct fake *f, const struct outcome *o, int rc, bool beyond)
{
	if (o->state == OUTCOME_COMPLETED) {
		assert_int_equal(rc, 0);
		assert_true(beyond || fake_erased(f));
		assert_false(fake_works(f));
		assert_int_equal(o->touched, TOUCHED_ALL);
		assert_int_equal(o->done, o->total);
	}
	if (o->state == OUTCOME_NOT_STARTED) {
		assert_int_equal(f->erases, 0);
		assert_true(rc < 0);
	}
	if (o->touched == TOUCHED_NO)
		assert_true(f->erases == 0);
	if (fake_works(f) && !f->gone && f->ours)
		assert_true(o->goes_on);
	/* Or nobody can know. */
	if (o->goes_on && !fake_works(f) && !f->gone &&
		!(f->faults & (FAKE_LOG_LOST | FAKE_SEND_TIMES_OUT | FAKE_HANGS)))
		fail_msg("nothing goes on with fault %08X: %s", f->faults, o->said);
	assert_true(o->said[0] != '\0');
}

static void run_one(unsigned i, uint32_t fault, const char *ends)
{
	struct fake *f = fake_new(all[i].kind, fault);
	const struct method *m = method_find(all[i].method);
	hz_error *err = NULL;
	struct fake_run r;
	int rc;

	fake_run_init(&r, f);
	assert_non_null(m);
	assert_int_equal(f->link.info.can & m->needs, m->needs);
	rc = m->run(&r.run, &err);
	if (letters[r.outcome.state] != ends[all[i].column])
		fail_msg("%s with fault %08X ends as %c, not %c: %s", m->id, fault, letters[r.outcome.state],
			ends[all[i].column], r.outcome.said);
	check_honest(f, &r.outcome, rc, is_beyond_the_method(all[i].column, fault));
	assert_int_equal(hz_error_code(err), rc);
	hz_error_free(err);
	fake_free(f);
}

static void test_every_method_with_every_fault(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++)
		for (unsigned t = 0; t < N_TABLE; t++)
			run_one(i, table[t].fault, table[t].ends);
	/* None is left out. */
	assert_int_equal(N_TABLE, FAKE_FAULTS + 1);
}

/* The whole way to a level, as a run goes it: the plan, the method, samples before and after, the facts once more. */
static enum level whole_way(unsigned i, uint32_t faults, struct fake **out)
{
	struct fake *f = fake_new(all[i].kind, faults);
	struct plan_options o = { .goal = LEVEL_CLEAR, .method = all[i].method, .vouched = true };
	hz_device_info before = f->link.info, after = before;
	uint8_t *was = calloc(1, FAKE_BYTES), *is = calloc(1, FAKE_BYTES);
	struct verified v = { .kind = VERIFY_CHANGE, .passed = true };
	enum level level;
	struct plan p;
	struct fake_run r;
	char why[200];

	assert_true(was && is);
	plan_make(&p, &before, &o);
	assert_true(p.reachable || faults & (FAKE_FROZEN | FAKE_LOCKED | FAKE_FOREIGN_RUNS));
	if (f->link.ops->read(&f->link, was, before.bytes, 0, NULL) < 0)
		v.unreadable = 1;
	fake_run_init(&r, f);
	(void)method_find(all[i].method)->run(&r.run, NULL);
	if (f->link.ops->read(&f->link, is, before.bytes, 0, NULL) < 0)
		v.unreadable = 1;
	for (uint64_t at = 0; at < before.bytes; at += FAKE_SECTOR, v.sectors++)
		if (memcmp(was + at, is + at, FAKE_SECTOR) == 0)
			v.passed = false;
	if (f->link.ops->look(&f->link, &after, NULL) < 0)
		after.bytes = 0;
	level = level_reached(&p, &r.outcome, &v, &before, &after, why, sizeof(why));
	free(was);
	free(is);
	*out = f;
	return level;
}

static bool is_certifiable(const struct fake *f)
{
	return fake_erased(f) && !fake_works(f) &&
		!(f->faults & (FAKE_OTHER_SERIAL | FAKE_GROWS | FAKE_DCO_GARBAGE | FAKE_ZEROS));
}

/* Every pair of faults, for one method of each kind: they differ in their bytes only. */
static void test_no_level_without_proof(void **state)
{
	unsigned reached = 0;

	(void)state;
	for (unsigned i = 0; i < N_ALL; i++) {
		if (i > 0 && all[i].column == all[i - 1].column)
			continue;
		for (unsigned a = 0; a < N_TABLE; a++)
			for (unsigned b = 0; b <= a; b++) {
				struct fake *f;
				enum level l = whole_way(i, table[a].fault | table[b].fault, &f);

				if (l > LEVEL_NONE && !is_certifiable(f))
					fail_msg("%s with faults %08X reached %s", all[i].method, f->faults,
						level_name(l));
				reached += l > LEVEL_NONE;
				fake_free(f);
			}
	}
	/* The models can also be erased. */
	assert_true(reached > N_ALL);
}

static void test_without_faults_each_reaches_its_level(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++) {
		struct fake *f;
		enum level l = whole_way(i, 0, &f);

		assert_int_equal(
			l, profile_row_find(profile_find("nist-800-88r1"), &f->link.info, all[i].method)->level);
		fake_free(f);
	}
}

static void test_full_journal_sends_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++) {
		struct fake *f = fake_new(all[i].kind, 0);
		hz_error *err = NULL;
		struct fake_run r;

		fake_run_init(&r, f);
		r.fail_note = 1;
		assert_fails(method_find(all[i].method)->run(&r.run, &err), HZ_E_IO, &err);
		assert_int_equal(r.outcome.state, OUTCOME_NOT_STARTED);
		assert_int_equal(f->erases, 0);
		assert_false(f->enabled);
		assert_false(fake_touched(f));
		fake_free(f);
	}
}

static void test_stopping_says_that_the_firmware_goes_on(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++) {
		struct fake *f = fake_new(all[i].kind, 0);
		hz_error *err = NULL;
		struct fake_run r;

		fake_run_init(&r, f);
		r.cancel_at = 3;
		if (all[i].column == 1 || all[i].column == 4) {
			/* These block until they are done. */
			assert_ok(method_find(all[i].method)->run(&r.run, &err), &err);
		} else {
			assert_fails(method_find(all[i].method)->run(&r.run, &err), HZ_E_CANCELED, &err);
			assert_int_equal(r.outcome.state, OUTCOME_RUNNING);
			assert_true(r.outcome.goes_on && fake_works(f));
		}
		fake_free(f);
	}
}

/* A crash at each progress call; the machine comes up again, the device under another name; the journal has what was
 * noted. Then adopt, or recover, and what they say. */
static void crash_and_adopt(unsigned i, uint32_t faults, struct fake_run *r)
{
	const struct method *m = method_find(all[i].method);
	hz_error *err = NULL;
	struct fake_run first;

	fake_run_init(&first, r->fake);
	first.cancel_at = 3;
	(void)m->run(&first.run, &err);
	hz_error_free(err);
	err = NULL;
	fake_reattach(r->fake, "sdq");
	r->fake->faults = faults;
	r->run.noted = fake_run_noted(&first);
	if (r->run.noted && strcmp(r->run.noted, NOTE_PASSWORD_GONE) == 0)
		return;
	(void)(m->adopt ? m->adopt : m->recover)(&r->run, &err);
	hz_error_free(err);
}

static void test_adopts_what_still_runs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++) {
		struct fake *f = fake_new(all[i].kind, all[i].column == 4 ? FAKE_HANGS : 0);
		struct fake_run r;

		if (all[i].column == 1) {
			fake_free(f);
			continue;
		}
		fake_run_init(&r, f);
		crash_and_adopt(i, 0, &r);
		assert_string_equal(f->link.info.name, "sdq");
		assert_false(fake_works(f));
		/* The status of a format is that of its command, which nobody saw. */
		assert_int_equal(r.outcome.state, all[i].column == 4 ? OUTCOME_UNKNOWN : OUTCOME_COMPLETED);
		assert_false(r.outcome.goes_on);
		fake_free(f);
	}
}

static void test_adopts_failures_as_failures(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++) {
		struct fake *f = fake_new(all[i].kind, 0);
		struct fake_run r;

		if (all[i].column == 1 || all[i].column == 4) {
			fake_free(f);
			continue;
		}
		fake_run_init(&r, f);
		crash_and_adopt(i, FAKE_FAILS_AT_40, &r);
		assert_int_equal(r.outcome.state, OUTCOME_FAILED);
		fake_free(f);
	}
}

/* Power goes in mid-erase: lost, and after it came back the erase goes on and is adopted. */
static void test_power_loss_and_another_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++) {
		struct fake *f = fake_new(all[i].kind, FAKE_POWER_LOSS);
		const struct method *m = method_find(all[i].method);
		hz_error *err = NULL;
		struct fake_run first, r;

		fake_run_init(&first, f);
		assert_fails(m->run(&first.run, &err), HZ_E_NOTFOUND, &err);
		assert_int_equal(first.outcome.state, OUTCOME_LOST);
		assert_true(first.outcome.goes_on);
		fake_reattach(f, "sdr");
		fake_run_init(&r, f);
		r.run.noted = fake_run_noted(&first);
		if (m->adopt) {
			assert_ok(m->adopt(&r.run, &err), &err);
			assert_int_equal(r.outcome.state, all[i].column == 4 ? OUTCOME_UNKNOWN : OUTCOME_COMPLETED);
		} else {
			/* Locked by our password in mid-erase: erased once more, and open. */
			assert_ok(m->recover(&r.run, &err), &err);
			assert_int_equal(r.outcome.state, OUTCOME_COMPLETED);
			assert_true(fake_erased(f));
			assert_false(f->enabled || f->locked);
		}
		fake_free(f);
	}
}

/* The crash came between the note and the command, and somebody else's sanitize is what the device speaks of. */
static void test_what_is_not_ours_is_not_taken_for_ours(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++)
		for (int ended = 0; ended < 2; ended++) {
			struct fake *f = fake_new(all[i].kind, FAKE_FOREIGN_RUNS);
			hz_error *err = NULL;
			struct fake_run r;

			fake_run_init(&r, f);
			for (int n = 0; ended && n < 20; n++)
				fake_tick(f);
			r.run.noted = NOTE_SENDING;
			if (all[i].column != 1) {
				assert_ok(method_find(all[i].method)->adopt(&r.run, &err), &err);
				assert_int_equal(r.outcome.state, OUTCOME_UNKNOWN);
			}
			fake_free(f);
		}
}

static void test_nothing_noted_nothing_adopted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ALL; i++) {
		const struct method *m = method_find(all[i].method);
		struct fake *f = fake_new(all[i].kind, 0);
		struct fake_run r;

		fake_run_init(&r, f);
		assert_ok((m->adopt ? m->adopt : m->recover)(&r.run, NULL), NULL);
		assert_int_equal(r.outcome.state, OUTCOME_NOT_STARTED);
		assert_int_equal(f->commands, 0);
		fake_free(f);
	}
}

static void test_table_is_whole(void **state)
{
	unsigned firmware = 0;

	(void)state;
	for (const struct method *const *m = methods(); *m; m++) {
		assert_true((*m)->id[0] && (*m)->title[0] && (*m)->needs && (*m)->run);
		assert_ptr_equal(method_find((*m)->id), *m);
		firmware += (*m)->firmware;
		assert_true(!(*m)->firmware || (*m)->adopt || (*m)->recover);
	}
	assert_int_equal(firmware, 13);
	assert_null(method_find("ata-no-such"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_method_with_every_fault),
		cmocka_unit_test(test_no_level_without_proof),
		cmocka_unit_test(test_without_faults_each_reaches_its_level),
		cmocka_unit_test(test_full_journal_sends_nothing),
		cmocka_unit_test(test_stopping_says_that_the_firmware_goes_on),
		cmocka_unit_test(test_adopts_what_still_runs),
		cmocka_unit_test(test_adopts_failures_as_failures),
		cmocka_unit_test(test_power_loss_and_another_name),
		cmocka_unit_test(test_what_is_not_ours_is_not_taken_for_ours),
		cmocka_unit_test(test_nothing_noted_nothing_adopted),
		cmocka_unit_test(test_table_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
