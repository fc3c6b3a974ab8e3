/* SPDX-License-Identifier: BSD-2-Clause */
/* The helpers over the table, with calls that fail or do half of the work. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "base/vfs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <unistd.h>

static int setup(void **state)
{
	*state = hzt_tmpdir();
	return 0;
}

static int teardown(void **state)
{
	fault_stop();
	hzt_tmpdir_remove(*state);
	return 0;
}

static void descriptors_are_closed_on_exec(void **state)
{
	AUTO_FD int dir = vfs()->openat(AT_FDCWD, *state, O_RDONLY | O_DIRECTORY, 0);
	AUTO_FD int fd = vfs()->openat2(dir, "f", O_RDWR | O_CREAT, 0640, RESOLVE_BENEATH);
	struct stat st;

	assert_true(dir >= 0 && fd >= 0);
	assert_true(fcntl(dir, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(vfs()->fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640U, 0);
}

static void a_resolve_limit_is_kept(void **state)
{
	AUTO_FD int dir = hzt_opendir(*state);

	assert_int_equal(vfs()->openat2(dir, "..", O_RDONLY, 0, RESOLVE_BENEATH), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(vfs()->symlinkat("/", dir, "link"), 0);
	assert_int_equal(vfs()->openat2(dir, "link", O_RDONLY, 0, RESOLVE_NO_SYMLINKS), -1);
	assert_int_equal(errno, ELOOP);
}

static void closing_forgets_the_number_and_keeps_errno(void **state)
{
	int fd = hzt_opendir(*state);
	int copy = fd;

	errno = E2BIG;
	fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, E2BIG);
	assert_int_equal(fcntl(copy, F_GETFD), -1);
	fd_close(&fd);
}

static void half_writes_are_finished(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	AUTO_FREE uint8_t *back = NULL;
	char a[] = "abc", b[] = "", c[] = "defghij", d[] = "k";
	struct iovec iov[] = { { a, 3 }, { b, 0 }, { c, 7 }, { d, 1 }, { b, 0 } };
	AUTO_FD int fd = vfs()->openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
	size_t len;

	fault_start_forever(FAULT_WRITE, 1, FAULT_SHORT);
	assert_int_equal(vfs_pwritev_all(fd, iov, ARRAY_LEN(iov), 2), 0);
	assert_true(fault_count() > 4);
	fault_stop();
	assert_int_equal(vfs_pwritev_all(fd, iov, 0, 0), 0);
	back = hzt_get(path, &len);
	assert_int_equal(len, 13);
	assert_memory_equal(back, "\0\0abcdefghijk", 13);
}

static void many_pieces_are_written_in_order(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	AUTO_FREE uint8_t *back = NULL;
	AUTO_FD int fd = vfs()->openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
	uint8_t bytes[3000];
	struct iovec iov[1000];
	struct hzt_random r = { 4 };
	size_t len;

	hzt_random_fill(&r, bytes, sizeof(bytes));
	for (unsigned i = 0; i < 1000; i++)
		iov[i] = (struct iovec){ bytes + (size_t)3 * i, 3 };
	assert_int_equal(vfs_pwritev_all(fd, iov, 1000, 0), 0);
	back = hzt_get(path, &len);
	assert_int_equal(len, 3000);
	assert_memory_equal(back, bytes, 3000);
}

static void plain_writes_and_reads_are_whole(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	AUTO_FD int fd = vfs()->openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
	char back[11] = "";

	fault_start_forever(FAULT_WRITE, 1, FAULT_SHORT);
	assert_int_equal(vfs_write_all(fd, "0123456789", 10), 0);
	fault_stop();
	assert_int_equal(vfs_pread_all(fd, back, 10, 0), 0);
	assert_string_equal(back, "0123456789");
	assert_int_equal(vfs_pread_all(fd, back, 0, 99), 0);
}

static void reading_past_the_end_is_an_error(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	char back[4];

	hzt_put(path, "abc", 3);
	AUTO_FD int fd = vfs()->openat(AT_FDCWD, path, O_RDONLY, 0);

	assert_int_equal(vfs_pread_all(fd, back, 4, 0), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(vfs_pread_all(fd, back, 1, UINT64_MAX), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(vfs_pread_all(fd, back, 2, INT64_MAX - 1), -1);
}

static void failing_calls_keep_their_errno(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	AUTO_FD int fd = vfs()->openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
	struct iovec iov = { path, 3 };

	fault_start_forever(FAULT_ALL, 1, ENOSPC);
	assert_int_equal(vfs_pwritev_all(fd, &iov, 1, 0), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(vfs_write_all(fd, "x", 1), -1);
	assert_int_equal(errno, ENOSPC);
	fault_stop();
	assert_int_equal(vfs_pwritev_all(fd, &iov, 1, UINT64_MAX), -1);
	assert_int_equal(errno, EFBIG);
}

static void a_file_is_read_up_to_its_maximum(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	AUTO_FREE uint8_t *data = NULL;
	hz_error *err = NULL;
	size_t len = 0;

	hzt_put(path, "secret", 6);
	assert_ok(vfs_read_file(&data, &len, AT_FDCWD, path, 6, false, &err), &err);
	assert_int_equal(len, 6);
	assert_memory_equal(data, "secret", 6);
	len = 77;
	free(TAKE(data));
	assert_fails(vfs_read_file(&data, &len, AT_FDCWD, path, 5, false, &err), HZ_E_INVAL, &err);
	assert_null(data);
	assert_int_equal(len, 77);
}

static void files_without_a_size_are_read_whole(void **state)
{
	AUTO_FREE uint8_t *data = NULL, *again = NULL;
	hz_error *err = NULL;
	size_t len = 0;

	(void)state;
	assert_ok(vfs_read_file(&data, &len, AT_FDCWD, "/proc/self/status", 1 << 20, false, &err), &err);
	assert_true(len > 200);
	assert_memory_equal(data, "Name:", 5);
	assert_fails(vfs_read_file(&again, &len, AT_FDCWD, "/proc/self/status", 100, false, &err), HZ_E_INVAL, &err);
}

static void an_empty_file_has_no_bytes(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	AUTO_FREE uint8_t *data = NULL;
	hz_error *err = NULL;
	size_t len = 9;

	hzt_put(path, "", 0);
	assert_ok(vfs_read_file(&data, &len, AT_FDCWD, path, 0, false, &err), &err);
	assert_non_null(data);
	assert_int_equal(len, 0);
}

static void a_secret_that_others_can_reach_is_refused(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	static const mode_t open_modes[] = { 0640, 0604, 0620, 0601 };
	AUTO_FREE uint8_t *data = NULL;
	hz_error *err = NULL;
	size_t len;

	hzt_put(path, "x", 1);
	for (size_t i = 0; i < ARRAY_LEN(open_modes); i++) {
		assert_int_equal(chmod(path, open_modes[i]), 0);
		assert_int_equal(vfs_read_file(&data, &len, AT_FDCWD, path, 9, true, &err), HZ_E_AUTH);
		assert_int_equal(hz_error_code(err), HZ_E_AUTH);
		assert_non_null(hz_error_hint(err));
		err_clear(&err);
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_ok(vfs_read_file(&data, &len, AT_FDCWD, path, 9, true, &err), &err);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_fails(vfs_read_file(&data, &len, AT_FDCWD, path, 9, true, &err), HZ_E_AUTH, &err);
	}
}

static void only_regular_files_are_read(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "pipe");
	AUTO_FREE uint8_t *data = NULL;
	hz_error *err = NULL;
	size_t len;

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_fails(vfs_read_file(&data, &len, AT_FDCWD, path, 9, false, &err), HZ_E_INVAL, &err);
	assert_fails(vfs_read_file(&data, &len, AT_FDCWD, *state, 9, false, &err), HZ_E_INVAL, &err);
	assert_fails(vfs_read_file(&data, &len, AT_FDCWD, "/nonexistent", 9, false, &err), HZ_E_NOTFOUND, &err);
}

static void each_failing_call_of_a_read_is_reported(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "f");
	unsigned n;

	hzt_put(path, "abc", 3);
	assert_int_equal(chmod(path, 0600), 0);
	for (n = 1;; n++) {
		AUTO_FREE uint8_t *data = NULL;
		hz_error *err = NULL;
		size_t len;
		int rc;

		fault_start(FAULT_OPEN | FAULT_STAT | FAULT_READ, n, EIO);
		rc = vfs_read_file(&data, &len, AT_FDCWD, path, 9, true, &err);
		if (!fault_stop()) {
			assert_ok(rc, &err);
			break;
		}
		assert_fails(rc, HZ_E_IO, &err);
		assert_null(data);
	}
	assert_true(n > 3);
}

static void folders_are_made_and_their_parents_flushed(void **state)
{
	AUTO_FREE char *path = hzt_path(*state, "a//b/c/");
	hz_error *err = NULL;
	AUTO_FD int fd = -1;
	struct stat st;
	long made, flushed;

	fault_start(0, 0, 0);
	fault_record(*state);
	assert_ok(vfs_mkdirs(&fd, path, 0750, &err), &err);
	made = fault_log_find(0, "mkdir a/b");
	flushed = fault_log_find((size_t)made, "fsync a");
	assert_true(made > 0 && flushed > made);
	assert_true(fault_log_find(0, "fsync .") > fault_log_find(0, "mkdir a"));
	assert_true(fault_log_find(0, "fsync a/b") > fault_log_find(0, "mkdir a/b/c"));
	fault_stop();
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777 & ~0750U, 0);
	fd_close(&fd);
	fault_start(0, 0, 0);
	fault_record(*state);
	assert_ok(vfs_mkdirs(&fd, path, 0750, &err), &err);
	assert_null(fault_log(0));
}

static void a_file_in_the_way_of_a_folder_is_an_error(void **state)
{
	AUTO_FREE char *file = hzt_path(*state, "f");
	AUTO_FREE char *path = hzt_path(*state, "f/g");
	hz_error *err = NULL;
	int fd = -1;

	hzt_put(file, "x", 1);
	assert_fails(vfs_mkdirs(&fd, path, 0700, &err), HZ_E_IO, &err);
	assert_fails(vfs_mkdirs(&fd, file, 0700, &err), HZ_E_IO, &err);
	assert_fails(vfs_mkdirs(&fd, "", 0700, &err), HZ_E_INVAL, &err);
	assert_int_equal(fd, -1);
}

static void each_failing_call_of_making_folders_is_reported(void **state)
{
	for (unsigned n = 1;; n++) {
		AUTO_FREE char *path = NULL;
		hz_error *err = NULL;
		AUTO_FD int fd = -1;
		int rc;

		assert_true(asprintf(&path, "%s/%u/x", (char *)*state, n) > 0);
		fault_start(FAULT_OPEN | FAULT_MKDIR | FAULT_FSYNC, n, EIO);
		rc = vfs_mkdirs(&fd, path, 0700, &err);
		if (!fault_stop()) {
			assert_ok(rc, &err);
			assert_true(n > 6);
			return;
		}
		assert_fails(rc, HZ_E_IO, &err);
		assert_int_equal(fd, -1);
	}
}

static int count_entry(void *user, const char *name, uint64_t ino, unsigned char d_type)
{
	unsigned *seen = user;

	assert_string_not_equal(name, ".");
	assert_string_not_equal(name, "..");
	assert_true(ino != 0);
	assert_true(d_type == DT_REG || d_type == DT_UNKNOWN);
	(*seen)++;
	return 0;
}

static int stop_at_third(void *user, const char *name, uint64_t ino, unsigned char d_type)
{
	unsigned *seen = user;

	(void)name, (void)ino, (void)d_type;
	return ++*seen == 3 ? 17 : 0;
}

static void every_entry_is_seen_each_time(void **state)
{
	AUTO_FD int fd = hzt_opendir(*state);
	hz_error *err = NULL;
	unsigned seen = 0;

	for (unsigned i = 0; i < 1500; i++) {
		AUTO_FREE char *path = NULL;

		assert_true(asprintf(&path, "%s/a-rather-long-file-name-%u", (char *)*state, i) > 0);
		hzt_put(path, "", 0);
	}
	assert_ok(vfs_readdir(fd, count_entry, &seen, &err), &err);
	assert_int_equal(seen, 1500);
	assert_ok(vfs_readdir(fd, count_entry, &seen, &err), &err);
	assert_int_equal(seen, 3000);
	seen = 0;
	assert_int_equal(vfs_readdir(fd, stop_at_third, &seen, &err), 17);
	assert_int_equal(seen, 3);
	assert_null(err);
	fault_start(FAULT_READ, 2, EIO);
	assert_fails(vfs_readdir(fd, count_entry, &seen, &err), HZ_E_IO, &err);
}

static void attributes_are_reached_through_any_descriptor(void **state)
{
	AUTO_FD int dir = hzt_opendir(*state);
	AUTO_FREE char *path = hzt_path(*state, "f");
	char value[16] = "", list[256];

	hzt_put(path, "", 0);
	AUTO_FD int opath = vfs()->openat(dir, "f", O_PATH | O_NOFOLLOW, 0);
	AUTO_FD int fd = vfs()->openat(dir, "f", O_RDONLY, 0);

	if (vfs()->fsetxattr(opath, "user.hozen", "one", 3) < 0 && errno == EOPNOTSUPP)
		skip();
	assert_int_equal(vfs()->fgetxattr(fd, "user.hozen", value, sizeof(value)), 3);
	assert_string_equal(value, "one");
	assert_int_equal(vfs()->fsetxattr(fd, "user.hozen", "two!", 4), 0);
	assert_int_equal(vfs()->fgetxattr(opath, "user.hozen", value, sizeof(value)), 4);
	assert_int_equal(vfs()->lgetxattr(dir, "f", "user.hozen", value, sizeof(value)), 4);
	assert_string_equal(value, "two!");
	assert_int_equal(vfs()->lsetxattr(dir, "f", "user.other", "x", 1), 0);
	assert_true(vfs()->flistxattr(opath, list, sizeof(list)) >= 22);
	assert_true(vfs()->flistxattr(fd, list, sizeof(list)) >= 22);
	assert_true(vfs()->llistxattr(dir, "f", list, sizeof(list)) >= 22);
	assert_int_equal(vfs()->fremovexattr(opath, "user.hozen"), 0);
	assert_int_equal(vfs()->lgetxattr(dir, "f", "user.hozen", value, sizeof(value)), -1);
	assert_int_equal(vfs()->fremovexattr(fd, "user.hozen"), -1);
	assert_int_equal(errno, ENODATA);
	assert_int_equal(vfs()->lremovexattr(dir, "f", "user.other"), 0);
	assert_int_equal(vfs()->fgetxattr(fd, "user.other", value, sizeof(value)), -1);
}

/* Where blocks cannot be shared it must say so, and touch nothing. */
static void a_clone_has_all_or_none_of_the_content(void **state)
{
	AUTO_FD int dir = hzt_opendir(*state);
	AUTO_FREE char *from = hzt_path(*state, "from"), *to = hzt_path(*state, "to");
	char data[8] = "";

	hzt_put(from, "content", 7);
	hzt_put(to, "", 0);
	AUTO_FD int a = vfs()->openat(dir, "from", O_RDONLY, 0);
	AUTO_FD int b = vfs()->openat(dir, "to", O_RDWR, 0);

	if (vfs()->clone(b, a) == 0)
		assert_int_equal(vfs()->pread(b, data, 8, 0), 7);
	else
		assert_int_equal(vfs()->pread(b, data, 8, 0), 0);
}

static void a_symlink_is_never_followed_to_attributes(void **state)
{
	AUTO_FD int dir = hzt_opendir(*state);
	AUTO_FREE char *path = hzt_path(*state, "f");
	char value[16], long_name[NAME_MAX + 2];

	hzt_put(path, "", 0);
	assert_int_equal(vfs()->symlinkat("f", dir, "link"), 0);
	AUTO_FD int opath = vfs()->openat(dir, "link", O_PATH | O_NOFOLLOW, 0);

	if (vfs()->lsetxattr(dir, "f", "user.hozen", "one", 3) < 0 && errno == EOPNOTSUPP)
		skip();
	assert_int_equal(vfs()->fgetxattr(opath, "user.hozen", value, sizeof(value)), -1);
	assert_int_equal(vfs()->lgetxattr(dir, "link", "user.hozen", value, sizeof(value)), -1);
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(vfs()->lgetxattr(dir, long_name, "user.hozen", value, sizeof(value)), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

static void free_space_is_not_more_than_all(void **state)
{
	AUTO_FD int dir = hzt_opendir(*state);
	uint64_t left = 0, total = 0;

	assert_int_equal(vfs()->statvfs(dir, &left, &total), 0);
	assert_true(total > 0 && left <= total);
	assert_int_equal(vfs()->statvfs(-1, &left, &total), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(descriptors_are_closed_on_exec),
		TEST(a_resolve_limit_is_kept),
		TEST(closing_forgets_the_number_and_keeps_errno),
		TEST(half_writes_are_finished),
		TEST(many_pieces_are_written_in_order),
		TEST(plain_writes_and_reads_are_whole),
		TEST(reading_past_the_end_is_an_error),
		TEST(failing_calls_keep_their_errno),
		TEST(a_file_is_read_up_to_its_maximum),
		TEST(files_without_a_size_are_read_whole),
		TEST(an_empty_file_has_no_bytes),
		TEST(a_secret_that_others_can_reach_is_refused),
		TEST(only_regular_files_are_read),
		TEST(each_failing_call_of_a_read_is_reported),
		TEST(folders_are_made_and_their_parents_flushed),
		TEST(a_file_in_the_way_of_a_folder_is_an_error),
		TEST(each_failing_call_of_making_folders_is_reported),
		TEST(every_entry_is_seen_each_time),
		TEST(attributes_are_reached_through_any_descriptor),
		TEST(a_clone_has_all_or_none_of_the_content),
		TEST(a_symlink_is_never_followed_to_attributes),
		TEST(free_space_is_not_more_than_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
