/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secret memory and randomness, both libsodium's, and the start of the layer.
 * Invariant: every byte handed out by secret_data stands between guard pages, is left out of core dumps, is locked as
 * far as the lock limit allows, and is wiped before its memory goes back or waits for its next user.
 */
#include "crypto/secret.h"
#include "crypto/aead_internal.h"
#include "crypto/secret_internal.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

struct secret {
	uint8_t *data;
	size_t len;
};

/* A guarded page takes ten system calls, and keys of objects come and go by thousands: small ones are kept, wiped, for
 * the next who asks for just as many bytes, so that these too end at the guard page. The last that came is the first.
 */
#define KEPT_MAX 32u
#define KEPT_LEN 1024u
struct kept {
	void *p;
	size_t len;
};
static struct kept kept[KEPT_MAX];
static size_t n_kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

/* With the lock. */
static void drop_all(void)
{
	while (n_kept > 0)
		sodium_free(kept[--n_kept].p);
}

/* What is locked does not stay so in a forked child: there nothing is kept. Nor may the lock be held by a thread that
 * the child does not have. */
static void before_fork(void)
{
	(void)pthread_mutex_lock(&kept_lock);
}

static void in_parent(void)
{
	(void)pthread_mutex_unlock(&kept_lock);
}

static void in_child(void)
{
	drop_all();
	(void)pthread_mutex_unlock(&kept_lock);
}

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static int started;

static void start(void)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	/* Asked directly first: where the kernel gives nothing, libsodium would abort the process. */
	if (getentropy(a, sizeof(a)) < 0 || sodium_init() < 0)
		return;
	randombytes_buf(b, sizeof(b));
	if (sodium_is_zero(b, sizeof(b)) || memcmp(a, b, sizeof(a)) == 0)
		return;
	aead_setup();
	started = pthread_atfork(before_fork, in_parent, in_child) == 0;
}

int crypto_init(hz_error **err)
{
	if (!CRYPTO_THREAD_run_once(&once, start) || !started)
		return err_set(err, HZ_E_INTERNAL, "libsodium or the random generator does not start");
	return 0;
}

/* With the lock. */
static void drop_kept(size_t i)
{
	n_kept--;
	memmove(kept + i, kept + i + 1, (n_kept - i) * sizeof(*kept));
}

/* Pages that wait are no reason for one in use not to be locked. */
static void lock_in_memory(void *p, size_t len)
{
	if (sodium_mlock(p, len) == 0)
		return;
	(void)pthread_mutex_lock(&kept_lock);
	drop_all();
	(void)pthread_mutex_unlock(&kept_lock);
	(void)sodium_mlock(p, len);
}

void *guarded_new(size_t len)
{
	void *p = NULL;

	(void)pthread_mutex_lock(&kept_lock);
	for (size_t i = n_kept; !p && i-- > 0;) {
		if (kept[i].len == len) {
			p = kept[i].p;
			drop_kept(i);
		}
	}
	(void)pthread_mutex_unlock(&kept_lock);
	if (!p) {
		p = sodium_malloc(len);
		if (p)
			lock_in_memory(p, len);
	}
	if (p)
		sodium_memzero(p, len);
	return p;
}

void guarded_free(void *p, size_t len)
{
	void *out = p;

	if (p && len <= KEPT_LEN) {
		sodium_memzero(p, len);
		(void)pthread_mutex_lock(&kept_lock);
		out = NULL;
		if (n_kept == KEPT_MAX) {
			out = kept[0].p;
			drop_kept(0);
		}
		kept[n_kept++] = (struct kept){ p, len };
		(void)pthread_mutex_unlock(&kept_lock);
	}
	sodium_free(out); /* wipes; NULL is fine */
}

int secret_new(struct secret **ret, size_t len, hz_error **err)
{
	AUTO(secret_free) struct secret *s = calloc(1, sizeof(*s));

	if (!s)
		return err_nomem(err);
	s->data = guarded_new(len);
	if (!s->data)
		return err_nomem(err);
	s->len = len;
	*ret = TAKE(s);
	return 0;
}

int secret_from(struct secret **ret, const void *data, size_t len, hz_error **err)
{
	struct secret *s = NULL;
	int rc = secret_new(&s, len, err);

	if (rc < 0)
		return rc;
	if (len)
		memcpy(s->data, data, len);
	*ret = s;
	return 0;
}

int secret_random(struct secret **ret, size_t len, hz_error **err)
{
	struct secret *s = NULL;
	int rc = secret_new(&s, len, err);

	if (rc < 0)
		return rc;
	randombytes_buf(s->data, len);
	*ret = s;
	return 0;
}

int secret_dup(struct secret **ret, const struct secret *s, hz_error **err)
{
	return secret_from(ret, s->data, s->len, err);
}

uint8_t *secret_data(struct secret *s)
{
	return s->data;
}

const uint8_t *secret_bytes(const struct secret *s)
{
	return s->data;
}

size_t secret_len(const struct secret *s)
{
	return s->len;
}

void secret_free(struct secret *s)
{
	int saved = errno;

	if (!s)
		return;
	guarded_free(s->data, s->len);
	free(s);
	errno = saved;
}

void wipe(void *p, size_t len)
{
	if (len)
		sodium_memzero(p, len);
}

int secret_equal(const void *a, const void *b, size_t len)
{
	return len == 0 || sodium_memcmp(a, b, len) == 0;
}

void random_bytes(void *out, size_t len)
{
	randombytes_buf(out, len);
}
