/* SPDX-License-Identifier: BSD-2-Clause */
/* Between check_trees.c, which walks, and check_nodes.c, which looks into one node. */
#ifndef ARCHIVE_CHECK_TREES_H
#define ARCHIVE_CHECK_TREES_H

#include "archive/check_internal.h"

#define CHECK_PATHS_MAX 1000u /* told of one by one */

/* What a node refers to. */
struct child {
	struct id id;
	enum node_kind kind;
	uint8_t level;
	bool same_list;        /* a node of the list that its parent is of */
	uint64_t expect;       /* items below, where the parent says so */
	size_t name, name_len; /* in names; none: the parent's path */
};
/* A node that is open: it was read, and its children are being looked at. */
struct visit {
	struct id key;
	enum node_kind kind;
	unsigned level;
	size_t path_len;
	struct child *v;
	size_t n, cap, next;
	struct buf names;
	uint64_t count;
	bool bad;
	bool same_list;
	uint64_t expect;
};

struct trees {
	struct check *c;
	struct reader_nodes nodes;
	uint32_t group;
	const struct snap *snap;
	struct idmap seen;
	struct visit *visits;
	size_t depth, cap;
	struct buf path;
	struct arena *arena;
	uint64_t paths; /* told of */
};

/* Tells what was lost, by the present path. object: what to count when nothing else was told that explains it; NULL:
 * something was. */
void check_tell_path(struct trees *t, const struct id *object, const char *what);
/* Makes name below the first at bytes of the path the present one; without a name, those bytes. */
int check_set_path(struct trees *t, size_t at, const void *name, size_t len, hz_error **err);
/* Reads a node, looks its chunks up and collects its children. What is wrong is told and makes v bad. */
int check_node(struct trees *t, struct visit *v, const struct id *id, hz_error **err);

#endif
