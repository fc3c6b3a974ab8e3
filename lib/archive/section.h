/* SPDX-License-Identifier: BSD-2-Clause */
/* Sections: le16 tag, le32 length, bytes (docs/format/container.md). The one way to put fields into objects and
 * bundles. */
#ifndef ARCHIVE_SECTION_H
#define ARCHIVE_SECTION_H

#include "base/buf.h"
#include "base/codec.h"
#include "base/error.h"

#define SECTION_IGNORABLE 0x8000u
#define SECTION_UNSIGNED  0x4000u

struct section {
	uint16_t tag;
	const uint8_t *data;
	size_t len;
};

/* Appends one. -1 when memory is out. */
int section_put(struct buf *b, uint16_t tag, const void *data, size_t len);
/* Appends the head of a section whose len bytes follow. */
int section_head(struct buf *b, uint16_t tag, size_t len);

/* Splits data into at most max sections; order and uniqueness as the spec says, tags checked against the known list of
 * n tags (unknown and not ignorable: HZ_E_TOONEW). *count: how many; *signed_len: bytes of the signed sections, which
 * come first. HZ_E_CORRUPT otherwise. */
int sections_parse(struct section *out, size_t max, size_t *count, size_t *signed_len, const uint16_t *known,
	size_t n_known, const uint8_t *data, size_t len, const char *what, hz_error **err);
/* By tag, or NULL. */
const struct section *section_find(const struct section *s, size_t count, uint16_t tag);
/* A reader of a section that must be there (bad when it is not). */
struct dec section_dec(const struct section *s, size_t count, uint16_t tag);

#endif
