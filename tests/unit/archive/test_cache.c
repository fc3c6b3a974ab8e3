/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of a source's last tree: what was written is read, and anything else is no cache. test-label: tsan */
#include "cachemade.h"
#include <pthread.h>
#include <sys/stat.h>

#define THREADS 4u
#define EACH    60u

/* ---- writing and reading ---- */

static void what_was_written_is_read(void **state)
{
	AUTO(cache_discard) struct cache_writer *w = NULL;
	AUTO(cache_close) struct cache_reader *c = NULL;
	uint64_t record[40], root;
	struct id base;
	hz_error *err = NULL;

	(void)state;
	assert_ok(cache_create(&w, folder, &key, &err), &err);
	for (unsigned i = 0; i < ARRAY_LEN(record); i++) {
		record[i] = write_folder(w, i, i * 7);
		assert_true(record[i] != 0);
	}
	assert_ok(cache_prepare(w, &commit_a, record[39], &err), &err);
	cache_commit(w);
	assert_int_equal(cache_open(&c, &base, &root, folder, &key, never, NULL), 0);
	assert_true(id_eq(&base, &commit_a));
	assert_true(root == record[39]);
	for (unsigned i = 0; i < ARRAY_LEN(record); i++)
		expect_folder(c, record[i], i, i * 7);
}

static void a_child_is_found_by_its_whole_name(void **state)
{
	static const char *const others[] = { "", "name", "name000.", "name000.00", "name001.0", "zzz", "name038.9a" };
	AUTO(cache_close) struct cache_reader *c = NULL;
	struct cache_dir d, none = { 0 };
	struct id base;
	uint64_t root;

	(void)state;
	make_cache(&commit_a, 3, COMMITTED);
	assert_int_equal(cache_open(&c, &base, &root, folder, &key, never, NULL), 0);
	assert_int_equal(cache_read(c, root, &d), 0);
	for (unsigned i = 0; i < CHILDREN; i++) {
		struct made m;

		make_child(&m, 3, i);
		assert_ptr_equal(cache_find(&d, m.name, m.c.name_len), &d.children[i]);
		assert_null(cache_find(&d, m.name, m.c.name_len - 1));
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_null(cache_find(&d, others[i], strlen(others[i])));
	assert_null(cache_find(&none, "a", 1));
	cache_dir_release(&d);
}

struct feeding {
	struct cache_writer *w;
	unsigned number;
	uint64_t record[EACH];
};

static void *feed(void *arg)
{
	struct feeding *f = arg;

	for (unsigned i = 0; i < EACH; i++)
		f->record[i] = write_folder(f->w, f->number * 1000 + i, 100);
	return NULL;
}

static void threads_write_and_read_at_once(void **state)
{
	AUTO(cache_discard) struct cache_writer *w = NULL;
	AUTO(cache_close) struct cache_reader *c = NULL;
	struct feeding f[THREADS];
	pthread_t t[THREADS];
	struct id base;
	uint64_t root;

	(void)state;
	assert_ok(cache_create(&w, folder, &key, NULL), NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		f[i] = (struct feeding){ .w = w, .number = i };
		assert_int_equal(pthread_create(&t[i], NULL, feed, &f[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_ok(cache_prepare(w, &commit_a, f[0].record[0], NULL), NULL);
	cache_commit(w);
	assert_int_equal(cache_open(&c, &base, &root, folder, &key, never, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		for (unsigned k = 0; k < EACH; k++)
			expect_folder(c, f[i].record[k], f[i].number * 1000 + k, 100);
	}
}

/* ---- what is not believed ---- */

static void a_cache_of_another_place_is_refused(void **state)
{
	struct cache_key other = key;

	(void)state;
	expect_none(&key, never);
	make_cache(&commit_a, 1, COMMITTED);
	expect_cache(&commit_a, 1, never);
	other.repo.b[15] ^= 1;
	expect_none(&other, never);
	other = key;
	other.group.b[0] ^= 1;
	expect_none(&other, never);
	other = key;
	other.writer.b[0] ^= 1;
	expect_none(&other, never);
	other = key;
	other.source.b[0] ^= 1;
	expect_none(&other, never);
	/* Whose file has the same name. */
	other = key;
	other.source.b[31] ^= 1;
	expect_none(&other, never);
}

static void a_damaged_header_is_no_cache(void **state)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len, header;

	(void)state;
	header = (size_t)make_cache(&commit_a, 1, COMMITTED);
	data = hzt_get(path, &len);
	for (size_t i = 0; i < header; i++) {
		data[i] ^= 4;
		hzt_put(path, data, len);
		expect_none(&key, never);
		data[i] ^= 4;
		hzt_put(path, data, i);
		expect_none(&key, never);
	}
	hzt_put(path, data, len);
	expect_cache(&commit_a, 1, never);
}

static int read_root(uint64_t at)
{
	AUTO(cache_close) struct cache_reader *c = NULL;
	struct cache_dir d;
	struct id base;
	uint64_t root;
	int rc;

	assert_int_equal(cache_open(&c, &base, &root, folder, &key, never, NULL), 0);
	rc = cache_read(c, at ? at : root, &d);
	if (rc < 0) {
		assert_null(d.data);
		assert_null(d.children);
	}
	cache_dir_release(&d);
	return rc;
}

static void a_damaged_record_is_corrupt(void **state)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len, root;

	(void)state;
	root = (size_t)make_cache(&commit_a, 1, COMMITTED);
	data = hzt_get(path, &len);
	for (size_t i = root; i < len; i++) {
		data[i] ^= 0x21;
		hzt_put(path, data, len);
		assert_int_equal(read_root(0), HZ_E_CORRUPT);
		data[i] ^= 0x21;
		if (i % 16 == 0) {
			hzt_put(path, data, i);
			assert_int_equal(read_root(0), HZ_E_CORRUPT);
		}
	}
	/* A length beyond everything. */
	memset(data + root, 0xFF, 4);
	hzt_put(path, data, len);
	assert_int_equal(read_root(0), HZ_E_CORRUPT);
}

static void places_that_hold_no_record_are_corrupt(void **state)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len, root;

	(void)state;
	root = (size_t)make_cache(&commit_a, 1, COMMITTED);
	data = hzt_get(path, &len);
	assert_int_equal(read_root(root), 0);
	for (uint64_t at = 1; at < len + 20; at++)
		assert_int_equal(read_root(at), at == root ? 0 : HZ_E_CORRUPT);
	assert_int_equal(read_root(UINT64_MAX), HZ_E_CORRUPT);
	assert_int_equal(read_root(UINT64_MAX - 11), HZ_E_CORRUPT);
	assert_int_equal(read_root((uint64_t)1 << 63), HZ_E_CORRUPT);
}

static void a_file_that_is_not_private_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0601 };

	(void)state;
	make_cache(&commit_a, 1, COMMITTED);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		expect_none(&key, never);
	}
	assert_int_equal(chmod(path, 0600), 0);
	expect_cache(&commit_a, 1, never);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
		expect_none(&key, never);
	}
}

static void a_link_is_not_followed(void **state)
{
	AUTO_FREE char *moved = hzt_path(folder, "moved");

	(void)state;
	make_cache(&commit_a, 1, COMMITTED);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(symlink(moved, path), 0);
	expect_none(&key, never);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(what_was_written_is_read),
		IN_FOLDER(a_child_is_found_by_its_whole_name),
		IN_FOLDER(threads_write_and_read_at_once),
		IN_FOLDER(a_cache_of_another_place_is_refused),
		IN_FOLDER(a_damaged_header_is_no_cache),
		IN_FOLDER(a_damaged_record_is_corrupt),
		IN_FOLDER(places_that_hold_no_record_are_corrupt),
		IN_FOLDER(a_file_that_is_not_private_is_refused),
		IN_FOLDER(a_link_is_not_followed),
	};

	return cmocka_run_group_tests_name("archive/cache", tests, NULL, NULL);
}
