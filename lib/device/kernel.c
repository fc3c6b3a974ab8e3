/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks past all caches. Invariant: 0 means that every byte was taken or given by the device; whatever else the kernel
 * says is a failure, and one that means "the device is not there" is told apart from one of the medium, because the
 * first ends a job and the second is narrowed down to a sector. Errnos seen: docs/erase/devices.md.
 */
#include "device/kernel.h"
#include "device/ask.h"
#include "device/facts.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static struct kernel_link *of(struct link *l)
{
	return (struct kernel_link *)l;
}

bool kernel_is_gone(const struct kernel_link *k)
{
	uint64_t bytes = 0;

	return vfs()->ioctl(k->fd, BLKGETSIZE64, &bytes) < 0 || bytes == 0;
}

int kernel_failed(struct link *l, hz_error **err, const char *what)
{
	int e = errno;
	bool gone = e == ENODEV || e == ENXIO || e == ENOMEDIUM || kernel_is_gone(of(l));

	errno = e;
	/* Within its size, a device that is gone is what "no space" means. */
	if (gone || e == ENOSPC) {
		err_errno_as(err, HZ_E_NOTFOUND, "%s: %s: the device is gone", l->info.path, what);
		return HZ_E_NOTFOUND;
	}
	if (e == EOPNOTSUPP || e == ENOTTY)
		return err_errno_as(err, HZ_E_UNSUPPORTED, "%s: %s", l->info.path, what);
	return err_errno_as(err, HZ_E_IO, "%s: %s", l->info.path, what);
}

static int check_range(struct link *l, uint64_t off, uint64_t len, hz_error **err)
{
	uint32_t sector = l->info.logical_sector;

	if (sector == 0 || off % sector || len % sector || off > l->info.bytes || len > l->info.bytes - off)
		return err_set(err, HZ_E_INVAL, "%s: %" PRIu64 " bytes at %" PRIu64 " are no sectors of it",
			l->info.path, len, off);
	return 0;
}

static int kernel_read(struct link *l, void *data, size_t len, uint64_t off, hz_error **err)
{
	int rc = check_range(l, off, len, err);

	if (rc == 0 && vfs_pread_all(of(l)->fd, data, len, off) < 0)
		rc = kernel_failed(l, err, "reading");
	return rc;
}

static int kernel_write(struct link *l, const void *data, size_t len, uint64_t off, hz_error **err)
{
	struct iovec iov = { (void *)(uintptr_t)data, len };
	int rc = check_range(l, off, len, err);

	if (rc == 0 && vfs_pwritev_all(of(l)->fd, &iov, 1, off) < 0)
		rc = kernel_failed(l, err, "writing");
	return rc;
}

/* fsync on a block device writes what its cache has and sends the device a flush. What others read into the cache of
 * the block device is dropped, so that nobody sees old content afterwards; that part is no matter of durability and may
 * be forbidden. */
static int kernel_flush(struct link *l, hz_error **err)
{
	if (vfs()->fsync(of(l)->fd) < 0)
		return kernel_failed(l, err, "flushing");
	(void)vfs()->ioctl(of(l)->fd, BLKFLSBUF, NULL);
	return 0;
}

static int range_ioctl(
	struct link *l, unsigned long request, const char *what, uint64_t off, uint64_t len, hz_error **err)
{
	uint64_t range[2] = { off, len };
	int rc = check_range(l, off, len, err);

	if (rc == 0 && vfs()->ioctl(of(l)->fd, request, range) < 0)
		rc = kernel_failed(l, err, what);
	return rc;
}

static int kernel_discard(struct link *l, uint64_t off, uint64_t len, hz_error **err)
{
	return range_ioctl(l, BLKDISCARD, "discarding", off, len, err);
}

static int kernel_write_zeroes(struct link *l, uint64_t off, uint64_t len, hz_error **err)
{
	return range_ioctl(l, BLKZEROOUT, "writing zeroes", off, len, err);
}

static int lost(struct link *l, const char *why, hz_error **err)
{
	return err_set(err, HZ_E_NOTFOUND, "%s is gone: %s", l->info.path, why);
}

/* What stands under the number that we have open, and whether it is what we have open. */
static int kernel_look(struct link *l, hz_device_info *info, hz_error **err)
{
	struct blocks b AUTO_BLOCKS = BLOCKS_INIT;
	struct kernel_link *k = of(l);
	hz_device_info now;
	uint64_t seq = 0, bytes = 0;
	struct stat st;
	size_t i;
	int rc;

	if (vfs()->fstat(k->fd, &st) < 0)
		return kernel_failed(l, err, "looking at it");
	if (vfs()->ioctl(k->fd, BLKGETSIZE64, &bytes) < 0)
		return kernel_failed(l, err, "asking its size");
	if (bytes == 0)
		return lost(l, err_text("it has no size any more"), err);
	rc = blocks_read(&b, &k->roots, err);
	if (rc < 0)
		return rc;
	i = blocks_by_number(&b, major(st.st_rdev), minor(st.st_rdev));
	if (i == BLOCKS_NONE)
		return lost(l, err_text("the kernel knows it no more"), err);
	facts_read(&now, &k->roots, &b, i);
	/* Of the open device itself: the name may be another's by now. */
	if (vfs()->ioctl(k->fd, BLKGETDISKSEQ, &seq) == 0 && now.diskseq && seq != now.diskseq)
		return lost(l, err_text("another device has its name now"), err);
	if (now.bytes != bytes)
		return lost(l, err_text("the kernel tells two sizes of it"), err);
	ask_device(l, &now);
	facts_identify_again(&now, &k->roots, &b, i);
	*info = now;
	return 0;
}

static int kernel_fd(struct link *l)
{
	return of(l)->fd;
}

static void kernel_close(struct link *l)
{
	struct kernel_link *k = of(l);

	for (size_t i = 0; i < k->n_claims; i++)
		fd_close(&k->claim[i]);
	free(k->claim);
	fd_close(&k->fd);
	roots_close(&k->roots);
	free(k);
}

static const struct link_ops kernel_ops = {
	.ata = kernel_ata,
	.scsi = kernel_scsi,
	.nvme = kernel_nvme,
	.read = kernel_read,
	.write = kernel_write,
	.flush = kernel_flush,
	.discard = kernel_discard,
	.write_zeroes = kernel_write_zeroes,
	.look = kernel_look,
	.fd = kernel_fd,
	.close = kernel_close,
};

static int copy_fd(int fd)
{
	return fd < 0 ? -1 : vfs()->openat(fd, ".", O_RDONLY | O_DIRECTORY, 0);
}

int kernel_link_new(struct link **ret, int fd, const struct roots *r, const hz_device_info *info, hz_error **err)
{
	struct kernel_link *k = calloc(1, sizeof(*k));

	if (!k) {
		fd_close(&fd);
		return err_nomem(err);
	}
	k->link.ops = &kernel_ops;
	k->link.info = *info;
	k->fd = fd;
	k->roots = (struct roots){ copy_fd(r->sys), copy_fd(r->proc), copy_fd(r->dev), copy_fd(r->udev) };
	*ret = &k->link;
	return 0;
}

int kernel_link_hold(struct link *l, int fd, hz_error **err)
{
	struct kernel_link *k = of(l);
	int *more = realloc(k->claim, (k->n_claims + 1) * sizeof(*more));

	if (!more) {
		fd_close(&fd);
		return err_nomem(err);
	}
	k->claim = more;
	k->claim[k->n_claims++] = fd;
	return 0;
}

void link_close(struct link *l)
{
	int e = errno;

	if (l)
		l->ops->close(l);
	errno = e;
}
