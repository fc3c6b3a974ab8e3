/* SPDX-License-Identifier: BSD-2-Clause */
/* For test vectors only: a seal whose ephemeral secret is given. Using one twice gives away both plaintexts. */
#ifndef CRYPTO_SEAL_INTERNAL_H
#define CRYPTO_SEAL_INTERNAL_H

#include "crypto/seal.h"

int seal_make_with(uint8_t *out, unsigned suite, const struct secret *ephemeral, const uint8_t pub[BOX_PUB_LEN],
	const char *label, const struct iovec *ctx, size_t n, const void *in, size_t len, hz_error **err);

#endif
