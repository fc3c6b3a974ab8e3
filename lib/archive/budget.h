/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much may go on at once, from what the machine and the caller give: pure arithmetic over a model of the memory
 * that a backup takes. A base; one pack being filled; a share of a pack for metadata; each pack on its way to the store
 * with its parity; and what each worker needs.
 */
#ifndef ARCHIVE_BUDGET_H
#define ARCHIVE_BUDGET_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

#define BUDGET_WORKERS_MAX 64u
#define BUDGET_PUTS_MAX    3u                    /* more packs under way at once do not fill a link better */
#define BUDGET_MEMORY      ((uint64_t)100 << 20) /* where the caller names none */

struct budget_limits {
	unsigned cores;
	uint32_t workers;   /* 0: one a core */
	uint64_t memory;    /* bytes; 0: BUDGET_MEMORY, or the least that is possible where that is more */
	uint64_t pack_size; /* of this repository */
	bool remote;        /* the store's requests have latency */
};

struct budget {
	unsigned workers; /* 1 at least */
	unsigned puts;    /* packs on their way to the store at once: 1 at least, and for a local store */
	uint64_t memory;
};

/* HZ_E_INVAL: less memory was named than one worker and one pack on its way take; the message says how much. */
int budget_make(struct budget *b, const struct budget_limits *l, hz_error **err);

#endif
