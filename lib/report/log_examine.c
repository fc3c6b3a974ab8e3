/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of a log with the records that they name, examined side by side: reading, hashing, verifying and parsing are
 * nearly all of the work, and no record needs another for it. Invariant: nothing here changes the look; what was found
 * is handed out in the order of the log, on the thread of the caller.
 */
#include "base/pool.h"
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/log_look.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Entries at a time. Two windows lie in memory, with a text of RECORD_MAX at most each, or what it is parsed to where
 * that is wanted; else that is of one record a worker, and at most some forty times its text. */
#define WINDOW  16
#define WORKERS 4

struct window {
	const struct look *l;
	uint64_t from;
	unsigned n, next; /* next: atomic */
	struct examined v[WINDOW];
};

static int examined_tell(struct examined *x, uint32_t kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int examined_tell(struct examined *x, uint32_t kind, const char *fmt, ...)
{
	va_list ap;

	x->kind = kind;
	va_start(ap, fmt);
	(void)vsnprintf(x->why, sizeof(x->why), err_text(fmt), ap);
	va_end(ap);
	return 0;
}

static void examined_release(struct examined *x)
{
	free(x->report.text);
	json_read_free(x->root);
	hz_error_free(x->err);
}

/* ---- one entry ---- */

/* 1: read; 0: not there, which was found. */
static int read_file(
	const struct look *l, struct examined *x, uint8_t **data, size_t *len, const char *suffix, size_t max)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	char name[LOG_NAME_LEN + 16];
	int rc;

	(void)snprintf(name, sizeof(name), "%s.%s", x->e.name, suffix);
	rc = vfs_read_file(data, len, l->records, name, max, false, &why);
	if (rc == HZ_E_NOTFOUND && l->pending >= 0) {
		/* Killed between log and putting away. */
		hz_error_free(TAKE(why));
		rc = vfs_read_file(data, len, l->pending, name + MONTH_LEN, max, false, &why);
	}
	if (rc == HZ_E_NOTFOUND || rc == HZ_E_INVAL)
		return examined_tell(x, rc == HZ_E_INVAL ? HZ_LOG_CHANGED : HZ_LOG_DROPPED, "%s: %s",
			suffix[4] ? "its signature" : "the record", hz_error_message(why));
	return rc < 0 ? err_copy(&x->err, why) : 1;
}

static int examine_record(
	const struct look *l, struct examined *x, uint8_t **text, size_t len, const char *sig, size_t sig_len)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	AUTO(hz_error_free) hz_error *why = NULL;
	struct record_view v;
	int rc = record_check(&root, &v, x->pub, (char *)*text, len, sig, sig_len, &why);

	if (rc == HZ_E_NOMEM)
		return err_nomem(&x->err);
	if (rc < 0)
		return examined_tell(x, HZ_LOG_BAD_RECORD, "%s", hz_error_message(why));
	if (strcmp(v.uuid, x->e.name + MONTH_LEN) != 0 || memcmp(v.month, x->e.name, MONTH_LEN - 1) != 0)
		return examined_tell(x, HZ_LOG_BAD_RECORD, "it is the record %s/%s", v.month, v.uuid);
	x->time = v.time;
	x->log_size = v.log_size;
	x->log_root = v.log_root;
	if (l->eyes->each) {
		report_fill(&x->report, &v, l->trust, x->pub, text, len);
		if (l->eyes->roots)
			x->root = TAKE(root);
	}
	return 0;
}

static int examine(const struct look *l, struct examined *x, uint64_t i)
{
	AUTO_FREE uint8_t *text = NULL, *sig = NULL;
	size_t len = 0, sig_len = 0;
	struct id hash;
	int rc;

	x->is_entry = log_entry_read(&x->e, l->log.data + i * LOG_LINE_LEN);
	if (!x->is_entry)
		return 0;
	rc = read_file(l, x, &text, &len, "json", RECORD_MAX);
	if (rc > 0)
		rc = read_file(l, x, &sig, &sig_len, "json.sig", SSHSIG_MAX);
	if (rc <= 0)
		return rc;
	hash = sha256(text, len);
	if (!id_eq(&hash, &x->e.record))
		return examined_tell(x, HZ_LOG_CHANGED, "the record is not what its entry says");
	hash = sha256(sig, sig_len);
	if (!id_eq(&hash, &x->e.sig))
		return examined_tell(x, HZ_LOG_CHANGED, "its signature is not what its entry says");
	return examine_record(l, x, &text, len, (char *)sig, sig_len);
}

/* ---- all ---- */

/* A task: what is left of the window. A failure is the entry's, and ends the walk when its turn comes. */
static int examine_some(void *arg, unsigned worker, hz_error **err)
{
	struct window *w = arg;
	unsigned i;

	(void)worker, (void)err;
	while ((i = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED)) < w->n)
		w->v[i].rc = examine(w->l, &w->v[i], w->from + i);
	return 0;
}

/* pool NULL: at once, on this thread. */
static int window_begin(struct window *w, struct pool *pool, uint64_t from, hz_error **err)
{
	uint64_t left = w->l->log.n > from ? w->l->log.n - from : 0;
	int rc = 0;

	w->from = from;
	w->n = left < WINDOW ? (unsigned)left : WINDOW;
	w->next = 0;
	memset(w->v, 0, w->n * sizeof(*w->v));
	if (w->n == 0)
		return 0;
	if (!pool)
		return examine_some(w, 0, err);
	for (unsigned i = 0; rc == 0 && i < pool_workers(pool); i++)
		rc = pool_submit(pool, 0, examine_some, NULL, w, err);
	return rc;
}

static int window_give(struct window *w, log_take_fn take, void *user, hz_error **err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < w->n; i++) {
		struct examined *x = &w->v[i];

		if (x->rc < 0)
			return x->err ? err_copy(err, x->err) : x->rc;
		rc = take(user, w->from + i, x, err);
	}
	return rc;
}

static void window_end(struct window *w)
{
	for (unsigned i = 0; i < w->n; i++)
		examined_release(&w->v[i]);
	w->n = 0;
}

/* The next window is under way while one is handed out. */
static int walk(struct window w[2], struct pool *pool, log_take_fn take, void *user, hz_error **err)
{
	int rc = window_begin(&w[0], pool, 0, err);

	for (unsigned k = 0; rc == 0 && w[k].n > 0; k ^= 1) {
		if (pool)
			rc = pool_wait(pool, 0, NULL, NULL, err);
		if (rc == 0)
			rc = window_begin(&w[k ^ 1], pool, w[k].from + w[k].n, err);
		if (rc == 0)
			rc = window_give(&w[k], take, user, err);
		window_end(&w[k]);
	}
	return rc;
}

int log_examine(const struct look *l, log_take_fn take, void *user, hz_error **err)
{
	AUTO_FREE struct window *w = calloc(2, sizeof(*w));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct pool *pool = NULL;
	int rc = w ? 0 : err_nomem(err);

	/* A short log is not worth threads; where there can be none this one is enough. */
	if (rc == 0 && l->log.n > 4 * WINDOW && cores > 1 &&
		pool_new(&pool, cores < WORKERS ? (unsigned)cores : WORKERS, NULL) < 0)
		pool = NULL;
	if (rc == 0) {
		w[0].l = w[1].l = l;
		rc = walk(w, pool, take, user, err);
	}
	pool_free(pool);
	for (unsigned k = 0; w && k < 2; k++)
		window_end(&w[k]);
	return rc;
}
