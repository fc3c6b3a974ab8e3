/* SPDX-License-Identifier: BSD-2-Clause */
/* Passes of the engine as a method: each announced before it begins, resumed where the journal says, summed up. */
#include "sanitize/overwrite.h"
#include "base/clock.h"
#include "sanitize/extents.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct run {
	struct method_run *m;
	struct overwrite *w;
	unsigned pass, n;
};

static int on_progress(void *user, uint64_t done, uint64_t total)
{
	struct run *r = user;

	if (!r->m->progress)
		return 0;
	return r->m->progress(r->m->user, r->pass * total + done, r->n * total);
}

static int on_checkpoint(void *user, uint64_t durable, const struct outcome *o, hz_error **err)
{
	struct run *r = user;

	return r->w->checkpoint ? r->w->checkpoint(r->w->user, r->pass, durable, o, err) : 0;
}

static int add_all(struct extents *to, const struct extents *from, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < from->n; i++)
		rc = extents_add(to, from->at[i].lba, from->at[i].count, from->at[i].error, err);
	return rc;
}

/* What an earlier pass could not write is an exception of the whole, whatever the last one says. */
static int sum_up(struct outcome *o, const struct extents *missed, hz_error **err)
{
	int rc = add_all(&o->bad, missed, err);

	if (o->bad.n > 0 && o->state == OUTCOME_COMPLETED)
		o->state = OUTCOME_EXCEPTIONS;
	if (o->bad.n > 0 && o->touched == TOUCHED_ALL)
		o->touched = TOUCHED_PARTLY;
	return rc;
}

static int begin_pass(struct run *r, const struct fill *f, hz_error **err)
{
	struct outcome *o = r->m->outcome;
	int rc = add_all(&r->w->missed, &o->bad, err);

	extents_release(&o->bad);
	if (rc == 0 && r->w->begin)
		rc = r->w->begin(r->w->user, r->pass, f, &r->w->missed, err);
	return rc;
}

static int one_pass(struct run *r, const struct fill *f, hz_error **err)
{
	struct engine_options eo = r->w->engine;
	struct outcome *o = r->m->outcome;
	bool resumed = r->pass == r->w->pass && r->w->from > 0;
	int rc = 0;

	eo.from = resumed ? r->w->from : 0;
	eo.checkpoint = on_checkpoint;
	eo.progress = on_progress;
	eo.user = r;
	r->w->left = *f;
	if (!resumed)
		rc = begin_pass(r, f, err);
	if (rc == 0)
		rc = engine_write(r->m->link, f, &eo, o, err);
	return sum_up(o, &r->w->missed, rc == 0 ? err : NULL) < 0 && rc == 0 ? HZ_E_NOMEM : rc;
}

int overwrite_passes(struct method_run *m, const struct fill *fills, unsigned n, hz_error **err)
{
	struct run r = { m, m->overwrite, 0, n };
	int rc = 0;

	for (r.pass = m->overwrite->pass; rc == 0 && r.pass < n; r.pass++)
		rc = one_pass(&r, &fills[r.pass], err);
	return rc;
}

void overwrite_release(struct overwrite *w)
{
	secret_free(TAKE(w->own_key));
	extents_release(&w->missed);
	w->left = (struct fill){ 0 };
}

/* ---- hints ---- */

#define HINT_STEP ((uint64_t)1 << 30)

static void end(struct outcome *o, enum outcome_state s, const char *text, int error)
{
	o->state = s;
	o->ended_ns = clock_mono_ns();
	(void)snprintf(o->said, sizeof(o->said), "%s%s%s%s", text, error ? " (" : "",
		error && strerrordesc_np(error) ? strerrordesc_np(error) : "", error ? ")" : "");
}

static int hint_failed(struct outcome *o, int rc, hz_error **err)
{
	const int number = err ? hz_error_errno(*err) : 0;

	if (o->done == 0 && rc == HZ_E_UNSUPPORTED)
		o->touched = TOUCHED_NO;
	end(o, rc == HZ_E_NOTFOUND ? OUTCOME_LOST : OUTCOME_FAILED, "the device refused", number);
	return rc;
}

int overwrite_hint(
	struct method_run *m, int (*call)(struct link *l, uint64_t off, uint64_t len, hz_error **err), hz_error **err)
{
	struct outcome *o = m->outcome;
	int rc = 0;

	o->state = OUTCOME_RUNNING;
	o->started_ns = clock_mono_ns();
	o->total = m->link->info.bytes;
	/* It may map the addresses elsewhere and leave the data where it is, or do nothing. */
	o->touched = TOUCHED_UNKNOWN;
	for (o->done = 0; rc == 0 && o->done < o->total;) {
		uint64_t n = o->total - o->done < HINT_STEP ? o->total - o->done : HINT_STEP;

		rc = call(m->link, o->done, n, err);
		if (rc < 0)
			return hint_failed(o, rc, err);
		o->done += n;
		if (m->progress && m->progress(m->user, o->done, o->total) != 0)
			return err_set(err, HZ_E_CANCELED, "canceled");
	}
	rc = m->link->ops->flush(m->link, err);
	if (rc < 0)
		return hint_failed(o, rc, err);
	o->flushed = true;
	end(o, OUTCOME_COMPLETED, "taken by the device, as a hint: evidence of nothing", 0);
	return 0;
}
