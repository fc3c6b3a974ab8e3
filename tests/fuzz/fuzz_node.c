/* SPDX-License-Identifier: BSD-2-Clause */
/* node_decode and node_walk over nodes that say what they like: u8 kind - 1, u8 level, then nodes, each after its u16
 * length; an id names the node whose number is its first byte. What a walk gives ascends, and it comes to an end. */
#include "archive/node.h"

#define NODES_MAX 256u
#define GETS_MAX  2000u /* six levels of nodes that name each other are many steps */

struct nodes {
	const uint8_t *data[NODES_MAX];
	size_t len[NODES_MAX];
	size_t n, gets;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool what)
{
	if (!what)
		abort();
}

static int get(void *user, enum node_kind kind, const struct id *id, uint8_t **data, size_t *len, hz_error **err)
{
	struct nodes *nodes = user;
	size_t i = id->b[0];
	uint8_t *copy;

	(void)kind;
	if (i >= nodes->n || nodes->gets++ >= GETS_MAX)
		return err_set(err, HZ_E_NOTFOUND, "no such node");
	copy = malloc(nodes->len[i] ? nodes->len[i] : 1);
	if (!copy)
		return err_nomem(err);
	memcpy(copy, nodes->data[i], nodes->len[i]);
	*data = copy;
	*len = nodes->len[i];
	return 0;
}

static int count(void *user, unsigned level, const uint8_t *item, size_t len, hz_error **err)
{
	size_t *n = user;

	(void)err;
	demand(item && len > 0 && level < NODE_LEVELS_MAX);
	(*n)++;
	return 0;
}

static void walk(struct nodes *nodes, enum node_kind kind, uint8_t level)
{
	AUTO(node_walk_free) struct node_walk *w = NULL;
	struct list_ref root = { .level = level };
	const uint8_t *item = NULL;
	uint64_t end = 0;
	size_t len = 0;
	int rc;

	if (node_walk_new(&w, kind, &root, get, nodes, NULL) < 0)
		return;
	while ((rc = node_walk_next(w, &item, &len, NULL)) == 1) {
		demand(kind != NODE_CHUNKS || len == ID_LEN + 4);
		if (kind != NODE_EXTENTS)
			continue;
		demand(len == 16 && get_le64(item) >= end && get_le64(item + 8) > 0);
		end = get_le64(item) + get_le64(item + 8);
	}
	demand(node_walk_next(w, &item, &len, NULL) == rc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nodes nodes = { .n = 0 };
	struct dec d = dec_of(data, len);
	unsigned kind = dec_u8(&d) % 3 + 1;
	uint8_t level = dec_u8(&d);
	size_t items = 0;

	while (dec_left(&d) > 0 && nodes.n < NODES_MAX) {
		size_t n = dec_u16(&d);

		n = n < dec_left(&d) ? n : dec_left(&d);
		nodes.len[nodes.n] = n;
		nodes.data[nodes.n++] = dec_bytes(&d, n);
	}
	if (d.bad || nodes.n == 0)
		return 0;
	(void)node_decode((enum node_kind)kind, level, nodes.data[0], nodes.len[0], count, &items, NULL);
	walk(&nodes, (enum node_kind)kind, level);
	return 0;
}
