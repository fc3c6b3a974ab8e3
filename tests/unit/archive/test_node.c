/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists in nodes: what was added is walked in order, a change touches few nodes, and what lies is refused. */
#include "unit/archive/nodestore.h"
#include "archive/object.h"

#define LEAF_CHUNKS (NODE_MIN / (ID_LEN + 4) + 1)

static struct list_ref finish(struct node_builder *b)
{
	struct list_ref root = { .level = 0 };
	bool has = false;

	assert_ok(node_builder_finish(b, &has, &root, NULL), NULL);
	assert_true(has);
	return root;
}

static struct node_builder *builder(struct nodestore *s, enum node_kind kind)
{
	struct node_builder *b = NULL;

	assert_ok(node_builder_new(&b, kind, nodestore_put, s, NULL), NULL);
	return b;
}

static struct node_walk *walk(struct nodestore *s, enum node_kind kind, const struct list_ref *root)
{
	struct node_walk *w = NULL;

	assert_ok(node_walk_new(&w, kind, root, nodestore_get, s, NULL), NULL);
	return w;
}

/* Walks to the end; the code it ends with, and how many items came. */
static int walk_all(struct nodestore *s, enum node_kind kind, const struct list_ref *root, size_t *n)
{
	AUTO(node_walk_free) struct node_walk *w = walk(s, kind, root);
	const uint8_t *item;
	size_t len;
	int rc;

	for (*n = 0; (rc = node_walk_next(w, &item, &len, NULL)) == 1;)
		(*n)++;
	/* The end stays the end, and a failure a failure. */
	assert_int_equal(node_walk_next(w, &item, &len, NULL), rc);
	return rc;
}

static void an_empty_list_has_no_node(void **state)
{
	static const enum node_kind kinds[] = { NODE_TREE, NODE_CHUNKS, NODE_EXTENTS };
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO(node_builder_free) struct node_builder *b = builder(s, kinds[i]);
		struct list_ref root;
		bool has = true;

		assert_ok(node_builder_finish(b, &has, &root, NULL), NULL);
		assert_false(has);
	}
	assert_int_equal(s->n, 0);
}

static void assert_entries(struct nodestore *s, const struct list_ref *root, size_t n)
{
	AUTO(node_walk_free) struct node_walk *w = walk(s, NODE_TREE, root);
	AUTO(arena_free) struct arena *a = NULL;
	const uint8_t *item;
	size_t len;
	char name[32];

	assert_ok(arena_new(&a, NULL), NULL);
	for (size_t i = 0; i < n; i++) {
		struct entry e;

		assert_int_equal(node_walk_next(w, &item, &len, NULL), 1);
		assert_ok(entry_decode(&e, a, item, len, NULL), NULL);
		assert_int_equal(e.name_len, snprintf(name, sizeof(name), "f%07zu", i));
		assert_memory_equal(e.name, name, e.name_len);
		assert_int_equal(e.size, i + 1);
	}
	assert_int_equal(node_walk_next(w, &item, &len, NULL), 0);
	assert_int_equal(node_walk_next(w, &item, &len, NULL), 0);
}

static void entries_are_walked_as_they_were_added(void **state)
{
	static const size_t counts[] = { 1, 2, 700, 100000 };
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	AUTO(node_builder_free) struct node_builder *b = builder(s, NODE_TREE);

	(void)state;
	/* One builder for all: it can be used again. */
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct list_ref root;

		recipe_entries(s, b, counts[i]);
		root = finish(b);
		assert_int_equal(root.level, counts[i] > 700 ? 1 : 0);
		assert_entries(s, &root, counts[i]);
	}
	assert_true(s->largest <= NODE_MAX + 16);
}

static void chunks_are_walked_as_they_were_added(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	AUTO(node_builder_free) struct node_builder *b = builder(s, NODE_CHUNKS);
	AUTO(node_walk_free) struct node_walk *w = NULL;
	struct list_ref root;
	const uint8_t *item;
	uint8_t want[ID_LEN + 4];
	size_t len;

	(void)state;
	recipe_chunks(s, b, 5000);
	root = finish(b);
	w = walk(s, NODE_CHUNKS, &root);
	for (size_t i = 0; i < 5000; i++) {
		recipe_chunk(s, want, i);
		assert_int_equal(node_walk_next(w, &item, &len, NULL), 1);
		assert_int_equal(len, sizeof(want));
		assert_memory_equal(item, want, sizeof(want));
	}
	assert_int_equal(node_walk_next(w, &item, &len, NULL), 0);
}

static void extents_are_walked_with_their_offsets(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	AUTO(node_builder_free) struct node_builder *b = builder(s, NODE_EXTENTS);
	AUTO(node_walk_free) struct node_walk *w = NULL;
	struct list_ref root;
	const uint8_t *item;
	uint64_t at = 0;
	size_t len;

	(void)state;
	recipe_extents(s, b, 20000);
	root = finish(b);
	assert_int_equal(root.level, 1);
	w = walk(s, NODE_EXTENTS, &root);
	for (size_t i = 0; i < 20000; i++) {
		at += i ? 4096 * (1 + i % 3) : 0;
		assert_int_equal(node_walk_next(w, &item, &len, NULL), 1);
		assert_int_equal(len, 16);
		assert_true(get_le64(item) == at && get_le64(item + 8) == 4096 * (1 + i % 7));
		at += get_le64(item + 8);
	}
	assert_int_equal(node_walk_next(w, &item, &len, NULL), 0);
}

/* Entries of 0 .. n-1, with one that is not among them, and one missing, if asked for. */
static struct list_ref entries_but(struct nodestore *s, size_t n, size_t without, size_t more_after)
{
	AUTO(node_builder_free) struct node_builder *b = builder(s, NODE_TREE);
	char name[32];

	for (size_t i = 0; i < n; i++) {
		struct entry e = { .name = (uint8_t *)name, .mode = S_IFREG | 0644, .size = i + 1 };

		e.name_len = (uint32_t)snprintf(name, sizeof(name), "f%07zu", i);
		if (i != without)
			recipe_entry(b, &e);
		e.name_len = (uint32_t)snprintf(name, sizeof(name), "f%07zu.more", i);
		if (i == more_after)
			recipe_entry(b, &e);
	}
	return finish(b);
}

static void a_change_touches_few_nodes(void **state)
{
	static const size_t places[] = { 0, 1, 33333, 50000, 77777, 99998 };
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();

	(void)state;
	(void)entries_but(s, 100000, SIZE_MAX, SIZE_MAX);
	assert_true(s->n >= 60);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		size_t before = s->n, known = s->known;

		(void)entries_but(s, 100000, SIZE_MAX, places[i]);
		assert_true(s->n - before <= 4);
		assert_true((s->known - known) * 10 >= (s->known - known + s->n - before) * 9);
		before = s->n;
		(void)entries_but(s, 100000, places[i], SIZE_MAX);
		assert_true(s->n - before <= 4);
	}
}

static void the_same_list_has_the_same_root(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct list_ref one = entries_but(s, 5000, SIZE_MAX, SIZE_MAX), two;
	size_t n = s->n;

	(void)state;
	two = entries_but(s, 5000, SIZE_MAX, SIZE_MAX);
	assert_memory_equal(one.root.b, two.root.b, ID_LEN);
	assert_int_equal(s->n, n);
}

static void a_long_list_has_more_levels(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	AUTO(node_builder_free) struct node_builder *b = builder(s, NODE_CHUNKS);
	uint8_t item[ID_LEN + 4] = { 0 }, key[ID_LEN] = { 0 };
	const size_t leaves = 3000;
	struct list_ref root;
	size_t n = 0;

	(void)state;
	/* A key at which any leaf ends that is long enough. */
	while ((crc64_xz(0, key, ID_LEN) & NODE_MASK) != NODE_MASK)
		put_le32(key, get_le32(key) + 1);
	for (size_t i = 0; i < leaves * LEAF_CHUNKS; i++) {
		put_le64(item, i);
		put_le32(item + ID_LEN, 1);
		assert_ok(node_builder_add(b, item, sizeof(item), key, ID_LEN, NULL), NULL);
	}
	root = finish(b);
	assert_int_equal(root.level, 2);
	assert_true(s->n > leaves + 2);
	assert_int_equal(walk_all(s, NODE_CHUNKS, &root, &n), 0);
	assert_int_equal(n, leaves * LEAF_CHUNKS);
}

static void one_long_entry_makes_a_leaf_longer_than_others(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	AUTO(node_builder_free) struct node_builder *b = builder(s, NODE_TREE);
	struct list_ref root;
	size_t n = 0;

	(void)state;
	recipe_long(s, b, 40);
	root = finish(b);
	assert_true(s->largest > 600000 && s->largest < 600200);
	assert_int_equal(walk_all(s, NODE_TREE, &root, &n), 0);
	assert_int_equal(n, 40);
}

static void items_of_wrong_length_or_order_are_not_added(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	AUTO(node_builder_free)
	struct node_builder *tree = builder(s, NODE_TREE),
			    *chunks = builder(s, NODE_CHUNKS), *extents = builder(s, NODE_EXTENTS);
	uint8_t bytes[64] = { 1, 1, 'b' };
	hz_error *err = NULL;
	struct list_ref root;
	size_t n;

	(void)state;
	assert_ok(node_builder_add(tree, bytes, 3, "b", 1, NULL), NULL);
	assert_fails(node_builder_add(tree, bytes, 3, "b", 1, &err), HZ_E_INVAL, &err);
	assert_fails(node_builder_add(tree, bytes, 3, "a", 1, NULL), HZ_E_INVAL, NULL);
	assert_fails(node_builder_add(tree, bytes, 3, "", 0, NULL), HZ_E_INVAL, NULL);
	assert_fails(node_builder_add(tree, bytes, 0, "c", 1, NULL), HZ_E_INVAL, NULL);
	assert_fails(node_builder_add(chunks, bytes, 35, bytes, 32, NULL), HZ_E_INVAL, NULL);
	assert_fails(node_builder_add(chunks, bytes, 36, bytes, 16, NULL), HZ_E_INVAL, NULL);
	assert_fails(node_builder_add(extents, bytes, 21, bytes, 16, NULL), HZ_E_INVAL, NULL);
	/* None of that ended the list. */
	root = finish(tree);
	assert_int_equal(walk_all(s, NODE_TREE, &root, &n), 0);
	assert_int_equal(n, 1);
}

static void a_failed_put_ends_the_list(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	AUTO(node_builder_free) struct node_builder *b = builder(s, NODE_CHUNKS);
	uint8_t item[ID_LEN + 4] = { 0 };
	struct list_ref root;
	hz_error *err = NULL;
	bool has;
	int rc = 0;

	(void)state;
	s->fail_put = 2;
	for (size_t i = 0; i < 100000 && rc == 0; i++) {
		recipe_chunk(s, item, i);
		rc = node_builder_add(b, item, sizeof(item), item, ID_LEN, &err);
	}
	assert_fails(rc, HZ_E_NOSPACE, &err);
	assert_int_equal(s->n, 1);
	assert_fails(node_builder_add(b, item, sizeof(item), item, ID_LEN, &err), HZ_E_NOSPACE, &err);
	assert_fails(node_builder_finish(b, &has, &root, &err), HZ_E_NOSPACE, &err);
	assert_int_equal(s->n, 1);
}

static void a_node_that_is_missing_ends_the_walk(void **state)
{
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	struct list_ref root = entries_but(s, 5000, SIZE_MAX, SIZE_MAX);
	size_t n;

	(void)state;
	s->fail_get = 3;
	assert_int_equal(walk_all(s, NODE_TREE, &root, &n), HZ_E_NOTFOUND);
	assert_true(n > 0 && n < 5000);
}

/* --- nodes made by hand */

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
		cmocka_unit_test(an_empty_list_has_no_node),
		cmocka_unit_test(entries_are_walked_as_they_were_added),
		cmocka_unit_test(chunks_are_walked_as_they_were_added),
		cmocka_unit_test(extents_are_walked_with_their_offsets),
		cmocka_unit_test(a_change_touches_few_nodes),
		cmocka_unit_test(the_same_list_has_the_same_root),
		cmocka_unit_test(a_long_list_has_more_levels),
		cmocka_unit_test(one_long_entry_makes_a_leaf_longer_than_others),
		cmocka_unit_test(items_of_wrong_length_or_order_are_not_added),
		cmocka_unit_test(a_failed_put_ends_the_list),
		cmocka_unit_test(a_node_that_is_missing_ends_the_walk),
		cmocka_unit_test(counts_have_to_be_true),
		cmocka_unit_test(names_ascend_over_nodes_too),
		cmocka_unit_test(extents_do_not_touch_over_nodes),
		cmocka_unit_test(levels_and_kinds_have_to_fit),
		cmocka_unit_test(flipped_bytes_of_a_node_are_refused_or_harmless),
		cmocka_unit_test(decoding_one_node_tells_what_it_refers_to),
	};

	return cmocka_run_group_tests_name("archive/node", tests, NULL, NULL);
}
