/* SPDX-License-Identifier: BSD-2-Clause */
/* Old data's turn: what is looked at on top of a sample, where the last run on this host stopped (hozen/check.h). */
#ifndef VERIFY_TURN_H
#define VERIFY_TURN_H

#include "common/cli.h"

#define TURN_OPTION                                                                                   \
	{                                                                                             \
		"turn", 0, "N", N_("with --seed: and the same in turn again, as that run printed it") \
	}

/* --turn, which goes with --seed. 0, or the exit code. */
int turn_option(struct cli *cli, bool has_seed, uint32_t *turn);
/* Where the turn goes on. What this host remembers may be lost: that is told, and it begins anew. */
void turn_begin(struct cli *cli, const hz_reader *r, uint32_t what, uint32_t *at);
/* Remembers where the next one goes on, or tells that it cannot. */
void turn_end(struct cli *cli, const hz_reader *r, uint32_t what, uint32_t at);
/* How many, and from where; null where there was no turn. */
void turn_json(hz_json *line, const char *count, uint64_t n, uint32_t from);
/* "<begin> --seed N [--turn N]" on a line. */
void turn_print(const char *begin, uint64_t seed, uint64_t n, uint32_t from);

#endif
