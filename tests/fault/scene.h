/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of this folder play on: a repository with two hosts, small sources, and a world (a folder with
 * everything that a host and the store keep) that can be copied, so that each case begins with the same one.
 *
 *	DIR/source.0 DIR/source.1     what is backed up; always at this place
 *	DIR/world/repo                the store
 *	DIR/world/state.H, cache.H    of host H
 *	DIR/world/keys/               writer.0 writer.1 reader admin
 *	DIR/was.N                     what the source of snapshot N was
 */
#ifndef FAULT_SCENE_H
#define FAULT_SCENE_H

#include "support/hzt.h"
#include "hozen.h"
#include <limits.h>

#define SCENE_HOSTS     2u
#define SCENE_SNAPSHOTS 16u

struct scene {
	char *dir, *world;
	char *source[SCENE_HOSTS];
	/* Every snapshot that was ever made, in whatever world. */
	char id[SCENE_SNAPSHOTS][HZ_ID_HEX];
	unsigned of[SCENE_SNAPSHOTS]; /* which source */
	unsigned n;
	/* A snapshot may be there that nobody was told of: it has to be what the source is. */
	bool may_be_new;
};

/* How much of a campaign is run: all or a seeded part, of the scenario of that name or (NULL) of each. */
struct scene_part {
	bool all;
	uint64_t seed;
	const char *only;
};

/* Where and as whom: a world's path, the name of the key ("writer.0"), the host, and which source it backs up. */
struct scene_at {
	const char *world;
	const char *key;
	unsigned host, source;
};

/* A repository without snapshots (keys too), or an empty world. */
struct scene *scene_new(bool with_repository);
void scene_free(struct scene *s);
/* Call first: reads "[--all] [--seed N] [--only NAME]", false on anything else; and readies the process: asserts hold
 * on any thread, memory is kept. */
bool scene_begin(struct scene_part *part, int argc, char **argv);
bool scene_is_wanted(const struct scene_part *part, const char *name);
/* "DIR/name" in memory that the 64th call after this one overwrites. */
const char *scene_path(const char *dir, const char *name);
/* Edits, adds and removes files of a source. */
void scene_change(const struct scene *s, unsigned source, uint64_t seed);

/* Options for calls of the library. */
hz_repo_options scene_options(const struct scene_at *at);
/* Backs the source up. */
int scene_create(const struct scene *s, const struct scene_at *at, hz_backup_result *res, hz_error **err);
/* Remembers a snapshot's source as it is now; its number. */
unsigned scene_remember(struct scene *s, unsigned source, const char id[HZ_ID_HEX]);
/* Restores it whole into target. */
int scene_restore(
	const struct scene_at *at, const char *id, const char *target, hz_restore_result *res, hz_error **err);

/* Each of these is true when all is well; otherwise why says what is not. */
/* Restored, the snapshot (its number in id) is what its source was; into a folder beside the world, removed again. */
bool scene_is_exact(const struct scene *s, const struct scene_at *at, unsigned snapshot, char why[400]);
/* Restored, the snapshot is what the source is now. */
bool scene_is_source(const struct scene *s, const struct scene_at *at, const char *id, char why[400]);
/* check --read-data finds nothing. */
bool scene_is_sound(const struct scene_at *at, char why[400]);
/* An object of a pair may be missing: the other one has all, and the next key command writes it again. */
bool scene_loses_nothing(const struct scene_at *at, char why[400]);
/* The listed snapshots are known, complete ones; must: a bit for each that has to be there. Each is exact. */
bool scene_snapshots_are_whole(const struct scene *s, const struct scene_at *at, unsigned must, char why[400]);
/* The host's next create succeeds without an alarm, and what it stored is what its source is. */
bool scene_goes_on(const struct scene *s, const struct scene_at *at, char why[400]);

#endif
