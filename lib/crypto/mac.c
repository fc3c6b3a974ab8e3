/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyed hash of a suite (docs/format/crypto.md, MAC). The key is put through once; each message begins with a copy
 * of the state after it, so that short messages cost their own bytes and little else. Invariant: key-dependent states,
 * the working copy too, lie only in the struct, which is secret memory.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/secret_internal.h"
#include "crypto/suite.h"
#include <openssl/sha.h>
#include <sodium.h>

#define SHA256_BLOCK 64

struct mac {
	union {
		crypto_generichash_state blake2b;
		struct {
			SHA256_CTX inner;
			SHA256_CTX outer;
		} hmac;
	} keyed;
	union {
		crypto_generichash_state blake2b;
		SHA256_CTX sha256;
	} work;
	unsigned suite;
};

/* guarded_new aligns to the size's own factors. */
_Static_assert(sizeof(struct mac) % _Alignof(struct mac) == 0, "struct mac would be misaligned");

/* RFC 2104: the states after the block key ^ ipad and the block key ^ opad. */
static void hmac_prepare(struct mac *m, const uint8_t key[KEY_LEN])
{
	uint8_t pad[SHA256_BLOCK];

	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = (uint8_t)((i < KEY_LEN ? key[i] : 0) ^ 0x36);
	SHA256_Init(&m->keyed.hmac.inner);
	SHA256_Update(&m->keyed.hmac.inner, pad, sizeof(pad));
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&m->keyed.hmac.outer);
	SHA256_Update(&m->keyed.hmac.outer, pad, sizeof(pad));
	wipe(pad, sizeof(pad));
}

int mac_new(struct mac **ret, unsigned suite, const struct secret *key, hz_error **err)
{
	struct mac *m;

	if (!suite_is_known(suite))
		return err_set(err, HZ_E_TOONEW, "suite %u is not known", suite);
	if (secret_len(key) != KEY_LEN)
		return err_set(err, HZ_E_INVAL, "a key of %zu bytes instead of %d", secret_len(key), KEY_LEN);
	m = guarded_new(sizeof(*m));
	if (!m)
		return err_nomem(err);
	m->suite = suite;
	if (suite == SUITE_NIST)
		hmac_prepare(m, secret_bytes(key));
	else
		crypto_generichash_init(&m->keyed.blake2b, secret_bytes(key), KEY_LEN, ID_LEN);
	*ret = m;
	return 0;
}

int mac_dup(struct mac **ret, const struct mac *m, hz_error **err)
{
	struct mac *copy = guarded_new(sizeof(*copy));

	if (!copy)
		return err_nomem(err);
	memcpy(copy, m, sizeof(*copy));
	*ret = copy;
	return 0;
}

static struct id hmac_parts(struct mac *m, uint8_t domain, const struct iovec *parts, size_t n)
{
	SHA256_CTX *c = &m->work.sha256;
	struct id out;

	*c = m->keyed.hmac.inner;
	SHA256_Update(c, &domain, 1);
	for (size_t i = 0; i < n; i++)
		SHA256_Update(c, parts[i].iov_base, parts[i].iov_len);
	SHA256_Final(out.b, c);
	*c = m->keyed.hmac.outer;
	SHA256_Update(c, out.b, sizeof(out.b));
	SHA256_Final(out.b, c);
	return out;
}

static struct id blake2b_parts(struct mac *m, uint8_t domain, const struct iovec *parts, size_t n)
{
	crypto_generichash_state *c = &m->work.blake2b;
	struct id out;

	*c = m->keyed.blake2b;
	crypto_generichash_update(c, &domain, 1);
	for (size_t i = 0; i < n; i++)
		crypto_generichash_update(c, parts[i].iov_base, parts[i].iov_len);
	crypto_generichash_final(c, out.b, sizeof(out.b));
	return out;
}

struct id mac_parts(struct mac *m, uint8_t domain, const struct iovec *parts, size_t n)
{
	return m->suite == SUITE_NIST ? hmac_parts(m, domain, parts, n) : blake2b_parts(m, domain, parts, n);
}

struct id mac_compute(struct mac *m, uint8_t domain, const void *data, size_t len)
{
	const struct iovec part = { (void *)(uintptr_t)data, len };

	return mac_parts(m, domain, &part, 1);
}

void mac_free(struct mac *m)
{
	guarded_free(m, sizeof(*m));
}
