/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing and reading back a whole medium at its speed: many large requests under way, data made ahead of them, and the
 * areas that fail narrowed down to the sector after everything else is done.
 */
#ifndef SANITIZE_ENGINE_H
#define SANITIZE_ENGINE_H

#include "crypto/stream.h"
#include "device/link.h"
#include "sanitize/outcome.h"
#include "sanitize/plan.h"

/* What is written at each address. */
enum fill_kind {
	FILL_STREAM = 1, /* AES-256-CTR (ChaCha20 where the processor has no AES), the address is the counter */
	FILL_BYTES = 2   /* a pattern of 1 to 16 bytes, repeated from address 0 */
};
struct fill {
	enum fill_kind kind;
	const struct secret *key; /* stream: 32 bytes, new for each pass */
	uint8_t pattern[16];
	size_t pattern_len;
	enum stream_cipher cipher; /* stream; 0: stream_default() */
};
#define PATTERN_MAX 16
/* len bytes as they stand at off; off and len multiples of 512. Any number of threads at once, each with its own state.
 * HZ_E_INVAL: no such fill. */
struct filler;
int filler_new(struct filler **ret, const struct fill *f, hz_error **err);
/* 0, or HZ_E_INTERNAL: it could not be made, out is not what belongs there. */
int filler_make(struct filler *g, void *out, size_t len, uint64_t off);
/* Whether a buffer that was made for one multiple of step is right for every other. */
bool filler_repeats(const struct filler *g, size_t step);
void filler_free(struct filler *g);
DEFINE_AUTO(struct filler, filler_free)

struct engine_options {
	uint32_t request_bytes; /* 0: by the device, 1 to 4 MiB */
	uint32_t depth;         /* 0: by the device, 8 or more; 2 to 4 where it turns */
	bool no_uring;          /* for tests, and where it is forbidden */
	uint64_t from;          /* bytes that an earlier run made durable: start there */
	/* After each flush: everything below `durable` is on the medium but for o->bad. For the journal. */
	int (*checkpoint)(void *user, uint64_t durable, const struct outcome *o, hz_error **err);
	int (*progress)(void *user, uint64_t done, uint64_t total); /* non-zero: stop, HZ_E_CANCELED */
	void *user;
	uint64_t checkpoint_bytes; /* a flush after so many; 0: 8 GiB, or half a minute if that is earlier */
	unsigned lanes;            /* threads that make data and submit it; 0: by the processors */
	/* Bounds of what a failing medium may cost, in seconds; 0: ten minutes without one success end a pass, half an
	 * hour is spent on its bad areas, two minutes on one of them. What was not tried within them counts as bad. */
	uint32_t stall_s, mend_s, area_s;
};

/* One pass over all addressable sectors and a flush. What could not be written is in o->bad, exact to the sector, and
 * the state is OUTCOME_EXCEPTIONS, result 0. What is in o->bad before is tried again: a pass that continues knows it
 * from its journal. HZ_E_NOTFOUND: the device went away (OUTCOME_LOST). HZ_E_IO: the flush failed, nothing could be
 * written at all, or the pass was given up (OUTCOME_FAILED). HZ_E_CANCELED, and what checkpoint returns: stopped in
 * between (OUTCOME_RUNNING). In every case o says what is known. */
int engine_write(
	struct link *l, const struct fill *f, const struct engine_options *eo, struct outcome *o, hz_error **err);

struct check {
	uint64_t sectors; /* read and compared */
	struct extents mismatched, unreadable;
	bool stopped_early;
};
void check_release(struct check *c);
/* Every sector from eo->from on, past all caches of this system. 0 also when something differs: c says what.
 * first_only: stops at the first mismatch; so does a list that outgrows its bound. HZ_E_NOTFOUND: the device went away;
 * HZ_E_CANCELED; HZ_E_IO: given up. */
int engine_verify(struct link *l, const struct fill *f, bool first_only, const struct engine_options *eo,
	struct check *c, hz_error **err);

/* SP 800-88r1 4.7: places to look at, from a seed of 32 bytes; docs/erase/sampling.md has the algorithm for others to
 * repeat. */
#define SAMPLE_SEED_LEN 32
struct sample {
	uint64_t lba, count;
};
struct samples {
	struct sample *at;
	size_t n;
	uint64_t sectors, subsections;
	bool everything; /* the medium is too small to sample: one sample, all of it */
};
int samples_make(struct samples *s, const uint8_t seed[SAMPLE_SEED_LEN], uint64_t sectors, uint32_t logical_sector,
	uint32_t physical_sector, hz_error **err);
void samples_release(struct samples *s);
int engine_verify_samples(struct link *l, const struct fill *f, const struct samples *s,
	const struct engine_options *eo, struct check *c, hz_error **err);

/* Before and after: keyed hashes of the samples only, in locked memory; the plaintext is never kept. */
struct change;
/* s is copied. */
int change_before(
	struct change **ret, struct link *l, const struct samples *s, const struct engine_options *eo, hz_error **err);
struct changed {
	uint64_t samples; /* all */
	uint64_t compared,
		changed; /* read whole before and after, with pieces to tell apart; none of these is the same */
	uint64_t same, unreadable_before, unreadable_after, blank_before; /* samples; blank: all bytes equal */
	uint64_t known_structure; /* after: samples in which a signature of a file system or table was found */
	uint64_t sectors;         /* of the pieces that were compared */
};
/* Every sample was compared, is another now, and shows nothing known: less proves nothing of the places that were asked
 * for (SP 800-88r1 4.7). */
bool changed_passes(const struct changed *c);
int change_after(
	struct change *c, struct link *l, const struct engine_options *eo, struct changed *out, hz_error **err);
void change_free(struct change *c);
DEFINE_AUTO(struct change, change_free)

#endif
