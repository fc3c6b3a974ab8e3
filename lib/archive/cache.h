/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a writer remembers of a source's last tree, since it cannot read old trees: per folder the children's stat data
 * and complete encoded entries. One file per source in <cache>/<repository id>/<writer id>/, replaced whole; records
 * are written bottom up and checked by CRC-64. Losing it costs time only. Not part of the repository format.
 *
 *	header   "hzcache2", repository id, writer id, group, source key, base commit,
 *	         u64 offset of the root record, u64 CRC
 *	record   u32 length, payload, u64 CRC over both
 *	payload  u8 1 (a slice), u32 children, then each: blob name, stat data (60 bytes), u8 flags,
 *	         u64 record of a folder (0: none), blob encoded entry
 *	     or  u8 2 (a list), u32 slices, then each: u64 its record
 *
 * A folder's record is one slice, or a list of slices when it has more children than are held at once. Names ascend
 * within a slice and from each to the next, so that a folder is read in step with its sorted names, a slice at a time.
 */
#ifndef ARCHIVE_CACHE_H
#define ARCHIVE_CACHE_H

#include "archive/entry.h"
#include "base/codec.h"

#define CACHE_RACY 1u /* changed so shortly before it was read that a later change might not show in its stat data */

struct cache_child {
	const uint8_t *name;
	uint32_t name_len;
	uint32_t entry_len;
	struct stat_sig sig;
	uint64_t record; /* of a folder */
	const uint8_t *entry;
	uint8_t flags;
};

struct cache_key {
	struct uid repo, writer, group;
	struct id source;
};

/* Reading the old one. *base is the commit that it belongs to. A pending one is taken if is_ours says that its commit
 * was put. HZ_E_NOTFOUND: none, or not usable (never an error to the caller). */
struct cache_reader;
int cache_open(struct cache_reader **ret, struct id *base, uint64_t *root, const char *dir, const struct cache_key *key,
	bool (*is_ours)(void *user, const struct id *commit), void *user);
void cache_close(struct cache_reader *c);
DEFINE_AUTO(struct cache_reader, cache_close)

/* One folder, its children in order. Each of them is read once; one thread at a time, any number of folders. */
struct cache_slice;
struct cache_folder {
	const struct cache_reader *c;
	struct cache_slice *slice; /* in reading; behind it those that somebody may still borrow from */
	unsigned held;             /* slices in memory */
	uint32_t at;               /* the next child of the slice */
	uint8_t *list;
	uint32_t n_list, at_list; /* slices; the next one */
	bool gaps;                /* children were passed over */
	bool failed;              /* the rest is damaged */
};
/* A damaged record is HZ_E_CORRUPT: the folder is then read as new. */
int cache_folder_open(struct cache_folder *f, const struct cache_reader *c, uint64_t record);
/* The child of that name, or NULL; names ascend from call to call. Borrowed until cache_folder_forget. Damage further
 * on shows as children that are not there, and in failed. */
const struct cache_child *cache_folder_find(struct cache_folder *f, const char *name, size_t len);
/* The next child, borrowed until the next call; NULL at the end or before what is damaged. */
const struct cache_child *cache_folder_next(struct cache_folder *f);
/* Every child was found or passed over, and none was damaged. */
bool cache_folder_is_at_end(struct cache_folder *f);
/* Nothing is borrowed any more. */
void cache_folder_forget(struct cache_folder *f);
void cache_folder_close(struct cache_folder *f);

/* Writing the new one, under a temporary name until cache_commit. A failing cache never fails a backup: errors make it
 * vanish. */
struct cache_writer;
int cache_create(struct cache_writer **ret, const char *dir, const struct cache_key *key, hz_error **err);

/* A slice in the making. To be zeroed, used for any number of slices one after the other, and released. */
struct cache_out {
	struct buf b;
	uint32_t n;
	bool bad;
};
void cache_out_add(struct cache_out *o, const struct cache_child *c);
/* Adds one that was read, as its bytes are. */
void cache_out_copy(struct cache_out *o, const struct cache_child *c);
/* It must be ended before another child is added. */
bool cache_out_is_full(const struct cache_out *o);
void cache_out_release(struct cache_out *o);

/* A folder in the making: the slices so far. To be zeroed, and ended or released. */
struct cache_record {
	uint64_t first;
	uint32_t n;
	struct buf list;
};
/* Both are thread-safe. Ends the slice, if there is anything in it; the next one begins. */
void cache_write_slice(struct cache_writer *w, struct cache_record *r, struct cache_out *o);
/* The folder's place; 0 after any failure. */
uint64_t cache_write_folder(struct cache_writer *w, struct cache_record *r);
void cache_record_release(struct cache_record *r);

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
