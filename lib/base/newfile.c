/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that appear whole and durable, or not at all. Invariant: the final name is given only after the file's own
 * fsync (unless flushing is the caller's) and close succeeded, and the temporary name is gone once the struct is,
 * unless removing it fails itself. This file alone renames and flushes files that others rely on.
 */
#include "base/newfile.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <linux/fs.h>

struct newfile {
	int dirfd;
	int fd;
	uint64_t len;
	char *name;
	char *temp; /* NULL once the temporary name is no longer ours to remove */
};

static bool is_component(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

void newfile_discard(struct newfile *f)
{
	int saved = errno;

	if (!f)
		return;
	fd_close(&f->fd);
	/* A leftover has a name that nobody reads; a later sweep takes it. */
	if (f->temp)
		(void)vfs()->unlinkat(f->dirfd, f->temp, 0);
	free(f->name);
	free(f->temp);
	free(f);
	errno = saved;
}

int newfile_create(
	struct newfile **ret, int dirfd, const char *name, const char *temp_name, mode_t mode, hz_error **err)
{
	AUTO(newfile_discard) struct newfile *f = NULL;
	AUTO_FREE char *temp = NULL;

	if (!is_component(name) || !is_component(temp_name))
		return err_set(err, HZ_E_INVAL, "create %s: not a plain file name", name);
	f = calloc(1, sizeof(*f));
	if (!f)
		return err_nomem(err);
	f->dirfd = dirfd;
	f->fd = -1;
	f->name = strdup(name);
	temp = strdup(temp_name);
	if (!f->name || !temp)
		return err_nomem(err);
	f->fd = vfs()->openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
	if (f->fd < 0)
		return err_errno(err, "create %s", temp_name);
	/* Only now, for before the open the name may have been somebody else's. */
	f->temp = TAKE(temp);
	*ret = TAKE(f);
	return 0;
}

int newfile_write(struct newfile *f, const struct iovec *iov, size_t n, hz_error **err)
{
	uint64_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += iov[i].iov_len;
	if (vfs_pwritev_all(f->fd, iov, n, f->len) < 0)
		return err_errno(err, "write %s", f->name);
	f->len += len;
	return 0;
}

int newfile_flush(struct newfile *f, hz_error **err)
{
	return vfs()->fsync(f->fd) < 0 ? err_errno(err, "flush %s", f->name) : 0;
}

/* For file systems without RENAME_NOREPLACE. link(2) too refuses a name that is taken. */
static int name_by_link(struct newfile *f, hz_error **err)
{
	if (vfs()->linkat(f->dirfd, f->temp, f->dirfd, f->name, 0) < 0) {
		if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP)
			return err_errno(err, "name %s", f->name);
		return err_errno_as(err, HZ_E_UNSUPPORTED, "name %s without replacing", f->name);
	}
	/* The file stands whole under its name; that its temporary name stays too would be litter, not a failure. */
	(void)vfs()->unlinkat(f->dirfd, f->temp, 0);
	return 0;
}

static int give_name(struct newfile *f, enum newfile_mode mode, hz_error **err)
{
	bool keep = mode != NEWFILE_REPLACE;
	int rc = 0;

	if (vfs()->renameat2(f->dirfd, f->temp, f->dirfd, f->name, keep ? RENAME_NOREPLACE : 0) < 0) {
		if (keep && (errno == EINVAL || errno == ENOSYS))
			rc = name_by_link(f, err);
		else
			rc = err_errno(err, "name %s", f->name);
	}
	if (rc == 0) {
		free(f->temp);
		f->temp = NULL;
	}
	return rc;
}

static int commit(struct newfile *f, enum newfile_mode mode, hz_error **err)
{
	bool flush = mode != NEWFILE_LATER || !vfs()->syncfs_reaches(f->dirfd);
	int fd = f->fd;
	int rc;

	/* Contents first: after a crash a name must not stand for bytes that never arrived. A failed fsync is final,
	 * for the kernel may have dropped the pages and would call a second one a success. */
	if (flush && vfs()->fsync(fd) < 0)
		return err_errno(err, "flush %s", f->name);
	f->fd = -1;
	if (vfs()->close(fd) < 0)
		return err_errno(err, "close %s", f->name);
	rc = give_name(f, mode, err);
	if (rc < 0)
		return rc;
	if (flush && vfs()->fsync(f->dirfd) < 0)
		return err_errno_as(err, HZ_E_IO, "flush the folder of %s", f->name);
	return 0;
}

int newfile_commit(struct newfile *f, enum newfile_mode mode, hz_error **err)
{
	int rc = commit(f, mode, err);

	newfile_discard(f);
	return rc;
}

int newfile_put(
	int dirfd, const char *name, const void *data, size_t len, mode_t mode, enum newfile_mode m, hz_error **err)
{
	AUTO(newfile_discard) struct newfile *f = NULL;
	struct iovec iov = { (void *)(uintptr_t)data, len };
	uint64_t random;
	char temp[32];
	int rc;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_errno(err, "random name for %s", name);
	(void)snprintf(temp, sizeof(temp), ".tmp.%016llx", (unsigned long long)random);
	rc = newfile_create(&f, dirfd, name, temp, mode, err);
	if (rc == 0)
		rc = newfile_write(f, &iov, 1, err);
	return rc < 0 ? rc : newfile_commit(TAKE(f), m, err);
}
