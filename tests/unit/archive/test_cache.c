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

static void a_folder_of_many_slices_is_read_in_order(void **state)
{
	AUTO(cache_discard) struct cache_writer *w = NULL;
	AUTO(cache_close) struct cache_reader *c = NULL;
	static const unsigned each[] = { 1, 2, 7, 199, 200, 201 };
	uint64_t record[ARRAY_LEN(each)], root;
	struct id base;

	(void)state;
	assert_ok(cache_create(&w, folder, &key, NULL), NULL);
	for (size_t i = 0; i < ARRAY_LEN(each); i++)
		record[i] = write_slices(w, i, 200, each[i]);
	assert_ok(cache_prepare(w, &commit_a, record[0], NULL), NULL);
	cache_commit(w);
	assert_int_equal(cache_open(&c, &base, &root, folder, &key, never, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(each); i++)
		expect_folder(c, record[i], i, 200);
}

/* Children as they were read, copied into another cache. */
static void what_is_copied_is_the_same(void **state)
{
	AUTO(cache_discard) struct cache_writer *w = NULL;
	AUTO(cache_close) struct cache_reader *c = NULL;
	struct cache_out out = { .n = 0 };
	struct cache_record record = { .n = 0 };
	const struct cache_child *k;
	struct cache_folder f;
	struct id base;
	uint64_t root;

	(void)state;
	make_cache(&commit_a, 4, COMMITTED);
	assert_int_equal(cache_open(&c, &base, &root, folder, &key, never, NULL), 0);
	assert_ok(cache_create(&w, folder, &key, NULL), NULL);
	assert_int_equal(cache_folder_open(&f, c, root), 0);
	while ((k = cache_folder_next(&f)))
		cache_out_copy(&out, k);
	cache_folder_close(&f);
	cache_close(TAKE(c));
	cache_write_slice(w, &record, &out);
	assert_ok(cache_prepare(w, &commit_b, cache_write_folder(w, &record), NULL), NULL);
	cache_commit(w);
	cache_out_release(&out);
	expect_cache(&commit_b, 4, never);
}

/* A reader of a folder of CHILDREN, in slices of so many. */
static struct cache_reader *reader_of(uint64_t seed, unsigned each, uint64_t *root)
{
	AUTO(cache_discard) struct cache_writer *w = NULL;
	struct cache_reader *c = NULL;
	struct id base;

	assert_ok(cache_create(&w, folder, &key, NULL), NULL);
	assert_ok(cache_prepare(w, &commit_a, write_slices(w, seed, CHILDREN, each), NULL), NULL);
	cache_commit(w);
	assert_int_equal(cache_open(&c, &base, root, folder, &key, never, NULL), 0);
	return c;
}

static void a_child_is_found_by_its_whole_name(void **state)
{
	static const char *const others[] = { "", "name", "name000.", "name000.00", "name001.0", "name038.8",
		"name038.9a", "zzz" };
	AUTO(cache_close) struct cache_reader *c = NULL;
	struct cache_folder f, none = { 0 };
	uint64_t root;

	(void)state;
	for (unsigned each = 1; each <= CHILDREN + 1; each++) {
		cache_close(TAKE(c));
		c = reader_of(3, each, &root);
		/* In order, what is not there between what is; nothing is passed over. */
		assert_int_equal(cache_folder_open(&f, c, root), 0);
		for (unsigned i = 0; i < CHILDREN; i++) {
			struct made m;

			make_child(&m, 3, i);
			assert_null(cache_folder_find(&f, m.name, m.c.name_len - 1));
			assert_false(cache_folder_is_at_end(&f));
			expect_child(cache_folder_find(&f, m.name, m.c.name_len), 3, i);
			strcat(m.name, "+");
			assert_null(cache_folder_find(&f, m.name, m.c.name_len + 1));
			if (i % 3 == 0)
				cache_folder_forget(&f);
		}
		assert_true(cache_folder_is_at_end(&f));
		assert_false(f.gaps || f.failed);
		cache_folder_close(&f);
		for (size_t i = 0; i < ARRAY_LEN(others); i++) {
			assert_int_equal(cache_folder_open(&f, c, root), 0);
			assert_null(cache_folder_find(&f, others[i], strlen(others[i])));
			assert_int_equal(f.gaps, i >= 3);
			assert_int_equal(cache_folder_is_at_end(&f), i >= 6);
			cache_folder_close(&f);
		}
	}
	assert_null(cache_folder_find(&none, "a", 1));
	cache_folder_forget(&none);
	cache_folder_close(&none);
}

/* What was found stays until it is forgotten, in whichever slice it is; slices that nobody needs do not stay. */
static void what_was_found_stays_until_it_is_forgotten(void **state)
{
	AUTO(cache_close) struct cache_reader *c = NULL;
	const struct cache_child *found[CHILDREN];
	struct cache_folder f;
	uint64_t root;

	(void)state;
	c = reader_of(6, 2, &root);
	assert_int_equal(cache_folder_open(&f, c, root), 0);
	for (unsigned i = 0; i < CHILDREN; i += 4) {
		struct made m;

		make_child(&m, 6, i);
		found[i] = cache_folder_find(&f, m.name, m.c.name_len);
	}
	for (unsigned i = 0; i < CHILDREN; i += 4)
		expect_child(found[i], 6, i);
	assert_true(f.gaps);
	assert_int_equal(f.held, CHILDREN / 4);
	cache_folder_forget(&f);
	assert_int_equal(f.held, 1);
	assert_null(cache_folder_find(&f, "zzz", 3));
	assert_int_equal(f.held, 1);
	cache_folder_close(&f);
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
	struct cache_folder f;
	struct id base;
	uint64_t root;
	int rc;

	assert_int_equal(cache_open(&c, &base, &root, folder, &key, never, NULL), 0);
	rc = cache_folder_open(&f, c, at ? at : root);
	if (rc < 0) {
		assert_null(f.slice);
		assert_null(f.list);
		assert_null(cache_folder_next(&f));
	}
	cache_folder_close(&f);
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

/* Damage in one of the slices: what is before it is read, and it is known that the rest is missing. */
static void a_damaged_slice_ends_the_folder(void **state)
{
	AUTO(cache_close) struct cache_reader *c = NULL;
	AUTO_FREE uint8_t *data = NULL;
	const unsigned each = 4;
	struct id base;
	uint64_t root;
	size_t len;

	(void)state;
	c = reader_of(8, each, &root);
	data = hzt_get(path, &len);
	for (size_t i = 0; i < len; i += 11) {
		struct cache_folder f;
		unsigned n = 0;
		int rc;

		cache_close(TAKE(c));
		data[i] ^= 0x10;
		hzt_put(path, data, len);
		data[i] ^= 0x10;
		rc = cache_open(&c, &base, &root, folder, &key, never, NULL);
		if (rc < 0)
			continue;
		rc = cache_folder_open(&f, c, root);
		assert_int_equal(rc, i < root ? 0 : HZ_E_CORRUPT);
		for (const struct cache_child *k; rc == 0 && (k = cache_folder_next(&f)); n++)
			expect_child(k, 8, n);
		assert_int_equal(n % each, 0);
		assert_int_equal(f.failed, rc == 0);
		assert_true(rc < 0 || n < CHILDREN);
		assert_false(rc == 0 && cache_folder_is_at_end(&f));
		cache_folder_close(&f);
	}
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
		IN_FOLDER(a_folder_of_many_slices_is_read_in_order),
		IN_FOLDER(what_is_copied_is_the_same),
		IN_FOLDER(what_was_found_stays_until_it_is_forgotten),
		IN_FOLDER(a_child_is_found_by_its_whole_name),
		IN_FOLDER(threads_write_and_read_at_once),
		IN_FOLDER(a_cache_of_another_place_is_refused),
		IN_FOLDER(a_damaged_header_is_no_cache),
		IN_FOLDER(a_damaged_record_is_corrupt),
		IN_FOLDER(a_damaged_slice_ends_the_folder),
		IN_FOLDER(places_that_hold_no_record_are_corrupt),
		IN_FOLDER(a_file_that_is_not_private_is_refused),
		IN_FOLDER(a_link_is_not_followed),
	};

	return cmocka_run_group_tests_name("archive/cache", tests, NULL, NULL);
}
