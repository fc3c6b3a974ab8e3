/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading back what a step left: in full, at samples, or, for a firmware erase that leaves no known value, whether what
 * stood at the samples before is gone. For that known data is written to the beginning of each sample first: a blank
 * medium, or one that returns zeros whatever is on it, could show no change. SP 800-88r1 4.7.
 */
#include "base/clock.h"
#include "sanitize/extents.h"
#include "sanitize/job.h"
#include <stdlib.h>
#include <string.h>

#define MARK_BYTES ((size_t)64 << 10)

static int samples_of(struct job *j, unsigned i, struct samples *s, hz_error **err)
{
	const hz_device_info *d = &j->before;
	int rc = samples_make(
		s, j->facts[i].seed, d->bytes / d->logical_sector, d->logical_sector, d->physical_sector, err);

	if (rc == 0) {
		j->facts[i].samples = s->n;
		j->facts[i].subsections = s->subsections;
	}
	return rc;
}

static struct engine_options reading(struct job *j)
{
	return (struct engine_options){ .progress = job_on_progress, .user = j };
}

/* ---- an overwrite ---- */

static void take_check(struct job *j, unsigned i, enum verification kind, int rc, struct check *c)
{
	struct verified *v = &j->verified[i];

	v->kind = kind;
	v->sectors = c->sectors;
	v->passed = rc == 0 && c->sectors > 0 && c->mismatched.n == 0 && c->unreadable.n == 0 && !c->stopped_early;
	/* What could not be written holds what it held, or cannot be read either: it is in the outcome already, and no
	 * sign of a device that does not keep what it is given. Without memory it is told twice. */
	(void)extents_minus(&c->mismatched, &j->outcome[i].bad, NULL);
	(void)extents_minus(&c->unreadable, &j->outcome[i].bad, NULL);
	v->mismatched = c->mismatched.sectors;
	v->unreadable = c->unreadable.sectors;
	j->facts[i].mismatched = c->mismatched;
	j->facts[i].unreadable = c->unreadable;
	c->mismatched = c->unreadable = (struct extents){ 0 };
}

static int verify_fill(struct job *j, unsigned i, enum verification kind, hz_error **err)
{
	AUTO_IN(check_release) struct check c = { 0 };
	AUTO_IN(samples_release) struct samples s = { 0 };
	struct engine_options eo = reading(j);
	int rc = samples_of(j, i, &s, err);

	j->doing = kind == VERIFY_FULL ? "verify" : "sample";
	if (rc == 0 && kind == VERIFY_FULL)
		rc = engine_verify(j->link, &j->facts[i].left, false, &eo, &c, err);
	else if (rc == 0)
		rc = engine_verify_samples(j->link, &j->facts[i].left, &s, &eo, &c, err);
	/* What was not read to its end verified nothing. */
	if (rc == 0 || c.mismatched.n > 0)
		take_check(j, i, kind, rc, &c);
	return rc;
}

int job_verify(struct job *j, unsigned i, hz_error **err)
{
	enum verification kind = j->plan.step[i].verify;

	/* A change was looked for around the command itself; after a crash nobody knows what stood there before. */
	if (kind == VERIFY_CHANGE || kind == VERIFY_NONE)
		return 0;
	return verify_fill(j, i, kind, err);
}

/* ---- a firmware erase ---- */

/* Best effort: where nothing can be written, what was there before has to do. */
int job_mark(struct job *j, unsigned i, const struct samples *s, hz_error **err)
{
	AUTO(secret_free) struct secret *key = NULL;
	AUTO(filler_free) struct filler *g = NULL;
	AUTO_FREE void *buf = NULL;
	struct fill f = { .kind = FILL_STREAM };
	uint32_t sector = j->before.logical_sector;
	int rc = secret_random(&key, STREAM_KEY_LEN, err);

	f.key = key;
	if (rc == 0)
		rc = filler_new(&g, &f, err);
	if (rc == 0 && posix_memalign(&buf, 4096, MARK_BYTES) != 0)
		rc = err_nomem(err);
	j->doing = "mark";
	for (size_t n = 0; n < s->n && rc == 0; n++) {
		uint64_t off = s->at[n].lba * sector, len = s->at[n].count * sector;
		size_t part = len < MARK_BYTES ? (size_t)len : MARK_BYTES;

		rc = filler_make(g, buf, part, off);
		if (rc == 0 && j->link->ops->write(j->link, buf, part, off, NULL) == 0)
			j->facts[i].marked++;
		if (rc == 0 && job_on_progress(j, n, s->n) != 0)
			rc = err_set(err, HZ_E_CANCELED, "canceled");
	}
	if (j->facts[i].marked > 0) {
		j->outcome[i].touched = TOUCHED_PARTLY;
		(void)j->link->ops->flush(j->link, NULL);
	}
	return rc;
}

static void judge_change(struct job *j, unsigned i)
{
	const struct changed *c = &j->facts[i].changed;
	struct verified *v = &j->verified[i];

	v->kind = VERIFY_CHANGE;
	v->sectors = c->sectors;
	v->mismatched = c->same + c->known_structure;
	v->unreadable = c->unreadable_after;
	v->passed = changed_passes(c);
}

int job_step_firmware(struct job *j, unsigned i, hz_error **err)
{
	AUTO(change_free) struct change *c = NULL;
	AUTO_IN(samples_release) struct samples s = { 0 };
	struct engine_options eo = reading(j);
	enum outcome_touched marked;
	int rc = samples_of(j, i, &s, err);

	if (rc == 0 && (j->before.can & HZ_CAN_WRITE))
		rc = job_mark(j, i, &s, err);
	j->doing = "sample";
	if (rc == 0)
		rc = change_before(&c, j->link, &s, &eo, err);
	marked = j->outcome[i].touched;
	if (rc == 0)
		rc = job_send(j, i, err);
	if (j->outcome[i].touched == TOUCHED_NO)
		j->outcome[i].touched = marked;
	if (rc < 0 || j->outcome[i].state != OUTCOME_COMPLETED)
		return rc;
	j->doing = "sample";
	rc = change_after(c, j->link, &eo, &j->facts[i].changed, err);
	if (rc == 0)
		judge_change(j, i);
	return rc;
}
