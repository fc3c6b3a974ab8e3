/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by scan.c (the walk), scan_dir.c (folders), scan_list.c (their names), scan_slice.c (their children),
 * scan_file.c (small files), scan_large.c (large ones). */
#ifndef ARCHIVE_SCAN_INTERNAL_H
#define ARCHIVE_SCAN_INTERNAL_H

#include "archive/scan.h"

enum { CLASS_DIR = 0, CLASS_FILES = 1, CLASS_CHUNK = 2 };
#define READ_TRIES 3u

struct scan_worker {
	struct arena *arena;
	struct buf data, encoded, path;
	struct cache_out out;
};

struct scan {
	struct scan_options o;
	struct scan_result *r;
	struct owner_names *names;
	struct scan_worker *w;
	unsigned workers;
	pthread_mutex_t error_lock;
	size_t piece_bytes; /* atomic: see scan_large.c */
	pthread_mutex_t spare_lock;
	struct piece *spare; /* that will be used again */
	size_t spare_bytes;
	struct scan_dir *root;
	struct cache_folder above; /* what holds the root in the cache */
	const struct cache_child *root_cached;
};

/* The names in a folder, one after the other: u8 type (DT_*), the name, NUL. */
struct scan_names {
	struct buf b;
	uint32_t *at; /* where each begins; ascending by name once the list is complete */
	uint32_t n, cap;
};
int names_add(struct scan_names *v, const char *name, unsigned char type);
/* Brings them into order. A name that is there twice stays once, its type unknown if there are two. */
void names_sort(struct scan_names *v);
void names_release(struct scan_names *v);

static inline const char *names_get(const struct scan_names *v, uint32_t i)
{
	return (const char *)v->b.data + v->at[i];
}
static inline unsigned char names_type(const struct scan_names *v, uint32_t i)
{
	return v->b.data[v->at[i] - 1];
}

struct scan_child {
	const char *name; /* in the folder's names */
	struct source_stat st;
	const struct source_node *node; /* it, or something below, was asked for by name */
	const struct cache_child *cached;
	uint8_t *entry; /* encoded; NULL: left out */
	uint32_t entry_len;
	uint32_t name_len;
	uint64_t record;
	uint8_t flags; /* CACHE_* */
	bool borrowed; /* entry belongs to the folder's cached record */
	bool from_slash;
	bool is_dir; /* a started folder owns st, entry and record until it is done */
	bool has_stat;
	bool is_special; /* a block device that is read like a file */
};

/*
 * A folder is worked through in slices of its sorted names: only those of one slice are children in memory. When all of
 * a slice is done its entries go to the folder's list and to the cache, and the next slice begins; so a task of a child
 * runs while its slice is the folder's children.
 */
struct scan_dir {
	struct scan_dir *parent;
	uint32_t slot;                  /* in the parent's children */
	const struct source_node *node; /* as of the child that it is; NULL: list all of it */
	int fd, slash_fd;               /* slash_fd: "/", for the root of absolute paths */
	int fd_refs;                    /* atomic; one is the folder's own until its last slice has begun */
	int pending;                    /* atomic */
	bool unreadable, partial, has_cached, has_entry;
	bool left_out; /* it vanished since its parent was listed, or does not count: no entry */
	struct cache_folder cached;
	struct scan_names names;
	uint32_t next;                       /* the first name of the next slice */
	const struct source_node *next_node; /* the first one asked for that is not below next */
	struct scan_child *children;         /* the slice */
	uint32_t n, limit;
	struct arena *arena; /* own attributes */
	struct entry entry;
	struct source_stat st;
	uint64_t root_dev;

	/* The list. As long as it is what the base has nothing is written, and it is referred to in the end. */
	bool is_same;
	uint64_t listed; /* entries in the slices that are done */
	struct list_ref old_tree;
	bool has_old_tree;
	struct node_user {
		struct scan *s;
		unsigned worker;
	} user;
	struct node_builder *list;
	struct cache_record record;
};

/* The folder in the cache, or NULL. */
static inline const struct cache_child *dir_cached(const struct scan *s, const struct scan_dir *d)
{
	return d->parent ? d->parent->children[d->slot].cached : s->root_cached;
}

static inline void bump(uint64_t *counter, uint64_t by)
{
	(void)__atomic_add_fetch(counter, by, __ATOMIC_RELAXED);
}

/* Before anything else, and after all; scan_end also after a failure of scan_begin. scan_wait: until the pool is idle.
 */
int scan_begin(struct scan *s, const struct scan_options *o, struct scan_result *r, hz_error **err);
int scan_wait(struct scan *s, hz_error **err);
void scan_end(struct scan *s);

/* Adds to the snapshot's error list and to the job's events. kind: enum source_error. dir's path and name make the
 * path; name may be NULL. */
void scan_error(
	struct scan *s, uint8_t kind, const struct scan_dir *dir, const char *name, const char *what, int errnum);
/* The stored path into buf. */
int scan_path(struct buf *b, const struct scan_dir *dir, const char *name);
int dir_fd_of(const struct scan_dir *d, const struct scan_child *c);

/* Takes the encoded form of e as the child's entry. */
int child_set_entry(struct scan *s, unsigned worker, struct scan_child *c, const struct entry *e, hz_error **err);
/* Links of one inode share a keyed hash. */
void entry_set_hardlink(
	struct scan *s, unsigned worker, struct entry *e, struct scan_dir *d, const struct scan_child *c);
/* Content lists: inline or as nodes. */
int entry_set_chunks(
	struct scan *s, unsigned worker, struct entry *e, const struct chunk_ref *refs, size_t n, hz_error **err);
int entry_set_extents(
	struct scan *s, unsigned worker, struct entry *e, const struct extent *x, size_t n, hz_error **err);
int scan_put_node(void *user, enum node_kind kind, const uint8_t *data, size_t len, struct id *id, hz_error **err);

/* Data extents of an open file with holes, by SEEK_DATA. *n = 0 and *whole when all of it is data. 0 or an errno. */
int file_extents(struct extent **x, size_t *n, bool *whole, int fd, uint64_t size);
/* Opens a file of the folder for reading; -1 with errno. */
int file_open(const struct scan_dir *d, const struct scan_child *c);
/* Its stat; of a block device that is read like a file, that of such a file. 0 or an errno; ESTALE: it is no file. */
int file_stat(struct source_stat *st, const struct scan_child *c, int fd);

/* One thing of a folder is done; the last one ends the folder, and so on upwards. */
int dir_done(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err);
void dir_fd_release(struct scan_dir *d);
/* Instead of dir_done, when the walk is stopped. */
void dir_abandon(struct scan_dir *d);
/* The folder's task. */
int dir_run(void *arg, unsigned worker, hz_error **err);
int dir_submit(struct scan *s, struct scan_dir *d, hz_error **err);
struct dir_task {
	struct scan *s;
	struct scan_dir *d;
};

/* scan_list.c: the names of a folder, those that were asked for among them. */
int dir_list_nodes(struct scan_dir *d, hz_error **err);
int dir_list_all(struct scan *s, struct scan_dir *d, hz_error **err);
int subdir_start(struct scan *s, struct scan_dir *d, uint32_t slot, hz_error **err);

/* scan_slice.c: makes the next names the children, and starts all that count. */
int slice_start(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err);
/* All of them are done: they go to the list and to the cache. */
int slice_end(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err);
void slice_free(struct scan_dir *d);
static inline bool slice_is_last(const struct scan_dir *d)
{
	return d->next == d->names.n;
}
bool is_racy(const struct scan *s, const struct stat_sig *sig);

/* Files first..first+n-1 of the folder's list of files to read. */
int files_submit(
	struct scan *s, unsigned worker, struct scan_dir *d, const uint32_t *slots, uint32_t n, hz_error **err);
/* Everything that is neither file nor folder. */
int other_read(struct scan *s, unsigned worker, struct scan_dir *d, struct scan_child *c, hz_error **err);
/* Takes over fd. dir_done is called for it later. */
int large_start(struct scan *s, unsigned worker, struct scan_dir *d, uint32_t slot, int fd, hz_error **err);
/* What was kept for chunks; no task runs any more. */
void large_release(struct scan *s);

#endif
