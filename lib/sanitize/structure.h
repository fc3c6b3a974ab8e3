/* SPDX-License-Identifier: BSD-2-Clause */
/* Beginnings of file systems, tables and containers, in data that should be none. Pure. */
#ifndef SANITIZE_STRUCTURE_H
#define SANITIZE_STRUCTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name of the first that stands at a multiple of 512 bytes of data, which begins at byte off of the medium; NULL:
 * none. So much is compared of each that random bytes look like one less than once in 2^50 sectors. */
const char *structure_find(const uint8_t *data, size_t len, uint64_t off);
/* All bytes are the same. */
bool structure_is_blank(const uint8_t *data, size_t len);

#endif
