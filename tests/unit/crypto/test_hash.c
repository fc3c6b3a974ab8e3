/* SPDX-License-Identifier: BSD-2-Clause */
/* The unkeyed hash: FIPS 180-4 examples and BLAKE2b-256, whole and in steps. */
#include "unit/crypto/hextest.h"
#include "crypto/suite.h"

static void known_answers(void **state)
{
	static const struct {
		unsigned suite;
		const char *msg;
		const char *hash;
	} cases[] = {
		{ SUITE_NIST, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ SUITE_NIST, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ SUITE_NIST, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ SUITE_SODIUM, "", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8" },
		{ SUITE_SODIUM, "abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct id got = suite_hash1(cases[i].suite, cases[i].msg, strlen(cases[i].msg));

		assert_hex(got.b, cases[i].hash);
	}
}

static void a_million_letters(void **state)
{
	AUTO(hasher_free) struct hasher *h = NULL;
	uint8_t a[1000];
	struct id got;

	(void)state;
	memset(a, 'a', sizeof(a));
	assert_int_equal(hasher_new(&h, SUITE_NIST, NULL), 0);
	for (int i = 0; i < 1000; i++)
		hasher_update(h, a, sizeof(a));
	got = hasher_final(h);
	assert_hex(got.b, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void steps_and_parts_give_the_whole(void **state)
{
	uint8_t data[700];

	(void)state;
	fill(data, sizeof(data), 3);
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		AUTO(hasher_free) struct hasher *h = NULL;
		struct id whole = suite_hash1(suite, data, sizeof(data));

		assert_int_equal(hasher_new(&h, suite, NULL), 0);
		for (size_t cut = 0; cut <= sizeof(data); cut++) {
			const struct iovec parts[] = { { data, cut }, { NULL, 0 }, { data + cut, sizeof(data) - cut } };
			struct id got = suite_hash(suite, parts, 3);

			assert_true(id_eq(&got, &whole));
			hasher_update(h, data, cut);
			hasher_update(h, NULL, 0);
			hasher_update(h, data + cut, sizeof(data) - cut);
			got = hasher_final(h); /* and ready again */
			assert_true(id_eq(&got, &whole));
		}
	}
}

static void no_parts_are_the_empty_message(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		struct id none = suite_hash(suite, NULL, 0), empty = suite_hash1(suite, "", 0);

		assert_true(id_eq(&none, &empty));
	}
}

static void unknown_suite_is_too_new(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;
	struct hasher *h = NULL;

	(void)state;
	assert_int_equal(hasher_new(&h, 3, &err), HZ_E_TOONEW);
	assert_int_equal(hz_error_code(err), HZ_E_TOONEW);
	assert_null(h);
	hasher_free(NULL);
}

static void the_suites_are_one_and_two(void **state)
{
	(void)state;
	assert_false(suite_is_known(0));
	assert_true(suite_is_known(1));
	assert_true(suite_is_known(2));
	assert_false(suite_is_known(3));
	assert_true(suite_is_known(suite_default()));
	assert_string_not_equal(suite_name(1), suite_name(2));
	assert_string_equal(suite_name(3), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(a_million_letters),
		cmocka_unit_test(steps_and_parts_give_the_whole),
		cmocka_unit_test(no_parts_are_the_empty_message),
		cmocka_unit_test(unknown_suite_is_too_new),
		cmocka_unit_test(the_suites_are_one_and_two),
	};

	return RUN(tests);
}
