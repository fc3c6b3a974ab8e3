/* SPDX-License-Identifier: BSD-2-Clause */
/* Without get_all of its own: whole objects are read by size and get, which is what is noted. */
#include "support/logstore.h"
#include "base/buf.h"
#include <pthread.h>
#include <string.h>

struct logstore {
	struct store s;
	struct store *below;
	pthread_mutex_t lock; /* of the reads: struct log_read, one after the other */
	struct buf reads;
};

static struct logstore *log_of(struct store *s)
{
	return (struct logstore *)(void *)s;
}

static int log_put(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err)
{
	return log_of(s)->below->ops->put(log_of(s)->below, name, iov, n, err);
}

static int log_get(struct store *s, const char *name, uint64_t off, void *buf, size_t len, hz_error **err)
{
	struct logstore *l = log_of(s);
	struct log_read r = { .off = off, .len = len };
	int rc = l->below->ops->size(l->below, name, &r.size, err);

	if (rc < 0)
		return rc;
	memcpy(r.name, name, strlen(name) + 1);
	(void)pthread_mutex_lock(&l->lock);
	rc = buf_append(&l->reads, &r, sizeof(r));
	(void)pthread_mutex_unlock(&l->lock);
	return rc < 0 ? err_nomem(err) : l->below->ops->get(l->below, name, off, buf, len, err);
}

static int log_size(struct store *s, const char *name, uint64_t *size, hz_error **err)
{
	return log_of(s)->below->ops->size(log_of(s)->below, name, size, err);
}

static int log_list(struct store *s, const char *folder, store_list_fn fn, void *user, hz_error **err)
{
	return log_of(s)->below->ops->list(log_of(s)->below, folder, fn, user, err);
}

static int log_remove(struct store *s, const char *name, hz_error **err)
{
	return log_of(s)->below->ops->remove(log_of(s)->below, name, err);
}

static int log_sync(struct store *s, const char *folder, hz_error **err)
{
	return log_of(s)->below->ops->sync(log_of(s)->below, folder, err);
}

static int log_space(struct store *s, uint64_t *free_bytes, uint64_t *total_bytes, hz_error **err)
{
	return log_of(s)->below->ops->space(log_of(s)->below, free_bytes, total_bytes, err);
}

static int log_sweep(struct store *s, const char *owner, bool (*is_live)(void *user, const char *session), void *user,
	hz_error **err)
{
	return log_of(s)->below->ops->sweep(log_of(s)->below, owner, is_live, user, err);
}

/* FNV-1a. */
static uint64_t log_place(struct store *s, const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;

	(void)s;
	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 0x100000001b3u;
	return h | 1;
}

static void log_close(struct store *s)
{
	struct logstore *l = log_of(s);

	store_close(l->below);
	buf_release(&l->reads);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

static const struct store_ops log_ops = {
	.put = log_put,
	.get = log_get,
	.size = log_size,
	.list = log_list,
	.remove = log_remove,
	.sync = log_sync,
	.space = log_space,
	.sweep = log_sweep,
	.place = log_place,
	.close = log_close,
};

int logstore_new(struct store **ret, struct store *below, hz_error **err)
{
	struct logstore *l = calloc(1, sizeof(*l));

	if (!l)
		return err_nomem(err);
	l->s = *below;
	l->s.ops = &log_ops;
	l->below = below;
	(void)pthread_mutex_init(&l->lock, NULL);
	*ret = &l->s;
	return 0;
}

const struct log_read *logstore_reads(struct store *s, size_t *n)
{
	struct logstore *l = log_of(s);

	*n = l->reads.len / sizeof(struct log_read);
	return (const struct log_read *)(const void *)l->reads.data;
}
