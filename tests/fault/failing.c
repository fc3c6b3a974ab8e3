/* SPDX-License-Identifier: BSD-2-Clause */
/* See failing.h. Under a sanitizer the allocator below is the sanitizer's, so that it goes on to see leaks. */
#include "failing.h"
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

static atomic_ulong alloc_left, calls_left, count;
static atomic_bool alloc_on, calls_on, hit;

static bool fails(atomic_bool *on, atomic_ulong *left)
{
	if (!atomic_load_explicit(on, memory_order_relaxed))
		return false;
	atomic_fetch_add(&count, 1);
	if (atomic_load(left) == 0 || atomic_fetch_sub(left, 1) != 1)
		return false;
	atomic_store(&hit, true);
	return true;
}

static void start(atomic_bool *on, atomic_ulong *left, unsigned long nth)
{
	atomic_store(&count, 0);
	atomic_store(&hit, false);
	atomic_store(left, nth);
	atomic_store(on, true);
}

void failing_alloc_start(unsigned long nth)
{
	start(&alloc_on, &alloc_left, nth);
}

void failing_calls_start(unsigned long nth)
{
	start(&calls_on, &calls_left, nth);
}

unsigned long failing_stop(bool *fired)
{
	atomic_store(&alloc_on, false);
	atomic_store(&calls_on, false);
	*fired = atomic_load(&hit);
	return atomic_load(&count);
}

/* ---- allocations ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BELOW(name) __interceptor_##name
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BELOW(name) __interceptor_##name
#endif
#endif
#ifndef BELOW
#define BELOW(name) __libc_##name
#endif

void *BELOW(malloc)(size_t);
void *BELOW(calloc)(size_t, size_t);
void *BELOW(realloc)(void *, size_t);
void *BELOW(memalign)(size_t, size_t);

static bool no_memory(void)
{
	if (!fails(&alloc_on, &alloc_left))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t n)
{
	return no_memory() ? NULL : BELOW(malloc)(n);
}

void *calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : BELOW(calloc)(n, size);
}

void *realloc(void *p, size_t n)
{
	return no_memory() ? NULL : BELOW(realloc)(p, n);
}

void *memalign(size_t alignment, size_t n)
{
	return no_memory() ? NULL : BELOW(memalign)(alignment, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	return memalign(alignment, n);
}

int posix_memalign(void **p, size_t alignment, size_t n)
{
	void *q = memalign(alignment, n);

	if (!q)
		return ENOMEM;
	*p = q;
	return 0;
}

char *strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = malloc(n);

	return p ? memcpy(p, s, n) : NULL;
}

/* ---- system calls ---- */

#define INTERRUPTED(type, name, params, args)       \
	type __real_##name params;                  \
	type __wrap_##name params;                  \
	type __wrap_##name params                   \
	{                                           \
		if (!fails(&calls_on, &calls_left)) \
			return __real_##name args;  \
		errno = EINTR;                      \
		return -1;                          \
	}

struct statx;
struct statvfs;
INTERRUPTED(ssize_t, read, (int fd, void *buf, size_t len), (fd, buf, len))
INTERRUPTED(ssize_t, write, (int fd, const void *buf, size_t len), (fd, buf, len))
INTERRUPTED(ssize_t, pread64, (int fd, void *buf, size_t len, off_t off), (fd, buf, len, off))
INTERRUPTED(ssize_t, pwritev64, (int fd, const struct iovec *iov, int n, off_t off), (fd, iov, n, off))
INTERRUPTED(int, fsync, (int fd), (fd))
INTERRUPTED(int, syncfs, (int fd), (fd))
INTERRUPTED(int, ftruncate64, (int fd, off_t len), (fd, len))
INTERRUPTED(int, fallocate64, (int fd, int mode, off_t off, off_t len), (fd, mode, off, len))
INTERRUPTED(int, flock, (int fd, int op), (fd, op))
INTERRUPTED(int, fstat64, (int fd, struct stat *st), (fd, st))
INTERRUPTED(int, statx, (int dir, const char *p, int flags, unsigned mask, struct statx *st), (dir, p, flags, mask, st))
INTERRUPTED(int, fstatvfs64, (int fd, struct statvfs *st), (fd, st))
INTERRUPTED(int, linkat, (int a, const char *p, int b, const char *q, int flags), (a, p, b, q, flags))
INTERRUPTED(int, renameat2, (int a, const char *p, int b, const char *q, unsigned flags), (a, p, b, q, flags))
INTERRUPTED(int, unlinkat, (int dir, const char *p, int flags), (dir, p, flags))
INTERRUPTED(int, mkdirat, (int dir, const char *p, mode_t mode), (dir, p, mode))
INTERRUPTED(int, symlinkat, (const char *target, int dir, const char *p), (target, dir, p))
INTERRUPTED(ssize_t, readlinkat, (int dir, const char *p, char *buf, size_t len), (dir, p, buf, len))
INTERRUPTED(int, fchownat, (int dir, const char *p, uid_t u, gid_t g, int flags), (dir, p, u, g, flags))
INTERRUPTED(int, fchmod, (int fd, mode_t mode), (fd, mode))
INTERRUPTED(int, utimensat, (int dir, const char *p, const struct timespec ts[2], int flags), (dir, p, ts, flags))

int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	if (!fails(&calls_on, &calls_left))
		return __real_openat64(dir, path, flags, mode);
	errno = EINTR;
	return -1;
}

/* openat2 and getdents64. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (unsigned i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (!fails(&calls_on, &calls_left))
		return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	errno = EINTR;
	return -1;
}
