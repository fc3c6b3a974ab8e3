/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures: keys of RFC 8032, the signed message put together by hand, damage, hostile keys. */
#include "unit/crypto/hextest.h"
#include "crypto/seal.h"
#include <sodium.h>

#define SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"

static bool verifies(
	const uint8_t sig[SIG_LEN], const uint8_t pub[SIGN_PUB_LEN], const char *label, const void *msg, size_t len)
{
	return sign_check(sig, pub, label, msg, len, NULL) == 0;
}

static void rfc8032_seeds_give_their_public_keys(void **state)
{
	static const char *const pairs[][2] = {
		{ SEED, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		AUTO(secret_free) struct secret *seed = secret_of(pairs[i][0]);
		uint8_t pub[SIGN_PUB_LEN];

		assert_int_equal(sign_public(pub, seed, NULL), 0);
		assert_hex(pub, pairs[i][1]);
	}
}

static void what_is_signed_is_prefix_label_nul_message(void **state)
{
	static const char whole[] = "hozen-1 commit\0the message";
	AUTO(secret_free) struct secret *seed = secret_of(SEED);
	uint8_t pub[32], full[64], sig[SIG_LEN], want[SIG_LEN];

	(void)state;
	crypto_sign_seed_keypair(pub, full, secret_bytes(seed));
	crypto_sign_detached(want, NULL, (const uint8_t *)whole, sizeof(whole) - 1, full);
	assert_int_equal(sign_make(sig, seed, "commit", "the message", 11, NULL), 0);
	assert_memory_equal(sig, want, SIG_LEN);
	assert_true(verifies(sig, pub, "commit", "the message", 11));
}

static void new_keys_sign_what_they_verify(void **state)
{
	AUTO(secret_free) struct secret *a = NULL;
	AUTO(secret_free) struct secret *b = NULL;
	uint8_t pub_a[SIGN_PUB_LEN], pub_b[SIGN_PUB_LEN], sig[SIG_LEN];

	(void)state;
	assert_int_equal(sign_keypair(&a, pub_a, NULL), 0);
	assert_int_equal(sign_keypair(&b, pub_b, NULL), 0);
	assert_int_equal(secret_len(a), SIGN_SEC_LEN);
	assert_int_equal(sign_make(sig, a, "x", NULL, 0, NULL), 0);
	assert_true(verifies(sig, pub_a, "x", NULL, 0));
	assert_false(verifies(sig, pub_b, "x", NULL, 0));
}

static void every_flipped_byte_is_refused(void **state)
{
	AUTO(secret_free) struct secret *seed = secret_of(SEED);
	uint8_t pub[SIGN_PUB_LEN], sig[SIG_LEN], msg[50];
	struct {
		uint8_t *p;
		size_t len;
	} all[] = { { pub, sizeof(pub) }, { sig, sizeof(sig) }, { msg, sizeof(msg) } };

	(void)state;
	fill(msg, sizeof(msg), 1);
	assert_int_equal(sign_public(pub, seed, NULL), 0);
	assert_int_equal(sign_make(sig, seed, "run", msg, sizeof(msg), NULL), 0);
	for (size_t k = 0; k < ARRAY_LEN(all); k++) {
		for (size_t i = 0; i < 8 * all[k].len; i++) {
			all[k].p[i / 8] ^= (uint8_t)(1u << (i % 8));
			assert_false(verifies(sig, pub, "run", msg, sizeof(msg)));
			all[k].p[i / 8] ^= (uint8_t)(1u << (i % 8));
		}
	}
	assert_false(verifies(sig, pub, "run", msg, sizeof(msg) - 1));
	assert_true(verifies(sig, pub, "run", msg, sizeof(msg)));
}

static void label_and_message_cannot_be_shifted(void **state)
{
	AUTO(secret_free) struct secret *seed = secret_of(SEED);
	uint8_t pub[SIGN_PUB_LEN], sig[SIG_LEN];

	(void)state;
	assert_int_equal(sign_public(pub, seed, NULL), 0);
	assert_int_equal(sign_make(sig, seed, "ab", "cd", 2, NULL), 0);
	assert_false(verifies(sig, pub, "abc", "d", 1));
	assert_false(verifies(sig, pub, "a", "bcd", 3));
	assert_false(verifies(sig, pub, "AB", "cd", 2));
}

static void check_says_corrupt(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;
	uint8_t pub[SIGN_PUB_LEN] = { 1 }, sig[SIG_LEN] = { 0 };

	(void)state;
	assert_int_equal(sign_check(sig, pub, "commit", "x", 1, &err), HZ_E_CORRUPT);
	assert_int_equal(hz_error_code(err), HZ_E_CORRUPT);
	assert_non_null(strstr(hz_error_message(err), "commit"));
}

/* With A and R of small order and S zero, S B = R + h A holds for one message in eight at least. */
static void small_order_keys_are_refused_for_every_message(void **state)
{
	static const char *const points[] = {
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p: 0, not canonical */
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p + 1: 1, not canonical */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		for (size_t j = 0; j < ARRAY_LEN(points); j++) {
			uint8_t pub[SIGN_PUB_LEN], sig[SIG_LEN] = { 0 };

			hex_to(pub, points[i]);
			hex_to(sig, points[j]);
			for (uint8_t m = 0; m < 32; m++)
				assert_false(verifies(sig, pub, "x", &m, 1));
		}
	}
}

/* S + L gives the same point: without the check one signature had many forms. */
static void scalar_that_is_not_reduced_is_refused(void **state)
{
	AUTO(secret_free) struct secret *seed = secret_of(SEED);
	uint8_t pub[SIGN_PUB_LEN], sig[SIG_LEN], order[32] = { 0 };

	(void)state;
	hex_to(order, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	assert_int_equal(sign_public(pub, seed, NULL), 0);
	assert_int_equal(sign_make(sig, seed, "x", "y", 1, NULL), 0);
	sodium_add(sig + 32, order, sizeof(order));
	assert_false(verifies(sig, pub, "x", "y", 1));
}

static void bad_arguments_are_refused_and_write_nothing(void **state)
{
	AUTO(secret_free) struct secret *seed = secret_of(SEED);
	AUTO(secret_free) struct secret *cut = secret_of("00");
	uint8_t out[SIG_LEN] = { 7 }, want[SIG_LEN] = { 7 };

	(void)state;
	assert_int_equal(sign_make(out, seed, "", "y", 1, NULL), HZ_E_INVAL);
	assert_int_equal(sign_make(out, cut, "x", "y", 1, NULL), HZ_E_INVAL);
	assert_int_equal(sign_public(out, cut, NULL), HZ_E_INVAL);
	assert_int_equal(sign_make(out, seed, "x", "y", SIZE_MAX - 2, NULL), HZ_E_NOMEM);
	assert_memory_equal(out, want, sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8032_seeds_give_their_public_keys),
		cmocka_unit_test(what_is_signed_is_prefix_label_nul_message),
		cmocka_unit_test(new_keys_sign_what_they_verify),
		cmocka_unit_test(every_flipped_byte_is_refused),
		cmocka_unit_test(label_and_message_cannot_be_shifted),
		cmocka_unit_test(check_says_corrupt),
		cmocka_unit_test(small_order_keys_are_refused_for_every_message),
		cmocka_unit_test(scalar_that_is_not_reduced_is_refused),
		cmocka_unit_test(bad_arguments_are_refused_and_write_nothing),
	};

	return RUN(tests);
}
