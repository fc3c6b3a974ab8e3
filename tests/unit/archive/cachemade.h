/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches made of a seed, in a folder of their own, and what opening one must give. */
#ifndef UNIT_ARCHIVE_CACHEMADE_H
#define UNIT_ARCHIVE_CACHEMADE_H

#include "support/hzt.h"
#include "archive/cache.h"
#include <unistd.h>

#define UNUSED __attribute__((unused))

#define CHILDREN 20u

static const struct cache_key key = { .repo = { { 1 } }, .writer = { { 2 } }, .group = { { 3 } }, .source = { { 4 } } };
static const struct id commit_a = { { 0xAA } }, commit_b = { { 0xBB } };
static char *folder, *path, *pending_path;

static UNUSED int set_up(void **state)
{
	AUTO_FREE char *dir = NULL;
	char name[64];

	(void)state;
	folder = hzt_tmpdir();
	dir = hzt_path(folder, uid_hex(&key.writer).s);
	(void)snprintf(name, sizeof(name), "%.32s", id_hex(&key.source).s);
	path = hzt_path(dir, name);
	(void)snprintf(name, sizeof(name), "%.32s.pending", id_hex(&key.source).s);
	pending_path = hzt_path(dir, name);
	return 0;
}

static UNUSED int tear_down(void **state)
{
	(void)state;
	hzt_tmpdir_remove(folder);
	free(path);
	free(pending_path);
	return 0;
}

/* The names in the writer's folder. */
static UNUSED size_t count_files(void)
{
	AUTO_FREE char *dir = hzt_path(folder, uid_hex(&key.writer).s);

	return hzt_count_names(dir);
}

static UNUSED bool exists(const char *p)
{
	return access(p, F_OK) == 0;
}

static UNUSED bool never(void *user, const struct id *commit)
{
	(void)user;
	(void)commit;
	return false;
}

static UNUSED bool is_b(void *user, const struct id *commit)
{
	(void)user;
	return id_eq(commit, &commit_b);
}

/* ---- folders made of a seed ---- */

struct made {
	char name[32];
	uint8_t entry[200];
	struct cache_child c;
};

static UNUSED void make_child(struct made *m, uint64_t seed, unsigned i)
{
	struct hzt_random r = { seed * 1000 + i };
	struct stat_sig *s = &m->c.sig;

	m->c = (struct cache_child){ .name = (const uint8_t *)m->name, .entry = m->entry };
	m->c.name_len = (uint32_t)snprintf(m->name, sizeof(m->name), "name%03u.%u", i * 2, i % 10);
	hzt_random_fill(&r, m->entry, sizeof(m->entry));
	m->c.entry_len = 1 + (uint32_t)hzt_random_below(&r, sizeof(m->entry) - 1);
	m->c.flags = (uint8_t)(i % 3 ? 0 : CACHE_RACY);
	m->c.record = i % 5 ? 0 : hzt_random_next(&r);
	*s = (struct stat_sig){ .size = hzt_random_next(&r),
		.ino = hzt_random_next(&r),
		.mtime_sec = (int64_t)hzt_random_next(&r),
		.ctime_sec = -(int64_t)hzt_random_below(&r, 1000),
		.mtime_nsec = (uint32_t)hzt_random_below(&r, 1000000000),
		.ctime_nsec = (uint32_t)hzt_random_below(&r, 1000000000),
		.mode = (uint32_t)hzt_random_next(&r),
		.uid = (uint32_t)hzt_random_next(&r),
		.gid = (uint32_t)hzt_random_next(&r),
		.dev = hzt_random_next(&r) };
}

/* A folder in slices of so many children. */
static UNUSED uint64_t write_slices(struct cache_writer *w, uint64_t seed, unsigned n, unsigned each)
{
	struct cache_out out = { .n = 0 };
	struct cache_record record = { .n = 0 };

	for (unsigned i = 0; i < n; i++) {
		struct made m;

		make_child(&m, seed, i);
		cache_out_add(&out, &m.c);
		if ((i + 1) % each == 0)
			cache_write_slice(w, &record, &out);
	}
	cache_write_slice(w, &record, &out);
	cache_out_release(&out);
	return cache_write_folder(w, &record);
}

static UNUSED uint64_t write_folder(struct cache_writer *w, uint64_t seed, unsigned n)
{
	return write_slices(w, seed, n, n + 1);
}

static UNUSED void expect_child(const struct cache_child *k, uint64_t seed, unsigned i)
{
	struct made m;

	assert_non_null(k);
	make_child(&m, seed, i);
	assert_int_equal(k->name_len, m.c.name_len);
	assert_memory_equal(k->name, m.name, k->name_len);
	assert_true(stat_sig_equal(&k->sig, &m.c.sig));
	assert_true(k->sig.dev == m.c.sig.dev);
	assert_int_equal(k->flags, m.c.flags);
	assert_true(k->record == m.c.record);
	assert_int_equal(k->entry_len, m.c.entry_len);
	assert_memory_equal(k->entry, m.entry, k->entry_len);
}

static UNUSED void expect_folder(const struct cache_reader *c, uint64_t record, uint64_t seed, unsigned n)
{
	struct cache_folder f;

	assert_int_equal(cache_folder_open(&f, c, record), 0);
	for (unsigned i = 0; i < n; i++)
		expect_child(cache_folder_next(&f), seed, i);
	assert_null(cache_folder_next(&f));
	assert_true(cache_folder_is_at_end(&f));
	assert_false(f.failed || f.gaps);
	cache_folder_close(&f);
}

/* A cache of one folder for a commit; how far it gets is the caller's. */
enum how_far { WRITTEN, PENDING, COMMITTED };
static UNUSED uint64_t make_cache(const struct id *commit, uint64_t seed, enum how_far far)
{
	AUTO(cache_discard) struct cache_writer *w = NULL;
	hz_error *err = NULL;
	uint64_t root;

	assert_ok(cache_create(&w, folder, &key, &err), &err);
	root = write_folder(w, seed, CHILDREN);
	assert_true(root != 0);
	if (far >= PENDING)
		assert_ok(cache_prepare(w, commit, root, &err), &err);
	if (far >= COMMITTED)
		cache_commit(w);
	return root;
}

static UNUSED void expect_cache(const struct id *commit, uint64_t seed, bool (*is_ours)(void *, const struct id *))
{
	AUTO(cache_close) struct cache_reader *c = NULL;
	struct id base;
	uint64_t root;

	assert_int_equal(cache_open(&c, &base, &root, folder, &key, is_ours, NULL), 0);
	assert_true(id_eq(&base, commit));
	expect_folder(c, root, seed, CHILDREN);
}

/* Out parameters are untouched. */
static UNUSED void expect_none(const struct cache_key *k, bool (*is_ours)(void *, const struct id *))
{
	struct cache_reader *c = NULL;
	struct id base = { { 0x77 } }, before = base;
	uint64_t root = 55;

	assert_int_equal(cache_open(&c, &base, &root, folder, k, is_ours, NULL), HZ_E_NOTFOUND);
	assert_null(c);
	assert_true(id_eq(&base, &before));
	assert_int_equal(root, 55);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
