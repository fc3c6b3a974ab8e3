/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that change or fail while they are looked at, and systems that lack something: each is told or harmless. And
 * the outside of files: stat, owners.
 */
#include "unit/archive/fsplace.h"
#include "support/faultvfs.h"

static struct vfs table;
static int lists, gets, sets;

static ssize_t counted_list(int fd, char *list, size_t len)
{
	lists++;
	return vfs_system()->flistxattr(fd, list, len);
}

static ssize_t counted_get(int fd, const char *name, void *value, size_t len)
{
	gets++;
	return vfs_system()->fgetxattr(fd, name, value, len);
}

static int counted_setflags(int fd, unsigned flags)
{
	sets++;
	return vfs_system()->setflags(fd, flags);
}

static void install(void)
{
	lists = gets = sets = 0;
	vfs_install(&table);
}

static void a_file_without_xattrs_costs_one_call(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e;

	need_xattrs(a);
	table = *vfs_system();
	table.flistxattr = counted_list;
	table.fgetxattr = counted_get;
	table.setflags = counted_setflags;
	install();
	e = read_entry(p, "a", a);
	assert_true(lists == 1 && gets == 0);
	assert_applies(p, &e, "a", a, "");
	/* The flags are right already. */
	assert_int_equal(sets, 0);
}

static void many_xattrs_come_back_sorted(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e;
	char name[64];

	need_xattrs(a);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "user.%032d", i * 17 % 40);
		if (fsetxattr(a, name, "1", 1, 0) < 0)
			skip();
	}
	e = read_entry(p, "a", a);
	assert_int_equal(e.n_xattrs, 40);
	assert_null(entry_check(&e));
}

static ssize_t shrinking_get(int fd, const char *name, void *value, size_t len)
{
	gets++;
	if (strcmp(name, "user.gone") == 0) {
		errno = ENODATA;
		return -1;
	}
	if (strcmp(name, "user.sick") == 0) {
		errno = EIO;
		return -1;
	}
	/* Grows between the question for its length and the reading, twice. */
	if (strcmp(name, "user.grows") == 0 && gets < 6 && len > 0) {
		errno = ERANGE;
		return -1;
	}
	return vfs_system()->fgetxattr(fd, name, value, len);
}

static ssize_t growing_list(int fd, char *list, size_t len)
{
	if (lists++ < 2) {
		errno = ERANGE;
		return -1;
	}
	return vfs_system()->flistxattr(fd, list, len);
}

static void xattrs_that_change_meanwhile_are_no_failure(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e;

	need_xattrs(a);
	assert_int_equal(fsetxattr(a, "user.gone", "1", 1, 0), 0);
	assert_int_equal(fsetxattr(a, "user.grows", "22", 2, 0), 0);
	assert_int_equal(fsetxattr(a, "user.stays", "333", 3, 0), 0);
	table = *vfs_system();
	table.fgetxattr = shrinking_get;
	table.flistxattr = growing_list;
	install();
	e = read_entry(p, "a", a);
	assert_int_equal(e.n_xattrs, 2);
	assert_string_equal(e.xattrs[0].name, "user.grows");
	assert_int_equal(e.xattrs[0].len, 2);
	assert_memory_equal(e.xattrs[0].value, "22", 2);
	assert_string_equal(e.xattrs[1].name, "user.stays");
}

static void an_unreadable_xattr_is_told_and_the_rest_is_kept(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0604);
	struct entry e = { .name = NULL };
	struct source_stat st;
	const char *what = NULL;

	need_xattrs(a);
	assert_int_equal(fsetxattr(a, "user.sick", "1", 1, 0), 0);
	assert_int_equal(fsetxattr(a, "user.well", "1", 1, 0), 0);
	table = *vfs_system();
	table.fgetxattr = shrinking_get;
	install();
	assert_int_equal(source_stat(&st, p->dirfd, "a"), 0);
	assert_int_equal(entry_read(&e, p->arena, p->names, &st, p->dirfd, "a", a, &what), EIO);
	assert_string_equal(what, "xattr user.sick");
	assert_int_equal(e.mode, S_IFREG | 0604);
	assert_int_equal(e.n_xattrs, 1);
	assert_string_equal(e.xattrs[0].name, "user.well");
}

static ssize_t strange_list(int fd, char *list, size_t len)
{
	/* A name twice, an empty one, some that are not kept, none ended at the end. */
	static const char names[] = "user.b\0\0user.a\0user.b\0system.sockprotoname\0btrfs.x\0user.c";

	(void)fd;
	assert_true(len >= sizeof(names));
	memcpy(list, names, sizeof(names) - 1);
	return sizeof(names) - 1;
}

static ssize_t any_get(int fd, const char *name, void *value, size_t len)
{
	(void)fd, (void)name, (void)len;
	memcpy(value, "x", 1);
	return 1;
}

static void a_strange_list_of_xattrs_gives_a_sound_entry(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e;

	table = *vfs_system();
	table.flistxattr = strange_list;
	table.fgetxattr = any_get;
	install();
	e = read_entry(p, "a", a);
	assert_int_equal(e.n_xattrs, 3);
	assert_null(entry_check(&e));
}

static ssize_t no_list(int fd, char *list, size_t len)
{
	(void)fd, (void)list, (void)len;
	errno = EOPNOTSUPP;
	return -1;
}

static int no_flags(int fd, unsigned *flags)
{
	(void)fd, (void)flags;
	errno = ENOTTY;
	return -1;
}

static void a_file_system_without_them_is_no_failure(void **state)
{
	const struct xattr x = { "user.a", (const uint8_t *)"1", 1 };
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e;

	table = *vfs_system();
	table.flistxattr = no_list;
	table.getflags = no_flags;
	install();
	e = read_entry(p, "a", a);
	assert_int_equal(e.n_xattrs, 0);
	assert_applies(p, &e, "a", a, "");
	/* What such a system cannot keep is told when it is set, and is no difference afterwards. */
	e.xattrs = &x;
	e.n_xattrs = 1;
	e.inode_flags = INODE_NODUMP;
	assert_compares(p, &e, "a", "");
	e.n_xattrs = 0;
	assert_applies(p, &e, "a", a, "inode flags:ENOTTY;");
}

static int old_utimensat(int dirfd, const char *path, const struct timespec ts[2], int flags)
{
	if (flags & AT_EMPTY_PATH) {
		errno = EINVAL;
		return -1;
	}
	return vfs_system()->utimensat(dirfd, path, ts, flags);
}

static void times_are_set_on_a_kernel_without_empty_paths(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e = read_entry(p, "a", a);

	table = *vfs_system();
	table.utimensat = old_utimensat;
	install();
	e.mtime_sec = 1100000000;
	assert_applies(p, &e, "a", a, "");
	assert_compares(p, &e, "a", "");
}

static int picky_setflags(int fd, unsigned flags)
{
	sets++;
	if (flags & INODE_NOATIME) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return vfs_system()->setflags(fd, flags);
}

static void flags_that_can_be_set_are_set_when_one_is_refused(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e = read_entry(p, "a", a);
	unsigned flags = 0;

	if (vfs()->getflags(a, &flags) < 0 || vfs()->setflags(a, flags) < 0)
		skip();
	table = *vfs_system();
	table.setflags = picky_setflags;
	install();
	e.inode_flags |= INODE_NODUMP | INODE_NOATIME;
	assert_applies(p, &e, "a", a, "inode flags:EOPNOTSUPP;");
	assert_int_equal(vfs()->getflags(a, &flags), 0);
	assert_int_equal(flags & (INODE_NODUMP | INODE_NOATIME), INODE_NODUMP);
}

static void every_failed_call_is_told_and_the_rest_is_done(void **state)
{
	const struct xattr x[] = { { "user.a", (const uint8_t *)"1", 1 }, { "user.b", (const uint8_t *)"2", 1 } };
	static const char *const wants[] = { "xattr user.a:EIO;", "xattr user.b:EIO;", "mode:EIO;", "times:EIO;" };
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0600);
	struct entry e = read_entry(p, "a", a);

	need_xattrs(a);
	e.mode = S_IFREG | 0640;
	e.mtime_sec = 1234567890;
	e.xattrs = x;
	e.n_xattrs = 2;
	for (unsigned n = 1; n <= ARRAY_LEN(wants) + 1; n++) {
		struct told t = { "" };

		fault_start(FAULT_META, n, EIO);
		entry_apply(&e, p->dirfd, "a", a, ENTRY_INHERITS, tell, &t);
		assert_int_equal(fault_stop(), n <= ARRAY_LEN(wants));
		assert_string_equal(t.text, n <= ARRAY_LEN(wants) ? wants[n - 1] : "");
	}
	assert_compares(p, &e, "a", "");
}

static void stat_by_name_and_by_descriptor_agree(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct source_stat by_name, by_fd, proc;

	assert_int_equal(source_stat(&by_name, p->dirfd, "a"), 0);
	assert_int_equal(source_stat_fd(&by_fd, a), 0);
	assert_true(stat_sig_equal(&by_name.sig, &by_fd.sig));
	assert_int_equal(by_name.nlink, 1);
	assert_false(by_name.is_mount_root);
	assert_int_equal(source_stat(&proc, AT_FDCWD, "/proc"), 0);
	assert_true(proc.is_mount_root);
	assert_true(proc.sig.dev != by_name.sig.dev);
	assert_int_equal(source_stat(&by_name, p->dirfd, "none"), ENOENT);
	assert_int_equal(symlinkat("a", p->dirfd, "l"), 0);
	assert_int_equal(source_stat(&by_name, p->dirfd, "l"), 0);
	assert_true(S_ISLNK(by_name.sig.mode));
}

static void a_signature_differs_when_a_file_was_touched_or_replaced(void **state)
{
	const struct stat_sig a = { .size = 1 };

	(void)state;
#define DIFFERS(field)                                \
	do {                                          \
		struct stat_sig b = a;                \
		b.field++;                            \
		assert_false(stat_sig_equal(&a, &b)); \
	} while (0)
	assert_true(stat_sig_equal(&a, &a));
	DIFFERS(size);
	DIFFERS(ino);
	DIFFERS(mtime_sec);
	DIFFERS(mtime_nsec);
	DIFFERS(ctime_sec);
	DIFFERS(ctime_nsec);
	DIFFERS(mode);
	DIFFERS(uid);
	DIFFERS(gid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FS_TEST(a_file_without_xattrs_costs_one_call),
		FS_TEST(many_xattrs_come_back_sorted),
		FS_TEST(xattrs_that_change_meanwhile_are_no_failure),
		FS_TEST(an_unreadable_xattr_is_told_and_the_rest_is_kept),
		FS_TEST(a_strange_list_of_xattrs_gives_a_sound_entry),
		FS_TEST(a_file_system_without_them_is_no_failure),
		FS_TEST(times_are_set_on_a_kernel_without_empty_paths),
		FS_TEST(flags_that_can_be_set_are_set_when_one_is_refused),
		FS_TEST(every_failed_call_is_told_and_the_rest_is_done),
		FS_TEST(stat_by_name_and_by_descriptor_agree),
		FS_TEST(a_signature_differs_when_a_file_was_touched_or_replaced),
	};

	return cmocka_run_group_tests_name("archive/entry_read", tests, NULL, NULL);
}
