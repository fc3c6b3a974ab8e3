/* SPDX-License-Identifier: BSD-2-Clause */
/* See trees.h. */
#include "support/trees.h"
#include "support/hzt.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_entry(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static void free_names(struct dirent **v, int n)
{
	for (int i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

/* ---- copying ---- */

static void copy_file(const char *from, const char *to, mode_t mode)
{
	size_t len;
	uint8_t *data = hzt_get(from, &len);

	hzt_put(to, data, len);
	assert_int_equal(chmod(to, mode & 07777), 0);
	free(data);
}

static void copy_link(const char *from, const char *to)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);

	assert_true(n > 0);
	target[n] = '\0';
	assert_int_equal(symlink(target, to), 0);
}

void hzt_tree_copy(const char *from, const char *to)
{
	struct stat st;
	struct dirent **v = NULL;
	int n = 0;

	assert_int_equal(lstat(from, &st), 0);
	if (S_ISLNK(st.st_mode))
		copy_link(from, to);
	else if (!S_ISDIR(st.st_mode))
		copy_file(from, to, st.st_mode);
	else {
		assert_int_equal(mkdir(to, 0700), 0);
		n = scandir(from, &v, is_entry, NULL);
		assert_true(n >= 0);
	}
	for (int i = 0; i < n; i++) {
		char *a = hzt_path(from, v[i]->d_name), *b = hzt_path(to, v[i]->d_name);

		hzt_tree_copy(a, b);
		free(a);
		free(b);
	}
	free_names(v, n);
	if (S_ISDIR(st.st_mode))
		assert_int_equal(chmod(to, st.st_mode & 07777), 0);
	assert_int_equal(
		utimensat(AT_FDCWD, to, (struct timespec[]){ st.st_atim, st.st_mtim }, AT_SYMLINK_NOFOLLOW), 0);
}

void hzt_tree_remove(const char *path)
{
	hzt_tmpdir_remove(strdup(path));
}

/* ---- comparing ---- */

static bool tell(char *why, size_t size, const char *path, const char *what)
{
	(void)snprintf(why, size, "%s: %s", path, what);
	return true;
}

static bool content_differs(const char *a, const char *b)
{
	size_t n, m;
	uint8_t *x = hzt_get(a, &n), *y = hzt_get(b, &m);
	bool differs = n != m || memcmp(x, y, n) != 0;

	free(x);
	free(y);
	return differs;
}

static bool target_differs(const char *a, const char *b)
{
	char x[PATH_MAX], y[PATH_MAX];
	ssize_t n = readlink(a, x, sizeof(x)), m = readlink(b, y, sizeof(y));

	return n < 0 || n != m || memcmp(x, y, (size_t)n) != 0;
}

static bool folder_differs(const char *a, const char *b, char *why, size_t size)
{
	struct dirent **x = NULL, **y = NULL;
	int n = scandir(a, &x, is_entry, alphasort), m = scandir(b, &y, is_entry, alphasort);
	bool differs = n < 0 || n != m ? tell(why, size, b, "other names, or more, or fewer") : false;

	for (int i = 0; !differs && i < n; i++) {
		char *p = hzt_path(a, x[i]->d_name), *q = hzt_path(b, y[i]->d_name);

		differs = strcmp(x[i]->d_name, y[i]->d_name) != 0 ? tell(why, size, q, "another name")
								  : hzt_trees_differ(p, q, why, size);
		free(p);
		free(q);
	}
	free_names(x, n);
	free_names(y, m);
	return differs;
}

bool hzt_trees_differ(const char *a, const char *b, char *why, size_t size)
{
	struct stat x, y;

	if (lstat(a, &x) < 0 || lstat(b, &y) < 0)
		return tell(why, size, b, strerror(errno));
	if (x.st_mode != y.st_mode)
		return tell(why, size, b, "another kind, or other rights");
	if (x.st_mtim.tv_sec != y.st_mtim.tv_sec || x.st_mtim.tv_nsec != y.st_mtim.tv_nsec)
		return tell(why, size, b, "another time");
	if (S_ISREG(x.st_mode) && content_differs(a, b))
		return tell(why, size, b, "other bytes");
	if (S_ISLNK(x.st_mode) && target_differs(a, b))
		return tell(why, size, b, "another target");
	return S_ISDIR(x.st_mode) ? folder_differs(a, b, why, size) : false;
}
