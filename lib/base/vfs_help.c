/* SPDX-License-Identifier: BSD-2-Clause */
/* What is built of several file calls. Each goes through vfs(), so that a test's table sees and may fail every one. */
#include "base/vfs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)vfs()->close(*fd);
	*fd = -1;
	errno = saved;
}

int vfs_pread_all(int fd, void *buf, size_t len, uint64_t off)
{
	uint8_t *p = buf;

	if (off > INT64_MAX || len > INT64_MAX - off) {
		errno = EINVAL;
		return -1;
	}
	while (len > 0) {
		ssize_t n = vfs()->pread(fd, p, len, (off_t)off);

		if (n <= 0) {
			if (n == 0)
				errno = EIO;
			return -1;
		}
		p += n;
		len -= (size_t)n;
		off += (uint64_t)n;
	}
	return 0;
}

/* Fills part with what iov[*i] from its byte *skip on holds, as far as one call may take; returns the count. */
static int rest_of(struct iovec *part, int max, const struct iovec *iov, size_t n, size_t i, size_t skip)
{
	int count = 0;

	for (; i < n && count < max; i++, skip = 0) {
		if (iov[i].iov_len == skip)
			continue;
		part[count].iov_base = (uint8_t *)iov[i].iov_base + skip;
		part[count++].iov_len = iov[i].iov_len - skip;
	}
	return count;
}

int vfs_pwritev_all(int fd, const struct iovec *iov, size_t n, uint64_t off)
{
	struct iovec part[64];
	size_t i = 0, skip = 0;
	int count;

	while ((count = rest_of(part, (int)ARRAY_LEN(part), iov, n, i, skip)) > 0) {
		ssize_t done = -1;
		size_t step;

		if (off > INT64_MAX)
			errno = EFBIG;
		else
			done = vfs()->pwritev(fd, part, count, (off_t)off);
		if (done < 0)
			return -1;
		/* Nothing taken and no reason given: a loop here would never end. */
		if (done == 0) {
			errno = EIO;
			return -1;
		}
		off += (uint64_t)done;
		for (; done > 0; done -= (ssize_t)step) {
			size_t left = iov[i].iov_len - skip;

			step = (size_t)done < left ? (size_t)done : left;
			skip += step;
			if (skip == iov[i].iov_len)
				i++, skip = 0;
		}
	}
	return 0;
}

int vfs_write_all(int fd, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	while (len > 0) {
		ssize_t n = vfs()->write(fd, p, len);

		if (n <= 0) {
			if (n == 0)
				errno = EIO;
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Memory that is wiped before it is given back, for the file may be a passphrase. */
struct contents {
	uint8_t *data;
	size_t len;
	size_t cap;
};

static void contents_release(struct contents *c)
{
	if (c->data)
		explicit_bzero(c->data, c->cap);
	free(c->data);
}

/* Not by realloc, which leaves a copy behind. */
static int contents_grow(struct contents *c, size_t cap)
{
	struct contents bigger = { malloc(cap), c->len, cap };

	if (!bigger.data)
		return -1;
	if (c->len > 0)
		memcpy(bigger.data, c->data, c->len);
	contents_release(c);
	*c = bigger;
	return 0;
}

/* To the end of the file; the size that fstat told is only a first guess, for files of /proc have none and files grow.
 */
static int read_to_end(struct contents *c, int fd, size_t guess, size_t max, const char *path, hz_error **err)
{
	size_t cap = guess + 1;

	for (;;) {
		ssize_t n;

		if (c->len == c->cap) {
			if (contents_grow(c, cap) < 0)
				return err_nomem(err);
			cap = c->cap > max / 2 ? max + 1 : c->cap * 2;
		}
		n = vfs()->read(fd, c->data + c->len, c->cap - c->len);
		if (n < 0)
			return err_errno(err, "read %s", path);
		if (n == 0)
			return 0;
		c->len += (size_t)n;
		if (c->len > max)
			return err_set(err, HZ_E_INVAL, "%s: larger than %zu bytes", path, max);
	}
}

static int check_private(const struct stat *st, const char *path, hz_error **err)
{
	if (st->st_uid != geteuid() && st->st_uid != 0) {
		err_set(err, HZ_E_AUTH, "%s: belongs to another user", path);
		err_hint(err, "make the file belong to the user that runs this, or to root");
		return HZ_E_AUTH;
	}
	if (st->st_mode & 077) {
		err_set(err, HZ_E_AUTH, "%s: group or others have access to it", path);
		err_hint(err, "chmod 600 the file; if others could read it, change the secret too");
		return HZ_E_AUTH;
	}
	return 0;
}

int vfs_read_file(
	uint8_t **data, size_t *len, int dirfd, const char *path, size_t max, bool private_only, hz_error **err)
{
	AUTO_IN(contents_release) struct contents c = { NULL, 0, 0 };
	/* O_NONBLOCK: a pipe under that name must not hold us up before it is refused. */
	AUTO_FD int fd = vfs()->openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;
	int rc = 0;

	if (fd < 0)
		return err_errno(err, "open %s", path);
	if (max > SIZE_MAX / 4)
		max = SIZE_MAX / 4;
	if (vfs()->fstat(fd, &st) < 0)
		return err_errno(err, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, HZ_E_INVAL, "%s: not a regular file", path);
	if (private_only)
		rc = check_private(&st, path, err);
	if (rc == 0 && (uint64_t)st.st_size > max)
		rc = err_set(err, HZ_E_INVAL, "%s: larger than %zu bytes", path, max);
	if (rc == 0)
		rc = read_to_end(&c, fd, (size_t)st.st_size, max, path, err);
	if (rc < 0)
		return rc;
	*data = TAKE(c.data);
	*len = c.len;
	return 0;
}

/* Opens parent's child, made if need be. When it was made, by us or just now by somebody else, the parent is flushed:
 * otherwise files that are durable inside it could be lost with it. */
static int open_or_make(int *fd, int parent, const char *name, mode_t mode, int flags)
{
	AUTO_FD int flush = -1;

	*fd = vfs()->openat(parent, name, flags | O_DIRECTORY, 0);
	if (*fd >= 0 || errno != ENOENT)
		return *fd < 0 ? -1 : 0;
	if (vfs()->mkdirat(parent, name, mode) < 0 && errno != EEXIST)
		return -1;
	/* The parent was opened for passing through only. */
	flush = vfs()->openat(parent, ".", O_RDONLY | O_DIRECTORY, 0);
	if (flush < 0 || vfs()->fsync(flush) < 0)
		return -1;
	*fd = vfs()->openat(parent, name, flags | O_DIRECTORY, 0);
	return *fd < 0 ? -1 : 0;
}

int vfs_mkdirs(int *fd, const char *path, mode_t mode, hz_error **err)
{
	AUTO_FREE char *copy = strdup(path);
	AUTO_FD int at = -1;
	char *name = copy;

	if (!copy)
		return err_nomem(err);
	if (!*path)
		return err_set(err, HZ_E_INVAL, "the path of a folder is empty");
	at = vfs()->openat(AT_FDCWD, *path == '/' ? "/" : ".", O_PATH | O_DIRECTORY, 0);
	if (at < 0)
		return err_errno(err, "open %s", *path == '/' ? "/" : ".");
	for (;;) {
		char *end;
		int next = -1;

		name += strspn(name, "/");
		if (!*name)
			break;
		end = name + strcspn(name, "/");
		if (*end)
			*end++ = '\0';
		if (open_or_make(&next, at, name, mode, O_PATH) < 0)
			return err_errno(err, "make folder %s", path);
		fd_close(&at);
		at = next;
		name = end;
	}
	*fd = vfs()->openat(at, ".", O_RDONLY | O_DIRECTORY, 0);
	return *fd < 0 ? err_errno(err, "open folder %s", path) : 0;
}

#define DENTS_LEN ((size_t)32 << 10)

int vfs_readdir(int fd, vfs_dirent_fn fn, void *user, hz_error **err)
{
	if (vfs()->lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, "rewind folder");
	return vfs_readdir_on(fd, fn, user, err);
}

int vfs_readdir_on(int fd, vfs_dirent_fn fn, void *user, hz_error **err)
{
	AUTO_FREE uint8_t *buf = malloc(DENTS_LEN);

	if (!buf)
		return err_nomem(err);
	for (;;) {
		ssize_t n = vfs()->getdents64(fd, buf, DENTS_LEN);

		if (n < 0)
			return err_errno(err, "read folder");
		if (n == 0)
			return 0;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *e = (const struct dirent64 *)(const void *)(buf + at);
			int rc = 0;

			if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
				rc = fn(user, e->d_name, e->d_ino, e->d_type);
			if (rc != 0)
				return rc;
			at += e->d_reclen;
		}
	}
}
