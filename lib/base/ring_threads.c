/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests by threads with pread and pwrite, one for each slot: none waits behind another. */
#include "base/ring_internal.h"
#include "base/pool.h"
#include "base/vfs.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

struct threads {
	struct pool *pool;
	pthread_mutex_t mutex;
	pthread_cond_t back;
	/* Those that are back, under the mutex. */
	unsigned slot[RING_DEPTH_MAX], n;
	ssize_t result[RING_DEPTH_MAX];
	struct request {
		struct threads *t;
		struct ring_slot *slot;
		unsigned index;
		int fd;
	} requests[RING_DEPTH_MAX];
};

static int run(void *arg, unsigned worker, hz_error **err)
{
	struct request *q = arg;
	struct ring_slot *s = q->slot;
	struct threads *t = q->t;
	const off_t off = (off_t)(s->off + s->done);
	ssize_t n;

	(void)worker;
	(void)err;
	if (s->op == RING_READ)
		n = vfs()->pread(q->fd, s->rest.iov_base, s->rest.iov_len, off);
	else
		n = vfs()->pwritev(q->fd, &s->rest, 1, off);
	if (n < 0)
		n = -errno;
	pthread_mutex_lock(&t->mutex);
	t->slot[t->n] = q->index;
	t->result[t->n++] = n;
	pthread_cond_signal(&t->back);
	pthread_mutex_unlock(&t->mutex);
	return 0;
}

static int threads_open(void **ret, struct ring *r, hz_error **err)
{
	struct threads *t = calloc(1, sizeof(*t));
	pthread_condattr_t attr;
	int rc;

	if (!t)
		return err_nomem(err);
	rc = pool_new(&t->pool, r->o.depth, err);
	if (rc < 0) {
		free(t);
		return rc;
	}
	pthread_mutex_init(&t->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->back, &attr);
	pthread_condattr_destroy(&attr);
	for (unsigned i = 0; i < r->o.depth; i++)
		t->requests[i] = (struct request){ t, &r->slots[i], i, r->o.fd };
	*ret = t;
	return 0;
}

static int threads_start(void *way, struct ring *r, unsigned slot)
{
	struct threads *t = way;

	(void)r;
	return pool_submit(t->pool, 0, run, NULL, &t->requests[slot], NULL) < 0 ? -ENOMEM : 0;
}

static int threads_next(void *way, unsigned *slot, ssize_t *result, unsigned wait_ms, hz_error **err)
{
	struct threads *t = way;
	struct timespec until;
	int rc = 0, found;

	(void)err;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(wait_ms / 1000);
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000)
		until.tv_sec++, until.tv_nsec -= 1000000000;
	pthread_mutex_lock(&t->mutex);
	while (t->n == 0 && rc == 0)
		rc = pthread_cond_timedwait(&t->back, &t->mutex, &until);
	found = t->n > 0;
	if (found) {
		t->n--;
		*slot = t->slot[t->n];
		*result = t->result[t->n];
	}
	pthread_mutex_unlock(&t->mutex);
	return found;
}

static void threads_close(void *way)
{
	struct threads *t = way;

	pool_free(t->pool);
	pthread_cond_destroy(&t->back);
	pthread_mutex_destroy(&t->mutex);
	free(t);
}

const struct ring_way ring_threads = { "threads", threads_open, threads_start, threads_next, threads_close };
