/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a writer remembers of a source's last tree, since it cannot read old trees: per folder the children's stat data
 * and complete encoded entries. One file per source in <cache>/<repository id>/<writer id>/, replaced whole; records
 * are written bottom up and checked by CRC-64. Losing it costs time only. Not part of the repository format.
 *
 *	header   "hzcache1", repository id, writer id, group, source key, base commit,
 *	         u64 offset of the root record, u64 CRC
 *	record   u32 length, payload, u64 CRC over both
 *	payload  u32 children, then each: blob name, stat data (60 bytes), u8 flags,
 *	         u64 record of a folder (0: none), blob encoded entry
 */
#ifndef ARCHIVE_CACHE_H
#define ARCHIVE_CACHE_H

#include "archive/entry.h"
#include "base/codec.h"

#define CACHE_RACY 1u /* changed so shortly before it was read that a later change might not show in its stat data */

struct cache_child {
	const uint8_t *name;
	uint32_t name_len;
	struct stat_sig sig;
	uint8_t flags;
	uint64_t record; /* of a folder */
	const uint8_t *entry;
	uint32_t entry_len;
};
/* One folder's record in memory. */
struct cache_dir {
	uint8_t *data;
	struct cache_child *children; /* ascending by name */
	uint32_t n;
};
void cache_dir_release(struct cache_dir *d);
const struct cache_child *cache_find(const struct cache_dir *d, const void *name, size_t len);

struct cache_key {
	struct uid repo, writer, group;
	struct id source;
};

/* Reading the old one. *base is the commit that it belongs to. A pending one is taken if is_ours says that its commit
 * was put. HZ_E_NOTFOUND: none, or not usable (never an error to the caller). */
struct cache_reader;
int cache_open(struct cache_reader **ret, struct id *base, uint64_t *root, const char *dir, const struct cache_key *key,
	bool (*is_ours)(void *user, const struct id *commit), void *user);
/* Thread-safe. A damaged record is HZ_E_CORRUPT: the folder is then read as new. */
int cache_read(const struct cache_reader *c, uint64_t record, struct cache_dir *d);
void cache_close(struct cache_reader *c);
DEFINE_AUTO(struct cache_reader, cache_close)

/* Writing the new one, under a temporary name until cache_commit. A failing cache never fails a backup: errors make it
 * vanish. */
struct cache_writer;
int cache_create(struct cache_writer **ret, const char *dir, const struct cache_key *key, hz_error **err);
/* Thread-safe. n children as encoded by cache_child_encode into payload; *record is its place (0 after any failure). */
void cache_child_encode(struct buf *payload, const struct cache_child *c);
uint64_t cache_write(struct cache_writer *w, uint32_t n, const struct buf *payload);
/* Before the commit is put: complete under "<source>.pending" with the commit's hash; after it: under its name. */
int cache_prepare(struct cache_writer *w, const struct id *commit, uint64_t root, hz_error **err);
void cache_commit(struct cache_writer *w);
/* How much the source held, for the next run's estimate; best effort. */
void cache_write_totals(const struct cache_writer *w, uint64_t files, uint64_t bytes);
/* Zeros when nobody knows. */
void cache_read_totals(uint64_t *files, uint64_t *bytes, const char *dir, const struct cache_key *key);
void cache_discard(struct cache_writer *w);
DEFINE_AUTO(struct cache_writer, cache_discard)

#endif
