/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sample says of the whole. Binomial, as if drawn with putting back: of a finite whole that is on the safe side.
 */
#ifndef VERIFY_CONFIDENCE_H
#define VERIFY_CONFIDENCE_H

#include "common/cli.h"

/* Both in percent. */
struct confidence {
	double confidence;
	double bad; /* 0: not asked for; what the sample shows is computed */
};
#define CONFIDENCE_INIT   \
	{                 \
		99.0, 0.0 \
	}

/* The smallest number to be looked at, none being bad, that shows it. bad is given. */
uint64_t confidence_needed(const struct confidence *c);

#define CONFIDENCE_TEXT 200
/* "459 of 80214 packs, none bad: with 99 % confidence fewer than 1 % are bad". of: all there are; bad: of the n. In
 * English, as a record and JSON have it, or for_people in their language. */
void confidence_sentence(char out[CONFIDENCE_TEXT], const struct confidence *c, uint64_t n, uint64_t of, uint64_t bad,
	const char *what, bool for_people);

/* --confidence and --bad. 0, or the exit code after saying what is wrong. */
int confidence_options(struct cli *cli, struct confidence *c);

#endif
