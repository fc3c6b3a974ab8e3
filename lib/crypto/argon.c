/* SPDX-License-Identifier: BSD-2-Clause */
/* A key out of a passphrase (docs/format/crypto.md, Argon2id). The limits are checked before any memory is taken: they
 * come from stored bytes, which may have been weakened, or raised to exhaust us. */
#include "crypto/seal.h"
#include <errno.h>
#include <sodium.h>

_Static_assert(ARGON_SALT_LEN == crypto_pwhash_argon2id_SALTBYTES, "salt length");

int argon_derive(struct secret **key, const uint8_t salt[ARGON_SALT_LEN], uint32_t mem_kib, uint32_t passes,
	const struct secret *passphrase, hz_error **err)
{
	AUTO(secret_free) struct secret *s = NULL;
	int rc;

	if (mem_kib < ARGON_MEM_MIN || passes < ARGON_PASS_MIN)
		return err_set(err, HZ_E_CORRUPT, "passphrase parameters are weaker than allowed: %u KiB, %u passes",
			mem_kib, passes);
	if (mem_kib > ARGON_MEM_MAX || passes > ARGON_PASS_MAX)
		return err_set(err, HZ_E_UNSUPPORTED, "passphrase parameters beyond the limits: %u KiB, %u passes",
			mem_kib, passes);
	if (secret_len(passphrase) > crypto_pwhash_argon2id_PASSWD_MAX)
		return err_set(err, HZ_E_INVAL, "the passphrase is too long");
	rc = secret_new(&s, KEY_LEN, err);
	if (rc < 0)
		return rc;
	if (crypto_pwhash_argon2id(secret_data(s), KEY_LEN, (const char *)secret_bytes(passphrase),
		    secret_len(passphrase), salt, passes, (size_t)mem_kib << 10,
		    crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
		return err_set(err, HZ_E_NOMEM, "no memory for a passphrase of %u KiB", mem_kib);
	*key = TAKE(s);
	return 0;
}
