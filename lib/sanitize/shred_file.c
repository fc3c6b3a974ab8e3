/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One file: is it one that may be overwritten, what does that not reach, and the steps. Order: content durable and
 * found again, then name, length and entry. Stopped anywhere, the file stands there, with its old content, the new one,
 * or some of both; it never goes away before its content was found overwritten.
 */
#include "base/vfs.h"
#include "device/filemap.h"
#include "sanitize/shred.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define TRIES 160

struct range {
	uint64_t off, len;
};
struct victim {
	struct shred *s;
	int dirfd, fd;
	const char *name, *path;
	struct stat st;
	struct beneath place;
	struct filemap before, after;
	struct range *range; /* that have content: holes have none */
	size_t n, cap;
	uint64_t bytes;
	uint32_t missed;
};

/* ---- whether ---- */

struct reasons {
	char text[400];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add_reason(struct reasons *r, const char *fmt, ...)
{
	size_t room = sizeof(r->text) - r->len;
	va_list ap;
	int n;

	if (r->len > 0 && room > 2) {
		memcpy(r->text + r->len, "; ", 3);
		r->len += 2, room -= 2;
	}
	va_start(ap, fmt);
	n = vsnprintf(r->text + r->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		r->len += (size_t)n < room ? (size_t)n : room - 1;
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return err_text("a symbolic link, which is not followed");
	case S_IFDIR:
		return err_text("a folder (--recursive takes all that is in it)");
	case S_IFBLK:
		return err_text("a block device ('hozen-erase run' is for those)");
	default:
		return err_text("no regular file");
	}
}

static void find_reasons(struct reasons *why, struct victim *v, int at)
{
	struct statx x;
	uint32_t pid;

	if (!S_ISREG(v->st.st_mode)) {
		add_reason(why, "%s", kind_of(v->st.st_mode));
		return;
	}
	if (v->st.st_nlink > 1)
		add_reason(why,
			err_text("it has %llu names (hard links): remove the others first, find -samefile finds them"),
			(unsigned long long)v->st.st_nlink);
	if (vfs()->statx(at, "", AT_EMPTY_PATH, STATX_TYPE, &x) < 0)
		add_reason(why, err_text("its attributes cannot be read: %s"), strerror(errno));
	else if (x.stx_attributes & x.stx_attributes_mask & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND))
		add_reason(why, err_text("it is immutable or append-only (chattr -ia)"));
	pid = openfiles_find(&v->s->open, v->st.st_dev, v->st.st_ino);
	if (pid && !(v->s->opts.flags & HZ_SHRED_OPEN_TOO))
		add_reason(why, err_text("process %u has it open, and may write on"), pid);
}

/* The object behind the name, never through a link and never into another mount. */
static int open_path(int dirfd, const char *name)
{
	return vfs()->openat2(dirfd, name, O_PATH | O_NOFOLLOW, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

/* Opened by what was looked at, not once more by its name: whoever may rename in the folder could put a device there.
 */
static int open_victim(struct victim *v, const struct stat *seen, struct reasons *why, hz_error **err)
{
	int at AUTO_FD = open_path(v->dirfd, v->name);
	char self[40];

	if (at < 0 || vfs()->fstat(at, &v->st) < 0)
		return err_errno(err, "open");
	if (v->st.st_dev != seen->st_dev || v->st.st_ino != seen->st_ino) {
		add_reason(why, "%s", err_text("another object has taken its name meanwhile"));
		return 0;
	}
	find_reasons(why, v, at);
	if (why->len > 0)
		return 0;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	v->fd = vfs()->openat(AT_FDCWD, self, O_RDWR | O_NONBLOCK | O_NOCTTY, 0);
	if (v->fd >= 0)
		return 0;
	if (errno == EACCES)
		return err_set(err, HZ_E_IO, "it may not be written (chmod u+w)");
	return err_errno(err, "open for writing");
}

/* ---- content ---- */

static int add_range(struct victim *v, uint64_t off, uint64_t end, hz_error **err)
{
	struct range *last = v->n > 0 ? &v->range[v->n - 1] : NULL;

	/* Whole blocks: what stands behind the end of a file lies in its last one. */
	off = off / SHRED_BLOCK * SHRED_BLOCK;
	end = (end + SHRED_BLOCK - 1) / SHRED_BLOCK * SHRED_BLOCK;
	if (last && off <= last->off + last->len) {
		if (end > last->off + last->len) {
			v->bytes += end - (last->off + last->len);
			last->len = end - last->off;
		}
		return 0;
	}
	if (v->n == v->cap) {
		size_t cap = v->cap ? 2 * v->cap : 8;
		struct range *more = reallocarray(v->range, cap, sizeof(*more));

		if (!more)
			return err_nomem(err);
		v->range = more;
		v->cap = cap;
	}
	v->range[v->n++] = (struct range){ off, end - off };
	v->bytes += end - off;
	return 0;
}

static int find_ranges(struct victim *v, hz_error **err)
{
	off_t size = v->st.st_size;
	int rc = 0;

	for (off_t at = 0; at < size && rc == 0;) {
		off_t data = vfs()->lseek(v->fd, at, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0)
			data = at;
		hole = vfs()->lseek(v->fd, data, SEEK_HOLE);
		if (hole <= data || hole > size)
			hole = size;
		rc = add_range(v, (uint64_t)data, (uint64_t)hole, err);
		at = hole;
	}
	return rc;
}

static int overwrite(struct victim *v, uint64_t base, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; i < v->n && rc == 0; i++)
		rc = shred_overwrite(v->s, v->fd, v->range[i].off, v->range[i].len, base, err);
	if (rc == 0 && vfs()->fsync(v->fd) < 0)
		rc = err_errno_as(err, HZ_E_IO, "fsync: what was written may not be on the medium");
	return rc;
}

/* The size that it has after it. */
static uint64_t end_of(const struct victim *v)
{
	const struct range *last = v->n > 0 ? &v->range[v->n - 1] : NULL;
	uint64_t size = (uint64_t)v->st.st_size;

	return last && last->off + last->len > size ? last->off + last->len : size;
}

/* 0: it is what was written; 1: it is not. */
static int read_back(struct victim *v, uint64_t base, hz_error **err)
{
	bool cached = vfs()->past_cache(v->fd, true) < 0;
	struct stat now;
	int rc = 0;

	for (size_t i = 0; i < v->n && rc == 0; i++)
		rc = shred_compare(v->s, v->fd, v->range[i].off, v->range[i].len, base, &cached, err);
	if (rc == 0 && vfs()->fstat(v->fd, &now) < 0)
		rc = err_errno(err, "stat");
	/* Somebody writes on. */
	if (rc == 0 && (uint64_t)now.st_size != end_of(v))
		rc = 1;
	if (cached && v->n > 0 && !beneath_is_memory(v->place.type))
		v->missed |= HZ_MISSED_CACHED;
	return rc;
}

static int content(struct victim *v, hz_error **err)
{
	uint64_t base;
	int rc = shred_place(v->s, &v->place, v->fd, err);

	if (rc == 0)
		rc = filemap_read(&v->before, v->fd, err);
	if (rc == 0)
		rc = find_ranges(v, err);
	if (rc < 0)
		return rc;
	v->missed = v->place.missed | v->before.missed | filemap_flags_missed(v->fd);
	base = shred_base(v->s, end_of(v));
	rc = overwrite(v, base, err);
	if (rc == 0)
		rc = read_back(v, base, err);
	if (rc == 0)
		rc = filemap_read(&v->after, v->fd, err);
	if (rc == 0 && !filemap_holds(&v->before, &v->after))
		v->missed |= v->before.truncated || v->after.truncated ? HZ_MISSED_UNKNOWN : HZ_MISSED_MOVED;
	return rc;
}

/* ---- name ---- */

void shred_meaningless(char *out, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	uint8_t r[256];

	len = len < sizeof(r) - 1 ? len : sizeof(r) - 1;
	random_bytes(r, len);
	for (size_t i = 0; i < len; i++)
		out[i] = letters[r[i] % 32];
	out[len] = '\0';
}

static int is_there(int dirfd, const char *name, const struct stat *st)
{
	int at AUTO_FD = vfs()->openat(dirfd, name, O_PATH | O_NOFOLLOW, 0);
	struct stat now;

	if (at < 0 || vfs()->fstat(at, &now) < 0)
		return errno == ENOENT ? 0 : -1;
	return now.st_dev == st->st_dev && now.st_ino == st->st_ino ? 1 : 2;
}

static int rename_once(int dirfd, const char *name, const char *away)
{
	if (vfs()->renameat2(dirfd, name, dirfd, away, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	/* A file system that has no such rename: a name that nobody has, as far as can be seen. */
	if (is_there(dirfd, away, &(struct stat){ 0 }) != 0) {
		errno = EEXIST;
		return -1;
	}
	return vfs()->renameat2(dirfd, name, dirfd, away, 0);
}

static int rename_away(int dirfd, const char *name, const struct stat *st, char away[256], hz_error **err)
{
	size_t len = strlen(name);
	int rc = -1;

	for (unsigned i = 0; i < TRIES && rc < 0; i++) {
		/* Of one or two letters all may be taken. */
		shred_meaningless(away, len + i / 32);
		rc = rename_once(dirfd, name, away);
		if (rc < 0 && errno != EEXIST)
			break;
	}
	if (rc < 0)
		return err_errno(err, "rename");
	if (is_there(dirfd, away, st) == 1)
		return 0;
	(void)vfs()->renameat2(dirfd, away, dirfd, name, RENAME_NOREPLACE);
	return err_set(err, HZ_E_REFUSED, "another object has taken its name meanwhile");
}

int shred_name(struct shred *s, int dirfd, const char *name, const struct stat *st, int flags, hz_error **err)
{
	char away[256];
	int rc = rename_away(dirfd, name, st, away, err);

	(void)s;
	if (rc == 0 && vfs()->unlinkat(dirfd, away, flags) < 0) {
		rc = err_errno(err, "remove");
		(void)vfs()->renameat2(dirfd, away, dirfd, name, RENAME_NOREPLACE);
	}
	return rc;
}

/* The length goes after the name: a name that came back after a crash leads to an overwritten file in any case. */
static int take_away(struct victim *v, hz_error **err)
{
	char away[256];
	int rc = rename_away(v->dirfd, v->name, &v->st, away, err);

	if (rc == 0 && vfs()->ftruncate(v->fd, 0) < 0)
		rc = err_errno(err, "truncate");
	if (rc == 0 && vfs()->unlinkat(v->dirfd, away, 0) < 0)
		rc = err_errno(err, "remove");
	return rc < 0 ? err_wrap(err, rc, "its content is overwritten") : 0;
}

/* ---- all of it ---- */

static void tell_removed(struct victim *v)
{
	struct shred *s = v->s;
	hz_json *o;

	s->r.removed++;
	s->r.bytes += v->bytes;
	s->r.missed |= v->missed;
	if (s->n_objects++ >= SHRED_OBJECTS)
		return;
	o = hz_json_add_object(s->objects);
	hz_json_path(o, "path", v->path, strlen(v->path));
	hz_json_u64(o, "bytes", v->bytes);
	hz_json_u64(o, "extents", v->before.n);
	o = hz_json_array(o, "missed");
	for (uint32_t bit = 1; bit && bit <= v->missed; bit <<= 1)
		if (v->missed & bit)
			hz_json_add_str(o, hz_missed_name(bit));
}

static int shred_victim(struct victim *v, const struct stat *seen, hz_error **err)
{
	struct reasons why = { .len = 0 };
	int rc = open_victim(v, seen, &why, err);

	if (rc == 0 && why.len > 0) {
		v->s->r.refused++;
		shred_event(v->s, v->path, err_text("refused: %s"), why.text);
		return 0;
	}
	if (rc == 0)
		rc = content(v, err);
	if (rc > 0) {
		v->s->r.mismatched++;
		shred_event(v->s, v->path,
			err_text("other data was read back than was written; the file stands where it stood"));
		return 0;
	}
	if (rc == 0)
		rc = take_away(v, err);
	if (rc == 0)
		tell_removed(v);
	else if (rc == HZ_E_CANCELED)
		shred_event(v->s, v->path,
			err_text("stopped in between: some of its content is overwritten, it stands where it stood"));
	return rc;
}

int shred_file(struct shred *s, int dirfd, const char *name, const char *path, const struct stat *st, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	struct victim v = { .s = s, .dirfd = dirfd, .fd = -1, .name = name, .path = path };
	int rc = shred_victim(&v, st, &e);

	filemap_release(&v.before);
	filemap_release(&v.after);
	free(v.range);
	fd_close(&v.fd);
	if (rc == HZ_E_CANCELED || rc == HZ_E_NOMEM)
		return err_copy(err, e);
	if (rc < 0) {
		s->r.failed++;
		shred_event(s, path, err_text("failed: %s"), hz_error_message(e));
	}
	return 0;
}
