/* SPDX-License-Identifier: BSD-2-Clause */
/* Linked in place of the real one (--wrap) into tests that open thousands of slots, or make a repository for each call
 * that fails: a passphrase costs as little as libsodium allows. What it costs in truth is for tests/unit/crypto. */
#include <sodium.h>

int __real_crypto_pwhash_argon2id(unsigned char *out, unsigned long long outlen, const char *pass,
	unsigned long long passlen, const unsigned char *salt, unsigned long long ops, size_t mem, int alg);
int __wrap_crypto_pwhash_argon2id(unsigned char *out, unsigned long long outlen, const char *pass,
	unsigned long long passlen, const unsigned char *salt, unsigned long long ops, size_t mem, int alg);
int __wrap_crypto_pwhash_argon2id(unsigned char *out, unsigned long long outlen, const char *pass,
	unsigned long long passlen, const unsigned char *salt, unsigned long long ops, size_t mem, int alg)
{
	(void)ops, (void)mem;
	return __real_crypto_pwhash_argon2id(out, outlen, pass, passlen, salt, crypto_pwhash_argon2id_OPSLIMIT_MIN,
		crypto_pwhash_argon2id_MEMLIMIT_MIN, alg);
}
