/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restoring onto what is there. A file of the snapshot that has an older one under its name is compared chunk by chunk
 * by the workers, and what is right already is neither read from the store nor written. Invariants: a file that is not
 * whole never stands under its final name, so one that is changed in place has a temporary name meanwhile; and what has
 * names that the snapshot does not know (hard links) is never changed, but copied first.
 */
#include "archive/restore.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define COMPARE_SLICE 64u
#define COPY_LEN      ((size_t)1 << 20)

/* ---- what stands there ---- */

int restore_unlock(int fd)
{
	unsigned flags = 0;

	if (fd < 0 || vfs()->getflags(fd, &flags) < 0 || !(flags & RESTORE_LOCKS))
		return 0;
	return vfs()->setflags(fd, flags & ~RESTORE_LOCKS) < 0 ? errno : 0;
}

int restore_open_name(int dir, const char *name)
{
	struct source_stat st;

	errno = source_stat(&st, dir, name);
	if (errno == 0 && !S_ISREG(st.sig.mode) && !S_ISDIR(st.sig.mode))
		errno = EINVAL;
	if (errno != 0)
		return -1;
	return vfs()->openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
}

/* An immutable file can be neither replaced nor removed. */
static void unlock_name(int dir, const char *name)
{
	AUTO_FD int fd = restore_open_name(dir, name);

	(void)restore_unlock(fd);
}

/* A folder where the snapshot has something else. */
static int clear_folder(
	struct restore *r, struct restore_dir *dir, int fd, const char *name, enum restore_place *place, hz_error **err)
{
	int rc = 0;

	unlock_name(fd, name);
	*place = vfs()->unlinkat(fd, name, AT_REMOVEDIR) == 0 ? RESTORE_FREE : RESTORE_TAKEN;
	r->result.deleted += *place == RESTORE_FREE;
	if (*place == RESTORE_TAKEN && r->deletes) {
		rc = restore_remove(r, dir, name, err);
		*place = rc > 0 ? RESTORE_FREE : RESTORE_TAKEN;
	}
	return rc < 0 ? rc : 0;
}

int restore_look(struct restore *r, struct restore_dir *dir, const char *name, struct source_stat *old,
	enum restore_place *place, hz_error **err)
{
	int fd = -1, rc = 0;

	*place = RESTORE_FREE;
	if (!dir->existed || restore_dir_get(&r->dirs, dir, &fd) != 0)
		return 0;
	if (source_stat(old, fd, name) == 0)
		*place = r->updates ? RESTORE_OLD : RESTORE_TAKEN;
	if (*place == RESTORE_OLD && S_ISDIR(old->sig.mode))
		rc = clear_folder(r, dir, fd, name, place, err);
	restore_dir_put(&r->dirs, dir);
	return rc;
}

int restore_make_way(struct restore *r, struct restore_dir *dir, const char *name)
{
	int fd = -1, rc = restore_dir_get(&r->dirs, dir, &fd);

	if (rc)
		return rc;
	unlock_name(fd, name);
	rc = vfs()->unlinkat(fd, name, 0) < 0 ? errno : 0;
	restore_dir_put(&r->dirs, dir);
	return rc;
}

int restore_replace(int dir, const char *temp, const char *name)
{
	if (vfs()->renameat2(dir, temp, dir, name, 0) == 0)
		return 0;
	if (errno != EPERM && errno != EACCES)
		return errno;
	unlock_name(dir, name);
	return vfs()->renameat2(dir, temp, dir, name, 0) < 0 ? errno : 0;
}

/* ---- the content that is there ---- */

/* The file that was looked at, and no other that got its name since. */
static int open_old(const struct restore_file *f, int dir)
{
	char temp[RESTORE_TEMP_LEN];
	struct stat st;
	int fd;

	restore_file_temp_name(temp, f);
	fd = restore_open_name(dir, f->moved ? temp : f->name);
	if (fd >= 0 && (vfs()->fstat(fd, &st) < 0 || st.st_ino != f->old_ino || st.st_dev != f->old_dev)) {
		fd_close(&fd);
		errno = ESTALE;
	}
	return fd;
}

/* Is all of it data there, and not a hole that reads the same? */
static bool is_data(int fd, const struct restore_piece *p)
{
	off_t hole = vfs()->lseek(fd, (off_t)p->off, SEEK_HOLE);

	return hole < 0 ? errno != ENXIO : (uint64_t)hole >= p->off + p->len;
}

/* 1: the file has these bytes in these places. */
static int has_chunk(const struct restore_batch *b, struct restore_worker *w, const struct restore_want *want, int fd,
	hz_error **err)
{
	const struct restore_piece whole = { want->off, want->len };
	const struct restore_piece *p = want->n_pieces ? b->pieces + want->off : &whole;
	uint8_t *room, *at;

	buf_reset(&w->frame);
	at = room = buf_extend(&w->frame, want->len);
	if (!room)
		return err_nomem(err);
	for (size_t i = 0; i < (want->n_pieces ? want->n_pieces : 1); i++) {
		if (!is_data(fd, &p[i]) || vfs_pread_all(fd, at, (size_t)p[i].len, p[i].off) < 0)
			return 0;
		at += p[i].len;
	}
	return chunk_id_matches(w->content, DOMAIN_DATA, room, want->len, &want->id);
}

/* Wants of one file. */
static int compare_wants(struct restore *r, struct restore_worker *w, struct restore_want *v, size_t n, hz_error **err)
{
	struct restore_file *f = v[0].file;
	AUTO_FD int fd = -1;
	int dir = -1, rc = 0;

	if (!f->old || restore_dir_get(&r->dirs, f->dir, &dir) != 0)
		return 0;
	fd = open_old(f, dir);
	restore_dir_put(&r->dirs, f->dir);
	for (size_t i = 0; fd >= 0 && i < n; i++) {
		rc = has_chunk(r->batch, w, &v[i], fd, err);
		if (rc < 0)
			return rc;
		if (rc > 0)
			v[i].pack = RESTORE_PRESENT;
	}
	return 0;
}

/* What every worker does until the batch is compared. */
static int compare_work(void *arg, unsigned worker, hz_error **err)
{
	struct restore *r = arg;
	struct restore_batch *b = r->batch;
	int rc = 0;

	while (rc == 0 && !pool_stopped(r->pool)) {
		size_t at = __atomic_fetch_add(&b->next_pack, COMPARE_SLICE, __ATOMIC_RELAXED);
		size_t end = at + COMPARE_SLICE < b->n_wants ? at + COMPARE_SLICE : b->n_wants;

		if (at >= b->n_wants)
			break;
		for (size_t n; rc == 0 && at < end; at += n) {
			for (n = 1; at + n < end && b->wants[at + n].file == b->wants[at].file;)
				n++;
			rc = compare_wants(r, &r->workers[worker], b->wants + at, n, err);
		}
	}
	return rc;
}

/* Takes out of the batch what is there. */
static int drop_present(struct restore *r, struct restore_batch *b, hz_error **err)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < b->n_wants; i++) {
		struct restore_want *w = &b->wants[i];

		if (w->pack != RESTORE_PRESENT) {
			b->wants[kept++] = *w;
			continue;
		}
		w->file->present = true;
		w->file->data -= w->len;
		r->result.bytes_unchanged += w->len;
		(void)__atomic_add_fetch(&r->bytes_done, w->len, __ATOMIC_RELAXED);
		if (__atomic_sub_fetch(&w->file->wants, 1, __ATOMIC_ACQ_REL) == 0 && rc == 0)
			rc = restore_batch_idle(b, w->file, err);
	}
	b->n_wants = kept;
	return rc;
}

int restore_compare(struct restore *r, hz_error **err)
{
	struct restore_batch *b = r->batch;
	int rc = 0, waited;

	for (unsigned i = 0; rc == 0 && i < pool_workers(r->pool); i++)
		rc = pool_submit(r->pool, 0, compare_work, NULL, r, err);
	waited = restore_wait(r, NULL, rc < 0 ? NULL : err);
	b->next_pack = 0;
	rc = rc < 0 ? rc : waited;
	return rc == 0 ? drop_present(r, b, err) : rc;
}

/* ---- a file that is to be changed ---- */

/* Where data is, and nothing else. */
static int copy_content(int to, int from)
{
	AUTO_FREE uint8_t *buf = malloc(COPY_LEN);
	off_t at = 0, end;

	if (!buf)
		return ENOMEM;
	while ((at = vfs()->lseek(from, at, SEEK_DATA)) >= 0) {
		end = vfs()->lseek(from, at, SEEK_HOLE);
		if (end < 0)
			return errno;
		while (at < end) {
			size_t len = end - at < (off_t)COPY_LEN ? (size_t)(end - at) : COPY_LEN;
			struct iovec iov = { buf, len };

			if (vfs_pread_all(from, buf, len, (uint64_t)at) < 0 ||
				vfs_pwritev_all(to, &iov, 1, (uint64_t)at) < 0)
				return errno;
			at += (off_t)len;
		}
	}
	return errno == ENXIO ? 0 : errno;
}

/* The old file itself under the temporary name, open for writing. */
static int move(struct restore_file *f, int dir, int *fd)
{
	char temp[RESTORE_TEMP_LEN];
	struct stat st;
	int rc;

	restore_file_temp_name(temp, f);
	fd_close(fd);
	if (vfs()->renameat2(dir, f->name, dir, temp, 0) < 0)
		return errno;
	f->moved = true;
	*fd = vfs()->openat(dir, temp, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (*fd < 0 && errno == EACCES && vfs()->fchmodat(dir, temp, 0600) == 0)
		*fd = vfs()->openat(dir, temp, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	rc = *fd < 0 || vfs()->fstat(*fd, &st) < 0 ? errno : 0;
	if (rc == 0 && (st.st_ino != f->old_ino || st.st_dev != f->old_dev))
		rc = ESTALE;
	/* Somebody else's: it was put there while we looked. */
	if (rc == ESTALE && vfs()->renameat2(dir, temp, dir, f->name, RENAME_NOREPLACE) == 0)
		f->moved = f->has_temp = false;
	return rc;
}

int restore_take_over(struct restore *r, struct restore_file *f, int dir, int *fd)
{
	AUTO_FD int old = open_old(f, dir);
	/* Of one that goes over several batches a later one may find something. */
	bool is_needed = f->present || f->begun;
	int rc = old < 0 && is_needed ? errno : 0;

	if (rc == 0)
		rc = restore_unlock(old);
	if (rc == 0)
		rc = restore_file_temp(r, f, dir, 0600, fd);
	if (rc || !is_needed)
		return rc;
	if (vfs()->clone(*fd, old) < 0)
		rc = f->shared ? copy_content(*fd, old) : move(f, dir, fd);
	if (rc == 0 && vfs()->ftruncate(*fd, (off_t)f->size) < 0)
		rc = errno;
	return rc;
}

/* ---- holes ---- */

/* Bytes [from, to) must be a hole. punch: makes it one. 1: data is there; or 0, or minus an errno. */
static int look_at_gap(int fd, uint64_t from, uint64_t to, bool punch)
{
	off_t data = from < to ? vfs()->lseek(fd, (off_t)from, SEEK_DATA) : -1;

	if (data < 0 || (uint64_t)data >= to)
		return 0;
	if (!punch)
		return 1;
	return vfs()->fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) < 0
		? -errno
		: 0;
}

/* The same for all that lies between the extents of a file. */
static int look_at_gaps(struct restore *r, const struct entry *e, int fd, bool punch)
{
	struct restore_content c;
	struct chunk_ref chunk;
	uint64_t end = 0;
	int rc, found = 0;

	if (!restore_content_is_sparse(e))
		return 0;
	rc = restore_content_open(&c, e, reader_get_node, &r->nodes, NULL);
	while (rc == 0 && found == 0 && (rc = restore_content_next(&c, &chunk, NULL)) > 0) {
		for (size_t i = 0; found == 0 && i < c.n_pieces; i++) {
			found = look_at_gap(fd, end, c.pieces[i].off, punch);
			end = c.pieces[i].off + c.pieces[i].len;
		}
		rc = 0;
	}
	restore_content_release(&c);
	if (rc < 0)
		return rc == HZ_E_NOMEM ? -ENOMEM : -EIO;
	return found ? found : look_at_gap(fd, end, e->size, punch);
}

int restore_punch(struct restore *r, const struct entry *e, int fd)
{
	int rc = look_at_gaps(r, e, fd, true);

	return rc < 0 ? -rc : 0;
}

/* ---- a file that is right already ---- */

static void count_difference(void *user, const char *what, int errnum)
{
	unsigned *n = user;

	(void)what, (void)errnum;
	++*n;
}

/* Attributes only. */
static int change_attrs(struct restore_file *f, struct entry *e, int dir, int fd, struct restore_shorts *shorts)
{
	const uint32_t locks = e->inode_flags & RESTORE_LOCKS;
	int rc = restore_unlock(fd);

	if (rc)
		return rc;
	e->inode_flags &= ~RESTORE_LOCKS;
	entry_apply(e, dir, f->name, fd, ENTRY_OLD, restore_short, shorts);
	if (!f->link && locks && (rc = restore_lock(fd, locks)) != 0)
		restore_short(shorts, "inode flags", rc);
	return 0;
}

/* Nothing differs. With other names it can be kept if these are the group's; of two groups on one inode one is. */
static int keep_same(struct restore *r, struct restore_file *f, const struct stat *st, bool *kept)
{
	int rc = f->link && f->shared ? restore_link_claim(r, &r->kept, st->st_dev, st->st_ino) : 1;

	*kept = rc > 0;
	if (rc > 0)
		(void)__atomic_add_fetch(&r->unchanged, 1, __ATOMIC_RELAXED);
	return rc < 0 ? ENOMEM : 0;
}

int restore_keep(struct restore *r, struct restore_file *f, struct entry *e, struct restore_shorts *shorts, bool *kept)
{
	const uint32_t locks = e->inode_flags & RESTORE_LOCKS;
	AUTO_FD int fd = -1;
	unsigned differences = 0;
	struct stat st;
	int dir = -1, rc = restore_dir_get(&r->dirs, f->dir, &dir);

	*kept = false;
	if (rc)
		return rc;
	fd = open_old(f, dir);
	if (fd >= 0 && vfs()->fstat(fd, &st) == 0 && (uint64_t)st.st_size == e->size &&
		(!f->shared || e->has_hardlink) && look_at_gaps(r, e, fd, false) == 0) {
		entry_compare(e, dir, f->name, count_difference, &differences);
		*kept = !f->shared;
		if (differences == 0)
			rc = keep_same(r, f, &st, kept);
		else if (*kept)
			rc = change_attrs(f, e, dir, fd, shorts);
		if (rc == 0 && *kept && f->link) {
			f->link->ino = st.st_ino;
			f->link->dev = st.st_dev;
			/* For a further name, or another group that comes off it, it is unlocked. */
			f->link->inode_flags = locks;
		}
	}
	restore_dir_put(&r->dirs, f->dir);
	return rc;
}
