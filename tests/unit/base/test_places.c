/* SPDX-License-Identifier: BSD-2-Clause */
/* Where keys, state and cache are. The rules of ordinary users are tested as one, whoever runs the test; those of root
 * only as root. */
#include "support/hzt.h"
#include "base/places.h"
#include "hozen/repo.h"
#include <unistd.h>

#define REPO "000102030405060708090a0b0c0d0e0f"
#define USER 65534

static const struct uid repo = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };
static const char *const variables[] = { "HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME" };
static char *saved[ARRAY_LEN(variables)];
static bool was_root;

static void set(const char *name, const char *value)
{
	if (value)
		assert_int_equal(setenv(name, value, 1), 0);
	else
		assert_int_equal(unsetenv(name), 0);
}

static int as_user(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *v = getenv(variables[i]);

		saved[i] = v ? strdup(v) : NULL;
		set(variables[i], NULL);
	}
	was_root = geteuid() == 0;
	return was_root ? seteuid(USER) : 0;
}

static int as_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		set(variables[i], saved[i]);
		free(TAKE(saved[i]));
	}
	return was_root ? seteuid(0) : 0;
}

/* place_key has no "given". */
static int key_of(char **path, const char *given, const struct uid *r, hz_error **err)
{
	assert_null(given);
	return place_key(path, r, err);
}

typedef int (*place_fn)(char **path, const char *given, const struct uid *r, hz_error **err);

static void expect(place_fn fn, const char *given, const char *want)
{
	AUTO_FREE char *path = NULL;
	hz_error *err = NULL;

	assert_ok(fn(&path, given, &repo, &err), &err);
	assert_string_equal(path, want);
}

static void expect_none(place_fn fn)
{
	char *path = NULL;
	hz_error *err = NULL;

	assert_int_equal(fn(&path, NULL, &repo, &err), HZ_E_INVAL);
	assert_null(path);
	assert_non_null(hz_error_hint(err));
	hz_error_free(err);
}

static void xdg_variables_come_first(void **state)
{
	(void)state;
	set("HOME", "/home/u");
	set("XDG_STATE_HOME", "/s");
	set("XDG_CACHE_HOME", "/c");
	set("XDG_CONFIG_HOME", "/k");
	expect(place_state, NULL, "/s/hozen/" REPO);
	expect(place_cache, NULL, "/c/hozen/" REPO);
	expect(key_of, NULL, "/k/hozen/" REPO "/writer.key");
}

static void without_them_places_are_below_home(void **state)
{
	(void)state;
	set("HOME", "/home/u");
	expect(place_state, NULL, "/home/u/.local/state/hozen/" REPO);
	expect(place_cache, NULL, "/home/u/.cache/hozen/" REPO);
	expect(key_of, NULL, "/home/u/.config/hozen/" REPO "/writer.key");
}

static void relative_and_empty_variables_do_not_count(void **state)
{
	(void)state;
	set("HOME", "/home/u");
	set("XDG_STATE_HOME", "state");
	set("XDG_CACHE_HOME", "");
	expect(place_state, NULL, "/home/u/.local/state/hozen/" REPO);
	expect(place_cache, NULL, "/home/u/.cache/hozen/" REPO);
	set("HOME", "home/u");
	expect_none(place_state);
	expect_none(place_cache);
}

static void without_any_a_hint_says_what_to_name(void **state)
{
	(void)state;
	expect_none(place_state);
	expect_none(place_cache);
	expect_none(key_of);
	assert_int_equal(place_state(&(char *){ NULL }, NULL, &repo, NULL), HZ_E_INVAL);
}

static void a_given_folder_needs_no_variables(void **state)
{
	(void)state;
	expect(place_state, "/given", "/given/" REPO);
	expect(place_cache, "rel", "rel/" REPO);
}

static void root_has_the_places_of_the_system(void **state)
{
	(void)state;
	if (!was_root)
		skip();
	assert_int_equal(seteuid(0), 0);
	set("HOME", "/root");
	set("XDG_STATE_HOME", "/s");
	set("XDG_CACHE_HOME", "/c");
	set("XDG_CONFIG_HOME", "/k");
	expect(place_state, NULL, "/var/lib/hozen/" REPO);
	expect(place_cache, NULL, "/var/cache/hozen/" REPO);
	expect(key_of, NULL, "/etc/hozen/" REPO "/writer.key");
	expect(place_state, "/given", "/given/" REPO);
}

static void the_default_key_file_is_told_by_repository_id(void **state)
{
	static const char *const bad[] = { "", "00", REPO "0", "000102030405060708090A0B0C0D0E0F",
		"g00102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0" };
	char *path = NULL;
	hz_error *err = NULL;

	(void)state;
	set("HOME", "/home/u");
	assert_ok(hz_default_key_file(&path, REPO, &err), &err);
	assert_string_equal(path, "/home/u/.config/hozen/" REPO "/writer.key");
	hz_free(TAKE(path));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_fails(hz_default_key_file(&path, bad[i], &err), HZ_E_INVAL, &err);
		assert_null(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(xdg_variables_come_first, as_user, as_before),
		cmocka_unit_test_setup_teardown(without_them_places_are_below_home, as_user, as_before),
		cmocka_unit_test_setup_teardown(relative_and_empty_variables_do_not_count, as_user, as_before),
		cmocka_unit_test_setup_teardown(without_any_a_hint_says_what_to_name, as_user, as_before),
		cmocka_unit_test_setup_teardown(a_given_folder_needs_no_variables, as_user, as_before),
		cmocka_unit_test_setup_teardown(root_has_the_places_of_the_system, as_user, as_before),
		cmocka_unit_test_setup_teardown(the_default_key_file_is_told_by_repository_id, as_user, as_before),
	};

	return cmocka_run_group_tests_name("archive/places", tests, NULL, NULL);
}
