/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unkeyed hash of a suite, whole and in steps (docs/format/crypto.md, Hash). Nothing here can fail once a hasher is
 * made: the states lie in our own memory. That is why libcrypto's low-level SHA-256 is used, which also takes the SHA
 * instructions.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/digest.h"
#include <assert.h>
#include <openssl/sha.h>
#include <sodium.h>

struct hasher {
	union {
		crypto_generichash_state blake2b;
		SHA256_CTX sha256;
	} u;
	unsigned suite;
};

static void begin(struct hasher *h)
{
	if (h->suite == SUITE_NIST)
		SHA256_Init(&h->u.sha256);
	else
		crypto_generichash_init(&h->u.blake2b, NULL, 0, ID_LEN);
}

void hasher_update(struct hasher *h, const void *data, size_t len)
{
	if (h->suite == SUITE_NIST)
		SHA256_Update(&h->u.sha256, data, len);
	else
		crypto_generichash_update(&h->u.blake2b, data, len);
}

struct id hasher_final(struct hasher *h)
{
	struct id out;

	if (h->suite == SUITE_NIST)
		SHA256_Final(out.b, &h->u.sha256);
	else
		crypto_generichash_final(&h->u.blake2b, out.b, ID_LEN);
	begin(h);
	return out;
}

int hasher_new(struct hasher **ret, unsigned suite, hz_error **err)
{
	struct hasher *h;

	if (!suite_is_known(suite))
		return err_set(err, HZ_E_TOONEW, "suite %u is not known", suite);
	h = aligned_alloc(_Alignof(struct hasher), sizeof(*h));
	if (!h)
		return err_nomem(err);
	h->suite = suite;
	begin(h);
	*ret = h;
	return 0;
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	wipe(h, sizeof(*h)); /* the end of what was hashed */
	free(h);
}

struct id suite_hash(unsigned suite, const struct iovec *parts, size_t n)
{
	struct hasher h;

	assert(suite_is_known(suite));
	h.suite = suite;
	begin(&h);
	for (size_t i = 0; i < n; i++)
		hasher_update(&h, parts[i].iov_base, parts[i].iov_len);
	return hasher_final(&h);
}

struct id suite_hash1(unsigned suite, const void *data, size_t len)
{
	const struct iovec part = { (void *)(uintptr_t)data, len };

	return suite_hash(suite, &part, 1);
}

void sha512(uint8_t out[SHA512_LEN], const void *data, size_t len)
{
	(void)SHA512(data, len, out);
}
