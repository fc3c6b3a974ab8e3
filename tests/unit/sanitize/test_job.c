/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole run over models of devices: every firmware method with every fault, and a clear. What really became of the
 * data is known to the model; a certificate must never say more.
 */
#include "support/hzt.h"
#include "support/fakedevice.h"
#include "base/json_read.h"
#include "base/clock.h"
#include "sanitize/sanitize.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct fake *now_running;

static void sleep_ticks(void *user, uint32_t ms)
{
	(void)user;
	(void)ms;
	fake_tick(now_running);
}

struct scene {
	char *dir;
	int dirfd;
	struct fake *fake;
	hz_sanitize_options o;
	hz_sanitize_result r;
	hz_json *summary;
	char id[UUID_TEXT];
	int rc;
};

static void scene_open(struct scene *s, enum fake_kind kind, uint32_t faults)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(crypto_init(NULL), 0);
	s->dir = hzt_tmpdir();
	s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->dirfd >= 0);
	s->fake = fake_new(kind, faults);
	s->o = (hz_sanitize_options)HZ_SANITIZE_OPTIONS_INIT;
	s->o.plan.goal = HZ_LEVEL_PURGE;
	s->o.plan.flags = HZ_PLAN_VOUCHED;
	s->o.confirm_id = s->fake->link.info.confirm_id;
	uuid_make(s->id);
	s->o.record_id = s->id;
}

static void scene_run(struct scene *s, const char *method)
{
	s->r = (hz_sanitize_result)HZ_SANITIZE_RESULT_INIT;
	s->summary = hz_json_new("sanitize_summary");
	s->o.plan.method = method;
	now_running = s->fake;
	s->rc = sanitize_on(&s->fake->link, &s->o, s->dirfd, sleep_ticks, NULL, s->summary, &s->r, NULL);
}

static void scene_resume(struct scene *s)
{
	char name[64];

	hz_json_free(s->summary);
	s->r = (hz_sanitize_result)HZ_SANITIZE_RESULT_INIT;
	s->summary = hz_json_new("sanitize_summary");
	(void)snprintf(name, sizeof(name), "%s" JOURNAL_SUFFIX, s->id);
	now_running = s->fake;
	s->rc = sanitize_resume_on(&s->fake->link, &s->o, s->dirfd, name, sleep_ticks, NULL, s->summary, &s->r, NULL);
}

static void scene_close(struct scene *s)
{
	hz_json_free(s->summary);
	fake_free(s->fake);
	(void)close(s->dirfd);
	hzt_tmpdir_remove(s->dir);
}

/* What the summary says of a key at its top, as text. */
static void assert_summary(const struct scene *s, const char *key, const char *want)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	AUTO_FREE char *text = NULL;

	assert_int_equal(hz_json_text(s->summary, &text), 0);
	assert_int_equal(json_read(&root, text, strlen(text), NULL), 0);
	assert_non_null(json_text(json_get(root, key)));
	assert_string_equal(json_text(json_get(root, key)), want);
}

static const struct {
	enum fake_kind kind;
	const char *method;
} all[] = {
	{ FAKE_ATA_DISK, "ata-crypto-scramble" },
	{ FAKE_ATA_SSD, "ata-block-erase" },
	{ FAKE_ATA_DISK, "ata-overwrite" },
	{ FAKE_ATA_DISK, "ata-security-erase-enhanced" },
	{ FAKE_SCSI_DISK, "scsi-overwrite" },
	{ FAKE_SCSI_SSD, "scsi-block-erase" },
	{ FAKE_SCSI_SSD, "scsi-crypto-erase" },
	{ FAKE_NVME, "nvme-block-erase" },
	{ FAKE_NVME, "nvme-crypto-erase" },
	{ FAKE_NVME, "nvme-format" },
};
#define N_ALL (sizeof(all) / sizeof(all[0]))

static void a_good_device_gets_its_certificate(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ALL; i++) {
		struct scene s;

		scene_open(&s, all[i].kind, 0);
		scene_run(&s, all[i].method);
		if (!s.r.certificate)
			fail_msg("%s: rc %d, %s", all[i].method, s.rc, s.r.why);
		assert_int_equal(s.rc, 0);
		assert_true(fake_erased(s.fake));
		assert_int_equal(s.r.level, HZ_LEVEL_PURGE);
		assert_int_equal(s.r.touched, HZ_TOUCHED_ALL);
		assert_summary(&s, "level", "purge");
		scene_close(&s);
	}
}

/* Faults that change nothing of the truth are in it too. */
static void no_fault_makes_a_certificate_lie(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ALL; i++) {
		for (unsigned bit = 0; bit < FAKE_FAULTS; bit++) {
			uint32_t fault = UINT32_C(1) << bit;
			bool other = fault == FAKE_OTHER_SERIAL || fault == FAKE_GROWS || fault == FAKE_DCO_GARBAGE;
			struct scene s;

			scene_open(&s, all[i].kind, fault);
			scene_run(&s, all[i].method);
			if (s.r.certificate && (!fake_erased(s.fake) || other || s.rc != 0))
				fail_msg("%s with fault %u: a certificate that is not true: %s", all[i].method, bit,
					s.r.why);
			if (!s.r.certificate && s.rc == 0 && !*s.r.why)
				fail_msg("%s with fault %u: nobody says why", all[i].method, bit);
			if (s.r.touched == HZ_TOUCHED_NO && fake_touched(s.fake))
				fail_msg("%s with fault %u: it was touched", all[i].method, bit);
			if (s.r.touched == HZ_TOUCHED_ALL && !fake_erased(s.fake) && fault != FAKE_LIES &&
				fault != FAKE_IGNORES)
				fail_msg("%s with fault %u: not all was touched", all[i].method, bit);
			scene_close(&s);
		}
	}
}

/* What a device says about itself is not enough: these say yes, and only the data shows it. */
static void a_device_that_lies_gets_none(void **state)
{
	static const uint32_t lies[] = { FAKE_LIES, FAKE_ZEROS, FAKE_OTHER_SERIAL, FAKE_GROWS, FAKE_DCO_GARBAGE };

	(void)state;
	for (size_t i = 0; i < N_ALL; i++) {
		for (size_t n = 0; n < sizeof(lies) / sizeof(lies[0]); n++) {
			struct scene s;

			scene_open(&s, all[i].kind, lies[n]);
			scene_run(&s, all[i].method);
			assert_int_equal(s.r.certificate, 0);
			assert_int_equal(s.r.level, HZ_LEVEL_NONE);
			assert_true(*s.r.why);
			scene_close(&s);
		}
	}
}

static void data_that_stayed_is_a_mismatch(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, FAKE_NVME, FAKE_LIES);
	scene_run(&s, "nvme-crypto-erase");
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.r.mismatch, 1);
	scene_close(&s);
}

static void a_clear_reads_every_address_back(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, FAKE_ATA_DISK, 0);
	s.o.plan.goal = HZ_LEVEL_CLEAR;
	scene_run(&s, NULL);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.r.certificate, 1);
	assert_int_equal(s.r.level, HZ_LEVEL_CLEAR);
	assert_true(fake_erased(s.fake));
	scene_close(&s);
	scene_open(&s, FAKE_ATA_DISK, FAKE_DROPS_WRITES);
	s.o.plan.goal = HZ_LEVEL_CLEAR;
	scene_run(&s, NULL);
	assert_int_equal(s.r.certificate, 0);
	assert_int_equal(s.r.mismatch, 1);
	scene_close(&s);
}

/* Progress is told ten times a second at most. */
static uint64_t a_second_each(void)
{
	static uint64_t now = 1;

	return now += 1000000000u;
}

static int stop_in_the_firmware(void *user, const hz_sanitize_progress *p)
{
	unsigned *calls = user;

	return strcmp(p->doing, "firmware") == 0 && ++*calls > 2;
}

static int stop_at_once(void *user, const hz_sanitize_progress *p)
{
	unsigned *calls = user;

	(void)p;
	return ++*calls > 0;
}

/* The process dies while the firmware works; the next one waits for it, and does not claim what it did not see. */
static void what_the_firmware_went_on_with_is_adopted(void **state)
{
	unsigned calls = 0;
	struct scene s;

	(void)state;
	scene_open(&s, FAKE_ATA_SSD, 0);
	s.o.progress = stop_in_the_firmware;
	clock_install(NULL, a_second_each);
	s.o.user = &calls;
	scene_run(&s, "ata-block-erase");
	clock_install(NULL, NULL);
	assert_int_equal(s.rc, HZ_E_CANCELED);
	assert_int_equal(s.r.goes_on, 1);
	assert_int_equal(s.r.certificate, 0);
	s.o.progress = NULL;
	scene_resume(&s);
	assert_int_equal(s.rc, 0);
	assert_true(fake_erased(s.fake));
	assert_int_equal(s.fake->erases, 1);
	assert_int_equal(s.r.certificate, 0);
	assert_true(*s.r.why);
	scene_close(&s);
}

/* Stopped after the step was written down and before anything was sent: what goes on can itself be gone on with. */
static void a_step_is_in_the_journal_once(void **state)
{
	unsigned calls = 0;
	struct scene s;

	(void)state;
	scene_open(&s, FAKE_ATA_SSD, 0);
	s.o.progress = stop_at_once;
	s.o.user = &calls;
	clock_install(NULL, a_second_each);
	scene_run(&s, "ata-block-erase");
	assert_int_equal(s.rc, HZ_E_CANCELED);
	assert_int_equal(s.fake->erases, 0);
	scene_resume(&s);
	assert_int_equal(s.rc, HZ_E_CANCELED);
	clock_install(NULL, NULL);
	s.o.progress = NULL;
	scene_resume(&s);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.r.certificate, 1);
	assert_true(fake_erased(s.fake));
	scene_close(&s);
}

static void a_device_that_comes_back_under_another_name_is_finished(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, FAKE_ATA_SSD, FAKE_POWER_LOSS);
	scene_run(&s, "ata-block-erase");
	assert_int_equal(s.r.lost, 1);
	assert_int_equal(s.r.certificate, 0);
	s.fake->faults = 0;
	fake_reattach(s.fake, "sdq");
	scene_resume(&s);
	assert_int_equal(s.rc, 0);
	assert_true(fake_erased(s.fake));
	/* Verified by nobody: what stood there before is not known any more. */
	assert_int_equal(s.r.certificate, 0);
	scene_close(&s);
	/* A second run sees it through. */
	scene_open(&s, FAKE_ATA_SSD, 0);
	memset(s.fake->memory, 0, FAKE_BYTES);
	scene_run(&s, "ata-block-erase");
	assert_int_equal(s.r.certificate, 1);
	scene_close(&s);
}

static void a_goal_out_of_reach_touches_nothing(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, FAKE_ATA_DISK, 0);
	s.fake->link.info.can = HZ_CAN_WRITE;
	scene_run(&s, NULL);
	assert_int_equal(s.rc, HZ_E_REFUSED);
	assert_int_equal(s.r.touched, HZ_TOUCHED_NO);
	assert_false(fake_touched(s.fake));
	scene_close(&s);
}

static void a_journal_that_cannot_be_written_begins_nothing(void **state)
{
	struct scene s;
	char name[64];
	AUTO_FREE char *path = NULL;

	(void)state;
	scene_open(&s, FAKE_ATA_SSD, 0);
	(void)snprintf(name, sizeof(name), "%s" JOURNAL_SUFFIX, s.id);
	path = hzt_path(s.dir, name);
	hzt_put(path, "x", 1);
	scene_run(&s, "ata-block-erase");
	assert_int_equal(s.rc, HZ_E_EXISTS);
	assert_int_equal(s.r.touched, HZ_TOUCHED_NO);
	assert_false(fake_touched(s.fake));
	assert_int_equal(s.fake->erases, 0);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_device_gets_its_certificate),
		cmocka_unit_test(no_fault_makes_a_certificate_lie),
		cmocka_unit_test(a_device_that_lies_gets_none),
		cmocka_unit_test(data_that_stayed_is_a_mismatch),
		cmocka_unit_test(a_clear_reads_every_address_back),
		cmocka_unit_test(what_the_firmware_went_on_with_is_adopted),
		cmocka_unit_test(a_step_is_in_the_journal_once),
		cmocka_unit_test(a_device_that_comes_back_under_another_name_is_finished),
		cmocka_unit_test(a_goal_out_of_reach_touches_nothing),
		cmocka_unit_test(a_journal_that_cannot_be_written_begins_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
