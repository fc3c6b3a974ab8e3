/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists in nodes: what was added is walked in order, a change touches few nodes, and what lies is refused. */
#include "unit/archive/nodestore.h"
#include "archive/object.h"

#define LEAF_CHUNKS (NODE_MIN / (ID_LEN + 4) + 1)

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
	struct node_builder *tree = builder(s, NODE_TREE), *chunks = builder(s, NODE_CHUNKS),
			    *extents = builder(s, NODE_EXTENTS);
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
	};

	return cmocka_run_group_tests_name("archive/node", tests, NULL, NULL);
}
