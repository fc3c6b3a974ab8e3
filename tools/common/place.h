/* SPDX-License-Identifier: BSD-2-Clause */
/* Repository, key file, state and cache, from options and environment. */
#ifndef COMMON_PLACE_H
#define COMMON_PLACE_H

#include "common/cli.h"

/* For the globals of a tool that works on repositories. */
#define PLACE_OPTIONS                                                                                                  \
	{ "repo", 0, "DIR", N_("the repository (HOZEN_REPO)") },                                                       \
		{ "key-file", 0, "FILE",                                                                               \
			N_("a key file of any role (HOZEN_KEY_FILE); default: /etc/hozen/<repository id>/writer.key\n" \
			   "as root, $XDG_CONFIG_HOME/hozen/<repository id>/writer.key otherwise") },                  \
		{ "passphrase-fd", 0, "N", N_("read the passphrase from descriptor N, before all other ways") },       \
		{ "workers", 0, "N", N_("at most N threads, 1 to 64; default: one a processor, as memory allows") },   \
	{                                                                                                              \
		"memory", 0, "SIZE",                                                                                   \
			N_("how much memory a run may take, about: bytes, or with K, M, G;\n"                          \
			   "default: 100M")                                                                            \
	}

/* Fills o, with the passphrase from cli. 0, or the exit code after saying what is missing. */
int place_options(struct cli *cli, hz_repo_options *o);
/* place_options, then opens a reader (HZ_NEED_*). *r is closed by the caller. */
int place_open(struct cli *cli, uint32_t need, hz_reader **r);
/* place_open, then resolves the name of a snapshot. */
int place_open_snapshot(struct cli *cli, uint32_t need, const char *name, hz_reader **r, char id[HZ_ID_HEX]);

static inline void place_close(hz_reader **r)
{
	hz_reader_close(*r);
	*r = NULL;
}
#define AUTO_READER __attribute__((cleanup(place_close)))

#endif
