/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 300 */
/* Snapshots and chunks of a host that has a real key and means harm: nothing outside of the target is touched, memory
 * and disk are not exhausted, and another host does not take its false chunk for content. */
#include "hostile.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <zstd.h>

static int setup(void **state)
{
	*state = place_new();
	return 0;
}

static int teardown(void **state)
{
	place_free(*state);
	return 0;
}

/* ---- names ---- */

static void names_that_lead_out_are_damage(void **state)
{
	static const struct {
		const char *s;
		size_t len;
	} names[] = { { "..", 2 }, { ".", 1 }, { "", 0 }, { "/", 1 }, { "/etc", 4 }, { "a/b", 3 }, { "../outside", 10 },
		{ "a\0b", 3 }, { "\0", 1 } };
	static const uint32_t modes[] = { S_IFREG | 0644, S_IFDIR | 0755, S_IFIFO | 0600 };
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(modes); i++) {
		struct buf items = BUF_INIT;
		struct told_here told = { 0 };
		hz_restore_result res;
		struct list_ref ref;
		struct forging x;
		char id[HZ_ID_HEX];

		forge_begin(&x, p, p->f.writer);
		raw_item(&items, names[i / 3].s, names[i / 3].len, modes[i % 3], NULL);
		forge_node(&x, &ref, NODE_TREE, 0, 1, &items);
		forge_commit(id, &x, &ref);
		assert_int_equal(victim_restore(p, id, HZ_RESTORE_INTO_EXISTING, &told, &res), 0);
		assert_true(res.failed_damage > 0 && told.damage > 0);
		assert_int_equal(res.files + res.dirs + res.others, 0);
		assert_canary(p);
		forge_end(&x);
		buf_release(&items);
	}
}

/* A symlink that leads out, and below the same name a folder with a file: as neighbours, and in two leaves. */
static void a_symlink_is_no_way_out(void **state)
{
	struct place *p = *state;

	for (unsigned leaves = 1; leaves <= 2; leaves++) {
		AUTO_IN(buf_release) struct buf items = BUF_INIT;
		AUTO_IN(buf_release) struct buf inner = BUF_INIT, link = BUF_INIT, tree = BUF_INIT, refs = BUF_INIT;
		struct enc e = enc_to(&link), r = enc_to(&refs);
		struct list_ref below, ref, second;
		struct told_here told = { 0 };
		hz_restore_result res;
		struct forging x;
		char id[HZ_ID_HEX];

		forge_begin(&x, p, p->f.writer);
		raw_item(&inner, "canary", 6, S_IFREG | 0644, NULL);
		forge_node(&x, &below, NODE_TREE, 0, 1, &inner);
		enc_u8(&e, 11);
		enc_blob(&e, p->canary_dir, strlen(p->canary_dir));
		raw_tree(&tree, &below);
		raw_item(&items, "x", 1, S_IFLNK | 0777, &link);
		if (leaves == 2) {
			forge_node(&x, &ref, NODE_TREE, 0, 1, &items);
			enc_bytes(&r, ref.root.b, ID_LEN);
			enc_var(&r, 1);
			items.len = 0;
		}
		raw_item(&items, "x", 1, S_IFDIR | 0755, &tree);
		forge_node(&x, &second, NODE_TREE, 0, 3 - leaves, &items);
		enc_bytes(&r, second.root.b, ID_LEN);
		enc_var(&r, 1);
		if (leaves == 2)
			forge_node(&x, &ref, NODE_TREE, 1, 2, &refs);
		forge_commit(id, &x, leaves == 2 ? &ref : &second);
		assert_int_equal(victim_restore(p, id, HZ_RESTORE_INTO_EXISTING, &told, &res), 0);
		assert_true(res.failed_damage > 0);
		assert_canary(p);
		forge_end(&x);
	}
}

/* ---- somebody exchanges a folder of the target for a symlink ---- */

struct flipper {
	const struct place *p;
	int stop; /* atomic */
	uint64_t times;
};

static void *flip(void *user)
{
	struct flipper *f = user;
	AUTO_FREE char *folder = hzt_path(f->p->target, "d"), *link = hzt_path(f->p->target, "link");

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		if (syscall(SYS_renameat2, AT_FDCWD, folder, AT_FDCWD, link, 2 /* RENAME_EXCHANGE */) == 0)
			f->times++;
		else if (errno == ENOENT)
			(void)!symlink(f->p->canary_dir, link);
	}
	return NULL;
}

static void a_symlink_swapped_in_is_no_way_out(void **state)
{
	struct place *p = *state;
	AUTO_IN(buf_release) struct buf items = BUF_INIT, inner = BUF_INIT, tree = BUF_INIT, hard = BUF_INIT;
	static const uint32_t flags[] = { HZ_RESTORE_INTO_EXISTING, HZ_RESTORE_UPDATE,
		HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE };
	AUTO_FREE char *journal = hzt_path(p->target, RESTORE_JOURNAL);
	const char *rounds = getenv("ROUNDS");
	struct enc e = enc_to(&hard);
	struct flipper flipper = { .p = p };
	struct list_ref below, ref;
	struct id inode = { { 1 } };
	struct forging x;
	pthread_t thread;
	char id[HZ_ID_HEX], name[16];

	forge_begin(&x, p, p->f.writer);
	enc_u8(&e, 12);
	enc_blob(&e, inode.b, ID_LEN);
	/* Files, names of one inode (linkat), FIFOs, folders: each call that makes something. */
	raw_item(&inner, "canary", 6, S_IFREG | 0644, &hard);
	for (unsigned i = 0; i < 60; i++) {
		static const uint32_t modes[] = { S_IFREG | 0644, S_IFREG | 0644, S_IFIFO | 0600, S_IFDIR | 0700 };

		(void)snprintf(name, sizeof(name), "d%02u", i);
		raw_item(&inner, name, 3, modes[i % 4], i % 4 == 1 ? &hard : NULL);
	}
	forge_node(&x, &below, NODE_TREE, 0, 61, &inner);
	raw_tree(&tree, &below);
	raw_item(&items, "d", 1, S_IFDIR | 0755, &tree);
	raw_item(&items, "e", 1, S_IFREG | 0644, &hard);
	forge_node(&x, &ref, NODE_TREE, 0, 2, &items);
	forge_commit(id, &x, &ref);
	assert_int_equal(mkdir(p->target, 0700), 0);
	assert_int_equal(pthread_create(&thread, NULL, flip, &flipper), 0);
	for (int i = rounds ? atoi(rounds) : 40; i > 0; i--) {
		struct told_here told = { 0 };

		/* Deleting must not go out either; the journal of one that was given up would stop the next. */
		(void)unlink(journal);
		(void)victim_restore(p, id, flags[i % 3], &told, NULL);
		assert_canary(p);
	}
	__atomic_store_n(&flipper.stop, 1, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	print_message("exchanged %llu times\n", (unsigned long long)flipper.times);
	assert_canary(p);
	forge_end(&x);
}

/* ---- sizes and counts ---- */

static void counts_beyond_all_bounds_are_damage(void **state)
{
	static const uint64_t counts[] = { 0, 2, 1u << 20, UINT32_MAX, 1ull << 60, UINT64_MAX };
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(counts) * 2; i++) {
		AUTO_IN(buf_release) struct buf items = BUF_INIT, refs = BUF_INIT;
		struct enc e = enc_to(&refs);
		struct list_ref leaf, ref;
		hz_restore_result res;
		struct forging x;
		char id[HZ_ID_HEX];

		forge_begin(&x, p, p->f.writer);
		raw_item(&items, "f", 1, S_IFREG | 0644, NULL);
		forge_node(&x, &leaf, NODE_TREE, 0, i % 2 ? 1 : counts[i / 2], &items);
		enc_bytes(&e, leaf.root.b, ID_LEN);
		enc_var(&e, counts[i / 2]);
		enc_bytes(&e, leaf.root.b, ID_LEN);
		enc_var(&e, 1);
		if (i % 2)
			forge_node(&x, &ref, NODE_TREE, 1, 2, &refs);
		forge_commit(id, &x, i % 2 ? &ref : &leaf);
		restore_is_bounded(p, id, 0, 0, &res, "counts");
		assert_true(res.failed_damage > 0);
		forge_end(&x);
	}
}

/* A file of 2^62 bytes with one byte of data at the end of a hole: made, and takes no room. */
static void a_file_of_holes_takes_no_room(void **state)
{
	struct place *p = *state;
	AUTO_IN(buf_release) struct buf items = BUF_INIT, more = BUF_INIT, t = BUF_INIT;
	AUTO_FREE char *path = hzt_path(p->target, "f");
	struct enc e = enc_to(&more), v = enc_to(&t);
	struct id chunk;
	struct list_ref ref;
	hz_restore_result res;
	struct forging x;
	struct stat st;
	char id[HZ_ID_HEX];

	forge_begin(&x, p, p->f.writer);
	chunk = mac_compute(x.data, DOMAIN_DATA, "x", 1);
	forge_frame(&x, PACK_DATA, METHOD_RAW, &chunk, "x", 1, 1);
	enc_var(&v, 1ull << 62);
	enc_u8(&e, 9);
	enc_blob(&e, t.data, t.len);
	t.len = 0;
	enc_var(&v, 1);
	enc_bytes(&v, chunk.b, ID_LEN);
	enc_u32(&v, 1);
	enc_u8(&e, 16);
	enc_blob(&e, t.data, t.len);
	t.len = 0;
	enc_var(&v, 1);
	enc_var(&v, (1ull << 62) - 1);
	enc_var(&v, 1);
	enc_u8(&e, 18);
	enc_blob(&e, t.data, t.len);
	raw_item(&items, "f", 1, S_IFREG | 0644, &more);
	forge_node(&x, &ref, NODE_TREE, 0, 1, &items);
	forge_commit(id, &x, &ref);
	restore_is_bounded(p, id, 0, 0, &res, "holes");
	/* Not every file system holds so large a file; then it is told and not there. */
	if (stat(path, &st) == 0)
		assert_true(res.files == 1 && st.st_blocks <= 64 && st.st_size == (off_t)1 << 62);
	else
		assert_true(res.failed_target == 1);
	forge_end(&x);
}

/* ---- frames that say little and hold much ---- */

static void bomb(struct place *p, const void *frame, size_t len, uint32_t raw, const struct id *id_of, bool honest)
{
	AUTO_IN(buf_release) struct buf items = BUF_INIT, more = BUF_INIT, t = BUF_INIT;
	AUTO_FREE char *path = hzt_path(p->target, "f");
	struct enc e = enc_to(&more), v = enc_to(&t);
	struct list_ref ref;
	hz_restore_result res;
	struct forging x;
	struct stat st;
	char id[HZ_ID_HEX];

	forge_begin(&x, p, p->f.writer);
	forge_frame(&x, PACK_DATA, METHOD_ZSTD, id_of, frame, len, raw);
	enc_var(&v, raw);
	enc_u8(&e, 9);
	enc_blob(&e, t.data, t.len);
	t.len = 0;
	enc_var(&v, 1);
	enc_bytes(&v, id_of->b, ID_LEN);
	enc_u32(&v, raw);
	enc_u8(&e, 16);
	enc_blob(&e, t.data, t.len);
	raw_item(&items, "f", 1, S_IFREG | 0644, &more);
	forge_node(&x, &ref, NODE_TREE, 0, 1, &items);
	forge_commit(id, &x, &ref);
	restore_is_bounded(p, id, 0, 0, &res, "bomb");
	assert_int_equal(res.failed_damage, !honest);
	assert_int_equal(stat(path, &st), honest ? 0 : -1);
	(void)unlink(path);
	forge_end(&x);
}

static size_t squeeze(uint8_t **out, size_t raw, bool stated)
{
	size_t cap = ZSTD_compressBound(raw);
	uint8_t *zeros = calloc(1, raw);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t len;

	*out = malloc(cap);
	assert_true(c && zeros && *out);
	assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, stated)));
	len = ZSTD_compress2(c, *out, cap, zeros, raw);
	assert_false(ZSTD_isError(len));
	(void)ZSTD_freeCCtx(c);
	free(zeros);
	return len;
}

static void decompression_stops_at_what_is_stated(void **state)
{
	struct place *p = *state;
	static const size_t raws[] = { 1u << 20, 128u << 20 };
	struct mac *m = NULL;
	uint8_t *zeros = calloc(1, 1u << 20);

	assert_ok(mac_new(&m, SUITE_SODIUM, p->f.keys.content, NULL), NULL);
	struct id right = mac_compute(m, DOMAIN_DATA, zeros, 1u << 20);

	/* The honest one comes last: its pack would stand in for the others. */
	for (size_t i = ARRAY_LEN(raws) * 2; i-- > 0;) {
		uint8_t *frame = NULL;
		size_t len = squeeze(&frame, raws[i / 2], i % 2 == 0);

		/* It says 1 MiB, whatever is in it; or more than any frame may have. */
		if (i > 0)
			bomb(p, frame, len, UINT32_MAX, &right, false);
		bomb(p, frame, len, 1u << 20, &right, i == 0);
		free(frame);
	}
	free(zeros);
	mac_free(m);
}

/* ---- depth and breadth ---- */

/* Two folders that are the same list, again and again: few nodes, 2^40 entries. */
static void a_tree_that_unfolds_without_end_can_be_stopped(void **state)
{
	struct place *p = *state;
	struct list_ref ref;
	hz_restore_result res;
	struct forging x;
	char id[HZ_ID_HEX];

	forge_begin(&x, p, p->f.writer);
	for (unsigned level = 0; level < 40; level++) {
		AUTO_IN(buf_release) struct buf items = BUF_INIT, tree = BUF_INIT;

		if (level)
			raw_tree(&tree, &ref);
		raw_item(&items, "a", 1, S_IFDIR | 0755, &tree);
		raw_item(&items, "b", 1, S_IFDIR | 0755, &tree);
		forge_node(&x, &ref, NODE_TREE, 0, 2, &items);
	}
	forge_commit(id, &x, &ref);
	restore_is_bounded(p, id, 6, HZ_E_CANCELED, &res, "unfolding");
	forge_end(&x);
}

/* Folder in folder, far beyond the longest path. */
static void depth_takes_no_stack(void **state)
{
	struct place *p = *state;
	const char *depth = getenv("DEPTH");
	struct list_ref ref;
	hz_restore_result res;
	struct forging x;
	char id[HZ_ID_HEX];
	int n = depth ? atoi(depth) : 3000;

	forge_begin(&x, p, p->f.writer);
	for (int level = 0; level < n; level++) {
		AUTO_IN(buf_release) struct buf items = BUF_INIT, tree = BUF_INIT;

		if (level)
			raw_tree(&tree, &ref);
		raw_item(&items, "d", 1, S_IFDIR | 0755, &tree);
		forge_node(&x, &ref, NODE_TREE, 0, 1, &items);
	}
	forge_commit(id, &x, &ref);
	restore_is_bounded(p, id, 0, 0, &res, "depth");
	assert_int_equal(res.dirs, n);
	forge_end(&x);
	/* From the top, a level at a time: what is deep cannot be removed by a recursion. */
	int top = hzt_opendir(p->target);

	while (renameat(top, "d/d", top, "next") == 0) {
		assert_int_equal(unlinkat(top, "d", AT_REMOVEDIR), 0);
		assert_int_equal(renameat(top, "next", top, "d"), 0);
	}
	(void)close(top);
}

/* ---- a false chunk ---- */

static void back_up(const struct place *p, const char *key, const char *source, uint32_t flags, char id[HZ_ID_HEX])
{
	hz_repo_options o = place_options(p, key);
	hz_backup_options opts = HZ_BACKUP_OPTIONS_INIT;
	hz_backup_result res = HZ_BACKUP_RESULT_INIT;
	hz_error *err = NULL;

	opts.paths = &source;
	opts.n_paths = 1;
	opts.host = "victim";
	opts.flags = flags;
	assert_ok(hz_backup(&o, &opts, NULL, &res, &err), &err);
	memcpy(id, res.snapshot_id, HZ_ID_HEX);
}

/* A file of one frame: too large for a bundle, too small to be cut. */
#define CONTENT_LEN (15u << 10)

struct plot {
	struct place *p;
	struct bundle *evil;
	struct forging x;
	char *source, *file, *writer, *back;
	uint8_t content[CONTENT_LEN];
};

/* Another host of the group knows what the victim will store and claims its id for other bytes; run and pack are real.
 */
static void plot_begin(struct plot *t, struct place *p, uint64_t seed)
{
	AUTO_IN(buf_release) struct buf items = BUF_INIT;
	struct hzt_random r = { seed };
	uint8_t other[CONTENT_LEN];
	struct writer_info w;
	struct list_ref ref;
	char id[HZ_ID_HEX];

	*t = (struct plot){ .p = p, .source = hzt_path(p->dir, "source") };
	t->file = hzt_path(t->source, "file");
	assert_true(asprintf(&t->back, "%s%s", p->target, t->file) > 0);
	t->evil = fixture_writer(&p->f, &w, &p->f.keys.id, p->f.group_secret);
	fixture_add_writer(&p->f, &w, "evil");
	t->writer = fixture_key_file(p->dir, "writer.key", p->f.writer);
	hzt_random_fill(&r, t->content, sizeof(t->content));
	hzt_random_fill(&r, other, sizeof(other));
	forge_begin(&t->x, p, t->evil);
	struct id chunk = mac_compute(t->x.data, DOMAIN_DATA, t->content, sizeof(t->content));

	forge_frame(&t->x, PACK_DATA, METHOD_RAW, &chunk, other, sizeof(other), sizeof(other));
	raw_item(&items, "f", 1, S_IFREG | 0644, NULL);
	forge_node(&t->x, &ref, NODE_TREE, 0, 1, &items);
	forge_commit(id, &t->x, &ref);
	assert_int_equal(mkdir(t->source, 0700), 0);
	hzt_put(t->file, t->content, sizeof(t->content));
}

static void plot_end(struct plot *t)
{
	bundle_free(t->evil);
	forge_end(&t->x);
	free(t->source);
	free(t->file);
	free(t->writer);
	free(t->back);
}

static void a_false_chunk_of_the_group_is_not_used(void **state)
{
	AUTO_FREE uint8_t *got = NULL;
	struct told_here told = { 0 };
	hz_restore_result res;
	char id[HZ_ID_HEX];
	struct plot t;
	size_t len = 0;

	plot_begin(&t, *state, 77);
	back_up(t.p, t.writer, t.source, 0, id);
	/* The run that lies is read, too, and its pack asked perhaps: the ids decide. */
	assert_int_equal(victim_restore(t.p, id, 0, &told, &res), 0);
	assert_int_equal(res.failed_damage, 0);
	got = hzt_get(t.back, &len);
	assert_int_equal(len, CONTENT_LEN);
	assert_memory_equal(got, t.content, len);
	plot_end(&t);
}

/* With --trust all, as the threat model says: the file cannot be restored, which is told; no false bytes. */
static void a_trusted_false_chunk_is_told_and_gives_no_file(void **state)
{
	struct told_here told = { 0 };
	hz_restore_result res;
	char id[HZ_ID_HEX];
	struct plot t;

	plot_begin(&t, *state, 78);
	back_up(t.p, t.writer, t.source, HZ_BACKUP_TRUST_ALL, id);
	assert_int_equal(victim_restore(t.p, id, 0, &told, &res), 0);
	assert_int_equal(res.failed_damage, 1);
	assert_true(told.damage > 0 && access(t.back, F_OK) < 0);
	plot_end(&t);
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(names_that_lead_out_are_damage),
		IN_PLACE(a_symlink_is_no_way_out),
		IN_PLACE(a_symlink_swapped_in_is_no_way_out),
		IN_PLACE(counts_beyond_all_bounds_are_damage),
		IN_PLACE(a_file_of_holes_takes_no_room),
		IN_PLACE(decompression_stops_at_what_is_stated),
		IN_PLACE(a_tree_that_unfolds_without_end_can_be_stopped),
		IN_PLACE(depth_takes_no_stack),
		IN_PLACE(a_false_chunk_of_the_group_is_not_used),
		IN_PLACE(a_trusted_false_chunk_is_told_and_gives_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
