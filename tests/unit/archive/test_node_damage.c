/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes made by hand or damaged: what lies about itself or about others is refused. */
#include "unit/archive/nodestore.h"

static struct id put_node(
	struct nodestore *s, enum node_kind kind, unsigned level, unsigned count, const void *items, size_t len)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc o = enc_to(&b);
	struct id id;

	enc_u8(&o, (uint8_t)kind);
	enc_u8(&o, (uint8_t)level);
	enc_var(&o, count);
	enc_bytes(&o, items, len);
	assert_false(o.bad);
	assert_ok(nodestore_put(s, kind, b.data, b.len, &id, NULL), NULL);
	return id;
}

/* A leaf of one entry, which has nothing but its name. */
static struct id put_leaf(struct nodestore *s, char name)
{
	const uint8_t items[] = { 3, 1, 1, (uint8_t)name };

	return put_node(s, NODE_TREE, 0, 1, items, sizeof(items));
}

/* A node of two references. */
static struct list_ref put_pair(struct nodestore *s, enum node_kind kind, unsigned level, struct id one,
	uint8_t below_one, struct id two, uint8_t below_two)
{
	uint8_t items[2 * (ID_LEN + 1)];
	struct list_ref ref = { .level = (uint8_t)level };

	memcpy(items, one.b, ID_LEN);
	items[ID_LEN] = below_one;
	memcpy(items + ID_LEN + 1, two.b, ID_LEN);
	items[2 * ID_LEN + 1] = below_two;
	ref.root = put_node(s, kind, level, 2, items, sizeof(items));
	return ref;
}

static void counts_have_to_be_true(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct id a = put_leaf(s, 'a'), b = put_leaf(s, 'b'), c = put_leaf(s, 'c'), d = put_leaf(s, 'd');
	struct list_ref right = put_pair(s, NODE_TREE, 1, a, 1, b, 1), wrong = put_pair(s, NODE_TREE, 1, a, 2, b, 1);
	struct list_ref last = put_pair(s, NODE_TREE, 1, c, 1, d, 1), top;
	size_t n;

	(void)state;
	assert_int_equal(walk_all(s, NODE_TREE, &right, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(walk_all(s, NODE_TREE, &wrong, &n), HZ_E_CORRUPT);
	top = put_pair(s, NODE_TREE, 2, right.root, 2, last.root, 2);
	assert_int_equal(walk_all(s, NODE_TREE, &top, &n), 0);
	assert_int_equal(n, 4);
	top = put_pair(s, NODE_TREE, 2, right.root, 1, last.root, 2);
	assert_int_equal(walk_all(s, NODE_TREE, &top, &n), HZ_E_CORRUPT);
	top = put_pair(s, NODE_TREE, 2, right.root, 2, last.root, 3);
	assert_int_equal(walk_all(s, NODE_TREE, &top, &n), HZ_E_CORRUPT);
}

/* Walks to the end over what is missing; how many failures there were. */
static size_t walk_over(struct nodestore *s, const struct list_ref *root, size_t *n)
{
	AUTO(node_walk_free) struct node_walk *w = walk(s, NODE_TREE, root);
	size_t failures = 0;
	const uint8_t *item;
	size_t len;
	int rc;

	for (*n = 0; (rc = node_walk_next(w, &item, &len, NULL)) != 0;) {
		*n += rc > 0;
		failures += rc < 0;
		if (rc < 0 && !node_walk_skip(w))
			return failures;
	}
	return failures;
}

static void what_stands_behind_a_missing_node_can_be_had(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct id a = put_leaf(s, 'a'), b = put_leaf(s, 'b'), c = put_leaf(s, 'c'), gone = { .b = { 7 } };
	struct list_ref left = put_pair(s, NODE_TREE, 1, a, 1, gone, 1), right = put_pair(s, NODE_TREE, 1, b, 1, c, 1);
	struct list_ref top = put_pair(s, NODE_TREE, 2, left.root, 2, right.root, 2);
	size_t n;

	(void)state;
	assert_int_equal(walk_over(s, &top, &n), 1);
	assert_int_equal(n, 3);
	top = put_pair(s, NODE_TREE, 2, gone, 2, right.root, 2);
	assert_int_equal(walk_over(s, &top, &n), 1);
	assert_int_equal(n, 2);
	top = put_pair(s, NODE_TREE, 2, gone, 2, gone, 2);
	assert_int_equal(walk_over(s, &top, &n), 2);
	assert_int_equal(n, 0);
	/* Behind the root there is nothing, and a node that lies about itself ends the walk. */
	top.root = gone;
	assert_int_equal(walk_over(s, &top, &n), 1);
	top = put_pair(s, NODE_TREE, 2, left.root, 3, right.root, 2);
	assert_int_equal(walk_over(s, &top, &n), 2);
	assert_int_equal(n, 1);
}

static void names_ascend_over_nodes_too(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct id a = put_leaf(s, 'a'), b = put_leaf(s, 'b');
	struct list_ref back = put_pair(s, NODE_TREE, 1, b, 1, a, 1), twice = put_pair(s, NODE_TREE, 1, a, 1, a, 1);
	size_t n;

	(void)state;
	assert_int_equal(walk_all(s, NODE_TREE, &back, &n), HZ_E_CORRUPT);
	assert_int_equal(n, 1);
	assert_int_equal(walk_all(s, NODE_TREE, &twice, &n), HZ_E_CORRUPT);
	assert_int_equal(n, 1);
}

static void extents_do_not_touch_over_nodes(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct id first = put_node(s, NODE_EXTENTS, 0, 1, "\0\5", 2),
		  later = put_node(s, NODE_EXTENTS, 0, 1, "\1\5", 2);
	struct list_ref good = put_pair(s, NODE_EXTENTS, 1, first, 1, later, 1);
	struct list_ref bad = put_pair(s, NODE_EXTENTS, 1, later, 1, first, 1);
	size_t n;

	(void)state;
	assert_int_equal(walk_all(s, NODE_EXTENTS, &good, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(walk_all(s, NODE_EXTENTS, &bad, &n), HZ_E_CORRUPT);
}

static void levels_and_kinds_have_to_fit(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct id a = put_leaf(s, 'a'), b = put_leaf(s, 'b');
	struct list_ref pair = put_pair(s, NODE_TREE, 1, a, 1, b, 1), skip = put_pair(s, NODE_TREE, 2, a, 1, b, 1);
	struct list_ref deep = { .root = a, .level = 6 }, leaf = { .root = a, .level = 0 };
	uint8_t single[ID_LEN + 1];
	struct list_ref lone = { .level = 1 };
	size_t n;

	(void)state;
	assert_int_equal(walk_all(s, NODE_TREE, &skip, &n), HZ_E_CORRUPT);
	assert_int_equal(walk_all(s, NODE_TREE, &deep, &n), HZ_E_CORRUPT);
	pair.level = 2;
	assert_int_equal(walk_all(s, NODE_TREE, &pair, &n), HZ_E_CORRUPT);
	assert_int_equal(walk_all(s, NODE_CHUNKS, &leaf, &n), HZ_E_CORRUPT);
	assert_int_equal(walk_all(s, NODE_TREE, &leaf, &n), 0);
	memcpy(single, a.b, ID_LEN);
	single[ID_LEN] = 1;
	lone.root = put_node(s, NODE_TREE, 1, 1, single, sizeof(single));
	assert_int_equal(walk_all(s, NODE_TREE, &lone, &n), HZ_E_CORRUPT);
}

static void flipped_bytes_of_a_node_are_refused_or_harmless(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct list_ref root = entries_but(s, 20, SIZE_MAX, SIZE_MAX);
	struct stored *node = nodestore_slot(s, &root.root);
	size_t n, refused = 0;

	(void)state;
	for (size_t len = 0; len < node->len; len++) {
		struct stored *cut = node;
		size_t was = cut->len;

		cut->len = len;
		assert_int_equal(walk_all(s, NODE_TREE, &root, &n), HZ_E_CORRUPT);
		cut->len = was;
	}
	for (size_t bit = 0; bit < node->len * 8; bit++) {
		int rc;

		node->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		rc = walk_all(s, NODE_TREE, &root, &n);
		assert_true(rc == 0 || rc == HZ_E_CORRUPT);
		refused += rc < 0;
		node->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(refused > 0);
}

struct seen {
	unsigned items, stop_at;
	unsigned level;
};

static int see(void *user, unsigned level, const uint8_t *item, size_t len, hz_error **err)
{
	struct seen *seen = user;

	assert_true(item && len > 0);
	seen->level = level;
	if (++seen->items == seen->stop_at)
		return err_set(err, HZ_E_CANCELED, "enough");
	return 0;
}

static void decoding_one_node_tells_what_it_refers_to(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct list_ref root = entries_but(s, 5000, SIZE_MAX, SIZE_MAX);
	struct stored *node = nodestore_slot(s, &root.root);
	struct seen all = { .items = 0 }, some = { .stop_at = 2 };
	hz_error *err = NULL;

	(void)state;
	assert_ok(node_decode(NODE_TREE, 1, node->data, node->len, see, &all, &err), &err);
	assert_int_equal(all.level, 1);
	assert_int_equal(all.items, s->n - 1);
	assert_fails(node_decode(NODE_TREE, 1, node->data, node->len, see, &some, &err), HZ_E_CANCELED, &err);
	assert_int_equal(some.items, 2);
	assert_fails(node_decode(NODE_TREE, 0, node->data, node->len, see, &some, &err), HZ_E_CORRUPT, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_to_be_true),
		cmocka_unit_test(what_stands_behind_a_missing_node_can_be_had),
		cmocka_unit_test(names_ascend_over_nodes_too),
		cmocka_unit_test(extents_do_not_touch_over_nodes),
		cmocka_unit_test(levels_and_kinds_have_to_fit),
		cmocka_unit_test(flipped_bytes_of_a_node_are_refused_or_harmless),
		cmocka_unit_test(decoding_one_node_tells_what_it_refers_to),
	};

	return cmocka_run_group_tests_name("archive/node_damage", tests, NULL, NULL);
}
