/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealing to a public key, wrapping under a passphrase, signing (docs/format/crypto.md).
 * Seals and wraps are key-committing: 32 bytes of a commitment to the derived key stand before the ciphertext and are
 * compared first.
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "crypto/suite.h"

#define SIGN_PUB_LEN 32
#define SIGN_SEC_LEN 32 /* the seed */
#define SIG_LEN      64
#define BOX_PUB_LEN  32
#define BOX_SEC_LEN  32
#define COMMIT_LEN   32

/* Ed25519 over "hozen-1 " label NUL message; a label names the kind of thing signed. */
int sign_keypair(struct secret **seed, uint8_t pub[SIGN_PUB_LEN], hz_error **err);
int sign_public(uint8_t pub[SIGN_PUB_LEN], const struct secret *seed, hz_error **err);
int sign_make(uint8_t sig[SIG_LEN], const struct secret *seed, const char *label, const void *msg, size_t len,
	hz_error **err);
/* 0 when good; HZ_E_CORRUPT: a bad signature; HZ_E_NOMEM says nothing about it. Small-order and non-canonical keys and
 * signatures are bad. */
int sign_check(const uint8_t sig[SIG_LEN], const uint8_t pub[SIGN_PUB_LEN], const char *label, const void *msg,
	size_t len, hz_error **err);

/* Ed25519 over the bytes alone, for formats of others that tell what is signed apart in their own way. */
int sign_bytes(uint8_t sig[SIG_LEN], const struct secret *seed, const void *msg, size_t len, hz_error **err);
bool sign_bytes_are_good(const uint8_t sig[SIG_LEN], const uint8_t pub[SIGN_PUB_LEN], const void *msg, size_t len);

int box_keypair(struct secret **sec, uint8_t pub[BOX_PUB_LEN], hz_error **err);
int box_public(uint8_t pub[BOX_PUB_LEN], const struct secret *sec, hz_error **err);

/* Seal: ephemeral X25519 public key (32) || commitment (32) || ciphertext || tag. SEAL_OVERHEAD bytes more than the
 * plaintext. key material = KDF(key = X25519 shared, label "seal", parts: label, ephemeral public, recipient public,
 * context...), 64 bytes: 32 AEAD key, 32 commitment; nonce zero; associated data empty (the context is in the
 * derivation). */
#define SEAL_OVERHEAD (BOX_PUB_LEN + COMMIT_LEN + TAG_LEN)
/* HZ_E_INVAL: the public key is of small order. out must not overlap in. */
int seal_make(uint8_t *out, unsigned suite, const uint8_t pub[BOX_PUB_LEN], const char *label, const struct iovec *ctx,
	size_t n, const void *in, size_t len, hz_error **err);
/* HZ_E_AUTH: not sealed to this key, or in another context. HZ_E_CORRUPT: too short, a public key of small order, or
 * the key is right and the ciphertext damaged. */
int seal_open(struct secret **ret, unsigned suite, const struct secret *sec, const char *label, const struct iovec *ctx,
	size_t n, const uint8_t *in, size_t len, hz_error **err);

/* Wrap under a key of KEY_LEN: commitment (32) || ciphertext || tag, derived as above from the key with label "wrap"
 * (parts: label, context...). The nonce is zero: a key, label and context together wrap once. Codes as for seals. */
#define WRAP_OVERHEAD (COMMIT_LEN + TAG_LEN)
int wrap_make(uint8_t *out, unsigned suite, const struct secret *key, const char *label, const struct iovec *ctx,
	size_t n, const void *in, size_t len, hz_error **err);
int wrap_open(struct secret **ret, unsigned suite, const struct secret *key, const char *label, const struct iovec *ctx,
	size_t n, const uint8_t *in, size_t len, hz_error **err);

/* Argon2id, RFC 9106, one lane (libsodium). Limits are the reader's maxima: more is HZ_E_UNSUPPORTED, less than the
 * minimum HZ_E_CORRUPT (a weakened slot). */
#define ARGON_SALT_LEN     16
#define ARGON_MEM_DEFAULT  (64u << 10) /* KiB */
#define ARGON_PASS_DEFAULT 4u
#define ARGON_MEM_MIN      (64u << 10)
#define ARGON_PASS_MIN     4u
#define ARGON_MEM_MAX      (1u << 20) /* 1 GiB */
#define ARGON_PASS_MAX     64u
int argon_derive(struct secret **key, const uint8_t salt[ARGON_SALT_LEN], uint32_t mem_kib, uint32_t passes,
	const struct secret *passphrase, hz_error **err);

#endif
