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
		{ "workers", 0, "N",                                                                                   \
			N_("at most N threads on a repository, 1 to 64; default: one a processor, as memory "          \
			   "allows") },                                                                                \
	{                                                                                                              \
		"memory", 0, "SIZE",                                                                                   \
			N_("how much memory a run may take, about: bytes, or with K, M, G;\n"                          \
			   "default: 100M")                                                                            \
	}

/* For commands that choose among snapshots; see place_filter. */
#define PLACE_FILTERS                                                                                          \
	{ "host", 0, "NAME", N_("only snapshots of this host; may be repeated: of one of them") },             \
		{ "path", 0, "PATH", N_("only snapshots of this source, an absolute path; may be repeated") }, \
	{                                                                                                      \
		"tag", 0, "TAG", N_("only snapshots with this tag; may be repeated")                           \
	}

/* Everything but the location: for commands that open several. */
int place_common(struct cli *cli, hz_repo_options *o);
/* Fills o, with the passphrase from cli. 0, or the exit code after saying what is missing. */
int place_options(struct cli *cli, hz_repo_options *o);
/* place_options, then opens a reader (HZ_NEED_*). *r is closed by the caller. */
int place_open(struct cli *cli, uint32_t need, hz_reader **r);
/* The filter that the options of PLACE_FILTERS make. 0, or the exit code after saying what is wrong. */
struct place_filter {
	struct strings hosts, paths, tags;
	hz_snapshot_filter filter;
};
int place_filter(struct cli *cli, struct place_filter *f);
void place_filter_release(struct place_filter *f);
#define AUTO_FILTER __attribute__((cleanup(place_filter_release)))
/* The snapshot of this name, among those that the filter lets through. */
int place_find_snapshot(struct cli *cli, hz_reader *r, const char *name, char id[HZ_ID_HEX]);
/* place_open, then resolves the name of a snapshot, among those that the filter lets through. */
int place_open_snapshot(struct cli *cli, uint32_t need, const char *name, hz_reader **r, char id[HZ_ID_HEX]);

static inline void place_close(hz_reader **r)
{
	hz_reader_close(*r);
	*r = NULL;
}
#define AUTO_READER __attribute__((cleanup(place_close)))

#endif
