/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One regular file: written under a temporary name, then given its attributes, then its name. Invariant: a final name
 * is given to whole files only, and never to one where something stands already. Several workers may write into one
 * file; the one that ends the last chunk finishes it.
 */
#include "archive/restore.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define TEMP_TRIES 100u

/* With the snapshot's first digits: who goes on with a restore knows by them what it left behind. */
void restore_file_temp_name(char out[RESTORE_TEMP_LEN], const struct restore_file *f)
{
	(void)snprintf(out, RESTORE_TEMP_LEN, ".hozen-%s-%08x.part", f->tag, f->temp);
}

/* True for the first to say so. */
static bool fail(struct restore_file *f, enum restore_state state)
{
	uint32_t none = 0;

	return __atomic_compare_exchange_n(
		&f->failed, &none, (uint32_t)state, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static bool has_failed(const struct restore_file *f)
{
	return __atomic_load_n(&f->failed, __ATOMIC_ACQUIRE) != 0;
}

void restore_file_damaged(struct restore *r, struct restore_file *f, const char *why)
{
	if (fail(f, RESTORE_DAMAGED))
		restore_event(r, HZ_EVENT_DAMAGE, f->dir, f->name, "not restored: %s", why);
}

static int target_failed(struct restore *r, struct restore_file *f, const char *what, int errnum, hz_error **err)
{
	if (!fail(f, RESTORE_FAILED) && !restore_errno_is_fatal(errnum))
		return 0;
	return restore_target_failed(r, f->dir, f->name, what, errnum, err);
}

/* ---- opening ---- */

int restore_file_temp(struct restore *r, struct restore_file *f, int dir, mode_t mode, int *fd)
{
	const int access = f->old ? O_RDWR : O_WRONLY;
	char name[RESTORE_TEMP_LEN];
	int rc = EEXIST;

	for (unsigned i = 0; rc == EEXIST && i < TEMP_TRIES; i++) {
		f->temp = __atomic_add_fetch(&r->temp, 1, __ATOMIC_RELAXED);
		restore_file_temp_name(name, f);
		*fd = vfs()->openat(dir, name, access | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
		rc = *fd < 0 ? errno : 0;
	}
	f->has_temp = f->has_temp || rc == 0;
	return rc;
}

/* A file under a temporary name, or an errno. */
static int create(struct restore *r, struct restore_file *f, int *fd)
{
	/* Where nobody else gets in it may have its rights from the start; but to set xattrs an owner needs the right
	 * to write. */
	const mode_t mode = f->dir->closed && f->dir->plain && !f->has_xattrs ? f->mode & 0777u : 0600u;
	struct stat st;
	int dir = -1, rc = restore_dir_get(&r->dirs, f->dir, &dir);

	if (rc)
		return rc;
	rc = f->old ? restore_take_over(r, f, dir, fd) : restore_file_temp(r, f, dir, mode, fd);
	restore_dir_put(&r->dirs, f->dir);
	if (rc == 0 && !f->old && (f->first_flags || !f->dir->plain))
		entry_apply_first(*fd, f->first_flags);
	if (rc == 0 && f->sparse && vfs()->ftruncate(*fd, (off_t)f->size) < 0)
		rc = errno;
	if (rc == 0 && !f->alone) {
		rc = vfs()->fstat(*fd, &st) < 0 ? errno : 0;
		f->ino = st.st_ino;
		f->dev = st.st_dev;
	}
	if (rc)
		fd_close(fd);
	return rc;
}

/* The file that we made, and no other that got its name since. */
static int open_again(struct restore *r, struct restore_file *f, int *fd)
{
	char name[RESTORE_TEMP_LEN];
	struct stat st;
	int dir = -1, rc = restore_dir_get(&r->dirs, f->dir, &dir);

	if (rc)
		return rc;
	restore_file_temp_name(name, f);
	*fd = vfs()->openat(dir, name, (f->old ? O_RDWR : O_WRONLY) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	rc = *fd < 0 || vfs()->fstat(*fd, &st) < 0 ? errno : 0;
	if (rc == 0 && (st.st_ino != f->ino || st.st_dev != f->dev))
		rc = ESTALE;
	restore_dir_put(&r->dirs, f->dir);
	if (rc)
		fd_close(fd);
	return rc;
}

static bool pin(struct restore *r, struct restore_file *f, int *fd)
{
	bool open;

	(void)pthread_mutex_lock(&r->files.lock);
	open = restore_fds_pin(&r->files, &f->slot);
	*fd = f->slot.fd;
	(void)pthread_mutex_unlock(&r->files.lock);
	return open;
}

/* A descriptor to write to, or an errno; then give_back. */
static int get(struct restore *r, struct restore_file *f, int *fd)
{
	pthread_mutex_t *opening = &r->opening[f->n % RESTORE_OPENING];
	int rc = 0;

	if (f->alone) {
		if (f->slot.fd < 0)
			rc = create(r, f, &f->slot.fd);
		*fd = f->slot.fd;
		return rc;
	}
	if (pin(r, f, fd))
		return 0;
	/* Others open other files meanwhile. */
	(void)pthread_mutex_lock(opening);
	if (!pin(r, f, fd)) {
		rc = f->has_temp ? open_again(r, f, fd) : create(r, f, fd);
		(void)pthread_mutex_lock(&r->files.lock);
		if (rc == 0)
			restore_fds_add(&r->files, &f->slot, *fd);
		(void)pthread_mutex_unlock(&r->files.lock);
	}
	(void)pthread_mutex_unlock(opening);
	return rc;
}

static void give_back(struct restore *r, struct restore_file *f)
{
	if (f->alone)
		return;
	(void)pthread_mutex_lock(&r->files.lock);
	restore_fds_unpin(&r->files, &f->slot);
	(void)pthread_mutex_unlock(&r->files.lock);
}

/* The descriptor is the caller's now; -1: it was closed. */
static int take(struct restore *r, struct restore_file *f)
{
	int fd;

	if (f->alone) {
		fd = f->slot.fd;
		f->slot.fd = -1;
		return fd;
	}
	(void)pthread_mutex_lock(&r->files.lock);
	fd = restore_fds_take(&r->files, &f->slot);
	(void)pthread_mutex_unlock(&r->files.lock);
	return fd;
}

/* ---- writing ---- */

static int write_pieces(const struct restore_batch *b, const struct restore_want *w, int fd, const uint8_t *data)
{
	const struct restore_piece whole = { w->off, w->len };
	const struct restore_piece *p = w->n_pieces ? b->pieces + w->off : &whole;
	size_t n = w->n_pieces ? w->n_pieces : 1;

	for (size_t i = 0; i < n; i++) {
		struct iovec iov = { (void *)(uintptr_t)data, (size_t)p[i].len };

		if (vfs_pwritev_all(fd, &iov, 1, p[i].off) < 0)
			return errno;
		data += p[i].len;
	}
	return 0;
}

int restore_file_write(struct restore *r, const struct restore_worker *w, const struct restore_want *want,
	const uint8_t *data, hz_error **err)
{
	struct restore_file *f = want->file;
	int fd = -1, rc;

	if (has_failed(f))
		return 0;
	rc = get(r, f, &fd);
	if (rc)
		return target_failed(r, f, "create", rc, err);
	rc = write_pieces(w->batch, want, fd, data);
	give_back(r, f);
	if (rc)
		return target_failed(r, f, "write", rc, err);
	(void)__atomic_add_fetch(&r->bytes_done, want->len, __ATOMIC_RELAXED);
	return 0;
}

/* ---- finishing ---- */

void restore_file_discard(struct restore *r, struct restore_file *f)
{
	char name[RESTORE_TEMP_LEN];
	int dir = -1, fd = take(r, f);

	fd_close(&fd);
	if (!f->has_temp || restore_dir_get(&r->dirs, f->dir, &dir) != 0)
		return;
	restore_file_temp_name(name, f);
	/* Of the old file there is no other: it is not thrown away, nor does it get the name while it is neither old
	 * nor new. */
	if (f->moved)
		restore_event(r, HZ_EVENT_META, f->dir, name,
			"what was %s, partly as the snapshot has it, is kept under "
			"this name",
			f->name);
	else
		(void)vfs()->unlinkat(dir, name, 0);
	restore_dir_put(&r->dirs, f->dir);
	f->has_temp = false;
}

void restore_file_free(struct restore *r, struct restore_file *f)
{
	restore_dir_unref(&r->dirs, f->dir);
	free(f);
}

/* Without replacing. A file system that cannot say so has link, which never replaces; one with neither is asked first.
 */
static int give_name(int dir, const char *temp, const char *name)
{
	struct source_stat st;

	if (vfs()->renameat2(dir, temp, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return errno;
	if (vfs()->linkat(dir, temp, dir, name, 0) == 0)
		return vfs()->unlinkat(dir, temp, 0) < 0 ? errno : 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return errno;
	if (source_stat(&st, dir, name) != ENOENT)
		return EEXIST;
	return vfs()->renameat2(dir, temp, dir, name, 0) < 0 ? errno : 0;
}

int restore_lock(int fd, uint32_t inode_flags)
{
	unsigned flags = 0;

	if (vfs()->getflags(fd, &flags) < 0)
		return errno;
	return vfs()->setflags(fd, flags | (inode_flags & RESTORE_LOCKS)) < 0 ? errno : 0;
}

/* Attributes, close, name, and last the flags after which none of these would be possible. An errno; *what says of
 * which. */
static int complete(struct restore *r, struct restore_file *f, struct entry *e, int *fd, struct restore_shorts *shorts,
	const char **what)
{
	const uint32_t locks = e->inode_flags & RESTORE_LOCKS;
	char temp[RESTORE_TEMP_LEN];
	struct stat st;
	int dir = -1, rc = restore_dir_get(&r->dirs, f->dir, &dir);

	if (rc)
		return rc;
	restore_file_temp_name(temp, f);
	e->inode_flags &= ~RESTORE_LOCKS;
	entry_apply(e, dir, temp, *fd,
		f->moved                ? ENTRY_OLD
			: f->dir->plain ? ENTRY_PLAIN
					: ENTRY_INHERITS,
		restore_short, shorts);
	if (f->link) {
		rc = vfs()->fstat(*fd, &st) < 0 ? errno : 0;
		f->link->ino = st.st_ino;
		f->link->dev = st.st_dev;
		f->link->inode_flags = locks;
	}
	if (rc == 0 && r->flushes) {
		*what = "flush";
		rc = vfs()->fsync(*fd) < 0 ? errno : 0;
	}
	if (rc == 0 && (!locks || f->link)) {
		*what = "write";
		rc = vfs()->close(*fd) < 0 ? errno : 0;
		*fd = -1;
	}
	if (rc == 0) {
		*what = "give it its name";
		rc = f->replaces && !f->moved ? restore_replace(dir, temp, f->name) : give_name(dir, temp, f->name);
	}
	if (rc == 0) {
		f->has_temp = false;
		if (*fd >= 0) {
			int locked = restore_lock(*fd, locks);

			if (locked)
				restore_short(shorts, "inode flags", locked);
		}
	}
	restore_dir_put(&r->dirs, f->dir);
	return rc;
}

/* All content is in a file under a temporary name: that is made if there is no content, or only right content under
 * another's. */
static int finish_temp(
	struct restore *r, struct restore_file *f, struct entry *e, struct restore_shorts *shorts, const char **what)
{
	AUTO_FD int fd = -1;
	int rc = get(r, f, &fd);

	if (rc == 0) {
		give_back(r, f);
		fd = take(r, f);
		*what = "write";
		rc = f->slot.errnum;
	}
	/* Idle for a moment, another may have pushed it out. */
	if (rc == 0 && fd < 0)
		rc = open_again(r, f, &fd);
	if (rc == 0 && f->old)
		rc = restore_punch(r, e, fd);
	return rc ? rc : complete(r, f, e, &fd, shorts, what);
}

static int finish_whole(struct restore *r, struct restore_worker *w, struct restore_file *f, hz_error **err)
{
	struct restore_shorts shorts = { .len = 0 };
	const char *what = "create";
	bool kept = false;
	struct entry e;
	int rc;

	arena_reset(w->arena);
	rc = entry_decode(&e, w->arena, f->bytes, f->len, err);
	if (rc < 0)
		return rc;
	if (f->old && !f->has_temp)
		rc = restore_keep(r, f, &e, &shorts, &kept);
	if (rc == 0 && !kept)
		rc = finish_temp(r, f, &e, &shorts, &what);
	if (rc == 0)
		f->state = restore_shorts_tell(r, &shorts, f->dir, f->name);
	if (rc == EEXIST) {
		restore_event(r, HZ_EVENT_META, f->dir, f->name, "exists and is left as it is");
		f->state = RESTORE_LEFT;
		restore_file_discard(r, f);
		rc = 0;
	}
	return rc ? target_failed(r, f, what, rc, err) : 0;
}

int restore_file_finish(struct restore *r, struct restore_worker *w, struct restore_file *f, hz_error **err)
{
	int rc = 0;

	if (!has_failed(f))
		rc = finish_whole(r, w, f, err);
	if (has_failed(f)) {
		restore_file_discard(r, f);
		f->state = (enum restore_state)f->failed;
	}
	(void)__atomic_add_fetch(&r->files_done, 1, __ATOMIC_RELAXED);
	return rc;
}
