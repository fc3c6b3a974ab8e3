/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream of docs/erase/stream.md, by libcrypto: zeros through the cipher, in steps that stay in the first cache. */
#include "crypto/stream.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

#define STEP ((size_t)16 << 10)

struct stream {
	EVP_CIPHER_CTX *ctx;
	enum stream_cipher cipher;
};

static const struct {
	enum stream_cipher cipher;
	const char *name, *libcrypto;
} names[] = { { STREAM_AES_256_CTR, "aes-256-ctr", "AES-256-CTR" }, { STREAM_CHACHA20, "chacha20", "ChaCha20" } };

static bool has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AES);
#elif defined(__aarch64__)
	return getauxval(AT_HWCAP) & HWCAP_AES;
#else
	return false;
#endif
}

enum stream_cipher stream_default(void)
{
	return has_aes() ? STREAM_AES_256_CTR : STREAM_CHACHA20;
}

const char *stream_name(enum stream_cipher c)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].cipher == c)
			return names[i].name;
	}
	return NULL;
}

enum stream_cipher stream_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i].name, name) == 0)
			return names[i].cipher;
	}
	return 0;
}

/* The cipher itself need not outlive this: the context holds it. */
static int start(struct stream *s, size_t which, const struct secret *key, hz_error **err)
{
	EVP_CIPHER *cipher;
	int good;

	ERR_set_mark();
	cipher = EVP_CIPHER_fetch(NULL, names[which].libcrypto, NULL);
	good = cipher && EVP_EncryptInit_ex(s->ctx, cipher, NULL, secret_bytes(key), NULL);
	EVP_CIPHER_free(cipher);
	ERR_pop_to_mark();
	return good ? 0 : err_set(err, HZ_E_UNSUPPORTED, "libcrypto has no %s", names[which].libcrypto);
}

int stream_new(struct stream **ret, enum stream_cipher c, const struct secret *key, hz_error **err)
{
	AUTO(stream_free) struct stream *s = NULL;
	size_t i = 0;
	int rc;

	while (i < ARRAY_LEN(names) && names[i].cipher != c)
		i++;
	if (i == ARRAY_LEN(names) || secret_len(key) != STREAM_KEY_LEN)
		return err_set(err, HZ_E_INVAL, "no cipher of a stream, or no key for it");
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_nomem(err);
	s->cipher = c;
	s->ctx = EVP_CIPHER_CTX_new();
	if (!s->ctx)
		return err_nomem(err);
	rc = start(s, i, key, err);
	if (rc == 0)
		*ret = TAKE(s);
	return rc;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	EVP_CIPHER_CTX_free(s->ctx);
	free(s);
}

/* What libcrypto begins to count from. */
static void counter_of(uint8_t iv[16], enum stream_cipher c, uint64_t off)
{
	uint64_t n = c == STREAM_AES_256_CTR ? off / 16 : off / 64;

	memset(iv, 0, 16);
	for (unsigned i = 0; i < 8; i++, n >>= 8)
		iv[c == STREAM_AES_256_CTR ? 15 - i : i] = (uint8_t)n;
}

int stream_make(struct stream *s, void *out, size_t len, uint64_t off)
{
	static const uint8_t zeros[STEP];
	uint8_t iv[16], *at = out;
	bool good;

	counter_of(iv, s->cipher, off);
	good = off % STREAM_UNIT == 0 && EVP_EncryptInit_ex(s->ctx, NULL, NULL, NULL, iv);
	for (size_t left = len; good && left > 0;) {
		int step = (int)(left < STEP ? left : STEP), done = 0;

		good = EVP_EncryptUpdate(s->ctx, at, &done, zeros, step) && done == step;
		at += step;
		left -= (size_t)step;
	}
	if (!good)
		memset(out, 0, len);
	return good ? 0 : HZ_E_INTERNAL;
}
