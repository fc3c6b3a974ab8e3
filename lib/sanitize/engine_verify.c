/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading back: every address, or the samples, against what belongs there. */
#include "sanitize/sweep.h"
#include <string.h>

/* With the mutex held; a list that outgrows its bound ends the pass: enough is known. */
static int mismatch(struct sweep *s, uint64_t lba, hz_error **err)
{
	struct compare *k = s->user;
	int rc = extents_add(&k->c->mismatched, lba, 1, 0, err);

	if (k->first_only || k->c->mismatched.n >= EXTENTS_MAX)
		s->stop = k->c->stopped_early = true;
	return rc;
}

static int compare_sectors(struct lane *l, const uint8_t *data, size_t len, uint64_t off, hz_error **err)
{
	const uint32_t sector = l->s->sector;
	int rc = 0;

	pthread_mutex_lock(&l->s->mutex);
	for (size_t at = 0; rc == 0 && at < len; at += sector) {
		if (memcmp(data + at, l->expect + at, sector) != 0)
			rc = mismatch(l->s, (off + at) / sector, err);
	}
	pthread_mutex_unlock(&l->s->mutex);
	return rc;
}

int compare_got(struct lane *l, const struct chunk *c, const uint8_t *data, hz_error **err)
{
	struct compare *k = l->s->user;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < c->len; at += EXPECT) {
		const size_t n = c->len - at < EXPECT ? c->len - at : EXPECT;

		if (filler_make(l->filler, l->expect, n, c->off + at) < 0)
			return err_set(err, HZ_E_INTERNAL, "the data of a pass could not be made");
		if (memcmp(data + at, l->expect, n) != 0)
			rc = compare_sectors(l, data + at, n, c->off + at, err);
	}
	pthread_mutex_lock(&l->s->mutex);
	k->c->sectors += c->len / l->s->sector;
	pthread_mutex_unlock(&l->s->mutex);
	return rc;
}

static int verify(struct sweep *s, struct check *c, hz_error **err)
{
	int rc = sweep_open(s, err);

	if (rc == 0)
		rc = sweep_run(s, err);
	if (rc == 0 && !s->lost && !s->gave_up && !c->stopped_early && s->failed.n > 0)
		rc = mend_areas(s, err);
	if (rc == 0)
		rc = extents_copy(&c->unreadable, &s->failed, err);
	if (rc == 0 && s->lost)
		rc = err_set(err, HZ_E_NOTFOUND, "%s: the device went away", s->link->info.path);
	if (rc == 0 && s->gave_up)
		rc = err_set(err, HZ_E_IO, "%s: given up: it reads no more", s->link->info.path);
	return rc;
}

static int run(struct link *l, const struct fill *f, const struct sample *ranges, size_t n, bool first_only,
	const struct engine_options *eo, struct check *c, hz_error **err)
{
	static const struct engine_options none;
	struct compare k = { c, first_only };
	struct sweep *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_nomem(err);
	*s = (struct sweep){ .link = l,
		.eo = eo ? eo : &none,
		.op = RING_READ,
		.fill = f,
		.ranges = ranges,
		.n_ranges = n,
		.got = compare_got,
		.user = &k };
	check_release(c);
	rc = verify(s, c, err);
	sweep_release(s);
	free(s);
	return rc;
}

int engine_verify(struct link *l, const struct fill *f, bool first_only, const struct engine_options *eo,
	struct check *c, hz_error **err)
{
	struct sample all = { 0 };

	if (l->info.logical_sector) {
		all.lba = eo ? eo->from / l->info.logical_sector : 0;
		all.count = l->info.bytes / l->info.logical_sector;
		all.count = all.lba < all.count ? all.count - all.lba : 0;
	}
	return run(l, f, &all, 1, first_only, eo, c, err);
}

int engine_verify_samples(struct link *l, const struct fill *f, const struct samples *s,
	const struct engine_options *eo, struct check *c, hz_error **err)
{
	return run(l, f, s->at, s->n, false, eo, c, err);
}

void check_release(struct check *c)
{
	extents_release(&c->mismatched);
	extents_release(&c->unreadable);
	*c = (struct check){ 0 };
}
