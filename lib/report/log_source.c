/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a log that is to be copied: see log_copy.h. Only what its own checkpoint covers is believed. */
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/folder.h"
#include "report/log_copy.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void log_source_release(struct log_source *s)
{
	log_text_release(&s->log);
	fd_close(&s->dir);
	fd_close(&s->records);
	fd_close(&s->pending);
	free(TAKE(s->note));
}

static int read_key(struct log_source *s, hz_error **err)
{
	AUTO_FREE uint8_t *line = NULL;
	size_t n = 0;
	char *key;
	int rc = vfs_read_file(&line, &n, s->dir, "signing.pub", 4096, false, err);

	if (rc < 0)
		return rc;
	line[n] = '\0';
	key = strchr((char *)line, ' ');
	if (!key || !ssh_key_parse(s->pub, key + 1, strcspn(key + 1, " \n")))
		return err_set(err, HZ_E_CORRUPT, "signing.pub is no key of a log");
	return 0;
}

struct id log_source_root(const struct log_source *s, uint64_t n)
{
	struct merkle m = { .n = 0 };

	log_text_hash(&s->log, &m, n);
	return merkle_root(&m);
}

/* The checkpoint first: the log that is read after it has at least its entries. */
static int read_log(struct log_source *s, hz_error **err)
{
	struct id root;
	int rc = read_key(s, err);

	if (rc == 0)
		rc = vfs_read_file(&s->note, &s->note_len, s->dir, "checkpoint", CHECKPOINT_MAX, false, err);
	if (rc == 0)
		rc = checkpoint_check(&s->head, s->pub, (char *)s->note, s->note_len, err);
	if (rc == 0)
		rc = log_text_read(&s->log, s->dir, err);
	if (rc < 0)
		return rc;
	if (s->log.n < s->head.size)
		return err_set(err, HZ_E_CORRUPT, "entries of the log are missing");
	root = log_source_root(s, s->head.size);
	return id_eq(&root, &s->head.root) ? 0 : err_set(err, HZ_E_CORRUPT, "the log's entries are not those signed");
}

int log_source_open(struct log_source *s, const char *folder, const char *state_dir, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	int rc = folder_path(&path, folder, state_dir, err);

	*s = (struct log_source){ .dir = -1, .records = -1, .pending = -1 };
	if (rc < 0)
		return rc;
	s->dir = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (s->dir >= 0)
		s->records = vfs()->openat(s->dir, "records", O_RDONLY | O_DIRECTORY, 0);
	if (s->records < 0)
		return err_errno(err, "evidence %s", path);
	s->pending = vfs()->openat(s->dir, "pending", O_RDONLY | O_DIRECTORY, 0);
	return err_wrap(err, read_log(s, err), "evidence %s", path);
}

/* In records/, or on its way there. 1, 0: not there or too long, or a failure. */
static int read_one(const struct log_source *s, struct buf *out, const struct log_entry *e, const char *suffix,
	size_t max, const struct id *want, hz_error **err)
{
	const int folders[] = { s->records, s->pending, s->records };
	char name[LOG_NAME_LEN + 16];
	struct id hash;

	(void)snprintf(name, sizeof(name), "%s.%s", e->name, suffix);
	for (unsigned i = 0; i < ARRAY_LEN(folders); i++) {
		AUTO(hz_error_free) hz_error *why = NULL;
		AUTO_FREE uint8_t *data = NULL;
		size_t len = 0;
		int rc = folders[i] < 0
			? HZ_E_NOTFOUND
			: vfs_read_file(&data, &len, folders[i], i == 1 ? name + MONTH_LEN : name, max, false, &why);

		if (rc == HZ_E_NOTFOUND)
			continue;
		if (rc == HZ_E_INVAL)
			return 0;
		if (rc < 0)
			return err_copy(err, why);
		buf_reset(out);
		hash = sha256(data, len);
		if (!id_eq(&hash, want))
			return 0;
		return buf_append(out, data, len) < 0 ? err_nomem(err) : 1;
	}
	return 0;
}

int log_source_record(struct log_source *s, uint64_t i, struct buf *text, struct buf *sig, hz_error **err)
{
	struct log_entry e;
	int rc;

	buf_reset(text);
	buf_reset(sig);
	if (!log_entry_read(&e, s->log.data + i * LOG_LINE_LEN))
		return err_set(err, HZ_E_CORRUPT, "line %llu of the log is no entry", (unsigned long long)i + 1);
	rc = read_one(s, text, &e, "json", RECORD_MAX, &e.record, err);
	if (rc > 0)
		rc = read_one(s, sig, &e, "json.sig", SSHSIG_MAX, &e.sig, err);
	if (rc <= 0) {
		buf_reset(text);
		buf_reset(sig);
	}
	return rc;
}
