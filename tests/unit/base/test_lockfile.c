/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock has one holder, ends with it, and is the file that has the name. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "base/lockfile.h"
#include "base/vfs.h"
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static char *path;
static int dir = -1;

static int setup(void **state)
{
	(void)state;
	path = hzt_tmpdir();
	dir = hzt_opendir(path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fault_stop();
	fd_close(&dir);
	hzt_tmpdir_remove(path);
	return 0;
}

static void a_second_taker_is_told_it_is_busy(void **state)
{
	AUTO_FD int first = -1, second = -1;
	hz_error *err = NULL;

	(void)state;
	assert_ok(lockfile_take(&first, dir, "lock", false, &err), &err);
	assert_true(lockfile_is_held(dir, "lock"));
	assert_fails(lockfile_take(&second, dir, "lock", false, &err), HZ_E_BUSY, &err);
	assert_int_equal(second, -1);
	fd_close(&first);
	assert_false(lockfile_is_held(dir, "lock"));
	assert_ok(lockfile_take(&second, dir, "lock", false, &err), &err);
}

static void a_lock_never_made_is_not_held(void **state)
{
	(void)state;
	assert_false(lockfile_is_held(dir, "lock"));
	assert_int_equal(hzt_count_names(path), 0);
}

static void the_file_stays_and_is_private(void **state)
{
	AUTO_FREE char *file = hzt_path(path, "lock");
	hz_error *err = NULL;
	struct stat st;
	int fd = -1;

	(void)state;
	assert_ok(lockfile_take(&fd, dir, "lock", true, &err), &err);
	fd_close(&fd);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void the_end_of_the_process_frees_the_lock(void **state)
{
	AUTO_FD int fd = -1;
	hz_error *err = NULL;
	int status, ready[2], go[2];
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int lock = -1;

		(void)close(go[1]);
		if (lockfile_take(&lock, dir, "lock", true, NULL) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		/* Ends without a word when the parent closes its side. */
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	(void)close(go[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_fails(lockfile_take(&fd, dir, "lock", false, &err), HZ_E_BUSY, &err);
	(void)close(go[1]);
	/* Waits until the child is gone. */
	assert_ok(lockfile_take(&fd, dir, "lock", true, &err), &err);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

/* As a file call: removes the file just before the first lock is taken, as another process might. */
static bool removed;

static int flock_after_removal(int fd, int op)
{
	if (!removed) {
		removed = true;
		assert_int_equal(unlinkat(dir, "lock", 0), 0);
	}
	return vfs_system()->flock(fd, op);
}

static void a_lock_on_a_removed_file_is_taken_anew(void **state)
{
	AUTO_FD int fd = -1, other = -1;
	struct vfs table = *vfs_system();
	hz_error *err = NULL;

	(void)state;
	removed = false;
	table.flock = flock_after_removal;
	vfs_install(&table);
	assert_ok(lockfile_take(&fd, dir, "lock", false, &err), &err);
	vfs_install(NULL);
	assert_true(removed);
	assert_int_equal(hzt_count_names(path), 1);
	assert_fails(lockfile_take(&other, dir, "lock", false, &err), HZ_E_BUSY, &err);
}

static void a_symlink_is_not_followed(void **state)
{
	hz_error *err = NULL;
	int fd = -1;

	(void)state;
	assert_int_equal(symlinkat("elsewhere", dir, "lock"), 0);
	assert_fails(lockfile_take(&fd, dir, "lock", false, &err), HZ_E_IO, &err);
	assert_int_equal(hzt_count_names(path), 1);
	assert_false(lockfile_is_held(dir, "lock"));
}

static void each_failing_call_is_reported(void **state)
{
	(void)state;
	for (unsigned n = 1;; n++) {
		AUTO_FD int fd = -1;
		hz_error *err = NULL;
		int rc;

		fault_start(FAULT_OPEN | FAULT_LOCK | FAULT_STAT, n, EIO);
		rc = lockfile_take(&fd, dir, "lock", false, &err);
		if (!fault_stop()) {
			assert_ok(rc, &err);
			assert_int_equal(n, 5);
			return;
		}
		assert_fails(rc, HZ_E_IO, &err);
		assert_int_equal(fd, -1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_second_taker_is_told_it_is_busy),
		TEST(a_lock_never_made_is_not_held),
		TEST(the_file_stays_and_is_private),
		TEST(the_end_of_the_process_frees_the_lock),
		TEST(a_lock_on_a_removed_file_is_taken_anew),
		TEST(a_symlink_is_not_followed),
		TEST(each_failing_call_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
