/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going on with a job on a medium: only where what was written still stands there, only by one process, never where a
 * later run began anew; and what counts as a bad area, and what as other data.
 */
#include "unit/sanitize/medium.h"
#include "base/clock.h"
#include "base/json_read.h"
#include "base/vfs.h"
#include "base/uuid.h"
#include "sanitize/sanitize.h"
#include <errno.h>
#include <stdio.h>
#include <sys/file.h>

#define BYTES (8 * MIB)

struct scene {
	struct medium m;
	char *jobs;
	int dirfd;
	hz_sanitize_options o;
	hz_sanitize_result r;
	hz_json *summary;
	char id[UUID_TEXT];
	int rc;
	/* Stops there. */
	const char *doing;
	uint32_t step;
};

/* Progress is told ten times a second at most. */
static uint64_t a_moment_each(void)
{
	static uint64_t now = 1;

	return __atomic_add_fetch(&now, 150000000u, __ATOMIC_RELAXED);
}

static int on_progress(void *user, const hz_sanitize_progress *p)
{
	const struct scene *s = user;

	return s->doing && p->step == s->step && strcmp(p->doing, s->doing) == 0;
}

static void scene_open(struct scene *s, uint32_t flags)
{
	memset(s, 0, sizeof(*s));
	medium_open(&s->m, BYTES, 512, WAY_URING);
	s->jobs = hzt_tmpdir();
	s->dirfd = hzt_opendir(s->jobs);
	s->o = (hz_sanitize_options)HZ_SANITIZE_OPTIONS_INIT;
	s->o.plan.goal = HZ_LEVEL_CLEAR;
	s->o.plan.flags = flags;
	s->o.confirm_id = s->m.link->info.confirm_id;
	s->o.progress = on_progress;
	s->o.user = s;
	clock_install(NULL, a_moment_each);
}

static void anew(struct scene *s)
{
	hz_json_free(s->summary);
	s->r = (hz_sanitize_result)HZ_SANITIZE_RESULT_INIT;
	s->summary = hz_json_new("sanitize_summary");
}

static void scene_run(struct scene *s)
{
	hz_json *custody;

	anew(s);
	uuid_make(s->id);
	s->o.record_id = s->id;
	custody = hz_json_object(s->summary, "custody");
	hz_json_str(custody, "witness", "Sato");
	hz_json_null(custody, "source");
	s->rc = sanitize_on(s->m.link, &s->o, s->dirfd, NULL, NULL, s->summary, &s->r, NULL);
}

/* A run that is stopped while it does this in step `step`. */
static void scene_stop(struct scene *s, const char *doing, uint32_t step)
{
	s->doing = doing;
	s->step = step;
	scene_run(s);
	assert_int_equal(s->rc, HZ_E_CANCELED);
	s->doing = NULL;
}

static void scene_resume(struct scene *s, const char *id)
{
	hz_json *custody;
	char name[64];

	anew(s);
	custody = hz_json_object(s->summary, "custody");
	hz_json_null(custody, "source");
	hz_json_null(custody, "witness");
	hz_json_null(s->summary, "approval");
	(void)snprintf(name, sizeof(name), "%s" JOURNAL_SUFFIX, id);
	s->rc = sanitize_resume_on(s->m.link, &s->o, s->dirfd, name, NULL, NULL, s->summary, &s->r, NULL);
}

static void scene_close(struct scene *s)
{
	clock_install(NULL, NULL);
	hz_json_free(s->summary);
	fd_close(&s->dirfd);
	hzt_tmpdir_remove(s->jobs);
	medium_close(&s->m);
}

static struct json_value *summary_of(const struct scene *s)
{
	struct json_value *root = NULL;
	AUTO_FREE char *text = NULL;

	assert_int_equal(hz_json_text(s->summary, &text), 0);
	assert_int_equal(json_read(&root, text, strlen(text), NULL), 0);
	return root;
}

static void assert_summary(const struct scene *s, const char *key, const char *want)
{
	AUTO(json_read_free) struct json_value *root = summary_of(s);

	assert_non_null(json_text(json_get(root, key)));
	assert_string_equal(json_text(json_get(root, key)), want);
}

static void write_at(struct scene *s, uint64_t off, uint8_t byte, size_t len)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t all;

	data = hzt_get(s->m.path, &all);
	memset(data + off, byte, len);
	hzt_put(s->m.path, data, all);
}

static void what_was_stopped_is_finished(void **state)
{
	static const uint32_t flags[] = { 0, HZ_PLAN_QUICK, HZ_PLAN_FINAL_ZEROS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		AUTO(json_read_free) struct json_value *root = NULL;
		struct scene s;

		scene_open(&s, flags[i]);
		scene_stop(&s, "write", flags[i] & HZ_PLAN_FINAL_ZEROS ? 2 : 1);
		scene_resume(&s, s.id);
		assert_int_equal(s.rc, 0);
		assert_int_equal(s.r.certificate, 1);
		assert_summary(&s, "continues", s.id);
		/* Said when it began. */
		root = summary_of(&s);
		assert_string_equal(json_text(json_get(json_get(root, "custody"), "witness")), "Sato");
		assert_true(json_is_nothing(json_get(json_get(root, "custody"), "source")));
		assert_true(json_is_nothing(json_get(root, "approval")));
		scene_close(&s);
	}
}

static void an_approval_is_kept(void **state)
{
	static const char sum[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	AUTO(json_read_free) struct json_value *root = NULL;
	struct job j = { .opts = &(hz_sanitize_options)HZ_SANITIZE_OPTIONS_INIT };
	hz_json *before = hz_json_new("sanitize_summary"), *plan = hz_json_new("plan"),
		*after = hz_json_new("sanitize_summary"), *a = hz_json_object(before, "approval");
	AUTO_FREE char *text = NULL, *said = NULL;

	(void)state;
	hz_json_str(a, "approver", "mori");
	hz_json_str(a, "fingerprint", "SHA256:x");
	hz_json_str(a, "sha256", sum);
	hz_json_null(after, "approval");
	assert_int_equal(job_kept_put(&j, plan, before, NULL), 0);
	assert_int_equal(hz_json_text(plan, &text), 0);
	assert_int_equal(json_read(&j.kept, text, strlen(text), NULL), 0);
	assert_int_equal(job_kept_take(&j, after, NULL, NULL), 0);
	assert_int_equal(hz_json_text(after, &said), 0);
	assert_int_equal(json_read(&root, said, strlen(said), NULL), 0);
	assert_string_equal(json_text(json_get(json_get(root, "approval"), "approver")), "mori");
	assert_string_equal(json_text(json_get(json_get(root, "approval"), "sha256")), sum);
	json_read_free(j.kept);
	hz_json_free(before);
	hz_json_free(plan);
	hz_json_free(after);
}

/* Wherever somebody wrote meanwhile, if only at the beginning: not a byte is written. */
static void a_medium_that_was_used_since_is_refused(void **state)
{
	static const uint64_t places[] = { 1024, 3 * MIB, BYTES - 4096 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		for (uint32_t step = 1; step <= 2; step++) {
			AUTO_FREE uint8_t *now = NULL, *then = NULL;
			struct scene s;
			size_t len;

			scene_open(&s, HZ_PLAN_FINAL_ZEROS);
			scene_stop(&s, "write", step);
			write_at(&s, places[i], 0xA5, 4096);
			then = hzt_get(s.m.path, &len);
			s.m.file->writes = 0;
			scene_resume(&s, s.id);
			if (step == 1 && s.rc != HZ_E_REFUSED && places[i] > MIB) {
				/* It was stopped before it came there. */
				scene_close(&s);
				continue;
			}
			assert_int_equal(s.rc, HZ_E_REFUSED);
			assert_int_equal(s.r.touched, HZ_TOUCHED_NO);
			assert_int_equal(s.r.certificate, 0);
			assert_summary(&s, "touched", "no");
			assert_summary(&s, "goal", "clear");
			assert_summary(&s, "continues", s.id);
			assert_int_equal(s.m.file->writes, 0);
			now = hzt_get(s.m.path, &len);
			assert_memory_equal(now, then, len);
			scene_close(&s);
		}
	}
}

/* Bad areas hold what they held; that is no sign that somebody used it. */
static void a_bad_area_is_not_taken_for_use(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0);
	filelink_fault(s.m.file, FAULT_WRITE, 2 * MIB, 4096, EIO, 0);
	scene_stop(&s, "write", 1);
	scene_resume(&s, s.id);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.r.certificate, 0);
	assert_int_equal(s.r.bad_sectors, 8);
	scene_close(&s);
}

static int state_is(void *user, const char *path, const hz_journal_info *info)
{
	const char *const *want = user;

	(void)path;
	if (strcmp(info->record_id, want[0]) == 0) {
		assert_string_equal(info->state, want[1]);
		assert_int_equal(info->goal, HZ_LEVEL_CLEAR);
	}
	return 0;
}

static void assert_state(const struct scene *s, const char *id, const char *state)
{
	const char *want[] = { id, state };
	uint64_t bad = 0;

	assert_int_equal(hz_journals_list(s->jobs, state_is, want, &bad, NULL), 0);
	assert_int_equal(bad, 0);
}

static void a_later_run_closes_the_older_job(void **state)
{
	AUTO_FREE uint8_t *now = NULL, *then = NULL;
	char first[UUID_TEXT], other[UUID_TEXT];
	struct scene s;
	size_t len;

	(void)state;
	scene_open(&s, 0);
	scene_stop(&s, "verify", 1);
	assert_state(&s, s.id, "done-not-verified");
	memcpy(other, s.id, sizeof(other));
	/* Of another medium: it stays. */
	(void)snprintf(s.m.link->info.serial, sizeof(s.m.link->info.serial), "FILE0002");
	scene_stop(&s, "write", 1);
	memcpy(first, s.id, sizeof(first));
	scene_run(&s);
	assert_int_equal(s.r.certificate, 1);
	assert_state(&s, other, "done-not-verified");
	assert_state(&s, first, "superseded");
	assert_state(&s, s.id, "verified");
	then = hzt_get(s.m.path, &len);
	scene_resume(&s, first);
	assert_int_equal(s.rc, HZ_E_EXISTS);
	assert_int_equal(s.r.touched, HZ_TOUCHED_NO);
	now = hzt_get(s.m.path, &len);
	assert_memory_equal(now, then, len);
	scene_close(&s);
}

static void a_journal_that_somebody_works_with_is_refused(void **state)
{
	struct scene s;
	char name[64];
	AUTO_FREE char *path = NULL;
	AUTO_FD int fd = -1;

	(void)state;
	scene_open(&s, 0);
	scene_stop(&s, "write", 1);
	(void)snprintf(name, sizeof(name), "%s" JOURNAL_SUFFIX, s.id);
	path = hzt_path(s.jobs, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	scene_resume(&s, s.id);
	assert_int_equal(s.rc, HZ_E_BUSY);
	assert_int_equal(s.r.touched, HZ_TOUCHED_NO);
	/* Nor does another run begin beneath it. */
	s.m.file->writes = 0;
	scene_run(&s);
	assert_int_equal(s.rc, HZ_E_BUSY);
	assert_int_equal(s.r.touched, HZ_TOUCHED_NO);
	assert_int_equal(s.m.file->writes, 0);
	assert_state(&s, s.id, "not-begun");
	scene_close(&s);
}

/* It could not be written and reads as ever: a bad area, not a device that lies. */
static void what_could_not_be_written_is_bad_and_no_mismatch(void **state)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	const struct json_value *v;
	int64_t n = -1;
	bool passed = true;
	struct scene s;

	(void)state;
	scene_open(&s, 0);
	filelink_fault(s.m.file, FAULT_WRITE, 2 * MIB, 4096, EIO, 0);
	/* Neither writes nor reads: counted once. */
	filelink_fault(s.m.file, FAULT_WRITE, 4 * MIB, 512, EIO, 0);
	filelink_fault(s.m.file, FAULT_READ, 4 * MIB, 512, EIO, 0);
	scene_run(&s);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.r.certificate, 0);
	assert_int_equal(s.r.mismatch, 0);
	assert_int_equal(s.r.bad_sectors, 9);
	root = summary_of(&s);
	v = json_get(json_list_at(json_get(root, "steps"), 0), "verification");
	assert_true(json_whole(json_get(v, "mismatched"), &n) && n == 0);
	assert_true(json_truth(json_get(v, "passed"), &passed) && !passed);
	scene_close(&s);
	/* Beside it the device lies, and that is found all the same. */
	scene_open(&s, 0);
	filelink_fault(s.m.file, FAULT_WRITE, 2 * MIB, 4096, EIO, 0);
	filelink_fault(s.m.file, FAULT_DROP, 4 * MIB, 4 * MIB, 0, 0);
	scene_run(&s);
	assert_int_equal(s.r.mismatch, 1);
	assert_int_equal(s.r.bad_sectors, 8);
	scene_close(&s);
}

/* Unplugged while it is written, and plugged in again. */
static void a_pass_goes_on_when_its_device_comes_back(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0);
	filelink_fault(s.m.file, FAULT_VANISH, 0, 0, 0, 2);
	scene_run(&s);
	assert_int_equal(s.rc, HZ_E_NOTFOUND);
	assert_int_equal(s.r.lost, 1);
	assert_int_equal(s.r.certificate, 0);
	s.m.file->n_faults = 0;
	s.m.file->gone = false;
	s.m.link->info.diskseq = 9;
	scene_resume(&s, s.id);
	assert_int_equal(s.rc, 0);
	assert_int_equal(s.r.certificate, 1);
	scene_close(&s);
}

/* Other data was found, then the device went away: the first is not forgotten. */
static void a_mismatch_before_an_error_stays_one(void **state)
{
	uint64_t each;
	struct scene s;

	(void)state;
	scene_open(&s, 0);
	scene_run(&s);
	each = s.m.file->requests / 2;
	assert_int_equal(s.r.certificate, 1);
	filelink_fault(s.m.file, FAULT_DROP, 0, 4 * MIB, 0, 0);
	filelink_fault(s.m.file, FAULT_VANISH, 0, 0, 0, s.m.file->requests + each + each / 2 + 1);
	scene_run(&s);
	assert_int_equal(s.rc, HZ_E_NOTFOUND);
	assert_int_equal(s.r.mismatch, 1);
	assert_int_equal(s.r.lost, 1);
	assert_int_equal(s.r.certificate, 0);
	assert_int_equal(s.r.touched, HZ_TOUCHED_ALL);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_stopped_is_finished),
		cmocka_unit_test(an_approval_is_kept),
		cmocka_unit_test(a_medium_that_was_used_since_is_refused),
		cmocka_unit_test(a_bad_area_is_not_taken_for_use),
		cmocka_unit_test(a_later_run_closes_the_older_job),
		cmocka_unit_test(a_journal_that_somebody_works_with_is_refused),
		cmocka_unit_test(what_could_not_be_written_is_bad_and_no_mismatch),
		cmocka_unit_test(a_mismatch_before_an_error_stays_one),
		cmocka_unit_test(a_pass_goes_on_when_its_device_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
