/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by stream.c (content) and stream_tree.c (names). */
#ifndef ARCHIVE_STREAM_INTERNAL_H
#define ARCHIVE_STREAM_INTERNAL_H

#include "archive/scan_internal.h"
#include "archive/stream.h"

/* What one or more names stand for. */
struct stream_inode {
	struct stream_inode *next; /* of all there are */
	uint8_t *entry;            /* encoded; the name in it counts for nothing */
	uint32_t len;
	uint32_t names;
	uint64_t number; /* in the order of the stream */
};

struct stream_node {
	struct stream_node *parent, *child, *next; /* next: of the same folder */
	struct stream_node *bucket;
	struct stream_inode *inode; /* NULL: a folder that the stream did not give */
	uint32_t hash;
	uint32_t name_len;
	bool is_dir;
	bool is_dead; /* something else stands there now */
	char name[];
};

struct stream_tree {
	struct arena *arena; /* of nodes and inodes */
	struct stream_node *root, **buckets;
	size_t n, n_buckets;
	struct stream_inode *inodes;
	uint64_t n_inodes;
};

struct stream_file;
struct stream {
	struct scan scan;
	struct scan_dir top; /* for paths of messages */
	struct stream_tree tree;
	unsigned worker;
	stream_fn fn;
	void *user;
	struct stream_file *file; /* its content comes */
	struct buf window;
	size_t wanted;      /* how much must be in it before a cut is looked for */
	bool is_incomplete; /* something was left out */
	size_t piece_bytes; /* atomic */
};

/* What is wrong with a path, or NULL. Only a folder can be "." or "/". */
const char *stream_path_check(const char *path, bool is_dir);
int stream_tree_init(struct stream_tree *t, hz_error **err);
void stream_tree_release(struct stream_tree *t);
struct stream_inode *stream_inode_new(struct stream_tree *t);
/* Puts an inode at a checked path. *lost: what stood there, or on the way there, was of another kind, and is gone.
 * NULL: no memory. */
struct stream_node *stream_tree_put(
	struct stream_tree *t, const char *path, struct stream_inode *inode, bool is_dir, bool *lost);
/* NULL: nothing stands there. */
struct stream_node *stream_tree_find(const struct stream_tree *t, const char *path);
/* Counts everything and encodes the root, from the bottom up. No task may run any more. */
int stream_tree_build(struct stream *s, hz_error **err);

#endif
