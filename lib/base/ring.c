/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots and their buffers, short transfers, faults of tests. Invariant: a busy slot is either at the way (under_way
 * counts those) or in ready, and comes back once; no buffer is given back to the system while the kernel may use it.
 */
#include "base/ring_internal.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)

static ring_fault_fn fault;
static void *fault_user;

void ring_install(ring_fault_fn fn, void *user)
{
	fault = fn;
	fault_user = user;
}

/* One piece of memory, in large pages where they can be had: fewer for the kernel to hold for each request. */
static int make_buffers(struct ring *r, hz_error **err)
{
	const size_t each = (r->o.bytes + PAGE - 1) / PAGE * PAGE;
	void *p;

	r->memory_len = each * r->o.depth;
	p = mmap(NULL, r->memory_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return err_nomem(err);
	r->memory = p;
	(void)madvise(p, r->memory_len, MADV_HUGEPAGE);
	(void)madvise(p, r->memory_len, MADV_DONTDUMP);
	for (unsigned i = 0; i < r->o.depth; i++)
		r->slots[i].data = r->memory + i * each;
	return 0;
}

static int choose_way(struct ring *r, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	int rc;

	if (r->o.fd < 0)
		return r->o.run ? 0 : err_set(err, HZ_E_INVAL, "a ring without a descriptor and without calls");
	if (!r->o.threads) {
		rc = ring_uring.open(&r->state, r, &why);
		if (rc == 0)
			r->way = &ring_uring;
		if (rc == 0 || rc == HZ_E_NOMEM)
			return rc == 0 ? 0 : err_nomem(err);
	}
	rc = ring_threads.open(&r->state, r, err);
	if (rc == 0)
		r->way = &ring_threads;
	return rc;
}

int ring_new(struct ring **ret, const struct ring_options *o, hz_error **err)
{
	AUTO(ring_free) struct ring *r = NULL;
	int rc;

	if (o->depth == 0 || o->depth > RING_DEPTH_MAX || o->bytes == 0)
		return err_set(err, HZ_E_INVAL, "a ring of %u times %zu bytes", o->depth, o->bytes);
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_nomem(err);
	r->o = *o;
	rc = make_buffers(r, err);
	if (rc == 0)
		rc = choose_way(r, err);
	if (rc == 0)
		*ret = TAKE(r);
	return rc;
}

void ring_free(struct ring *r)
{
	struct ring_done d;
	int rc = 0;

	if (!r)
		return;
	while (r->under_way > 0 && rc >= 0)
		rc = ring_next(r, &d, 1000, NULL);
	if (r->way)
		r->way->close(r->state);
	if (r->memory) {
		/* What was read may be somebody's data. */
		explicit_bzero(r->memory, r->memory_len);
		(void)munmap(r->memory, r->memory_len);
	}
	free(r);
}

const char *ring_kind(const struct ring *r)
{
	return r->way ? r->way->name : "calls";
}

void *ring_buffer(struct ring *r, unsigned slot)
{
	return r->slots[slot].data;
}

static int at_once(struct ring *r, unsigned slot, int result)
{
	r->ready[r->n_ready++] = (struct ring_done){ slot, -result };
	return 0;
}

static int start_rest(struct ring *r, unsigned slot, hz_error **err)
{
	struct ring_slot *s = &r->slots[slot];
	int rc;

	s->rest = (struct iovec){ s->data + s->done, s->len - s->done };
	rc = r->way->start(r->state, r, slot);
	if (rc < 0) {
		errno = -rc;
		return err_errno(err, "%s: start a request", r->way->name);
	}
	r->under_way++;
	return 0;
}

int ring_start(struct ring *r, unsigned slot, enum ring_op op, size_t len, uint64_t off, hz_error **err)
{
	struct ring_slot *s = &r->slots[slot];
	int rc = RING_PASS;

	if (slot >= r->o.depth || s->busy || len == 0 || len > r->o.bytes)
		return err_set(err, HZ_E_INTERNAL, "ring: slot %u is taken, or %zu bytes do not fit", slot, len);
	if (fault)
		rc = fault(fault_user, op, s->data, len, &off);
	*s = (struct ring_slot){ .data = s->data, .op = op, .len = len, .off = off, .busy = true };
	if (rc != RING_PASS)
		return at_once(r, slot, rc == RING_DROP ? 0 : rc);
	if (!r->way)
		return at_once(r, slot, r->o.run(r->o.user, op, s->data, len, off));
	rc = start_rest(r, slot, err);
	if (rc < 0)
		s->busy = false;
	return rc;
}

static int give(struct ring *r, struct ring_done *done, struct ring_done d)
{
	r->slots[d.slot].busy = false;
	*done = d;
	return 1;
}

/* What the way brought back: all of it, an error, or a part, then the rest is asked for. 1: done is set. */
static int take(struct ring *r, struct ring_done *done, unsigned slot, ssize_t result, hz_error **err)
{
	struct ring_slot *s = &r->slots[slot];

	r->under_way--;
	if (result == 0)
		result = s->op == RING_READ ? -ENXIO : -ENOSPC;
	if (result < 0 && result != -EINTR && result != -EAGAIN)
		return give(r, done, (struct ring_done){ slot, (int)-result });
	if (result > 0)
		s->done += (size_t)result;
	if (s->done >= s->len)
		return give(r, done, (struct ring_done){ slot, 0 });
	return start_rest(r, slot, err);
}

int ring_next(struct ring *r, struct ring_done *done, unsigned wait_ms, hz_error **err)
{
	unsigned slot;
	ssize_t result;
	int rc = 0;

	if (r->n_ready > 0) {
		struct ring_done first = r->ready[0];

		r->n_ready--;
		memmove(r->ready, r->ready + 1, r->n_ready * sizeof(r->ready[0]));
		return give(r, done, first);
	}
	while (rc == 0 && r->under_way > 0) {
		rc = r->way->next(r->state, &slot, &result, wait_ms, err);
		if (rc <= 0)
			return rc;
		rc = take(r, done, slot, result, err);
	}
	return rc;
}
