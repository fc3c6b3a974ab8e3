/* SPDX-License-Identifier: BSD-2-Clause */
/* See sandbox.h. Removing goes by descriptors from folder to folder and follows no symlink: what is in the sandbox came
 * from a backup, and a test command was at work in it. */
#include "verify/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- removing ---- */

/* Flags that forbid it, which a restore gives back too. */
static void soften(int fd)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || !(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
		return;
	flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static int remove_file(int dir, const char *name)
{
	int fd;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EPERM)
		return errno;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		soften(fd);
		(void)close(fd);
	}
	return unlinkat(dir, name, 0) == 0 ? 0 : errno;
}

static int open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		soften(fd);
		(void)fchmod(fd, 0700);
	}
	return fd;
}

static int remove_any(int dir, const char *name);

/* Takes fd. The first errno; goes on with the rest. */
static int empty_folder(int fd)
{
	DIR *list = fdopendir(fd);
	const struct dirent *e;
	int result = 0;

	if (!list) {
		result = errno;
		(void)close(fd);
		return result;
	}
	while ((e = readdir(list))) {
		int rc = 0;

		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = remove_any(dirfd(list), e->d_name);
		result = result ? result : rc;
	}
	(void)closedir(list);
	return result;
}

/* As deep as the tree: the tools allow themselves all descriptors that there are. */
static int remove_any(int dir, const char *name)
{
	struct stat st;
	int fd, rc;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : errno;
	if (!S_ISDIR(st.st_mode))
		return remove_file(dir, name);
	fd = open_folder(dir, name);
	if (fd < 0)
		return errno;
	rc = empty_folder(fd);
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return rc ? rc : errno;
}

/* ---- the guard ---- */

/* What it was told: a path to remove, and process groups that are at work in it, or 0; of each the last counts. Each
 * ends with a NUL. */
struct told {
	char text[16384];
	const char *path;
	pid_t group;
};

static void listen_until_end(struct told *t, int fd)
{
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(t->text) - 1 && (got = read(fd, t->text + n, sizeof(t->text) - 1 - n)) != 0) {
		if (got < 0 && errno != EINTR)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	for (size_t at = 0; at < n; at += strlen(t->text + at) + 1) {
		if (t->text[at] == '/')
			t->path = t->text + at;
		else
			t->group = (pid_t)strtol(t->text + at, NULL, 10);
	}
}

static void guard(int fd)
{
	static struct told t;

	(void)setsid();
	(void)dup2(fd, 3);
	(void)close_range(4, ~0u, 0);
	for (int i = 0; i < 3; i++)
		(void)close(i);
	for (int i = 0; i < 3; i++)
		(void)open("/dev/null", O_RDWR);
	listen_until_end(&t, 3);
	if (t.group > 1)
		(void)kill(-t.group, SIGKILL);
	/* Who was killed just now may still be writing. */
	for (int i = 0; t.path && i < 50 && remove_any(AT_FDCWD, t.path) != 0; i++)
		(void)usleep(100000);
	_exit(0);
}

int sandbox_begin(struct sandbox *s, const char *base)
{
	int ends[2];
	sigset_t all, before;

	s->base = realpath(base, NULL);
	if (!s->base || pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	(void)sigfillset(&all);
	/* The guard keeps them blocked: a signal for the whole group, or a service that is stopped, is not for it. */
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	s->guard = fork();
	if (s->guard == 0) {
		(void)close(ends[1]);
		guard(ends[0]);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)close(ends[0]);
	s->pipe = ends[1];
	return s->guard < 0 ? errno : 0;
}

/* ---- the place ---- */

int sandbox_is_inside(const struct sandbox *s, const char *folder, bool *inside, bool *other)
{
	struct stat want, st, up;
	int fd = open(s->base, O_PATH | O_DIRECTORY | O_CLOEXEC), rc = 0;

	*inside = *other = false;
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno;
	if (stat(folder, &want) < 0) {
		(void)close(fd);
		return 0;
	}
	*other = st.st_dev != want.st_dev;
	for (;;) {
		int next;

		if (st.st_dev == want.st_dev && st.st_ino == want.st_ino)
			*inside = true;
		next = *inside ? -1 : openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		(void)close(fd);
		if (next < 0)
			return *inside ? 0 : errno;
		fd = next;
		if (fstat(fd, &up) < 0)
			rc = errno;
		if (rc || (up.st_dev == st.st_dev && up.st_ino == st.st_ino))
			break;
		st = up;
	}
	(void)close(fd);
	return rc;
}

int sandbox_space(const struct sandbox *s, uint64_t *bytes)
{
	struct statvfs v;

	if (statvfs(s->base, &v) < 0)
		return errno;
	*bytes = (uint64_t)v.f_bavail * v.f_frsize;
	return 0;
}

static int tell_guard(const struct sandbox *s, const char *text)
{
	size_t len = strlen(text) + 1;

	return write(s->pipe, text, len) == (ssize_t)len ? 0 : EIO;
}

void sandbox_is_used_by(const struct sandbox *s, pid_t group)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%ld", (long)group);
	(void)tell_guard(s, text);
}

int sandbox_make(struct sandbox *s)
{
	char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/hozen-drill.XXXXXX", strcmp(s->base, "/") == 0 ? "" : s->base) < 0)
		return ENOMEM;
	if (!mkdtemp(path)) {
		rc = errno;
		free(path);
		return rc;
	}
	s->path = path;
	rc = tell_guard(s, path);
	if (rc == 0 && asprintf(&s->tree, "%s/tree", path) < 0) {
		s->tree = NULL;
		rc = ENOMEM;
	}
	return rc;
}

int sandbox_end(struct sandbox *s)
{
	sigset_t all, before;
	int rc = 0;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	if (s->path)
		rc = remove_any(AT_FDCWD, s->path);
	if (s->pipe >= 0)
		(void)close(s->pipe);
	s->pipe = -1;
	if (s->guard > 0)
		(void)waitpid(s->guard, NULL, 0);
	s->guard = -1;
	/* It may have been luckier. */
	if (rc && access(s->path, F_OK) < 0 && errno == ENOENT)
		rc = 0;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

void sandbox_release(struct sandbox *s)
{
	free(s->base);
	free(s->path);
	free(s->tree);
}
