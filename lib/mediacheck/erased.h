/* SPDX-License-Identifier: BSD-2-Clause */
/* What a record of the kind "sanitize" says of the medium: which it is, and what should stand on it. */
#ifndef MEDIACHECK_ERASED_H
#define MEDIACHECK_ERASED_H

#include "mediacheck/expected.h"
#include "mediacheck/spots.h"
#include <stdbool.h>

#define ERASED_STEPS_MAX 64u
#define ERASED_BAD_MAX   ((size_t)65536)

struct erased {
	/* The device; empty: it had none. */
	char serial[64], wwn[80], model[64];
	uint64_t bytes;
	uint32_t logical, physical;
	char level[16];
	/* Of the last step that changed something: nothing after it wrote. */
	char method[64], state[32];
	bool certified;   /* true of it: the goal was reached and verified */
	bool has_content; /* it says what should stand there */
	struct expected_of content;
	bool has_seed;
	uint8_t seed[32];
	char verified[16]; /* "full", "sampled", "change"; empty: not */
	struct spot *bad;  /* what it names as not written, sorted */
	size_t n_bad;
};
/* The verified text of a record. HZ_E_CORRUPT: none by docs/evidence, or its result is not what it should be.
 * HZ_E_INVAL: of another kind. *e is the caller's to release on success. */
int erased_read(struct erased *e, const char *text, size_t len, hz_error **err);
void erased_release(struct erased *e);
bool erased_is_bad(const struct erased *e, uint64_t lba);

#endif
