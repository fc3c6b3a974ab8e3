/* SPDX-License-Identifier: BSD-2-Clause */
/* A name stands for a whole file or for nothing, whatever call fails. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "base/newfile.h"
#include <errno.h>
#include <unistd.h>

struct fixture {
	char *path;
	char *file;
	int dir;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->path = hzt_tmpdir();
	f->file = hzt_path(f->path, "name");
	f->dir = hzt_opendir(f->path);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fault_stop();
	fd_close(&f->dir);
	hzt_tmpdir_remove(f->path);
	free(f->file);
	free(f);
	return 0;
}

static void assert_contents(const struct fixture *f, const char *text)
{
	size_t len;
	AUTO_FREE uint8_t *data = hzt_get(f->file, &len);

	assert_int_equal(len, strlen(text));
	assert_memory_equal(data, text, len);
}

/* In two pieces, so that there is more than one write. */
static int make(const struct fixture *f, enum newfile_mode mode, hz_error **err)
{
	AUTO(newfile_discard) struct newfile *n = NULL;
	char a[] = "hello ", b[] = "wor", c[] = "ld";
	struct iovec first = { a, 6 }, second[] = { { b, 3 }, { c, 2 } };
	int rc;

	rc = newfile_create(&n, f->dir, "name", ".tmp.x", 0600, err);
	if (rc == 0)
		rc = newfile_write(n, &first, 1, err);
	if (rc == 0)
		rc = newfile_write(n, second, 2, err);
	return rc < 0 ? rc : newfile_commit(TAKE(n), mode, err);
}

static void a_committed_file_is_whole_and_alone(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;
	struct stat st;

	assert_ok(make(f, NEWFILE_KEEP, &err), &err);
	assert_contents(f, "hello world");
	assert_int_equal(hzt_count_names(f->path), 1);
	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Makes the file; these calls, ended by NULL, and no other change the disk. */
static void expect_calls(const struct fixture *f, enum newfile_mode mode, const char *const *calls)
{
	hz_error *err = NULL;
	size_t i;

	fault_start(0, 0, 0);
	fault_record(f->path);
	assert_ok(make(f, mode, &err), &err);
	for (i = 0; calls[i]; i++) {
		assert_non_null(fault_log(i));
		assert_string_equal(fault_log(i), calls[i]);
	}
	assert_null(fault_log(i));
	fault_stop();
}

static void the_name_comes_after_the_contents_and_before_the_folder(void **state)
{
	static const char *const calls[] = { "create .tmp.x", "write .tmp.x", "write .tmp.x", "fsync .tmp.x",
		"rename .tmp.x name", "fsync .", NULL };

	expect_calls(*state, NEWFILE_KEEP, calls);
}

static void later_leaves_flushing_to_the_caller_and_replaces_nothing(void **state)
{
	static const char *const calls[] = { "create .tmp.x", "write .tmp.x", "write .tmp.x", "rename .tmp.x name",
		NULL };
	struct fixture *f = *state;
	hz_error *err = NULL;

	expect_calls(f, NEWFILE_LATER, calls);
	assert_contents(f, "hello world");
	assert_fails(newfile_put(f->dir, "name", "two", 3, 0600, NEWFILE_LATER, &err), HZ_E_EXISTS, &err);
	assert_contents(f, "hello world");
}

static unsigned flushes;

static int counted_fsync(int fd)
{
	flushes++;
	return vfs_system()->fsync(fd);
}

static bool never(int fd)
{
	(void)fd;
	return false;
}

static void later_is_at_once_where_syncfs_does_not_reach(void **state)
{
	const struct fixture *f = *state;
	struct vfs table = *vfs_system();
	hz_error *err = NULL;

	table.fsync = counted_fsync;
	table.syncfs_reaches = never;
	flushes = 0;
	vfs_install(&table);
	assert_ok(make(f, NEWFILE_LATER, &err), &err);
	vfs_install(NULL);
	assert_int_equal(flushes, 2);
}

static void a_discarded_file_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct newfile *n = NULL;
	hz_error *err = NULL;

	assert_ok(newfile_create(&n, f->dir, "name", ".tmp.x", 0600, &err), &err);
	assert_int_equal(hzt_count_names(f->path), 1);
	newfile_discard(n);
	assert_int_equal(hzt_count_names(f->path), 0);
	newfile_discard(NULL);
}

static void a_taken_name_is_not_touched(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	hzt_put(f->file, "theirs", 6);
	assert_fails(make(f, NEWFILE_KEEP, &err), HZ_E_EXISTS, &err);
	assert_contents(f, "theirs");
	assert_int_equal(hzt_count_names(f->path), 1);
	/* The other way of naming too. */
	fault_start(FAULT_RENAME, 1, EINVAL);
	assert_fails(make(f, NEWFILE_KEEP, &err), HZ_E_EXISTS, &err);
	assert_true(fault_stop());
	assert_contents(f, "theirs");
	assert_int_equal(hzt_count_names(f->path), 1);
}

static void replacing_takes_the_name_over(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	hzt_put(f->file, "old", 3);
	assert_ok(make(f, NEWFILE_REPLACE, &err), &err);
	assert_contents(f, "hello world");
	assert_int_equal(hzt_count_names(f->path), 1);
}

static void a_link_stands_in_for_a_missing_rename(void **state)
{
	static const int errnums[] = { EINVAL, ENOSYS };
	struct fixture *f = *state;
	hz_error *err = NULL;

	for (size_t i = 0; i < ARRAY_LEN(errnums); i++) {
		(void)unlink(f->file);
		fault_start(FAULT_RENAME, 1, errnums[i]);
		fault_record(f->path);
		assert_ok(make(f, NEWFILE_KEEP, &err), &err);
		assert_true(fault_log_find(0, "link .tmp.x name") >= 0);
		assert_true(fault_log_find(0, "fsync .") > fault_log_find(0, "link .tmp.x name"));
		fault_stop();
		assert_contents(f, "hello world");
		assert_int_equal(hzt_count_names(f->path), 1);
	}
}

static void without_link_and_rename_it_is_unsupported(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	fault_start_forever(FAULT_RENAME | FAULT_LINK, 1, ENOSYS);
	assert_fails(make(f, NEWFILE_KEEP, &err), HZ_E_UNSUPPORTED, &err);
	assert_true(fault_stop());
	assert_int_equal(hzt_count_names(f->path), 0);
}

/* What must hold after any failure but one of removing. */
static void check_after_failure(const struct fixture *f, const char *old, bool may_stand)
{
	AUTO_FREE char *temp = hzt_path(f->path, ".tmp.x");
	bool stands = access(f->file, F_OK) == 0;

	assert_int_not_equal(access(temp, F_OK), 0);
	if (old && !may_stand)
		assert_contents(f, old);
	else if (stands)
		assert_contents(f, "hello world");
	if (!old && !may_stand)
		assert_false(stands);
}

static void each_failure_leaves_the_old_or_the_whole_file(void **state)
{
	static const int errnums[] = { EIO, ENOSPC };
	struct fixture *f = *state;
	unsigned n;

	for (n = 1;; n++) {
		bool old = n % 2;
		hz_error *err = NULL;
		bool may_stand;
		int rc;

		(void)unlink(f->file);
		if (old)
			hzt_put(f->file, "old", 3);
		fault_start(FAULT_ALL & ~(unsigned)FAULT_UNLINK, (n + 1) / 2, errnums[n / 2 % 2]);
		fault_record(f->path);
		rc = make(f, NEWFILE_REPLACE, &err);
		may_stand = fault_log_find(0, "rename .tmp.x name") >= 0;
		if (!fault_stop()) {
			assert_ok(rc, &err);
			break;
		}
		assert_true(rc == HZ_E_IO || rc == HZ_E_NOSPACE);
		/* After the name was given only the folder's flush can fail, and that has its own code. */
		if (may_stand)
			assert_int_equal(rc, HZ_E_IO);
		assert_int_equal(hz_error_code(err), rc);
		err_clear(&err);
		check_after_failure(f, old ? "old" : NULL, may_stand);
	}
	/* create, two writes, fsync, close, rename, fsync of the folder: each failed, with and without an old file. */
	assert_int_equal(n, 2 * 7 + 1);
}

static void a_failed_flush_is_not_tried_again(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	fault_start(FAULT_FSYNC, 1, EIO);
	assert_fails(make(f, NEWFILE_KEEP, &err), HZ_E_IO, &err);
	assert_int_equal(fault_count(), 1);
	fault_stop();
	assert_int_equal(hzt_count_names(f->path), 0);
}

static void half_writes_are_finished(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	fault_start_forever(FAULT_WRITE, 1, FAULT_SHORT);
	assert_ok(make(f, NEWFILE_KEEP, &err), &err);
	assert_true(fault_stop());
	assert_contents(f, "hello world");
}

static void a_leftover_temporary_name_is_not_taken_over(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *temp = hzt_path(f->path, ".tmp.x");
	hz_error *err = NULL;

	hzt_put(temp, "theirs", 6);
	assert_fails(make(f, NEWFILE_KEEP, &err), HZ_E_EXISTS, &err);
	assert_int_equal(access(temp, F_OK), 0);
	assert_int_not_equal(access(f->file, F_OK), 0);
}

static void names_with_folders_are_refused(void **state)
{
	static const char *const wrong[] = { "", ".", "..", "a/b", "/" };
	struct fixture *f = *state;
	struct newfile *n = NULL;
	hz_error *err = NULL;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_fails(newfile_create(&n, f->dir, wrong[i], "t", 0600, &err), HZ_E_INVAL, &err);
		assert_fails(newfile_create(&n, f->dir, "n", wrong[i], 0600, &err), HZ_E_INVAL, &err);
	}
	assert_null(n);
	assert_int_equal(hzt_count_names(f->path), 0);
}

static void put_does_it_in_one_call(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	assert_ok(newfile_put(f->dir, "name", "one", 3, 0600, NEWFILE_KEEP, &err), &err);
	assert_fails(newfile_put(f->dir, "name", "two", 3, 0600, NEWFILE_KEEP, &err), HZ_E_EXISTS, &err);
	assert_contents(f, "one");
	assert_ok(newfile_put(f->dir, "name", "", 0, 0600, NEWFILE_REPLACE, &err), &err);
	assert_contents(f, "");
	fault_start(FAULT_WRITE, 1, ENOSPC);
	assert_fails(newfile_put(f->dir, "name", "x", 1, 0600, NEWFILE_REPLACE, &err), HZ_E_NOSPACE, &err);
	assert_contents(f, "");
	assert_int_equal(hzt_count_names(f->path), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_committed_file_is_whole_and_alone),
		TEST(the_name_comes_after_the_contents_and_before_the_folder),
		TEST(later_leaves_flushing_to_the_caller_and_replaces_nothing),
		TEST(later_is_at_once_where_syncfs_does_not_reach),
		TEST(a_discarded_file_leaves_nothing),
		TEST(a_taken_name_is_not_touched),
		TEST(replacing_takes_the_name_over),
		TEST(a_link_stands_in_for_a_missing_rename),
		TEST(without_link_and_rename_it_is_unsupported),
		TEST(each_failure_leaves_the_old_or_the_whole_file),
		TEST(a_failed_flush_is_not_tried_again),
		TEST(half_writes_are_finished),
		TEST(a_leftover_temporary_name_is_not_taken_over),
		TEST(names_with_folders_are_refused),
		TEST(put_does_it_in_one_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
