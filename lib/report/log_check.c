/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that a folder shows of its log. Each record knows the log's head when its command began; such heads, the
 * checkpoint, and one that was kept elsewhere say where a log that was rewritten begins to differ.
 */
#include "base/base64.h"
#include "base/lockfile.h"
#include "base/options.h"
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/check.h"
#include "report/checkpoint.h"
#include "report/folder.h"
#include "report/trust.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct head {
	uint64_t size, from; /* from: the entry that says so; UINT64_MAX: the checkpoint, or one from elsewhere */
	struct id root;
};

struct look {
	int dir, records, pending, lock;
	struct log_text log;
	uint64_t covered; /* entries that the checkpoint covers */
	const hz_trust *trust;
	uint8_t own[SIGN_PUB_LEN]; /* the key of the checkpoint, where it is trusted */
	bool has_own;
	struct head *heads;
	size_t n_heads, cap_heads;
	char (*names)[LOG_NAME_LEN]; /* of entries, sorted */
	size_t n_names;
	hz_log_finding_fn fn;
	void *user;
	hz_log_result res;
};

static void look_release(struct look *l)
{
	log_text_release(&l->log);
	fd_close(&l->dir);
	fd_close(&l->records);
	fd_close(&l->pending);
	fd_close(&l->lock);
	free(l->heads);
	free(l->names);
}

static void tell(struct look *l, uint32_t kind, uint64_t first, uint64_t last, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
static void tell(struct look *l, uint32_t kind, uint64_t first, uint64_t last, const char *name, const char *fmt, ...)
{
	hz_log_finding f = { sizeof(f), kind, first, last, name, NULL };
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), err_text(fmt), ap);
	va_end(ap);
	f.message = text;
	if (kind == HZ_LOG_PENDING)
		l->res.pending++;
	else
		l->res.findings++;
	if (l->fn)
		l->fn(l->user, &f);
}

static int add_head(struct look *l, uint64_t size, const struct id *root, uint64_t from, hz_error **err)
{
	if (l->n_heads == l->cap_heads) {
		size_t cap = l->cap_heads ? l->cap_heads * 2 : 64;
		struct head *v = realloc(l->heads, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		l->heads = v;
		l->cap_heads = cap;
	}
	l->heads[l->n_heads++] = (struct head){ size, from, *root };
	return 0;
}

/* ---- the checkpoint ---- */

static int read_note(struct checkpoint *c, uint8_t **text, size_t *len, int dir, const char *path, hz_error **err)
{
	int rc = vfs_read_file(text, len, dir, path, CHECKPOINT_MAX, false, err);

	return rc < 0 ? rc : checkpoint_parse(c, (char *)*text, *len, err);
}

/* By the key that the checkpoint names, if it is among those that are trusted; else by that of the folder. */
static void own_checkpoint(struct look *l, const struct checkpoint *c, const uint8_t *text, size_t len)
{
	struct checkpoint again;

	for (size_t i = 0; l->trust && i < l->trust->n && !l->has_own; i++) {
		const struct trust_signer *s = &l->trust->v[i];

		if ((s->any_namespace || s->for_records) &&
			checkpoint_check(&again, s->pub, (const char *)text, len, NULL) == 0) {
			memcpy(l->own, s->pub, SIGN_PUB_LEN);
			l->has_own = true;
		}
	}
	l->res.signer = l->has_own ? HZ_SIGNER_TRUSTED : HZ_SIGNER_UNKNOWN;
	(void)snprintf(l->res.origin, sizeof(l->res.origin), "%s", c->origin);
	if (l->has_own)
		ssh_fingerprint(l->res.fingerprint, l->own);
}

/* The key beside the log: good for saying that text and signature belong together, and for nothing else. */
static bool is_good_by_itself(const struct look *l, const uint8_t *text, size_t len)
{
	AUTO_FREE uint8_t *line = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	struct checkpoint c;
	size_t n;
	char *key;

	if (vfs_read_file(&line, &n, l->dir, "signing.pub", 4096, false, NULL) < 0)
		return false;
	line[n] = '\0';
	key = strchr((char *)line, ' ');
	return key && ssh_key_parse(pub, key + 1, strcspn(key + 1, " \n")) &&
		checkpoint_check(&c, pub, (const char *)text, len, NULL) == 0;
}

static int look_checkpoint(struct look *l, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	AUTO_FREE uint8_t *text = NULL;
	struct checkpoint c;
	size_t len;
	int rc = read_note(&c, &text, &len, l->dir, "checkpoint", &why);

	if (rc == HZ_E_NOTFOUND || rc == HZ_E_CORRUPT) {
		tell(l, HZ_LOG_REWRITTEN, 0, l->log.n ? l->log.n - 1 : 0, NULL, "checkpoint: %s",
			hz_error_message(why));
		return 0;
	}
	if (rc < 0)
		return err_copy(err, why);
	own_checkpoint(l, &c, text, len);
	if (!l->has_own && !is_good_by_itself(l, text, len)) {
		tell(l, HZ_LOG_REWRITTEN, 0, l->log.n ? l->log.n - 1 : 0, NULL,
			"the checkpoint's signature is bad, or of no key that is known here");
		return 0;
	}
	l->covered = c.size;
	if (c.size > l->log.n)
		tell(l, HZ_LOG_CUT, l->log.n, c.size - 1, NULL, "the checkpoint has %llu entries, the log %llu",
			(unsigned long long)c.size, (unsigned long long)l->log.n);
	return add_head(l, c.size, &c.root, UINT64_MAX, err);
}

/* One that was kept elsewhere. It must be of this log. */
static int look_head(struct look *l, const char *path, hz_error **err)
{
	AUTO_FREE uint8_t *text = NULL;
	struct checkpoint c;
	size_t len;
	int rc = path ? read_note(&c, &text, &len, AT_FDCWD, path, err) : 0;

	if (rc < 0 || !path)
		return err_wrap(err, rc, "head %s", path ? path : "");
	if (*l->res.origin && strcmp(c.origin, l->res.origin) != 0)
		return err_set(err, HZ_E_CORRUPT, "head %s: it is of another log, %s", path, c.origin);
	if (l->has_own && checkpoint_check(&c, l->own, (char *)text, len, NULL) < 0)
		return err_set(err, HZ_E_CORRUPT, "head %s: its signature is bad", path);
	/* An older one says nothing of what came after it. */
	l->res.tail_checked = c.size >= l->log.n;
	l->res.head_size = c.size;
	if (c.size > l->log.n)
		tell(l, HZ_LOG_CUT, l->log.n, c.size - 1, NULL, "the head that was kept has %llu entries, the log %llu",
			(unsigned long long)c.size, (unsigned long long)l->log.n);
	return add_head(l, c.size, &c.root, UINT64_MAX, err);
}

/* ---- entries ---- */

static int look_record(struct look *l, uint64_t i, const struct log_entry *e, const char *text, size_t len,
	const char *sig, size_t sig_len, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	AUTO(hz_error_free) hz_error *why = NULL;
	const struct trust_signer *signer;
	uint8_t pub[SIGN_PUB_LEN];
	struct record_view v;
	int rc = record_check(&root, &v, pub, text, len, sig, sig_len, &why);

	if (rc == HZ_E_NOMEM)
		return err_nomem(err);
	if (rc < 0) {
		tell(l, HZ_LOG_BAD_RECORD, i, i, e->name, "%s", hz_error_message(why));
		return 0;
	}
	if (strcmp(v.uuid, e->name + MONTH_LEN) != 0 || memcmp(v.month, e->name, MONTH_LEN - 1) != 0) {
		tell(l, HZ_LOG_BAD_RECORD, i, i, e->name, "it is the record %s/%s", v.month, v.uuid);
		return 0;
	}
	if (l->has_own && memcmp(pub, l->own, SIGN_PUB_LEN) != 0)
		tell(l, HZ_LOG_INSERTED, i, i, e->name, "it is signed by another key than the log's");
	if (trust_find(l->trust, pub, v.time, &signer) == HZ_SIGNER_TRUSTED)
		l->res.records_good++;
	else
		l->res.records_unknown++;
	if (v.log_size > i)
		tell(l, HZ_LOG_REORDERED, i, i, e->name,
			"when its command began there were %llu entries: it does not belong here",
			(unsigned long long)v.log_size);
	return add_head(l, v.log_size, &v.log_root, i, err);
}

/* 1: read; 0: not there, which was told. */
static int read_file(struct look *l, uint8_t **data, size_t *len, const struct log_entry *e, uint64_t i,
	const char *suffix, size_t max, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	char name[LOG_NAME_LEN + 16];
	int rc;

	(void)snprintf(name, sizeof(name), "%s.%s", e->name, suffix);
	rc = vfs_read_file(data, len, l->records, name, max, false, &why);
	if (rc == HZ_E_NOTFOUND && l->pending >= 0) {
		/* Killed between log and putting away. */
		hz_error_free(TAKE(why));
		rc = vfs_read_file(data, len, l->pending, name + MONTH_LEN, max, false, &why);
	}
	if (rc == HZ_E_NOTFOUND || rc == HZ_E_INVAL) {
		tell(l, rc == HZ_E_INVAL ? HZ_LOG_CHANGED : HZ_LOG_DROPPED, i, i, e->name, "%s: %s",
			suffix[4] ? "its signature" : "the record", hz_error_message(why));
		return 0;
	}
	return rc < 0 ? err_copy(err, why) : 1;
}

static int look_entry(struct look *l, uint64_t i, const struct log_entry *e, hz_error **err)
{
	AUTO_FREE uint8_t *text = NULL, *sig = NULL;
	size_t len = 0, sig_len = 0;
	int rc = read_file(l, &text, &len, e, i, "json", RECORD_MAX, err);
	struct id hash;

	if (rc > 0)
		rc = read_file(l, &sig, &sig_len, e, i, "json.sig", SSHSIG_MAX, err);
	if (rc <= 0)
		return rc;
	hash = sha256(text, len);
	if (!id_eq(&hash, &e->record)) {
		tell(l, HZ_LOG_CHANGED, i, i, e->name, "the record is not what its entry says");
		return 0;
	}
	hash = sha256(sig, sig_len);
	if (!id_eq(&hash, &e->sig)) {
		tell(l, HZ_LOG_CHANGED, i, i, e->name, "its signature is not what its entry says");
		return 0;
	}
	return look_record(l, i, e, (char *)text, len, (char *)sig, sig_len, err);
}

static int cmp_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int look_entries(struct look *l, hz_error **err)
{
	int rc = 0;

	l->names = calloc(l->log.n + 1, sizeof(*l->names));
	if (!l->names)
		return err_nomem(err);
	for (uint64_t i = 0; rc == 0 && i < l->log.n; i++) {
		struct log_entry e;

		if (!log_entry_read(&e, l->log.data + i * LOG_LINE_LEN)) {
			tell(l, HZ_LOG_BAD_ENTRY, i, i, NULL, "line %llu of the log is no entry",
				(unsigned long long)i + 1);
			continue;
		}
		memcpy(l->names[l->n_names++], e.name, LOG_NAME_LEN);
		rc = look_entry(l, i, &e, err);
	}
	if (rc == 0 && l->log.torn)
		tell(l, HZ_LOG_BAD_ENTRY, l->log.n, l->log.n, NULL, "the last line of the log is torn");
	l->res.entries = l->log.n;
	if (rc == 0 && l->n_heads > 0 && l->covered < l->log.n)
		tell(l, HZ_LOG_INSERTED, l->covered, l->log.n - 1, NULL,
			"behind the checkpoint, so signed by nobody: the next command of this host covers them if they "
			"are its own");
	qsort(l->names, l->n_names, sizeof(*l->names), cmp_names);
	for (size_t i = 1; i < l->n_names; i++) {
		if (strcmp(l->names[i - 1], l->names[i]) == 0)
			tell(l, HZ_LOG_BAD_ENTRY, UINT64_MAX, UINT64_MAX, l->names[i], "more than one entry names it");
	}
	return rc;
}

/* ---- what no entry names ---- */

struct month {
	struct look *l;
	const char *name;
};

static int see_record(void *user, const char *file, uint64_t ino, unsigned char type)
{
	const struct month *m = user;
	char name[LOG_NAME_LEN];

	(void)ino, (void)type;
	(void)snprintf(name, sizeof(name), "%s/%.36s", m->name, file);
	if (!uuid_is(file, '.') || strcmp(file + UUID_TEXT, "json") != 0) {
		if (!uuid_is(file, '.') || strcmp(file + UUID_TEXT, "json.sig") != 0)
			tell(m->l, HZ_LOG_INSERTED, UINT64_MAX, UINT64_MAX, file, "in records/%s: no file of a record",
				m->name);
		return 0;
	}
	if (!bsearch(name, m->l->names, m->l->n_names, sizeof(*m->l->names), cmp_names))
		tell(m->l, HZ_LOG_INSERTED, UINT64_MAX, UINT64_MAX, name, "no entry of the log names it");
	return 0;
}

struct months {
	struct look *l;
	hz_error **err;
};

static int see_month(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct months *ms = user;
	struct month m = { ms->l, name };
	AUTO_FD int fd = vfs()->openat(ms->l->records, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

	(void)ino, (void)type;
	if (strlen(name) != MONTH_LEN - 1 || fd < 0) {
		tell(ms->l, HZ_LOG_INSERTED, UINT64_MAX, UINT64_MAX, name, "in records: no folder of a month");
		return 0;
	}
	return vfs_readdir(fd, see_record, &m, ms->err);
}

static int see_pending(void *user, const char *file, uint64_t ino, unsigned char type)
{
	struct look *l = user;

	(void)ino, (void)type;
	if (uuid_is(file, '.') && strcmp(file + UUID_TEXT, "bad") == 0)
		tell(l, HZ_LOG_BAD_RECORD, UINT64_MAX, UINT64_MAX, file,
			"in pending: it was to be logged, and is no record; look at it, then remove it");
	if (uuid_is(file, '.') && (strcmp(file + UUID_TEXT, "json") == 0 || strcmp(file + UUID_TEXT, "begun") == 0))
		tell(l, HZ_LOG_PENDING, UINT64_MAX, UINT64_MAX, file,
			file[UUID_TEXT] == 'b' ? "a command that runs, or was killed"
					       : "waits for its entry in the log");
	return 0;
}

static int look_folders(struct look *l, hz_error **err)
{
	struct months ms = { l, err };
	int rc = vfs_readdir(l->records, see_month, &ms, err);

	return rc < 0 || l->pending < 0 ? rc : vfs_readdir(l->pending, see_pending, l, err);
}

/* ---- heads ---- */

static int cmp_heads(const void *a, const void *b)
{
	const struct head *x = a, *y = b;

	return (x->size > y->size) - (x->size < y->size);
}

/* Where the log begins to be another than the heads say, and a head in front of which it is not. */
static void look_heads(struct look *l)
{
	struct merkle m = { .n = 0 };
	struct id root = merkle_root(&m);
	uint64_t good = 0;
	char text[BASE64_LEN(ID_LEN)];

	if (l->n_heads > 1)
		qsort(l->heads, l->n_heads, sizeof(*l->heads), cmp_heads);
	for (size_t i = 0; i < l->n_heads && l->heads[i].size <= l->log.n; i++) {
		const struct head *h = &l->heads[i];

		log_text_hash(&l->log, &m, h->size);
		root = merkle_root(&m);
		if (id_eq(&root, &h->root)) {
			good = h->size;
			continue;
		}
		tell(l, HZ_LOG_REWRITTEN, good, h->size ? h->size - 1 : 0, NULL,
			h->from == UINT64_MAX ? "these entries are not those of the signed head with %llu entries"
					      : "these entries are not those that entry %llu says",
			(unsigned long long)(h->from == UINT64_MAX ? h->size : h->from));
		break;
	}
	log_text_hash(&l->log, &m, l->log.n);
	root = merkle_root(&m);
	base64_encode(text, root.b, ID_LEN);
	memcpy(l->res.root, text, sizeof(text));
}

/* ---- all ---- */

static int open_folder(struct look *l, const char *folder, const char *state_dir, hz_error **err)
{
	AUTO_FREE char *path = NULL;
	int rc = folder_path(&path, folder, state_dir, err);

	if (rc < 0)
		return rc;
	l->dir = vfs()->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (l->dir >= 0)
		l->records = vfs()->openat(l->dir, "records", O_RDONLY | O_DIRECTORY, 0);
	if (l->records < 0)
		return err_errno(err, "evidence %s", path);
	l->pending = vfs()->openat(l->dir, "pending", O_RDONLY | O_DIRECTORY, 0);
	/* Log, checkpoint and records of one moment. */
	lockfile_share(&l->lock, l->dir, "lock");
	return err_wrap(err, log_text_read(&l->log, l->dir, err), "evidence %s", path);
}

int hz_log_check(const char *folder, const char *state_dir, const hz_trust *trust, const char *head,
	hz_log_finding_fn fn, void *user, hz_log_result *result, hz_error **err)
{
	AUTO_IN(look_release)
	struct look l = { .dir = -1,
		.records = -1,
		.pending = -1,
		.lock = -1,
		.trust = trust,
		.fn = fn,
		.user = user,
		.res = HZ_LOG_RESULT_INIT };
	int rc = crypto_init(err);

	if (rc == 0)
		rc = open_folder(&l, folder, state_dir, err);
	if (rc == 0)
		rc = look_checkpoint(&l, err);
	if (rc == 0)
		rc = look_head(&l, head, err);
	if (rc == 0)
		rc = look_entries(&l, err);
	if (rc == 0)
		rc = look_folders(&l, err);
	if (rc == 0)
		look_heads(&l);
	result_give(result, &l.res, sizeof(l.res));
	return rc;
}
