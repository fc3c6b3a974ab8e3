/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going over ranges of a medium with many requests under way: what writing, reading back and sampling have in common.
 * Lanes are threads with a ring and a generator of data of their own; they take the next part of the ranges until none
 * is left. A part that fails is put aside and everything else goes on; mend_areas() deals with what was put aside.
 * The caller's thread waits, reports progress and makes checkpoints.
 */
#ifndef SANITIZE_SWEEP_H
#define SANITIZE_SWEEP_H

#include "base/ring.h"
#include "crypto/suite.h"
#include "sanitize/engine.h"
#include "sanitize/extents.h"
#include <pthread.h>

#define LANES_MAX 8u
#define EXPECT    ((size_t)32 << 10) /* compared at a time: what was made is still in the cache */

struct chunk {
	uint64_t off, at; /* on the medium; from the beginning of its range */
	size_t len, range;
	bool taken;
};

struct sweep;
struct lane {
	struct sweep *s;
	struct ring *ring; /* NULL while areas are mended */
	struct filler *filler;
	struct mac *mac;
	uint8_t *expect; /* EXPECT bytes */
	struct chunk chunk[RING_DEPTH_MAX];
	bool filled[RING_DEPTH_MAX];
	size_t filled_len[RING_DEPTH_MAX];
};

struct sweep {
	/* Set by the caller. */
	struct link *link;
	const struct engine_options *eo;
	enum ring_op op;
	const struct fill *fill; /* NULL: nothing is made */
	const struct mac *mac;   /* NULL: none; each lane has a copy */
	const struct sample *ranges;
	size_t n_ranges;
	size_t piece;      /* requests end at multiples of it from the beginning of their range; 0: anywhere */
	struct outcome *o; /* writing: for checkpoints */
	/* Reading: what stands at c. On the lane's thread. */
	int (*got)(struct lane *l, const struct chunk *c, const uint8_t *data, hz_error **err);
	void *user;

	/* By sweep_open. */
	uint32_t sector;
	size_t request;
	unsigned depth, lanes;
	uint64_t total;
	struct lane lane[LANES_MAX];

	pthread_mutex_t calls; /* the link has no descriptor: one call at a time */
	pthread_mutex_t mutex; /* of everything below */
	size_t range;
	uint64_t at; /* the next part */
	uint64_t done;
	struct extents failed; /* as put aside; then what mend_areas left */
	uint64_t n_failed, n_good, last_good_ns;
	unsigned in_a_row;
	bool stop; /* no more parts */
	bool lost, gave_up, may_be_lost, flush_failed;
	int last_error;
	/* Of the caller's thread. */
	uint64_t looked, checkpoint_at, checkpoint_ns;
	hz_error *tick_err;
};

int sweep_open(struct sweep *s, hz_error **err);
/* 0: every part was tried, or stop, lost or gave_up says why not. */
int sweep_run(struct sweep *s, hz_error **err);
/* Everything below is on the medium, but for what failed. */
uint64_t sweep_low(struct sweep *s);
void sweep_release(struct sweep *s);
/* Looks whether the device is still the one that was opened. */
bool sweep_is_lost(struct sweep *s);
/* The link's flush, and what it says. */
int sweep_flush(struct sweep *s, hz_error **err);

/* Tries what is in failed again, halving it down to the sector; what remains is in failed. */
int mend_areas(struct sweep *s, hz_error **err);

int lane_open(struct lane *l, struct sweep *s, hz_error **err);
void lane_close(struct lane *l);

/* For got: compares with what belongs there and collects in the sweep's check. */
struct compare {
	struct check *c;
	bool first_only;
};
int compare_got(struct lane *l, const struct chunk *c, const uint8_t *data, hz_error **err);

#endif
