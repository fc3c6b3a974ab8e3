/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_bad_disk BACKING MOUNTPOINT: a file system of one file, `disk`, over the file BACKING, which fails and lies: in
 * the environment BAD_WRITE, BAD_READ, DROP are lists "offset-length,..." in bytes. A write or read that touches such a
 * range fails with EIO; one that touches DROP is acknowledged and lost. MBS: it writes so many MB/s and no more. Stays
 * in the foreground; a loop device on the file is the disk.
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int backing;

static int hit(const char *name, off_t off, size_t len)
{
	const char *list = getenv(name);

	while (list && *list) {
		char *end;
		long long a = strtoll(list, &end, 0), n = *end == '-' ? strtoll(end + 1, &end, 0) : 0;

		if (off < a + n && a < off + (off_t)len)
			return 1;
		list = *end ? end + 1 : end;
	}
	return 0;
}

static int disk_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	struct stat real;

	(void)info;
	memset(st, 0, sizeof(*st));
	if (strcmp(path, "/") == 0) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
		return 0;
	}
	if (strcmp(path, "/disk") != 0 || fstat(backing, &real) < 0)
		return -ENOENT;
	st->st_mode = S_IFREG | 0600;
	st->st_nlink = 1;
	st->st_size = real.st_size;
	return 0;
}

static int disk_open(const char *path, struct fuse_file_info *info)
{
	if (strcmp(path, "/disk") != 0)
		return -ENOENT;
	info->direct_io = 1;
	return 0;
}

static int disk_read(const char *path, char *data, size_t len, off_t off, struct fuse_file_info *info)
{
	ssize_t n;

	(void)path, (void)info;
	if (hit("BAD_READ", off, len))
		return -EIO;
	n = pread(backing, data, len, off);
	return n < 0 ? -errno : (int)n;
}

static int disk_write(const char *path, const char *data, size_t len, off_t off, struct fuse_file_info *info)
{
	const char *mbs = getenv("MBS");
	long slow = mbs ? strtol(mbs, NULL, 10) : 0;
	ssize_t n;

	(void)path, (void)info;
	if (hit("BAD_WRITE", off, len))
		return -EIO;
	if (hit("DROP", off, len))
		return (int)len;
	if (slow > 0)
		(void)usleep((useconds_t)(len / (size_t)slow));
	n = pwrite(backing, data, len, off);
	return n < 0 ? -errno : (int)n;
}

static int disk_fsync(const char *path, int only_data, struct fuse_file_info *info)
{
	(void)path, (void)only_data, (void)info;
	return fsync(backing) < 0 ? -errno : 0;
}

static int disk_fallocate(const char *path, int mode, off_t off, off_t len, struct fuse_file_info *info)
{
	(void)path, (void)info;
	return fallocate(backing, mode, off, len) < 0 ? -errno : 0;
}

static const struct fuse_operations operations = {
	.getattr = disk_getattr,
	.open = disk_open,
	.read = disk_read,
	.write = disk_write,
	.fsync = disk_fsync,
	.fallocate = disk_fallocate,
};

int main(int argc, char **argv)
{
	char *args[] = { argv[0], (char *)"-f", argc == 3 ? argv[2] : NULL, NULL };

	if (argc != 3) {
		fprintf(stderr, "usage: test_bad_disk BACKING MOUNTPOINT\n");
		return 2;
	}
	backing = open(argv[1], O_RDWR | O_CLOEXEC);
	if (backing < 0) {
		perror(argv[1]);
		return 1;
	}
	return fuse_main(3, args, &operations, NULL);
}
