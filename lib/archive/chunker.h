/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Content-defined chunking (docs/format/chunker.md): Gear over a keyed table, decisions on the high bits, minimum
 * skipped, two masks around the normal size (normalised chunking after FastCDC, Xia et al., USENIX ATC 2016 and IEEE
 * TPDS 2020). Pure: bytes in, length out.
 */
#ifndef ARCHIVE_CHUNKER_H
#define ARCHIVE_CHUNKER_H

#include <stddef.h>
#include <stdint.h>

struct chunker {
	uint64_t gear[256];
	size_t min, normal, max;
	uint64_t mask_hard; /* before normal: more bits */
	uint64_t mask_easy; /* after normal: fewer bits */
};

/* Profiles: 1 = 512 KiB / 1 MiB / 8 MiB, 2 = small, 16 / 64 / 256 KiB, 3 = fixed 1 MiB. -1 for any other. table: 2048
 * bytes, 256 little-endian words (the caller derives them from the group secret). */
#define CHUNKER_DEFAULT   1u
#define CHUNKER_SMALL     2u
#define CHUNKER_FIXED     3u
#define CHUNKER_TABLE_LEN 2048u
int chunker_init(struct chunker *c, unsigned profile, const uint8_t table[CHUNKER_TABLE_LEN]);

/* Length of the first chunk of data: 1..len. Unless last is true, data must hold at least max bytes. */
size_t chunker_cut(const struct chunker *c, const uint8_t *data, size_t len);

#endif
