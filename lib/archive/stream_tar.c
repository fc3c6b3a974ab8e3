/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tar by libarchive, in two steps: one reader decompresses, another one reads the tar that the first one gives. So all
 * of the input is read, what stands behind the tar's end too, where the checksums of compressed data are; and what was
 * cut off between two entries shows by the end mark that is missing.
 *
 * Names are bytes: libarchive would convert those of pax headers from UTF-8 to the locale's characters, and compose
 * them on the way. In the C locale it cannot, says so, and leaves them as they are.
 */
#include "archive/stream_tar.h"
#include "archive/entry_internal.h"
#include "archive/stream_tar_attrs.h"
#include "base/input.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <string.h>

#define BLOCK    512u
#define READ_LEN (256u << 10)

struct tar {
	struct stream *s;
	int fd;
	const char *name; /* of the input, for messages */
	hz_error **err;   /* of the task */
	struct archive *raw, *tar;
	struct arena *arena;
	uint8_t *in;  /* as it is read */
	uint8_t *out; /* decompressed */
};

static bool is_stopped(const struct tar *t)
{
	return stream_is_stopped(t->s);
}

static int failed(struct tar *t, struct archive *a)
{
	const char *why = archive_error_string(a);

	if (is_stopped(t))
		return HZ_E_CANCELED;
	return err_set(t->err, HZ_E_IO, "%s: the tar cannot be read: %s", t->name, why ? why : "damaged");
}

/* ---- the two readers ---- */

static la_ssize_t read_input(struct archive *a, void *user, const void **data)
{
	struct tar *t = user;
	ssize_t n = input_read(t->fd, t->in, READ_LEN, stream_is_stopped, t->s, t->err);

	*data = t->in;
	if (n < 0)
		(void)err_wrap(t->err, (int)n, "%s", t->name);
	if (n < 0)
		archive_set_error(a, EIO, "the input failed");
	return n < 0 ? ARCHIVE_FATAL : n;
}

static la_ssize_t read_raw(struct archive *a, void *user, const void **data)
{
	struct tar *t = user;
	la_ssize_t n = archive_read_data(t->raw, t->out, READ_LEN);

	*data = t->out;
	if (n < 0)
		archive_set_error(
			a, EIO, "%s", archive_error_string(t->raw) ? archive_error_string(t->raw) : "damaged");
	return n < 0 ? ARCHIVE_FATAL : n;
}

/* Of the compressions only those that need no other program. */
static bool set_up(struct tar *t)
{
	struct archive *r = t->raw;

	if (!t->in || !t->out || !r || !t->tar)
		return false;
	(void)archive_read_support_filter_gzip(r);
	(void)archive_read_support_filter_bzip2(r);
	(void)archive_read_support_filter_xz(r);
	(void)archive_read_support_filter_lzma(r);
	(void)archive_read_support_filter_lzip(r);
	(void)archive_read_support_filter_zstd(r);
	(void)archive_read_support_filter_lz4(r);
	(void)archive_read_support_filter_compress(r);
	return archive_read_support_format_raw(r) == ARCHIVE_OK && archive_read_support_format_empty(r) == ARCHIVE_OK &&
		archive_read_support_format_tar(t->tar) == ARCHIVE_OK;
}

static int open_both(struct tar *t)
{
	struct archive_entry *e;
	int rc;

	if (archive_read_open(t->raw, t, NULL, read_input, NULL) != ARCHIVE_OK)
		return failed(t, t->raw);
	rc = archive_read_next_header(t->raw, &e);
	if (rc == ARCHIVE_EOF)
		return err_set(t->err, HZ_E_IO, "%s: the tar cannot be read: there is nothing in it", t->name);
	if (rc != ARCHIVE_OK)
		return failed(t, t->raw);
	if (archive_read_open(t->tar, t, NULL, read_raw, NULL) != ARCHIVE_OK)
		return failed(t, t->tar);
	return 0;
}

/* What follows the tar is looked at for its checksums only. */
static int drain(struct tar *t)
{
	la_ssize_t n;

	do
		n = archive_read_data(t->raw, t->out, READ_LEN);
	while (n > 0);
	return n < 0 ? failed(t, t->raw) : 0;
}

/* ---- entries ---- */

static int add_content(struct tar *t, uint64_t size)
{
	const void *data;
	size_t len;
	la_int64_t off;
	int rc = 0, r;

	while ((r = archive_read_data_block(t->tar, &data, &len, &off)) == ARCHIVE_OK) {
		if (is_stopped(t))
			return HZ_E_CANCELED;
		rc = off < 0 ? err_set(t->err, HZ_E_IO, "%s: the tar cannot be read: a negative offset", t->name)
			     : stream_data(t->s, (uint64_t)off, data, len, t->err);
		if (rc < 0)
			return rc;
	}
	return r == ARCHIVE_EOF ? stream_end(t->s, size, t->err) : failed(t, t->tar);
}

static int add_entry(struct tar *t, struct archive_entry *ae)
{
	const char *path = archive_entry_pathname(ae), *target = archive_entry_hardlink(ae);
	const char *short_of = NULL;
	struct entry e = { .user = "" };
	int rc;

	if (target)
		return stream_link(t->s, path, target, t->err);
	arena_reset(t->arena);
	rc = tar_entry(&e, t->arena, ae, &short_of);
	if (rc < 0)
		return err_nomem(t->err);
	if (short_of)
		stream_problem(t->s, SOURCE_ATTRS, path ? path : "", short_of);
	rc = stream_add(t->s, path, &e, t->err);
	return rc == 1 ? add_content(t, archive_entry_size_is_set(ae) ? (uint64_t)archive_entry_size(ae) : 0) : rc;
}

/* A name that is no text of the C locale is no fault: it was left as it is. */
static void warned(struct tar *t, const char *path, const char *what)
{
	if (!what || !strstr(what, "can't be converted from"))
		stream_problem(t->s, SOURCE_ATTRS, path ? path : "", what ? what : "something of it cannot be read");
}

static int read_entries(struct tar *t)
{
	struct archive_entry *ae;
	la_int64_t before;
	int r, rc = 0;

	do {
		before = archive_filter_bytes(t->tar, 0);
		r = archive_read_next_header(t->tar, &ae);
		if (is_stopped(t))
			return HZ_E_CANCELED;
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return failed(t, t->tar);
		if (r == ARCHIVE_WARN)
			warned(t, archive_entry_pathname(ae), archive_error_string(t->tar));
		archive_clear_error(t->tar);
		rc = add_entry(t, ae);
		/* Of what is not wanted the content is still there. */
		if (rc == 0 && archive_read_data_skip(t->tar) < ARCHIVE_WARN)
			rc = failed(t, t->tar);
	} while (rc == 0);
	if (rc < 0)
		return rc;
	/* One block of zeros at least, behind what fills the last block of content. */
	if (archive_filter_bytes(t->tar, 0) - (before + BLOCK - 1) / BLOCK * BLOCK < BLOCK)
		return err_set(t->err, HZ_E_IO, "%s: the tar ends before its end mark: it was cut off", t->name);
	return drain(t);
}

int stream_tar_read(struct stream *s, int fd, const char *name, hz_error **err)
{
	AUTO(arena_free) struct arena *arena = NULL;
	struct tar t = { .s = s, .fd = fd, .name = name, .err = err };
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL), old = c ? uselocale(c) : NULL;
	int rc = arena_new(&arena, err);

	t.arena = arena;
	t.in = malloc(READ_LEN);
	t.out = malloc(READ_LEN);
	t.raw = archive_read_new();
	t.tar = archive_read_new();
	if (rc == 0 && (!c || !set_up(&t)))
		rc = err_nomem(err);
	if (rc == 0)
		rc = open_both(&t);
	if (rc == 0)
		rc = read_entries(&t);
	(void)archive_read_free(t.tar);
	(void)archive_read_free(t.raw);
	free(t.in);
	free(t.out);
	if (c) {
		(void)uselocale(old);
		freelocale(c);
	}
	return rc == HZ_E_CANCELED ? err_set(err, rc, "reading was stopped") : rc;
}
