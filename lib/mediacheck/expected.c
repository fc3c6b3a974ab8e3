/* SPDX-License-Identifier: BSD-2-Clause */
/* See expected.h. */
#include "mediacheck/expected.h"
#include "crypto/block.h"
#include "crypto/secret.h"
#include <string.h>

struct expected {
	struct expected_of of;
	struct aes_block *aes;
};

int expected_new(struct expected **ret, const struct expected_of *of, hz_error **err)
{
	AUTO(expected_free) struct expected *e = calloc(1, sizeof(*e));
	int rc = crypto_init(err);

	if (!e)
		return err_nomem(err);
	e->of = *of;
	if (of->kind == EXPECT_BYTES && (of->pattern_len == 0 || of->pattern_len > sizeof(of->pattern)))
		return err_set(err, HZ_E_CORRUPT, "a pattern of %zu bytes", of->pattern_len);
	if (rc == 0 && of->kind == EXPECT_AES)
		rc = aes_block_new(&e->aes, of->key, err);
	if (rc == 0)
		*ret = TAKE(e);
	return rc;
}

/* Block number n as the standard writes numbers: the last byte counts ones. */
static void number(uint8_t block[16], uint64_t n)
{
	for (int i = 15; i >= 0; i--, n /= 256)
		block[i] = (uint8_t)(n % 256);
}

int expected_at(struct expected *e, uint8_t *out, size_t len, uint64_t off)
{
	switch (e->of.kind) {
	case EXPECT_AES:
		for (size_t at = 0; at < len; at += 16)
			number(out + at, (off + at) / 16);
		return aes_block_encrypt(e->aes, out, out, len / 16);
	case EXPECT_CHACHA:
		chacha20_from(out, len, e->of.key, off / 64);
		return 0;
	case EXPECT_BYTES:
		for (size_t at = 0; at < len; at++)
			out[at] = e->of.pattern[(off + at) % e->of.pattern_len];
		return 0;
	default:
		return HZ_E_INTERNAL;
	}
}

void expected_free(struct expected *e)
{
	if (!e)
		return;
	aes_block_free(e->aes);
	free(e);
}
