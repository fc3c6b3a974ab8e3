/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for secrets: locked, guarded, left out of core dumps, wiped when freed. Secrets live nowhere else. */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

struct secret;

/* Called once before anything else of this layer; safe to call again and from several threads. Starts the libraries,
 * checks that the random generator works. HZ_E_INTERNAL when it does not. */
int crypto_init(hz_error **err);

/* len bytes, zeroed; 0 is fine. HZ_E_NOMEM when memory is out. Beyond the lock limit (RLIMIT_MEMLOCK; one page a
 * secret, and a few that wait for the next one and give way) the memory is guarded, wiped and left out of dumps all the
 * same, but may reach the swap. */
int secret_new(struct secret **ret, size_t len, hz_error **err);
/* A copy of data; the caller wipes its own. */
int secret_from(struct secret **ret, const void *data, size_t len, hz_error **err);
int secret_random(struct secret **ret, size_t len, hz_error **err);
int secret_dup(struct secret **ret, const struct secret *s, hz_error **err);
uint8_t *secret_data(struct secret *s);
const uint8_t *secret_bytes(const struct secret *s);
size_t secret_len(const struct secret *s);
/* Wipes and frees; NULL is fine. */
void secret_free(struct secret *s);
DEFINE_AUTO(struct secret, secret_free)

/* Overwrites ordinary memory in a way that the compiler keeps. */
void wipe(void *p, size_t len);
/* Constant time; 1 when equal. */
int secret_equal(const void *a, const void *b, size_t len);
void random_bytes(void *out, size_t len);

#endif
