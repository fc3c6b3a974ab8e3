/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders and files of tests, by plain system calls: the table in vfs.h may be the one under test. */
#include "support/hzt.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

char *hzt_tmpdir(void)
{
	const char *base = getenv("TMPDIR");
	char *path = NULL;

	if (asprintf(&path, "%s/hozen-test-XXXXXX", base && *base ? base : "/tmp") < 0 || !mkdtemp(path))
		fail_msg("temporary folder: %s", strerror(errno));
	return path;
}

/* A test may have taken its own rights away: they are put back on the way down. */
static void remove_contents(int parent, const char *name)
{
	struct dirent *e;
	DIR *dir;
	int fd;

	if (fchmodat(parent, name, 0700, 0) < 0 && errno == ENOENT)
		return;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0 || (errno != EISDIR && errno != EPERM))
			continue;
		remove_contents(fd, e->d_name);
		(void)unlinkat(fd, e->d_name, AT_REMOVEDIR);
	}
	if (dir)
		(void)closedir(dir);
}

void hzt_tmpdir_remove(char *path)
{
	if (!path)
		return;
	remove_contents(AT_FDCWD, path);
	if (rmdir(path) < 0)
		print_error("%s: not removed: %s\n", path, strerror(errno));
	free(path);
}

char *hzt_path(const char *dir, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		fail_msg("%s", "out of memory");
	return path;
}

int hzt_opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("open %s: %s", path, strerror(errno));
	return fd;
}

size_t hzt_count_names(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	if (!dir)
		fail_msg("open %s: %s", path, strerror(errno));
	for (struct dirent *e; (e = readdir(dir));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(dir);
	return n;
}

void hzt_put(const char *path, const void *data, size_t len)
{
	/* Not emptied first: file systems flush a file that was, and thousands of them take their time. */
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");

	if (!f || fwrite(data, 1, len, f) != len || fflush(f) != 0 || ftruncate(fd, (off_t)len) < 0 || fclose(f) != 0)
		fail_msg("write %s: %s", path, strerror(errno));
}

uint8_t *hzt_get(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rbe");
	uint8_t *data = NULL;
	struct stat st;

	if (!f || fstat(fileno(f), &st) < 0)
		fail_msg("open %s: %s", path, strerror(errno));
	data = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(data);
	*len = fread(data, 1, (size_t)st.st_size, f);
	assert_int_equal(*len, st.st_size);
	(void)fclose(f);
	return data;
}
