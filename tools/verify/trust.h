/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom a command believes: --trust files, or else the pins of this host. */
#ifndef VERIFY_TRUST_H
#define VERIFY_TRUST_H

#include "common/cli.h"

#define TRUST_OPTION                                                                                          \
	{                                                                                                     \
		"trust", 0, "FILE",                                                                           \
			N_("believe the keys of this allowed_signers file, and no others; may be repeated;\n" \
			   "default: the keys that this host believes (its own)")                             \
	}

/* 0, or the exit code after saying what is wrong. */
int trust_open(struct cli *cli, hz_trust **trust);
static inline void trust_close(hz_trust **trust)
{
	hz_trust_free(*trust);
	*trust = NULL;
}
#define AUTO_TRUST __attribute__((cleanup(trust_close)))
/* "trusted", "unknown", "expired": the same in JSON and text. */
const char *trust_word(uint32_t signer);

#endif
