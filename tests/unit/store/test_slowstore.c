/* SPDX-License-Identifier: BSD-2-Clause */
/* The slow store of the tests, and the table of backends through which it is reached. */
#include "support/hzt.h"
#include "support/slowstore.h"

static void a_link_carries_one_thing_after_the_other(void **state)
{
	struct slow_link l = { .rate = 50000000 };

	(void)state;
	assert_int_equal(slow_link_take(&l, 1000, 50), 2000);
	/* Ready while the link is busy. */
	assert_int_equal(slow_link_take(&l, 1500, 50), 3000);
	/* An idle link saves nothing up. */
	assert_int_equal(slow_link_take(&l, 10000, 100), 12000);
	assert_int_equal(slow_link_take(&l, 0, 50000000), 1000012000);
}

static void a_registered_scheme_is_opened_by_its_backend(void **state)
{
	AUTO_FREE char *dir = hzt_tmpdir(), *location = NULL;
	struct store *s = NULL;
	struct iovec iov = { (void *)(uintptr_t) "abc", 3 };
	char text[3];
	hz_error *err = NULL;

	(void)state;
	assert_true(asprintf(&location, "slow://0ms,1000M%s/deep/er", dir) > 0);
	assert_fails(store_open(&s, location, STORE_CREATE, &err), HZ_E_UNSUPPORTED, &err);
	assert_int_equal(slowstore_register(), 0);
	assert_int_equal(slowstore_register(), HZ_E_EXISTS);
	assert_fails(store_open(&s, "slower://0ms,1M/x", STORE_CREATE, &err), HZ_E_UNSUPPORTED, &err);
	assert_fails(store_open(&s, "slo://0ms,1M/x", STORE_CREATE, &err), HZ_E_UNSUPPORTED, &err);
	assert_fails(store_open(&s, location, STORE_EXISTING, &err), HZ_E_NOTFOUND, &err);
	assert_ok(store_open(&s, location, STORE_CREATE, &err), &err);
	assert_true(s->remote);
	assert_false(s->rotational);
	assert_string_equal(s->location, location);
	assert_string_equal(s->path, strchr(location, '/') + 2 + strlen("0ms,1000M"));
	assert_ok(store_put(s, "packs/a", &iov, 1, &err), &err);
	assert_ok(store_get(s, "packs/a", 0, text, 3, &err), &err);
	assert_memory_equal(text, "abc", 3);
	store_close(TAKE(s));
	/* Behind it is a folder as any other. */
	assert_ok(store_open(&s, strchr(location, '/') + 2 + strlen("0ms,1000M"), STORE_EXISTING, &err), &err);
	assert_false(s->remote);
	assert_ok(store_get(s, "packs/a", 0, text, 3, &err), &err);
	store_close(s);
	hzt_tmpdir_remove(TAKE(dir));
}

static void malformed_locations_are_refused(void **state)
{
	static const char *const bad[] = { "slow://", "slow:///tmp", "slow://30,50M/tmp", "slow://30ms/tmp",
		"slow://30ms,/tmp", "slow://30ms,0M/tmp", "slow://30ms,50M", "slow://30ms,50G/tmp",
		"slow://ms,50M/tmp" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct store *s = NULL;
		hz_error *err = NULL;

		assert_fails(slowstore_open(&s, bad[i], STORE_EXISTING, &err), HZ_E_INVAL, &err);
	}
}

static int never(struct store **ret, const char *location, enum store_mode mode, hz_error **err)
{
	(void)ret, (void)location, (void)mode, (void)err;
	return HZ_E_INTERNAL;
}

static void the_table_of_backends_has_an_end(void **state)
{
	static char names[64][8];
	unsigned n = 0;
	int rc = 0;

	(void)state;
	for (; rc == 0 && n < 64; n++) {
		(void)snprintf(names[n], sizeof(names[n]), "x%u", n);
		rc = store_register(names[n], never);
	}
	assert_int_equal(rc, HZ_E_NOMEM);
	assert_true(n > 2);
}

static void what_is_no_scheme_is_a_path(void **state)
{
	(void)state;
	assert_false(store_location_is_path("slow://30ms,50M/x"));
	assert_false(store_location_is_path("never-heard-of://x"));
	assert_true(store_location_is_path("/srv/backup"));
	assert_true(store_location_is_path("://x"));
	assert_true(store_location_is_path("a/b://c"));
	assert_true(store_location_is_path("slow:/x"));
	assert_true(store_location_is_path(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_carries_one_thing_after_the_other),
		cmocka_unit_test(a_registered_scheme_is_opened_by_its_backend),
		cmocka_unit_test(malformed_locations_are_refused),
		cmocka_unit_test(what_is_no_scheme_is_a_path),
		cmocka_unit_test(the_table_of_backends_has_an_end),
	};

	return cmocka_run_group_tests_name("store/slowstore", tests, NULL, NULL);
}
