/* SPDX-License-Identifier: BSD-2-Clause */
/* Single blocks of AES-256, and ChaCha20 by libsodium. */
#include "crypto/block.h"
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

struct aes_block {
	EVP_CIPHER_CTX *ctx;
};

int aes_block_new(struct aes_block **ret, const uint8_t key[32], hz_error **err)
{
	AUTO(aes_block_free) struct aes_block *a = calloc(1, sizeof(*a));

	if (!a)
		return err_nomem(err);
	a->ctx = EVP_CIPHER_CTX_new();
	if (!a->ctx)
		return err_nomem(err);
	if (!EVP_EncryptInit_ex(a->ctx, EVP_aes_256_ecb(), NULL, key, NULL))
		return err_set(err, HZ_E_UNSUPPORTED, "libcrypto has no AES-256");
	(void)EVP_CIPHER_CTX_set_padding(a->ctx, 0);
	*ret = TAKE(a);
	return 0;
}

int aes_block_encrypt(struct aes_block *a, void *out, const void *in, size_t n)
{
	const uint8_t *from = in;
	uint8_t *to = out;

	while (n > 0) {
		size_t step = n < 4096 ? n : 4096;
		int done = 0;

		if (!EVP_EncryptUpdate(a->ctx, to, &done, from, (int)(step * 16)) || (size_t)done != step * 16)
			return HZ_E_INTERNAL;
		from += step * 16, to += step * 16, n -= step;
	}
	return 0;
}

void aes_block_free(struct aes_block *a)
{
	if (!a)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	free(a);
}

void chacha20_from(void *out, size_t len, const uint8_t key[32], uint64_t block)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	memset(out, 0, len);
	(void)crypto_stream_chacha20_xor_ic(out, out, len, nonce, block, key);
}
