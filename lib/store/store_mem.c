/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store in memory: the promises of store.h in their plainest form, which the other backends are tested against. One
 * lock, one sorted array; a listing takes its names under the lock and calls back without it.
 */
#include "store/store_backend.h"
#include "base/buf.h"
#include <pthread.h>
#include <string.h>

struct object {
	char name[STORE_NAME_MAX];
	struct buf data;
};

struct store_mem {
	struct store s;
	pthread_mutex_t lock;
	struct object **objects; /* ascending by name */
	size_t n, cap;
};

static struct store_mem *mem_of(struct store *s)
{
	return (struct store_mem *)(void *)s;
}

static void object_free(struct object *o)
{
	if (!o)
		return;
	buf_release(&o->data);
	free(o);
}
DEFINE_AUTO(struct object, object_free)

static void mem_close(struct store *s)
{
	struct store_mem *m = mem_of(s);

	for (size_t i = 0; i < m->n; i++)
		object_free(m->objects[i]);
	free(m->objects);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}

/* The place of name, or where it would stand. */
static size_t place_of(const struct store_mem *m, const char *name, bool *found)
{
	size_t low = 0, high = m->n;

	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = strcmp(m->objects[mid]->name, name);

		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int insert(struct store_mem *m, struct object *o, hz_error **err)
{
	bool found;
	size_t at = place_of(m, o->name, &found);

	if (found)
		return err_set(err, HZ_E_EXISTS, "is there already");
	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 64;
		struct object **bigger = realloc(m->objects, cap * sizeof(struct object *));

		if (!bigger)
			return err_nomem(err);
		m->objects = bigger;
		m->cap = cap;
	}
	memmove(m->objects + at + 1, m->objects + at, (m->n - at) * sizeof(struct object *));
	m->objects[at] = o;
	m->n++;
	return 0;
}

static int mem_put(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err)
{
	struct store_mem *m = mem_of(s);
	AUTO(object_free) struct object *o = calloc(1, sizeof(*o));
	int rc;

	if (!o)
		return err_nomem(err);
	memcpy(o->name, name, strlen(name) + 1);
	for (size_t i = 0; i < n; i++)
		if (buf_append(&o->data, iov[i].iov_base, iov[i].iov_len) < 0)
			return err_nomem(err);
	pthread_mutex_lock(&m->lock);
	rc = insert(m, o, err);
	pthread_mutex_unlock(&m->lock);
	if (rc == 0)
		TAKE(o);
	return rc;
}

/* Calls fn on the object under the lock. */
static int with_object(struct store *s, const char *name, int (*fn)(struct object *o, void *arg, hz_error **err),
	void *arg, hz_error **err)
{
	struct store_mem *m = mem_of(s);
	bool found;
	size_t at;
	int rc;

	pthread_mutex_lock(&m->lock);
	at = place_of(m, name, &found);
	rc = found ? fn(m->objects[at], arg, err) : err_set(err, HZ_E_NOTFOUND, "is not there");
	pthread_mutex_unlock(&m->lock);
	return rc;
}

struct range {
	uint64_t off;
	void *buf;
	size_t len;
};

static int copy_range(struct object *o, void *arg, hz_error **err)
{
	const struct range *r = arg;

	if (r->off > o->data.len || r->len > o->data.len - r->off)
		return err_set(err, HZ_E_CORRUPT, "ends at %zu, before what was asked for", o->data.len);
	if (r->len > 0)
		memcpy(r->buf, o->data.data + r->off, r->len);
	return 0;
}

static int mem_get(struct store *s, const char *name, uint64_t off, void *buf, size_t len, hz_error **err)
{
	return with_object(s, name, copy_range, &(struct range){ off, buf, len }, err);
}

static int copy_size(struct object *o, void *arg, hz_error **err)
{
	(void)err;
	*(uint64_t *)arg = o->data.len;
	return 0;
}

static int mem_size(struct store *s, const char *name, uint64_t *size, hz_error **err)
{
	return with_object(s, name, copy_size, size, err);
}

struct entry {
	char name[STORE_NAME_MAX];
	uint64_t size;
};

/* A copy of the folder's names. */
static int take_names(struct store_mem *m, const char *folder, struct entry **ret, size_t *n)
{
	size_t len = strlen(folder), count = 0;
	struct entry *all;

	pthread_mutex_lock(&m->lock);
	all = calloc(m->n + 1, sizeof(*all));
	for (size_t i = 0; all && i < m->n; i++) {
		const struct object *o = m->objects[i];

		if (len ? strncmp(o->name, folder, len) != 0 || o->name[len] != '/' : strchr(o->name, '/') != NULL)
			continue;
		memcpy(all[count].name, o->name, sizeof(o->name));
		all[count++].size = o->data.len;
	}
	pthread_mutex_unlock(&m->lock);
	*ret = all;
	*n = count;
	return all ? 0 : -1;
}

static int mem_list(struct store *s, const char *folder, store_list_fn fn, void *user, hz_error **err)
{
	AUTO_FREE struct entry *all = NULL;
	size_t n;
	int rc = 0;

	if (take_names(mem_of(s), folder, &all, &n) < 0)
		return err_nomem(err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = fn(user, all[i].name, all[i].size);
	return rc;
}

static int mem_remove(struct store *s, const char *name, hz_error **err)
{
	struct store_mem *m = mem_of(s);
	AUTO(object_free) struct object *gone = NULL;
	bool found;
	size_t at;

	pthread_mutex_lock(&m->lock);
	at = place_of(m, name, &found);
	if (found) {
		gone = m->objects[at];
		m->n--;
		memmove(m->objects + at, m->objects + at + 1, (m->n - at) * sizeof(struct object *));
	}
	pthread_mutex_unlock(&m->lock);
	return found ? 0 : err_set(err, HZ_E_NOTFOUND, "is not there");
}

/* As much as anybody could ask for. */
static int mem_sync(struct store *s, const char *folder, hz_error **err)
{
	(void)s;
	(void)folder;
	(void)err;
	return 0;
}

static int mem_space(struct store *s, uint64_t *free_bytes, uint64_t *total_bytes, hz_error **err)
{
	(void)s;
	(void)err;
	*free_bytes = *total_bytes = (uint64_t)1 << 50;
	return 0;
}

/* There are no temporary files. */
static int mem_sweep(struct store *s, const char *owner, bool (*is_live)(void *user, const char *session), void *user,
	hz_error **err)
{
	(void)s;
	(void)owner;
	(void)is_live;
	(void)user;
	(void)err;
	return 0;
}

static const struct store_ops mem_ops = {
	.put = mem_put,
	.get = mem_get,
	.size = mem_size,
	.list = mem_list,
	.remove = mem_remove,
	.sync = mem_sync,
	.space = mem_space,
	.sweep = mem_sweep,
	.close = mem_close,
};

int store_mem_new(struct store **ret, hz_error **err)
{
	struct store_mem *m = calloc(1, sizeof(*m));

	if (!m)
		return err_nomem(err);
	if (pthread_mutex_init(&m->lock, NULL) != 0) {
		free(m);
		return err_nomem(err);
	}
	m->s.ops = &mem_ops;
	m->s.location = "memory";
	memcpy(m->s.owner, "-", 2);
	memcpy(m->s.session, "-", 2);
	*ret = &m->s;
	return 0;
}
