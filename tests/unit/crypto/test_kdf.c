/* SPDX-License-Identifier: BSD-2-Clause */
/* Key derivation against its definition, put together by hand over libsodium. */
#include "unit/crypto/hextest.h"
#include "crypto/suite.h"
#include <sodium.h>

#define SOME_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const struct iovec ab_c[] = { { (char[]){ "ab" }, 2 }, { (char[]){ "c" }, 1 } };
static const struct iovec a_bc[] = { { (char[]){ "a" }, 1 }, { (char[]){ "bc" }, 2 } };

static void raw(uint8_t *out, size_t len, unsigned suite, const char *label, const struct iovec *parts, size_t n)
{
	AUTO(secret_free) struct secret *k = secret_of(SOME_KEY);

	assert_int_equal(kdf_raw(out, len, suite, k, label, parts, n, NULL), 0);
}

static void blocks_are_macs_of_the_counted_message(void **state)
{
	uint8_t key[KEY_LEN], out[70], want[96];
	uint8_t msg[] = { 0, 0, 0, 0, 4, 0, 0, 0, 'p', 'a', 'c', 'k', 2, 0, 0, 0, 'a', 'b', 1, 0, 0, 0, 'c' };

	(void)state;
	hex_to(key, SOME_KEY);
	for (uint8_t i = 0; i < 3; i++) {
		msg[0] = i;
		crypto_auth_hmacsha256(want + 32 * i, msg, sizeof(msg), key);
	}
	raw(out, sizeof(out), SUITE_NIST, "pack", ab_c, 2);
	assert_memory_equal(out, want, sizeof(out));
	for (uint8_t i = 0; i < 3; i++) {
		msg[0] = i;
		crypto_generichash(want + 32 * i, 32, msg, sizeof(msg), key, sizeof(key));
	}
	raw(out, sizeof(out), SUITE_SODIUM, "pack", ab_c, 2);
	assert_memory_equal(out, want, sizeof(out));
}

static void label_parts_and_their_borders_each_change_it(void **state)
{
	uint8_t out[6][32];

	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		raw(out[0], 32, suite, "x", ab_c, 2);
		raw(out[1], 32, suite, "x", a_bc, 2);
		raw(out[2], 32, suite, "x", ab_c, 1);
		raw(out[3], 32, suite, "y", ab_c, 2);
		raw(out[4], 32, suite, "x", NULL, 0);
		raw(out[5], 32, suite, "xab", NULL, 0);
		for (size_t i = 0; i < 6; i++)
			for (size_t j = 0; j < i; j++)
				assert_memory_not_equal(out[i], out[j], 32);
	}
}

static void a_longer_output_begins_with_the_shorter(void **state)
{
	uint8_t whole[512], part[512];

	(void)state;
	raw(whole, 512, SUITE_NIST, "x", NULL, 0);
	for (size_t len = 1; len <= 512; len++) {
		memset(part, 0xee, sizeof(part));
		raw(part, len, SUITE_NIST, "x", NULL, 0);
		assert_memory_equal(part, whole, len);
		assert_true(len == 512 || part[len] == 0xee); /* not a byte more */
	}
}

static void secret_form_gives_the_same(void **state)
{
	AUTO(secret_free) struct secret *k = secret_of(SOME_KEY);
	AUTO(secret_free) struct secret *s = NULL;
	uint8_t out[100];

	(void)state;
	raw(out, sizeof(out), SUITE_SODIUM, "x", ab_c, 2);
	assert_int_equal(kdf(&s, sizeof(out), SUITE_SODIUM, k, "x", ab_c, 2, NULL), 0);
	assert_int_equal(secret_len(s), sizeof(out));
	assert_memory_equal(secret_bytes(s), out, sizeof(out));
}

static void refuse(size_t len, unsigned suite, const char *hex_key, const struct iovec *parts, size_t n, int code)
{
	AUTO(secret_free) struct secret *k = secret_of(hex_key);
	AUTO(hz_error_free) hz_error *err = NULL;
	struct secret *s = NULL;
	uint8_t out[4] = "abc";

	assert_int_equal(kdf_raw(out, len, suite, k, "x", parts, n, &err), code);
	assert_int_equal(hz_error_code(err), code);
	assert_memory_equal(out, "abc", 4);
	assert_int_equal(kdf(&s, len, suite, k, "x", parts, n, NULL), code);
	assert_null(s);
}

static void bad_arguments_are_refused_and_write_nothing(void **state)
{
	struct iovec huge[] = { { NULL, (size_t)UINT32_MAX + 1 } };

	(void)state;
	refuse(0, SUITE_NIST, SOME_KEY, NULL, 0, HZ_E_INVAL);
	refuse(513, SUITE_NIST, SOME_KEY, NULL, 0, HZ_E_INVAL);
	refuse(SIZE_MAX, SUITE_NIST, SOME_KEY, NULL, 0, HZ_E_INVAL);
	refuse(32, SUITE_NIST, "00", NULL, 0, HZ_E_INVAL);
	refuse(32, SUITE_NIST, SOME_KEY, huge, 1, HZ_E_INVAL);
	refuse(32, 3, SOME_KEY, NULL, 0, HZ_E_TOONEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_macs_of_the_counted_message),
		cmocka_unit_test(label_parts_and_their_borders_each_change_it),
		cmocka_unit_test(a_longer_output_begins_with_the_shorter),
		cmocka_unit_test(secret_form_gives_the_same),
		cmocka_unit_test(bad_arguments_are_refused_and_write_nothing),
	};

	return RUN(tests);
}
