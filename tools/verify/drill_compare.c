/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was restored against the source. Where they differ, the source itself says whether it has changed since: type,
 * size and time of modification are those of the snapshot, and its inode was last changed before the snapshot began. If
 * so, the backup is wrong. Whether the restore is what the snapshot says was seen before, by reading it back.
 */
#include "common/i18n.h"
#include "common/report.h"
#include "verify/drill.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOTES_MAX 100u
#define BLOCK     (128u * 1024)

enum {
	DIFFERS_TYPE = 1u,
	DIFFERS_SIZE = 2u,
	DIFFERS_CONTENT = 4u,
	DIFFERS_LINK = 8u,
	DIFFERS_DEVICE = 16u,
	DIFFERS_MODE = 32u,
	DIFFERS_OWNER = 64u,
	DIFFERS_MTIME = 128u,
	DIFFERS_ATTRIBUTES = 256u,
	DIFFERS_META = DIFFERS_MODE | DIFFERS_OWNER | DIFFERS_MTIME
};

/* One drill at a time. */
static struct {
	int restored, source; /* roots */
	char *a, *b;          /* blocks */
} at;

/* ---- the two sides ---- */

struct side {
	struct stat st;
	char link[PATH_MAX + 1];
	size_t link_len;
};

static int open_at(int root, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC | O_NOFOLLOW, .resolve = resolve };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* 0 or an errno. */
static int look(struct side *s, int root, const char *path, uint64_t resolve)
{
	int fd = open_at(root, path, O_PATH, resolve), rc = 0;
	ssize_t n = 0;

	if (fd < 0)
		return errno;
	if (fstat(fd, &s->st) < 0)
		rc = errno;
	else if (S_ISLNK(s->st.st_mode) && (n = readlinkat(fd, "", s->link, sizeof(s->link))) < 0)
		rc = errno;
	s->link_len = n > 0 ? (size_t)n : 0;
	(void)close(fd);
	return rc;
}

static int open_content(int root, const char *path, uint64_t resolve)
{
	int fd = open_at(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOATIME, resolve);

	return fd >= 0 || errno != EPERM ? fd : open_at(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, resolve);
}

static ssize_t read_full(int fd, char *out)
{
	size_t n = 0;
	ssize_t got;

	while (n < BLOCK && (got = read(fd, out + n, BLOCK - n)) != 0) {
		if (got < 0 && errno != EINTR)
			return -1;
		n += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)n;
}

/* 1: the same, 0: not; -1 with errno. The source's times are taken anew afterwards: it may change while it is read. */
static int same_content(const char *path, struct stat *after)
{
	int x = open_content(at.restored, path, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	int y = open_content(at.source, path, RESOLVE_IN_ROOT), same = x < 0 || y < 0 ? -1 : 1, e = errno;

	while (same == 1) {
		ssize_t n = read_full(x, at.a), m = read_full(y, at.b);

		e = errno;
		same = n < 0 || m < 0 ? -1 : n == m && memcmp(at.a, at.b, (size_t)n) == 0;
		if (n == 0)
			break;
	}
	if (same >= 0 && fstat(y, after) < 0) {
		e = errno;
		same = -1;
	}
	if (x >= 0)
		(void)close(x);
	if (y >= 0)
		(void)close(y);
	errno = e;
	return same;
}

/* ---- fields ---- */

static bool same_time(const struct timespec *a, int64_t sec, uint32_t nsec)
{
	return a->tv_sec == sec && a->tv_nsec == (long)nsec;
}

static uint32_t meta_differs(const struct stat *a, const struct stat *b)
{
	uint32_t bits = 0;

	if (!S_ISLNK(a->st_mode) && (a->st_mode & 07777) != (b->st_mode & 07777))
		bits |= DIFFERS_MODE;
	/* Nobody else can give files away. */
	if (geteuid() == 0 && (a->st_uid != b->st_uid || a->st_gid != b->st_gid))
		bits |= DIFFERS_OWNER;
	if (!same_time(&a->st_mtim, b->st_mtim.tv_sec, (uint32_t)b->st_mtim.tv_nsec))
		bits |= DIFFERS_MTIME;
	return bits;
}

/* Of a symlink there is none that all file systems keep. */
static int attributes_differ(uint32_t *bits, const char *path)
{
	int x = open_at(at.restored, path, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	int y = open_at(at.source, path, O_PATH, RESOLVE_IN_ROOT), same = -1, e = errno;

	if (x >= 0 && y >= 0) {
		same = drill_same_attributes(x, y);
		e = errno;
	}
	if (x >= 0)
		(void)close(x);
	if (y >= 0)
		(void)close(y);
	errno = e;
	*bits |= same == 0 ? DIFFERS_ATTRIBUTES : 0;
	return same < 0 ? HZ_E_IO : 0;
}

/* HZ_E_IO with errno: the content of one cannot be read. */
static int compare(uint32_t *bits, const struct side *a, struct side *b, const char *path)
{
	int same;

	if ((a->st.st_mode & S_IFMT) != (b->st.st_mode & S_IFMT)) {
		*bits = DIFFERS_TYPE;
		return 0;
	}
	*bits = meta_differs(&a->st, &b->st);
	if (!S_ISLNK(a->st.st_mode) && attributes_differ(bits, path) < 0)
		return HZ_E_IO;
	if (S_ISLNK(a->st.st_mode) && (a->link_len != b->link_len || memcmp(a->link, b->link, a->link_len) != 0))
		*bits |= DIFFERS_LINK;
	if ((S_ISCHR(a->st.st_mode) || S_ISBLK(a->st.st_mode)) && a->st.st_rdev != b->st.st_rdev)
		*bits |= DIFFERS_DEVICE;
	if (!S_ISREG(a->st.st_mode))
		return 0;
	if (a->st.st_size != b->st.st_size) {
		*bits |= DIFFERS_SIZE | DIFFERS_CONTENT;
		return 0;
	}
	same = same_content(path, &b->st);
	if (same < 0)
		return HZ_E_IO;
	*bits |= same ? 0 : DIFFERS_CONTENT;
	return 0;
}

static char *fields(char out[128], uint32_t bits)
{
	static const char *const names[] = { "type", "size", "content", "target", "device", "mode", "owner",
		"modification time", "attributes" };
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bits & 1u << i)
			n += (size_t)snprintf(out + n, 128 - n, "%s%s", n ? ", " : "", names[i]);
	return out;
}

/* ---- whose fault ---- */

static uint32_t type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return HZ_TYPE_FILE;
	case S_IFDIR:
		return HZ_TYPE_DIR;
	case S_IFLNK:
		return HZ_TYPE_SYMLINK;
	case S_IFCHR:
		return HZ_TYPE_CHAR;
	case S_IFBLK:
		return HZ_TYPE_BLOCK;
	case S_IFIFO:
		return HZ_TYPE_FIFO;
	default:
		return HZ_TYPE_SOCKET;
	}
}

static bool source_is_unchanged(const struct drill *d, const hz_entry_info *e, const struct stat *st)
{
	bool older = st->st_ctim.tv_sec < d->time_sec ||
		(st->st_ctim.tv_sec == d->time_sec && st->st_ctim.tv_nsec <= (long)d->time_nsec);

	return older && !e->changed_while_read && type_of(st->st_mode) == e->type &&
		(e->type != HZ_TYPE_FILE || (uint64_t)st->st_size == e->content_bytes) &&
		same_time(&st->st_mtim, e->mtime_sec, e->mtime_nsec);
}

/* Which attributes of the restored are not those of the snapshot: it was told already that they could not be set. */
static uint32_t short_of(const hz_entry_info *e, const struct stat *st)
{
	/* Which of these could not be set the restore has told by itself. */
	uint32_t bits = DIFFERS_ATTRIBUTES;

	if ((st->st_mode & 07777) != e->mode)
		bits |= DIFFERS_MODE;
	if (st->st_uid != e->uid || st->st_gid != e->gid)
		bits |= DIFFERS_OWNER;
	if (!same_time(&st->st_mtim, e->mtime_sec, e->mtime_nsec))
		bits |= DIFFERS_MTIME;
	return bits;
}

static const char *judge(
	struct drill *d, const hz_entry_info *e, const struct side *a, const struct side *b, uint32_t bits)
{
	char text[128];

	if (bits == 0) {
		d->same++;
		return "same";
	}
	if (!source_is_unchanged(d, e, &b->st)) {
		d->source_changed++;
		if (d->notes++ < NOTES_MAX)
			drill_event(d, HZ_EVENT_NOTE, e, _("the source has changed since the backup: %s"),
				fields(text, bits));
		return "source_changed";
	}
	if ((bits & ~short_of(e, &a->st)) == 0 && d->res.meta_short > 0) {
		d->same++;
		return "same";
	}
	d->damaged++;
	drill_event(d, HZ_EVENT_DAMAGE, e,
		_("differs from the source, which says that it has not changed since the backup: %s"),
		fields(text, bits));
	return "damaged";
}

/* ---- entries ---- */

bool drill_is_in(const struct drill *d, uint64_t i, const hz_entry_info *e)
{
	const char *path = d->paths.v[i] + strspn(d->paths.v[i], "/");
	size_t len = strlen(path);

	return len == 0 ||
		(e->path_len >= len && memcmp(e->path, path, len) == 0 && (e->path_len == len || e->path[len] == '/'));
}

/* Folders on the way to what was backed up belong to others. */
static bool is_below_a_path(const struct drill *d, const hz_entry_info *e)
{
	for (uint64_t i = 0; i < d->paths.n; i++)
		if (drill_is_in(d, i, e))
			return true;
	return false;
}

/* Paths that were given relative to a folder are stored without the way to it. */
static bool is_backed_up(const struct drill *d, const hz_entry_info *e)
{
	return !d->is_absolute || is_below_a_path(d, e);
}

static const char *missing(struct drill *d, const hz_entry_info *e, int errnum)
{
	bool told = d->res.failed_damage || d->res.failed_target || d->res.meta_short || d->too_long;

	d->missing++;
	if (told && e->type == HZ_TYPE_FILE)
		return "not_restored";
	if (!told) {
		d->damaged++;
		drill_event(
			d, HZ_EVENT_DAMAGE, e, _("was not restored, and nothing was told of it: %s"), strerror(errnum));
	}
	return "not_restored";
}

static const char *compare_entry(struct drill *d, const hz_entry_info *e, const char *path)
{
	struct side a, b;
	uint32_t bits = 0;
	int rc = look(&a, at.restored, path, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	/* Of folders, a sample brings those on the way only. */
	if (rc && !d->whole && e->type == HZ_TYPE_DIR)
		return NULL;
	if (rc)
		return missing(d, e, rc);
	if (at.source < 0 || !is_backed_up(d, e))
		return "not_compared";
	rc = look(&b, at.source, path, RESOLVE_IN_ROOT);
	if (rc == ENOENT || rc == ENOTDIR) {
		d->source_gone++;
		return "source_gone";
	}
	if (rc == 0 && compare(&bits, &a, &b, path) < 0)
		rc = errno;
	if (rc) {
		d->not_compared++;
		if (d->notes++ < NOTES_MAX)
			drill_event(d, HZ_EVENT_NOTE, e, _("cannot be compared with the source: %s"), strerror(rc));
		return "not_compared";
	}
	d->compared++;
	d->files_compared += e->type == HZ_TYPE_FILE;
	return judge(d, e, &a, &b, bits);
}

static int on_entry(struct drill *d, const hz_entry_info *e, bool chosen)
{
	const char *state;
	char *path;

	if (!chosen && e->type != HZ_TYPE_DIR)
		return 0;
	path = strndup(e->path, e->path_len);
	if (!path)
		return HZ_E_NOMEM;
	state = compare_entry(d, e, path);
	free(path);
	if (state && chosen && !d->whole)
		drill_file_line(d, e, state);
	return 0;
}

int drill_compare(struct drill *d)
{
	hz_error *err = NULL;
	int code = CLI_EXIT_DONE, rc;

	at.restored = open(d->sandbox.tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	at.source = d->source ? open(d->source, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	at.a = malloc(BLOCK);
	at.b = malloc(BLOCK);
	if (!at.a || !at.b)
		code = report_failure(d->cli, HZ_E_NOMEM, _("out of memory"));
	else if (at.restored < 0 && d->res.failed_damage == 0)
		code = report_failure(
			d->cli, HZ_E_IO, _("the restored files in %s: %s"), d->sandbox.tree, strerror(errno));
	if (at.source >= 0 && !d->is_absolute && !cli_is_given(d->cli, "source")) {
		(void)close(at.source);
		at.source = -1;
		drill_says(d, HZ_SAYS_NOT_CHECKED,
			"the source: its paths were given relative to a folder; name that one with --source");
	}
	if (code == CLI_EXIT_DONE && at.restored >= 0) {
		rc = drill_walk(d, on_entry, NULL, &err);
		code = cli_exit_worse(code, drill_walked(d, rc, &err, false));
	}
	free(at.a);
	free(at.b);
	if (at.restored >= 0)
		(void)close(at.restored);
	if (at.source >= 0)
		(void)close(at.source);
	return d->damaged > 0 ? cli_exit_worse(code, CLI_EXIT_DAMAGE) : code;
}
