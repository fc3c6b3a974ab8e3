/* SPDX-License-Identifier: BSD-2-Clause */
/* Every case of tests/vectors/tree/: made by a second implementation (check_tree.py there), written and read by ours.
 */
#include "unit/archive/nodestore.h"
#include "archive/object.h"
#include <jansson.h>

static json_t *load(const char *name)
{
	char path[512];
	json_error_t error;
	json_t *doc;

	(void)snprintf(path, sizeof(path), "%s/vectors/tree/%s", TEST_DIR, name);
	doc = json_load_file(path, 0, &error);
	if (!doc)
		fail_msg("%s: %s", path, error.text);
	return doc;
}

static const char *text_of(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	assert_non_null(s);
	return s;
}

static uint64_t number_of(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	assert_true(!v || json_is_integer(v));
	return (uint64_t)json_integer_value(v);
}

static const uint8_t *hex_in(struct arena *a, const char *hex, size_t *len)
{
	uint8_t *p;

	*len = strlen(hex) / 2;
	p = arena_alloc(a, *len);
	assert_non_null(p);
	assert_true(hex_decode(p, *len, hex, strlen(hex)));
	return p;
}

static uint32_t hex_field(struct arena *a, const json_t *fields, const char *key, const uint8_t **ret)
{
	const json_t *v = json_object_get(fields, key);
	size_t len = 0;

	if (v)
		*ret = hex_in(a, json_string_value(v), &len);
	return (uint32_t)len;
}

static struct id id_of(const json_t *hex)
{
	struct id id;

	assert_true(hex_decode(id.b, ID_LEN, json_string_value(hex), 2 * ID_LEN));
	return id;
}

static bool time_field(const json_t *fields, const char *key, int64_t *sec, uint32_t *nsec)
{
	const json_t *v = json_object_get(fields, key);

	*sec = json_integer_value(json_array_get(v, 0));
	*nsec = (uint32_t)json_integer_value(json_array_get(v, 1));
	return v != NULL;
}

static bool list_field(const json_t *fields, const char *key, struct list_ref *ref)
{
	const json_t *v = json_object_get(fields, key);

	if (!v)
		return false;
	ref->level = (uint8_t)json_integer_value(json_array_get(v, 0));
	ref->root = id_of(json_array_get(v, 1));
	return true;
}

static void xattrs_field(struct arena *a, const json_t *fields, struct entry *e)
{
	const json_t *v = json_object_get(fields, "xattrs");
	size_t n = json_array_size(v);
	struct xattr *list = arena_alloc(a, n * sizeof(*list));

	assert_non_null(list);
	for (size_t i = 0; i < n; i++) {
		const json_t *pair = json_array_get(v, i);
		size_t len = 0;

		list[i].name = json_string_value(json_array_get(pair, 0));
		list[i].value = hex_in(a, json_string_value(json_array_get(pair, 1)), &len);
		list[i].len = (uint32_t)len;
	}
	e->xattrs = list;
	e->n_xattrs = (uint32_t)n;
}

static void chunks_field(struct arena *a, const json_t *fields, struct entry *e)
{
	const json_t *v = json_object_get(fields, "chunks");
	size_t n = json_array_size(v);
	struct chunk_ref *list = arena_alloc(a, n * sizeof(*list));

	assert_non_null(list);
	for (size_t i = 0; i < n; i++) {
		list[i].id = id_of(json_array_get(json_array_get(v, i), 0));
		list[i].len = (uint32_t)json_integer_value(json_array_get(json_array_get(v, i), 1));
	}
	e->chunks = list;
	e->n_chunks = (uint32_t)n;
}

static void extents_field(struct arena *a, const json_t *fields, struct entry *e)
{
	const json_t *v = json_object_get(fields, "extents");
	size_t n = json_array_size(v);
	struct extent *list = arena_alloc(a, n * sizeof(*list));

	assert_non_null(list);
	for (size_t i = 0; i < n; i++) {
		list[i].off = (uint64_t)json_integer_value(json_array_get(json_array_get(v, i), 0));
		list[i].len = (uint64_t)json_integer_value(json_array_get(json_array_get(v, i), 1));
	}
	e->has_extents = v != NULL;
	e->extents = list;
	e->n_extents = (uint32_t)n;
}

static struct entry entry_of(struct arena *a, const json_t *fields)
{
	const json_t *rdev = json_object_get(fields, "rdev"), *hardlink = json_object_get(fields, "hardlink");
	struct entry e = {
		.mode = (uint32_t)number_of(fields, "mode"),
		.uid = (uint32_t)number_of(fields, "uid"),
		.gid = (uint32_t)number_of(fields, "gid"),
		.user = json_string_value(json_object_get(fields, "user")),
		.group = json_string_value(json_object_get(fields, "group")),
		.size = number_of(fields, "size"),
		.rdev_major = (uint32_t)json_integer_value(json_array_get(rdev, 0)),
		.rdev_minor = (uint32_t)json_integer_value(json_array_get(rdev, 1)),
		.inode_flags = (uint32_t)number_of(fields, "inode_flags"),
		.flags = (uint32_t)number_of(fields, "flags"),
		.has_hardlink = hardlink != NULL,
	};

	e.name_len = hex_field(a, fields, "name", &e.name);
	e.link_len = hex_field(a, fields, "link", &e.link);
	(void)time_field(fields, "mtime", &e.mtime_sec, &e.mtime_nsec);
	e.has_btime = time_field(fields, "btime", &e.btime_sec, &e.btime_nsec);
	if (hardlink)
		e.hardlink = id_of(hardlink);
	xattrs_field(a, fields, &e);
	chunks_field(a, fields, &e);
	extents_field(a, fields, &e);
	e.has_chunk_list = list_field(fields, "chunk_list", &e.chunk_list);
	e.has_extent_list = list_field(fields, "extent_list", &e.extent_list);
	e.has_tree = list_field(fields, "tree", &e.tree);
	return e;
}

static int code_of(const json_t *c)
{
	return strcmp(text_of(c, "error"), "TOONEW") == 0 ? HZ_E_TOONEW : HZ_E_CORRUPT;
}

static void entry_case(struct arena *a, const json_t *c)
{
	AUTO_IN(buf_release) struct buf ours = BUF_INIT, again = BUF_INIT;
	struct entry e = entry_of(a, json_object_get(c, "entry")), read;
	size_t len = 0;
	const uint8_t *want = hex_in(a, text_of(c, "hex"), &len);
	hz_error *err = NULL;

	assert_ok(entry_encode(&ours, &e, &err), &err);
	if (ours.len != len || memcmp(ours.data, want, len) != 0)
		fail_msg("\"%s\" is encoded otherwise", text_of(c, "name"));
	assert_ok(entry_decode(&read, a, want, len, &err), &err);
	assert_ok(entry_encode(&again, &read, &err), &err);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.data, want, len);
}

static void entries_have_the_bytes_of_the_vectors(void **state)
{
	AUTO(arena_free) struct arena *a = NULL;
	json_t *doc = load("entry.json"), *c;
	size_t i;

	(void)state;
	assert_ok(arena_new(&a, NULL), NULL);
	assert_true(json_array_size(json_object_get(doc, "cases")) >= 20);
	json_array_foreach(json_object_get(doc, "cases"), i, c) entry_case(a, c);
	json_decref(doc);
}

static void entries_that_the_vectors_refuse_are_refused(void **state)
{
	AUTO(arena_free) struct arena *a = NULL;
	json_t *doc = load("entry.json"), *c;
	size_t i;

	(void)state;
	assert_ok(arena_new(&a, NULL), NULL);
	assert_true(json_array_size(json_object_get(doc, "refused")) >= 70);
	json_array_foreach(json_object_get(doc, "refused"), i, c)
	{
		size_t len = 0;
		const uint8_t *data = hex_in(a, text_of(c, "hex"), &len);
		struct entry e;
		int rc = entry_decode(&e, a, data, len, NULL);

		if (rc != code_of(c))
			fail_msg("\"%s\" gives %d", text_of(c, "name"), rc);
	}
	json_decref(doc);
}

static void list_case(const json_t *c)
{
	static const struct {
		const char *name;
		enum node_kind kind;
		void (*make)(struct nodestore *s, struct node_builder *b, size_t n);
	} recipes[] = { { "entries", NODE_TREE, recipe_entries }, { "long", NODE_TREE, recipe_long },
		{ "chunks", NODE_CHUNKS, recipe_chunks }, { "extents", NODE_EXTENTS, recipe_extents } };
	AUTO(nodestore_free) struct nodestore *s = nodestore_new();
	AUTO(node_builder_free) struct node_builder *b = NULL;
	struct list_ref root;
	bool has = false;
	struct id want = id_of(json_object_get(c, "root"));

	for (size_t i = 0; i < ARRAY_LEN(recipes); i++) {
		if (strcmp(recipes[i].name, text_of(c, "recipe")) != 0)
			continue;
		assert_ok(node_builder_new(&b, recipes[i].kind, nodestore_put, s, NULL), NULL);
		recipes[i].make(s, b, (size_t)number_of(c, "items"));
	}
	assert_non_null(b);
	assert_ok(node_builder_finish(b, &has, &root, NULL), NULL);
	assert_true(has);
	assert_int_equal(s->n + s->known, number_of(c, "nodes"));
	assert_int_equal(s->bytes, number_of(c, "bytes"));
	assert_int_equal(root.level, number_of(c, "level"));
	assert_memory_equal(root.root.b, want.b, ID_LEN);
}

static void lists_have_the_roots_of_the_vectors(void **state)
{
	json_t *doc = load("node.json"), *c;
	size_t i;

	(void)state;
	assert_true(json_array_size(json_object_get(doc, "lists")) >= 9);
	json_array_foreach(json_object_get(doc, "lists"), i, c) list_case(c);
	json_decref(doc);
}

static int ignore_item(void *user, unsigned level, const uint8_t *item, size_t len, hz_error **err)
{
	(void)user, (void)level, (void)item, (void)len, (void)err;
	return 0;
}

static void nodes_that_the_vectors_refuse_are_refused(void **state)
{
	AUTO(arena_free) struct arena *a = NULL;
	json_t *doc = load("node.json"), *c;
	size_t i;

	(void)state;
	assert_ok(arena_new(&a, NULL), NULL);
	assert_true(json_array_size(json_object_get(doc, "refused")) >= 20);
	json_array_foreach(json_object_get(doc, "refused"), i, c)
	{
		enum node_kind kind = (enum node_kind)number_of(c, "kind");
		size_t len = 0;
		const uint8_t *data = hex_in(a, text_of(c, "hex"), &len);
		int rc = node_decode(kind, (unsigned)number_of(c, "level"), data, len, ignore_item, NULL, NULL);

		if (rc != code_of(c))
			fail_msg("\"%s\" gives %d", text_of(c, "name"), rc);
	}
	json_decref(doc);
}

static void checksums_are_those_of_the_vectors(void **state)
{
	AUTO(arena_free) struct arena *a = NULL;
	json_t *doc = load("node.json"), *c;
	size_t i;

	(void)state;
	assert_ok(arena_new(&a, NULL), NULL);
	json_array_foreach(json_object_get(doc, "crc"), i, c)
	{
		size_t len = 0;
		const uint8_t *data = hex_in(a, text_of(c, "hex"), &len);

		assert_true(crc64_xz(0, data, len) == strtoull(text_of(c, "crc"), NULL, 16));
	}
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_have_the_bytes_of_the_vectors),
		cmocka_unit_test(entries_that_the_vectors_refuse_are_refused),
		cmocka_unit_test(lists_have_the_roots_of_the_vectors),
		cmocka_unit_test(nodes_that_the_vectors_refuse_are_refused),
		cmocka_unit_test(checksums_are_those_of_the_vectors),
	};

	return cmocka_run_group_tests_name("archive/tree_vectors", tests, NULL, NULL);
}
