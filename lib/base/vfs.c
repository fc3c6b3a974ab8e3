/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system's file calls as a table. Each entry is the call, O_CLOEXEC where it opens, and a retry when a signal came
 * in between; nothing else is decided here. This and tests are the only places that name the raw calls.
 */
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RETRY(type, call)                          \
	do {                                       \
		type rc_;                          \
		do                                 \
			rc_ = (call);              \
		while (rc_ < 0 && errno == EINTR); \
		return rc_;                        \
	} while (0)

static int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	RETRY(int, openat(dirfd, path, flags | O_CLOEXEC, mode));
}

static int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC, .mode = creates ? mode & 07777 : 0, .resolve = resolve
	};

	/* EAGAIN: a name on the way was renamed meanwhile, so that the kernel could not be sure; asking again is the
	 * remedy. Bounded, for somebody may do that on purpose. */
	for (int left = 100;; left--) {
		long rc = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

		if (rc >= 0 || left == 0 || (errno != EINTR && errno != EAGAIN))
			return (int)rc;
	}
}

static int sys_close(int fd)
{
	return close(fd);
}

static ssize_t sys_read(int fd, void *buf, size_t len)
{
	RETRY(ssize_t, read(fd, buf, len));
}

static ssize_t sys_pread(int fd, void *buf, size_t len, off_t off)
{
	RETRY(ssize_t, pread(fd, buf, len, off));
}

static ssize_t sys_write(int fd, const void *buf, size_t len)
{
	RETRY(ssize_t, write(fd, buf, len));
}

static ssize_t sys_pwritev(int fd, const struct iovec *iov, int n, off_t off)
{
	RETRY(ssize_t, pwritev(fd, iov, n, off));
}

static int sys_fsync(int fd)
{
	RETRY(int, fsync(fd));
}

static int sys_syncfs(int fd)
{
	RETRY(int, syncfs(fd));
}

static int sys_ftruncate(int fd, off_t len)
{
	RETRY(int, ftruncate(fd, len));
}

static int sys_fallocate(int fd, int mode, off_t off, off_t len)
{
	RETRY(int, fallocate(fd, mode, off, len));
}

static off_t sys_lseek(int fd, off_t off, int whence)
{
	return lseek(fd, off, whence);
}

static int sys_fstat(int fd, struct stat *st)
{
	RETRY(int, fstat(fd, st));
}

static int sys_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *stx)
{
	RETRY(int, statx(dirfd, path, flags, mask, stx));
}

static int sys_linkat(int olddir, const char *oldp, int newdir, const char *newp, int flags)
{
	RETRY(int, linkat(olddir, oldp, newdir, newp, flags));
}

static int sys_renameat2(int olddir, const char *oldp, int newdir, const char *newp, unsigned flags)
{
	RETRY(int, renameat2(olddir, oldp, newdir, newp, flags));
}

static int sys_unlinkat(int dirfd, const char *path, int flags)
{
	RETRY(int, unlinkat(dirfd, path, flags));
}

static int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	RETRY(int, mkdirat(dirfd, path, mode));
}

static int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	RETRY(int, symlinkat(target, dirfd, path));
}

static int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	RETRY(int, mknodat(dirfd, path, mode, dev));
}

static ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t len)
{
	RETRY(ssize_t, readlinkat(dirfd, path, buf, len));
}

static ssize_t sys_getdents64(int fd, void *buf, size_t len)
{
	RETRY(ssize_t, syscall(SYS_getdents64, fd, buf, len));
}

static int sys_flock(int fd, int op)
{
	RETRY(int, flock(fd, op));
}

static int sys_fsid(int fd, uint64_t *fsid)
{
	struct statfs st;
	int rc;

	do
		rc = fstatfs(fd, &st);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		memcpy(fsid, &st.f_fsid, sizeof(*fsid));
	return rc;
}

static bool sys_syncfs_reaches(int fd)
{
	struct statfs st;
	int rc;

	do
		rc = fstatfs(fd, &st);
	while (rc < 0 && errno == EINTR);
	return rc == 0 && st.f_type != FUSE_SUPER_MAGIC;
}

static int sys_statvfs(int fd, uint64_t *free_bytes, uint64_t *total_bytes)
{
	struct statvfs st;
	int rc;

	do
		rc = fstatvfs(fd, &st);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return rc;
	*free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	*total_bytes = (uint64_t)st.f_blocks * st.f_frsize;
	return 0;
}

static int sys_free_space(int fd, uint64_t *bytes)
{
	struct statvfs st;
	int rc;

	do
		rc = fstatvfs(fd, &st);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		*bytes = (uint64_t)st.f_bfree * st.f_frsize;
	return rc;
}

static int sys_past_cache(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT);
}

static int sys_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	RETRY(int, fchownat(dirfd, path, uid, gid, flags));
}

static int sys_fchmod(int fd, mode_t mode)
{
	RETRY(int, fchmod(fd, mode));
}

static int sys_fchmodat(int dirfd, const char *path, mode_t mode)
{
	RETRY(int, fchmodat(dirfd, path, mode, AT_SYMLINK_NOFOLLOW));
}

static int sys_utimensat(int dirfd, const char *path, const struct timespec ts[2], int flags)
{
	RETRY(int, utimensat(dirfd, path, ts, flags));
}

/* The descriptor's own name in /proc: calls that take a path reach the very object, a symlink too, when it is O_PATH.
 */
struct proc_path {
	char s[32 + NAME_MAX + 1];
};

static struct proc_path proc_fd(int fd)
{
	struct proc_path p;

	(void)snprintf(p.s, sizeof(p.s), "/proc/self/fd/%d", fd);
	return p;
}

static int proc_child(struct proc_path *p, int dirfd, const char *name)
{
	int n = snprintf(p->s, sizeof(p->s), "/proc/self/fd/%d/%s", dirfd, name);

	if (n >= 0 && (size_t)n < sizeof(p->s))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* The f*xattr calls refuse O_PATH descriptors with EBADF; only those need /proc, so that a system without it works. */
static ssize_t sys_flistxattr(int fd, char *list, size_t len)
{
	ssize_t n = flistxattr(fd, list, len);

	if (n >= 0 || errno != EBADF)
		return n;
	RETRY(ssize_t, listxattr(proc_fd(fd).s, list, len));
}

static ssize_t sys_fgetxattr(int fd, const char *name, void *value, size_t len)
{
	ssize_t n = fgetxattr(fd, name, value, len);

	if (n >= 0 || errno != EBADF)
		return n;
	RETRY(ssize_t, getxattr(proc_fd(fd).s, name, value, len));
}

static int sys_fsetxattr(int fd, const char *name, const void *value, size_t len)
{
	int rc = fsetxattr(fd, name, value, len, 0);

	if (rc >= 0 || errno != EBADF)
		return rc;
	RETRY(int, setxattr(proc_fd(fd).s, name, value, len, 0));
}

static int sys_fremovexattr(int fd, const char *name)
{
	int rc = fremovexattr(fd, name);

	if (rc >= 0 || errno != EBADF)
		return rc;
	RETRY(int, removexattr(proc_fd(fd).s, name));
}

static ssize_t sys_llistxattr(int dirfd, const char *name, char *list, size_t len)
{
	struct proc_path p;

	if (proc_child(&p, dirfd, name) < 0)
		return -1;
	RETRY(ssize_t, llistxattr(p.s, list, len));
}

static ssize_t sys_lgetxattr(int dirfd, const char *name, const char *attr, void *value, size_t len)
{
	struct proc_path p;

	if (proc_child(&p, dirfd, name) < 0)
		return -1;
	RETRY(ssize_t, lgetxattr(p.s, attr, value, len));
}

static int sys_lsetxattr(int dirfd, const char *name, const char *attr, const void *value, size_t len)
{
	struct proc_path p;

	if (proc_child(&p, dirfd, name) < 0)
		return -1;
	RETRY(int, lsetxattr(p.s, attr, value, len, 0));
}

static int sys_lremovexattr(int dirfd, const char *name, const char *attr)
{
	struct proc_path p;

	if (proc_child(&p, dirfd, name) < 0)
		return -1;
	RETRY(int, lremovexattr(p.s, attr));
}

/* The kernel reads and writes 32 bits here, whatever the request's name says. */
static int sys_getflags(int fd, unsigned *flags)
{
	unsigned v = 0;
	int rc;

	do
		rc = ioctl(fd, FS_IOC_GETFLAGS, &v);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return rc;
	*flags = v;
	return 0;
}

static int sys_setflags(int fd, unsigned flags)
{
	RETRY(int, ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static int sys_extent_start(int fd, uint64_t *physical)
{
	union {
		struct fiemap map;
		uint8_t room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
	} u = { .map = { .fm_length = UINT64_MAX, .fm_extent_count = 1 } };

	if (ioctl(fd, FS_IOC_FIEMAP, &u.map) < 0)
		return -1;
	if (u.map.fm_mapped_extents == 0 || (u.map.fm_extents[0].fe_flags & FIEMAP_EXTENT_UNKNOWN)) {
		errno = ENODATA;
		return -1;
	}
	*physical = u.map.fm_extents[0].fe_physical;
	return 0;
}

static int sys_clone(int to, int from)
{
	RETRY(int, ioctl(to, FICLONE, from));
}

static int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

static const struct vfs system_table = {
	.openat = sys_openat,
	.openat2 = sys_openat2,
	.close = sys_close,
	.read = sys_read,
	.pread = sys_pread,
	.write = sys_write,
	.pwritev = sys_pwritev,
	.fsync = sys_fsync,
	.syncfs = sys_syncfs,
	.syncfs_reaches = sys_syncfs_reaches,
	.ftruncate = sys_ftruncate,
	.fallocate = sys_fallocate,
	.lseek = sys_lseek,
	.fstat = sys_fstat,
	.statx = sys_statx,
	.linkat = sys_linkat,
	.renameat2 = sys_renameat2,
	.unlinkat = sys_unlinkat,
	.mkdirat = sys_mkdirat,
	.symlinkat = sys_symlinkat,
	.mknodat = sys_mknodat,
	.readlinkat = sys_readlinkat,
	.getdents64 = sys_getdents64,
	.flock = sys_flock,
	.statvfs = sys_statvfs,
	.free_space = sys_free_space,
	.past_cache = sys_past_cache,
	.fsid = sys_fsid,
	.fchownat = sys_fchownat,
	.fchmod = sys_fchmod,
	.fchmodat = sys_fchmodat,
	.utimensat = sys_utimensat,
	.flistxattr = sys_flistxattr,
	.fgetxattr = sys_fgetxattr,
	.fsetxattr = sys_fsetxattr,
	.fremovexattr = sys_fremovexattr,
	.llistxattr = sys_llistxattr,
	.lgetxattr = sys_lgetxattr,
	.lsetxattr = sys_lsetxattr,
	.lremovexattr = sys_lremovexattr,
	.getflags = sys_getflags,
	.setflags = sys_setflags,
	.extent_start = sys_extent_start,
	.clone = sys_clone,
	.ioctl = sys_ioctl,
};

static const struct vfs *current = &system_table;

const struct vfs *vfs(void)
{
	return current;
}

const struct vfs *vfs_system(void)
{
	return &system_table;
}

void vfs_install(const struct vfs *t)
{
	current = t ? t : &system_table;
}
