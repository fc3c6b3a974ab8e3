/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of an evidence folder for somebody else: the log is copied whole, for its root is over all of it. */
#include "base/newfile.h"
#include "crypto/digest.h"
#include "report/checkpoint.h"
#include "report/folder.h"
#include "report/sshsig.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define NAME_LEN (LOG_NAME_LEN + 16)

struct copying {
	int from, out, month; /* month: the open one of out/records */
	int records;
	char month_name[MONTH_LEN];
	const char *path, *period;
	uint8_t *head; /* the checkpoint's text */
	size_t head_len;
	struct log_text log;
	uint64_t n;
};

static void copying_release(struct copying *c)
{
	fd_close(&c->from);
	fd_close(&c->month);
	fd_close(&c->records);
	fd_close(&c->out);
	log_text_release(&c->log);
	free(c->head);
}

static bool is_period(const char *p)
{
	size_t len = strlen(p);

	for (size_t i = 0; i < len; i++) {
		if (i == 4 ? p[i] != '-' : p[i] < '0' || p[i] > '9')
			return false;
	}
	return len == 4 || len == MONTH_LEN - 1;
}

/* hash: what it must be; NULL: anything. */
static int copy_file(struct copying *c, int to, const char *from, const char *name, size_t max, const struct id *hash,
	hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	struct id is;
	size_t len;
	int rc = vfs_read_file(&data, &len, c->from, from, max, false, err);

	if (rc == 0 && hash) {
		is = sha256(data, len);
		if (!id_eq(&is, hash))
			rc = err_set(
				err, HZ_E_CORRUPT, "%s is not what the log says: 'hozen-verify log' shows more", from);
	}
	return rc < 0 ? rc : newfile_put(to, name, data, len, 0644, NEWFILE_LATER, err);
}

static int make_folder(int *fd, int at, const char *name, hz_error **err)
{
	if (vfs()->mkdirat(at, name, 0755) < 0)
		return err_errno(err, "make %s", name);
	*fd = vfs()->openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	return *fd < 0 ? err_errno(err, "open %s", name) : 0;
}

static int copy_record(struct copying *c, const struct log_entry *e, hz_error **err)
{
	char from[NAME_LEN];
	int rc = 0;

	if (strncmp(c->month_name, e->name, MONTH_LEN - 1) != 0) {
		memcpy(c->month_name, e->name, MONTH_LEN - 1);
		fd_close(&c->month);
		c->month = vfs()->openat(c->records, c->month_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		if (c->month < 0)
			rc = make_folder(&c->month, c->records, c->month_name, err);
	}
	for (unsigned i = 0; rc == 0 && i < 2; i++) {
		char path[NAME_LEN + 8];

		(void)snprintf(from, sizeof(from), "%s.json%s", e->name, i ? ".sig" : "");
		(void)snprintf(path, sizeof(path), "records/%s", from);
		rc = copy_file(c, c->month, path, from + MONTH_LEN, i ? SSHSIG_MAX : RECORD_MAX,
			i ? &e->sig : &e->record, err);
	}
	c->n += rc == 0;
	return rc == HZ_E_NOTFOUND
		? err_set(err, HZ_E_CORRUPT, "record %s: the log names it, and it is missing", e->name)
		: rc;
}

static int copy_records(struct copying *c, hz_error **err)
{
	int rc = make_folder(&c->records, c->out, "records", err);

	for (uint64_t i = 0; rc == 0 && i < c->log.n; i++) {
		AUTO(hz_error_free) hz_error *why = NULL;
		struct log_entry e;

		if (!log_entry_read(&e, c->log.data + i * LOG_LINE_LEN))
			return err_set(
				err, HZ_E_CORRUPT, "line %llu of the log is no entry", (unsigned long long)i + 1);
		if (strncmp(e.name, c->period, strlen(c->period)) == 0)
			rc = copy_record(c, &e, &why);
		if (rc < 0)
			(void)err_copy(err, why);
	}
	if (rc == 0 && c->n == 0)
		rc = err_set(err, HZ_E_NOTFOUND, "no record of %s", c->period);
	return rc;
}

static int copy_all(struct copying *c, hz_error **err)
{
	static const char *const names[] = { "allowed_signers", "signing.pub" };
	char text[16];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(names); i++)
		rc = copy_file(c, c->out, names[i], names[i], (size_t)1 << 20, NULL, err);
	(void)snprintf(text, sizeof(text), "%s\n", c->period);
	if (rc == 0)
		rc = newfile_put(c->out, "period", text, strlen(text), 0644, NEWFILE_LATER, err);
	if (rc == 0)
		rc = newfile_put(c->out, "checkpoint", c->head, c->head_len, 0644, NEWFILE_LATER, err);
	if (rc == 0)
		rc = newfile_put(c->out, "log", c->log.data, c->log.len, 0644, NEWFILE_LATER, err);
	return rc < 0 ? rc : copy_records(c, err);
}

/* What this call has made, and nothing else. */
static int remove_name(void *user, const char *name, uint64_t ino, unsigned char type)
{
	int dir = *(int *)user;
	AUTO_FD int fd = -1;

	(void)ino, (void)type;
	if (vfs()->unlinkat(dir, name, 0) == 0)
		return 0;
	fd = vfs()->openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd >= 0 && vfs_readdir(fd, remove_name, &fd, NULL) == 0)
		(void)vfs()->unlinkat(dir, name, AT_REMOVEDIR);
	return 0;
}

/* The log as far as the checkpoint goes, which was read before it: so the two belong together while others add. */
static int read_log(struct copying *c, hz_error **err)
{
	struct checkpoint head;
	int rc = vfs_read_file(&c->head, &c->head_len, c->from, "checkpoint", CHECKPOINT_MAX, false, err);

	if (rc == 0)
		rc = checkpoint_parse(&head, (char *)c->head, c->head_len, err);
	if (rc == 0)
		rc = log_text_read(&c->log, c->from, err);
	if (rc == 0 && c->log.n < head.size)
		rc = err_set(err, HZ_E_CORRUPT, "the log has fewer entries than its checkpoint");
	if (rc < 0)
		return rc;
	c->log.n = head.size;
	c->log.len = head.size * LOG_LINE_LEN;
	return 0;
}

static int copy(struct copying *c, const char *folder, const char *state_dir, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	int rc = folder_path(&path, folder, state_dir, err);

	if (rc < 0)
		return rc;
	c->from = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (c->from < 0)
		return err_errno(err, "evidence %s", path);
	rc = err_wrap(err, read_log(c, err), "evidence %s", path);
	if (rc == 0 && vfs()->mkdirat(AT_FDCWD, c->path, 0700) < 0)
		return err_errno(err, "make %s", c->path);
	if (rc < 0)
		return rc;
	c->out = vfs()->openat(AT_FDCWD, c->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	rc = c->out < 0 ? err_errno(err, "open %s", c->path) : copy_all(c, err);
	if (rc == 0 && (vfs()->fchmod(c->out, 0755) < 0 || vfs()->syncfs(c->out) < 0))
		rc = err_errno(err, "flush %s", c->path);
	if (rc < 0 && c->out >= 0)
		(void)vfs_readdir(c->out, remove_name, &c->out, NULL);
	if (rc < 0)
		(void)vfs()->unlinkat(AT_FDCWD, c->path, AT_REMOVEDIR);
	return rc;
}

int hz_evidence_copy(const char *folder, const char *state_dir, const char *period, const char *out, uint64_t *records,
	hz_error **err)
{
	AUTO_IN(copying_release)
	struct copying c = { .from = -1, .out = -1, .month = -1, .records = -1, .path = out, .period = period };
	int rc;

	if (!is_period(period))
		return err_set(err, HZ_E_INVAL, "%.40s is no period: give a year or a month, such as 2026-11", period);
	rc = copy(&c, folder, state_dir, err);
	if (rc == 0 && records)
		*records = c.n;
	return rc;
}
