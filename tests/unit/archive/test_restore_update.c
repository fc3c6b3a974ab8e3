/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole restores onto an older tree: it is made the same, and what fails leaves old files or new ones.
 * test-label: tsan
 * test-timeout: 600
 * test-passphrases: cheap
 */
#include "restored.h"
#include "support/faultvfs.h"
#include <errno.h>

/* What files[i] was before: most of it the same. */
static uint8_t *old_content(size_t i)
{
	uint8_t *data = malloc(files[i].len + 1);

	assert_non_null(data);
	memcpy(data, content(i), files[i].len);
	if (files[i].len > 0)
		data[files[i].len / 2] ^= 1;
	return data;
}

/* An older tree: other content, a name too many, a symlink and a folder where files go, a file where a folder goes. */
static void make_old(void)
{
	static const char *const dirs[] = { "", "a", "a/b", "z", "too", "too/many", "z/fifo" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		char *path = hzt_path(g.out, dirs[i]);

		assert_int_equal(mkdir(path, 0755), 0);
		free(path);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = hzt_path(g.out, files[i].name);
		uint8_t *data = old_content(i);

		hzt_put(path, data, files[i].len);
		free(path);
		free(data);
	}
	char *other = hzt_path(g.out, "z/linked"), *many = hzt_path(g.out, "many");

	assert_int_equal(symlink("/nowhere", other), 0);
	hzt_put(many, "no folder", 9);
	free(other);
	free(many);
}

/* Whatever stands under a name is the old file or the new one. */
static void expect_old_or_new(void)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = hzt_path(g.out, files[i].name);
		uint8_t *old = old_content(i);

		if (access(path, F_OK) == 0)
			assert_true(is_right(path, old, files[i].len) || is_right(path, content(i), files[i].len));
		free(path);
		free(old);
	}
}

static void an_update_makes_an_older_tree_the_same(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	make_old();
	assert_ok(restore(HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE | HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	assert_int_equal(count_right(), ARRAY_LEN(files));
	assert_int_equal(res.verify_mismatch + res.left_existing + res.failed_target + res.meta_short, 0);
	/* The folders too and many, and the one where the pipe is. */
	assert_int_equal(res.deleted, 3);
	assert_int_equal(count_temps(g.out), 0);
	assert_ok(restore(HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE, NULL, &res, &err), &err);
	assert_int_equal(res.bytes + res.deleted, 0);
	assert_int_equal(res.unchanged, ARRAY_LEN(files) + SMALL);
}

static uint64_t written; /* atomic */

static ssize_t count_written(int fd, const struct iovec *iov, int n, off_t off)
{
	ssize_t len = vfs_system()->pwritev(fd, iov, n, off);

	if (len > 0)
		(void)__atomic_add_fetch(&written, (uint64_t)len, __ATOMIC_RELAXED);
	return len;
}

static void an_update_writes_only_the_chunks_that_differ(void **state)
{
	struct vfs counting = *vfs_system();
	hz_restore_result res;
	hz_error *err = NULL;
	char *path = hzt_path(g.out, "big");
	uint8_t *data = old_content(3);

	(void)state;
	assert_string_equal(files[3].name, "big");
	assert_ok(restore(0, NULL, &res, &err), &err);
	hzt_put(path, data, files[3].len);
	counting.pwritev = count_written;
	written = 0;
	vfs_install(&counting);
	assert_ok(restore(HZ_RESTORE_UPDATE, NULL, &res, &err), &err);
	vfs_install(NULL);
	assert_int_equal(count_right(), ARRAY_LEN(files));
	/* The journal is written too. */
	assert_in_range(written, res.bytes, res.bytes + 4096);
	assert_in_range(res.bytes, 1, files[3].len / 2);
	free(path);
	free(data);
}

/* Each of the first calls of an update fails in its turn, then fewer and fewer. */
static void update_each(unsigned set, int errnum)
{
	unsigned n = 1;

	for (bool fired = true; fired; n += n) {
		hz_restore_result res;
		hz_error *err = NULL;
		int rc;

		make_old();
		fault_start(set, n, errnum);
		rc = restore(HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE, NULL, &res, &err);
		fired = fault_stop();
		assert_true(rc == 0 || err);
		hz_error_free(err);
		err = NULL;
		expect_old_or_new();
		if (rc == 0 && res.failed_target + res.failed_damage + res.left_existing == 0)
			assert_int_equal(count_right(), ARRAY_LEN(files));
		assert_ok(restore(HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE | HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
		assert_int_equal(count_right(), ARRAY_LEN(files));
		assert_int_equal(res.verify_mismatch + res.failed_target + res.left_existing, 0);
		assert_int_equal(count_temps(g.out), 0);
		(void)clean(NULL);
	}
	assert_true(n > 20);
}

static void an_update_that_fails_leaves_old_files_or_new_ones(void **state)
{
	(void)state;
	update_each(FAULT_WRITE | FAULT_TRUNCATE | FAULT_RENAME | FAULT_MKDIR | FAULT_LINK | FAULT_UNLINK, EIO);
	update_each(FAULT_OPEN | FAULT_RENAME | FAULT_UNLINK, EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_update_makes_an_older_tree_the_same),
		T(an_update_writes_only_the_chunks_that_differ),
		T(an_update_that_fails_leaves_old_files_or_new_ones),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
