/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder of evidence from copies of its parts: see log_copy.h. Every record that some copy has is written, also one
 * whose entry does not stand in the log in the end: whoever checks the folder then sees it. */
#include "base/newfile.h"
#include "crypto/digest.h"
#include "report/log_copy.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct claim {
	uint64_t at, head;
	uint8_t line[LOG_LINE_LEN];
};
struct log_rebuild {
	int dir, records;
	uint8_t pub[SIGN_PUB_LEN];
	struct claim *v;
	size_t n, cap;
	struct buf note;
	uint64_t head; /* entries of the note */
};

void log_rebuild_free(struct log_rebuild *b)
{
	if (!b)
		return;
	fd_close(&b->dir);
	fd_close(&b->records);
	buf_release(&b->note);
	free(b->v);
	free(b);
}

const uint8_t *log_rebuild_pub(const struct log_rebuild *b)
{
	return b->pub;
}

static int put_text(int dir, const char *name, const char *text, hz_error **err)
{
	return newfile_put(dir, name, text, strlen(text), 0600, NEWFILE_LATER, err);
}

static int put_key(const struct log_rebuild *b, hz_error **err)
{
	char key[SSH_KEY_LINE_LEN], line[SSH_KEY_LINE_LEN + 64];
	int rc;

	ssh_key_line(key, b->pub);
	(void)snprintf(line, sizeof(line), "hozen namespaces=\"%s\" %s\n", RECORD_NAMESPACE, key);
	rc = put_text(b->dir, "allowed_signers", line, err);
	(void)snprintf(line, sizeof(line), "%s hozen\n", key);
	return rc < 0 ? rc : put_text(b->dir, "signing.pub", line, err);
}

int log_rebuild_new(struct log_rebuild **ret, int parent, const uint8_t pub[SIGN_PUB_LEN], hz_error **err)
{
	AUTO(log_rebuild_free) struct log_rebuild *b = calloc(1, sizeof(*b));
	struct id hash = sha256(pub, SIGN_PUB_LEN);
	struct id_hex name = id_hex(&hash);
	int rc;

	if (!b)
		return err_nomem(err);
	b->dir = b->records = -1;
	memcpy(b->pub, pub, SIGN_PUB_LEN);
	if (vfs()->mkdirat(parent, name.s, 0700) < 0)
		return err_errno(err, "copy of a log %s", name.s);
	b->dir = vfs()->openat(parent, name.s, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (b->dir < 0 || vfs()->mkdirat(b->dir, "records", 0700) < 0)
		return err_errno(err, "copy of a log %s", name.s);
	b->records = vfs()->openat(b->dir, "records", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	rc = b->records < 0 ? err_errno(err, "copy of a log %s", name.s) : put_key(b, err);
	if (rc == 0)
		*ret = TAKE(b);
	return rc;
}

int log_rebuild_head(struct log_rebuild *b, const struct checkpoint *c, const void *note, size_t len, hz_error **err)
{
	if (b->note.len > 0 && c->size <= b->head)
		return 0;
	buf_reset(&b->note);
	b->head = c->size;
	return buf_append(&b->note, note, len) < 0 ? err_nomem(err) : 0;
}

static int put_file(int dir, const char *uuid, const char *suffix, const void *data, size_t len, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	char name[UUID_TEXT + 16];
	int rc;

	(void)snprintf(name, sizeof(name), "%s.%s", uuid, suffix);
	rc = newfile_put(dir, name, data, len, 0600, NEWFILE_LATER, &why);
	/* Of another copy; whether it is what the log says shows when that is checked. */
	return rc == 0 || rc == HZ_E_EXISTS ? 0 : err_copy(err, why);
}

static int put_record(struct log_rebuild *b, const struct log_entry *e, const void *text, size_t len, const void *sig,
	size_t sig_len, hz_error **err)
{
	AUTO_FD int to = -1;
	char month[MONTH_LEN] = "";
	int rc;

	memcpy(month, e->name, MONTH_LEN - 1);
	if (vfs()->mkdirat(b->records, month, 0700) < 0 && errno != EEXIST)
		return err_errno(err, "copy of a log: records/%s", month);
	to = vfs()->openat(b->records, month, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (to < 0)
		return err_errno(err, "copy of a log: records/%s", month);
	rc = put_file(to, e->name + MONTH_LEN, "json", text, len, err);
	return rc < 0 ? rc : put_file(to, e->name + MONTH_LEN, "json.sig", sig, sig_len, err);
}

int log_rebuild_entry(struct log_rebuild *b, uint64_t i, uint64_t head, const uint8_t line[LOG_LINE_LEN],
	const void *text, size_t len, const void *sig, size_t sig_len, hz_error **err)
{
	struct log_entry e;

	if (!log_entry_read(&e, line) || i >= LOG_ENTRIES_MAX)
		return err_set(err, HZ_E_CORRUPT, "no entry of a log");
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 256;
		struct claim *v = realloc(b->v, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		b->v = v;
		b->cap = cap;
	}
	b->v[b->n].at = i;
	b->v[b->n].head = head;
	memcpy(b->v[b->n++].line, line, LOG_LINE_LEN);
	return len > 0 ? put_record(b, &e, text, len, sig, sig_len, err) : 0;
}

static int cmp_claim(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	return memcmp(x->line, y->line, LOG_LINE_LEN);
}

/* One line more: of a claim, or of none. */
static int put_line(struct newfile *f, const uint8_t *line, hz_error **err)
{
	uint8_t dashes[LOG_LINE_LEN];
	struct iovec iov = { (void *)(uintptr_t)line, LOG_LINE_LEN };

	memset(dashes, '-', sizeof(dashes));
	dashes[LOG_LINE_LEN - 1] = '\n';
	if (!line)
		iov.iov_base = dashes;
	return newfile_write(f, &iov, 1, err);
}

static int put_lines(struct log_rebuild *b, struct newfile *f, struct log_rebuilt *r, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->n; i++) {
		const struct claim *c = &b->v[i];

		if (i > 0 && c->at == b->v[i - 1].at) {
			r->contradictions += memcmp(c->line, b->v[i - 1].line, LOG_LINE_LEN) != 0;
			continue;
		}
		for (; rc == 0 && r->entries < c->at; r->entries++, r->missing++)
			rc = put_line(f, NULL, err);
		if (rc == 0)
			rc = put_line(f, c->line, err);
		r->entries++;
	}
	return rc;
}

int log_rebuild_end(struct log_rebuild *b, struct log_rebuilt *r, hz_error **err)
{
	AUTO(newfile_discard) struct newfile *f = NULL;
	int rc = newfile_create(&f, b->dir, "log", ".tmp.log", 0600, err);

	*r = (struct log_rebuilt){ 0 };
	if (b->n > 1)
		qsort(b->v, b->n, sizeof(*b->v), cmp_claim);
	if (rc == 0)
		rc = put_lines(b, f, r, err);
	if (rc == 0)
		rc = newfile_commit(TAKE(f), NEWFILE_LATER, err);
	if (rc == 0)
		rc = newfile_put(b->dir, "checkpoint", b->note.data, b->note.len, 0600, NEWFILE_LATER, err);
	return rc;
}
