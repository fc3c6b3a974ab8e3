/* SPDX-License-Identifier: BSD-2-Clause */
/* The writer's cache of a source's last tree: see cache.h. What is in it: cache_folder.c. It is trusted for speed only
 * as far as its CRC and the base's check go. */
#include "archive/cache_internal.h"
#include "archive/object.h"
#include "base/newfile.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "hzcache2"

static struct cache_file_name name_of(const struct id *source, const char *suffix)
{
	struct cache_file_name n;

	(void)snprintf(n.s, sizeof(n.s), "%.32s%s", id_hex(source).s, suffix);
	return n;
}

static int dir_path(char **path, const char *dir, const struct cache_key *key)
{
	return asprintf(path, "%s/%s", dir, uid_hex(&key->writer).s) < 0 ? HZ_E_NOMEM : 0;
}

static void header_encode(
	uint8_t h[CACHE_HEADER_LEN], const struct cache_key *key, const struct id *base, uint64_t root)
{
	uint8_t *p = h;

	memcpy(p, MAGIC, 8), p += 8;
	memcpy(p, key->repo.b, UID_LEN), p += UID_LEN;
	memcpy(p, key->writer.b, UID_LEN), p += UID_LEN;
	memcpy(p, key->group.b, UID_LEN), p += UID_LEN;
	memcpy(p, key->source.b, ID_LEN), p += ID_LEN;
	memcpy(p, base->b, ID_LEN), p += ID_LEN;
	put_le64(p, root), p += 8;
	put_le64(p, crc64_xz(0, h, CACHE_HEADER_LEN - 8));
}

/* ---- reading ---- */

static int open_one(struct cache_reader **ret, struct id *base, uint64_t *root, int dirfd, const char *name,
	const struct cache_key *key)
{
	uint8_t h[CACHE_HEADER_LEN], want[CACHE_HEADER_LEN];
	AUTO_FD int fd = vfs()->openat(dirfd, name, O_RDONLY | O_NOFOLLOW, 0);
	struct stat st;
	struct cache_reader *c;
	struct id of;
	uint64_t at;

	if (fd < 0 || vfs()->fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 077) ||
		vfs_pread_all(fd, h, sizeof(h), 0) < 0)
		return HZ_E_NOTFOUND;
	memcpy(of.b, h + CACHE_HEADER_LEN - 16 - ID_LEN, ID_LEN);
	at = get_le64(h + CACHE_HEADER_LEN - 16);
	header_encode(want, key, &of, at);
	if (memcmp(h, want, sizeof(h)) != 0)
		return HZ_E_NOTFOUND;
	c = calloc(1, sizeof(*c));
	if (!c)
		return HZ_E_NOMEM;
	c->fd = fd;
	c->size = (uint64_t)st.st_size;
	fd = -1;
	*ret = c;
	*base = of;
	*root = at;
	return 0;
}

int cache_open(struct cache_reader **ret, struct id *base, uint64_t *root, const char *dir, const struct cache_key *key,
	bool (*is_ours)(void *user, const struct id *commit), void *user)
{
	AUTO(cache_close) struct cache_reader *pending = NULL;
	AUTO_FREE char *path = NULL;
	AUTO_FD int fd = -1;
	struct id of;
	uint64_t at;

	if (dir_path(&path, dir, key) < 0)
		return HZ_E_NOMEM;
	fd = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return HZ_E_NOTFOUND;
	/* A run that died between its commit and the rename left the newer one as pending. */
	if (open_one(&pending, &of, &at, fd, name_of(&key->source, ".pending").s, key) == 0 && is_ours(user, &of)) {
		*ret = TAKE(pending);
		*base = of;
		*root = at;
		return 0;
	}
	return open_one(ret, base, root, fd, name_of(&key->source, "").s, key);
}

void cache_close(struct cache_reader *c)
{
	if (!c)
		return;
	fd_close(&c->fd);
	free(c);
}

/* ---- writing ---- */

int cache_create(struct cache_writer **ret, const char *dir, const struct cache_key *key, hz_error **err)
{
	AUTO(cache_discard) struct cache_writer *w = calloc(1, sizeof(*w));
	AUTO_FREE char *path = NULL;
	int rc;

	if (!w)
		return err_nomem(err);
	w->dirfd = w->fd = -1;
	(void)pthread_mutex_init(&w->lock, NULL);
	if (dir_path(&path, dir, key) < 0)
		return err_nomem(err);
	w->key = *key;
	rc = vfs_mkdirs(&w->dirfd, path, 0700, err);
	if (rc < 0)
		return rc;
	/* One a source, whose lock is ours: what a dead run left is taken away, and never more than that one. */
	w->temp = name_of(&key->source, ".new");
	(void)vfs()->unlinkat(w->dirfd, w->temp.s, 0);
	w->fd = vfs()->openat(w->dirfd, w->temp.s, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (w->fd < 0)
		return err_errno(err, "cache %s", path);
	w->at = CACHE_HEADER_LEN;
	*ret = TAKE(w);
	return 0;
}

void cache_flush(struct cache_writer *w)
{
	struct iovec iov = { w->b.data, w->b.len };

	if (!w->failed && w->b.len && vfs_pwritev_all(w->fd, &iov, 1, w->at) < 0)
		w->failed = errno;
	w->at += w->b.len;
	buf_reset(&w->b);
}

int cache_prepare(struct cache_writer *w, const struct id *commit, uint64_t root, hz_error **err)
{
	uint8_t h[CACHE_HEADER_LEN];
	struct iovec iov = { h, sizeof(h) };

	cache_flush(w);
	header_encode(h, &w->key, commit, root);
	if (w->failed) {
		errno = w->failed;
		return err_errno(err, "the cache cannot be written");
	}
	if (root == 0)
		return err_set(err, HZ_E_IO, "the cache cannot be written: its root is missing");
	if (vfs_pwritev_all(w->fd, &iov, 1, 0) < 0 || vfs()->fsync(w->fd) < 0)
		return err_errno(err, "the cache cannot be written");
	if (vfs()->renameat2(w->dirfd, w->temp.s, w->dirfd, name_of(&w->key.source, ".pending").s, 0) < 0)
		return err_errno(err, "the cache cannot be written");
	w->pending = true;
	return 0;
}

void cache_commit(struct cache_writer *w)
{
	if (w && w->pending &&
		vfs()->renameat2(w->dirfd, name_of(&w->key.source, ".pending").s, w->dirfd,
			name_of(&w->key.source, "").s, 0) == 0)
		w->pending = false;
}

void cache_write_totals(const struct cache_writer *w, uint64_t files, uint64_t bytes)
{
	uint8_t t[24];

	put_le64(t, files);
	put_le64(t + 8, bytes);
	put_le64(t + 16, crc64_xz(0, t, 16));
	if (w)
		(void)newfile_put(
			w->dirfd, name_of(&w->key.source, ".totals").s, t, sizeof(t), 0600, NEWFILE_REPLACE, NULL);
}

void cache_read_totals(uint64_t *files, uint64_t *bytes, const char *dir, const struct cache_key *key)
{
	AUTO_FREE uint8_t *t = NULL;
	AUTO_FREE char *path = NULL;
	AUTO_FD int fd = -1;
	size_t len = 0;

	*files = *bytes = 0;
	if (dir_path(&path, dir, key) < 0)
		return;
	fd = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 || vfs_read_file(&t, &len, fd, name_of(&key->source, ".totals").s, 64, true, NULL) < 0 ||
		len != 24 || crc64_xz(0, t, 16) != get_le64(t + 16))
		return;
	*files = get_le64(t);
	*bytes = get_le64(t + 8);
}

void cache_discard(struct cache_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0 && !w->pending)
		(void)vfs()->unlinkat(w->dirfd, w->temp.s, 0);
	fd_close(&w->fd);
	fd_close(&w->dirfd);
	(void)pthread_mutex_destroy(&w->lock);
	buf_release(&w->b);
	free(w);
}
