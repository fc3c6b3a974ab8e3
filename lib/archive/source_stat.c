/* SPDX-License-Identifier: BSD-2-Clause */
/* The outside of a file from one statx. Nothing is opened, followed or mounted on the way. */
#include "archive/entry.h"
#include <errno.h>
#include <fcntl.h>

static void fill(struct source_stat *st, const struct statx *x)
{
	*st = (struct source_stat){
		.sig = { .size = x->stx_size,
			.ino = x->stx_ino,
			.mtime_sec = x->stx_mtime.tv_sec,
			.mtime_nsec = x->stx_mtime.tv_nsec,
			.ctime_sec = x->stx_ctime.tv_sec,
			.ctime_nsec = x->stx_ctime.tv_nsec,
			.mode = x->stx_mode,
			.uid = x->stx_uid,
			.gid = x->stx_gid,
			.dev = (uint64_t)x->stx_dev_major << 32 | x->stx_dev_minor },
		.nlink = x->stx_nlink,
		.rdev_major = x->stx_rdev_major,
		.rdev_minor = x->stx_rdev_minor,
		.has_btime = (x->stx_mask & STATX_BTIME) != 0,
		/* Set before Linux 5.8 by nothing: then no mount root is seen here. */
		.is_mount_root = (x->stx_attributes_mask & x->stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
		.is_nodump = (x->stx_attributes & STATX_ATTR_NODUMP) != 0,
	};
	st->shows_flags = x->stx_attributes &
		(STATX_ATTR_COMPRESSED | STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_NODUMP);
	if (st->has_btime) {
		st->btime_sec = x->stx_btime.tv_sec;
		st->btime_nsec = x->stx_btime.tv_nsec;
	}
}

static int stat_at(struct source_stat *st, int dirfd, const char *name, int flags)
{
	struct statx x;

	if (vfs()->statx(dirfd, name, flags, STATX_BASIC_STATS | STATX_BTIME, &x) < 0)
		return errno;
	fill(st, &x);
	return 0;
}

int source_stat(struct source_stat *st, int dirfd, const char *name)
{
	return stat_at(st, dirfd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
}

/* In step with the server: this is what says whether a file changed while it was read. */
int source_stat_fd(struct source_stat *st, int fd)
{
	return stat_at(st, fd, "", AT_EMPTY_PATH);
}

/* Not dev: device numbers change with a reboot, inode and ctime do not. */
bool stat_sig_equal(const struct stat_sig *a, const struct stat_sig *b)
{
	return a->size == b->size && a->ino == b->ino && a->mtime_sec == b->mtime_sec &&
		a->mtime_nsec == b->mtime_nsec && a->ctime_sec == b->ctime_sec && a->ctime_nsec == b->ctime_nsec &&
		a->mode == b->mode && a->uid == b->uid && a->gid == b->gid;
}
