/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The free space of a file system: filled to the last block with files that have no name, so that whatever ends this
 * process gives it back. Written past the cache with several requests under way; what is left then goes block by block.
 */
#include "base/ring.h"
#include "base/vfs.h"
#include "sanitize/shred.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FILES_MAX 512u
#define FILE_MIN  (UINT64_C(4) << 30) /* of a file, unless it is full before: FAT has no larger ones */
#define DEPTH     4u
#define STALL_MAX 3 /* rounds in which a file system that says it has room takes nothing */

struct filled {
	int fd;
	uint64_t base, bytes; /* written and there: from its beginning */
};
struct flood {
	struct shred *s;
	int dir;
	struct filled *file; /* FILES_MAX */
	size_t n;
	uint64_t file_max, total; /* total: at the beginning */
	size_t block;             /* of the file system, 512 to SHRED_BLOCK */
	bool full, direct;
};

static uint64_t now_free(const struct flood *f, hz_error **err, int *rc)
{
	uint64_t free_bytes = 0, all;

	if (vfs()->statvfs(f->dir, &free_bytes, &all) < 0)
		*rc = err_errno_as(err, HZ_E_IO, "free space");
	return free_bytes;
}

/* What may still be taken: nothing below what is to be left. */
static bool may_take(const struct flood *f, uint64_t len)
{
	uint64_t free_bytes = 0, all;

	if (f->s->opts.leave == 0)
		return true;
	return vfs()->statvfs(f->dir, &free_bytes, &all) == 0 && free_bytes >= f->s->opts.leave + len;
}

/* ---- files ---- */

/* Without a name from the beginning, or where that is not possible, without one at once. */
static int open_nameless(struct flood *f, hz_error **err)
{
	int fd = vfs()->openat(f->dir, ".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	char name[24] = ".hozen-";

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return err_errno(err, "a file to fill the space with");
	shred_meaningless(name + 7, 12);
	fd = vfs()->openat(f->dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0600);
	if (fd < 0)
		return err_errno(err, "a file to fill the space with");
	if (vfs()->unlinkat(f->dir, name, 0) == 0)
		return fd;
	fd_close(&fd);
	return err_errno(err, "remove the name of a file");
}

/* *full: not even a file fits, or there are so many that the rest is told as left. */
static int next_file(struct flood *f, bool *full, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	int fd = f->n < FILES_MAX ? open_nameless(f, &e) : HZ_E_NOSPACE;

	*full = fd == HZ_E_NOSPACE;
	if (*full)
		return 0;
	if (fd < 0)
		return err_copy(err, e);
	f->direct = vfs()->past_cache(fd, true) == 0;
	f->file[f->n++] = (struct filled){ .fd = fd, .base = shred_base(f->s, f->file_max) };
	return 0;
}

/* ---- filling ---- */

struct wave {
	struct flood *f;
	struct filled *file;
	struct ring *ring;
	uint64_t next; /* not begun yet */
	unsigned under_way;
	bool full; /* no more requests */
	int error;
	uint64_t off[DEPTH];
};

static int begin_one(struct wave *w, unsigned slot, hz_error **err)
{
	struct flood *f = w->f;

	if (w->full || w->next + SHRED_PIECE > f->file_max || !may_take(f, (DEPTH + 1) * SHRED_PIECE)) {
		w->full = w->full || w->next + SHRED_PIECE <= f->file_max;
		return 0;
	}
	if (filler_make(f->s->filler, ring_buffer(w->ring, slot), SHRED_PIECE, w->file->base + w->next) < 0)
		return err_set(err, HZ_E_INTERNAL, "the data to write could not be made");
	w->off[slot] = w->next;
	w->next += SHRED_PIECE;
	w->under_way++;
	return ring_start(w->ring, slot, RING_WRITE, SHRED_PIECE, w->off[slot], err);
}

/* Requests come back in any order; what counts as written is what has no gap before it. */
static void end_one(struct wave *w, const struct ring_done *d, uint64_t *first_bad)
{
	w->under_way--;
	if (d->error == 0) {
		w->f->s->p.bytes_done += SHRED_PIECE;
		return;
	}
	if (w->off[d->slot] < *first_bad)
		*first_bad = w->off[d->slot];
	w->full = true;
	if (d->error != ENOSPC && d->error != EDQUOT && d->error != EFBIG)
		w->error = d->error;
}

static int run_wave(struct wave *w, hz_error **err)
{
	uint64_t first_bad = UINT64_MAX;
	int rc = 0;

	for (unsigned slot = 0; slot < DEPTH && rc == 0; slot++)
		rc = begin_one(w, slot, err);
	while (w->under_way > 0) {
		struct ring_done d;
		hz_error **e = rc == 0 ? err : NULL;
		int got = ring_next(w->ring, &d, 1000, e);

		if (got < 0)
			return rc < 0 ? rc : got;
		if (got > 0)
			end_one(w, &d, &first_bad);
		if (rc == 0)
			rc = shred_tick(w->f->s, err);
		if (got > 0 && rc == 0)
			rc = begin_one(w, d.slot, err);
	}
	w->file->bytes = first_bad < w->next ? first_bad : w->next;
	if (rc == 0 && w->error) {
		errno = w->error;
		rc = err_errno_as(err, HZ_E_IO, "write");
	}
	return rc;
}

static int fill_file(struct flood *f, struct filled *file, hz_error **err)
{
	struct ring_options o = { .fd = file->fd, .depth = DEPTH, .bytes = SHRED_PIECE };
	struct wave w = { .f = f, .file = file };
	int rc = ring_new(&w.ring, &o, err);

	if (rc == 0)
		rc = run_wave(&w, err);
	ring_free(w.ring);
	/* A piece that failed may have left some of itself behind its gap. */
	if (rc == 0 && vfs()->ftruncate(file->fd, (off_t)file->bytes) < 0)
		rc = err_errno(err, "truncate");
	f->full = w.full;
	return rc;
}

/* The last blocks: half as much each time that no more fits, down to one. Through the cache, where a file system would
 * say too late that it is full: each piece is made durable before the next. */
static int fill_rest(struct flood *f, struct filled *file, hz_error **err)
{
	size_t len = SHRED_PIECE / 2;
	int rc = 0;

	while (len >= f->block && rc == 0 && file->bytes + len <= f->file_max) {
		const struct iovec iov = { f->s->buf, len };

		if (!may_take(f, len) || filler_make(f->s->filler, f->s->buf, len, file->base + file->bytes) < 0) {
			len /= 2;
			continue;
		}
		if (vfs_pwritev_all(file->fd, &iov, 1, file->bytes) == 0 && vfs()->fsync(file->fd) == 0)
			file->bytes += len, f->s->p.bytes_done += len;
		else if (errno == ENOSPC || errno == EDQUOT)
			len /= 2;
		else
			rc = err_errno_as(err, HZ_E_IO, "write");
		if (rc == 0)
			rc = shred_tick(f->s, err);
	}
	if (rc == 0 && vfs()->ftruncate(file->fd, (off_t)file->bytes) < 0)
		rc = err_errno(err, "truncate");
	return rc;
}

/* Until a new file takes nothing any more: what a file system allots ahead it may give back when it is nearly full. */
static int fill(struct flood *f, hz_error **err)
{
	int rc = 0, stalled = 0;

	while (rc == 0 && stalled < STALL_MAX) {
		bool full = false;
		struct filled *file;

		rc = next_file(f, &full, err);
		if (rc < 0 || full)
			return rc;
		file = &f->file[f->n - 1];
		rc = fill_file(f, file, err);
		if (rc == 0 && f->full)
			rc = fill_rest(f, file, err);
		if (rc == 0 && vfs()->fsync(file->fd) < 0)
			rc = err_errno_as(err, HZ_E_IO, "fsync: what was written may not be on the medium");
		if (rc == 0 && file->bytes < f->block)
			stalled++;
		if (rc == 0 && f->full && stalled == 0)
			(void)vfs()->syncfs(f->dir);
	}
	return rc;
}

/* ---- reading back ---- */

static int read_back(struct flood *f, uint32_t *missed, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; i < f->n && rc == 0; i++) {
		struct filled *file = &f->file[i];
		bool cached = vfs()->past_cache(file->fd, true) < 0;

		rc = shred_compare(f->s, file->fd, 0, file->bytes, file->base, &cached, err);
		if (cached && file->bytes > 0)
			*missed |= HZ_MISSED_CACHED;
		f->s->r.bytes += rc == 0 ? file->bytes : 0;
	}
	return rc;
}

/* Whether all that is free can be seen: others hide what they keep (XFS up to 32 MiB), or divide it. */
static bool tells_all(const char *type)
{
	static const char *const names[] = { "ext2", "ext3", "ext4", "vfat", "msdos", "exfat" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i], type) == 0)
			return true;
	}
	return false;
}

static void note_left(struct flood *f, const char *type)
{
	uint64_t left = 0;

	(void)vfs()->free_space(f->dir, &left);
	f->s->r.left_bytes = left;
	if (!tells_all(type))
		f->s->r.missed |= HZ_MISSED_RESERVED;
	if (left >= (UINT64_C(64) << 10))
		f->s->r.missed |= f->s->opts.leave > 0 ? HZ_MISSED_LEFT : HZ_MISSED_RESERVED;
}

static int look(struct flood *f, struct beneath *b, const char *folder, hz_error **err)
{
	struct stat st;
	int rc = shred_place(f->s, b, f->dir, err);

	if (rc < 0)
		return rc;
	f->s->r.missed = b->missed;
	if (beneath_is_memory(b->type) || (b->missed & HZ_MISSED_NETWORK))
		return err_set(err, HZ_E_UNSUPPORTED, "%s lies in %s: its free space is no medium's", folder, b->type);
	if (vfs()->fstat(f->dir, &st) < 0)
		return err_errno(err, "%s", folder);
	f->block = SHRED_BLOCK;
	while (f->block > (size_t)st.st_blksize && f->block > 512)
		f->block /= 2;
	f->total = now_free(f, err, &rc);
	f->file_max = f->total / (FILES_MAX / 2) / SHRED_PIECE * SHRED_PIECE;
	if (f->file_max < FILE_MIN)
		f->file_max = FILE_MIN - SHRED_PIECE;
	f->s->p.bytes_total = f->total > f->s->opts.leave ? 2 * (f->total - f->s->opts.leave) : 0;
	return rc;
}

static int flood(struct flood *f, const char *folder, hz_error **err)
{
	struct beneath b;
	int rc;

	f->dir = vfs()->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
	if (f->dir < 0)
		return err_errno(err, "%s", folder);
	rc = look(f, &b, folder, err);
	if (rc == 0)
		rc = fill(f, err);
	if (rc == 0) {
		note_left(f, b.type);
		/* What is written is what there is to read. */
		f->s->p.bytes_total = 2 * f->s->p.bytes_done;
		rc = read_back(f, &f->s->r.missed, err);
	}
	if (rc <= 0)
		return err_wrap(err, rc, "%s", folder);
	f->s->r.mismatched = 1;
	shred_event(f->s, folder, err_text("other data was read back than was written"));
	return 0;
}

/* Freed before it is said that it is. */
static void drain(struct flood *f)
{
	for (size_t i = 0; i < f->n; i++)
		fd_close(&f->file[i].fd);
	free(f->file);
	fd_close(&f->dir);
}

static void say_free(hz_record *rec)
{
	static const char *const never[] = { "slack behind the ends of files, and blocks allotted to files ahead",
		"metadata of the file system: names in folders, attributes, inode tables, and its journal",
		"blocks that became free, or were written by others, while it ran" };

	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		hz_record_says(rec, HZ_SAYS_NOT_CHECKED, never[i]);
}

int hz_shred_free_space(const char *folder, const hz_shred_options *opts, hz_record *rec, hz_json *summary,
	hz_shred_result *result, hz_error **err)
{
	struct shred s AUTO_SHRED;
	struct flood f = { .s = &s, .dir = -1 };
	int rc = shred_init(&s, opts, rec, summary, err);

	f.file = calloc(FILES_MAX, sizeof(*f.file));
	if (rc == 0 && !f.file)
		rc = err_nomem(err);
	if (rc == 0)
		rc = flood(&f, folder, err);
	drain(&f);
	if (rc < 0)
		s.r.bytes = 0;
	shred_report(&s, rc, summary, result);
	say_free(rec);
	return rc;
}
