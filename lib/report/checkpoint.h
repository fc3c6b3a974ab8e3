/* SPDX-License-Identifier: BSD-2-Clause */
/* The signed head of a log: a C2SP tlog-checkpoint in a C2SP signed note (docs/evidence). */
#ifndef REPORT_CHECKPOINT_H
#define REPORT_CHECKPOINT_H

#include "base/buf.h"
#include "crypto/seal.h"

#define CHECKPOINT_MAX    4096
#define CHECKPOINT_ORIGIN (10 + ID_HEX_LEN + 1) /* with NUL */

struct checkpoint {
	char origin[CHECKPOINT_ORIGIN]; /* names log and key */
	uint64_t size;
	struct id root;
};

/* "hozen.log/" and the key's hash. */
void checkpoint_origin(char out[CHECKPOINT_ORIGIN], const uint8_t pub[SIGN_PUB_LEN]);
/* Appends the note, signed. c->origin is set. */
int checkpoint_make(struct buf *out, struct checkpoint *c, const struct secret *seed, hz_error **err);
/* What it says, whoever signed it; more than one signature (witnesses) and lines behind the root are taken.
 * HZ_E_CORRUPT: no checkpoint of a log of hozen. */
int checkpoint_parse(struct checkpoint *c, const char *text, size_t len, hz_error **err);
/* Parses, and verifies that this key signed it as that log's own. HZ_E_CORRUPT. */
int checkpoint_check(
	struct checkpoint *c, const uint8_t pub[SIGN_PUB_LEN], const char *text, size_t len, hz_error **err);

#endif
