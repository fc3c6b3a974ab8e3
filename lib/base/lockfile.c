/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks that die with their process. Invariant: what is returned as locked is the file that has the name now. */
#include "base/lockfile.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <time.h>

/* lockfile_is_held() has to take the lock for a moment to learn whether it is free; that must not look like an owner.
 */
#define PROBE_TRIES   5
#define PROBE_WAIT_NS 2000000L

static int lock_fd(int fd, bool wait)
{
	struct timespec pause = { 0, PROBE_WAIT_NS };

	for (int left = PROBE_TRIES;; left--) {
		int rc = vfs()->flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));

		if (rc == 0 || wait || errno != EWOULDBLOCK || left == 0)
			return rc;
		(void)nanosleep(&pause, NULL);
		errno = EWOULDBLOCK;
	}
}

/* 1 when fd is what the name stands for, 0 when not, -1 with errno. */
static int is_current(int fd, int dirfd, const char *name)
{
	struct statx stx;
	struct stat st;

	if (vfs()->fstat(fd, &st) < 0)
		return -1;
	if (vfs()->statx(dirfd, name, AT_SYMLINK_NOFOLLOW, STATX_INO, &stx) < 0)
		return errno == ENOENT ? 0 : -1;
	return stx.stx_ino == st.st_ino && makedev(stx.stx_dev_major, stx.stx_dev_minor) == st.st_dev;
}

int lockfile_take(int *fd, int dirfd, const char *name, bool wait, hz_error **err)
{
	for (;;) {
		AUTO_FD int lock = vfs()->openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
		int same;

		if (lock < 0)
			return err_errno(err, "open lock %s", name);
		if (lock_fd(lock, wait) < 0) {
			if (errno == EWOULDBLOCK)
				return err_set(err, HZ_E_BUSY, "lock %s: held by another process", name);
			return err_errno(err, "lock %s", name);
		}
		same = is_current(lock, dirfd, name);
		if (same < 0)
			return err_errno(err, "stat lock %s", name);
		if (same) {
			*fd = lock;
			lock = -1;
			return 0;
		}
	}
}

bool lockfile_try(int fd)
{
	return vfs()->flock(fd, LOCK_EX | LOCK_NB) == 0;
}

bool lockfile_is_held(int dirfd, const char *name)
{
	AUTO_FD int fd = vfs()->openat(dirfd, name, O_RDONLY | O_NOFOLLOW, 0);

	return fd >= 0 && vfs()->flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}
