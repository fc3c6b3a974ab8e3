/* SPDX-License-Identifier: BSD-2-Clause */
/* docs/erase/sampling.md for the second time, for those who check: written from that page, and compared with the first.
 */
#ifndef MEDIACHECK_SPOTS_H
#define MEDIACHECK_SPOTS_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

struct spot {
	uint64_t first, end; /* logical sectors, half-open */
};
/* *list is the caller's, to be freed. HZ_E_INVAL: no medium; HZ_E_NOMEM. */
int spots_draw(struct spot **list, size_t *n, const uint8_t seed[32], uint64_t sectors, uint32_t logical,
	uint32_t physical, hz_error **err);

#endif
