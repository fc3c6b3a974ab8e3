/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of this layer share: cmocka, bytes written as hex, secrets made of them. */
#ifndef TESTS_UNIT_CRYPTO_HEXTEST_H
#define TESTS_UNIT_CRYPTO_HEXTEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/id.h"
#include "crypto/secret.h"

static inline size_t hex_to(uint8_t *out, const char *hex)
{
	size_t len = strlen(hex) / 2;

	assert_true(hex_decode(out, len, hex, 2 * len));
	return len;
}

static inline void assert_hex(const void *bytes, const char *hex)
{
	uint8_t want[1024];

	assert_true(strlen(hex) <= 2 * sizeof(want));
	assert_memory_equal(bytes, want, hex_to(want, hex));
}

static inline struct secret *secret_of(const char *hex)
{
	uint8_t b[256];
	struct secret *s = NULL;

	assert_int_equal(secret_from(&s, b, hex_to(b, hex), NULL), 0);
	return s;
}

/* Bytes that look random and are the same in each run. */
static inline void fill(uint8_t *out, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525u + 1013904223u;
		out[i] = (uint8_t)(seed >> 24);
	}
}

static inline int start_crypto(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

#define RUN(tests) cmocka_run_group_tests(tests, start_crypto, NULL)

#endif
