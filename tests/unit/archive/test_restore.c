/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole restores, with a file system that lies, is old, or that somebody plays with meanwhile.
 * test-label: tsan
 * test-timeout: 600
 * test-passphrases: cheap
 */
#include "restored.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>

static void everything_is_restored_and_verified(void **state)
{
	(void)state;
	expect_whole(HZ_RESTORE_VERIFY);
}

static void small_limits_change_nothing(void **state)
{
	(void)state;
	/* A batch a chunk, so files are carried from one to the next; hardly a descriptor. */
	restore_limits = (struct restore_limits){ 1, 1, 1 };
	expect_whole(HZ_RESTORE_VERIFY);
	(void)clean(NULL);
	restore_limits = (struct restore_limits){ 2000, 1, 2 };
	expect_whole(HZ_RESTORE_VERIFY);
}

/* Packs are read whole then, from a disk that turns in its order. */
static void what_the_store_says_of_itself_changes_nothing(void **state)
{
	struct store *st = g.reader->repo.store;

	(void)state;
	st->remote = true;
	expect_whole(HZ_RESTORE_VERIFY);
	(void)clean(NULL);
	st->rotational = true;
	expect_whole(HZ_RESTORE_VERIFY);
	(void)clean(NULL);
	st->rotational = true;
	restore_limits = (struct restore_limits){ 2000, 1, 2 };
	expect_whole(HZ_RESTORE_VERIFY);
}

/* An access ACL that it would give to all that is made in it: u::rwx, u:5:rwx, g::rwx, m::rwx, o::--- */
static void a_target_that_hands_down_acls_gives_none(void **state)
{
	static const uint8_t acl[] = { 2, 0, 0, 0, 1, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 2, 0, 7, 0, 5, 0, 0, 0, 4, 0, 7,
		0, 0xff, 0xff, 0xff, 0xff, 0x10, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 0, 0, 0xff, 0xff, 0xff,
		0xff };
	char *path;

	(void)state;
	assert_int_equal(mkdir(g.out, 0755), 0);
	if (setxattr(g.out, "system.posix_acl_default", acl, sizeof(acl), 0) < 0)
		skip();
	expect_whole(HZ_RESTORE_VERIFY);
	path = hzt_path(g.out, "a/one");
	assert_int_equal(getxattr(path, "system.posix_acl_access", NULL, 0), -1);
	free(path);
}

static void a_dry_run_counts_the_same_and_writes_nothing(void **state)
{
	hz_restore_result dry, res;
	hz_error *err = NULL;

	(void)state;
	assert_ok(restore(HZ_RESTORE_DRY_RUN, NULL, &dry, &err), &err);
	assert_int_equal(access(g.out, F_OK), -1);
	assert_ok(restore(0, NULL, &res, &err), &err);
	assert_int_equal(dry.files, res.files);
	assert_int_equal(dry.dirs, res.dirs);
	assert_int_equal(dry.others, res.others);
	assert_int_equal(dry.bytes, res.bytes);
	assert_int_equal(dry.matched, res.matched);
}

static void options_of_no_meaning_are_refused(void **state)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;
	const char *const bad[] = { "[a" };
	hz_error *err = NULL;

	(void)state;
	assert_fails(hz_restore(g.reader, g.id, &o, NULL, &res, &err), HZ_E_INVAL, &err);
	o.target = g.out;
	o.flags = 1u << 30;
	assert_fails(hz_restore(g.reader, g.id, &o, NULL, &res, &err), HZ_E_UNSUPPORTED, &err);
	o.flags = 0;
	o.patterns = bad;
	o.n_patterns = 1;
	assert_fails(hz_restore(g.reader, g.id, &o, NULL, &res, &err), HZ_E_INVAL, &err);
	o.n_patterns = 0;
	assert_fails(hz_restore(g.reader, "beef", &o, NULL, &res, &err), HZ_E_INVAL, &err);
	assert_int_equal(access(g.out, F_OK), -1);
}

/* ---- systems that lack something ---- */

static struct vfs table;

static int no_noreplace(int olddir, const char *oldp, int newdir, const char *newp, unsigned flags)
{
	if (!flags)
		return vfs_system()->renameat2(olddir, oldp, newdir, newp, 0);
	errno = EINVAL;
	return -1;
}

static int no_link(int olddir, const char *oldp, int newdir, const char *newp, int flags)
{
	(void)olddir, (void)oldp, (void)newdir, (void)newp, (void)flags;
	errno = EPERM;
	return -1;
}

static int no_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	(void)dirfd, (void)path, (void)flags, (void)mode, (void)resolve;
	errno = ENOSYS;
	return -1;
}

static void neither_openat2_nor_noreplace_is_needed(void **state)
{
	(void)state;
	table = *vfs_system();
	table.renameat2 = no_noreplace;
	table.openat2 = no_openat2;
	vfs_install(&table);
	expect_whole(HZ_RESTORE_VERIFY);
}

static void without_hard_links_there_are_copies_and_that_is_said(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	table = *vfs_system();
	table.renameat2 = no_noreplace;
	table.linkat = no_link;
	vfs_install(&table);
	assert_ok(restore(HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	assert_int_equal(res.files, ARRAY_LEN(files) + SMALL + 1);
	assert_int_equal(res.meta_short, 1);
	assert_int_equal(res.verify_mismatch, 0);
	assert_int_equal(count_right(), ARRAY_LEN(files));
}

/* ---- systems that lie ---- */

static ssize_t wrong_byte(int fd, const struct iovec *iov, int n, off_t off)
{
	static const uint8_t zero;
	struct iovec one = { (void *)(uintptr_t)&zero, 1 };
	ssize_t done = vfs_system()->pwritev(fd, iov, n, off);

	if (off == 0 && done > 100000)
		(void)vfs_system()->pwritev(fd, &one, 1, 5);
	return done;
}

static int no_mode(int fd, mode_t mode)
{
	(void)fd, (void)mode;
	return 0;
}

static void verify_finds_bytes_that_the_disk_made_up(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	table = *vfs_system();
	table.pwritev = wrong_byte;
	vfs_install(&table);
	assert_ok(restore(HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	/* big and large. */
	assert_int_equal(res.verify_mismatch, 2);
}

static void verify_finds_attributes_that_were_not_kept(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	const mode_t mask = umask(077);

	table = *vfs_system();
	table.fchmod = no_mode;
	vfs_install(&table);
	assert_ok(restore(HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	(void)umask(mask);
	/* All but the symlink and the pipe, which is made with its rights. */
	assert_int_equal(res.verify_mismatch, res.verified - 2);
}

/* ---- somebody else in the target ---- */

/* A folder that was just made is moved away, and a symlink leads elsewhere in its place. */
static int swapped_mkdir(int dirfd, const char *path, mode_t mode)
{
	int rc = vfs_system()->mkdirat(dirfd, path, mode);

	if (rc == 0 && (strcmp(path, "a") == 0 || strcmp(path, "many") == 0)) {
		assert_int_equal(renameat(dirfd, path, dirfd, "moved"), 0);
		assert_int_equal(symlinkat(g.aside, dirfd, path), 0);
	}
	return rc;
}

static void a_symlink_in_place_of_a_folder_leads_nowhere(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(mkdir(g.aside, 0700), 0);
	table = *vfs_system();
	table.mkdirat = swapped_mkdir;
	vfs_install(&table);
	assert_ok(restore(HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	assert_int_equal(hzt_count_names(g.aside), 0);
	assert_true(res.failed_target >= SMALL);
	/* The link to a file that is not there is made from the content. */
	assert_int_equal(res.files, 4);
}

/* Whatever is opened for writing finds its final name taken. */
static int planting_open(int dirfd, const char *path, int flags, mode_t mode)
{
	if ((flags & O_CREAT) && strncmp(path, ".hozen-", 7) == 0) {
		int fd = openat(dirfd, "big", O_WRONLY | O_CREAT, 0600);

		assert_true(fd >= 0);
		(void)!write(fd, "mine", 4);
		(void)close(fd);
	}
	return vfs_system()->openat(dirfd, path, flags, mode);
}

static void a_file_that_appears_is_not_replaced(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;
	char *path = hzt_path(g.out, "big");

	(void)state;
	table = *vfs_system();
	table.openat = planting_open;
	vfs_install(&table);
	assert_ok(restore(0, NULL, &res, &err), &err);
	assert_int_equal(res.left_existing, 1);
	assert_true(is_right(path, (const uint8_t *)"mine", 4));
	assert_int_equal(count_temps(g.out), 0);
	free(path);
}

/* ---- stopping ---- */

static int stop(void *user, const hz_progress *p)
{
	return p->phase == *(const uint32_t *)user;
}

static unsigned flushes; /* atomic */

static int counted_fsync(int fd)
{
	(void)__atomic_add_fetch(&flushes, 1, __ATOMIC_RELAXED);
	return vfs_system()->fsync(fd);
}

static bool never(int fd)
{
	(void)fd;
	return false;
}

static int fails_on_files(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == (off_t)files[0].len) {
		errno = EIO;
		return -1;
	}
	return vfs_system()->fsync(fd);
}

/* As on FUSE. */
static void where_syncfs_does_not_reach_each_file_is_flushed(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;
	unsigned otherwise;
	char *path;

	(void)state;
	table = *vfs_system();
	table.fsync = counted_fsync;
	vfs_install(&table);
	flushes = 0;
	expect_whole(0);
	otherwise = flushes;
	(void)clean(NULL);
	table.syncfs_reaches = never;
	vfs_install(&table);
	flushes = 0;
	expect_whole(0);
	assert_int_equal(flushes, otherwise + ARRAY_LEN(files) + SMALL);
	(void)clean(NULL);
	/* What could not be flushed has no name, and ends it. */
	table.fsync = fails_on_files;
	vfs_install(&table);
	assert_fails(restore(0, NULL, &res, &err), HZ_E_IO, &err);
	path = hzt_path(g.out, files[0].name);
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

static void a_restore_can_be_stopped_anywhere(void **state)
{
	static const uint32_t phases[] = { HZ_PHASE_PLAN, HZ_PHASE_DATA, HZ_PHASE_ATTRS, HZ_PHASE_VERIFY };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
		hz_restore_result res;
		hz_error *err = NULL;
		hz_job *job = NULL;
		uint32_t phase = phases[i];

		assert_ok(hz_job_new(&job, &err), &err);
		hz_job_on_progress(job, stop, &phase);
		assert_fails(restore(HZ_RESTORE_VERIFY, job, &res, &err), HZ_E_CANCELED, &err);
		(void)count_right();
		assert_int_equal(count_temps(g.out), 0);
		hz_job_free(job);
		(void)clean(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(everything_is_restored_and_verified),
		T(small_limits_change_nothing),
		T(what_the_store_says_of_itself_changes_nothing),
		T(a_target_that_hands_down_acls_gives_none),
		T(a_dry_run_counts_the_same_and_writes_nothing),
		T(options_of_no_meaning_are_refused),
		T(neither_openat2_nor_noreplace_is_needed),
		T(without_hard_links_there_are_copies_and_that_is_said),
		T(verify_finds_bytes_that_the_disk_made_up),
		T(verify_finds_attributes_that_were_not_kept),
		T(a_symlink_in_place_of_a_folder_leads_nowhere),
		T(a_file_that_appears_is_not_replaced),
		T(where_syncfs_does_not_reach_each_file_is_flushed),
		T(a_restore_can_be_stopped_anywhere),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
