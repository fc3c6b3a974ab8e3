/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading side shared by snapshots, ls, restore, check: sessions, commits, and chunks by id. */
#ifndef ARCHIVE_READER_H
#define ARCHIVE_READER_H

#include "archive/index.h"
#include "archive/node.h"
#include "archive/pack.h"
#include "archive/repo.h"
#include <pthread.h>

/* One group that the key opens. */
struct reader_group {
	struct group keys;
	struct mac *content, *metadata; /* content NULL for a lister; mac_dup for other threads */
	struct index *index;            /* made at first use */
};

/* One commit name in the store. */
struct snap {
	struct session session; /* loaded (keys as far as ours) */
	struct commit commit;
	struct commit_body body;
	bool has_body; /* kind 1, and the key opens it */
	bool valid;    /* signatures, session and writer are fine, and not cut */
	bool forgotten;
	bool named; /* another commit names it as its parent */
	struct name name;
};

struct hz_reader {
	struct repo repo;
	struct reader_group *groups;
	size_t n_groups;
	struct snap *snaps; /* valid or not, in commit order: by start time, then id */
	size_t n_snaps;
	bool snaps_loaded;
	size_t snaps_damaged; /* how often something was wrong with some */
	char id_text[UID_HEX_LEN + 1];
	struct session *sessions; /* of packs, by need */
	size_t n_sessions;
	pthread_mutex_t lock; /* sessions, and the caches of reader_chunk */
	struct chunk_cache *cache;
};

/* Loads every commit once. Damaged ones are told to the sink; HZ_E_* only when the store fails. */
int reader_load_snaps(struct hz_reader *r, hz_error **err);
void reader_drop_snaps(struct hz_reader *r);
/* Valid, ours to open, and not forgotten. */
bool snap_is_listed(const struct snap *s);
/* By whole id; HZ_E_NOTFOUND. The snap is borrowed. Its session's group must be open: HZ_E_AUTH or HZ_E_CORRUPT
 * otherwise. */
int reader_snap(struct hz_reader *r, const char *id, struct snap **snap, struct reader_group **group, hz_error **err);
struct reader_group *reader_group(struct hz_reader *r, const struct uid *id);
/* The group's index, loaded at first use. Main thread only. */
int reader_index(struct hz_reader *r, struct reader_group *g, struct index **ix, hz_error **err);

/* Opens a pack and, of the tables of these roles, those that the key can read. Thread-safe. */
#define READER_META (1u << PACK_META)
#define READER_DATA (1u << PACK_DATA)
int reader_open_pack(
	struct pack **ret, struct hz_reader *r, const struct uid *uid, bool whole, unsigned roles, hz_error **err);
/* Opens tables of a pack that is open, as far as they are not. */
int reader_open_tables(struct hz_reader *r, struct pack *p, unsigned roles, hz_error **err);

/* The bytes of one metadata chunk, id recomputed; each pack that claims the id is tried. HZ_E_CORRUPT: no pack gives
 * it. The index must be loaded. Caches packs and frames; thread-safe, serialised. *data is the caller's. */
int reader_chunk(struct hz_reader *r, struct reader_group *g, enum pack_role role, uint8_t domain, const struct id *id,
	uint8_t **data, size_t *len, hz_error **err);
/* node_get_fn over reader_chunk: user is a struct reader_nodes. */
struct reader_nodes {
	struct hz_reader *r;
	struct reader_group *g;
};
int reader_get_node(void *user, enum node_kind kind, const struct id *id, uint8_t **data, size_t *len, hz_error **err);

/* Does these bytes' keyed hash equal id? */
bool chunk_id_matches(struct mac *m, uint8_t domain, const void *data, size_t len, const struct id *id);

/* The root entry of a snapshot, decoded into arena. */
int snap_root(struct entry *e, struct arena *a, const struct snap *s, hz_error **err);

#endif
