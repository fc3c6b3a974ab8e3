/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries and real files: what is read from one file and set on another is found there again; what cannot be set is
 * told, and nothing gets more rights than it had. What the file system of the temporary folder or the user cannot do is
 * skipped.
 */
#include "unit/archive/fsplace.h"
#include <grp.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define NOBODY 65534u

static void files_come_back_with_all_attributes(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644), b = make_file(p, "b", 0600);
	char value[2000];

	need_xattrs(a);
	memset(value, 'v', sizeof(value));
	if (geteuid() == 0)
		assert_int_equal(fchown(a, 1234, 5678), 0);
	set_acl(a, XATTR_ACL_ACCESS, 5);
	assert_int_equal(fsetxattr(a, "user.empty", "", 0, 0), 0);
	assert_int_equal(fsetxattr(a, "user.long", value, sizeof(value), 0), 0);
	assert_int_equal(fsetxattr(a, "user.a", "1", 1, 0), 0);
	assert_int_equal(fchmod(a, 04750), 0);
	set_mtime(p, "a", 1600000000, 123456789);
	assert_same(p, "a", a, "b", b);
	/* By name they are the same. */
	assert_same(p, "a", -1, "b", -1);
}

static void capabilities_outlive_the_change_of_owner(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0755), b = make_file(p, "b", 0600);
	/* Version 2, effective, CAP_NET_BIND_SERVICE permitted. */
	const uint8_t cap[20] = { 1, 0, 0, 2, 0, 4 };

	need_root();
	assert_int_equal(fchown(a, 1234, 5678), 0);
	if (fsetxattr(a, "security.capability", cap, sizeof(cap), 0) < 0)
		skip();
	assert_int_equal(fsetxattr(a, "trusted.t", "x", 1, 0), 0);
	assert_same(p, "a", a, "b", b);
	assert_int_equal(fgetxattr(b, "security.capability", NULL, 0), 20);
	assert_int_equal(fgetxattr(b, "trusted.t", NULL, 0), 1);
}

static void folders_come_back_with_default_acl_and_sticky_bit(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_folder(p, "a", 0755), b = make_folder(p, "b", 0700);

	set_acl(a, XATTR_ACL_DEFAULT, 7);
	assert_int_equal(fchmod(a, 03775), 0);
	set_mtime(p, "a", 1500000000, 1);
	assert_same(p, "a", a, "b", b);
	assert_int_equal(fgetxattr(b, XATTR_ACL_DEFAULT, NULL, 0), 44);
}

static void times_come_back_as_far_as_the_file_system_goes(void **state)
{
	/* 1901, before and after 1970, 2038, 2100, 2300, beyond ext4 (2446) */
	static const int64_t secs[] = { -2147483648, -1, 0, 1, 2147483648, 4102444800, 10413792000, 17179869184 };
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644), b = make_file(p, "b", 0644);

	for (size_t i = 0; i < ARRAY_LEN(secs); i++) {
		struct source_stat st;

		set_mtime(p, "a", secs[i], 999999999);
		assert_int_equal(source_stat(&st, p->dirfd, "a"), 0);
		if (st.sig.mtime_sec != secs[i])
			print_message("mtime %lld is kept as %lld\n", (long long)secs[i], (long long)st.sig.mtime_sec);
		assert_same(p, "a", a, "b", b);
	}
}

static void a_time_beyond_the_file_system_is_told(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e = read_entry(p, "a", a);
	struct source_stat st;

	e.mtime_sec = (int64_t)1 << 40;
	set_mtime(p, "a", e.mtime_sec, 0);
	assert_int_equal(source_stat(&st, p->dirfd, "a"), 0);
	if (st.sig.mtime_sec == e.mtime_sec) {
		print_message("the file system keeps any time\n");
		skip();
	}
	assert_applies(p, &e, "a", a, "times:EOVERFLOW;");
	assert_compares(p, &e, "a", "mtime:0;");
}

static void symlinks_have_target_owner_and_time(void **state)
{
	struct place *p = *state;
	struct entry e;

	assert_int_equal(symlinkat("../no/such\xff", p->dirfd, "a"), 0);
	assert_int_equal(symlinkat("../no/such\xff", p->dirfd, "b"), 0);
	assert_int_equal(symlinkat("elsewhere", p->dirfd, "c"), 0);
	if (geteuid() == 0) {
		char path[512];

		assert_int_equal(fchownat(p->dirfd, "a", 1234, 5678, AT_SYMLINK_NOFOLLOW), 0);
		(void)snprintf(path, sizeof(path), "%s/a", p->path);
		assert_int_equal(lsetxattr(path, "trusted.t", "x", 1, 0), 0);
	}
	set_mtime(p, "a", 1400000000, 5);
	assert_same(p, "a", -1, "b", -1);
	e = read_entry(p, "a", -1);
	assert_int_equal(e.link_len, 11);
	assert_memory_equal(e.link, "../no/such\xff", 11);
	assert_applies(p, &e, "c", -1, "");
	assert_compares(p, &e, "c", "link target:0;");
}

static void fifos_and_devices_come_back(void **state)
{
	struct place *p = *state;
	struct entry e;

	assert_int_equal(mknodat(p->dirfd, "f", S_IFIFO | 0640, 0), 0);
	assert_int_equal(mknodat(p->dirfd, "g", S_IFIFO | 0600, 0), 0);
	assert_int_equal(mknodat(p->dirfd, "s", S_IFSOCK | 0640, 0), 0);
	assert_int_equal(mknodat(p->dirfd, "t", S_IFSOCK | 0600, 0), 0);
	set_mtime(p, "f", 1300000000, 0);
	assert_same(p, "f", -1, "g", -1);
	assert_same(p, "s", -1, "t", -1);
	if (mknodat(p->dirfd, "c", S_IFCHR | 0660, makedev(1, 3)) < 0 ||
		mknodat(p->dirfd, "d", S_IFCHR | 0600, makedev(1, 5)) < 0 ||
		mknodat(p->dirfd, "e", S_IFCHR | 0600, makedev(1, 3)) < 0) {
		print_message("no devices for this user\n");
		return;
	}
	e = read_entry(p, "c", -1);
	assert_true(e.rdev_major == 1 && e.rdev_minor == 3);
	assert_same(p, "c", -1, "e", -1);
	assert_applies(p, &e, "d", -1, "");
	assert_compares(p, &e, "d", "device:0;");
}

static void inode_flags_come_back_and_only_they(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644), b = make_file(p, "b", 0644);
	unsigned before = 0, after = 0;
	struct entry e;

	if (vfs()->getflags(a, &before) < 0 || vfs()->setflags(a, before | INODE_NODUMP | INODE_NOATIME) < 0) {
		print_message("no inode flags in the temporary folder\n");
		skip();
	}
	/* One that was not on the other goes away, where there are such. */
	(void)vfs()->setflags(b, before | INODE_SYNC);
	e = read_entry(p, "a", a);
	assert_int_equal(e.inode_flags, (before & entry_flags_mask()) | INODE_NODUMP | INODE_NOATIME);
	assert_same(p, "a", a, "b", b);
	assert_int_equal(vfs()->getflags(b, &after), 0);
	assert_int_equal(after, before | INODE_NODUMP | INODE_NOATIME);
	assert_int_equal(vfs()->setflags(b, before), 0);
	assert_compares(p, &e, "b", "inode flags:0;");
}

static void the_immutable_flag_is_set_last(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644), b = make_file(p, "b", 0600);
	unsigned flags = 0;
	struct entry e;
	struct told t = { "" };

	need_xattrs(a);
	assert_int_equal(fsetxattr(a, "user.a", "1", 1, 0), 0);
	set_mtime(p, "a", 1200000000, 0);
	if (vfs()->getflags(a, &flags) < 0 || vfs()->setflags(a, flags | INODE_IMMUTABLE) < 0) {
		print_message("no immutable flag in the temporary folder\n");
		skip();
	}
	e = read_entry(p, "a", a);
	assert_int_equal(vfs()->setflags(a, flags), 0);
	entry_apply(&e, p->dirfd, "b", b, ENTRY_INHERITS, tell, &t);
	entry_compare(&e, p->dirfd, "b", tell, &t);
	assert_int_equal(openat(p->dirfd, "b", O_WRONLY), -1);
	assert_int_equal(vfs()->setflags(b, flags), 0);
	assert_string_equal(t.text, "");
}

static void an_inherited_acl_is_taken_away(void **state)
{
	struct place *p = *state;
	AUTO_FD int plain = make_file(p, "plain", 0640), plain_folder = make_folder(p, "plain-folder", 0750);
	AUTO_FD int folder = make_folder(p, "folder", 0755), b = -1, c = -1;
	struct place in = *p;
	struct entry file, dir;
	struct source_stat st;

	set_mtime(p, "plain", 1000000000, 0);
	file = read_entry(p, "plain", plain);
	dir = read_entry(p, "plain-folder", plain_folder);
	set_acl(folder, XATTR_ACL_DEFAULT, 7);
	in.dirfd = folder;
	b = make_file(&in, "b", 0600);
	c = make_folder(&in, "c", 0700);
	assert_int_equal(fgetxattr(b, XATTR_ACL_ACCESS, NULL, 0), 44);
	assert_int_equal(fgetxattr(c, XATTR_ACL_DEFAULT, NULL, 0), 44);
	assert_compares(&in, &file, "b", "mode:0;mtime:0;xattr system.posix_acl_access:0;");
	assert_applies(&in, &file, "b", b, "");
	assert_applies(&in, &dir, "c", c, "");
	assert_int_equal(fgetxattr(b, XATTR_ACL_ACCESS, NULL, 0), -1);
	assert_int_equal(fgetxattr(c, XATTR_ACL_ACCESS, NULL, 0), -1);
	assert_int_equal(fgetxattr(c, XATTR_ACL_DEFAULT, NULL, 0), -1);
	assert_int_equal(source_stat_fd(&st, b), 0);
	assert_int_equal(st.sig.mode, S_IFREG | 0640);
	assert_compares(&in, &file, "b", "");
	assert_compares(&in, &dir, "c", "");
}

/* Runs fn as nobody in a child; what it told comes back. */
static void as_nobody(struct place *p, void (*fn)(struct place *p, struct told *t), const char *text)
{
	struct told *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	assert_true(t != MAP_FAILED);
	assert_int_equal(fchown(p->dirfd, NOBODY, NOBODY), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const gid_t group = NOBODY;

		if (setgroups(1, &group) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(2);
		fn(p, t);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(t->text, text);
	assert_int_equal(munmap(t, sizeof(*t)), 0);
}

static void nobody_restores_foreign(struct place *p, struct told *t)
{
	AUTO_FD int b = openat(p->dirfd, "b", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	struct entry e = { .mode = S_IFREG | 06755, .uid = 1234, .gid = 5678, .user = "", .group = "" };

	e.mtime_sec = 1600000000;
	entry_apply(&e, p->dirfd, "b", b, ENTRY_INHERITS, tell, t);
}

static void a_foreign_owner_is_told_and_gives_no_setuid(void **state)
{
	struct place *p = *state;
	struct source_stat st;

	need_root();
	as_nobody(p, nobody_restores_foreign, "owner:EPERM;mode:EPERM;");
	assert_int_equal(source_stat(&st, p->dirfd, "b"), 0);
	assert_int_equal(st.sig.mode, S_IFREG | 0755);
	assert_int_equal(st.sig.uid, NOBODY);
	assert_int_equal(st.sig.mtime_sec, 1600000000);
}

static void nobody_restores_own(struct place *p, struct told *t)
{
	AUTO_FD int b = openat(p->dirfd, "b", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	const struct xattr x[] = { { "trusted.t", (const uint8_t *)"1", 1 }, { "user.a", (const uint8_t *)"1", 1 } };
	struct entry e = { .mode = S_IFREG | 06444, .uid = NOBODY, .gid = NOBODY, .user = "", .group = "" };

	/* Read-only for its owner: the xattr has to be there before. */
	e.xattrs = x;
	e.n_xattrs = 2;
	entry_apply(&e, p->dirfd, "b", b, ENTRY_INHERITS, tell, t);
	entry_compare(&e, p->dirfd, "b", tell, t);
}

static void an_ordinary_user_restores_own_files_whole(void **state)
{
	struct place *p = *state;
	AUTO_FD int probe = make_file(p, "probe", 0600);
	struct source_stat st;

	need_root();
	need_xattrs(probe);
	/* trusted. is for root; that it is not there is nothing that this user can see. */
	as_nobody(p, nobody_restores_own, "xattr trusted.t:EPERM;");
	assert_int_equal(source_stat(&st, p->dirfd, "b"), 0);
	assert_int_equal(st.sig.mode, S_IFREG | 06444);
}

static void nobody_restores_group(struct place *p, struct told *t)
{
	AUTO_FD int b = openat(p->dirfd, "b", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	struct entry e = { .mode = S_IFREG | 0644, .uid = 0, .gid = NOBODY, .user = "", .group = "" };

	entry_apply(&e, p->dirfd, "b", b, ENTRY_INHERITS, tell, t);
}

static void ones_own_group_is_set_without_the_owner(void **state)
{
	struct place *p = *state;
	struct source_stat st;

	need_root();
	/* In a folder with setgid the new file begins in another group. */
	assert_int_equal(fchown(p->dirfd, 0, 5678), 0);
	assert_int_equal(fchmod(p->dirfd, 02777), 0);
	as_nobody(p, nobody_restores_group, "owner:EPERM;");
	assert_int_equal(source_stat(&st, p->dirfd, "b"), 0);
	assert_int_equal(st.sig.uid, NOBODY);
	assert_int_equal(st.sig.gid, NOBODY);
}

static void what_is_of_another_type_is_left_alone(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644), b = make_folder(p, "b", 0700);
	struct entry e = read_entry(p, "a", a);
	struct source_stat before, after;

	assert_int_equal(source_stat(&before, p->dirfd, "b"), 0);
	assert_applies(p, &e, "b", b, "type:EEXIST;");
	assert_applies(p, &e, "none", -1, "attributes:ENOENT;");
	assert_int_equal(source_stat(&after, p->dirfd, "b"), 0);
	assert_true(stat_sig_equal(&before.sig, &after.sig));
	assert_compares(p, &e, "b", "type:0;");
	assert_compares(p, &e, "none", "missing:0;");
}

static void a_synthetic_folder_sets_nothing(void **state)
{
	struct place *p = *state;
	AUTO_FD int b = make_folder(p, "b", 0711);
	struct entry e = { .mode = S_IFDIR, .flags = ENTRY_SYNTHETIC, .user = "", .group = "" };
	struct source_stat before, after;

	assert_int_equal(source_stat(&before, p->dirfd, "b"), 0);
	assert_applies(p, &e, "b", b, "");
	assert_int_equal(source_stat(&after, p->dirfd, "b"), 0);
	assert_true(stat_sig_equal(&before.sig, &after.sig));
	assert_compares(p, &e, "b", "");
}

static void each_difference_is_told(void **state)
{
	struct place *p = *state;
	AUTO_FD int a = make_file(p, "a", 0644);
	struct entry e;

	need_xattrs(a);
	assert_int_equal(fsetxattr(a, "user.b", "1", 1, 0), 0);
	assert_int_equal(fsetxattr(a, "user.d", "1", 1, 0), 0);
	set_mtime(p, "a", 1000000000, 123456789);
	e = read_entry(p, "a", a);
	assert_compares(p, &e, "a", "");
	assert_int_equal(fchmod(a, 0600), 0);
	assert_compares(p, &e, "a", "mode:0;");
	assert_int_equal(fchmod(a, 0644), 0);
	set_mtime(p, "a", 1000000000, 123456788);
	assert_compares(p, &e, "a", "mtime:0;");
	/* What a file system with coarser times would have made of it. */
	set_mtime(p, "a", 1000000000, 123456700);
	assert_compares(p, &e, "a", "");
	set_mtime(p, "a", 1000000000, 0);
	assert_compares(p, &e, "a", "");
	assert_int_equal(fsetxattr(a, "user.a", "1", 1, 0), 0);
	assert_int_equal(fsetxattr(a, "user.b", "2", 1, 0), 0);
	assert_int_equal(fsetxattr(a, "user.c", "1", 1, 0), 0);
	assert_int_equal(fremovexattr(a, "user.d"), 0);
	assert_compares(p, &e, "a", "xattr user.a:0;xattr user.b:0;xattr user.c:0;xattr user.d:0;");
	e.uid++;
	e.n_xattrs = 0;
	assert_compares(p, &e, "a", "owner:0;xattr user.a:0;xattr user.b:0;xattr user.c:0;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FS_TEST(files_come_back_with_all_attributes),
		FS_TEST(capabilities_outlive_the_change_of_owner),
		FS_TEST(folders_come_back_with_default_acl_and_sticky_bit),
		FS_TEST(times_come_back_as_far_as_the_file_system_goes),
		FS_TEST(a_time_beyond_the_file_system_is_told),
		FS_TEST(symlinks_have_target_owner_and_time),
		FS_TEST(fifos_and_devices_come_back),
		FS_TEST(inode_flags_come_back_and_only_they),
		FS_TEST(the_immutable_flag_is_set_last),
		FS_TEST(an_inherited_acl_is_taken_away),
		FS_TEST(a_foreign_owner_is_told_and_gives_no_setuid),
		FS_TEST(an_ordinary_user_restores_own_files_whole),
		FS_TEST(ones_own_group_is_set_without_the_owner),
		FS_TEST(what_is_of_another_type_is_left_alone),
		FS_TEST(a_synthetic_folder_sets_nothing),
		FS_TEST(each_difference_is_told),
	};

	return cmocka_run_group_tests_name("archive/entry_fs", tests, NULL, NULL);
}
