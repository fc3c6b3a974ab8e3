/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a repository: where it is refused nothing changes, and where it fails there is none that opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hozen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 160

static char folder[64];

struct path {
	char s[PATH_LEN];
};

static struct path at(const char *name)
{
	struct path p;

	(void)snprintf(p.s, sizeof(p.s), "%s/%s", folder, name);
	return p;
}

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/hozen-init.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[PATH_LEN];

	(void)state;
	(void)snprintf(command, sizeof(command), "chmod -R u+rwX '%s'; rm -rf '%s'", folder, folder);
	return system(command) == 0 ? 0 : -1;
}

static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(at(name).s, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void expect_file(const char *name, const char *text)
{
	char got[64] = "";
	FILE *f = fopen(at(name).s, "r");

	assert_non_null(f);
	assert_int_equal(fread(got, 1, sizeof(got) - 1, f), strlen(text));
	assert_string_equal(got, text);
	(void)fclose(f);
}

/* The passphrase is asked for between the first look at the key's place and the first object: what else happens then is
 * up to the test. */
struct asked {
	unsigned times;
	int answer;
	void (*meanwhile)(void);
};

static int say(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	struct asked *a = user;

	(void)err;
	assert_true(confirm == 1 && cap > 6);
	a->times++;
	if (a->meanwhile)
		a->meanwhile();
	memcpy(out, "phrase", 6);
	*len = a->answer ? 0 : 6;
	return a->answer;
}

static int init(const char *location, const char *key_file, struct asked *a)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	hz_init_options i = HZ_INIT_OPTIONS_INIT;
	hz_init_result res = HZ_INIT_RESULT_INIT;
	struct path loc = at(location), key = at(key_file);
	hz_error *err = NULL;
	int rc;

	o.location = loc.s;
	o.key_file = key.s;
	o.passphrase = say;
	o.passphrase_user = a;
	i.suite = 1;
	rc = hz_init(&o, &i, NULL, &res, &err);
	assert_int_equal(hz_error_code(err), rc);
	if (rc == 0)
		assert_string_equal(res.key_file, key.s);
	else
		assert_null(res.key_file);
	hz_free(res.key_file);
	hz_error_free(err);
	return rc;
}

static int open_at(const char *location, const char *key_file)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	struct path loc = at(location), key = at(key_file), state = at("state");
	hz_reader *r = NULL;
	int rc;

	o.location = loc.s;
	o.key_file = key.s;
	o.state_dir = state.s;
	o.cache_dir = state.s;
	rc = hz_reader_open(&r, &o, HZ_NEED_NOTHING, NULL, NULL);
	hz_reader_close(r);
	return rc;
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(at(name).s, &st) == 0;
}

/* ---- success ---- */

static void a_new_repository_opens(void **state)
{
	struct asked a = { .times = 0 };

	(void)state;
	assert_int_equal(init("deep/repo", "keys/w.key", &a), 0);
	assert_int_equal(a.times, 1);
	assert_int_equal(open_at("deep/repo", "keys/w.key"), 0);
	assert_int_equal(open_at("deep/repo", "no such key"), 0);
}

static void an_empty_folder_is_a_place(void **state)
{
	struct asked a = { .times = 0 };

	(void)state;
	assert_int_equal(mkdir(at("repo").s, 0700), 0);
	assert_int_equal(mkdir(at("repo/lost+found").s, 0700), 0);
	assert_int_equal(init("repo", "w.key", &a), 0);
	assert_int_equal(open_at("repo", "w.key"), 0);
}

/* ---- refusals ---- */

static void a_repository_is_not_made_twice(void **state)
{
	struct asked a = { .times = 0 };

	(void)state;
	assert_int_equal(init("repo", "w.key", &a), 0);
	assert_int_equal(init("repo", "w2.key", &a), HZ_E_EXISTS);
	/* Told before anybody types a passphrase. */
	assert_int_equal(a.times, 1);
	assert_false(exists("w2.key"));
	assert_int_equal(open_at("repo", "w.key"), 0);
}

static void a_folder_of_other_things_is_refused(void **state)
{
	struct asked a = { .times = 0 };

	(void)state;
	assert_int_equal(mkdir(at("repo").s, 0700), 0);
	put_file("repo/letter", "mine");
	assert_int_equal(init("repo", "w.key", &a), HZ_E_REFUSED);
	assert_int_equal(a.times, 0);
	expect_file("repo/letter", "mine");
	assert_false(exists("w.key") || exists("repo/admin"));
	assert_int_equal(open_at("repo", "w.key"), HZ_E_NOTFOUND);
}

static void an_existing_key_file_is_kept(void **state)
{
	struct asked a = { .times = 0 };

	(void)state;
	put_file("w.key", "older");
	assert_int_equal(init("repo", "w.key", &a), HZ_E_EXISTS);
	assert_int_equal(a.times, 0);
	expect_file("w.key", "older");
	assert_int_equal(open_at("repo", "x"), HZ_E_NOTFOUND);
	/* With another name it goes on. */
	assert_int_equal(init("repo", "w2.key", &a), 0);
}

static void without_a_passphrase_nothing_is_made(void **state)
{
	struct asked a = { .answer = HZ_E_AUTH };

	(void)state;
	assert_int_equal(init("repo", "w.key", &a), HZ_E_AUTH);
	assert_int_equal(a.times, 1);
	assert_false(exists("w.key") || exists("repo"));
}

/* ---- failures ---- */

static void a_key_folder_that_cannot_be_written_is_found_out_first(void **state)
{
	struct asked a = { .times = 0 };

	(void)state;
	put_file("file", "x");
	assert_int_equal(init("repo", "file/w.key", &a), HZ_E_IO);
	assert_int_equal(a.times, 0);
	assert_false(exists("repo"));
	if (geteuid() != 0) {
		assert_int_equal(mkdir(at("closed").s, 0500), 0);
		assert_int_equal(init("repo", "closed/w.key", &a), HZ_E_IO);
		assert_false(exists("repo"));
	}
	assert_int_equal(init("repo", "w.key", &a), 0);
	assert_int_equal(open_at("repo", "w.key"), 0);
}

static void folder_becomes_a_file(void)
{
	assert_int_equal(rmdir(at("keys").s), 0);
	put_file("keys", "in the way");
}

static void somebody_writes_the_key(void)
{
	put_file("keys/w.key", "somebody's");
}

static void a_key_folder_lost_on_the_way_leaves_remains_only(void **state)
{
	struct asked a = { .meanwhile = folder_becomes_a_file }, b = { .times = 0 };

	(void)state;
	assert_int_equal(init("repo", "keys/w.key", &a), HZ_E_IO);
	assert_int_equal(a.times, 1);
	assert_true(exists("repo/admin"));
	assert_int_equal(open_at("repo", "x"), HZ_E_NOTFOUND);
	/* A later one is made over the remains. */
	assert_int_equal(init("repo", "w.key", &b), 0);
	assert_int_equal(open_at("repo", "w.key"), 0);
}

static void a_key_written_on_the_way_is_kept(void **state)
{
	struct asked a = { .meanwhile = somebody_writes_the_key };

	(void)state;
	assert_int_equal(init("repo", "keys/w.key", &a), HZ_E_EXISTS);
	expect_file("keys/w.key", "somebody's");
	assert_int_equal(open_at("repo", "x"), HZ_E_NOTFOUND);
}

static void store_becomes_a_file(void)
{
	put_file("repo", "in the way");
}

static void a_store_that_cannot_be_made_leaves_no_key(void **state)
{
	struct asked a = { .meanwhile = store_becomes_a_file };

	(void)state;
	assert_true(init("repo", "w.key", &a) < 0);
	assert_false(exists("w.key"));
	expect_file("repo", "in the way");
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_new_repository_opens),
		IN_FOLDER(an_empty_folder_is_a_place),
		IN_FOLDER(a_repository_is_not_made_twice),
		IN_FOLDER(a_folder_of_other_things_is_refused),
		IN_FOLDER(an_existing_key_file_is_kept),
		IN_FOLDER(without_a_passphrase_nothing_is_made),
		IN_FOLDER(a_key_folder_that_cannot_be_written_is_found_out_first),
		IN_FOLDER(a_key_folder_lost_on_the_way_leaves_remains_only),
		IN_FOLDER(a_key_written_on_the_way_is_kept),
		IN_FOLDER(a_store_that_cannot_be_made_leaves_no_key),
	};

	return cmocka_run_group_tests_name("api/init", tests, NULL, NULL);
}
