/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass over a medium: the sweep, the areas that failed, the flush, and what is known after each. */
#include "sanitize/sweep.h"
#include "base/clock.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* For people; error: an errno that belongs to it, or 0. */
__attribute__((format(printf, 3, 4))) static void say(struct outcome *o, int error, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	(void)vsnprintf(o->said, sizeof(o->said), fmt, ap);
	va_end(ap);
	n = strlen(o->said);
	if (error && strerrordesc_np(error))
		(void)snprintf(o->said + n, sizeof(o->said) - n, " (%s)", strerrordesc_np(error));
}

/* The sweep ended, whether or not with an error. */
static void touched(struct outcome *o, const struct sweep *s, bool complete)
{
	if (complete && o->bad.n == 0)
		o->touched = TOUCHED_ALL;
	else if (s->n_good > 0 || s->eo->from > 0)
		o->touched = TOUCHED_PARTLY;
	else if (s->n_failed > 0)
		o->touched = s->last_error == EPERM || s->last_error == EROFS ? TOUCHED_NO : TOUCHED_UNKNOWN;
}

static int lost(struct sweep *s, struct outcome *o, hz_error **err)
{
	o->state = OUTCOME_LOST;
	say(o, s->last_error, "the device went away after %llu bytes", (unsigned long long)s->done);
	return err_set(err, HZ_E_NOTFOUND, "%s: the device went away", s->link->info.path);
}

static int failed(struct sweep *s, struct outcome *o, hz_error **err)
{
	o->state = OUTCOME_FAILED;
	return err_set(err, HZ_E_IO, "%s: %s", s->link->info.path, o->said);
}

static void say_no_flush(struct outcome *o, hz_error **err)
{
	o->state = OUTCOME_FAILED;
	say(o, err ? hz_error_errno(*err) : 0, "the device did not flush what was written to it");
}

/* Everything was tried: durable, and told. */
static int settle(struct sweep *s, struct outcome *o, hz_error **err)
{
	int rc = sweep_flush(s, err);

	if (rc < 0) {
		say_no_flush(o, err);
		if (rc == HZ_E_NOTFOUND)
			o->state = OUTCOME_LOST;
		return rc;
	}
	o->flushed = true;
	if (s->n_good == 0 && s->eo->from == 0) {
		say(o, s->last_error, "nothing could be written");
		return failed(s, o, err);
	}
	o->done = s->link->info.bytes;
	o->state = o->bad.n ? OUTCOME_EXCEPTIONS : OUTCOME_COMPLETED;
	if (o->bad.n)
		say(o, s->last_error, "%llu sectors could not be written", (unsigned long long)o->bad.sectors);
	else
		say(o, 0, "all was written and flushed");
	return s->eo->checkpoint ? s->eo->checkpoint(s->eo->user, o->done, o, err) : 0;
}

/* Stopped in between: what is there is made durable, so that it need not be written again. */
static void settle_part(struct sweep *s, struct outcome *o)
{
	const uint64_t low = sweep_low(s);

	o->done = s->checkpoint_at;
	say(o, 0, "stopped after %llu bytes", (unsigned long long)s->done);
	if (sweep_flush(s, NULL) < 0)
		return;
	o->flushed = true;
	o->done = low;
	if (s->eo->checkpoint)
		(void)s->eo->checkpoint(s->eo->user, low, o, NULL);
}

static int conclude(struct sweep *s, struct outcome *o, int rc, hz_error **err)
{
	bool swept = rc == 0 && !s->gave_up;

	if (rc == 0 && !s->lost && !s->gave_up && s->failed.n > 0)
		rc = mend_areas(s, err);
	if (extents_copy(&o->bad, &s->failed, rc == 0 ? err : NULL) < 0 && rc == 0)
		rc = HZ_E_NOMEM;
	touched(o, s, swept && rc == 0 && !s->lost);
	if (s->lost) {
		if (rc < 0 && err)
			err_clear(err);
		return lost(s, o, err);
	}
	if (rc == 0 && s->gave_up) {
		say(o, s->last_error, "given up after %llu bytes", (unsigned long long)s->done);
		return failed(s, o, err);
	}
	if (rc == 0)
		return settle(s, o, err);
	if (s->flush_failed)
		say_no_flush(o, err);
	else if (rc == HZ_E_CANCELED)
		settle_part(s, o);
	return rc;
}

/* What an earlier run left behind where this one does not come by. */
static int take_bad(struct sweep *s, const struct extents *bad, uint64_t from_lba, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < bad->n && bad->at[i].lba < from_lba; i++) {
		const struct extent *e = &bad->at[i];
		uint64_t n = from_lba - e->lba < e->count ? from_lba - e->lba : e->count;

		rc = extents_add(&s->failed, e->lba, n, e->error, err);
	}
	s->done = (from_lba - s->failed.sectors) * s->sector;
	return rc;
}

int engine_write(
	struct link *l, const struct fill *f, const struct engine_options *eo, struct outcome *o, hz_error **err)
{
	static const struct engine_options none;
	struct sweep *s = calloc(1, sizeof(*s));
	struct sample all = { 0 };
	int rc;

	if (!s)
		return err_nomem(err);
	*s = (struct sweep){
		.link = l, .eo = eo ? eo : &none, .op = RING_WRITE, .fill = f, .ranges = &all, .n_ranges = 1
	};
	s->o = o;
	if (l->info.logical_sector) {
		all.lba = s->eo->from / l->info.logical_sector;
		all.count = l->info.bytes / l->info.logical_sector;
		all.count = all.lba < all.count ? all.count - all.lba : 0;
	}
	rc = sweep_open(s, err);
	if (rc == 0)
		rc = take_bad(s, &o->bad, all.lba, err);
	if (rc == 0) {
		o->state = OUTCOME_RUNNING;
		o->flushed = false;
		o->started_ns = o->started_ns ? o->started_ns : clock_mono_ns();
		o->total = l->info.bytes;
		s->total = l->info.bytes;
		o->done = all.lba * s->sector;
		rc = conclude(s, o, sweep_run(s, err), err);
		o->ended_ns = clock_mono_ns();
	}
	sweep_release(s);
	free(s);
	return rc;
}
