/* SPDX-License-Identifier: BSD-2-Clause */
/* Authenticated encryption: RFC 8439, the GCM specification's case 16, damage, and the fast path against libsodium. */
#include "unit/crypto/hextest.h"
#include "crypto/suite.h"
#include <stdlib.h>

#define SOME_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const uint8_t some_nonce[NONCE_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static struct aead *aead_of(unsigned suite, const char *hex_key, int reference)
{
	uint8_t key[KEY_LEN];
	struct aead *a = NULL;

	hex_to(key, hex_key);
	aead_force_reference(reference);
	assert_int_equal(aead_new(&a, suite, key, NULL), 0);
	aead_force_reference(0);
	return a;
}

struct answer {
	unsigned suite;
	const char *key, *nonce, *ad, *plain, *sealed;
};

static const struct answer answers[] = {
	{ SUITE_SODIUM, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
		"50515253c0c1c2c3c4c5c6c7",
		"4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a2049662049"
		"20636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c20"
		"73756e73637265656e20776f756c642062652069742e",
		"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
		"728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
		"4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691" },
	{ SUITE_NIST, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
		"feedfacedeadbeeffeedfacedeadbeefabaddad2",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
		"b525b16aedf5aa0de657ba637b39",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
		"8838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b" },
};

static void check_answer(const struct answer *w, int reference)
{
	AUTO(aead_free) struct aead *a = aead_of(w->suite, w->key, reference);
	uint8_t nonce[NONCE_LEN], ad[64], plain[256], sealed[256], out[256];
	size_t ad_len = hex_to(ad, w->ad), len = hex_to(plain, w->plain);

	hex_to(nonce, w->nonce);
	assert_int_equal(hex_to(sealed, w->sealed), len + TAG_LEN);
	assert_int_equal(aead_seal(a, out, nonce, ad, ad_len, plain, len), 0);
	assert_memory_equal(out, sealed, len + TAG_LEN);
	assert_int_equal(aead_open(a, out, nonce, ad, ad_len, sealed, len + TAG_LEN), 0);
	assert_memory_equal(out, plain, len);
}

static void known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		check_answer(&answers[i], 0);
		check_answer(&answers[i], 1);
	}
}

static void compare_paths(struct aead *fast, struct aead *ref, const uint8_t *data, size_t len, uint8_t *a, uint8_t *b)
{
	const uint8_t *ad = data + len / 2;
	size_t ad_len = len % 40;

	assert_int_equal(aead_seal(fast, a, some_nonce, ad, ad_len, data, len), 0);
	assert_int_equal(aead_seal(ref, b, some_nonce, ad, ad_len, data, len), 0);
	assert_memory_equal(a, b, len + TAG_LEN);
	assert_int_equal(aead_open(ref, a, some_nonce, ad, ad_len, a, len + TAG_LEN), 0);
	assert_memory_equal(a, data, len);
	assert_int_equal(aead_open(fast, b, some_nonce, ad, ad_len, b, len + TAG_LEN), 0);
	assert_memory_equal(b, data, len);
}

/* Where the processor lacks AES, libsodium cannot do suite 2, and the two are the same. */
static void fast_path_is_byte_identical_with_libsodium(void **state)
{
	const size_t large = (2 << 20) + 5;
	AUTO_FREE uint8_t *data = malloc(large + 64), *a = malloc(large + TAG_LEN), *b = malloc(large + TAG_LEN);

	(void)state;
	assert_true(data && a && b);
	fill(data, large + 64, 9);
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		AUTO(aead_free) struct aead *fast = aead_of(suite, SOME_KEY, 0);
		AUTO(aead_free) struct aead *ref = aead_of(suite, SOME_KEY, 1);

		for (size_t len = 0; len <= 300; len++)
			compare_paths(fast, ref, data, len, a, b);
		compare_paths(fast, ref, data, large, a, b);
	}
}

/* Everything but out is as it was sealed, or changed in one place. */
static void refuse(
	struct aead *a, const uint8_t *nonce, const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len)
{
	static const uint8_t zero[64];
	uint8_t out[64];

	memset(out, 0xaa, sizeof(out));
	assert_int_equal(aead_open(a, out, nonce, ad, ad_len, in, len), HZ_E_CORRUPT);
	assert_memory_equal(out, zero, len - TAG_LEN);
	assert_int_equal(out[len - TAG_LEN], 0xaa);
}

static void flip_each(struct aead *a)
{
	uint8_t nonce[NONCE_LEN], ad[21], plain[35], sealed[sizeof(plain) + TAG_LEN], out[sizeof(plain)];

	memcpy(nonce, some_nonce, sizeof(nonce));
	fill(ad, sizeof(ad), 1);
	fill(plain, sizeof(plain), 2);
	assert_int_equal(aead_seal(a, sealed, nonce, ad, sizeof(ad), plain, sizeof(plain)), 0);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= (uint8_t)(1u << (i % 8));
		refuse(a, nonce, ad, sizeof(ad), sealed, sizeof(sealed));
		sealed[i] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t i = 0; i < sizeof(ad); i++) {
		ad[i] ^= 1;
		refuse(a, nonce, ad, sizeof(ad), sealed, sizeof(sealed));
		ad[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof(nonce); i++) {
		nonce[i] ^= 1;
		refuse(a, nonce, ad, sizeof(ad), sealed, sizeof(sealed));
		nonce[i] ^= 1;
	}
	refuse(a, nonce, ad, sizeof(ad) - 1, sealed, sizeof(sealed));
	refuse(a, nonce, NULL, 0, sealed, sizeof(sealed));
	for (size_t len = TAG_LEN; len < sizeof(sealed); len++)
		refuse(a, nonce, ad, sizeof(ad), sealed, len);
	/* After all that the context still works. */
	assert_int_equal(aead_open(a, out, nonce, ad, sizeof(ad), sealed, sizeof(sealed)), 0);
	assert_memory_equal(out, plain, sizeof(plain));
}

static void every_flipped_byte_is_refused_and_the_output_wiped(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		for (int reference = 0; reference < 2; reference++) {
			AUTO(aead_free) struct aead *a = aead_of(suite, SOME_KEY, reference);

			flip_each(a);
		}
	}
}

static void shorter_than_a_tag_is_corrupt_and_writes_nothing(void **state)
{
	uint8_t in[TAG_LEN] = { 0 }, out[1] = { 0xaa };

	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		AUTO(aead_free) struct aead *a = aead_of(suite, SOME_KEY, 0);

		for (size_t len = 0; len < TAG_LEN; len++)
			assert_int_equal(aead_open(a, out, some_nonce, NULL, 0, in, len), HZ_E_CORRUPT);
		assert_int_equal(out[0], 0xaa);
	}
}

static void longer_than_the_format_allows_is_refused_untouched(void **state)
{
	AUTO(aead_free) struct aead *a = aead_of(SUITE_NIST, SOME_KEY, 0);
	const size_t max = ((size_t)1 << 36) - 32;
	uint8_t b[1] = { 0xaa };

	(void)state;
	assert_int_equal(aead_seal(a, b, some_nonce, NULL, 0, b, max + 1), HZ_E_INTERNAL);
	assert_int_equal(aead_open(a, b, some_nonce, NULL, 0, b, max + TAG_LEN + 1), HZ_E_CORRUPT);
	assert_int_equal(b[0], 0xaa);
}

static void in_place_gives_the_same(void **state)
{
	uint8_t plain[1000], apart[sizeof(plain) + TAG_LEN], same[sizeof(plain) + TAG_LEN];

	(void)state;
	fill(plain, sizeof(plain), 4);
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		AUTO(aead_free) struct aead *a = aead_of(suite, SOME_KEY, 0);

		memcpy(same, plain, sizeof(plain));
		assert_int_equal(aead_seal(a, apart, some_nonce, "x", 1, plain, sizeof(plain)), 0);
		assert_int_equal(aead_seal(a, same, some_nonce, "x", 1, same, sizeof(plain)), 0);
		assert_memory_equal(same, apart, sizeof(apart));
		assert_int_equal(aead_open(a, same, some_nonce, "x", 1, same, sizeof(same)), 0);
		assert_memory_equal(same, plain, sizeof(plain));
	}
}

/* One context, both directions in turn, a new nonce each: nothing is carried over. */
static void messages_do_not_depend_on_those_before(void **state)
{
	uint8_t nonce[NONCE_LEN] = { 0 }, plain[100], used[116], fresh[116], out[100];

	(void)state;
	fill(plain, sizeof(plain), 8);
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		AUTO(aead_free) struct aead *a = aead_of(suite, SOME_KEY, 0);

		for (uint8_t i = 0; i < 50; i++) {
			AUTO(aead_free) struct aead *new = aead_of(suite, SOME_KEY, 0);
			size_t len = (size_t)(i * 7 % 100);

			nonce[0] = i;
			assert_int_equal(aead_seal(a, used, nonce, plain, i % 3, plain, len), 0);
			assert_int_equal(aead_seal(new, fresh, nonce, plain, i % 3, plain, len), 0);
			assert_memory_equal(used, fresh, len + TAG_LEN);
			assert_int_equal(aead_open(a, out, nonce, plain, i % 3, fresh, len + TAG_LEN), 0);
			assert_memory_equal(out, plain, len);
		}
	}
}

static void unknown_suite_is_too_new(void **state)
{
	AUTO(hz_error_free) hz_error *err = NULL;
	uint8_t key[KEY_LEN] = { 0 };
	struct aead *a = NULL;

	(void)state;
	assert_int_equal(aead_new(&a, 3, key, &err), HZ_E_TOONEW);
	assert_int_equal(hz_error_code(err), HZ_E_TOONEW);
	assert_null(a);
	aead_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(fast_path_is_byte_identical_with_libsodium),
		cmocka_unit_test(every_flipped_byte_is_refused_and_the_output_wiped),
		cmocka_unit_test(shorter_than_a_tag_is_corrupt_and_writes_nothing),
		cmocka_unit_test(longer_than_the_format_allows_is_refused_untouched),
		cmocka_unit_test(in_place_gives_the_same),
		cmocka_unit_test(messages_do_not_depend_on_those_before),
		cmocka_unit_test(unknown_suite_is_too_new),
	};

	return RUN(tests);
}
