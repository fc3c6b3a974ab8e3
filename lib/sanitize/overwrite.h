/* SPDX-License-Identifier: BSD-2-Clause */
/* What the methods that overwrite need besides, and what they leave for those who verify. */
#ifndef SANITIZE_OVERWRITE_H
#define SANITIZE_OVERWRITE_H

#include "sanitize/engine.h"
#include "sanitize/method.h"

#define OVERWRITE_PASSES 2

struct overwrite {
	/* Sizes and bounds; from, checkpoint, progress and user are set by the method. */
	struct engine_options engine;
	/* overwrite-pattern: the first pass; the second is its complement. Length 0: 55 in hex. */
	uint8_t pattern[PATTERN_MAX];
	size_t pattern_len;
	/* To go on after a crash, as the journal has it: passes before `pass` are done, and of this one everything
	 * below `from`, but for what outcome->bad names. key and cipher: of overwrite-stream; the key is borrowed. */
	unsigned pass;
	uint64_t from;
	const struct secret *key;
	enum stream_cipher cipher;
	/* What the passes before this one could not write: also from the journal, and kept up to date by the method. It
	 * stays an exception of the whole, whatever a later pass can write there. */
	struct extents missed;
	/* Makes durable what a pass will write and what those before it missed, before its first write; not called for
	 * one that goes on. May be NULL, as may checkpoint: then nothing can be resumed. */
	int (*begin)(void *user, unsigned pass, const struct fill *f, const struct extents *missed, hz_error **err);
	int (*checkpoint)(void *user, unsigned pass, uint64_t durable, const struct outcome *o, hz_error **err);
	void *user;

	/* Set by the method: what the last pass that was begun writes. The key in it is own_key or the one above. */
	struct fill left;
	struct secret *own_key;
};
/* Frees what the method made, and missed. */
void overwrite_release(struct overwrite *w);

/* For the files of the methods: these passes, one after the other; the outcome is that of all of them. */
int overwrite_passes(struct method_run *m, const struct fill *fills, unsigned n, hz_error **err);
/* Through the whole medium in steps, by a call that the device may take as a hint. */
int overwrite_hint(
	struct method_run *m, int (*call)(struct link *l, uint64_t off, uint64_t len, hz_error **err), hz_error **err);

extern const struct method method_overwrite_stream, method_overwrite_zeros, method_overwrite_pattern, method_discard,
	method_write_zeroes;

#endif
