/* SPDX-License-Identifier: BSD-2-Clause */
/* See sweep.h. Invariant: a part is in exactly one of: not yet taken, a lane's chunk, failed, done. */
#include "sanitize/sweep.h"
#include "base/clock.h"
#include "base/pool.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MIB            ((size_t)1 << 20)
#define REQUEST_MAX    (4 * MIB)
#define CHECKPOINT     ((uint64_t)8 << 30)
#define CHECKPOINT_NS  (UINT64_C(30) * 1000000000)
#define TICK_MS        100u
#define STALL_S        600u
#define STALL_FAILURES 64u

/* ---- how large, how many ---- */

static size_t request_of(const struct sweep *s)
{
	const hz_device_info *d = &s->link->info;
	size_t unit = d->physical_sector > s->sector ? d->physical_sector : s->sector, n = s->eo->request_bytes;

	if (n == 0) {
		n = d->max_io_bytes ? d->max_io_bytes : MIB;
		n = n > REQUEST_MAX ? REQUEST_MAX : n;
		n *= (MIB + n - 1) / n;
	}
	n = n > REQUEST_MAX ? REQUEST_MAX : n;
	if (s->piece)
		unit = s->piece;
	return n < unit ? unit : n / unit * unit;
}

static unsigned lanes_of(const struct sweep *s)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (s->link->ops->fd(s->link) < 0)
		return 1;
	if (s->eo->lanes)
		return s->eo->lanes < LANES_MAX ? s->eo->lanes : LANES_MAX;
	if (s->link->info.rotational && s->link->info.transport != HZ_TRANSPORT_LOOP)
		return 1;
	return n <= 2 ? 1 : n <= 8 ? 2 : 4;
}

static unsigned depth_of(const struct sweep *s)
{
	const hz_device_info *d = &s->link->info;
	unsigned all = s->eo->depth;

	if (all == 0)
		all = d->rotational && d->transport != HZ_TRANSPORT_LOOP ? 4 : 16;
	all = (all + s->lanes - 1) / s->lanes;
	return all > RING_DEPTH_MAX ? RING_DEPTH_MAX : all;
}

/* A link without a descriptor is used by one thread at a time. */
static int call(void *user, enum ring_op op, void *data, size_t len, uint64_t off)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	struct sweep *s = user;
	int rc, number;

	pthread_mutex_lock(&s->calls);
	rc = op == RING_READ ? s->link->ops->read(s->link, data, len, off, &why)
			     : s->link->ops->write(s->link, data, len, off, &why);
	pthread_mutex_unlock(&s->calls);
	if (rc == 0)
		return 0;
	number = hz_error_errno(why);
	return rc == HZ_E_NOTFOUND ? -ENODEV : number > 0 ? -number : -EIO;
}

int lane_open(struct lane *l, struct sweep *s, hz_error **err)
{
	int rc = 0;

	l->s = s;
	l->expect = malloc(EXPECT);
	if (!l->expect)
		return err_nomem(err);
	if (s->fill)
		rc = filler_new(&l->filler, s->fill, err);
	if (rc == 0 && s->mac)
		rc = mac_dup(&l->mac, s->mac, err);
	return rc;
}

void lane_close(struct lane *l)
{
	ring_free(TAKE(l->ring));
	filler_free(TAKE(l->filler));
	mac_free(TAKE(l->mac));
	free(TAKE(l->expect));
}

static int open_ring(struct lane *l, hz_error **err)
{
	struct sweep *s = l->s;
	struct ring_options ro = { .fd = s->link->ops->fd(s->link),
		.depth = s->depth,
		.bytes = s->request,
		.threads = s->eo->no_uring,
		.run = call,
		.user = s };

	return ring_new(&l->ring, &ro, err);
}

int sweep_open(struct sweep *s, hz_error **err)
{
	int rc = 0;

	pthread_mutex_init(&s->mutex, NULL);
	pthread_mutex_init(&s->calls, NULL);
	s->sector = s->link->info.logical_sector;
	if (s->sector < 512 || s->sector % 512 || s->link->info.bytes < s->sector || s->link->info.bytes % s->sector)
		return err_set(err, HZ_E_INVAL, "%s: %llu bytes in sectors of %u are no medium", s->link->info.path,
			(unsigned long long)s->link->info.bytes, s->sector);
	s->request = request_of(s);
	s->lanes = lanes_of(s);
	s->depth = depth_of(s);
	for (size_t i = 0; i < s->n_ranges; i++)
		s->total += s->ranges[i].count * s->sector;
	for (unsigned i = 0; rc == 0 && i < s->lanes; i++) {
		rc = lane_open(&s->lane[i], s, err);
		if (rc == 0)
			rc = open_ring(&s->lane[i], err);
	}
	return rc;
}

void sweep_release(struct sweep *s)
{
	for (unsigned i = 0; i < LANES_MAX; i++)
		lane_close(&s->lane[i]);
	extents_release(&s->failed);
	err_clear(&s->tick_err);
	pthread_mutex_destroy(&s->mutex);
	pthread_mutex_destroy(&s->calls);
}

/* ---- parts ---- */

/* With the mutex held. */
static bool next_part(struct sweep *s, struct chunk *c)
{
	while (!s->stop && s->range < s->n_ranges) {
		const struct sample *r = &s->ranges[s->range];
		uint64_t left = r->count * s->sector - s->at;

		if (left == 0) {
			s->range++, s->at = 0;
			continue;
		}
		*c = (struct chunk){ .off = r->lba * s->sector + s->at, .at = s->at, .range = s->range, .taken = true };
		c->len = left < s->request ? (size_t)left : s->request;
		s->at += c->len;
		return true;
	}
	return false;
}

uint64_t sweep_low(struct sweep *s)
{
	uint64_t low;

	pthread_mutex_lock(&s->mutex);
	low = s->range < s->n_ranges ? s->ranges[s->range].lba * s->sector + s->at : s->link->info.bytes;
	for (unsigned i = 0; i < s->lanes; i++) {
		for (unsigned slot = 0; slot < s->depth; slot++) {
			const struct chunk *c = &s->lane[i].chunk[slot];

			if (c->taken && c->off < low)
				low = c->off;
		}
	}
	pthread_mutex_unlock(&s->mutex);
	return low;
}

/* With the mutex held: what an errno means beside one part that failed. */
static void judge(struct sweep *s, int error)
{
	const uint64_t stall = UINT64_C(1000000000) * (s->eo->stall_s ? s->eo->stall_s : STALL_S);

	s->last_error = error;
	s->n_failed++;
	s->in_a_row++;
	if (error == ENODEV || error == ENXIO || error == ENOMEDIUM || error == ESHUTDOWN)
		s->lost = s->stop = true;
	if (error == ENOSPC)
		s->may_be_lost = true;
	if (error == EPERM || error == EROFS || s->failed.n >= EXTENTS_MAX ||
		(s->in_a_row >= STALL_FAILURES && clock_mono_ns() - s->last_good_ns > stall))
		s->gave_up = s->stop = true;
}

static int put_back(struct sweep *s, struct chunk *c, int error, hz_error **err)
{
	int rc = 0;

	pthread_mutex_lock(&s->mutex);
	if (error) {
		rc = extents_add(&s->failed, c->off / s->sector, c->len / s->sector, error, err);
		judge(s, error);
	} else {
		s->done += c->len;
		s->n_good++;
		s->in_a_row = 0;
		s->last_good_ns = clock_mono_ns();
	}
	c->taken = false;
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

/* ---- a lane ---- */

static int make_data(struct lane *l, unsigned slot, const struct chunk *c)
{
	if (l->filled[slot] && l->filled_len[slot] >= c->len)
		return 0;
	/* Kept where it is right for every other part too. */
	l->filled[slot] = filler_repeats(l->filler, 512);
	l->filled_len[slot] = c->len;
	return filler_make(l->filler, ring_buffer(l->ring, slot), c->len, c->off);
}

/* 1: under way; 0: there is nothing more. */
static int start_next(struct lane *l, unsigned slot, hz_error **err)
{
	struct sweep *s = l->s;
	struct chunk *c = &l->chunk[slot];
	bool any;
	int rc = 0;

	pthread_mutex_lock(&s->mutex);
	any = next_part(s, c);
	pthread_mutex_unlock(&s->mutex);
	if (!any)
		return 0;
	if (s->op == RING_WRITE && make_data(l, slot, c) < 0)
		rc = err_set(err, HZ_E_INTERNAL, "the data of a pass could not be made");
	if (rc == 0)
		rc = ring_start(l->ring, slot, s->op, c->len, c->off, err);
	return rc < 0 ? rc : 1;
}

static int take_one(struct lane *l, const struct ring_done *d, hz_error **err)
{
	struct sweep *s = l->s;
	struct chunk *c = &l->chunk[d->slot];
	int rc = 0;

	if (d->error == 0 && s->got)
		rc = s->got(l, c, ring_buffer(l->ring, d->slot), err);
	return rc < 0 ? rc : put_back(s, c, d->error, err);
}

struct turn {
	struct lane *lane;
	struct pool *pool;
};

static int run_lane(void *arg, unsigned worker, hz_error **err)
{
	struct turn *t = arg;
	struct lane *l = t->lane;
	unsigned busy = 0;
	struct ring_done d;
	int rc = 0;

	(void)worker;
	for (unsigned slot = 0; rc >= 0 && slot < l->s->depth; slot++) {
		rc = start_next(l, slot, err);
		busy += rc == 1;
	}
	while (rc >= 0 && busy > 0) {
		rc = ring_next(l->ring, &d, 1000, err);
		if (rc <= 0)
			continue;
		busy--;
		rc = take_one(l, &d, err);
		if (rc == 0 && !pool_stopped(t->pool))
			rc = start_next(l, d.slot, err);
		busy += rc == 1;
	}
	return rc < 0 ? rc : 0;
}

/* ---- the caller's thread ---- */

static void lock_calls(struct sweep *s)
{
	if (s->link->ops->fd(s->link) < 0)
		pthread_mutex_lock(&s->calls);
}

static void unlock_calls(struct sweep *s)
{
	if (s->link->ops->fd(s->link) < 0)
		pthread_mutex_unlock(&s->calls);
}

bool sweep_is_lost(struct sweep *s)
{
	const hz_device_info *then = &s->link->info;
	hz_device_info *now = calloc(1, sizeof(*now));
	bool lost;
	int rc;

	if (!now)
		return false;
	lock_calls(s);
	rc = s->link->ops->look(s->link, now, NULL);
	unlock_calls(s);
	lost = rc == HZ_E_NOTFOUND ||
		(rc == 0 &&
			(now->bytes != then->bytes || now->diskseq != then->diskseq ||
				strcmp(now->serial, then->serial) != 0 || strcmp(now->wwn, then->wwn) != 0));
	free(now);
	return lost;
}

int sweep_flush(struct sweep *s, hz_error **err)
{
	int rc;

	lock_calls(s);
	rc = s->link->ops->flush(s->link, err);
	unlock_calls(s);
	if (rc < 0)
		s->flush_failed = true;
	return rc;
}

static int checkpoint(struct sweep *s, hz_error **err)
{
	uint64_t low = sweep_low(s);
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = extents_copy(&s->o->bad, &s->failed, err);
	pthread_mutex_unlock(&s->mutex);
	if (rc == 0)
		rc = sweep_flush(s, err);
	if (rc == 0 && s->eo->checkpoint) {
		s->o->done = low;
		rc = s->eo->checkpoint(s->eo->user, low, s->o, err);
	}
	s->checkpoint_at = low;
	s->checkpoint_ns = clock_mono_ns();
	return rc;
}

static bool checkpoint_is_due(struct sweep *s)
{
	const uint64_t low = sweep_low(s), each = s->eo->checkpoint_bytes ? s->eo->checkpoint_bytes : CHECKPOINT;

	return low - s->checkpoint_at >= each ||
		(low > s->checkpoint_at && !s->eo->checkpoint_bytes &&
			clock_mono_ns() - s->checkpoint_ns >= CHECKPOINT_NS);
}

/* What failed since the last look: one medium error, or a device that went away? */
static bool look_after_failures(struct sweep *s)
{
	uint64_t n;

	pthread_mutex_lock(&s->mutex);
	n = s->n_failed;
	pthread_mutex_unlock(&s->mutex);
	if (n == s->looked)
		return false;
	s->looked = n;
	if (!sweep_is_lost(s))
		return false;
	pthread_mutex_lock(&s->mutex);
	s->lost = s->stop = true;
	pthread_mutex_unlock(&s->mutex);
	return true;
}

static int tick(void *user)
{
	struct sweep *s = user;
	uint64_t done;
	int rc = 0;

	pthread_mutex_lock(&s->mutex);
	done = s->done;
	pthread_mutex_unlock(&s->mutex);
	if (s->eo->progress && s->eo->progress(s->eo->user, done, s->total) != 0)
		return err_set(&s->tick_err, HZ_E_CANCELED, "canceled");
	if (!look_after_failures(s) && s->op == RING_WRITE && checkpoint_is_due(s))
		rc = checkpoint(s, &s->tick_err);
	return rc;
}

int sweep_run(struct sweep *s, hz_error **err)
{
	AUTO(pool_free) struct pool *pool = NULL;
	struct turn turns[LANES_MAX];
	int rc = pool_new(&pool, s->lanes, err);

	s->checkpoint_at = sweep_low(s);
	s->checkpoint_ns = s->last_good_ns = clock_mono_ns();
	for (unsigned i = 0; rc == 0 && i < s->lanes; i++) {
		turns[i] = (struct turn){ &s->lane[i], pool };
		rc = pool_submit(pool, 0, run_lane, NULL, &turns[i], err);
	}
	if (rc < 0)
		return rc;
	rc = pool_wait(pool, TICK_MS, tick, s, s->tick_err ? NULL : err);
	if (s->tick_err) {
		if (err)
			hz_error_free(*err), *err = NULL;
		return err_copy(err, s->tick_err);
	}
	if (rc == 0)
		(void)look_after_failures(s);
	if (rc == 0 && s->eo->progress && s->eo->progress(s->eo->user, s->done, s->total) != 0)
		rc = err_set(err, HZ_E_CANCELED, "canceled");
	return rc;
}
