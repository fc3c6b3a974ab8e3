/* SPDX-License-Identifier: BSD-2-Clause */
/* The test of the equipment: passes on a good medium, and on no other. */
#include "support/hzt.h"
#include "support/fakedevice.h"
#include "base/uuid.h"
#include "sanitize/sanitize.h"
#include <fcntl.h>
#include <unistd.h>

struct scene {
	char *dir;
	int dirfd;
	struct fake *fake;
	hz_equipment_result r;
	hz_json *summary;
	int rc;
};

static void no_sleep(void *user, uint32_t ms)
{
	(void)user, (void)ms;
}

static void scene_run(struct scene *s, uint32_t faults, const struct link_ops *ops)
{
	hz_sanitize_options o = HZ_SANITIZE_OPTIONS_INIT;
	char id[UUID_TEXT];

	memset(s, 0, sizeof(*s));
	assert_int_equal(crypto_init(NULL), 0);
	s->dir = hzt_tmpdir();
	s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->dirfd >= 0);
	s->fake = fake_new(FAKE_ATA_DISK, faults);
	if (ops)
		s->fake->link.ops = ops;
	uuid_make(id);
	o.confirm_id = s->fake->link.info.confirm_id;
	o.record_id = id;
	s->r = (hz_equipment_result)HZ_EQUIPMENT_RESULT_INIT;
	s->summary = hz_json_new("equipment_summary");
	s->rc = sanitize_selftest_on(&s->fake->link, &o, s->dirfd, no_sleep, NULL, s->summary, &s->r, NULL);
}

static void scene_close(struct scene *s)
{
	hz_json_free(s->summary);
	fake_free(s->fake);
	(void)close(s->dirfd);
	hzt_tmpdir_remove(s->dir);
}

static void a_good_medium_passes(void **state)
{
	struct scene s;

	(void)state;
	for (int i = 0; i < 20; i++) {
		scene_run(&s, 0, NULL);
		assert_int_equal(s.rc, 0);
		assert_true(s.r.passed && s.r.checks == 5 && !*s.r.why && s.r.touched == HZ_TOUCHED_ALL);
		scene_close(&s);
	}
}

static void media_that_lie_do_not_pass(void **state)
{
	static const uint32_t faults[] = { FAKE_DROPS_WRITES, FAKE_ZEROS };
	struct scene s;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		scene_run(&s, faults[i], NULL);
		assert_false(s.r.passed);
		assert_true(*s.r.why);
		scene_close(&s);
	}
}

/* ---- a check that cannot see ---- */

static struct link_ops blind;
static const struct link_ops *seeing;

static int keeps_single_sectors(struct link *l, const void *data, size_t len, uint64_t off, hz_error **err)
{
	return len == l->info.logical_sector ? 0 : seeing->write(l, data, len, off, err);
}

static int turns_one_more(struct link *l, const void *data, size_t len, uint64_t off, hz_error **err)
{
	AUTO_FREE uint8_t *sector = NULL;
	uint64_t other = off == 0 ? 5 * (uint64_t)l->info.logical_sector : 0;
	int rc = seeing->write(l, data, len, off, err);

	if (len != l->info.logical_sector || rc < 0)
		return rc;
	sector = calloc(1, len);
	assert_non_null(sector);
	return seeing->write(l, sector, len, other, err);
}

static void faults_that_are_not_found_exactly_fail_it(void **state)
{
	int (*const writes[])(
		struct link *, const void *, size_t, uint64_t, hz_error **) = { keeps_single_sectors, turns_one_more };
	struct fake *model = fake_new(FAKE_ATA_DISK, 0);
	struct scene s;

	(void)state;
	seeing = model->link.ops;
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		blind = *seeing;
		blind.write = writes[i];
		scene_run(&s, 0, &blind);
		assert_int_equal(s.rc, 0);
		assert_false(s.r.passed);
		assert_non_null(strstr(s.r.why, "faults"));
		scene_close(&s);
	}
	fake_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_medium_passes),
		cmocka_unit_test(media_that_lie_do_not_pass),
		cmocka_unit_test(faults_that_are_not_found_exactly_fail_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
