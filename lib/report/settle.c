/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signing, logging and putting away what waits: see folder.h. The lock is held all the while. Nothing is added to a log
 * that is not the one of the checkpoint: whoever changed it would get our signature for that.
 */
#include "base/lockfile.h"
#include "base/newfile.h"
#include "crypto/digest.h"
#include "report/folder.h"
#include "report/sshsig.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define NAME_LEN 96
#define STALE_S  86400 /* leftovers of a begin that was killed: so old before they go */

struct settle {
	struct folder *f;
	struct log_text log;
	struct merkle tree; /* of the log as it is, and what is added */
	int fd;             /* of the log; -1: not yet */
	bool changed;
	char **uuid; /* records that wait */
	size_t n;
};

static void settle_release(struct settle *s)
{
	log_text_release(&s->log);
	fd_close(&s->fd);
	for (size_t i = 0; i < s->n; i++)
		free(s->uuid[i]);
	free(s->uuid);
}

/* ---- is it the log of the checkpoint? ---- */

static int mismatch(const struct folder *f, const char *what, hz_error **err)
{
	err_set(err, HZ_E_CORRUPT, "the log of %s was changed: %s", f->path, what);
	err_hint(err,
		"hozen-verify log says what; keep the folder as it is for the investigation, and name another with "
		"HOZEN_EVIDENCE_DIR meanwhile");
	return HZ_E_CORRUPT;
}

static int read_head(struct settle *s, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	AUTO_FREE uint8_t *text = NULL;
	size_t len;
	int rc = vfs_read_file(&text, &len, s->f->dir, "checkpoint", CHECKPOINT_MAX, false, &why);

	if (rc == HZ_E_NOTFOUND)
		return mismatch(s->f, "the checkpoint is gone", err);
	if (rc < 0)
		return err_copy(err, why);
	rc = checkpoint_check(&s->f->head, s->f->pub, (const char *)text, len, &why);
	return rc == HZ_E_CORRUPT ? mismatch(s->f, hz_error_message(why), err) : rc < 0 ? err_copy(err, why) : 0;
}

/* One of a record's two files, in the place that it has or will have. */
static bool read_either(
	uint8_t **data, size_t *len, const struct folder *f, const struct log_entry *e, const char *suffix, size_t max)
{
	char name[LOG_NAME_LEN + 16];

	(void)snprintf(name, sizeof(name), "%s.%s", e->name, suffix);
	return vfs_read_file(data, len, f->records, name, max, false, NULL) == 0 ||
		vfs_read_file(data, len, f->pending, name + MONTH_LEN, max, false, NULL) == 0;
}

/* An entry behind the checkpoint is ours when its two files are what it says and we signed them. */
static bool is_ours(const struct folder *f, const struct log_entry *e)
{
	AUTO_FREE uint8_t *text = NULL, *sig = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	struct id record, of_sig;
	size_t len, sig_len;

	if (!read_either(&text, &len, f, e, "json", RECORD_MAX) ||
		!read_either(&sig, &sig_len, f, e, "json.sig", SSHSIG_MAX))
		return false;
	record = sha256(text, len);
	of_sig = sha256(sig, sig_len);
	return id_eq(&record, &e->record) && id_eq(&of_sig, &e->sig) &&
		sshsig_check(pub, (char *)sig, sig_len, RECORD_NAMESPACE, text, len, NULL) == 0 &&
		memcmp(pub, f->pub, SIGN_PUB_LEN) == 0;
}

static int check_log(struct settle *s, hz_error **err)
{
	struct id root;
	int rc = log_text_read(&s->log, s->f->dir, err);

	if (rc == 0)
		rc = read_head(s, err);
	if (rc < 0)
		return rc;
	if (s->log.n < s->f->head.size)
		return mismatch(s->f, "entries are missing", err);
	log_text_hash(&s->log, &s->tree, s->f->head.size);
	root = merkle_root(&s->tree);
	if (!id_eq(&root, &s->f->head.root))
		return mismatch(s->f, "its entries are not those that were signed", err);
	for (uint64_t i = s->f->head.size; i < s->log.n; i++) {
		struct log_entry e;

		if (!log_entry_read(&e, s->log.data + i * LOG_LINE_LEN) || log_text_has(&s->log, e.name, i) ||
			!is_ours(s->f, &e))
			return mismatch(s->f, "an entry at its end is of no record of this host", err);
	}
	s->changed = s->log.n > s->f->head.size;
	log_text_hash(&s->log, &s->tree, s->log.n);
	return 0;
}

/* ---- what waits ---- */

static bool ends_with(const char *name, const char *suffix)
{
	return uuid_is(name, '.') && strcmp(name + UUID_TEXT, suffix) == 0;
}

static int add_uuid(struct settle *s, const char *name)
{
	char **v = realloc(s->uuid, (s->n + 1) * sizeof(*v));

	if (!v)
		return HZ_E_NOMEM;
	s->uuid = v;
	v[s->n] = strndup(name, UUID_TEXT - 1);
	return v[s->n++] ? 0 : HZ_E_NOMEM;
}

static bool is_there(const struct folder *f, const char *uuid, const char *suffix)
{
	char name[NAME_LEN];
	AUTO_FD int fd = -1;

	(void)snprintf(name, sizeof(name), "%s.%s", uuid, suffix);
	fd = vfs()->openat(f->pending, name, O_PATH | O_NOFOLLOW, 0);
	return fd >= 0;
}

static void unlink_pending(const struct folder *f, const char *uuid, const char *suffix)
{
	char name[NAME_LEN];

	(void)snprintf(name, sizeof(name), "%s.%s", uuid, suffix);
	(void)vfs()->unlinkat(f->pending, name, 0);
}

/* The month of a record whose entry is there already: a crash came before its files were all put away. */
static bool month_in_log(const struct settle *s, const char *uuid, char month[MONTH_LEN])
{
	for (uint64_t i = s->log.n; i-- > 0;) {
		const char *line = (const char *)s->log.data + i * LOG_LINE_LEN;

		if (memcmp(line + MONTH_LEN, uuid, UUID_TEXT - 1) == 0) {
			memcpy(month, line, MONTH_LEN - 1);
			month[MONTH_LEN - 1] = '\0';
			return true;
		}
	}
	return false;
}

/* Nobody lives who would finish it: what was written at its beginning is its record. */
static void adopt(const struct settle *s, const char *name)
{
	const struct folder *f = s->f;
	AUTO_FD int fd = vfs()->openat(f->pending, name, O_RDWR | O_NOFOLLOW, 0);
	char json[NAME_LEN], month[MONTH_LEN];

	if (fd < 0 || !lockfile_try(fd))
		return;
	(void)snprintf(json, sizeof(json), "%.36s.json", name);
	/* One that is finished, or logged, stays as it is. */
	if (month_in_log(s, name, month) ||
		(vfs()->renameat2(f->pending, name, f->pending, json, RENAME_NOREPLACE) < 0 && errno == EEXIST))
		(void)vfs()->unlinkat(f->pending, name, 0);
}

/* Files of a begin that did not come to its end. */
static void sweep(struct folder *f, const char *name)
{
	static const char *const suffixes[] = { "room", "sigroom", "tmp" };
	AUTO_FD int fd = vfs()->openat(f->pending, name, O_RDONLY | O_NOFOLLOW, 0);
	char uuid[UUID_TEXT] = "";
	struct stat st;

	memcpy(uuid, name, UUID_TEXT - 1);
	if (fd >= 0 && vfs()->fstat(fd, &st) == 0 && st.st_mtime + STALE_S < clock_wall().sec && lockfile_try(fd))
		for (unsigned i = 0; i < ARRAY_LEN(suffixes); i++)
			unlink_pending(f, uuid, suffixes[i]);
}

static int see_begun(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct settle *s = user;

	(void)ino, (void)type;
	if (ends_with(name, "begun"))
		return add_uuid(s, name);
	if (ends_with(name, "tmp"))
		sweep(s->f, name);
	return 0;
}

static int see_finished(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct settle *s = user;

	(void)ino, (void)type;
	return ends_with(name, "json") || ends_with(name, "json.sig") ? add_uuid(s, name) : 0;
}

static int cmp_uuid(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int collect(struct settle *s, hz_error **err)
{
	size_t kept = 0;
	int rc = vfs_readdir(s->f->pending, see_begun, s, err);

	for (size_t i = 0; i < s->n; i++) {
		char name[NAME_LEN];

		(void)snprintf(name, sizeof(name), "%s.begun", s->uuid[i]);
		if (rc == 0)
			adopt(s, name);
		free(s->uuid[i]);
	}
	s->n = 0;
	if (rc == 0)
		rc = vfs_readdir(s->f->pending, see_finished, s, err);
	if (rc < 0)
		return rc == HZ_E_NOMEM ? err_nomem(err) : rc;
	if (s->n > 1)
		qsort(s->uuid, s->n, sizeof(*s->uuid), cmp_uuid);
	for (size_t i = 0; i < s->n; i++) {
		if (kept > 0 && strcmp(s->uuid[kept - 1], s->uuid[i]) == 0)
			free(s->uuid[i]);
		else
			s->uuid[kept++] = s->uuid[i];
	}
	s->n = kept;
	return 0;
}

/* ---- one record ---- */

/* The signature's file, in the room that was kept for it. */
static int put_sig(const struct folder *f, const char *uuid, const struct buf *sig, hz_error **err)
{
	char room[NAME_LEN], name[NAME_LEN];
	AUTO_FD int fd = -1;

	(void)snprintf(room, sizeof(room), "%s.sigroom", uuid);
	(void)snprintf(name, sizeof(name), "%s.json.sig", uuid);
	fd = vfs()->openat(f->pending, room, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0 || vfs_write_all(fd, sig->data, sig->len) < 0 || vfs()->ftruncate(fd, (off_t)sig->len) < 0 ||
		vfs()->fsync(fd) < 0 || vfs()->renameat2(f->pending, room, f->pending, name, 0) < 0 ||
		vfs()->fsync(f->pending) < 0)
		return err_errno(err, "pending %s", name);
	return 0;
}

/* The entry of a record in pending/, which is signed if it is not. */
static int make_entry(struct settle *s, const char *uuid, struct log_entry *e, hz_error **err)
{
	AUTO_IN(buf_release) struct buf sig = BUF_INIT;
	AUTO(json_read_free) struct json_value *root = NULL;
	AUTO_FREE uint8_t *text = NULL;
	struct record_view v;
	char name[NAME_LEN];
	size_t len;
	int rc;

	(void)snprintf(name, sizeof(name), "%s.json", uuid);
	rc = vfs_read_file(&text, &len, s->f->pending, name, RECORD_MAX, false, err);
	if (rc == 0)
		rc = record_read(&root, &v, (char *)text, len, err);
	if (rc == 0 && strcmp(v.uuid, uuid) != 0)
		rc = err_set(err, HZ_E_CORRUPT, "pending %s is the record %s", name, v.uuid);
	if (rc == 0)
		rc = sshsig_make(&sig, s->f->seed, RECORD_NAMESPACE, text, len, err);
	/* The same bytes each time. */
	if (rc == 0 && !is_there(s->f, uuid, "json.sig"))
		rc = put_sig(s->f, uuid, &sig, err);
	if (rc < 0)
		return rc;
	(void)snprintf(e->name, sizeof(e->name), "%s/%s", v.month, uuid);
	e->record = sha256(text, len);
	e->sig = sha256(sig.data, sig.len);
	return 0;
}

static int append(struct settle *s, const struct log_entry *e, hz_error **err)
{
	uint8_t line[LOG_LINE_LEN];
	const struct iovec iov = { line, sizeof(line) };
	struct id leaf;

	log_entry_write(line, e);
	if (s->fd < 0)
		s->fd = vfs()->openat(s->f->dir, "log", O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (s->fd < 0 || (s->log.torn && vfs()->ftruncate(s->fd, (off_t)s->log.len) < 0))
		return err_errno(err, "evidence log");
	s->log.torn = 0;
	if (vfs_pwritev_all(s->fd, &iov, 1, s->tree.n * LOG_LINE_LEN) < 0 || vfs()->fsync(s->fd) < 0 ||
		(s->tree.n == 0 && vfs()->fsync(s->f->dir) < 0)) {
		int saved = errno;

		/* Cut off what may be of it, so that the log ends with a whole line. */
		(void)vfs()->ftruncate(s->fd, (off_t)(s->tree.n * LOG_LINE_LEN));
		errno = saved;
		return err_errno(err, "evidence log");
	}
	leaf = merkle_leaf(line, sizeof(line));
	merkle_add(&s->tree, &leaf);
	s->changed = true;
	return 0;
}

/* Its files into the month's folder; one of them may be there. */
static int put_away(struct settle *s, const char *month, const char *uuid, hz_error **err)
{
	static const char *const suffixes[] = { "json", "json.sig" };
	AUTO_FD int to = -1;

	if (vfs()->mkdirat(s->f->records, month, 0700) == 0 ? vfs()->fsync(s->f->records) < 0 : errno != EEXIST)
		return err_errno(err, "evidence records/%s", month);
	to = vfs()->openat(s->f->records, month, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	for (unsigned i = 0; to >= 0 && i < 2; i++) {
		char name[NAME_LEN];

		(void)snprintf(name, sizeof(name), "%s.%s", uuid, suffixes[i]);
		/* What is there is what the log says. */
		if (vfs()->renameat2(s->f->pending, name, to, name, RENAME_NOREPLACE) == 0 || errno == ENOENT)
			continue;
		if (errno != EEXIST || vfs()->unlinkat(s->f->pending, name, 0) < 0)
			return err_errno(err, "evidence records/%s/%s", month, name);
	}
	if (to < 0 || vfs()->fsync(to) < 0 || vfs()->fsync(s->f->pending) < 0)
		return err_errno(err, "evidence records/%s", month);
	return 0;
}

static int settle_one(struct settle *s, const char *uuid, hz_error **err)
{
	struct log_entry e;
	char month[MONTH_LEN];
	int rc = 0;

	if (!month_in_log(s, uuid, month)) {
		rc = make_entry(s, uuid, &e, err);
		if (rc == 0)
			rc = append(s, &e, err);
		memcpy(month, e.name, MONTH_LEN - 1);
		month[MONTH_LEN - 1] = '\0';
	}
	if (rc == 0)
		rc = put_away(s, month, uuid, err);
	if (rc < 0)
		return rc;
	unlink_pending(s->f, uuid, "begun");
	unlink_pending(s->f, uuid, "room");
	unlink_pending(s->f, uuid, "sigroom");
	return 0;
}

static int put_head(struct settle *s, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	int rc;

	s->f->head.size = s->tree.n;
	s->f->head.root = merkle_root(&s->tree);
	rc = checkpoint_make(&b, &s->f->head, s->f->seed, err);
	return rc < 0 ? rc : newfile_put(s->f->dir, "checkpoint", b.data, b.len, 0600, NEWFILE_REPLACE, err);
}

int folder_settle(struct folder *f, hz_error **err)
{
	AUTO_IN(settle_release) struct settle s = { .f = f, .fd = -1 };
	AUTO_FD int lock = -1;
	int rc = lockfile_take(&lock, f->dir, "lock", true, err), one;

	if (rc == 0)
		rc = check_log(&s, err);
	if (rc == 0)
		rc = collect(&s, err);
	/* One that cannot be settled does not hold up the others; the first reason is told. */
	for (size_t i = 0; i < s.n; i++) {
		one = settle_one(&s, s.uuid[i], rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : one;
	}
	if (s.changed) {
		one = put_head(&s, rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : one;
	}
	return rc < 0 ? err_wrap(err, rc, "evidence %s", f->path) : 0;
}
