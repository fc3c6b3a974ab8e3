/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder does what is asked; then the answer waits until the link would have brought it. */
#include "support/slowstore.h"
#include "base/clock.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define SCHEME "slow"

struct slowstore {
	struct store s;
	struct store *below;
	char *location;
	uint64_t latency_ns;
	pthread_mutex_t lock; /* of both links */
	struct slow_link up, down;
};

static struct slowstore *slow_of(struct store *s)
{
	return (struct slowstore *)(void *)s;
}

uint64_t slow_link_take(struct slow_link *l, uint64_t from_ns, uint64_t len)
{
	uint64_t begin = from_ns > l->free_ns ? from_ns : l->free_ns;

	l->free_ns = begin + (uint64_t)((double)len * 1e9 / (double)l->rate);
	return l->free_ns;
}

static void wait_until(uint64_t ns)
{
	struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
}

/* A request without content: when it is answered. */
static uint64_t asked(const struct slowstore *w)
{
	return clock_mono_ns() + w->latency_ns;
}

/* Content goes with the request, or comes with the answer. */
static uint64_t carried(struct slowstore *w, struct slow_link *l, uint64_t len)
{
	uint64_t now = clock_mono_ns(), end;

	(void)pthread_mutex_lock(&w->lock);
	end = l == &w->up ? slow_link_take(l, now, len) + w->latency_ns : slow_link_take(l, now + w->latency_ns, len);
	(void)pthread_mutex_unlock(&w->lock);
	return end;
}

/* Temporary files are the outer store's owner's. It is set while one thread is at work, so that later calls write
 * nothing here. */
static void pass_owner(struct slowstore *w)
{
	if (strcmp(w->below->owner, w->s.owner) != 0)
		memcpy(w->below->owner, w->s.owner, sizeof(w->s.owner));
	if (strcmp(w->below->session, w->s.session) != 0)
		memcpy(w->below->session, w->s.session, sizeof(w->s.session));
}

static int slow_put(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err)
{
	struct slowstore *w = slow_of(s);
	uint64_t len = 0, until;
	int rc;

	for (size_t i = 0; i < n; i++)
		len += iov[i].iov_len;
	until = carried(w, &w->up, len);
	pass_owner(w);
	rc = w->below->ops->put(w->below, name, iov, n, err);
	wait_until(until);
	return rc;
}

static int slow_get(struct store *s, const char *name, uint64_t off, void *buf, size_t len, hz_error **err)
{
	struct slowstore *w = slow_of(s);
	uint64_t until = carried(w, &w->down, len);
	int rc = w->below->ops->get(w->below, name, off, buf, len, err);

	wait_until(until);
	return rc;
}

static int slow_size(struct store *s, const char *name, uint64_t *size, hz_error **err)
{
	struct slowstore *w = slow_of(s);
	uint64_t until = asked(w);
	int rc = w->below->ops->size(w->below, name, size, err);

	wait_until(until);
	return rc;
}

/* The answer says how much comes, and brings it. */
static int slow_get_all(struct store *s, const char *name, size_t max, uint8_t **data, size_t *len, hz_error **err)
{
	struct slowstore *w = slow_of(s);
	uint64_t size = 0, until;
	AUTO_FREE uint8_t *buf = NULL;
	int rc = w->below->ops->size(w->below, name, &size, err);

	if (rc == 0 && size > max)
		rc = err_set(err, HZ_E_CORRUPT, "larger than %zu bytes", max);
	until = carried(w, &w->down, rc == 0 ? size : 0);
	if (rc == 0) {
		buf = malloc(size ? (size_t)size : 1);
		rc = buf ? w->below->ops->get(w->below, name, 0, buf, (size_t)size, err) : err_nomem(err);
	}
	wait_until(until);
	if (rc < 0)
		return rc;
	*data = TAKE(buf);
	*len = (size_t)size;
	return 0;
}

static int slow_list(struct store *s, const char *folder, store_list_fn fn, void *user, hz_error **err)
{
	struct slowstore *w = slow_of(s);

	wait_until(asked(w));
	return w->below->ops->list(w->below, folder, fn, user, err);
}

static int slow_remove(struct store *s, const char *name, hz_error **err)
{
	struct slowstore *w = slow_of(s);
	uint64_t until = asked(w);
	int rc = w->below->ops->remove(w->below, name, err);

	wait_until(until);
	return rc;
}

static int slow_sync(struct store *s, const char *folder, hz_error **err)
{
	struct slowstore *w = slow_of(s);
	uint64_t until = asked(w);
	int rc = w->below->ops->sync(w->below, folder, err);

	wait_until(until);
	return rc;
}

static int slow_space(struct store *s, uint64_t *free_bytes, uint64_t *total_bytes, hz_error **err)
{
	struct slowstore *w = slow_of(s);
	uint64_t until = asked(w);
	int rc = w->below->ops->space(w->below, free_bytes, total_bytes, err);

	wait_until(until);
	return rc;
}

static int slow_sweep(struct store *s, const char *owner, bool (*is_live)(void *user, const char *session), void *user,
	hz_error **err)
{
	struct slowstore *w = slow_of(s);

	wait_until(asked(w));
	return w->below->ops->sweep(w->below, owner, is_live, user, err);
}

static void slow_close(struct store *s)
{
	struct slowstore *w = slow_of(s);

	store_close(w->below);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->location);
	free(w);
}

static const struct store_ops slow_ops = {
	.put = slow_put,
	.get = slow_get,
	.size = slow_size,
	.get_all = slow_get_all,
	.list = slow_list,
	.remove = slow_remove,
	.sync = slow_sync,
	.space = slow_space,
	.sweep = slow_sweep,
	.close = slow_close,
};

/* "slow://30ms,50M/path": *path is what begins with its slash; NULL when it is malformed. */
static const char *parse(struct slowstore *w, const char *location)
{
	const char *p = location + strlen(SCHEME "://");
	unsigned long long ms, rate;
	char unit = 'B', *end;

	ms = strtoull(p, &end, 10);
	if (end == p || strncmp(end, "ms,", 3) != 0 || ms > 10000)
		return NULL;
	p = end + 3;
	rate = strtoull(p, &end, 10);
	if (*end == 'K' || *end == 'M')
		unit = *end++;
	if (rate == 0 || rate > 1000000 || *end != '/')
		return NULL;
	w->latency_ns = ms * 1000000u;
	w->up.rate = w->down.rate = rate * (unit == 'M' ? 1000000u : unit == 'K' ? 1000u : 1u);
	return end;
}

int slowstore_open(struct store **ret, const char *location, enum store_mode mode, hz_error **err)
{
	AUTO(store_close) struct store *s = NULL;
	struct slowstore *w = calloc(1, sizeof(*w));
	const char *path;
	int rc;

	if (!w)
		return err_nomem(err);
	s = &w->s;
	s->ops = &slow_ops;
	s->remote = true;
	memcpy(s->owner, "-", 2);
	memcpy(s->session, "-", 2);
	(void)pthread_mutex_init(&w->lock, NULL);
	w->location = strdup(location);
	if (!w->location)
		return err_nomem(err);
	s->location = w->location;
	path = parse(w, location);
	if (!path)
		return err_set(err, HZ_E_INVAL, "%s: not slow://LATENCYms,RATE[K|M]/PATH", location);
	rc = store_local_open(&w->below, path, mode, err);
	if (rc < 0)
		return rc;
	s->path = w->below->path;
	*ret = TAKE(s);
	return 0;
}

int slowstore_register(void)
{
	return store_register(SCHEME, slowstore_open);
}
