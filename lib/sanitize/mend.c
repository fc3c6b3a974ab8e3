/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What failed, tried again after everything else is done: the whole area, then its halves, down to the sector. A drive
 * may have put another place under an address by now. No sleeps; what the time for an area or for all of them does not
 * reach counts as bad.
 */
#include "sanitize/sweep.h"
#include "base/clock.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define MEND_S   1800u
#define AREA_S   120u
#define HALVINGS 64u

struct mend {
	struct sweep *s;
	struct lane lane;
	uint8_t *data;
	size_t room;
	struct extents left;
	uint64_t until_ns, area_until_ns;
	struct range {
		uint64_t off;
		size_t len;
	} stack[HALVINGS];
	unsigned n;
};

/* 0, HZ_E_NOTFOUND, another failure with its errno in *error, or what ends everything in *fatal. */
static int try_range(struct mend *m, const struct range *r, int *error, int *fatal, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	struct sweep *s = m->s;
	struct chunk c = { .off = r->off, .len = r->len };
	int rc;

	*fatal = 0;
	if (s->op == RING_WRITE && filler_make(m->lane.filler, m->data, r->len, r->off) < 0) {
		*fatal = err_set(err, HZ_E_INTERNAL, "the data of a pass could not be made");
		return *fatal;
	}
	rc = s->op == RING_WRITE ? s->link->ops->write(s->link, m->data, r->len, r->off, &why)
				 : s->link->ops->read(s->link, m->data, r->len, r->off, &why);
	if (rc < 0) {
		*error = hz_error_errno(why) > 0 ? hz_error_errno(why) : EIO;
		return rc;
	}
	s->done += r->len;
	s->n_good++;
	if (s->got)
		*fatal = s->got(&m->lane, &c, m->data, err);
	return *fatal;
}

static bool time_is_over(const struct mend *m)
{
	const uint64_t now = clock_mono_ns();

	return now >= m->until_ns || now >= m->area_until_ns;
}

/* It stays bad, or its halves are next. */
static int divide(struct mend *m, const struct range *r, int error, hz_error **err)
{
	const uint32_t sector = m->s->sector;
	size_t half = r->len / 2 / sector * sector;

	if (r->len <= sector || time_is_over(m) || m->n + 2 > HALVINGS || m->left.n >= EXTENTS_MAX)
		return extents_add(&m->left, r->off / sector, r->len / sector, error, err);
	m->stack[m->n++] = (struct range){ r->off + half, r->len - half };
	m->stack[m->n++] = (struct range){ r->off, half };
	return 0;
}

static int report(struct sweep *s, hz_error **err)
{
	if (s->eo->progress && s->eo->progress(s->eo->user, s->done, s->total) != 0)
		return err_set(err, HZ_E_CANCELED, "canceled");
	return 0;
}

/* What stays on the stack after a failure is bad too: nobody tried it. */
static int keep_stack(struct mend *m)
{
	int rc = 0;

	while (rc == 0 && m->n > 0) {
		const struct range *r = &m->stack[--m->n];

		rc = extents_add(&m->left, r->off / m->s->sector, r->len / m->s->sector, EIO, NULL);
	}
	return rc;
}

static int mend_part(struct mend *m, uint64_t off, size_t len, hz_error **err)
{
	int rc = 0, error, fatal;

	m->n = 0;
	m->stack[m->n++] = (struct range){ off, len };
	while (rc == 0 && m->n > 0) {
		struct range r = m->stack[--m->n];

		rc = try_range(m, &r, &error, &fatal, err);
		if (fatal < 0)
			return fatal;
		if (rc == HZ_E_NOTFOUND) {
			m->s->lost = true;
			m->stack[m->n++] = r;
			break;
		}
		if (rc < 0)
			rc = divide(m, &r, error, err);
		if (rc == 0)
			rc = report(m->s, err);
	}
	if (m->n > 0 && keep_stack(m) < 0)
		return err_nomem(err);
	return rc;
}

static int mend_area(struct mend *m, const struct extent *e, hz_error **err)
{
	const uint32_t sector = m->s->sector;
	const uint64_t end = (e->lba + e->count) * sector;
	int rc = 0;

	m->area_until_ns = clock_mono_ns() + UINT64_C(1000000000) * (m->s->eo->area_s ? m->s->eo->area_s : AREA_S);
	for (uint64_t off = e->lba * sector; off < end;) {
		size_t len = end - off < m->room ? (size_t)(end - off) : m->room;

		if (rc < 0 || m->s->lost || time_is_over(m)) {
			int bad = extents_add(
				&m->left, off / sector, (end - off) / sector, e->error, rc < 0 ? NULL : err);

			return rc < 0 ? rc : bad;
		}
		rc = mend_part(m, off, len, err);
		off += len;
	}
	return rc;
}

static int open_mend(struct mend *m, struct sweep *s, hz_error **err)
{
	void *p;

	m->s = s;
	m->room = s->request;
	m->until_ns = clock_mono_ns() + UINT64_C(1000000000) * (s->eo->mend_s ? s->eo->mend_s : MEND_S);
	p = mmap(NULL, m->room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return err_nomem(err);
	m->data = p;
	return lane_open(&m->lane, s, err);
}

static void close_mend(struct mend *m)
{
	lane_close(&m->lane);
	if (m->data) {
		wipe(m->data, m->room);
		(void)munmap(m->data, m->room);
	}
	extents_release(&m->left);
	free(m);
}

int mend_areas(struct sweep *s, hz_error **err)
{
	struct mend *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return err_nomem(err);
	rc = open_mend(m, s, err);
	for (size_t i = 0; i < s->failed.n; i++) {
		const struct extent *e = &s->failed.at[i];

		if (rc == 0) {
			rc = mend_area(m, e, err);
		} else if (extents_add(&m->left, e->lba, e->count, e->error, NULL) < 0) {
			rc = HZ_E_NOMEM;
			break;
		}
	}
	/* Without memory for the new list the old one holds: it names more. */
	if (rc != HZ_E_NOMEM) {
		extents_release(&s->failed);
		s->failed = m->left;
		m->left = (struct extents){ 0 };
	}
	close_mend(m);
	return rc;
}
