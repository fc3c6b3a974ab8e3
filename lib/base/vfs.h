/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one door to the operating system's files. Every file call of the library goes through the table that vfs()
 * returns: the system's, or one that a test installed to record, fail or drop calls. Calls behave as the system calls
 * they are named after (return value, errno), always add O_CLOEXEC, and are retried on EINTR inside, except close and
 * ioctl. Install a table before other threads start.
 */
#ifndef BASE_VFS_H
#define BASE_VFS_H

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/auto.h"
#include "base/error.h"

struct statx;

struct vfs {
	int (*openat)(int dirfd, const char *path, int flags, mode_t mode);
	int (*openat2)(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve);
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *buf, size_t len);
	ssize_t (*pread)(int fd, void *buf, size_t len, off_t off);
	ssize_t (*write)(int fd, const void *buf, size_t len);
	ssize_t (*pwritev)(int fd, const struct iovec *iov, int n, off_t off);
	int (*fsync)(int fd);
	int (*syncfs)(int fd);
	/* False where syncfs ends in the kernel: a FUSE file system hears of fsync alone. */
	bool (*syncfs_reaches)(int fd);
	int (*ftruncate)(int fd, off_t len);
	int (*fallocate)(int fd, int mode, off_t off, off_t len);
	off_t (*lseek)(int fd, off_t off, int whence);
	int (*fstat)(int fd, struct stat *st);
	int (*statx)(int dirfd, const char *path, int flags, unsigned mask, struct statx *stx);
	int (*linkat)(int olddir, const char *oldp, int newdir, const char *newp, int flags);
	int (*renameat2)(int olddir, const char *oldp, int newdir, const char *newp, unsigned flags);
	int (*unlinkat)(int dirfd, const char *path, int flags);
	int (*mkdirat)(int dirfd, const char *path, mode_t mode);
	int (*symlinkat)(const char *target, int dirfd, const char *path);
	int (*mknodat)(int dirfd, const char *path, mode_t mode, dev_t dev);
	ssize_t (*readlinkat)(int dirfd, const char *path, char *buf, size_t len);
	ssize_t (*getdents64)(int fd, void *buf, size_t len);
	int (*flock)(int fd, int op);
	int (*statvfs)(int fd, uint64_t *free_bytes, uint64_t *total_bytes);
	/* What is free at all, also for the system only (f_bfree). */
	int (*free_space)(int fd, uint64_t *bytes);
	/* Drops what the cache has of the file; on: reading and writing go past it from now on (O_DIRECT), and have to
	 * be aligned. EINVAL: this file system has no such way. */
	int (*past_cache)(int fd, bool on);
	/* What tells file systems apart across reboots (f_fsid of statfs). */
	int (*fsid)(int fd, uint64_t *fsid);
	int (*fchownat)(int dirfd, const char *path, uid_t uid, gid_t gid, int flags);
	int (*fchmod)(int fd, mode_t mode);
	/* Never follows a symlink: EOPNOTSUPP on one. */
	int (*fchmodat)(int dirfd, const char *path, mode_t mode);
	int (*utimensat)(int dirfd, const char *path, const struct timespec ts[2], int flags);
	/* On the object behind an O_PATH or ordinary descriptor, never following a symlink: by /proc/self/fd. */
	ssize_t (*flistxattr)(int fd, char *list, size_t len);
	ssize_t (*fgetxattr)(int fd, const char *name, void *value, size_t len);
	int (*fsetxattr)(int fd, const char *name, const void *value, size_t len);
	int (*fremovexattr)(int fd, const char *name);
	/* Extended attributes of a name that may be a symlink, never followed: dirfd must not be AT_FDCWD; the path is
	 * a single component. */
	ssize_t (*llistxattr)(int dirfd, const char *name, char *list, size_t len);
	ssize_t (*lgetxattr)(int dirfd, const char *name, const char *attr, void *value, size_t len);
	int (*lsetxattr)(int dirfd, const char *name, const char *attr, const void *value, size_t len);
	int (*lremovexattr)(int dirfd, const char *name, const char *attr);
	/* Inode flags (FS_IOC_GETFLAGS / SETFLAGS). */
	int (*getflags)(int fd, unsigned *flags);
	int (*setflags)(int fd, unsigned flags);
	/* Where on its device the first byte of a file lies (FS_IOC_FIEMAP); ENODATA: it has no data there. */
	int (*extent_start)(int fd, uint64_t *physical);
	/* All content of from becomes that of to, whose blocks they share until one writes (FICLONE). */
	int (*clone)(int to, int from);
	/* Of a device. Not retried on EINTR: a command that was sent must not be sent twice. */
	int (*ioctl)(int fd, unsigned long request, void *arg);
};

/* The current table; never NULL. */
const struct vfs *vfs(void);
/* The system's own. */
const struct vfs *vfs_system(void);
/* For tests: t replaces the current table; NULL puts the system's back. */
void vfs_install(const struct vfs *t);

/* Closes and sets to -1; a failed close is reported where it can lose data, that is after a write without fsync: those
 * paths call vfs()->close themselves and check. */
void fd_close(int *fd);
#define AUTO_FD __attribute__((cleanup(fd_close)))

/* Whole-length helpers. 0, or -1 with errno; a short read at the end of the file is EIO for vfs_pread_all. */
int vfs_pread_all(int fd, void *buf, size_t len, uint64_t off);
int vfs_pwritev_all(int fd, const struct iovec *iov, size_t n, uint64_t off);
int vfs_write_all(int fd, const void *buf, size_t len);

/* Reads a whole regular file of at most max bytes (HZ_E_INVAL otherwise); *data is the caller's (free), with room for
 * one more byte after len. private_only refuses (HZ_E_AUTH) a file to which group or others have any access, or that
 * belongs neither to the caller nor to root. */
int vfs_read_file(
	uint8_t **data, size_t *len, int dirfd, const char *path, size_t max, bool private_only, hz_error **err);

/* mkdir -p with mode for new folders, each new one's parent fsynced; returns an O_DIRECTORY descriptor in *fd. */
int vfs_mkdirs(int *fd, const char *path, mode_t mode, hz_error **err);

/* Calls fn for each entry but . and .., in no order; a non-zero result of fn stops and is returned. d_type may be
 * DT_UNKNOWN. */
typedef int (*vfs_dirent_fn)(void *user, const char *name, uint64_t ino, unsigned char d_type);
int vfs_readdir(int fd, vfs_dirent_fn fn, void *user, hz_error **err);
/* The same from where the descriptor stands: all of one that was just opened. */
int vfs_readdir_on(int fd, vfs_dirent_fn fn, void *user, hz_error **err);

#endif
