/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths and folders, by descriptor: a name is looked at beneath its open folder, without links and without other
 * mounts, so nobody who may rename in there can lead the way out.
 */
#include "base/buf.h"
#include "base/vfs.h"
#include "sanitize/shred.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 500
#define NAMES_MAX ((size_t)16 << 20) /* bytes of names of one folder at a time */

/* What is walked for: to remove, or to add up. */
struct walk {
	struct shred *s;
	bool counting;
	uint64_t bytes;
};

static int visit(struct walk *w, int dirfd, const char *name, const char *path, int depth, hz_error **err);

static int look(int dirfd, const char *name, int flags, struct stat *st)
{
	int at = vfs()->openat2(dirfd, name, flags | O_NOFOLLOW, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);

	if (at >= 0 && vfs()->fstat(at, st) < 0)
		fd_close(&at);
	return at;
}

static void failed(struct walk *w, const char *path, const char *why)
{
	if (w->counting)
		return;
	w->s->r.failed++;
	shred_event(w->s, path, err_text("failed: %s"), why);
}

static void refused(struct walk *w, const char *path, const char *why)
{
	if (w->counting)
		return;
	w->s->r.refused++;
	shred_event(w->s, path, err_text("refused: %s"), why);
}

/* ---- folders ---- */

static int add_name(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct buf *names = user;

	(void)ino, (void)type;
	return buf_append(names, name, strlen(name) + 1) < 0 ? 1 : 0;
}

static int any_name(void *user, const char *name, uint64_t ino, unsigned char type)
{
	(void)user, (void)name, (void)ino, (void)type;
	return 1;
}

static uint64_t gone(const struct shred *s)
{
	return s->r.removed + s->r.links + s->r.folders;
}

static int visit_names(struct walk *w, int fd, const struct buf *names, const char *path, int depth, hz_error **err)
{
	int rc = 0;

	for (size_t at = 0; at < names->len && rc == 0; at += strlen((const char *)names->data + at) + 1) {
		const char *name = (const char *)names->data + at;
		AUTO_FREE char *child = NULL;

		if (asprintf(&child, "%s/%s", path, name) < 0) {
			child = NULL;
			return err_nomem(err);
		}
		rc = visit(w, fd, name, child, depth + 1, err);
	}
	return rc;
}

/* Names first, then what they stand for: what is removed and renamed while a folder is read may come twice, or not at
 * all. More names than are kept at a time take another round. */
static int inside(struct walk *w, int fd, const char *path, int depth, hz_error **err)
{
	for (;;) {
		AUTO_IN(buf_release) struct buf names = { .max = NAMES_MAX };
		uint64_t before = gone(w->s);
		int more = vfs_readdir(fd, add_name, &names, err), rc;

		if (more < 0)
			return more;
		rc = visit_names(w, fd, &names, path, depth, err);
		if (rc < 0 || !more || w->counting || gone(w->s) == before)
			return rc;
	}
}

static int remove_folder(struct walk *w, int dirfd, const char *name, const char *path, int fd, const struct stat *st)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	int left = vfs()->fsync(fd) < 0 ? err_errno_as(&e, HZ_E_IO, "fsync") : vfs_readdir(fd, any_name, NULL, &e);

	/* What is left was told, one by one. */
	if (left > 0)
		return 0;
	if (left == 0)
		left = shred_name(w->s, dirfd, name, st, AT_REMOVEDIR, &e);
	if (left < 0)
		failed(w, path, hz_error_message(e));
	else
		w->s->r.folders++;
	return left == HZ_E_NOMEM ? left : 0;
}

static int visit_folder(struct walk *w, int dirfd, const char *name, const char *path, const struct stat *seen,
	int depth, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	struct stat st;
	int fd AUTO_FD = look(dirfd, name, O_RDONLY | O_DIRECTORY, &st), rc;

	if (fd < 0) {
		failed(w, path, strerror(errno));
		return 0;
	}
	if (st.st_dev != seen->st_dev || st.st_ino != seen->st_ino || depth > DEPTH_MAX) {
		refused(w, path,
			depth > DEPTH_MAX ? err_text("folders in folders, too deep")
					  : err_text("another object has taken its name meanwhile"));
		return 0;
	}
	rc = inside(w, fd, path, depth, &e);
	if (rc == HZ_E_CANCELED || rc == HZ_E_NOMEM)
		return err_copy(err, e);
	if (rc < 0)
		failed(w, path, hz_error_message(e));
	return w->counting ? 0 : remove_folder(w, dirfd, name, path, fd, &st);
}

static int visit_link(struct walk *w, int dirfd, const char *name, const char *path, const struct stat *st)
{
	AUTO(hz_error_free) hz_error *e = NULL;

	if (w->counting)
		return 0;
	if (shred_name(w->s, dirfd, name, st, 0, &e) < 0)
		failed(w, path, hz_error_message(e));
	else
		w->s->r.links++;
	return 0;
}

/* depth 0: named by the operator, who means what he names and not where it leads. */
static int visit(struct walk *w, int dirfd, const char *name, const char *path, int depth, hz_error **err)
{
	struct stat st;
	int at = look(dirfd, name, O_PATH, &st), rc = shred_tick(w->s, err);

	if (rc < 0 || at < 0) {
		if (rc == 0 && errno == EXDEV)
			refused(w, path, err_text("another file system is mounted there"));
		else if (rc == 0)
			failed(w, path, strerror(errno));
		fd_close(&at);
		return rc;
	}
	fd_close(&at);
	if (S_ISDIR(st.st_mode) && (w->s->opts.flags & HZ_SHRED_RECURSIVE))
		return visit_folder(w, dirfd, name, path, &st, depth, err);
	if (S_ISLNK(st.st_mode) && depth > 0)
		return visit_link(w, dirfd, name, path, &st);
	if (w->counting) {
		w->bytes += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
		return 0;
	}
	return shred_file(w->s, dirfd, name, path, &st, err);
}

/* ---- what the operator named ---- */

/* The folder of a path, opened as any program would, and the name in it. */
static int open_parent(const char *path, char **copy, const char **leaf, int *dirfd)
{
	size_t len = strlen(path);
	char *slash;

	*copy = strdup(path);
	if (!*copy)
		return -1;
	while (len > 1 && (*copy)[len - 1] == '/')
		(*copy)[--len] = '\0';
	slash = strrchr(*copy, '/');
	*leaf = slash ? slash + 1 : *copy;
	if (!**leaf || strcmp(*leaf, ".") == 0 || strcmp(*leaf, "..") == 0) {
		errno = EINVAL;
		return -1;
	}
	if (slash == *copy)
		*dirfd = vfs()->openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
	else if (slash)
		*slash = '\0', *dirfd = vfs()->openat(AT_FDCWD, *copy, O_RDONLY | O_DIRECTORY, 0);
	else
		*dirfd = vfs()->openat(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY, 0);
	return *dirfd < 0 ? -1 : 0;
}

static int walk(struct walk *w, const char *path, hz_error **err)
{
	AUTO_FREE char *copy = NULL;
	const char *leaf = NULL;
	int dirfd AUTO_FD = -1;
	uint64_t before = gone(w->s);
	int rc;

	if (open_parent(path, &copy, &leaf, &dirfd) < 0) {
		failed(w, path, strerror(errno));
		return 0;
	}
	rc = visit(w, dirfd, leaf, path, 0, err);
	if (gone(w->s) != before && vfs()->fsync(dirfd) < 0)
		failed(w, path, err_text("overwritten and removed, but its folder could not be made durable"));
	return rc;
}

int shred_path(struct shred *s, const char *path, hz_error **err)
{
	struct walk w = { .s = s };

	return walk(&w, path, err);
}

int shred_count(struct shred *s, const char *path, hz_error **err)
{
	struct walk w = { .s = s, .counting = true };
	int rc = walk(&w, path, err);

	/* Written, and read back. */
	s->p.bytes_total += 2 * w.bytes;
	return rc;
}
