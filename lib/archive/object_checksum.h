/* SPDX-License-Identifier: BSD-2-Clause */
/* The checksum of a block, and what making and reading the container share. */
#ifndef ARCHIVE_OBJECT_CHECKSUM_H
#define ARCHIVE_OBJECT_CHECKSUM_H

#include "archive/object.h"

/* The name's share of every checksum is computed once. */
struct object_checksum {
	uint64_t prefix;
	uint32_t n;
};
struct object_checksum object_checksum_of(const char *name, uint32_t n);
uint64_t object_checksum_block(const struct object_checksum *c, uint32_t index, const uint8_t *payload);

/* Our magic, but a later container version: to be asked of bytes that could not be verified. */
bool object_header_is_later(const uint8_t in[OBJECT_HEADER]);

#endif
