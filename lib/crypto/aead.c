/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Authenticated encryption of a suite (docs/format/crypto.md, AEAD). libcrypto does the work with a context that is
 * keyed once and gets only a nonce per message; libsodium is the reference and stands in where libcrypto lacks the
 * cipher. Invariant: what is not verified is wiped before the caller sees the result. libcrypto's own key schedule lies
 * in ordinary memory, which it wipes when freed; the key itself lies in secret memory.
 */
#include "crypto/suite.h"
#include "crypto/aead_internal.h"
#include "crypto/secret_internal.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdatomic.h>

#define LEN_MAX    (((uint64_t)1 << 36) - 32) /* of SP 800-38D; the other suite could take more */
#define STEP_MAX   ((size_t)1 << 30)          /* libcrypto counts in int */
#define SUITES_END (SUITE_NIST + 1)

struct aead {
	EVP_CIPHER_CTX *ctx; /* NULL: libsodium */
	unsigned suite;
	uint8_t key[KEY_LEN];
};

static EVP_CIPHER *ciphers[SUITES_END];
static atomic_int reference;

void aead_setup(void)
{
	ERR_set_mark();
	ciphers[SUITE_SODIUM] = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	ciphers[SUITE_NIST] = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	ERR_pop_to_mark();
}

void aead_force_reference(int which)
{
	atomic_store(&reference, which);
}

static bool sodium_can(unsigned suite)
{
	return suite == SUITE_SODIUM || crypto_aead_aes256gcm_is_available();
}

static int fast_new(struct aead *a, hz_error **err)
{
	a->ctx = EVP_CIPHER_CTX_new();
	if (!a->ctx)
		return err_nomem(err);
	if (!EVP_CipherInit_ex(a->ctx, ciphers[a->suite], NULL, a->key, NULL, 1))
		return err_set(err, HZ_E_INTERNAL, "libcrypto refuses a key of suite %s", suite_name(a->suite));
	return 0;
}

int aead_new(struct aead **ret, unsigned suite, const uint8_t key[KEY_LEN], hz_error **err)
{
	AUTO(aead_free) struct aead *a = NULL;
	int rc = 0;

	if (!suite_is_known(suite))
		return err_set(err, HZ_E_TOONEW, "suite %u is not known", suite);
	if (!ciphers[suite] && !sodium_can(suite))
		return err_set(err, HZ_E_UNSUPPORTED, "libcrypto has no cipher for suite %s", suite_name(suite));
	a = guarded_new(sizeof(*a));
	if (!a)
		return err_nomem(err);
	a->suite = suite;
	memcpy(a->key, key, KEY_LEN);
	if (ciphers[suite] && !(atomic_load(&reference) && sodium_can(suite)))
		rc = fast_new(a, err);
	if (rc == 0)
		*ret = TAKE(a);
	return rc;
}

void aead_free(struct aead *a)
{
	if (!a)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	guarded_free(a, sizeof(*a));
}

/* Through the cipher, in to out; out NULL: associated data. */
static bool feed(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len)
{
	while (len > 0) {
		int step = (int)(len < STEP_MAX ? len : STEP_MAX), done = 0;

		if (!EVP_CipherUpdate(ctx, out, &done, in, step) || done != step)
			return false;
		in += step;
		len -= (size_t)step;
		if (out)
			out += step;
	}
	return true;
}

static bool fast_seal(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *nonce, const void *ad, size_t ad_len,
	const void *in, size_t len)
{
	uint8_t rest[EVP_MAX_BLOCK_LENGTH];
	int n = 0;

	return EVP_CipherInit_ex(ctx, NULL, NULL, NULL, nonce, 1) && feed(ctx, NULL, ad, ad_len) &&
		feed(ctx, out, in, len) && EVP_CipherFinal_ex(ctx, rest, &n) &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, out + len);
}

/* len without the tag, which stands after it. */
static bool fast_open(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *nonce, const void *ad, size_t ad_len,
	const uint8_t *in, size_t len)
{
	uint8_t tag[TAG_LEN], rest[EVP_MAX_BLOCK_LENGTH];
	int n = 0;

	memcpy(tag, in + len, TAG_LEN);
	return EVP_CipherInit_ex(ctx, NULL, NULL, NULL, nonce, 0) && feed(ctx, NULL, ad, ad_len) &&
		feed(ctx, out, in, len) && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) &&
		EVP_CipherFinal_ex(ctx, rest, &n);
}

static bool sodium_seal(const struct aead *a, uint8_t *out, const uint8_t *nonce, const void *ad, size_t ad_len,
	const void *in, size_t len)
{
	if (a->suite == SUITE_NIST)
		return crypto_aead_aes256gcm_encrypt(out, NULL, in, len, ad, ad_len, NULL, nonce, a->key) == 0;
	return crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, ad, ad_len, NULL, nonce, a->key) == 0;
}

static bool sodium_open(const struct aead *a, uint8_t *out, const uint8_t *nonce, const void *ad, size_t ad_len,
	const uint8_t *in, size_t len)
{
	if (a->suite == SUITE_NIST)
		return crypto_aead_aes256gcm_decrypt(out, NULL, NULL, in, len, ad, ad_len, nonce, a->key) == 0;
	return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len, ad, ad_len, nonce, a->key) == 0;
}

int aead_seal(struct aead *a, uint8_t *out, const uint8_t nonce[NONCE_LEN], const void *ad, size_t ad_len,
	const void *in, size_t len)
{
	bool good;

	if (len > LEN_MAX)
		return HZ_E_INTERNAL;
	good = a->ctx ? fast_seal(a->ctx, out, nonce, ad, ad_len, in, len)
		      : sodium_seal(a, out, nonce, ad, ad_len, in, len);
	if (!good)
		wipe(out, len + TAG_LEN);
	return good ? 0 : HZ_E_INTERNAL;
}

int aead_open(struct aead *a, uint8_t *out, const uint8_t nonce[NONCE_LEN], const void *ad, size_t ad_len,
	const void *in, size_t len)
{
	bool good;

	if (len < TAG_LEN || len - TAG_LEN > LEN_MAX)
		return HZ_E_CORRUPT;
	good = a->ctx ? fast_open(a->ctx, out, nonce, ad, ad_len, in, len - TAG_LEN)
		      : sodium_open(a, out, nonce, ad, ad_len, in, len);
	if (!good)
		wipe(out, len - TAG_LEN);
	return good ? 0 : HZ_E_CORRUPT;
}
