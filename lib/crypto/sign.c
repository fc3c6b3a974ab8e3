/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ed25519 over labelled messages (docs/format/crypto.md, Signatures), by libsodium, which refuses small-order and
 * non-canonical keys and signatures. A signature is verified before it is handed out: a fault in the computation would
 * give the key away.
 */
#include "crypto/seal.h"
#include <sodium.h>
#include <string.h>

#define PREFIX     "hozen-1 "
#define PREFIX_LEN (sizeof(PREFIX) - 1)

/* What is really signed; ordinary memory, messages are no secrets. */
static int message_build(uint8_t **ret, size_t *ret_len, const char *label, const void *msg, size_t len, hz_error **err)
{
	size_t label_len = strlen(label) + 1, head = PREFIX_LEN + label_len, total;
	uint8_t *p;

	if (label_len == 1)
		return err_set(err, HZ_E_INVAL, "a signature needs a label");
	if (__builtin_add_overflow(head, len, &total))
		return err_nomem(err);
	p = malloc(total);
	if (!p)
		return err_nomem(err);
	memcpy(p, PREFIX, PREFIX_LEN);
	memcpy(p + PREFIX_LEN, label, label_len);
	if (len)
		memcpy(p + head, msg, len);
	*ret = p;
	*ret_len = total;
	return 0;
}

/* libsodium's own form of the secret key: seed || public key. */
static int expand(struct secret **full, uint8_t pub[SIGN_PUB_LEN], const struct secret *seed, hz_error **err)
{
	struct secret *s = NULL;
	int rc;

	if (secret_len(seed) != SIGN_SEC_LEN)
		return err_set(
			err, HZ_E_INVAL, "a signing key of %zu bytes instead of %d", secret_len(seed), SIGN_SEC_LEN);
	rc = secret_new(&s, crypto_sign_SECRETKEYBYTES, err);
	if (rc < 0)
		return rc;
	crypto_sign_seed_keypair(pub, secret_data(s), secret_bytes(seed));
	*full = s;
	return 0;
}

int sign_public(uint8_t pub[SIGN_PUB_LEN], const struct secret *seed, hz_error **err)
{
	AUTO(secret_free) struct secret *full = NULL;

	return expand(&full, pub, seed, err);
}

int sign_keypair(struct secret **seed, uint8_t pub[SIGN_PUB_LEN], hz_error **err)
{
	AUTO(secret_free) struct secret *s = NULL;
	int rc = secret_random(&s, SIGN_SEC_LEN, err);

	if (rc == 0)
		rc = sign_public(pub, s, err);
	if (rc == 0)
		*seed = TAKE(s);
	return rc;
}

int sign_bytes(uint8_t sig[SIG_LEN], const struct secret *seed, const void *msg, size_t len, hz_error **err)
{
	AUTO(secret_free) struct secret *full = NULL;
	uint8_t pub[SIGN_PUB_LEN], made[SIG_LEN];
	int rc = expand(&full, pub, seed, err);

	if (rc < 0)
		return rc;
	crypto_sign_detached(made, NULL, msg, len, secret_bytes(full));
	if (crypto_sign_verify_detached(made, msg, len, pub) != 0) {
		wipe(made, sizeof(made));
		return err_set(err, HZ_E_INTERNAL, "a signature just made does not verify");
	}
	memcpy(sig, made, SIG_LEN);
	return 0;
}

bool sign_bytes_are_good(const uint8_t sig[SIG_LEN], const uint8_t pub[SIGN_PUB_LEN], const void *msg, size_t len)
{
	return crypto_sign_verify_detached(sig, msg, len, pub) == 0;
}

int sign_make(
	uint8_t sig[SIG_LEN], const struct secret *seed, const char *label, const void *msg, size_t len, hz_error **err)
{
	AUTO_FREE uint8_t *whole = NULL;
	size_t whole_len;
	int rc = message_build(&whole, &whole_len, label, msg, len, err);

	return rc < 0 ? rc : sign_bytes(sig, seed, whole, whole_len, err);
}

int sign_check(const uint8_t sig[SIG_LEN], const uint8_t pub[SIGN_PUB_LEN], const char *label, const void *msg,
	size_t len, hz_error **err)
{
	AUTO_FREE uint8_t *whole = NULL;
	size_t whole_len;
	int rc = message_build(&whole, &whole_len, label, msg, len, err);

	if (rc < 0)
		return rc;
	if (!sign_bytes_are_good(sig, pub, whole, whole_len))
		return err_set(err, HZ_E_CORRUPT, "the signature of the %s is bad", label);
	return 0;
}
