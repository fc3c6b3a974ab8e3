/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers over a bounded set of tasks. One mutex guards everything; `stopped` alone may be read without it. Invariants:
 * every task that was taken is run or dropped, once, and neither happens under the mutex; pending counts the tasks that
 * are waiting, running or being dropped, so that 0 means that no task's memory is in use any more.
 */
#include "base/pool.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

struct task {
	struct task *next;
	pool_fn fn;
	pool_drop_fn drop;
	void *arg;
};

struct pool {
	pthread_mutex_t mutex;
	pthread_cond_t work; /* a task waits, or the pool closes */
	pthread_cond_t idle; /* pending reached 0, or a task ended while somebody waits for some of them */
	struct task *stack[POOL_CLASSES];
	size_t waiting[POOL_CLASSES];
	size_t pending;
	atomic_bool stopped;
	bool closing, watched; /* watched: somebody waits for some of the tasks */
	int rc;                /* the first failure */
	hz_error *err;
	unsigned n;
	struct worker {
		struct pool *pool;
		unsigned index;
		pthread_t thread;
	} workers[];
};

static void task_drop(struct task *t)
{
	if (t->drop)
		t->drop(t->arg);
	free(t);
}

/* With the mutex held; gives it up while the tasks are dropped. */
static void drop_waiting(struct pool *p)
{
	struct task *list[POOL_CLASSES];
	size_t n = 0;

	for (unsigned c = 0; c < POOL_CLASSES; c++) {
		list[c] = p->stack[c];
		p->stack[c] = NULL;
		n += p->waiting[c];
		p->waiting[c] = 0;
	}
	if (n == 0)
		return;
	pthread_mutex_unlock(&p->mutex);
	for (unsigned c = 0; c < POOL_CLASSES; c++) {
		for (struct task *t = list[c], *next; t; t = next) {
			next = t->next;
			task_drop(t);
		}
	}
	pthread_mutex_lock(&p->mutex);
	p->pending -= n;
	if (p->pending == 0)
		pthread_cond_broadcast(&p->idle);
}

/* With the mutex held. Takes err. The first reason counts. */
static void stop(struct pool *p, int rc, hz_error *err)
{
	if (p->rc == 0) {
		p->rc = rc;
		p->err = err;
		err = NULL;
	}
	hz_error_free(err);
	atomic_store(&p->stopped, true);
	drop_waiting(p);
}

/* With the mutex held; the newest task of the highest class, or NULL. */
static struct task *next_task(struct pool *p)
{
	for (unsigned c = POOL_CLASSES; c-- > 0;) {
		struct task *t = p->stack[c];

		if (!t)
			continue;
		p->stack[c] = t->next;
		p->waiting[c]--;
		return t;
	}
	return NULL;
}

/* With the mutex held; gives it up while the task runs. */
static void run(struct pool *p, unsigned index, struct task *t)
{
	hz_error *err = NULL;
	int rc;

	pthread_mutex_unlock(&p->mutex);
	rc = t->fn(t->arg, index, &err);
	free(t);
	if (rc >= 0)
		err_clear(&err);
	pthread_mutex_lock(&p->mutex);
	if (rc < 0)
		stop(p, rc, err);
	if (--p->pending == 0 || p->watched)
		pthread_cond_broadcast(&p->idle);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	pthread_mutex_lock(&p->mutex);
	for (;;) {
		struct task *t = next_task(p);

		if (t)
			run(p, w->index, t);
		else if (p->closing)
			break;
		else
			pthread_cond_wait(&p->work, &p->mutex);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

static void idle_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

/* Signals of the process are for the caller's threads, so that its handlers do not run in ours. Those that a mistake
 * raises stay, for their default is what reports it. */
static void block_signals(sigset_t *old)
{
	static const int ours[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		sigdelset(&set, ours[i]);
	pthread_sigmask(SIG_SETMASK, &set, old);
}

static int start_workers(struct pool *p, unsigned n, hz_error **err)
{
	sigset_t old;
	int rc = 0;

	block_signals(&old);
	while (rc == 0 && p->n < n) {
		struct worker *w = &p->workers[p->n];

		w->pool = p;
		w->index = p->n;
		rc = pthread_create(&w->thread, NULL, worker_main, w);
		if (rc == 0)
			p->n++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return 0;
	errno = rc;
	return err_errno_as(err, HZ_E_NOMEM, "start a thread");
}

int pool_new(struct pool **ret, unsigned n, hz_error **err)
{
	AUTO(pool_free) struct pool *p = NULL;
	int rc;

	if (n == 0)
		n = 1;
	p = calloc(1, sizeof(*p) + n * sizeof(p->workers[0]));
	if (!p)
		return err_nomem(err);
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->work, NULL);
	idle_init(&p->idle);
	rc = start_workers(p, n, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(p);
	return 0;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	atomic_store(&p->stopped, true);
	p->closing = true;
	drop_waiting(p);
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->mutex);
	for (unsigned i = 0; i < p->n; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->idle);
	pthread_mutex_destroy(&p->mutex);
	hz_error_free(p->err);
	free(p);
}

unsigned pool_workers(const struct pool *p)
{
	return p->n;
}

bool pool_stopped(const struct pool *p)
{
	return atomic_load(&p->stopped);
}

/* Takes t, unless the class has limit tasks waiting. */
static bool push(struct pool *p, unsigned cls, size_t limit, struct task *t)
{
	bool taken = true, drop = false;

	pthread_mutex_lock(&p->mutex);
	if (atomic_load(&p->stopped)) {
		drop = true;
		p->pending++;
	} else if (p->waiting[cls] >= limit) {
		taken = false;
	} else {
		t->next = p->stack[cls];
		p->stack[cls] = t;
		p->waiting[cls]++;
		p->pending++;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->mutex);
	if (!drop)
		return taken;
	task_drop(t);
	pthread_mutex_lock(&p->mutex);
	if (--p->pending == 0)
		pthread_cond_broadcast(&p->idle);
	pthread_mutex_unlock(&p->mutex);
	return true;
}

static struct task *task_new(pool_fn fn, pool_drop_fn drop, void *arg)
{
	struct task *t = malloc(sizeof(*t));

	if (t)
		*t = (struct task){ NULL, fn, drop, arg };
	return t;
}

int pool_submit(struct pool *p, unsigned cls, pool_fn fn, pool_drop_fn drop, void *arg, hz_error **err)
{
	struct task *t = task_new(fn, drop, arg);

	if (!t)
		return err_nomem(err);
	(void)push(p, cls, SIZE_MAX, t);
	return 0;
}

bool pool_try_submit(struct pool *p, unsigned cls, size_t limit, pool_fn fn, pool_drop_fn drop, void *arg)
{
	struct task *t = task_new(fn, drop, arg);

	if (!t)
		return false;
	if (push(p, cls, limit, t))
		return true;
	free(t);
	return false;
}

void pool_cancel(struct pool *p)
{
	hz_error *err = NULL;
	int rc = err_set(&err, HZ_E_CANCELED, "canceled");

	pthread_mutex_lock(&p->mutex);
	stop(p, rc, err);
	pthread_mutex_unlock(&p->mutex);
}

static bool is_awaited(const struct pool *p, const unsigned *left)
{
	return p->pending > 0 && !(left && __atomic_load_n(left, __ATOMIC_ACQUIRE) == 0);
}

/* With the mutex held: until what is awaited is over, or the time. */
static void wait_idle(struct pool *p, const unsigned *left, unsigned ms)
{
	struct timespec until;
	int rc = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (is_awaited(p, left) && rc == 0)
		rc = pthread_cond_timedwait(&p->idle, &p->mutex, &until);
}

/* With the mutex held; hands out the first failure, its error object once. */
static int result(struct pool *p, hz_error **err)
{
	if (p->rc == 0)
		return 0;
	if (err && !*err)
		*err = TAKE(p->err);
	return err_set(err, p->rc, "%s", "the work was stopped");
}

int pool_wait_for(
	struct pool *p, const unsigned *left, unsigned tick_ms, int (*tick)(void *user), void *user, hz_error **err)
{
	int rc;

	pthread_mutex_lock(&p->mutex);
	p->watched = left != NULL;
	while (is_awaited(p, left)) {
		if (!tick) {
			pthread_cond_wait(&p->idle, &p->mutex);
			continue;
		}
		wait_idle(p, left, tick_ms ? tick_ms : 1);
		if (!is_awaited(p, left))
			break;
		pthread_mutex_unlock(&p->mutex);
		rc = tick(user);
		pthread_mutex_lock(&p->mutex);
		if (rc != 0) {
			stop(p, rc, NULL);
			tick = NULL;
			left = NULL;
		}
	}
	p->watched = false;
	rc = result(p, err);
	pthread_mutex_unlock(&p->mutex);
	return rc;
}

int pool_wait(struct pool *p, unsigned tick_ms, int (*tick)(void *user), void *user, hz_error **err)
{
	return pool_wait_for(p, NULL, tick_ms, tick, user, err);
}
