/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists that are split by content into nodes: the entries of a folder, the chunks of a file, the extents of a file
 * (docs/format/tree.md). A node is one metadata chunk:
 *
 *	u8 kind, u8 level, var count, then count items
 *	level 0: items of the kind        level > 0: references, 32 bytes id || var items below it (all levels)
 *
 * A leaf ends after an item whose boundary hash says so (once it holds NODE_MIN bytes) or before NODE_MAX would be
 *passed; so a change touches the nodes around it only. References are split the same way, by their own ids, until one
 *node is left.
 */
#ifndef ARCHIVE_NODE_H
#define ARCHIVE_NODE_H

#include "archive/entry.h"
#include "base/codec.h"

enum node_kind { NODE_TREE = 1, NODE_CHUNKS = 2, NODE_EXTENTS = 3 };
/* Domain bytes of the keyed hash: ids of different kinds never meet. File content uses DOMAIN_DATA under the content-id
 * key, all others are under the metadata-id key. */
enum { DOMAIN_DATA = 0, DOMAIN_TREE = 1, DOMAIN_CHUNKS = 2, DOMAIN_EXTENTS = 3, DOMAIN_HARDLINK = 4 };

#define NODE_MIN        (16u << 10)
#define NODE_MASK       0x1FFu       /* one item in 512 may end a node */
#define NODE_MAX        (512u << 10) /* a leaf of one longer entry is longer: at most ENTRY_MAX + 16 */
#define NODE_LEVELS_MAX 6u
#define NODE_BYTES_MAX  (ENTRY_MAX + 64u)

/* Puts one finished node: computes its id, stores it unless it is known. 0 or an error, which stops the builder. */
typedef int (*node_put_fn)(
	void *user, enum node_kind kind, const uint8_t *data, size_t len, struct id *id, hz_error **err);

struct node_builder;
int node_builder_new(struct node_builder **ret, enum node_kind kind, node_put_fn put, void *user, hz_error **err);
/* The item's bytes: an encoded entry (its var length is put before it by the builder), a chunk (id || le32 length), or
 * an extent (var gap from the end of the one before, var length). key: what decides about a boundary: the entry's name,
 * the chunk's id, the 16 bytes le64 off || le64 len of an extent. The boundary hash is CRC-64/XZ of key; a leaf ends
 * where its low bits are all those of NODE_MASK. HZ_E_INVAL, and nothing is added: lengths that cannot be, or a name
 * that does not ascend (the caller drops names that it has twice). Any other failure ends the list: add and finish
 * return it from then on. */
int node_builder_add(
	struct node_builder *b, const void *item, size_t len, const void *key, size_t key_len, hz_error **err);
/* Writes what is left; *ref is the root. An empty list gives *has = false and no node. The builder can be used again
 * afterwards. */
int node_builder_finish(struct node_builder *b, bool *has, struct list_ref *ref, hz_error **err);
void node_builder_free(struct node_builder *b);
DEFINE_AUTO(struct node_builder, node_builder_free)

/* Reading: fetches one node by id (the domain follows the kind) and verifies the id. The bytes are the caller's (free).
 */
typedef int (*node_get_fn)(
	void *user, enum node_kind kind, const struct id *id, uint8_t **data, size_t *len, hz_error **err);

/* Walks the leaves in order. Memory: one node a level. */
struct node_walk;
int node_walk_new(struct node_walk **ret, enum node_kind kind, const struct list_ref *root, node_get_fn get, void *user,
	hz_error **err);
/* 1 and the next item (borrowed until the next call): entry bytes, or id || le32, or extent as two le64 (off, len); 0
 * at the end; <0: HZ_E_CORRUPT for what is malformed, out of order (names must ascend), too deep, empty, or of another
 * kind or level; or what get said. */
int node_walk_next(struct node_walk *w, const uint8_t **item, size_t *len, hz_error **err);
/* After a failure: true when it was one node below the root that could not be had or read. The walk then goes on behind
 * that node, whose items are missing. */
bool node_walk_skip(struct node_walk *w);
void node_walk_free(struct node_walk *w);
DEFINE_AUTO(struct node_walk, node_walk_free)

/* For check: the ids that a node refers to. Decodes and verifies the structure of one node; fn is called with each
 * reference (level > 0: id || var items below) or item (level 0: as node_walk_next gives it, but the offsets of extents
 * count from the end of the node before). A non-zero result of fn stops and is returned. */
typedef int (*node_item_fn)(void *user, unsigned level, const uint8_t *item, size_t len, hz_error **err);
int node_decode(enum node_kind kind, unsigned level, const uint8_t *data, size_t len, node_item_fn fn, void *user,
	hz_error **err);

#endif
