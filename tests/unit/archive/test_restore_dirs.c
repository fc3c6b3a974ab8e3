/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders beneath the target: nothing leads out, no path is too long, few descriptors are open. */
#include "support/hzt.h"
#include "archive/restore.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 120
#define CAP   8u

struct place {
	char *path;
	int root;
	struct restore_dirs dirs;
	struct restore_dir *top;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->path = hzt_tmpdir();
	p->root = hzt_opendir(p->path);
	restore_dirs_init(&p->dirs, p->root, CAP);
	p->top = restore_dir_new(NULL, "", 0);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	restore_dir_unref(&p->dirs, p->top);
	assert_int_equal(p->dirs.fds.open, 0);
	restore_dirs_release(&p->dirs);
	(void)close(p->root);
	hzt_tmpdir_remove(p->path);
	free(p);
	return 0;
}

/* Takes over parent's reference. */
static struct restore_dir *child(struct place *p, struct restore_dir *parent, const char *name)
{
	struct restore_dir *d = restore_dir_new(parent, name, strlen(name));

	assert_non_null(d);
	restore_dir_unref(&p->dirs, parent);
	return d;
}

static struct restore_dir *top(struct place *p)
{
	return restore_dir_ref(p->top);
}

static void a_folder_is_opened_through_its_parents(void **state)
{
	struct place *p = *state;
	struct restore_dir *b;
	int fd = -1;

	assert_int_equal(mkdirat(p->root, "a", 0700), 0);
	assert_int_equal(mkdirat(p->root, "a/b", 0700), 0);
	b = child(p, child(p, top(p), "a"), "b");
	assert_int_equal(restore_dir_get(&p->dirs, b, &fd), 0);
	assert_int_equal(mkdirat(fd, "c", 0700), 0);
	restore_dir_put(&p->dirs, b);
	assert_int_equal(faccessat(p->root, "a/b/c", F_OK, 0), 0);
	restore_dir_unref(&p->dirs, b);
}

static void the_target_itself_is_its_descriptor(void **state)
{
	struct place *p = *state;
	int fd = -1;

	assert_int_equal(restore_dir_get(&p->dirs, p->top, &fd), 0);
	assert_int_equal(fd, p->root);
	restore_dir_put(&p->dirs, p->top);
}

static void expect_refused(struct place *p, const char *name)
{
	struct restore_dir *d = child(p, top(p), name);
	int fd = -1, rc = restore_dir_get(&p->dirs, d, &fd);

	assert_true(rc == ELOOP || rc == ENOTDIR);
	restore_dir_unref(&p->dirs, d);
}

static void a_planted_symlink_is_refused(void **state)
{
	struct place *p = *state;

	assert_int_equal(symlinkat("/", p->root, "out"), 0);
	assert_int_equal(mkdirat(p->root, "real", 0700), 0);
	assert_int_equal(symlinkat("real", p->root, "inside"), 0);
	for (int i = 0; i < 2; i++) {
		expect_refused(p, "out");
		expect_refused(p, "inside");
		/* Also on a kernel without openat2. */
		p->dirs.no_openat2 = true;
	}
}

static void a_symlink_planted_in_the_middle_is_refused(void **state)
{
	struct place *p = *state;
	struct restore_dir *b;
	int fd = -1, rc;

	assert_int_equal(mkdirat(p->root, "a", 0700), 0);
	assert_int_equal(mkdirat(p->root, "a/b", 0700), 0);
	b = child(p, child(p, top(p), "a"), "b");
	/* Nothing is open yet; the folder moves away and a link to it stands there. */
	assert_int_equal(renameat(p->root, "a", p->root, "moved"), 0);
	assert_int_equal(symlinkat("moved", p->root, "a"), 0);
	rc = restore_dir_get(&p->dirs, b, &fd);
	assert_true(rc == ELOOP || rc == ENOTDIR);
	restore_dir_unref(&p->dirs, b);
}

static void a_file_is_no_folder(void **state)
{
	struct place *p = *state;
	char *path = hzt_path(p->path, "file");

	hzt_put(path, "x", 1);
	expect_refused(p, "file");
	free(path);
}

static void a_missing_folder_is_said(void **state)
{
	struct place *p = *state;
	struct restore_dir *d = child(p, child(p, top(p), "no"), "such");
	int fd = -1;

	assert_int_equal(restore_dir_get(&p->dirs, d, &fd), ENOENT);
	restore_dir_unref(&p->dirs, d);
}

static int no_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	(void)dirfd, (void)path, (void)flags, (void)mode, (void)resolve;
	errno = ENOSYS;
	return -1;
}

static void an_old_kernel_will_do(void **state)
{
	struct vfs old = *vfs_system();

	old.openat2 = no_openat2;
	vfs_install(&old);
	a_folder_is_opened_through_its_parents(state);
	vfs_install(NULL);
}

/* DEPTH folders of 200 bytes: many times PATH_MAX. */
static struct restore_dir *make_deep(struct place *p, struct restore_dir *levels[DEPTH])
{
	struct restore_dir *d = top(p);
	char name[201];

	memset(name, 'd', sizeof(name));
	name[200] = '\0';
	for (int i = 0; i < DEPTH; i++) {
		int fd = -1;

		assert_int_equal(restore_dir_get(&p->dirs, d, &fd), 0);
		assert_int_equal(mkdirat(fd, name, 0700), 0);
		restore_dir_put(&p->dirs, d);
		d = child(p, d, name);
		levels[i] = d;
	}
	return d;
}

static void no_path_is_too_long_and_few_descriptors_are_open(void **state)
{
	struct place *p = *state;
	struct restore_dir *levels[DEPTH], *deep = make_deep(p, levels);
	size_t len = 0;
	char *path;

	/* Up, down, and in leaps: each one is opened again through those above it. */
	for (int i = 0; i < 3 * DEPTH; i++) {
		int at = i < DEPTH ? DEPTH - 1 - i : (i * 47) % DEPTH, fd = -1;
		struct stat st;

		assert_int_equal(restore_dir_get(&p->dirs, levels[at], &fd), 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_true(p->dirs.fds.open <= CAP + 1);
		restore_dir_put(&p->dirs, levels[at]);
	}
	path = restore_path(deep, "file", &len);
	assert_int_equal(len, DEPTH * 201 + 4);
	assert_string_equal(path + len - 5, "/file");
	free(path);
	restore_dir_unref(&p->dirs, deep);
}

static void pinned_folders_stay_open(void **state)
{
	struct place *p = *state;
	struct restore_dir *levels[DEPTH], *deep = make_deep(p, levels);
	int fd[3 * CAP];

	for (unsigned i = 0; i < 3 * CAP; i++)
		assert_int_equal(restore_dir_get(&p->dirs, levels[i], &fd[i]), 0);
	for (unsigned i = 0; i < 3 * CAP; i++) {
		struct stat st;

		assert_int_equal(fstat(fd[i], &st), 0);
		restore_dir_put(&p->dirs, levels[i]);
	}
	assert_true(p->dirs.fds.open <= CAP);
	restore_dir_unref(&p->dirs, deep);
}

static void expect_path(const struct restore_dir *d, const char *name, const char *expected)
{
	size_t len = 0;
	char *path = restore_path(d, name, &len);

	assert_non_null(path);
	assert_string_equal(path, expected);
	assert_int_equal(len, strlen(expected));
	free(path);
}

static void paths_are_put_together_from_below(void **state)
{
	struct place *p = *state;
	struct restore_dir *a = child(p, top(p), "a"), *b = child(p, restore_dir_ref(a), "bb");

	expect_path(p->top, NULL, ".");
	expect_path(p->top, "f", "f");
	expect_path(a, NULL, "a");
	expect_path(b, NULL, "a/bb");
	expect_path(b, "file", "a/bb/file");
	restore_dir_unref(&p->dirs, a);
	restore_dir_unref(&p->dirs, b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_folder_is_opened_through_its_parents),
		T(the_target_itself_is_its_descriptor),
		T(a_planted_symlink_is_refused),
		T(a_symlink_planted_in_the_middle_is_refused),
		T(a_file_is_no_folder),
		T(a_missing_folder_is_said),
		T(an_old_kernel_will_do),
		T(no_path_is_too_long_and_few_descriptors_are_open),
		T(pinned_folders_stay_open),
		T(paths_are_put_together_from_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
