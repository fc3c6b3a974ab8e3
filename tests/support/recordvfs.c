/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariant: what is in the log happened, in this order; a call that is not understood within the tree ends the test.
 */
#include "support/recordvfs.h"
#include "base/vfs.h"
#include "support/hzt.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

static struct {
	pthread_mutex_t mutex;
	struct disk *d;
	struct vfs table;
} rec = { .mutex = PTHREAD_MUTEX_INITIALIZER };

#define SYS (vfs_system())

static void begin(void)
{
	(void)pthread_mutex_lock(&rec.mutex);
}

static int end(int rc)
{
	int saved = errno;

	(void)pthread_mutex_unlock(&rec.mutex);
	errno = saved;
	return rc;
}

/* ---- which inode ---- */

static long inode_at(int dirfd, const char *path, int flags)
{
	struct stat st;

	return fstatat(dirfd, path, &st, flags) < 0 ? -1 : disk_inode_of(rec.d, st.st_dev, st.st_ino);
}

static long inode_of(int fd)
{
	return inode_at(fd, "", AT_EMPTY_PATH);
}

/* The folder of a name, when it is recorded; -1 otherwise. */
static long folder_of(int dirfd, const char *path, const char **leaf)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	*leaf = slash ? slash + 1 : path;
	if (!slash)
		return dirfd == AT_FDCWD ? inode_at(dirfd, ".", 0) : inode_of(dirfd);
	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	return inode_at(dirfd, *dir ? dir : "/", 0);
}

/* A new inode in any case: the system may give a number again that a file had which is gone. */
static long made(int dirfd, const char *path, bool is_dir)
{
	struct stat st;

	assert_int_equal(fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return disk_inode_new(rec.d, is_dir, st.st_dev, st.st_ino);
}

static void add_name(enum disk_kind kind, long dir, const char *leaf, long inode)
{
	const struct disk_op op = {
		.kind = kind, .dir = (unsigned)dir, .name = (char *)(uintptr_t)leaf, .inode = (unsigned)inode
	};

	disk_add(rec.d, &op);
}

/* ---- names ---- */

static int r_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	const char *leaf;
	struct stat st;
	bool existed;
	long dir;
	int fd;

	if (!(flags & (O_CREAT | O_TRUNC)))
		return SYS->openat(dirfd, path, flags, mode);
	begin();
	dir = folder_of(dirfd, path, &leaf);
	existed = fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
	fd = SYS->openat(dirfd, path, flags, mode);
	if (fd >= 0 && dir >= 0) {
		assert_false(flags & O_TRUNC);
		if (!existed)
			add_name(DISK_CREATE, dir, leaf, made(dirfd, path, false));
	}
	return end(fd);
}

static int r_mkdirat(int dirfd, const char *path, mode_t mode)
{
	const char *leaf;
	long dir;
	int rc;

	begin();
	dir = folder_of(dirfd, path, &leaf);
	rc = SYS->mkdirat(dirfd, path, mode);
	if (rc == 0 && dir >= 0)
		add_name(DISK_MKDIR, dir, leaf, made(dirfd, path, true));
	return end(rc);
}

static int r_linkat(int olddir, const char *oldp, int newdir, const char *newp, int flags)
{
	const char *leaf;
	long dir, inode;
	int rc;

	begin();
	dir = folder_of(newdir, newp, &leaf);
	inode = inode_at(olddir, oldp, AT_SYMLINK_NOFOLLOW);
	rc = SYS->linkat(olddir, oldp, newdir, newp, flags);
	if (rc == 0 && dir >= 0) {
		assert_true(inode >= 0);
		add_name(DISK_LINK, dir, leaf, inode);
	}
	return end(rc);
}

static int r_renameat2(int olddir, const char *oldp, int newdir, const char *newp, unsigned flags)
{
	const char *from, *to;
	long dir, to_dir, inode;
	int rc;

	begin();
	dir = folder_of(olddir, oldp, &from);
	to_dir = folder_of(newdir, newp, &to);
	inode = inode_at(olddir, oldp, AT_SYMLINK_NOFOLLOW);
	rc = SYS->renameat2(olddir, oldp, newdir, newp, flags);
	if (rc == 0 && (dir >= 0 || to_dir >= 0)) {
		const struct disk_op op = { .kind = DISK_RENAME,
			.dir = (unsigned)dir,
			.to_dir = (unsigned)to_dir,
			.name = (char *)(uintptr_t)from,
			.to_name = (char *)(uintptr_t)to,
			.inode = (unsigned)inode };

		assert_true(dir >= 0 && to_dir >= 0 && inode >= 0);
		disk_add(rec.d, &op);
	}
	return end(rc);
}

static int r_unlinkat(int dirfd, const char *path, int flags)
{
	const char *leaf;
	long dir, inode;
	int rc;

	begin();
	dir = folder_of(dirfd, path, &leaf);
	inode = inode_at(dirfd, path, AT_SYMLINK_NOFOLLOW);
	rc = SYS->unlinkat(dirfd, path, flags);
	if (rc == 0 && dir >= 0) {
		assert_true(inode >= 0);
		add_name(DISK_UNLINK, dir, leaf, inode);
	}
	return end(rc);
}

/* ---- content ---- */

static void add_write(long inode, uint64_t off, const uint8_t *data, size_t len)
{
	const struct disk_op op = {
		.kind = DISK_WRITE, .inode = (unsigned)inode, .off = off, .data = (uint8_t *)(uintptr_t)data, .len = len
	};

	if (inode >= 0 && len > 0)
		disk_add(rec.d, &op);
}

static ssize_t r_write(int fd, const void *buf, size_t len)
{
	long inode;
	off_t off;
	ssize_t n;
	struct stat st;

	begin();
	inode = inode_of(fd);
	off = lseek(fd, 0, SEEK_CUR);
	if (inode >= 0 && (fcntl(fd, F_GETFL) & O_APPEND)) {
		assert_int_equal(fstat(fd, &st), 0);
		off = st.st_size;
	}
	n = SYS->write(fd, buf, len);
	if (n > 0)
		add_write(inode, (uint64_t)off, buf, (size_t)n);
	(void)end(0);
	return n;
}

/* One call is one operation. */
static ssize_t r_pwritev(int fd, const struct iovec *iov, int count, off_t off)
{
	uint8_t *all = NULL;
	size_t len = 0;
	ssize_t n;
	long inode;

	begin();
	inode = inode_of(fd);
	n = SYS->pwritev(fd, iov, count, off);
	if (n > 0 && inode >= 0) {
		all = malloc((size_t)n);
		assert_non_null(all);
	}
	for (int i = 0; all && len < (size_t)n && i < count; i++) {
		size_t part = iov[i].iov_len < (size_t)n - len ? iov[i].iov_len : (size_t)n - len;

		memcpy(all + len, iov[i].iov_base, part);
		len += part;
	}
	add_write(inode, (uint64_t)off, all, len);
	free(all);
	(void)end(0);
	return n;
}

static int r_ftruncate(int fd, off_t len)
{
	struct disk_op op = { .kind = DISK_TRUNCATE, .off = (uint64_t)len };
	long inode;
	int rc;

	begin();
	inode = inode_of(fd);
	rc = SYS->ftruncate(fd, len);
	op.inode = (unsigned)inode;
	if (rc == 0 && inode >= 0)
		disk_add(rec.d, &op);
	return end(rc);
}

static int r_fallocate(int fd, int mode, off_t off, off_t len)
{
	assert_true(inode_of(fd) < 0);
	return SYS->fallocate(fd, mode, off, len);
}

/* ---- flushes ---- */

static int r_fsync(int fd)
{
	struct disk_op op = { .kind = DISK_FSYNC };
	long inode;
	int rc;

	begin();
	inode = inode_of(fd);
	rc = SYS->fsync(fd);
	op.inode = (unsigned)inode;
	if (rc == 0 && inode >= 0)
		disk_add(rec.d, &op);
	return end(rc);
}

static int r_syncfs(int fd)
{
	const struct disk_op op = { .kind = DISK_SYNCFS };
	int rc;

	begin();
	rc = SYS->syncfs(fd);
	if (rc == 0 && inode_of(fd) >= 0)
		disk_add(rec.d, &op);
	return end(rc);
}

/* ---- from outside ---- */

void record_note(uint64_t n)
{
	const struct disk_op op = { .kind = DISK_NOTE, .off = n };

	begin();
	disk_add(rec.d, &op);
	(void)end(0);
}

void record_start(struct disk *d)
{
	rec.d = d;
	rec.table = *vfs_system();
	rec.table.openat = r_openat;
	rec.table.mkdirat = r_mkdirat;
	rec.table.linkat = r_linkat;
	rec.table.renameat2 = r_renameat2;
	rec.table.unlinkat = r_unlinkat;
	rec.table.write = r_write;
	rec.table.pwritev = r_pwritev;
	rec.table.ftruncate = r_ftruncate;
	rec.table.fallocate = r_fallocate;
	rec.table.fsync = r_fsync;
	rec.table.syncfs = r_syncfs;
	vfs_install(&rec.table);
}

void record_stop(void)
{
	vfs_install(NULL);
	disk_seal(rec.d);
	rec.d = NULL;
}
