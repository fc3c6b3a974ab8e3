/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking what a snapshot holds, and finding a path in it. One open list a level of folders, on the heap: no depth is
 * too deep, and memory does not grow with the number of entries. */
#ifndef ARCHIVE_TREE_H
#define ARCHIVE_TREE_H

#include "archive/reader.h"
#include "hozen/snapshot.h"

/* A folder that is open. */
struct tree_level {
	struct node_walk *walk;
	size_t path_len;  /* of the folder */
	struct id root;   /* of its list */
	uint64_t mark[2]; /* the caller's; 0 at first */
};
struct tree {
	struct hz_reader *r;
	struct snap *snap;
	struct reader_nodes nodes;
	struct arena *arena; /* of the entry at hand */
	struct buf path;     /* of the entry at hand; a NUL follows it, uncounted */
	struct tree_level *levels;
	size_t depth, cap;
	struct tree_level left; /* after TREE_LEFT; its walk is gone */
	uint64_t broken;        /* nodes and entries of lists that could not be read; each was an event */
};

/* The snapshot of this whole id. t is zeroed first; tree_release it also after a failure. The reader's job must be set.
 */
int tree_open(struct tree *t, struct hz_reader *r, const char *id, hz_error **err);
void tree_release(struct tree *t);
/* The entry of a path ("" or NULL: the root), good until the next call; its path is in t then. HZ_E_NOTFOUND;
 * HZ_E_INVAL: "..". */
int tree_find(struct tree *t, struct entry *e, const char *path, hz_error **err);
/* What is in this folder comes next. Nothing comes of what is no folder, or an empty one: then *entered (may be NULL)
 * is false. */
int tree_enter(struct tree *t, const struct entry *e, bool *entered, hz_error **err);
/* The next entry of the folder that was entered last, good until the next call, and its path. What cannot be read of a
 * list is told and left out. */
enum { TREE_END = 0, TREE_ENTRY = 1, TREE_LEFT = 2 };
int tree_next(struct tree *t, struct entry *e, hz_error **err);
/* tree_next, with progress and an end when it is asked for. p->files_done is counted. */
int tree_next_tick(struct tree *t, struct entry *e, hz_progress *p, hz_error **err);
/* HZ_E_CORRUPT when something was left out, else 0. what: "listed". */
int tree_verdict(const struct tree *t, const char *what, hz_error **err);

/* What callers are told of a snapshot, with strings in a. */
int snap_info(hz_snapshot_info *i, struct arena *a, const struct snap *s, hz_error **err);
/* What callers are told of an entry. Borrows everything. */
void tree_entry_info(hz_entry_info *i, const struct buf *path, const struct entry *e);
/* Sets path to what its first at bytes are, a slash where it needs one, and the name; a NUL follows it, uncounted. */
int tree_set_path(struct buf *path, size_t at, const void *name, size_t len, hz_error **err);

#endif
