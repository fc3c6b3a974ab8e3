/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of this layer only. */
#ifndef CRYPTO_AEAD_INTERNAL_H
#define CRYPTO_AEAD_INTERNAL_H

/* Finds libcrypto's ciphers; called once, by crypto_init. A cipher that is not there leaves its suite to libsodium. */
void aead_setup(void);

#endif
