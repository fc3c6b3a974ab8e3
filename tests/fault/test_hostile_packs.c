/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 300 */
/* Files whose chunks, lengths and extents do not agree, and packs whose tables say what is not so: an error for what is
 * concerned, nothing false under its name, and no memory for what is only claimed. */
#include "hostile.h"
#include "archive/packer_internal.h"
#include <stddef.h>

/* ---- sums ---- */

static const char *const parts[] = { "01234", "abcdefg" };
#define PARTS ARRAY_LEN(parts)
#define OLD   "01234 and what was there before"

struct sums {
	const char *what;
	uint64_t size;
	unsigned n_chunks, n_extents;
	uint32_t len[2];       /* that is said of the parts */
	uint64_t extent[2][2]; /* gap, length */
	bool undecodable;      /* the entry itself says so, where it holds the lists */
};

static const struct sums all_sums[] = {
	{ "less than its size", 10, 1, 0, { 5 }, { { 0 } }, false },
	{ "more than its size", 3, 1, 0, { 5 }, { { 0 } }, false },
	{ "nothing for its size", 10, 0, 0, { 0 }, { { 0 } }, false },
	{ "something for no size", 0, 1, 0, { 5 }, { { 0 } }, false },
	{ "a chunk longer than it is", 12, 1, 0, { 12 }, { { 0 } }, false },
	{ "a chunk shorter than it is", 3, 1, 0, { 3 }, { { 0 } }, false },
	{ "the sum right, the parts not", 12, 2, 0, { 7, 5 }, { { 0 } }, false },
	{ "a chunk of no length", 5, 2, 0, { 5, 0 }, { { 0 } }, true },
	{ "a chunk longer than any frame", 32u << 20, 1, 0, { 32u << 20 }, { { 0 } }, false },
	{ "a chunk of 4 GiB", UINT32_MAX, 1, 0, { UINT32_MAX }, { { 0 } }, false },
	{ "extents too short", 20, 1, 1, { 5 }, { { 0, 4 } }, false },
	{ "extents too long", 20, 1, 1, { 5 }, { { 0, 6 } }, false },
	{ "extents without chunks", 20, 0, 1, { 0 }, { { 0, 5 } }, false },
	{ "an extent beyond the end", 8, 1, 1, { 5 }, { { 4, 5 } }, true },
	{ "an extent after the end", 8, 2, 2, { 5, 7 }, { { 0, 5 }, { 9, 7 } }, true },
	{ "an extent beyond 2^63", 1ull << 62, 1, 1, { 5 }, { { 1ull << 63, 5 } }, true },
	{ "an extent that wraps", 20, 1, 1, { 5 }, { { 6, UINT64_MAX - 5 } }, true },
	{ "extents without a gap", 20, 1, 2, { 5 }, { { 0, 2 }, { 0, 3 } }, true },
	{ "an empty extent", 20, 1, 2, { 5 }, { { 0, 5 }, { 1, 0 } }, true },
};

static void list_of(struct buf *out, struct forging *x, bool in_node, enum node_kind kind, uint8_t tag,
	const struct buf *items, uint64_t n)
{
	AUTO_IN(buf_release) struct buf value = BUF_INIT;
	struct enc e = enc_to(&value);
	struct list_ref ref;

	if (in_node) {
		forge_node(x, &ref, kind, 0, n, items);
		enc_u8(&e, ref.level);
		enc_bytes(&e, ref.root.b, ID_LEN);
	} else {
		enc_var(&e, n);
		enc_bytes(&e, items->data, items->len);
	}
	assert_false(e.bad);
	raw_field(out, in_node ? tag + 1 : tag, value.data, value.len);
}

/* A file f that lies, between e and g that do not. */
static void forge_sums(struct place *p, const struct sums *s, bool in_nodes, char id[HZ_ID_HEX])
{
	AUTO_IN(buf_release) struct buf items = BUF_INIT, good = BUF_INIT, bad = BUF_INIT;
	AUTO_IN(buf_release) struct buf chunks = BUF_INIT, extents = BUF_INIT;
	struct enc c = enc_to(&chunks), x = enc_to(&extents);
	struct chunk_ref ref[PARTS];
	struct list_ref tree;
	struct forging f;

	forge_begin(&f, p, p->f.writer);
	for (unsigned i = 0; i < PARTS; i++) {
		ref[i].len = (uint32_t)strlen(parts[i]);
		ref[i].id = mac_compute(f.data, DOMAIN_DATA, parts[i], ref[i].len);
		forge_frame(&f, PACK_DATA, METHOD_RAW, &ref[i].id, parts[i], ref[i].len, ref[i].len);
	}
	raw_vars(&good, 9, ref[0].len + ref[1].len, 0);
	raw_chunks(&good, ref, PARTS);
	for (unsigned i = 0; i < s->n_chunks; i++) {
		enc_bytes(&c, ref[i].id.b, ID_LEN);
		enc_u32(&c, s->len[i]);
	}
	for (unsigned i = 0; i < s->n_extents; i++) {
		enc_var(&x, s->extent[i][0]);
		enc_var(&x, s->extent[i][1]);
	}
	if (s->size)
		raw_vars(&bad, 9, s->size, 0);
	if (s->n_chunks)
		list_of(&bad, &f, in_nodes, NODE_CHUNKS, 16, &chunks, s->n_chunks);
	if (s->n_extents)
		list_of(&bad, &f, in_nodes, NODE_EXTENTS, 18, &extents, s->n_extents);
	raw_item(&items, "e", 1, S_IFREG | 0644, &good);
	raw_item(&items, "f", 1, S_IFREG | 0644, &bad);
	raw_item(&items, "g", 1, S_IFREG | 0644, &good);
	forge_node(&f, &tree, NODE_TREE, 0, 3, &items);
	forge_commit(id, &f, &tree);
	forge_end(&f);
}

static void assert_holds(const struct place *p, const char *name, const char *content)
{
	AUTO_FREE char *path = hzt_path(p->target, name);
	size_t len = 0;
	AUTO_FREE uint8_t *data = hzt_get(path, &len);

	assert_int_equal(len, strlen(content));
	assert_memory_equal(data, content, len);
}

static int swallow(void *user, const void *data, size_t len)
{
	(void)user, (void)data, (void)len;
	return 0;
}

static void assert_cat_fails(const struct place *p, const char *id)
{
	hz_repo_options o = place_options(p, p->reader_key);
	hz_reader *r = NULL;
	hz_error *err = NULL;

	assert_ok(hz_reader_open(&r, &o, HZ_NEED_READ, NULL, &err), &err);
	assert_fails(hz_cat(r, id, "f", swallow, NULL, NULL, &err), HZ_E_CORRUPT, &err);
	hz_reader_close(r);
}

static void sums_that_are_wrong_give_no_file(void **state)
{
	static const uint32_t flags[] = { HZ_RESTORE_VERIFY, HZ_RESTORE_UPDATE | HZ_RESTORE_VERIFY };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all_sums) * 4; i++) {
		const struct sums *s = &all_sums[i / 4];
		const bool in_nodes = i & 1, updates = i & 2;
		struct place *p = place_new();
		AUTO_FREE char *path = hzt_path(p->target, "f");
		struct told_here told = { 0 };
		hz_restore_result res;
		char id[HZ_ID_HEX];

		print_message("%s%s\n", s->what, in_nodes ? ", in nodes" : "");
		forge_sums(p, s, in_nodes, id);
		if (updates) {
			assert_int_equal(mkdir(p->target, 0700), 0);
			hzt_put(path, OLD, strlen(OLD));
		}
		assert_int_equal(victim_restore(p, id, flags[updates], &told, &res), 0);
		assert_true(res.failed_damage >= 1 && told.damage >= 1);
		/* Nothing false; who updates may still have what was there. */
		if (access(path, F_OK) == 0) {
			assert_true(updates);
			assert_holds(p, "f", OLD);
		}
		/* Of a list with an entry that is none nothing is known but that; the others are not concerned. */
		if (!s->undecodable || in_nodes) {
			assert_int_equal(res.failed_damage, 1);
			assert_holds(p, "e", "01234abcdefg");
			assert_holds(p, "g", "01234abcdefg");
		}
		assert_int_equal(res.verify_mismatch, 0);
		assert_canary(p);
		assert_cat_fails(p, id);
		place_free(p);
	}
}

/* ---- tables ---- */

#define FRAMES  2u
#define CONTENT 5000u
#define BLOCKS  16u
#define STORED  (CONTENT + TAG_LEN)
#define TABLE   (PACK_FRAMES + FRAMES * STORED)

/* What a pack of two frames, a chunk each, says of itself. */
struct said {
	uint32_t writers, frames;
	struct {
		uint32_t off, stored, raw, method, writer, members;
	} f[FRAMES];
	uint32_t len[FRAMES];
	struct {
		uint32_t at, len, frames, members;
	} root;
};

static const struct said truth = {
	.writers = 1,
	.frames = FRAMES,
	.f = { { PACK_FRAMES, STORED, CONTENT, METHOD_RAW, 0, 1 },
		{ PACK_FRAMES + STORED, STORED, CONTENT, METHOD_RAW, 0, 1 } },
	.len = { CONTENT, CONTENT },
	.root = { TABLE, PACK_TABLE_HEAD + FRAMES *(FRAME_ENTRY + MEMBER_ENTRY) + TAG_LEN, FRAMES, FRAMES },
};

#define END(blocks) (object_data_blocks(blocks) * OBJECT_PAYLOAD)
#define SAID(field) (offsetof(struct said, field) / sizeof(uint32_t))
#define ZSTD        1u /* the first frame has that method */
#define REFUSED     2u /* the table as a whole is: nothing is read by it */
static const struct lie {
	const char *what;
	size_t field; /* of struct said */
	unsigned flags;
	uint32_t values[6];
} lies[] = {
	{ "writers", SAID(writers), 0, { 0, 2, 3, 0xFFFF } },
	/* Those that leave a whole number of members when they are multiplied without a look. */
	{ "frames", SAID(frames), 0, { 0, 1, 3, 18, (1u << 27) + 10, UINT32_MAX - 21 } },
	{ "offset", SAID(f[0].off), 0,
		{ 0, PACK_FRAMES - 1, PACK_FRAMES + 1, 65536, UINT32_MAX - STORED + 1, UINT32_MAX } },
	{ "overlap", SAID(f[1].off), REFUSED, { 0, PACK_FRAMES, PACK_FRAMES + 1, PACK_FRAMES + STORED - 1 } },
	{ "offset of the last", SAID(f[1].off), 0, { PACK_FRAMES + STORED + 1, TABLE, UINT32_MAX } },
	{ "stored length", SAID(f[0].stored), 0, { 0, 1, TAG_LEN, STORED + 1, 65536, UINT32_MAX } },
	{ "stored length of the last", SAID(f[1].stored), 0,
		{ 0, TAG_LEN, STORED - 1, STORED + 1, 65536, UINT32_MAX } },
	{ "raw length", SAID(f[0].raw), 0,
		{ 0, CONTENT - 1, CONTENT + 1, FRAME_RAW_MAX, FRAME_RAW_MAX + 1, UINT32_MAX } },
	{ "stored length with zstd", SAID(f[0].stored), ZSTD, { 0, 1, TAG_LEN - 1, TAG_LEN, STORED + 1 } },
	{ "raw length with zstd", SAID(f[0].raw), ZSTD, { 0, 1, CONTENT, FRAME_RAW_MAX } },
	{ "raw length beyond all", SAID(f[0].raw), ZSTD | REFUSED, { FRAME_RAW_MAX + 1, UINT32_MAX } },
	{ "method", SAID(f[0].method), 0, { METHOD_ZSTD, METHOD_PAD, 3, 255 } },
	{ "method of the last", SAID(f[1].method), 0, { METHOD_ZSTD, METHOD_PAD, 3, 255 } },
	{ "writer of a frame", SAID(f[0].writer), 0, { 1, 2, 0xFFFF } },
	{ "members of a frame", SAID(f[0].members), 0, { 0, 2, 3, 1u << 27, UINT32_MAX - 1, UINT32_MAX } },
	{ "members of the last", SAID(f[1].members), 0, { 0, 2, UINT32_MAX - 1, UINT32_MAX } },
	{ "length of a chunk", SAID(len[0]), 0, { 0, CONTENT - 1, CONTENT + 1, 2 * CONTENT, UINT32_MAX } },
	{ "length of the last chunk", SAID(len[1]), 0, { 0, CONTENT - 1, CONTENT + 1, UINT32_MAX } },
	{ "place of the table", SAID(root.at), 0, { 0, 351, TABLE - 1, TABLE + 1, 65536, UINT32_MAX } },
	{ "length of the table", SAID(root.len), 0, { 0, 1, TAG_LEN, 65536, UINT32_MAX - TABLE + 1, UINT32_MAX } },
	{ "frames by the root", SAID(root.frames), 0, { 0, 1, 3, UINT32_MAX } },
	{ "members by the root", SAID(root.members), 0, { 0, 1, 3, UINT32_MAX } },
};

struct raw_pack {
	struct packer packer; /* for its keys */
	struct aead *aead;
	struct uid uid;
	uint8_t stream[BLOCKS * OBJECT_PAYLOAD];
};

static void seal(struct raw_pack *w, uint32_t at, enum pack_space space, uint64_t counter, const void *data, size_t len)
{
	hz_error *err = NULL;

	assert_ok(packer_seal(w->stream + at, w->aead, &w->packer, &w->uid, PACK_DATA, space, counter, data, len, &err),
		&err);
}

static void seal_table(struct raw_pack *w, const struct said *s, const struct chunk_ref *chunks)
{
	AUTO_IN(buf_release) struct buf table = BUF_INIT;
	struct enc e = enc_to(&table);
	uint8_t root[64] = { 0 };

	enc_u16(&e, (uint16_t)s->writers);
	enc_bytes(&e, w->packer.session->writer.b, UID_LEN);
	enc_u32(&e, s->frames);
	for (unsigned i = 0; i < FRAMES; i++) {
		enc_u32(&e, s->f[i].off);
		enc_u32(&e, s->f[i].stored);
		enc_u32(&e, s->f[i].raw);
		enc_u8(&e, (uint8_t)s->f[i].method);
		enc_u16(&e, (uint16_t)s->f[i].writer);
		enc_u32(&e, s->f[i].members);
	}
	for (unsigned i = 0; i < FRAMES; i++) {
		enc_bytes(&e, chunks[i].id.b, ID_LEN);
		enc_u32(&e, s->len[i]);
	}
	assert_false(e.bad);
	seal(w, TABLE, SPACE_TABLE, 0, table.data, table.len);
	put_le32(root, s->root.at);
	put_le32(root + 4, s->root.len);
	put_le32(root + 8, s->root.frames);
	put_le32(root + 12, s->root.members);
	seal(w, 192, SPACE_ROOT, 0, root, sizeof(root));
}

static void seal_meta_root(struct raw_pack *w, const struct forging *x)
{
	const uint8_t root[64] = { 0 };
	uint8_t key[KEY_LEN];
	struct aead *a = NULL;

	assert_ok(session_pack_key(key, SUITE_SODIUM, &x->s, PACK_META, &w->uid, NULL), NULL);
	assert_ok(aead_new(&a, SUITE_SODIUM, key, NULL), NULL);
	assert_ok(packer_seal(w->stream + 272, a, &w->packer, &w->uid, PACK_META, SPACE_ROOT, 0, root, 64, NULL), NULL);
	aead_free(a);
}

/* Head, parity and checksums are right, as every pack's that somebody with a key has made. */
static void put_pack(struct raw_pack *w, struct forging *x)
{
	const size_t parity = (BLOCKS - object_data_blocks(BLOCKS)) * OBJECT_PAYLOAD;
	struct name name = name_pack(&w->uid);
	struct object_header h = { .type = OBJECT_PACK,
		.suite = SUITE_SODIUM,
		.blocks = BLOCKS,
		.repo = x->p->f.repo.id,
		.length = END(BLOCKS) - OBJECT_HEADER };
	AUTO_FREE uint8_t *extra = calloc(1, parity + BLOCKS * 8);
	struct iovec iov[BLOCKS * 2];
	hz_error *err = NULL;

	memcpy(h.name, name.s, strlen(name.s));
	object_header_encode(w->stream, &h);
	memcpy(w->stream + 128, w->uid.b, UID_LEN);
	memcpy(w->stream + 144, x->s.id.b, UID_LEN);
	memcpy(w->stream + 160, x->s.writer.b, UID_LEN);
	object_protect(name.s, BLOCKS, w->stream, extra, extra + parity);
	object_iov(iov, BLOCKS, w->stream, extra, extra + parity);
	assert_ok(store_put(x->p->f.store, name.s, iov, BLOCKS * 2, &err), &err);
	x->packs[x->n_packs] = (struct run_pack){ w->uid, BLOCKS * OBJECT_BLOCK,
		suite_hash1(SUITE_SODIUM, extra + parity, BLOCKS * 8) };
}

/* A pack of two chunks that says s of itself; the run names it for both. */
static void forge_pack(struct forging *x, const struct said *s, const struct chunk_ref *chunks, uint8_t *const *content)
{
	struct raw_pack *w = calloc(1, sizeof(*w));
	uint8_t key[KEY_LEN];

	assert_non_null(w);
	w->packer.repo = &x->p->f.repo;
	w->packer.session = &x->s;
	random_bytes(w->uid.b, UID_LEN);
	assert_ok(session_pack_key(key, SUITE_SODIUM, &x->s, PACK_DATA, &w->uid, NULL), NULL);
	assert_ok(aead_new(&w->aead, SUITE_SODIUM, key, NULL), NULL);
	for (unsigned i = 0; i < FRAMES; i++)
		seal(w, truth.f[i].off, SPACE_FRAME, i, content[i], CONTENT);
	seal_table(w, s, chunks);
	seal_meta_root(w, x);
	put_pack(w, x);
	for (unsigned i = 0; i < FRAMES; i++) {
		struct run_entry e = { chunks[i].id, (uint32_t)x->n_packs };

		assert_int_equal(buf_append(&x->entries, &e, sizeof(e)), 0);
	}
	x->n_packs++;
	aead_free(w->aead);
	free(w);
}

static const char *const chunk_name[FRAMES] = { "a", "b" };

/* The file that wants a chunk believes what the table says of its length, as far as it may. */
static uint32_t believed(uint32_t len)
{
	return len > 0 && len <= FRAME_RAW_MAX ? len : CONTENT;
}

static void forge_said(struct place *p, const struct said *s, uint8_t *const *content, char id[HZ_ID_HEX])
{
	AUTO_IN(buf_release) struct buf items = BUF_INIT;
	struct chunk_ref chunks[FRAMES];
	struct list_ref tree;
	struct forging x;

	forge_begin(&x, p, p->f.writer);
	for (unsigned i = 0; i < FRAMES; i++) {
		AUTO_IN(buf_release) struct buf more = BUF_INIT;

		chunks[i].len = believed(s->len[i]);
		chunks[i].id = mac_compute(
			x.data, DOMAIN_DATA, content[i], chunks[i].len < CONTENT ? chunks[i].len : CONTENT);
		raw_vars(&more, 9, chunks[i].len, 0);
		raw_chunks(&more, &chunks[i], 1);
		raw_item(&items, chunk_name[i], 1, S_IFREG | 0644, &more);
	}
	forge_pack(&x, s, chunks, content);
	forge_node(&x, &tree, NODE_TREE, 0, FRAMES, &items);
	forge_commit(id, &x, &tree);
	forge_end(&x);
}

static uint64_t damage_by_check(const struct place *p)
{
	hz_repo_options o = place_options(p, p->reader_key);
	hz_check_options opts = HZ_CHECK_OPTIONS_INIT;
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	hz_reader *r = NULL;
	hz_error *err = NULL;

	opts.flags = HZ_CHECK_READ_DATA;
	assert_ok(hz_reader_open(&r, &o, HZ_NEED_READ, NULL, &err), &err);
	assert_ok(hz_check(r, &opts, NULL, &res, &err), &err);
	hz_reader_close(r);
	return res.damaged;
}

/* The number of files that are there, and right. */
static unsigned restored(struct place *p, const struct said *s, const char *what, hz_restore_result *res)
{
	uint8_t *content[FRAMES];
	char id[HZ_ID_HEX];
	unsigned n = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		struct hzt_random r = { i + 1 };

		content[i] = malloc(CONTENT);
		hzt_random_fill(&r, content[i], CONTENT);
	}
	forge_said(p, s, content, id);
	restore_is_bounded(p, id, 0, 0, res, what);
	for (unsigned i = 0; i < FRAMES; i++) {
		AUTO_FREE char *path = hzt_path(p->target, chunk_name[i]);
		AUTO_FREE uint8_t *data = NULL;
		size_t len = 0;

		if (access(path, F_OK) == 0) {
			data = hzt_get(path, &len);
			assert_int_equal(len, CONTENT);
			assert_memory_equal(data, content[i], CONTENT);
			n++;
		}
		free(content[i]);
	}
	return n;
}

/* Or the tests below would show nothing. */
static void a_pack_that_says_the_truth_is_whole(void **state)
{
	struct place *p = place_new();
	hz_restore_result res;

	(void)state;
	assert_int_equal(restored(p, &truth, "truth", &res), FRAMES);
	assert_int_equal(res.failed_damage, 0);
	assert_int_equal(damage_by_check(p), 0);
	place_free(p);
}

static void a_pack_that_lies_is_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lies) * ARRAY_LEN(lies[0].values); i++) {
		const struct lie *lie = &lies[i / ARRAY_LEN(lies[0].values)];
		const size_t k = i % ARRAY_LEN(lies[0].values);
		struct said s = truth;
		struct place *p;
		hz_restore_result res;
		long before = peak_kib();
		unsigned n;

		/* What is left of the list is zero. */
		if (k > 0 && lie->values[k] == 0)
			continue;
		((uint32_t *)(void *)&s)[lie->field] = lie->values[k];
		s.f[0].method = lie->flags & ZSTD ? METHOD_ZSTD : s.f[0].method;
		if (lie->field == SAID(f[0].raw) && (lie->flags & ZSTD))
			s.len[0] = s.f[0].raw;
		p = place_new();
		n = restored(p, &s, lie->what, &res);
		assert_int_equal(res.failed_damage, FRAMES - n);
		assert_true(n < (lie->flags & REFUSED ? 1 : FRAMES));
		assert_true(damage_by_check(p) > 0);
		assert_true(peak_kib() - before < GROWTH_KIB);
		place_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_that_are_wrong_give_no_file),
		cmocka_unit_test(a_pack_that_says_the_truth_is_whole),
		cmocka_unit_test(a_pack_that_lies_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
