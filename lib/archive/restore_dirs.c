/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folders beneath the target. Invariant: every folder is opened relative to its parent's descriptor, one name at a
 * time, never through a symlink; so nothing that is planted in the target while we work leads out of it, and no path is
 * too long. Names come from decoded entries: one component, neither "." nor "..".
 */
#include "archive/restore.h"
#include <errno.h>
#include <fcntl.h>

void restore_dirs_init(struct restore_dirs *d, int root, unsigned cap)
{
	restore_fds_init(&d->fds, cap);
	d->root = root;
	d->no_openat2 = false;
}

void restore_dirs_release(struct restore_dirs *d)
{
	restore_fds_release(&d->fds);
	d->root = -1;
}

struct restore_dir *restore_dir_new(struct restore_dir *parent, const void *name, size_t len)
{
	struct restore_dir *dir = calloc(1, sizeof(*dir) + len + 1);

	if (!dir)
		return NULL;
	dir->parent = parent ? restore_dir_ref(parent) : NULL;
	dir->slot.fd = -1;
	dir->refs = 1;
	memcpy(dir->name, name, len);
	return dir;
}

struct restore_dir *restore_dir_ref(struct restore_dir *dir)
{
	(void)__atomic_add_fetch(&dir->refs, 1, __ATOMIC_RELAXED);
	return dir;
}

/* Letting one go may let all above it go. */
void restore_dir_unref(struct restore_dirs *d, struct restore_dir *dir)
{
	while (dir && __atomic_sub_fetch(&dir->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		struct restore_dir *parent = dir->parent;
		int fd;

		(void)pthread_mutex_lock(&d->fds.lock);
		fd = restore_fds_take(&d->fds, &dir->slot);
		(void)pthread_mutex_unlock(&d->fds.lock);
		fd_close(&fd);
		free(dir);
		dir = parent;
	}
}

int restore_open_folder(struct restore_dirs *d, int parent, const char *name, int flags)
{
	const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
	int fd;

	flags |= O_DIRECTORY | O_NOFOLLOW;
	if (!__atomic_load_n(&d->no_openat2, __ATOMIC_RELAXED)) {
		fd = vfs()->openat2(parent, name, flags, 0, resolve);
		/* Too old a kernel, or a filter of system calls that has not heard of it. */
		if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
			return fd;
		__atomic_store_n(&d->no_openat2, true, __ATOMIC_RELAXED);
	}
	/* A single component: O_NOFOLLOW says as much. */
	return vfs()->openat(parent, name, flags, 0);
}

/* The nearest folder upwards that is open, pinned; NULL: the target. Links the way back down. */
static struct restore_dir *pin_upwards(struct restore_dirs *d, struct restore_dir *dir)
{
	struct restore_dir *down = NULL;

	for (; dir->parent; dir = dir->parent) {
		dir->down = down;
		if (restore_fds_pin(&d->fds, &dir->slot))
			return dir;
		down = dir;
	}
	dir->down = down;
	return NULL;
}

static int open_downwards(struct restore_dirs *d, struct restore_dir *at, struct restore_dir *next, int *fd)
{
	*fd = at ? at->slot.fd : d->root;
	for (; next; next = next->down) {
		int child = restore_open_folder(d, *fd, next->name, O_PATH);
		int errnum = errno;

		if (child >= 0)
			restore_fds_add(&d->fds, &next->slot, child);
		if (at)
			restore_fds_unpin(&d->fds, &at->slot);
		if (child < 0)
			return errnum;
		at = next;
		*fd = child;
	}
	return 0;
}

int restore_dir_get(struct restore_dirs *d, struct restore_dir *dir, int *fd)
{
	struct restore_dir *at, *top = dir;
	int rc;

	(void)pthread_mutex_lock(&d->fds.lock);
	at = pin_upwards(d, dir);
	if (!at)
		while (top->parent)
			top = top->parent;
	rc = open_downwards(d, at, at ? at->down : top->down, fd);
	(void)pthread_mutex_unlock(&d->fds.lock);
	return rc;
}

void restore_dir_put(struct restore_dirs *d, struct restore_dir *dir)
{
	if (!dir->parent)
		return;
	(void)pthread_mutex_lock(&d->fds.lock);
	restore_fds_unpin(&d->fds, &dir->slot);
	(void)pthread_mutex_unlock(&d->fds.lock);
}

char *restore_path(const struct restore_dir *dir, const char *name, size_t *len)
{
	size_t n = name ? strlen(name) + 1 : 0;
	const struct restore_dir *at;
	char *path;

	for (at = dir; at && at->parent; at = at->parent)
		n += strlen(at->name) + 1;
	path = malloc(n + 2);
	if (!path)
		return NULL;
	if (n == 0) {
		/* The target itself. */
		path[0] = '.';
		n = 2;
	}
	*len = n - 1;
	path[n - 1] = '\0';
	for (at = dir, n--; name || (at && at->parent); name = NULL) {
		const char *part = name ? name : at->name;

		n -= strlen(part);
		memcpy(path + n, part, strlen(part));
		if (n > 0)
			path[--n] = '/';
		if (!name)
			at = at->parent;
	}
	return path;
}
