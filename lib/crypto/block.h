/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ciphers under stream.h by themselves, through other doors: for a second implementation that counts by its own
 * rules and must agree. Nothing else encrypts with these.
 */
#ifndef CRYPTO_BLOCK_H
#define CRYPTO_BLOCK_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

/* AES-256 of single blocks of 16 bytes; one thread at a time. */
struct aes_block;
int aes_block_new(struct aes_block **ret, const uint8_t key[32], hz_error **err);
/* n blocks, each for itself; in and out may be the same. 0 or HZ_E_INTERNAL. */
int aes_block_encrypt(struct aes_block *a, void *out, const void *in, size_t n);
void aes_block_free(struct aes_block *a);
DEFINE_AUTO(struct aes_block, aes_block_free)

/* The key stream of ChaCha20 with a 64-bit counter and nonce 0 from this block of 64 bytes on (libsodium). */
void chacha20_from(void *out, size_t len, const uint8_t key[32], uint64_t block);

#endif
