/* SPDX-License-Identifier: BSD-2-Clause */
/* What should stand at an address, by docs/erase/stream.md, for the second time: counters made here, block by block. */
#ifndef MEDIACHECK_EXPECTED_H
#define MEDIACHECK_EXPECTED_H

#include "base/auto.h"
#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

enum { EXPECT_AES = 1, EXPECT_CHACHA = 2, EXPECT_BYTES = 3 };
struct expected_of {
	int kind;
	uint8_t key[32];
	uint8_t pattern[16];
	size_t pattern_len;
};

struct expected;
int expected_new(struct expected **ret, const struct expected_of *of, hz_error **err);
/* off a multiple of 512, len one of 64. 0 or HZ_E_INTERNAL. */
int expected_at(struct expected *e, uint8_t *out, size_t len, uint64_t off);
void expected_free(struct expected *e);
DEFINE_AUTO(struct expected, expected_free)

#endif
