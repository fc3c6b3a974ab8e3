/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many large reads and writes under way on one descriptor: through io_uring, through threads where that is missing or
 * forbidden, or through calls of the owner's where there is no descriptor.
 *
 *	ring_new(&r, &options, err)
 *	ring_buffer(r, slot)                        fill it, or not
 *	ring_start(r, slot, RING_WRITE, len, off)   the slot is taken
 *	ring_next(r, &done, 1000, err)              it, or another one, is back
 *
 * Slots are numbered 0 to depth - 1; each has one buffer of its own, aligned to pages. One thread at a time.
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ring_op { RING_READ = 1, RING_WRITE = 2 };

#define RING_DEPTH_MAX 64u

struct ring_options {
	int fd;         /* borrowed; -1: run does it */
	unsigned depth; /* slots, 1 to RING_DEPTH_MAX */
	size_t bytes;   /* of each buffer */
	bool threads;   /* no io_uring */
	/* Without a descriptor: all of it, 0 or a negative errno. Called by ring_start. */
	int (*run)(void *user, enum ring_op op, void *data, size_t len, uint64_t off);
	void *user;
};
struct ring;

/* HZ_E_NOMEM; where io_uring cannot be had there are threads without a word: ring_kind tells. */
int ring_new(struct ring **ret, const struct ring_options *o, hz_error **err);
/* Waits for what is under way, wipes the buffers. */
void ring_free(struct ring *r);
DEFINE_AUTO(struct ring, ring_free)
/* "io_uring", "threads" or "calls". */
const char *ring_kind(const struct ring *r);

void *ring_buffer(struct ring *r, unsigned slot);
/* The slot must be free. Alignment is what the descriptor asks for. */
int ring_start(struct ring *r, unsigned slot, enum ring_op op, size_t len, uint64_t off, hz_error **err);

struct ring_done {
	unsigned slot;
	int error; /* 0: all of it; or an errno. ENXIO: nothing is there to read; ENOSPC: no room to write */
};
/* 1: one is back. 0: none within wait_ms, or none is under way. */
int ring_next(struct ring *r, struct ring_done *done, unsigned wait_ms, hz_error **err);

/* For tests: asked before each request. */
enum { RING_PASS = 0, RING_DROP = 1 };
/* RING_PASS, also with *off changed; RING_DROP: it succeeds and nothing is done; or a negative errno that it fails
 * with. NULL: no faults. Install before the first ring. */
typedef int (*ring_fault_fn)(void *user, enum ring_op op, void *data, size_t len, uint64_t *off);
void ring_install(ring_fault_fn fn, void *user);

#endif
