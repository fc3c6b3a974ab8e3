/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Known answers: the implementation that this process really uses gives what the standards print. RFC 8439, 2.8.2; the
 * GCM specification's test case 14; RFC 8032, 7.1, test 2; FIPS 180-4's "abc"; RFC 4231, test 2; BLAKE2b-256 of "abc".
 */
#include "base/auto.h"
#include "crypto/digest.h"
#include "crypto/seal.h"
#include "crypto/stream.h"
#include "hozen/evidence.h"
#include <string.h>

static bool is_hex(const uint8_t *p, size_t len, const char *hex)
{
	char text[2 * 64 + 1];

	hex_encode(text, p, len);
	return strcmp(text, hex) == 0;
}

static bool hashes(void)
{
	struct id a = sha256("abc", 3), b = suite_hash1(SUITE_SODIUM, "abc", 3);
	uint8_t c[SHA512_LEN];

	sha512(c, "abc", 3);
	return is_hex(a.b, ID_LEN, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") &&
		is_hex(b.b, ID_LEN, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319") &&
		is_hex(c, SHA512_LEN,
			"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* Seals, compares the end of what came out, and opens it again; one flipped bit must not open. */
static bool cipher(unsigned suite, const uint8_t key[KEY_LEN], const uint8_t nonce[NONCE_LEN], const void *ad,
	size_t ad_len, const char *text, size_t len, const char *tag)
{
	AUTO(aead_free) struct aead *a = NULL;
	uint8_t out[128 + TAG_LEN];
	bool good = aead_new(&a, suite, key, NULL) == 0 && aead_seal(a, out, nonce, ad, ad_len, text, len) == 0 &&
		is_hex(out + len, TAG_LEN, tag);

	if (!good)
		return false;
	out[0] ^= 1;
	good = aead_open(a, out, nonce, ad, ad_len, out, len + TAG_LEN) == HZ_E_CORRUPT;
	good = good && aead_seal(a, out, nonce, ad, ad_len, text, len) == 0 &&
		aead_open(a, out, nonce, ad, ad_len, out, len + TAG_LEN) == 0;
	return good && memcmp(out, text, len) == 0;
}

static bool ciphers(void)
{
	static const uint8_t nonce[NONCE_LEN] = { 7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47 };
	static const uint8_t ad[] = { 0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7 };
	static const char text[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
		"sunscreen would be it.";
	static const uint8_t zeros[KEY_LEN];
	uint8_t key[KEY_LEN];

	for (unsigned i = 0; i < KEY_LEN; i++)
		key[i] = (uint8_t)(0x80 + i);
	return cipher(SUITE_SODIUM, key, nonce, ad, sizeof(ad), text, sizeof(text) - 1,
		       "1ae10b594f09e26a7e902ecbd0600691") &&
		cipher(SUITE_NIST, zeros, zeros, NULL, 0, (const char *)zeros, 16, "d0d1c8a799996bf0265b98b5d48ab919");
}

static bool macs(void)
{
	static const uint8_t key[KEY_LEN] = "Jefe";
	AUTO(secret_free) struct secret *s = NULL;
	AUTO(mac_free) struct mac *m = NULL;
	struct id out;

	/* HMAC pads the key with zeros anyway; the domain is the first byte of the message. */
	if (secret_from(&s, key, KEY_LEN, NULL) < 0 || mac_new(&m, SUITE_NIST, s, NULL) < 0)
		return false;
	out = mac_compute(m, 'w', "hat do ya want for nothing?", 27);
	return is_hex(out.b, ID_LEN, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static bool signatures(void)
{
	static const char seed[] = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
	static const char want[] = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
				   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
	uint8_t raw[SIGN_SEC_LEN], pub[SIGN_PUB_LEN], sig[SIG_LEN];
	AUTO(secret_free) struct secret *s = NULL;

	return hex_decode(raw, sizeof(raw), seed, 2 * sizeof(raw)) && secret_from(&s, raw, sizeof(raw), NULL) == 0 &&
		sign_public(pub, s, NULL) == 0 && sign_bytes(sig, s, "r", 1, NULL) == 0 && is_hex(sig, SIG_LEN, want) &&
		sign_bytes_are_good(sig, pub, "r", 1) && !sign_bytes_are_good(sig, pub, "s", 1);
}

/* A stream of a medium, at addresses 0 and 64, under a key of zeros: AES-256 of 0 and of 4, ChaCha20 of RFC 8439, A.1.
 */
static bool streams(void)
{
	static const char *const want[2][2] = { { "dc95c078a2408989ad48a21492842087",
							"dd4ab1284d4ae17b41e85924470c36f7" },
		{ "76b8e0ada0f13d90405d6ae55386bd28", "9f07e7be5551387a98ba977c732d080d" } };
	uint8_t out[64];

	for (unsigned c = 0; c < 2; c++) {
		AUTO(secret_free) struct secret *key = NULL;
		AUTO(stream_free) struct stream *s = NULL;

		if (secret_new(&key, STREAM_KEY_LEN, NULL) < 0 || stream_new(&s, STREAM_AES_256_CTR + c, key, NULL) < 0)
			return false;
		for (unsigned at = 0; at < 2; at++) {
			if (stream_make(s, out, sizeof(out), 64 * (uint64_t)at) < 0 || !is_hex(out, 16, want[c][at]))
				return false;
		}
	}
	return true;
}

int hz_selftest(hz_error **err)
{
	static const struct {
		const char *name;
		bool (*run)(void);
	} all[] = { { "hash", hashes }, { "cipher", ciphers }, { "keyed hash", macs }, { "signature", signatures },
		{ "stream", streams } };
	int rc = crypto_init(err);

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(all); i++) {
		if (!all[i].run())
			rc = err_set(err, HZ_E_INTERNAL, "self-test: the %s gives a wrong answer", all[i].name);
	}
	return rc;
}
