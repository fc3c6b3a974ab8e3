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
#include "report/checkpoint.h"
#include "report/folder.h"
#include "report/log_look.h"
#include "report/trust.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void log_tell(struct look *l, uint32_t kind, uint64_t first, uint64_t last, const char *name, const char *fmt, ...)
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
	if (l->eyes->fn)
		l->eyes->fn(l->eyes->user, &f);
}

int log_add_head(struct look *l, uint64_t size, const struct id *root, uint64_t from, hz_error **err)
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
		log_tell(l, HZ_LOG_REWRITTEN, 0, l->log.n ? l->log.n - 1 : 0, NULL, "checkpoint: %s",
			hz_error_message(why));
		return 0;
	}
	if (rc < 0)
		return err_copy(err, why);
	own_checkpoint(l, &c, text, len);
	if (!l->has_own && !is_good_by_itself(l, text, len)) {
		log_tell(l, HZ_LOG_REWRITTEN, 0, l->log.n ? l->log.n - 1 : 0, NULL,
			"the checkpoint's signature is bad, or of no key that is known here");
		return 0;
	}
	l->covered = c.size;
	if (c.size > l->log.n)
		log_tell(l, HZ_LOG_CUT, l->log.n, c.size - 1, NULL, "the checkpoint has %llu entries, the log %llu",
			(unsigned long long)c.size, (unsigned long long)l->log.n);
	return log_add_head(l, c.size, &c.root, UINT64_MAX, err);
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
		log_tell(l, HZ_LOG_CUT, l->log.n, c.size - 1, NULL,
			"the head that was kept has %llu entries, the log %llu", (unsigned long long)c.size,
			(unsigned long long)l->log.n);
	return log_add_head(l, c.size, &c.root, UINT64_MAX, err);
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
		log_tell(l, HZ_LOG_REWRITTEN, good, h->size ? h->size - 1 : 0, NULL,
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

int log_look(const char *folder, const char *state_dir, const hz_trust *trust, const char *head,
	const struct log_eyes *eyes, hz_log_result *result, hz_error **err)
{
	AUTO_IN(look_release)
	struct look l = { .dir = -1,
		.records = -1,
		.pending = -1,
		.lock = -1,
		.trust = trust,
		.eyes = eyes,
		.res = HZ_LOG_RESULT_INIT };
	int rc = crypto_init(err);

	if (rc == 0)
		rc = open_folder(&l, folder, state_dir, err);
	if (rc == 0)
		rc = look_checkpoint(&l, err);
	if (rc == 0)
		rc = look_head(&l, head, err);
	if (rc == 0)
		rc = log_look_entries(&l, err);
	if (rc == 0)
		rc = log_look_folders(&l, err);
	if (rc == 0)
		look_heads(&l);
	result_give(result, &l.res, sizeof(l.res));
	return rc;
}

int hz_log_check(const char *folder, const char *state_dir, const hz_trust *trust, const char *head,
	hz_log_finding_fn fn, void *user, hz_log_result *result, hz_error **err)
{
	const struct log_eyes eyes = { .fn = fn, .user = user };

	return log_look(folder, state_dir, trust, head, &eyes, result, err);
}

struct walk {
	hz_report_fn fn;
	void *user;
};

static int walk_each(void *user, const hz_report *r, struct json_value **root)
{
	const struct walk *w = user;

	(void)root;
	return w->fn(w->user, r);
}

int hz_records_walk(const char *folder, const char *state_dir, const hz_trust *trust, hz_report_fn fn, void *user,
	uint64_t *bad, hz_error **err)
{
	struct walk w = { fn, user };
	const struct log_eyes eyes = { .each = walk_each, .each_user = &w };
	hz_log_result res = HZ_LOG_RESULT_INIT;
	int rc = log_look(folder, state_dir, trust, NULL, &eyes, &res, err);

	if (bad)
		*bad = res.entries - res.records_good - res.records_unknown;
	return rc;
}
