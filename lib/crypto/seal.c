/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealing to an X25519 key and wrapping under a key (docs/format/crypto.md, Seal and Wrap).
 * Invariant: every derived key encrypts one message only (fresh ephemeral key, or a wrapping key and context that the
 * caller uses once), so the nonce is zero; the commitment is compared before anything is decrypted.
 */
#include "crypto/seal_internal.h"
#include <sodium.h>
#include <string.h>

#define MATERIAL_LEN (KEY_LEN + COMMIT_LEN)

static const uint8_t zero_nonce[NONCE_LEN];

int box_public(uint8_t pub[BOX_PUB_LEN], const struct secret *sec, hz_error **err)
{
	if (secret_len(sec) != BOX_SEC_LEN)
		return err_set(err, HZ_E_INVAL, "a key of %zu bytes instead of %d", secret_len(sec), BOX_SEC_LEN);
	if (crypto_scalarmult_base(pub, secret_bytes(sec)) != 0)
		return err_set(err, HZ_E_INTERNAL, "X25519 failed");
	return 0;
}

int box_keypair(struct secret **sec, uint8_t pub[BOX_PUB_LEN], hz_error **err)
{
	AUTO(secret_free) struct secret *s = NULL;
	int rc = secret_random(&s, BOX_SEC_LEN, err);

	if (rc == 0)
		rc = box_public(pub, s, err);
	if (rc == 0)
		*sec = TAKE(s);
	return rc;
}

/* AEAD key || commitment, out of key; parts: label, the fixed ones, ctx. */
static int derive(struct secret **ret, unsigned suite, const struct secret *key, const char *kind, const char *label,
	const struct iovec *fixed, size_t n_fixed, const struct iovec *ctx, size_t n, hz_error **err)
{
	AUTO_FREE struct iovec *parts = calloc(n + 3, sizeof(*parts));

	if (!parts)
		return err_nomem(err);
	parts[0] = (struct iovec){ (void *)(uintptr_t)label, strlen(label) };
	for (size_t i = 0; i < n_fixed; i++)
		parts[1 + i] = fixed[i];
	for (size_t i = 0; i < n; i++)
		parts[1 + n_fixed + i] = ctx[i];
	return kdf(ret, MATERIAL_LEN, suite, key, kind, parts, 1 + n_fixed + n, err);
}

/* out: commitment || ciphertext || tag. */
static int body_make(
	uint8_t *out, unsigned suite, const struct secret *material, const void *in, size_t len, hz_error **err)
{
	AUTO(aead_free) struct aead *a = NULL;
	int rc = aead_new(&a, suite, secret_bytes(material), err);

	if (rc < 0)
		return rc;
	if (aead_seal(a, out + COMMIT_LEN, zero_nonce, NULL, 0, in, len) < 0)
		return err_set(err, HZ_E_INTERNAL, "encrypting failed");
	memcpy(out, secret_bytes(material) + KEY_LEN, COMMIT_LEN);
	return 0;
}

static int body_open(struct secret **ret, unsigned suite, const struct secret *material, const uint8_t *in, size_t len,
	hz_error **err)
{
	AUTO(secret_free) struct secret *s = NULL;
	AUTO(aead_free) struct aead *a = NULL;
	int rc;

	if (!secret_equal(in, secret_bytes(material) + KEY_LEN, COMMIT_LEN))
		return err_set(err, HZ_E_AUTH, "it was made for another key or another place");
	rc = aead_new(&a, suite, secret_bytes(material), err);
	if (rc == 0)
		rc = secret_new(&s, len - WRAP_OVERHEAD, err);
	if (rc < 0)
		return rc;
	if (aead_open(a, secret_data(s), zero_nonce, NULL, 0, in + COMMIT_LEN, len - COMMIT_LEN) < 0)
		return err_set(err, HZ_E_CORRUPT, "its ciphertext is damaged");
	*ret = TAKE(s);
	return 0;
}

/* X25519(sec, peer); all zero, which only points of small order give, is refused with code. */
static int shared_make(struct secret **ret, const struct secret *sec, const uint8_t *peer, int code, hz_error **err)
{
	AUTO(secret_free) struct secret *s = NULL;
	int rc;

	if (secret_len(sec) != BOX_SEC_LEN)
		return err_set(err, HZ_E_INVAL, "a key of %zu bytes instead of %d", secret_len(sec), BOX_SEC_LEN);
	rc = secret_new(&s, KEY_LEN, err);
	if (rc < 0)
		return rc;
	if (crypto_scalarmult(secret_data(s), secret_bytes(sec), peer) != 0 || sodium_is_zero(secret_bytes(s), KEY_LEN))
		return err_set(err, code, "an X25519 public key of small order");
	*ret = TAKE(s);
	return 0;
}

static int seal_derive(struct secret **ret, unsigned suite, const struct secret *shared, const char *label,
	const uint8_t *eph, const uint8_t *pub, const struct iovec *ctx, size_t n, hz_error **err)
{
	const struct iovec fixed[2] = { { (void *)(uintptr_t)eph, BOX_PUB_LEN },
		{ (void *)(uintptr_t)pub, BOX_PUB_LEN } };

	return derive(ret, suite, shared, "seal", label, fixed, 2, ctx, n, err);
}

int seal_make_with(uint8_t *out, unsigned suite, const struct secret *ephemeral, const uint8_t pub[BOX_PUB_LEN],
	const char *label, const struct iovec *ctx, size_t n, const void *in, size_t len, hz_error **err)
{
	AUTO(secret_free) struct secret *shared = NULL;
	AUTO(secret_free) struct secret *material = NULL;
	uint8_t eph[BOX_PUB_LEN];
	int rc = shared_make(&shared, ephemeral, pub, HZ_E_INVAL, err);

	if (rc == 0)
		rc = box_public(eph, ephemeral, err);
	if (rc == 0)
		rc = seal_derive(&material, suite, shared, label, eph, pub, ctx, n, err);
	if (rc == 0)
		rc = body_make(out + BOX_PUB_LEN, suite, material, in, len, err);
	if (rc == 0)
		memcpy(out, eph, BOX_PUB_LEN);
	return rc;
}

int seal_make(uint8_t *out, unsigned suite, const uint8_t pub[BOX_PUB_LEN], const char *label, const struct iovec *ctx,
	size_t n, const void *in, size_t len, hz_error **err)
{
	AUTO(secret_free) struct secret *ephemeral = NULL;
	int rc = secret_random(&ephemeral, BOX_SEC_LEN, err);

	if (rc == 0)
		rc = seal_make_with(out, suite, ephemeral, pub, label, ctx, n, in, len, err);
	return rc;
}

int seal_open(struct secret **ret, unsigned suite, const struct secret *sec, const char *label, const struct iovec *ctx,
	size_t n, const uint8_t *in, size_t len, hz_error **err)
{
	AUTO(secret_free) struct secret *shared = NULL;
	AUTO(secret_free) struct secret *material = NULL;
	uint8_t pub[BOX_PUB_LEN];
	int rc;

	if (len < SEAL_OVERHEAD)
		return err_set(err, HZ_E_CORRUPT, "%zu bytes are too few for a seal", len);
	rc = box_public(pub, sec, err);
	if (rc == 0)
		rc = shared_make(&shared, sec, in, HZ_E_CORRUPT, err);
	if (rc == 0)
		rc = seal_derive(&material, suite, shared, label, in, pub, ctx, n, err);
	if (rc == 0)
		rc = body_open(ret, suite, material, in + BOX_PUB_LEN, len - BOX_PUB_LEN, err);
	return rc;
}

int wrap_make(uint8_t *out, unsigned suite, const struct secret *key, const char *label, const struct iovec *ctx,
	size_t n, const void *in, size_t len, hz_error **err)
{
	AUTO(secret_free) struct secret *material = NULL;
	int rc = derive(&material, suite, key, "wrap", label, NULL, 0, ctx, n, err);

	if (rc == 0)
		rc = body_make(out, suite, material, in, len, err);
	return rc;
}

int wrap_open(struct secret **ret, unsigned suite, const struct secret *key, const char *label, const struct iovec *ctx,
	size_t n, const uint8_t *in, size_t len, hz_error **err)
{
	AUTO(secret_free) struct secret *material = NULL;
	int rc;

	if (len < WRAP_OVERHEAD)
		return err_set(err, HZ_E_CORRUPT, "%zu bytes are too few for a wrapped key", len);
	rc = derive(&material, suite, key, "wrap", label, NULL, 0, ctx, n, err);
	if (rc == 0)
		rc = body_open(ret, suite, material, in, len, err);
	return rc;
}
