/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a repository while calls of the system fail: there is none that opens, or there is one with its key.
 * test-passphrases: cheap */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "archive/bundle.h"
#include "archive/repo.h"
#include <errno.h>
#include <unistd.h>

static char *folder;

static int set_up(void **state)
{
	(void)state;
	folder = hzt_tmpdir();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hzt_tmpdir_remove(folder);
	return 0;
}

static int say(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	(void)user, (void)confirm, (void)cap, (void)err;
	memcpy(out, "phrase", 6);
	*len = 6;
	return 0;
}

struct place {
	char *location, *key;
	hz_repo_options o;
};

static struct place place_in(const char *dir)
{
	struct place p = { hzt_path(dir, "repo"), hzt_path(dir, "w.key"), HZ_REPO_OPTIONS_INIT };

	p.o.location = p.location;
	p.o.key_file = p.key;
	p.o.state_dir = p.o.cache_dir = dir;
	p.o.passphrase = say;
	return p;
}

static void place_free(struct place *p)
{
	free(p->location);
	free(p->key);
}

static int init_in(const struct place *p, hz_error **err)
{
	hz_init_options i = HZ_INIT_OPTIONS_INIT;

	i.suite = 1;
	return hz_init(&p->o, &i, NULL, NULL, err);
}

static bool opens(const struct place *p, uint32_t need)
{
	struct repo r;
	int rc = repo_open(&r, &p->o, need, NULL, NULL);

	if (rc == 0)
		repo_release(&r);
	return rc == 0;
}

/* After a failure: no repository, and the same command with another key file makes one. */
static void expect_remains(const struct place *p, const char *dir)
{
	AUTO_FREE char *second = hzt_path(dir, "second.key");
	struct place again = *p;
	hz_error *err = NULL;

	assert_false(opens(p, HZ_NEED_NOTHING));
	again.o.key_file = second;
	assert_ok(init_in(&again, &err), &err);
	assert_true(opens(&again, HZ_NEED_WRITE));
}

/* again: the remains of each failure are tried, which takes its time. */
static void each_failing(unsigned set, int errnum, unsigned at_least, bool again)
{
	unsigned n, failures = 0;

	for (n = 1;; n++) {
		AUTO(hz_error_free) hz_error *err = NULL;
		char name[16];
		struct place p;
		char *dir;
		bool fired;
		int rc;

		(void)snprintf(name, sizeof(name), "%x.%u", set, n);
		dir = hzt_path(folder, name);
		p = place_in(dir);
		fault_start(set, n, errnum);
		rc = init_in(&p, &err);
		fired = fault_stop();
		assert_int_equal(hz_error_code(err), rc);
		if (rc == 0)
			assert_true(opens(&p, HZ_NEED_WRITE));
		else if (again)
			expect_remains(&p, dir);
		else
			assert_false(opens(&p, HZ_NEED_NOTHING));
		failures += rc < 0;
		place_free(&p);
		free(dir);
		if (!fired)
			break;
	}
	assert_true(failures >= at_least);
}

static void a_failing_flush_leaves_no_repository(void **state)
{
	(void)state;
	each_failing(FAULT_FSYNC, EIO, 15, true);
}

static void a_failing_name_leaves_no_repository(void **state)
{
	(void)state;
	each_failing(FAULT_RENAME, ENOSPC, 9, false);
}

static void a_failing_write_leaves_no_repository(void **state)
{
	(void)state;
	each_failing(FAULT_WRITE, ENOSPC, 9, false);
}

static long find_prefix(const char *prefix)
{
	for (size_t i = 0; fault_log(i); i++) {
		if (strncmp(fault_log(i), prefix, strlen(prefix)) == 0)
			return (long)i;
	}
	return -1;
}

static long find_suffix(const char *verb, const char *suffix)
{
	for (size_t i = 0; fault_log(i); i++) {
		const char *line = fault_log(i);
		size_t n = strlen(line), m = strlen(suffix);

		if (strncmp(line, verb, strlen(verb)) == 0 && n >= m && strcmp(line + n - m, suffix) == 0)
			return (long)i;
	}
	return -1;
}

/* docs/format/names.md: the key is durable before the repository is, and has its name after. */
static void the_key_is_durable_before_the_repository(void **state)
{
	struct place p = place_in(folder);
	long copy, repo, key, flushed = -1;
	hz_error *err = NULL;

	(void)state;
	fault_start(FAULT_ALL, 0, 0);
	fault_record(folder);
	assert_ok(init_in(&p, &err), &err);
	(void)fault_stop();
	for (size_t i = 0; fault_log(i) && flushed < 0; i++) {
		if (strncmp(fault_log(i), "fsync .tmp.key.", 15) == 0)
			flushed = (long)i;
	}
	copy = find_prefix("rename repo/admin/.tmp");
	repo = find_suffix("rename", " repo/repo");
	key = find_suffix("rename", " w.key");
	assert_true(copy >= 0 && flushed >= 0 && repo >= 0 && key >= 0);
	assert_true(copy < repo && flushed < repo && repo < key);
	place_free(&p);
}

/* Another repository that came to stand there is not ours to remove. */
static void a_failing_init_leaves_anothers_repository(void **state)
{
	struct place mine = place_in(folder), other = place_in(folder);
	AUTO_FREE char *key = hzt_path(folder, "other.key");
	hz_error *err = NULL;

	(void)state;
	other.o.key_file = key;
	assert_ok(init_in(&other, &err), &err);
	assert_fails(init_in(&mine, &err), HZ_E_EXISTS, &err);
	assert_true(opens(&other, HZ_NEED_WRITE));
	assert_int_not_equal(access(mine.key, F_OK), 0);
	place_free(&mine);
	place_free(&other);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_failing_flush_leaves_no_repository),
		IN_FOLDER(a_failing_name_leaves_no_repository),
		IN_FOLDER(a_failing_write_leaves_no_repository),
		IN_FOLDER(the_key_is_durable_before_the_repository),
		IN_FOLDER(a_failing_init_leaves_anothers_repository),
	};

	return cmocka_run_group_tests_name("archive/init", tests, NULL, NULL);
}
