/* SPDX-License-Identifier: BSD-2-Clause */
/* The policy that a record names: there, null, or, in records of before, missing; nothing else. */
#include "support/hzt.h"
#include "base/error.h"
#include "report/statement.h"

#define SHA "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static char *text;

static int keep(void *user, const hz_report *r)
{
	(void)user;
	free(text);
	text = strdup(r->text);
	return 0;
}

/* The text of a record that was made under this policy. */
static const char *record_under(const char *id, const char *sha256)
{
	hz_record_options o = HZ_RECORD_OPTIONS_INIT;
	char *path = hzt_tmpdir(), *folder = hzt_path(path, "evidence");
	hz_error *err = NULL;
	hz_record *rec = NULL;

	o.folder = folder;
	o.state_dir = path;
	o.tool = "hozen-test";
	o.command = "try";
	o.kind = "check";
	o.policy_id = id;
	o.policy_sha256 = sha256;
	assert_ok(hz_record_begin(&rec, &o, &err), &err);
	assert_ok(hz_record_end(rec, 0, NULL, &err), &err);
	assert_ok(hz_records_walk(folder, path, NULL, keep, NULL, NULL, &err), &err);
	free(folder);
	hzt_tmpdir_remove(path);
	return text;
}

static int read_it(const char *what)
{
	struct json_value *root = NULL;
	struct record_view v;
	int rc = record_read(&root, &v, what, strlen(what), NULL);

	json_read_free(root);
	return rc;
}

/* The same with the policy's line, which ends with ",\n", as another one. */
static int read_with(const char *policy)
{
	const char *at = strstr(text, "\"policy\":"), *end = at ? strstr(at, "null,") : NULL;
	char *changed = NULL;
	int rc;

	assert_non_null(end);
	assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, policy, end + 5) > 0);
	rc = read_it(changed);
	free(changed);
	return rc;
}

static void test_a_record_names_its_policy(void **state)
{
	(void)state;
	(void)record_under("backup-policy", SHA);
	assert_non_null(strstr(text, "\"id\": \"backup-policy\""));
	assert_non_null(strstr(text, SHA));
	assert_int_equal(read_it(text), 0);
}

static void test_other_policies_are_none(void **state)
{
	(void)state;
	(void)record_under(NULL, NULL);
	assert_int_equal(read_it(text), 0);
	assert_int_equal(read_with(""), 0);
	assert_int_equal(read_with("\"policy\": {\"id\":\"p\",\"sha256\":\"" SHA "\"},"), 0);
	assert_int_equal(read_with("\"policy\": 5,"), HZ_E_CORRUPT);
	assert_int_equal(read_with("\"policy\": {},"), HZ_E_CORRUPT);
	assert_int_equal(read_with("\"policy\": {\"id\":\"p\"},"), HZ_E_CORRUPT);
	assert_int_equal(read_with("\"policy\": {\"id\":5,\"sha256\":\"" SHA "\"},"), HZ_E_CORRUPT);
	assert_int_equal(read_with("\"policy\": {\"id\":\"p\",\"sha256\":\"9f\"},"), HZ_E_CORRUPT);
	assert_int_equal(read_with("\"policy\": null, \"policy\": null,"), HZ_E_CORRUPT);
}

static void test_half_a_policy_is_refused(void **state)
{
	hz_record_options o = HZ_RECORD_OPTIONS_INIT;
	hz_error *err = NULL;
	hz_record *rec = NULL;

	(void)state;
	o.tool = o.command = "x";
	o.kind = "check";
	o.policy_id = "p";
	assert_fails(hz_record_begin(&rec, &o, &err), HZ_E_INVAL, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_names_its_policy),
		cmocka_unit_test(test_other_policies_are_none),
		cmocka_unit_test(test_half_a_policy_is_refused),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}
