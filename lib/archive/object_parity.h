/* SPDX-License-Identifier: BSD-2-Clause */
/* The P and Q blocks of the container (docs/format/container.md, "Stripes"): one stripe at a time, payloads where they
 * lie. */
#ifndef ARCHIVE_OBJECT_PARITY_H
#define ARCHIVE_OBJECT_PARITY_H

#include "archive/object.h"

/* Where the payloads of an object of n blocks lie: data block i at data + i * data_stride, the i-th parity block (P
 * first, then Q) at parity + i * parity_stride. Block i, of whatever kind, belongs to stripe i mod stripes. */
struct object_layout {
	uint32_t n;
	uint32_t stripes;
	uint32_t data_blocks;
	uint8_t *data;
	size_t data_stride;
	uint8_t *parity;
	size_t parity_stride;
};

/* n must be at least OBJECT_BLOCKS_MIN. */
struct object_layout object_layout_of(
	uint32_t n, uint8_t *data, size_t data_stride, uint8_t *parity, size_t parity_stride);
/* The payload of block i, data or parity. */
uint8_t *object_layout_block(const struct object_layout *l, uint32_t i);

/* Coefficients of one stripe length, kept between stripes. */
struct object_parity {
	uint32_t k; /* data blocks of a stripe; 0: none prepared */
	uint8_t tables[OBJECT_STRIPE * 2 * 32];
};
#define OBJECT_PARITY_INIT \
	{                  \
		.k = 0     \
	}

/* Computes P and Q of a stripe from its data blocks. */
void object_parity_encode(struct object_parity *e, const struct object_layout *l, uint32_t stripe);
/* Rebuilds the blocks of a stripe for which bad[block number] is set and compares the rest with what was rebuilt. False
 * when more than two are bad or the good ones contradict each other; contents of the bad blocks are then undefined. */
bool object_parity_mend(struct object_parity *e, const struct object_layout *l, uint32_t stripe, const bool *bad);

#endif
