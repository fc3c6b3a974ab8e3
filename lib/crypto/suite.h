/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two suites of docs/format/crypto.md. Everything above names a suite and never an algorithm.
 *   1: BLAKE2b-256 (keyed for ids and derivation), ChaCha20-Poly1305 of RFC 8439
 *   2: SHA-256, HMAC-SHA-256, AES-256-GCM
 * Both use X25519, Ed25519 and Argon2id. libsodium is the reference; where libcrypto gives identical bytes faster it is
 * taken at run time.
 */
#ifndef CRYPTO_SUITE_H
#define CRYPTO_SUITE_H

#include "base/error.h"
#include "base/id.h"
#include "crypto/secret.h"
#include <sys/uio.h>
#include <stdbool.h>
#include <stdint.h>

#define SUITE_SODIUM 1u
#define SUITE_NIST   2u

#define KEY_LEN   32
#define NONCE_LEN 12
#define TAG_LEN   16

bool suite_is_known(unsigned suite);
/* 2 where the processor has both SHA and AES instructions, else 1. */
unsigned suite_default(void);
const char *suite_name(unsigned suite);

/* Unkeyed hash of the parts put together. */
struct id suite_hash(unsigned suite, const struct iovec *parts, size_t n);
struct id suite_hash1(unsigned suite, const void *data, size_t len);

/* Incremental unkeyed hash. */
struct hasher;
int hasher_new(struct hasher **ret, unsigned suite, hz_error **err);
void hasher_update(struct hasher *h, const void *data, size_t len);
struct id hasher_final(struct hasher *h); /* leaves it ready for the next message */
void hasher_free(struct hasher *h);
DEFINE_AUTO(struct hasher, hasher_free)

/* Keyed hash (the suite's MAC) under one key, prepared once. A struct mac belongs to one thread at a time; mac_dup
 * gives another thread its own. domain is one byte put before the message: it separates kinds of content. */
struct mac;
int mac_new(struct mac **ret, unsigned suite, const struct secret *key, hz_error **err); /* key: KEY_LEN bytes */
int mac_dup(struct mac **ret, const struct mac *m, hz_error **err);
struct id mac_compute(struct mac *m, uint8_t domain, const void *data, size_t len);
struct id mac_parts(struct mac *m, uint8_t domain, const struct iovec *parts, size_t n);
void mac_free(struct mac *m);
DEFINE_AUTO(struct mac, mac_free)

/* Key derivation: out_len bytes (at most 16 blocks of 32) = MAC(key, le32 counter from 0 || le32 len(label) || label ||
 * for each part: le32 len || part). The counter's blocks are put together and cut to out_len. */
int kdf_raw(uint8_t *out, size_t out_len, unsigned suite, const struct secret *key, const char *label,
	const struct iovec *parts, size_t n, hz_error **err);
/* The same into a new secret. */
int kdf(struct secret **ret, size_t out_len, unsigned suite, const struct secret *key, const char *label,
	const struct iovec *parts, size_t n, hz_error **err);

/* AEAD under one key, prepared once; one thread at a time. Nonces are the caller's: never twice under a key. */
struct aead;
int aead_new(struct aead **ret, unsigned suite, const uint8_t key[KEY_LEN], hz_error **err);
/* out holds len + TAG_LEN, len is below 2^36 - 31; in and out may be the same pointer, otherwise must not overlap.
 * Fails only with HZ_E_INTERNAL. */
int aead_seal(struct aead *a, uint8_t *out, const uint8_t nonce[NONCE_LEN], const void *ad, size_t ad_len,
	const void *in, size_t len);
/* len counts the tag; in and out may be the same pointer. out holds len - TAG_LEN and is written only with verified
 * bytes visible to the caller: on HZ_E_CORRUPT its contents are wiped. */
int aead_open(struct aead *a, uint8_t *out, const uint8_t nonce[NONCE_LEN], const void *ad, size_t ad_len,
	const void *in, size_t len);
void aead_free(struct aead *a);
DEFINE_AUTO(struct aead, aead_free)

/* For tests, and for an aead made afterwards: which = 0 lets the fastest path run, 1 forces libsodium where it can do
 * the suite. */
void aead_force_reference(int which);

#endif
