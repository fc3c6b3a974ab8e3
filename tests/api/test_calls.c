/* SPDX-License-Identifier: BSD-2-Clause */
/* What every caller may rely on before anything is open: NULL is fine where it says so, failures fill the error object,
 * and nothing is written when a call refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hozen.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/hozen-api.XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static hz_repo_options options_for(const char *location)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;

	o.location = location;
	o.key_file = "/nonexistent/key";
	o.state_dir = folder;
	o.cache_dir = folder;
	return o;
}

static void null_is_freed_and_asked_about(void **state)
{
	(void)state;
	errno = EDOM;
	hz_error_free(NULL);
	hz_json_free(NULL);
	hz_job_free(NULL);
	hz_reader_close(NULL);
	hz_free(NULL);
	assert_int_equal(errno, EDOM);
	assert_int_equal(hz_error_code(NULL), 0);
	assert_int_equal(hz_error_errno(NULL), 0);
	assert_non_null(hz_error_message(NULL));
	assert_null(hz_error_hint(NULL));
}

static void codes_and_roles_have_names(void **state)
{
	(void)state;
	assert_string_equal(hz_error_name(0), "OK");
	assert_string_equal(hz_error_name(HZ_E_NOSPACE), "NOSPACE");
	assert_string_equal(hz_error_name(-999), "UNKNOWN");
	for (int code = HZ_E_INVAL; code >= HZ_E_INTERNAL; code--)
		assert_string_not_equal(hz_error_name(code), "UNKNOWN");
	assert_string_equal(hz_role_name(HZ_ROLE_WRITER), "writer");
	assert_string_equal(hz_role_name(HZ_ROLE_ADMIN), "admin");
	assert_string_equal(hz_role_name(0), "unknown");
	assert_string_equal(hz_role_name(77), "unknown");
}

static void what_is_no_repository_is_not_found(void **state)
{
	hz_repo_options o = options_for(folder);
	hz_error *err = NULL;
	hz_reader *r = NULL;

	(void)state;
	assert_int_equal(hz_reader_open(&r, &o, HZ_NEED_NOTHING, NULL, &err), HZ_E_NOTFOUND);
	assert_null(r);
	assert_int_equal(hz_error_code(err), HZ_E_NOTFOUND);
	assert_true(strlen(hz_error_message(err)) > 0);
	assert_null(strchr(hz_error_message(err), '\n'));
	hz_error_free(err);
	/* Without an error object too. */
	assert_int_equal(hz_reader_open(&r, &o, HZ_NEED_NOTHING, NULL, NULL), HZ_E_NOTFOUND);
}

static void another_kind_of_store_is_unsupported(void **state)
{
	hz_repo_options o = options_for("gopher://example.org/backup");
	hz_error *err = NULL;
	hz_reader *r = NULL;

	(void)state;
	assert_int_equal(hz_reader_open(&r, &o, HZ_NEED_NOTHING, NULL, &err), HZ_E_UNSUPPORTED);
	hz_error_free(err);
}

static void options_of_a_later_version_are_unsupported(void **state)
{
	struct {
		hz_repo_options known;
		uint64_t later;
	} o = { .known = options_for(folder), .later = 1 };
	hz_error *err = NULL;
	hz_reader *r = NULL;

	(void)state;
	o.known.size = sizeof(o);
	assert_int_equal(hz_reader_open(&r, &o.known, HZ_NEED_NOTHING, NULL, &err), HZ_E_UNSUPPORTED);
	hz_error_free(err);
	/* A later struct that asks for nothing new is fine. */
	o.later = 0;
	assert_int_equal(hz_reader_open(&r, &o.known, HZ_NEED_NOTHING, NULL, NULL), HZ_E_NOTFOUND);
}

static int no_passphrase(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	(void)confirm, (void)out, (void)cap, (void)len, (void)err;
	++*(int *)user;
	return HZ_E_AUTH;
}

static void init_without_a_passphrase_makes_nothing(void **state)
{
	char location[64], key[64];
	hz_init_options i = HZ_INIT_OPTIONS_INIT;
	hz_init_result res = HZ_INIT_RESULT_INIT;
	hz_error *err = NULL;
	hz_repo_options o;
	hz_reader *r = NULL;
	int asked = 0;

	(void)state;
	(void)snprintf(location, sizeof(location), "%s/repo", folder);
	(void)snprintf(key, sizeof(key), "%s/key", folder);
	o = options_for(location);
	o.key_file = key;
	o.passphrase = no_passphrase;
	o.passphrase_user = &asked;
	assert_int_equal(hz_init(&o, &i, NULL, &res, &err), HZ_E_AUTH);
	assert_int_equal(asked, 1);
	assert_non_null(err);
	hz_error_free(err);
	assert_int_not_equal(access(key, F_OK), 0);
	assert_int_equal(hz_reader_open(&r, &o, HZ_NEED_NOTHING, NULL, NULL), HZ_E_NOTFOUND);
	(void)rmdir(location);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_is_freed_and_asked_about),
		cmocka_unit_test(codes_and_roles_have_names),
		cmocka_unit_test(what_is_no_repository_is_not_found),
		cmocka_unit_test(another_kind_of_store_is_unsupported),
		cmocka_unit_test(options_of_a_later_version_are_unsupported),
		cmocka_unit_test(init_without_a_passphrase_makes_nothing),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
