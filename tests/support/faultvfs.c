/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariant: a call that is made to fail changed nothing, except close, which frees the descriptor as the system does.
 */
#include "support/faultvfs.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MAX 4096

static struct {
	pthread_mutex_t mutex;
	unsigned set, nth, count;
	int errnum;
	bool forever, fired;
	char *root;
	char *log[LOG_MAX];
	size_t lines;
} state = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* True when this call is one to fail; errno is set. */
static bool hit(unsigned kind)
{
	bool fails = false;

	pthread_mutex_lock(&state.mutex);
	if (state.set & kind) {
		state.count++;
		fails = state.nth && (state.count == state.nth || (state.forever && state.count > state.nth));
		state.fired |= fails;
	}
	pthread_mutex_unlock(&state.mutex);
	if (fails)
		errno = state.errnum;
	return fails;
}

static bool gate(unsigned kind)
{
	return hit(kind) && state.errnum != FAULT_SHORT;
}

/* The path of what dirfd and name stand for, below root. */
static void path_of(char out[PATH_MAX], int dirfd, const char *name)
{
	char link[64], dir[PATH_MAX] = "";
	size_t skip = strlen(state.root);

	if (dirfd != AT_FDCWD) {
		ssize_t n;

		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
		n = readlink(link, dir, sizeof(dir) - 1);
		dir[n > 0 ? n : 0] = '\0';
	}
	if (strncmp(dir, state.root, skip) != 0)
		skip = 0;
	else if (dir[skip] == '/')
		skip++;
	if (name)
		(void)snprintf(out, PATH_MAX, "%.2000s%s%.2000s", dir + skip, dir[skip] ? "/" : "", name);
	else
		(void)snprintf(out, PATH_MAX, "%.4000s", dir[skip] ? dir + skip : ".");
}

static void record(const char *verb, int fd, const char *name, int fd2, const char *name2)
{
	char a[PATH_MAX], b[PATH_MAX] = "";
	int saved = errno;

	if (!state.root)
		return;
	path_of(a, fd, name);
	if (name2)
		path_of(b, fd2, name2);
	pthread_mutex_lock(&state.mutex);
	if (state.lines < LOG_MAX && asprintf(&state.log[state.lines], "%s %s%s%s", verb, a, name2 ? " " : "", b) >= 0)
		state.lines++;
	pthread_mutex_unlock(&state.mutex);
	errno = saved;
}

#define SYS (vfs_system())

static int f_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	int fd = gate(FAULT_OPEN) ? -1 : SYS->openat(dirfd, path, flags, mode);

	if (fd >= 0 && (flags & O_CREAT))
		record("create", dirfd, path, -1, NULL);
	return fd;
}

static int f_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	int fd = gate(FAULT_OPEN) ? -1 : SYS->openat2(dirfd, path, flags, mode, resolve);

	if (fd >= 0 && (flags & O_CREAT))
		record("create", dirfd, path, -1, NULL);
	return fd;
}

static int f_close(int fd)
{
	bool fails = gate(FAULT_CLOSE);
	int errnum = errno;
	int rc = SYS->close(fd);

	if (fails)
		errno = errnum;
	return fails ? -1 : rc;
}

/* How much a read is let do: len, or half of it; -1: it fails. */
static ssize_t read_len(size_t len)
{
	if (!hit(FAULT_READ))
		return (ssize_t)len;
	return state.errnum != FAULT_SHORT ? -1 : (ssize_t)(len > 1 ? len / 2 : len);
}

static ssize_t f_read(int fd, void *buf, size_t len)
{
	ssize_t let = read_len(len);

	return let < 0 ? -1 : SYS->read(fd, buf, (size_t)let);
}

static ssize_t f_pread(int fd, void *buf, size_t len, off_t off)
{
	ssize_t let = read_len(len);

	return let < 0 ? -1 : SYS->pread(fd, buf, (size_t)let, off);
}

static ssize_t f_getdents64(int fd, void *buf, size_t len)
{
	return gate(FAULT_READ) ? -1 : SYS->getdents64(fd, buf, len);
}

static ssize_t f_readlinkat(int dirfd, const char *path, char *buf, size_t len)
{
	return gate(FAULT_READ) ? -1 : SYS->readlinkat(dirfd, path, buf, len);
}

static ssize_t f_write(int fd, const void *buf, size_t len)
{
	bool fails = hit(FAULT_WRITE);
	ssize_t n;

	if (fails && state.errnum != FAULT_SHORT)
		return -1;
	n = SYS->write(fd, buf, fails && len > 1 ? len / 2 : len);
	if (n >= 0)
		record("write", fd, NULL, -1, NULL);
	return n;
}

static ssize_t f_pwritev(int fd, const struct iovec *iov, int count, off_t off)
{
	bool fails = hit(FAULT_WRITE);
	struct iovec half;
	ssize_t n;

	if (fails && state.errnum != FAULT_SHORT)
		return -1;
	if (fails && count > 0) {
		half = iov[0];
		half.iov_len = half.iov_len > 1 ? half.iov_len / 2 : half.iov_len;
		iov = &half;
		count = 1;
	}
	n = SYS->pwritev(fd, iov, count, off);
	if (n >= 0)
		record("write", fd, NULL, -1, NULL);
	return n;
}

static int f_fsync(int fd)
{
	int rc = gate(FAULT_FSYNC) ? -1 : SYS->fsync(fd);

	if (rc == 0)
		record("fsync", fd, NULL, -1, NULL);
	return rc;
}

static int f_syncfs(int fd)
{
	int rc = gate(FAULT_FSYNC) ? -1 : SYS->syncfs(fd);

	if (rc == 0)
		record("syncfs", fd, NULL, -1, NULL);
	return rc;
}

static int f_ftruncate(int fd, off_t len)
{
	int rc = gate(FAULT_TRUNCATE) ? -1 : SYS->ftruncate(fd, len);

	if (rc == 0)
		record("truncate", fd, NULL, -1, NULL);
	return rc;
}

static int f_fallocate(int fd, int mode, off_t off, off_t len)
{
	return gate(FAULT_TRUNCATE) ? -1 : SYS->fallocate(fd, mode, off, len);
}

static int f_fstat(int fd, struct stat *st)
{
	return gate(FAULT_STAT) ? -1 : SYS->fstat(fd, st);
}

static int f_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *stx)
{
	return gate(FAULT_STAT) ? -1 : SYS->statx(dirfd, path, flags, mask, stx);
}

static int f_statvfs(int fd, uint64_t *free_bytes, uint64_t *total_bytes)
{
	return gate(FAULT_STAT) ? -1 : SYS->statvfs(fd, free_bytes, total_bytes);
}

static int f_linkat(int olddir, const char *oldp, int newdir, const char *newp, int flags)
{
	int rc = gate(FAULT_LINK) ? -1 : SYS->linkat(olddir, oldp, newdir, newp, flags);

	if (rc == 0)
		record("link", olddir, oldp, newdir, newp);
	return rc;
}

static int f_renameat2(int olddir, const char *oldp, int newdir, const char *newp, unsigned flags)
{
	int rc = gate(FAULT_RENAME) ? -1 : SYS->renameat2(olddir, oldp, newdir, newp, flags);

	if (rc == 0)
		record("rename", olddir, oldp, newdir, newp);
	return rc;
}

static int f_unlinkat(int dirfd, const char *path, int flags)
{
	int rc = gate(FAULT_UNLINK) ? -1 : SYS->unlinkat(dirfd, path, flags);

	if (rc == 0)
		record("unlink", dirfd, path, -1, NULL);
	return rc;
}

static int f_mkdirat(int dirfd, const char *path, mode_t mode)
{
	int rc = gate(FAULT_MKDIR) ? -1 : SYS->mkdirat(dirfd, path, mode);

	if (rc == 0)
		record("mkdir", dirfd, path, -1, NULL);
	return rc;
}

static int f_flock(int fd, int op)
{
	return gate(FAULT_LOCK) ? -1 : SYS->flock(fd, op);
}

static int f_symlinkat(const char *target, int dirfd, const char *path)
{
	return gate(FAULT_META) ? -1 : SYS->symlinkat(target, dirfd, path);
}

static int f_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	return gate(FAULT_META) ? -1 : SYS->mknodat(dirfd, path, mode, dev);
}

static int f_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	return gate(FAULT_META) ? -1 : SYS->fchownat(dirfd, path, uid, gid, flags);
}

static int f_fchmod(int fd, mode_t mode)
{
	return gate(FAULT_META) ? -1 : SYS->fchmod(fd, mode);
}

static int f_fchmodat(int dirfd, const char *path, mode_t mode)
{
	return gate(FAULT_META) ? -1 : SYS->fchmodat(dirfd, path, mode);
}

static int f_utimensat(int dirfd, const char *path, const struct timespec ts[2], int flags)
{
	return gate(FAULT_META) ? -1 : SYS->utimensat(dirfd, path, ts, flags);
}

static int f_fsetxattr(int fd, const char *name, const void *value, size_t len)
{
	return gate(FAULT_META) ? -1 : SYS->fsetxattr(fd, name, value, len);
}

static int f_lsetxattr(int dirfd, const char *name, const char *attr, const void *value, size_t len)
{
	return gate(FAULT_META) ? -1 : SYS->lsetxattr(dirfd, name, attr, value, len);
}

static int f_fremovexattr(int fd, const char *name)
{
	return gate(FAULT_META) ? -1 : SYS->fremovexattr(fd, name);
}

static int f_lremovexattr(int dirfd, const char *name, const char *attr)
{
	return gate(FAULT_META) ? -1 : SYS->lremovexattr(dirfd, name, attr);
}

static int f_clone(int to, int from)
{
	return gate(FAULT_WRITE) ? -1 : SYS->clone(to, from);
}

static int f_setflags(int fd, unsigned flags)
{
	return gate(FAULT_META) ? -1 : SYS->setflags(fd, flags);
}

static off_t f_lseek(int fd, off_t off, int whence)
{
	return gate(FAULT_SEEK) ? -1 : SYS->lseek(fd, off, whence);
}

static int f_fsid(int fd, uint64_t *fsid)
{
	return gate(FAULT_STAT) ? -1 : SYS->fsid(fd, fsid);
}

static ssize_t f_flistxattr(int fd, char *list, size_t len)
{
	return gate(FAULT_ATTR) ? -1 : SYS->flistxattr(fd, list, len);
}

static ssize_t f_fgetxattr(int fd, const char *name, void *value, size_t len)
{
	return gate(FAULT_ATTR) ? -1 : SYS->fgetxattr(fd, name, value, len);
}

static ssize_t f_llistxattr(int dirfd, const char *name, char *list, size_t len)
{
	return gate(FAULT_ATTR) ? -1 : SYS->llistxattr(dirfd, name, list, len);
}

static ssize_t f_lgetxattr(int dirfd, const char *name, const char *attr, void *value, size_t len)
{
	return gate(FAULT_ATTR) ? -1 : SYS->lgetxattr(dirfd, name, attr, value, len);
}

static int f_getflags(int fd, unsigned *flags)
{
	return gate(FAULT_ATTR) ? -1 : SYS->getflags(fd, flags);
}

static int f_extent_start(int fd, uint64_t *physical)
{
	return gate(FAULT_ATTR) ? -1 : SYS->extent_start(fd, physical);
}

static int f_ioctl(int fd, unsigned long request, void *arg)
{
	return gate(FAULT_IOCTL) ? -1 : SYS->ioctl(fd, request, arg);
}

static struct vfs table;

static void start(unsigned set, unsigned nth, int errnum, bool forever)
{
	for (size_t i = 0; i < state.lines; i++)
		free(state.log[i]);
	state.lines = 0;
	state.set = set, state.nth = nth, state.errnum = errnum, state.forever = forever;
	state.count = 0;
	state.fired = false;
	table = *vfs_system();
	table.openat = f_openat, table.openat2 = f_openat2, table.close = f_close;
	table.read = f_read, table.pread = f_pread, table.write = f_write, table.pwritev = f_pwritev;
	table.fsync = f_fsync, table.syncfs = f_syncfs;
	table.ftruncate = f_ftruncate, table.fallocate = f_fallocate;
	table.fstat = f_fstat, table.statx = f_statx, table.statvfs = f_statvfs;
	table.linkat = f_linkat, table.renameat2 = f_renameat2, table.unlinkat = f_unlinkat;
	table.mkdirat = f_mkdirat, table.symlinkat = f_symlinkat, table.mknodat = f_mknodat;
	table.readlinkat = f_readlinkat, table.getdents64 = f_getdents64, table.flock = f_flock;
	table.fchownat = f_fchownat, table.fchmod = f_fchmod, table.fchmodat = f_fchmodat;
	table.utimensat = f_utimensat, table.fsetxattr = f_fsetxattr, table.lsetxattr = f_lsetxattr;
	table.fremovexattr = f_fremovexattr, table.lremovexattr = f_lremovexattr;
	table.setflags = f_setflags, table.clone = f_clone, table.ioctl = f_ioctl;
	table.lseek = f_lseek, table.fsid = f_fsid, table.extent_start = f_extent_start;
	table.flistxattr = f_flistxattr, table.fgetxattr = f_fgetxattr, table.getflags = f_getflags;
	table.llistxattr = f_llistxattr, table.lgetxattr = f_lgetxattr;
	vfs_install(&table);
}

void fault_start(unsigned set, unsigned nth, int errnum)
{
	start(set, nth, errnum, false);
}

void fault_start_forever(unsigned set, unsigned nth, int errnum)
{
	start(set, nth, errnum, true);
}

bool fault_stop(void)
{
	vfs_install(NULL);
	free(state.root);
	state.root = NULL;
	return state.fired;
}

unsigned fault_count(void)
{
	return state.count;
}

void fault_record(const char *root)
{
	state.root = realpath(root, NULL);
}

const char *fault_log(size_t i)
{
	return i < state.lines ? state.log[i] : NULL;
}

long fault_log_find(size_t from, const char *text)
{
	for (size_t i = from; i < state.lines; i++)
		if (strcmp(state.log[i], text) == 0)
			return (long)i;
	return -1;
}
