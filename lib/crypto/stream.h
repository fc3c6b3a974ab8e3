/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that cannot be told from random ones, made for any place of a medium without those before it
 * (docs/erase/stream.md): the key stream of a cipher whose counter is the address. The same key must not make two
 * different things: one key for each pass over one medium.
 */
#ifndef CRYPTO_STREAM_H
#define CRYPTO_STREAM_H

#include "base/error.h"
#include "crypto/secret.h"
#include <stddef.h>
#include <stdint.h>

enum stream_cipher {
	STREAM_AES_256_CTR = 1, /* block of 16 bytes number n: AES-256 of n as a 128-bit big-endian number */
	STREAM_CHACHA20 = 2     /* block of 64 bytes number n: 64-bit counter n, 64-bit nonce 0 */
};
#define STREAM_KEY_LEN 32
#define STREAM_UNIT    64 /* addresses are multiples of it */

/* AES where the processor has instructions for it, else ChaCha20. */
enum stream_cipher stream_default(void);
/* "aes-256-ctr", "chacha20"; NULL for what is none. Static. */
const char *stream_name(enum stream_cipher c);
/* 0: no such name. */
enum stream_cipher stream_named(const char *name);

/* One thread at a time; others with the same key have their own. The key schedule lies in ordinary memory, wiped when
 * freed. HZ_E_UNSUPPORTED: libcrypto has no such cipher. HZ_E_INVAL: not a key of STREAM_KEY_LEN. */
struct stream;
int stream_new(struct stream **ret, enum stream_cipher c, const struct secret *key, hz_error **err);
void stream_free(struct stream *s);
DEFINE_AUTO(struct stream, stream_free)
/* len bytes as they stand at off, a multiple of STREAM_UNIT. 0, or HZ_E_INTERNAL: libcrypto refused, out is zeros. */
int stream_make(struct stream *s, void *out, size_t len, uint64_t off);

#endif
