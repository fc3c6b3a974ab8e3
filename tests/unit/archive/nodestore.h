/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes in memory by id, for tests of lists; and the lists that tests/vectors/check_tree.py makes too. */
#ifndef TESTS_UNIT_ARCHIVE_NODESTORE_H
#define TESTS_UNIT_ARCHIVE_NODESTORE_H

#include "support/hzt.h"
#include "archive/node.h"
#include "crypto/suite.h"

#define STORE_SLOTS (1u << 14)

struct stored {
	struct id id;
	uint8_t *data;
	size_t len;
};

struct nodestore {
	struct mac *mac;
	struct stored slots[STORE_SLOTS];
	size_t n;     /* nodes */
	size_t known; /* puts of what was there */
	size_t bytes;
	size_t largest;
	size_t fail_put, fail_get; /* the how manieth call fails; 0: none */
};

static inline struct nodestore *nodestore_new(void)
{
	struct nodestore *s = calloc(1, sizeof(*s));
	struct secret *key = NULL;
	uint8_t bytes[KEY_LEN];

	for (uint8_t i = 0; i < KEY_LEN; i++)
		bytes[i] = i;
	assert_non_null(s);
	assert_ok(crypto_init(NULL), NULL);
	assert_ok(secret_from(&key, bytes, sizeof(bytes), NULL), NULL);
	assert_ok(mac_new(&s->mac, SUITE_SODIUM, key, NULL), NULL);
	secret_free(key);
	return s;
}

static inline void nodestore_free(struct nodestore *s)
{
	for (size_t i = 0; s && i < STORE_SLOTS; i++)
		free(s->slots[i].data);
	if (s)
		mac_free(s->mac);
	free(s);
}
DEFINE_AUTO(struct nodestore, nodestore_free)

/* The slot of the id, or the empty one where it belongs. */
static inline struct stored *nodestore_slot(struct nodestore *s, const struct id *id)
{
	size_t i = get_le32(id->b) % STORE_SLOTS;

	while (s->slots[i].data && !id_eq(&s->slots[i].id, id))
		i = (i + 1) % STORE_SLOTS;
	return &s->slots[i];
}

static inline int nodestore_put(
	void *user, enum node_kind kind, const uint8_t *data, size_t len, struct id *id, hz_error **err)
{
	struct nodestore *s = user;
	struct stored *slot;

	if (s->fail_put > 0 && --s->fail_put == 0)
		return err_set(err, HZ_E_NOSPACE, "no room");
	*id = mac_compute(s->mac, (uint8_t)kind, data, len);
	slot = nodestore_slot(s, id);
	if (slot->data) {
		s->known++;
		return 0;
	}
	assert_true(s->n++ < STORE_SLOTS / 2);
	s->bytes += len;
	s->largest = len > s->largest ? len : s->largest;
	*slot = (struct stored){ .id = *id, .data = malloc(len), .len = len };
	assert_non_null(slot->data);
	memcpy(slot->data, data, len);
	return 0;
}

static inline int nodestore_get(
	void *user, enum node_kind kind, const struct id *id, uint8_t **data, size_t *len, hz_error **err)
{
	struct nodestore *s = user;
	struct stored *slot = nodestore_slot(s, id);

	(void)kind;
	if (!slot->data || (s->fail_get > 0 && --s->fail_get == 0))
		return err_set(err, HZ_E_NOTFOUND, "no such node");
	*data = malloc(slot->len);
	assert_non_null(*data);
	memcpy(*data, slot->data, slot->len);
	*len = slot->len;
	return 0;
}

/* --- the recipes of check_tree.py */

static inline void recipe_entry(struct node_builder *b, const struct entry *e)
{
	AUTO_IN(buf_release) struct buf bytes = BUF_INIT;

	assert_ok(entry_encode(&bytes, e, NULL), NULL);
	assert_ok(node_builder_add(b, bytes.data, bytes.len, e->name, e->name_len, NULL), NULL);
}

static inline void recipe_entries(struct nodestore *s, struct node_builder *b, size_t n)
{
	char name[32];

	(void)s;
	for (size_t i = 0; i < n; i++) {
		int len = snprintf(name, sizeof(name), "f%07zu", i);
		struct entry e = { .name = (uint8_t *)name, .name_len = (uint32_t)len, .mode = S_IFREG | 0644 };

		e.mtime_sec = 1600000000 + (int64_t)i;
		e.size = i + 1;
		recipe_entry(b, &e);
	}
}

static inline void recipe_long(struct nodestore *s, struct node_builder *b, size_t n)
{
	char name[32];

	(void)s;
	for (size_t i = 0; i < n; i++) {
		int len = snprintf(name, sizeof(name), "g%04zu", i);
		size_t value_len = i == 20 ? 600000 : i * 7919 % 200000 + 1;
		uint8_t *value = malloc(value_len);
		struct xattr x = { "user.x", value, (uint32_t)value_len };
		struct entry e = { .name = (uint8_t *)name, .name_len = (uint32_t)len, .mode = S_IFREG | 0600 };

		assert_non_null(value);
		memset(value, (int)i, value_len);
		e.xattrs = &x;
		e.n_xattrs = 1;
		recipe_entry(b, &e);
		free(value);
	}
}

static inline void recipe_chunk(struct nodestore *s, uint8_t item[ID_LEN + 4], size_t i)
{
	uint8_t number[8];
	struct id id;

	put_le64(number, i);
	id = mac_compute(s->mac, DOMAIN_DATA, number, sizeof(number));
	memcpy(item, id.b, ID_LEN);
	put_le32(item + ID_LEN, (uint32_t)(1000 + i));
}

static inline void recipe_chunks(struct nodestore *s, struct node_builder *b, size_t n)
{
	uint8_t item[ID_LEN + 4];

	for (size_t i = 0; i < n; i++) {
		recipe_chunk(s, item, i);
		assert_ok(node_builder_add(b, item, sizeof(item), item, ID_LEN, NULL), NULL);
	}
}

static inline void recipe_extents(struct nodestore *s, struct node_builder *b, size_t n)
{
	uint64_t at = 0;

	(void)s;
	for (size_t i = 0; i < n; i++) {
		AUTO_IN(buf_release) struct buf item = BUF_INIT;
		uint64_t gap = i ? 4096 * (1 + i % 3) : 0, len = 4096 * (1 + i % 7);
		struct enc o = enc_to(&item);
		uint8_t key[16];

		enc_var(&o, gap);
		enc_var(&o, len);
		put_le64(key, at + gap);
		put_le64(key + 8, len);
		assert_ok(node_builder_add(b, item.data, item.len, key, sizeof(key), NULL), NULL);
		at += gap + len;
	}
}

static inline struct list_ref finish(struct node_builder *b)
{
	struct list_ref root = { .level = 0 };
	bool has = false;

	assert_ok(node_builder_finish(b, &has, &root, NULL), NULL);
	assert_true(has);
	return root;
}

static inline struct node_builder *builder(struct nodestore *s, enum node_kind kind)
{
	struct node_builder *b = NULL;

	assert_ok(node_builder_new(&b, kind, nodestore_put, s, NULL), NULL);
	return b;
}

static inline struct node_walk *walk(struct nodestore *s, enum node_kind kind, const struct list_ref *root)
{
	struct node_walk *w = NULL;

	assert_ok(node_walk_new(&w, kind, root, nodestore_get, s, NULL), NULL);
	return w;
}

/* Walks to the end; the code it ends with, and how many items came. */
static inline int walk_all(struct nodestore *s, enum node_kind kind, const struct list_ref *root, size_t *n)
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

/* Entries of 0 .. n-1, with one that is not among them, and one missing, if asked for. */
static inline struct list_ref entries_but(struct nodestore *s, size_t n, size_t without, size_t more_after)
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

#endif
