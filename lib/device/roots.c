/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading of what is small and made up by the kernel as it is read: the size that stat tells means nothing here. */
#include "device/roots.h"
#include "base/buf.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_below(const char *base, const char *name)
{
	char path[ROOTS_PATH];

	(void)snprintf(path, sizeof(path), "%.400s/%s", base ? base : "", name);
	return vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
}

int roots_open(struct roots *r, const char *base, hz_error **err)
{
	r->sys = open_below(base, "sys");
	if (r->sys < 0)
		return err_errno_as(err, HZ_E_IO, "/sys: nothing is known of devices without it");
	r->proc = open_below(base, "proc");
	r->dev = open_below(base, "dev");
	r->udev = open_below(base, "run/udev/data");
	return 0;
}

void roots_close(struct roots *r)
{
	fd_close(&r->sys);
	fd_close(&r->proc);
	fd_close(&r->dev);
	fd_close(&r->udev);
}

static int make_path(char path[ROOTS_PATH], const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static int make_path(char path[ROOTS_PATH], const char *fmt, va_list ap)
{
	int n = vsnprintf(path, ROOTS_PATH, fmt, ap);

	if (n >= 0 && n < ROOTS_PATH)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static long read_some(int dir, const char *path, void *out, size_t cap)
{
	int fd AUTO_FD = vfs()->openat(dir, path, O_RDONLY | O_NONBLOCK, 0);
	size_t len = 0;

	if (fd < 0)
		return -1;
	while (len < cap) {
		ssize_t n = vfs()->read(fd, (char *)out + len, cap - len);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (long)len;
}

int attr_text(int dir, char *out, size_t cap, const char *fmt, ...)
{
	char path[ROOTS_PATH];
	va_list ap;
	long n;
	int rc;

	*out = '\0';
	va_start(ap, fmt);
	rc = make_path(path, fmt, ap);
	va_end(ap);
	n = rc < 0 ? -1 : read_some(dir, path, out, cap - 1);
	if (n < 0) {
		*out = '\0';
		return -1;
	}
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == ' '))
		n--;
	out[n] = '\0';
	return (int)n;
}

bool attr_u64(int dir, uint64_t *value, const char *fmt, ...)
{
	char path[ROOTS_PATH], text[40], *end;
	unsigned long long v;
	va_list ap;
	long n;
	int rc;

	va_start(ap, fmt);
	rc = make_path(path, fmt, ap);
	va_end(ap);
	n = rc < 0 ? -1 : read_some(dir, path, text, sizeof(text) - 1);
	if (n <= 0 || text[0] < '0' || text[0] > '9')
		return false;
	text[n] = '\0';
	errno = 0;
	v = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
	if (errno || (*end != '\n' && *end != '\0'))
		return false;
	*value = v;
	return true;
}

long attr_bytes(int dir, void *out, size_t cap, const char *fmt, ...)
{
	char path[ROOTS_PATH];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = make_path(path, fmt, ap);
	va_end(ap);
	return rc < 0 ? -1 : read_some(dir, path, out, cap);
}

int attr_link(int dir, char *out, size_t cap, const char *fmt, ...)
{
	char path[ROOTS_PATH];
	va_list ap;
	ssize_t n;
	int rc;

	*out = '\0';
	va_start(ap, fmt);
	rc = make_path(path, fmt, ap);
	va_end(ap);
	n = rc < 0 ? -1 : vfs()->readlinkat(dir, path, out, cap - 1);
	out[n > 0 ? n : 0] = '\0';
	return (int)n;
}

int attr_all(int dir, char **out, size_t max, const char *path, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = { .max = max };
	int fd AUTO_FD = vfs()->openat(dir, path, O_RDONLY, 0);
	size_t len;

	if (fd < 0)
		return err_errno(err, "%s", path);
	for (;;) {
		uint8_t *room = buf_extend(&b, 4096);
		ssize_t n;

		if (!room)
			return err_set(err, HZ_E_IO, "%s: longer than %zu bytes", path, max);
		n = vfs()->read(fd, room, 4096);
		if (n < 0)
			return err_errno_as(err, HZ_E_IO, "%s", path);
		b.len -= 4096 - (size_t)n;
		if (n == 0)
			break;
	}
	if (buf_append(&b, "", 1) < 0)
		return err_nomem(err);
	*out = (char *)buf_take(&b, &len);
	return 0;
}

static int add_name(void *user, const char *name, uint64_t ino, unsigned char d_type)
{
	struct attr_names *names = user;

	(void)ino, (void)d_type;
	if (strlen(name) >= sizeof(names->at[0]))
		return HZ_E_UNSUPPORTED;
	if (names->n == names->cap) {
		size_t cap = names->cap ? names->cap * 2 : 32;
		void *more = realloc(names->at, cap * sizeof(names->at[0]));

		if (!more)
			return HZ_E_NOMEM;
		names->at = more;
		names->cap = cap;
	}
	memcpy(names->at[names->n++], name, strlen(name) + 1);
	return 0;
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(a, b);
}

int attr_names(struct attr_names *names, int dir, hz_error **err, const char *fmt, ...)
{
	int fd AUTO_FD = -1;
	char path[ROOTS_PATH];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = make_path(path, fmt, ap);
	va_end(ap);
	fd = rc < 0 ? -1 : vfs()->openat(dir, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return err_errno(err, "%s", path);
	rc = vfs_readdir(fd, add_name, names, err);
	if (rc < 0 && err && !*err)
		return err_set(err, rc, "%s: a name that is too long, or no memory", path);
	if (rc == 0 && names->n > 1)
		qsort(names->at, names->n, sizeof(names->at[0]), by_version);
	return rc;
}

void attr_names_release(struct attr_names *names)
{
	free(names->at);
	*names = (struct attr_names)ATTR_NAMES_INIT;
}
