/* SPDX-License-Identifier: BSD-2-Clause */
/* Each record of a log has a proof that is good for it, and for nothing else; no changed byte is taken. */
#include "recorded.h"
#include "base/error.h"
#include "report/proof.h"

#define RECORDS 11

struct fixture {
	char *path, *folder, *proof;
	char *files[RECORDS];
	char uuids[RECORDS][HZ_UUID_TEXT];
	size_t n;
	hz_trust *trust;
};

static int keep(void *user, const hz_report *r)
{
	struct fixture *f = user;
	char name[128];

	(void)snprintf(name, sizeof(name), "records/%.7s/%s.json", r->start, r->uuid);
	(void)snprintf(f->uuids[f->n], HZ_UUID_TEXT, "%s", r->uuid);
	f->files[f->n++] = hzt_path(f->folder, name);
	return 0;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	hz_error *err = NULL;

	assert_non_null(f);
	f->path = hzt_tmpdir();
	f->folder = hzt_path(f->path, "evidence");
	f->proof = hzt_path(f->path, "proof");
	for (unsigned i = 0; i < RECORDS; i++)
		recorded(f->folder, f->path, 0);
	assert_ok(hz_trust_new(&f->trust, &err), &err);
	assert_ok(hz_trust_add_pins(f->trust, f->path, &err), &err);
	assert_ok(hz_records_walk(f->folder, f->path, f->trust, keep, f, NULL, &err), &err);
	assert_int_equal(f->n, RECORDS);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->n; i++)
		free(f->files[i]);
	hz_trust_free(f->trust);
	hzt_tmpdir_remove(f->path);
	free(f->folder);
	free(f->proof);
	free(f);
	return 0;
}

static char *prove(const struct fixture *f, size_t i)
{
	hz_error *err = NULL;
	char *text = NULL;

	assert_ok(hz_log_prove(f->folder, f->path, f->uuids[i], &text, &err), &err);
	return text;
}

static int check(const struct fixture *f, const char *text, size_t len, size_t record, hz_proof *p)
{
	hzt_put(f->proof, text, len);
	return hz_proof_check(f->proof, f->files[record], f->trust, p, NULL);
}

static void test_each_is_good_for_its_record_alone(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RECORDS; i++) {
		char *text = prove(f, i);

		for (size_t k = 0; k < RECORDS; k++) {
			hz_proof p = HZ_PROOF_INIT;
			int rc = check(f, text, strlen(text), k, &p);

			assert_int_equal(rc, i == k ? 0 : HZ_E_CORRUPT);
			if (i != k)
				continue;
			assert_int_equal(p.signer, HZ_SIGNER_TRUSTED);
			assert_int_equal(p.log_signer, HZ_SIGNER_TRUSTED);
			assert_int_equal(p.index, i);
			assert_int_equal(p.entries, RECORDS);
			assert_string_equal(p.uuid, f->uuids[i]);
		}
		free(text);
	}
}

static void test_no_changed_byte_is_taken(void **state)
{
	struct fixture *f = *state;
	char *text = prove(f, 5);
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		hz_proof p = HZ_PROOF_INIT;
		int rc;

		text[i] ^= 1;
		rc = check(f, text, len, 5, &p);
		/* What changes only whose checkpoint it says it is, or its signature, is by nobody who is believed. */
		if (rc == 0 && p.log_signer == HZ_SIGNER_TRUSTED)
			fail_msg("byte %zu", i);
		assert_true(rc == 0 || rc == HZ_E_CORRUPT);
		text[i] ^= 1;
		assert_true(check(f, text, i, 5, &p) == HZ_E_CORRUPT || p.log_signer == HZ_SIGNER_UNKNOWN);
	}
	free(text);
}

static void test_whoever_is_not_believed_proves_nothing(void **state)
{
	struct fixture *f = *state;
	char *text = prove(f, 0);
	hz_trust *none = NULL;
	hz_proof p = HZ_PROOF_INIT;

	assert_ok(hz_trust_new(&none, NULL), NULL);
	hzt_put(f->proof, text, strlen(text));
	assert_ok(hz_proof_check(f->proof, f->files[0], none, &p, NULL), NULL);
	assert_int_equal(p.signer, HZ_SIGNER_UNKNOWN);
	assert_int_equal(p.log_signer, HZ_SIGNER_UNKNOWN);
	hz_trust_free(none);
	free(text);
}

static void test_what_is_not_logged_has_none(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;
	char *text = NULL;

	assert_fails(hz_log_prove(f->folder, f->path, "00000000-0000-4000-8000-000000000000", &text, &err),
		HZ_E_NOTFOUND, &err);
	assert_fails(hz_log_prove(f->folder, f->path, "", &text, &err), HZ_E_NOTFOUND, &err);
}

static void test_forms(void **state)
{
#define HEAD "c2sp.org/tlog-proof@v1\n"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ HEAD "index 0\n\nnote\n", true },
		{ HEAD "index 7\n" HASH HASH "\nnote\n", true },
		{ HEAD "extra aGk=\nindex 0\n\n", true },
		{ HEAD "extra aGk\nindex 0\n\n", false },
		{ HEAD "extra \nindex 0\n\n", false },
		{ HEAD "index 00\n\n", false },
		{ HEAD "index 01\n\n", false },
		{ HEAD "index -1\n\n", false },
		{ HEAD "index \n\n", false },
		{ HEAD "index 1 \n\n", false },
		{ HEAD "Index 1\n\n", false },
		{ HEAD "index 1\n", false },
		{ HEAD "index 1", false },
		{ HEAD "index 1\nAAAA\n\n", false },
		{ HEAD "index 9999999999999999999\n\n", false },
		{ "c2sp.org/tlog-proof@v2\nindex 0\n\n", false },
		{ "", false },
	};
	struct proof p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
			proof_parse(&p, cases[i].text, strlen(cases[i].text), NULL), cases[i].good ? 0 : HZ_E_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_is_good_for_its_record_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_changed_byte_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whoever_is_not_believed_proves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_logged_has_none, setup, teardown),
		cmocka_unit_test(test_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
