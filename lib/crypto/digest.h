/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes by name, for formats of others (docs/evidence). What is hozen's own names a suite: suite.h. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "crypto/suite.h"

#define SHA512_LEN 64

static inline struct id sha256(const void *data, size_t len)
{
	return suite_hash1(SUITE_NIST, data, len);
}
void sha512(uint8_t out[SHA512_LEN], const void *data, size_t len);

#endif
