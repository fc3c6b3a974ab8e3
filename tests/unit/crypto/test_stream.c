/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream is what the standards print at its addresses, the same from wherever it is begun, and the same by other
 * doors to the ciphers. */
#include "support/hzt.h"
#include "base/id.h"
#include "crypto/block.h"
#include "crypto/stream.h"

static struct stream *stream_of(enum stream_cipher c, const uint8_t key[32])
{
	AUTO(secret_free) struct secret *s = NULL;
	struct stream *st = NULL;
	hz_error *err = NULL;

	assert_ok(crypto_init(&err), &err);
	assert_ok(secret_from(&s, key, 32, &err), &err);
	assert_ok(stream_new(&st, c, s, &err), &err);
	return st;
}

static void assert_hex(const uint8_t *p, size_t len, const char *hex)
{
	char text[129];

	hex_encode(text, p, len);
	assert_string_equal(text, hex);
}

/* The GCM specification's test cases 13 and 14: AES-256 under a key of zeros of the numbers 0 (the hash key), 1 (the
 * tag of nothing) and 2 (the first block of the text of zeros). */
static void aes_is_what_the_gcm_specification_prints(void **state)
{
	static const uint8_t key[32];
	AUTO(stream_free) struct stream *s = stream_of(STREAM_AES_256_CTR, key);
	uint8_t out[64];

	(void)state;
	assert_int_equal(stream_make(s, out, 64, 0), 0);
	assert_hex(out, 16, "dc95c078a2408989ad48a21492842087");
	assert_hex(out + 16, 16, "530f8afbc74536b9a963b4f1c4cb738b");
	assert_hex(out + 32, 16, "cea7403d4d606b6e074ec5d3baf39d18");
}

/* RFC 8439, A.1, test vectors 1 and 2. */
static void chacha20_is_what_rfc_8439_prints(void **state)
{
	static const uint8_t key[32];
	AUTO(stream_free) struct stream *s = stream_of(STREAM_CHACHA20, key);
	uint8_t out[128];

	(void)state;
	assert_int_equal(stream_make(s, out, 128, 0), 0);
	assert_hex(out, 64,
		"76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
		"da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
	assert_hex(out + 64, 64,
		"9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
		"29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}

static void by_other_doors(uint8_t *out, size_t len, enum stream_cipher c, const uint8_t key[32], uint64_t off)
{
	AUTO(aes_block_free) struct aes_block *a = NULL;

	if (c == STREAM_CHACHA20) {
		chacha20_from(out, len, key, off / 64);
		return;
	}
	assert_int_equal(aes_block_new(&a, key, NULL), 0);
	memset(out, 0, len);
	for (uint64_t i = 0; i < len / 16; i++) {
		for (unsigned b = 0; b < 8; b++)
			out[i * 16 + 15 - b] = (uint8_t)((off / 16 + i) >> (8 * b));
	}
	assert_int_equal(aes_block_encrypt(a, out, out, len / 16), 0);
}

/* Also across the places where a counter of 32 bit begins anew: 64 GiB for AES, 256 GiB for ChaCha20. */
static void any_address_alone_is_the_same(void **state)
{
	static const uint64_t places[] = { 0, 512, (UINT64_C(1) << 36) - 4096, (UINT64_C(1) << 38) - 4096,
		(UINT64_C(1) << 42) + 512, UINT64_C(0xFFFFFFFFFFFF0000) };
	static uint8_t key[32] = { 7, 1, 9 }, one[65536], other[65536];

	(void)state;
	for (unsigned c = STREAM_AES_256_CTR; c <= STREAM_CHACHA20; c++) {
		AUTO(stream_free) struct stream *s = stream_of(c, key);

		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			const size_t len = i + 1 < ARRAY_LEN(places) ? sizeof(one) : 512;

			assert_int_equal(stream_make(s, one, len, places[i]), 0);
			by_other_doors(other, len, c, key, places[i]);
			assert_memory_equal(one, other, len);
			for (size_t at = len - 512, step = 0; step < 8 && at >= 512; step++, at /= 2) {
				at -= at % 512;
				assert_int_equal(stream_make(s, other, 512, places[i] + at), 0);
				assert_memory_equal(one + at, other, 512);
			}
		}
	}
}

static void other_keys_and_other_addresses_give_other_bytes(void **state)
{
	static uint8_t a[32] = { 1 }, b[32] = { 2 }, x[4096], y[4096], z[4096];
	AUTO(stream_free) struct stream *s = stream_of(stream_default(), a), *t = stream_of(stream_default(), b);

	(void)state;
	assert_int_equal(stream_make(s, x, sizeof(x), 0), 0);
	assert_int_equal(stream_make(t, y, sizeof(y), 0), 0);
	assert_int_equal(stream_make(s, z, sizeof(z), 4096), 0);
	assert_memory_not_equal(x, y, sizeof(x));
	assert_memory_not_equal(x, z, sizeof(x));
}

static void names_go_both_ways_and_bad_arguments_are_refused(void **state)
{
	static const uint8_t key[32];
	AUTO(stream_free) struct stream *s = stream_of(STREAM_AES_256_CTR, key), *none = NULL;
	AUTO(secret_free) struct secret *little = NULL;
	hz_error *err = NULL;
	uint8_t out[64];

	(void)state;
	assert_int_equal(stream_named(stream_name(STREAM_CHACHA20)), STREAM_CHACHA20);
	assert_int_equal(stream_named("aes-256-ctr"), STREAM_AES_256_CTR);
	assert_int_equal(stream_named("rot13"), 0);
	assert_null(stream_name(3));
	assert_int_equal(stream_make(s, out, 64, 8), HZ_E_INTERNAL);
	assert_ok(secret_random(&little, 16, &err), &err);
	assert_fails(stream_new(&none, STREAM_CHACHA20, little, &err), HZ_E_INVAL, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_is_what_the_gcm_specification_prints),
		cmocka_unit_test(chacha20_is_what_rfc_8439_prints),
		cmocka_unit_test(any_address_alone_is_the_same),
		cmocka_unit_test(other_keys_and_other_addresses_give_other_bytes),
		cmocka_unit_test(names_go_both_ways_and_bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
