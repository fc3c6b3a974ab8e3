/* SPDX-License-Identifier: BSD-2-Clause */
/* Between ring.c and its ways to the kernel. */
#ifndef BASE_RING_INTERNAL_H
#define BASE_RING_INTERNAL_H

#include "base/ring.h"
#include <sys/types.h>
#include <sys/uio.h>

struct ring_slot {
	uint8_t *data;
	enum ring_op op;
	bool busy;
	size_t len, done; /* of this request; a short transfer is continued */
	uint64_t off;
	struct iovec rest; /* what is asked for now */
};

struct ring_way {
	const char *name;
	/* Into *ret; HZ_E_UNSUPPORTED: not on this system. */
	int (*open)(void **ret, struct ring *r, hz_error **err);
	/* The rest of the slot. 0 or a negative errno. */
	int (*start)(void *way, struct ring *r, unsigned slot);
	/* 1: *slot is back with the bytes or the negative errno in *result; 0: none in time. */
	int (*next)(void *way, unsigned *slot, ssize_t *result, unsigned wait_ms, hz_error **err);
	void (*close)(void *way);
};
extern const struct ring_way ring_uring, ring_threads;

struct ring {
	struct ring_options o;
	const struct ring_way *way; /* NULL: calls */
	void *state;                /* the way's */
	uint8_t *memory;
	size_t memory_len;
	struct ring_slot slots[RING_DEPTH_MAX];
	/* Back already when they were started: by calls, and by faults. */
	struct ring_done ready[RING_DEPTH_MAX];
	unsigned n_ready, under_way; /* under_way: at the way */
};

#endif
