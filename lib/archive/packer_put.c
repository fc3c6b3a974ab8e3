/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packs on their way to the store. Threads of the packer finish and put them, so that workers go on while a disk or a
 * link is busy. Invariants, all under the packer's lock: under_way counts the packs from their closing until they are
 * put or given up, and is never more than `puts`; the first failure is kept and nothing is begun after it.
 */
#include "archive/packer_internal.h"
#include <time.h>

#define LOOK_NS 100000000 /* so often those who wait look whether the call was cancelled */

void packer_puts_begin(struct packer *p, unsigned puts)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->gone, &attr);
	(void)pthread_condattr_destroy(&attr);
	p->puts = puts ? puts : 1;
}

void packer_puts_end(struct packer *p)
{
	(void)packer_fail(p, HZ_E_CANCELED, NULL);
	pool_free(TAKE(p->putters));
	hz_error_free(p->err);
	(void)pthread_cond_destroy(&p->gone);
}

int packer_fail(struct packer *p, int rc, hz_error *err)
{
	(void)pthread_mutex_lock(&p->lock);
	if (p->rc == 0) {
		p->rc = rc;
		p->err = TAKE(err);
		(void)pthread_cond_broadcast(&p->gone);
	}
	(void)pthread_mutex_unlock(&p->lock);
	hz_error_free(err);
	return rc;
}

int packer_failed(struct packer *p)
{
	int rc;

	(void)pthread_mutex_lock(&p->lock);
	rc = p->rc;
	(void)pthread_mutex_unlock(&p->lock);
	return rc;
}

/* With the lock held. Every worker gets the reason: which of them ends the run is not known here. */
static int failure(const struct packer *p, hz_error **err)
{
	return p->err ? err_copy(err, p->err) : err_set(err, p->rc, "the session was given up");
}

/* With the lock held; gives it up meanwhile. */
static void wait_gone(struct packer *p)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_cond_timedwait(&p->gone, &p->lock, &until);
}

int packer_wait(struct packer *p, unsigned most, hz_error **err)
{
	int rc = p->rc;

	while (rc == 0 && p->under_way > most) {
		wait_gone(p);
		rc = p->rc;
		if (rc == 0 && p->hooks.check)
			rc = p->hooks.check(p->hooks.user, err);
		/* Cancelled: what has not begun is not put any more. */
		if (rc < 0 && p->rc == 0)
			p->rc = rc;
	}
	return p->rc < 0 ? failure(p, err) : rc;
}

int packer_wait_all(struct packer *p, hz_error **err)
{
	int rc = 0;

	(void)pthread_mutex_lock(&p->lock);
	/* Also where nothing is to be waited for: a cancelled run does not end as if it were whole. */
	if (p->rc == 0 && p->hooks.check)
		rc = p->hooks.check(p->hooks.user, err);
	if (rc == 0)
		rc = packer_wait(p, 0, err);
	/* Cancelled: what has not begun is not put any more. */
	if (rc < 0 && p->rc == 0)
		p->rc = rc;
	while (p->under_way > 0)
		wait_gone(p);
	(void)pthread_mutex_unlock(&p->lock);
	return rc;
}

static void leave(struct packer *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->under_way--;
	(void)pthread_cond_broadcast(&p->gone);
	(void)pthread_mutex_unlock(&p->lock);
}

static void drop(void *arg)
{
	struct open_pack *o = arg;
	struct packer *p = o->packer;

	open_pack_free(o);
	leave(p);
}

/* The threads' pool goes on whatever a pack's fate: the failure is kept here. */
static int run(void *arg, unsigned worker, hz_error **unused)
{
	struct open_pack *o = arg;
	struct packer *p = o->packer;
	hz_error *err = NULL;
	int rc;

	(void)worker;
	(void)unused;
	if (packer_failed(p) < 0) {
		drop(o);
		return 0;
	}
	rc = packer_finish_pack(p, o, &err);
	if (rc < 0)
		(void)packer_fail(p, rc, TAKE(err));
	hz_error_free(err);
	leave(p);
	return 0;
}

int packer_hand_over(struct packer *p, struct open_pack *o, hz_error **err)
{
	hz_error *e = NULL;
	int rc = 0;

	/* A run in which nothing has changed does without threads. */
	(void)pthread_mutex_lock(&p->lock);
	if (!p->putters)
		rc = pool_new(&p->putters, p->puts, &e);
	(void)pthread_mutex_unlock(&p->lock);
	if (rc == 0)
		rc = pool_submit(p->putters, 0, run, drop, o, &e);
	if (rc == 0)
		return 0;
	drop(o);
	(void)err_copy(err, e);
	return packer_fail(p, rc, TAKE(e));
}
