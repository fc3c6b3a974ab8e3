/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots and group keys (docs/format/keys.md). */
#ifndef ARCHIVE_KEYRING_H
#define ARCHIVE_KEYRING_H

#include "archive/admin.h"
#include "archive/chunker.h"

/* What a group secret, or its metadata half, derives. Keys that the holder has not are NULL. */
struct group {
	struct uid id;
	struct secret *content, *metadata, *index;
	uint8_t table[CHUNKER_TABLE_LEN]; /* zero without the whole secret */
};
void group_release(struct group *g);
int group_from_secret(
	struct group *g, unsigned suite, const struct uid *id, const struct secret *group_secret, hz_error **err);

/* keys/group.<uid>: signed by the admin's root key. */
int group_build(struct buf *out, struct uid *uid, struct id *hash, const struct repo_header *repo,
	const struct recipients *r, const struct uid *group, const struct secret *group_secret,
	const struct secret *root_seed, hz_error **err);
/* Every group of the log that the bundle can open. *groups is the caller's: group_release each, then free. A group
 * object that is missing or damaged is told to the sink and skipped: its snapshots will say so. One that the store
 * cannot read just now ends the call. */
int groups_load(struct group **groups, size_t *n, struct store *st, const struct admin_log *log,
	const struct bundle *key, const struct damage_sink *sink, hz_error **err);
/* The whole secret of one group (for --join); needs the data recipient's secret. */
int group_open_secret(struct secret **ret, struct store *st, const struct admin_log *log, const struct bundle *key,
	const struct uid *group, hz_error **err);

/* keys/slot.<uid>: the bundle under a passphrase. */
int slot_build(struct buf *out, struct uid *uid, struct id *hash, const struct bundle *b,
	const struct secret *passphrase, const struct secret *root_seed, hz_error **err);
struct slot_info {
	struct uid uid, key_id;
	uint8_t role;
	uint32_t mem_kib, passes;
};
/* Loads and verifies the slot that the log names. pass may be NULL: only info. HZ_E_AUTH: another passphrase. */
int slot_open(struct bundle **ret, struct slot_info *info, struct store *st, const struct admin_log *log,
	const struct key_info *k, const struct secret *pass, const struct damage_sink *sink, hz_error **err);

/* Is the bundle one of this repository, and does the log go on from what it knows? HZ_E_CORRUPT: swapped or rolled
 * back. */
int bundle_check(const struct bundle *b, const struct admin_log *log, hz_error **err);

#endif
