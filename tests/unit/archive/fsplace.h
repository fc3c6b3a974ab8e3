/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder for a test with files, what entry_apply and entry_compare told, and asserts about both ends of an entry. */
#ifndef TESTS_UNIT_ARCHIVE_FSPLACE_H
#define TESTS_UNIT_ARCHIVE_FSPLACE_H

#include "support/hzt.h"
#include "archive/entry_internal.h"
#include "base/codec.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

struct place {
	char *path;
	int dirfd;
	struct arena *arena;
	struct owner_names *names;
};

/* What entry_apply or entry_compare told: "what:errno;" each. */
struct told {
	char text[4096];
};

static inline void tell(void *user, const char *what, int errnum)
{
	struct told *t = user;
	size_t len = strlen(t->text);

	(void)snprintf(t->text + len, sizeof(t->text) - len, "%s:%s;", what, errnum ? strerrorname_np(errnum) : "0");
}

static inline int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->path = hzt_tmpdir();
	p->dirfd = hzt_opendir(p->path);
	assert_ok(arena_new(&p->arena, NULL), NULL);
	assert_ok(owner_names_new(&p->names, NULL), NULL);
	(void)umask(0);
	*state = p;
	return 0;
}

static inline int tear_down(void **state)
{
	struct place *p = *state;

	vfs_install(NULL);
	owner_names_free(p->names);
	arena_free(p->arena);
	(void)close(p->dirfd);
	hzt_tmpdir_remove(p->path);
	free(p);
	return 0;
}

static inline int make_file(const struct place *p, const char *name, mode_t mode)
{
	int fd = openat(p->dirfd, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	return fd;
}

static inline int make_folder(const struct place *p, const char *name, mode_t mode)
{
	int fd;

	assert_int_equal(mkdirat(p->dirfd, name, mode), 0);
	fd = openat(p->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline void need_xattrs(int fd)
{
	if (fsetxattr(fd, "user.probe", "", 0, 0) < 0) {
		print_message("no user xattrs in the temporary folder\n");
		skip();
	}
	assert_int_equal(fremovexattr(fd, "user.probe"), 0);
}

static inline void need_root(void)
{
	if (geteuid() != 0) {
		print_message("not root\n");
		skip();
	}
}

static inline struct entry read_entry(const struct place *p, const char *name, int fd)
{
	struct entry e = { .name = (const uint8_t *)name, .name_len = (uint32_t)strlen(name) };
	struct source_stat st;
	const char *what = "nothing";
	int rc;

	assert_int_equal(source_stat(&st, p->dirfd, name), 0);
	rc = entry_read(&e, p->arena, p->names, &st, p->dirfd, name, fd, &what);
	if (rc)
		fail_msg("%s: %s", what, strerror(rc));
	return e;
}

static inline void assert_applies(
	const struct place *p, const struct entry *e, const char *name, int fd, const char *text)
{
	struct told t = { "" };

	entry_apply(e, p->dirfd, name, fd, false, tell, &t);
	assert_string_equal(t.text, text);
}

static inline void assert_compares(const struct place *p, const struct entry *e, const char *name, const char *text)
{
	struct told t = { "" };

	entry_compare(e, p->dirfd, name, tell, &t);
	assert_string_equal(t.text, text);
}

/* Both ends: everything of source is on copy, as entries and as bytes. */
static inline void assert_same(const struct place *p, const char *source, int source_fd, const char *copy, int copy_fd)
{
	AUTO_IN(buf_release) struct buf one = BUF_INIT, two = BUF_INIT;
	struct entry e = read_entry(p, source, source_fd), c;

	assert_applies(p, &e, copy, copy_fd, "");
	assert_compares(p, &e, copy, "");
	c = read_entry(p, copy, copy_fd);
	c.name = e.name;
	c.name_len = e.name_len;
	e.has_btime = c.has_btime = false;
	assert_ok(entry_encode(&one, &e, NULL), NULL);
	assert_ok(entry_encode(&two, &c, NULL), NULL);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
}

static inline void set_mtime(const struct place *p, const char *name, int64_t sec, long nsec)
{
	const struct timespec ts[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = sec, .tv_nsec = nsec } };

	assert_int_equal(utimensat(p->dirfd, name, ts, AT_SYMLINK_NOFOLLOW), 0);
}

/* user::rw-, user:1000:perm, group::r--, mask::rw-, other::--- */
static inline size_t acl_of(uint8_t acl[44], unsigned perm)
{
	const uint32_t entries[][3] = { { 1, 6, UINT32_MAX }, { 2, perm, 1000 }, { 4, 4, UINT32_MAX },
		{ 16, 6, UINT32_MAX }, { 32, 0, UINT32_MAX } };

	put_le32(acl, 2);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		put_le32(acl + 4 + 8 * i, entries[i][0] | entries[i][1] << 16);
		put_le32(acl + 8 + 8 * i, entries[i][2]);
	}
	return 44;
}

static inline void set_acl(int fd, const char *name, unsigned perm)
{
	uint8_t acl[44];

	if (fsetxattr(fd, name, acl, acl_of(acl, perm), 0) == 0)
		return;
	print_message("no ACLs in the temporary folder\n");
	skip();
}

#define FS_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif
