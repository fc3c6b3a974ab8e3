/* SPDX-License-Identifier: BSD-2-Clause */
/* Seals and wraps: the key agreement of RFC 7748, damage, contexts, key commitment, hostile public keys. */
#include "unit/crypto/hextest.h"
#include "crypto/seal_internal.h"

/* RFC 7748 section 6.1 */
#define ALICE_SEC "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
#define ALICE_PUB "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
#define BOB_SEC   "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
#define BOB_PUB   "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
#define SHARED    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"

#define PLAIN_LEN 40

static const struct iovec context[] = { { (char[]){ "repository" }, 10 }, { (char[]){ "writer" }, 6 } };

struct sealed {
	uint8_t b[SEAL_OVERHEAD + PLAIN_LEN];
};
struct wrapped {
	uint8_t b[WRAP_OVERHEAD + PLAIN_LEN];
};

static const uint8_t plain[PLAIN_LEN] = "forty bytes of keys, or nearly so many.";

static struct sealed sealed_to(unsigned suite, const char *pub_hex)
{
	struct sealed s;
	uint8_t pub[BOX_PUB_LEN];

	hex_to(pub, pub_hex);
	assert_int_equal(seal_make(s.b, suite, pub, "session", context, 2, plain, PLAIN_LEN, NULL), 0);
	return s;
}

/* The code of opening as sec; 0 only with the right plaintext. */
static int open_as(unsigned suite, const char *sec_hex, const char *label, size_t n, const uint8_t *in, size_t len)
{
	AUTO(secret_free) struct secret *sec = secret_of(sec_hex);
	AUTO(secret_free) struct secret *got = NULL;
	AUTO(hz_error_free) hz_error *err = NULL;
	int rc = seal_open(&got, suite, sec, label, context, n, in, len, &err);

	assert_int_equal(hz_error_code(err), rc);
	assert_true((rc == 0) == (got != NULL));
	if (rc == 0) {
		assert_int_equal(secret_len(got), PLAIN_LEN);
		assert_memory_equal(secret_bytes(got), plain, PLAIN_LEN);
	}
	return rc;
}

static void rfc7748_agreement_is_the_derivation_key(void **state)
{
	AUTO(secret_free) struct secret *alice = secret_of(ALICE_SEC);
	AUTO(secret_free) struct secret *shared = secret_of(SHARED);
	uint8_t alice_pub[32], bob_pub[32], out[SEAL_OVERHEAD + 1], material[64];
	const struct iovec parts[] = { { (char[]){ "x" }, 1 }, { alice_pub, 32 }, { bob_pub, 32 }, context[0] };

	(void)state;
	hex_to(bob_pub, BOB_PUB);
	assert_int_equal(box_public(alice_pub, alice, NULL), 0);
	assert_hex(alice_pub, ALICE_PUB);
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		AUTO(aead_free) struct aead *a = NULL;
		uint8_t nonce[NONCE_LEN] = { 0 }, body[1 + TAG_LEN];

		assert_int_equal(seal_make_with(out, suite, alice, bob_pub, "x", context, 1, "k", 1, NULL), 0);
		assert_int_equal(kdf_raw(material, 64, suite, shared, "seal", parts, 4, NULL), 0);
		assert_int_equal(aead_new(&a, suite, material, NULL), 0);
		assert_int_equal(aead_seal(a, body, nonce, NULL, 0, "k", 1), 0);
		assert_memory_equal(out, alice_pub, 32);
		assert_memory_equal(out + 32, material + 32, 32);
		assert_memory_equal(out + 64, body, sizeof(body));
	}
}

static void what_is_sealed_opens_with_the_recipients_key_only(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		struct sealed s = sealed_to(suite, BOB_PUB), t = sealed_to(suite, BOB_PUB);

		assert_int_equal(open_as(suite, BOB_SEC, "session", 2, s.b, sizeof(s.b)), 0);
		assert_int_equal(open_as(suite, ALICE_SEC, "session", 2, s.b, sizeof(s.b)), HZ_E_AUTH);
		assert_memory_not_equal(s.b, t.b, 32); /* a fresh ephemeral key each time */
	}
}

static void new_keypairs_work(void **state)
{
	AUTO(secret_free) struct secret *sec = NULL;
	AUTO(secret_free) struct secret *got = NULL;
	uint8_t pub[BOX_PUB_LEN], again[BOX_PUB_LEN], out[SEAL_OVERHEAD];

	(void)state;
	assert_int_equal(box_keypair(&sec, pub, NULL), 0);
	assert_int_equal(box_public(again, sec, NULL), 0);
	assert_memory_equal(pub, again, sizeof(pub));
	assert_int_equal(seal_make(out, SUITE_NIST, pub, "x", NULL, 0, NULL, 0, NULL), 0);
	assert_int_equal(seal_open(&got, SUITE_NIST, sec, "x", NULL, 0, out, sizeof(out), NULL), 0);
	assert_int_equal(secret_len(got), 0);
}

static void other_label_context_or_suite_is_auth(void **state)
{
	struct sealed s = sealed_to(SUITE_NIST, BOB_PUB);

	(void)state;
	assert_int_equal(open_as(SUITE_NIST, BOB_SEC, "sessions", 2, s.b, sizeof(s.b)), HZ_E_AUTH);
	assert_int_equal(open_as(SUITE_NIST, BOB_SEC, "", 2, s.b, sizeof(s.b)), HZ_E_AUTH);
	assert_int_equal(open_as(SUITE_NIST, BOB_SEC, "session", 1, s.b, sizeof(s.b)), HZ_E_AUTH);
	assert_int_equal(open_as(SUITE_SODIUM, BOB_SEC, "session", 2, s.b, sizeof(s.b)), HZ_E_AUTH);
	assert_int_equal(open_as(3, BOB_SEC, "session", 2, s.b, sizeof(s.b)), HZ_E_TOONEW);
}

/* In the ephemeral key or the commitment: not for us. Behind: for us, and damaged. */
static void every_flipped_bit_of_a_seal_is_refused(void **state)
{
	struct sealed s = sealed_to(SUITE_NIST, BOB_PUB);

	(void)state;
	for (size_t i = 0; i < sizeof(s.b); i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			int want = i < BOX_PUB_LEN + COMMIT_LEN ? HZ_E_AUTH : HZ_E_CORRUPT;

			s.b[i] ^= (uint8_t)(1u << bit);
			assert_int_equal(open_as(SUITE_NIST, BOB_SEC, "session", 2, s.b, sizeof(s.b)), want);
			s.b[i] ^= (uint8_t)(1u << bit);
		}
	}
	for (size_t len = 0; len < sizeof(s.b); len++)
		assert_int_equal(open_as(SUITE_NIST, BOB_SEC, "session", 2, s.b, len), HZ_E_CORRUPT);
}

static const char *const small_points[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void public_keys_of_small_order_are_refused(void **state)
{
	struct sealed s = sealed_to(SUITE_NIST, BOB_PUB);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(small_points); i++) {
		uint8_t pub[BOX_PUB_LEN], out[SEAL_OVERHEAD] = { 7 }, want[SEAL_OVERHEAD] = { 7 };

		hex_to(pub, small_points[i]);
		assert_int_equal(seal_make(out, SUITE_NIST, pub, "x", NULL, 0, NULL, 0, NULL), HZ_E_INVAL);
		assert_memory_equal(out, want, sizeof(out));
		memcpy(s.b, pub, sizeof(pub));
		assert_int_equal(open_as(SUITE_NIST, BOB_SEC, "session", 2, s.b, sizeof(s.b)), HZ_E_CORRUPT);
	}
}

#define KEK_A "aa0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEK_B "bb0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct wrapped wrapped_under(unsigned suite, const char *kek)
{
	AUTO(secret_free) struct secret *key = secret_of(kek);
	struct wrapped w;

	assert_int_equal(wrap_make(w.b, suite, key, "slot", context, 2, plain, PLAIN_LEN, NULL), 0);
	return w;
}

static int unwrap(unsigned suite, const char *kek, const char *label, size_t n, const uint8_t *in, size_t len)
{
	AUTO(secret_free) struct secret *key = secret_of(kek);
	AUTO(secret_free) struct secret *got = NULL;
	AUTO(hz_error_free) hz_error *err = NULL;
	int rc = wrap_open(&got, suite, key, label, context, n, in, len, &err);

	assert_int_equal(hz_error_code(err), rc);
	assert_true((rc == 0) == (got != NULL));
	if (rc == 0)
		assert_memory_equal(secret_bytes(got), plain, PLAIN_LEN);
	return rc;
}

static void wraps_open_under_key_label_context_and_suite_together(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		struct wrapped w = wrapped_under(suite, KEK_A);

		assert_int_equal(unwrap(suite, KEK_A, "slot", 2, w.b, sizeof(w.b)), 0);
		assert_int_equal(unwrap(suite, KEK_B, "slot", 2, w.b, sizeof(w.b)), HZ_E_AUTH);
		assert_int_equal(unwrap(suite, KEK_A, "slots", 2, w.b, sizeof(w.b)), HZ_E_AUTH);
		assert_int_equal(unwrap(suite, KEK_A, "slot", 1, w.b, sizeof(w.b)), HZ_E_AUTH);
		assert_int_equal(unwrap(3 - suite, KEK_A, "slot", 2, w.b, sizeof(w.b)), HZ_E_AUTH);
		assert_int_equal(unwrap(suite, "00", "slot", 2, w.b, sizeof(w.b)), HZ_E_INVAL);
	}
}

static void every_flipped_bit_of_a_wrap_is_refused(void **state)
{
	struct wrapped w = wrapped_under(SUITE_SODIUM, KEK_A);

	(void)state;
	for (size_t i = 0; i < sizeof(w.b); i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			int want = i < COMMIT_LEN ? HZ_E_AUTH : HZ_E_CORRUPT;

			w.b[i] ^= (uint8_t)(1u << bit);
			assert_int_equal(unwrap(SUITE_SODIUM, KEK_A, "slot", 2, w.b, sizeof(w.b)), want);
			w.b[i] ^= (uint8_t)(1u << bit);
		}
	}
	for (size_t len = 0; len < sizeof(w.b); len++)
		assert_int_equal(unwrap(SUITE_SODIUM, KEK_A, "slot", 2, w.b, len), HZ_E_CORRUPT);
}

/* The AEADs do not commit to a key: a ciphertext may be crafted that two keys open. Whatever the body, another key's
 * commitment is refused before it is looked at (HZ_E_AUTH, while a body that was tried and failed is HZ_E_CORRUPT). */
static void body_under_another_key_is_refused_before_decryption(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		struct wrapped a = wrapped_under(suite, KEK_A), b = wrapped_under(suite, KEK_B), mix = a;

		memcpy(mix.b, b.b, COMMIT_LEN); /* our body, their commitment: our key would decrypt it well */
		assert_int_equal(unwrap(suite, KEK_A, "slot", 2, mix.b, sizeof(mix.b)), HZ_E_AUTH);
		/* Our commitment, their body. */
		assert_int_equal(unwrap(suite, KEK_B, "slot", 2, mix.b, sizeof(mix.b)), HZ_E_CORRUPT);
	}
}

static void keys_of_another_length_are_refused(void **state)
{
	AUTO(secret_free) struct secret *cut = secret_of("00");
	struct sealed s = sealed_to(SUITE_NIST, BOB_PUB);
	uint8_t pub[BOX_PUB_LEN] = { 9 }, out[SEAL_OVERHEAD];

	(void)state;
	assert_int_equal(box_public(pub, cut, NULL), HZ_E_INVAL);
	assert_int_equal(pub[0], 9);
	assert_int_equal(seal_make_with(out, SUITE_NIST, cut, pub, "x", NULL, 0, NULL, 0, NULL), HZ_E_INVAL);
	assert_int_equal(open_as(SUITE_NIST, "00", "session", 2, s.b, sizeof(s.b)), HZ_E_INVAL);
	assert_int_equal(wrap_make(out, SUITE_NIST, cut, "x", NULL, 0, NULL, 0, NULL), HZ_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc7748_agreement_is_the_derivation_key),
		cmocka_unit_test(what_is_sealed_opens_with_the_recipients_key_only),
		cmocka_unit_test(new_keypairs_work),
		cmocka_unit_test(other_label_context_or_suite_is_auth),
		cmocka_unit_test(every_flipped_bit_of_a_seal_is_refused),
		cmocka_unit_test(public_keys_of_small_order_are_refused),
		cmocka_unit_test(wraps_open_under_key_label_context_and_suite_together),
		cmocka_unit_test(every_flipped_bit_of_a_wrap_is_refused),
		cmocka_unit_test(body_under_another_key_is_refused_before_decryption),
		cmocka_unit_test(keys_of_another_length_are_refused),
	};

	return RUN(tests);
}
