/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before an interrupted job goes on: does what it wrote still stand there? A medium that went back into use meanwhile
 * has its name, its size, and somebody's data. Looked at are the beginning, where every file system and table has
 * something, and places all over what was durable; then nothing, or the reason, and not a byte is written here.
 */
#include "base/codec.h"
#include "sanitize/extents.h"
#include "sanitize/job.h"
#include <string.h>

#define HEAD   ((uint64_t)1 << 20)
#define PLACE  ((uint64_t)64 << 10)
#define PLACES 1024u
/* What cannot be read tells nothing: not much time for it. */
#define AREA_S 2u
#define MEND_S 20u

/* What was written, and where it could not be. */
struct layer {
	const struct fill *fill;
	const struct extents *bad;
};
struct stands {
	struct job *j;
	uint64_t compared, differ, first;
};

/* Places of [from, to), in sectors. */
static int places(struct samples *s, uint32_t sector, uint64_t from, uint64_t to, hz_error **err)
{
	const uint64_t head = HEAD / sector, place = PLACE / sector ? PLACE / sector : 1, n = to - from;
	uint64_t part, r;

	s->at = calloc(PLACES + 1, sizeof(*s->at));
	if (!s->at)
		return err_nomem(err);
	if (n <= head + PLACES * place) {
		s->at[s->n++] = (struct sample){ from, n };
		return 0;
	}
	s->at[s->n++] = (struct sample){ from, head };
	from += head;
	part = (to - from) / PLACES;
	for (unsigned i = 0; i < PLACES; i++) {
		random_bytes(&r, sizeof(r));
		s->at[s->n++] = (struct sample){
			i + 1 == PLACES ? to - place : from + i * part + r % (part - place + 1), place
		};
	}
	return 0;
}

static int of_extents(struct samples *s, const struct extents *e, hz_error **err)
{
	s->at = calloc(e->n ? e->n : 1, sizeof(*s->at));
	if (!s->at)
		return err_nomem(err);
	for (size_t i = 0; i < e->n; i++)
		s->at[s->n++] = (struct sample){ e->at[i].lba, e->at[i].count };
	return 0;
}

/* Of the places those that are not what the layer is; what could not be written there may be anything. */
static int differing(
	struct stands *st, const struct samples *s, const struct layer *l, struct extents *out, hz_error **err)
{
	AUTO_IN(check_release) struct check c = { 0 };
	struct engine_options eo = { .progress = job_on_progress, .user = st->j, .area_s = AREA_S, .mend_s = MEND_S };
	int rc = engine_verify_samples(st->j->link, l->fill, s, &eo, &c, err);

	st->compared += c.sectors;
	if (rc == 0)
		rc = extents_minus(&c.mismatched, l->bad, err);
	/* More than can be listed: enough is known. */
	if (rc == 0 && c.stopped_early)
		st->differ += c.mismatched.sectors;
	if (rc == 0)
		rc = extents_copy(out, &c.mismatched, err);
	return rc;
}

/* Each sector of [from, to) is one of the layers. */
static int look(struct stands *st, uint64_t from, uint64_t to, const struct layer *layers, size_t n, hz_error **err)
{
	AUTO_IN(extents_release) struct extents left = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0 && from < to; i++) {
		AUTO_IN(samples_release) struct samples s = { 0 };

		rc = i == 0 ? places(&s, st->j->before.logical_sector, from, to, err) : of_extents(&s, &left, err);
		if (rc == 0 && s.n > 0)
			rc = differing(st, &s, &layers[i], &left, err);
	}
	if (rc == 0 && left.n > 0) {
		st->first = st->differ ? st->first : left.at[0].lba;
		st->differ += left.sectors;
	}
	return rc;
}

/* The step that would write next; n_steps: none would. */
static size_t next_step(const struct job *j)
{
	size_t i = 0;

	while (i < j->plan.n_steps && j->facts[i].done_before) {
		if (j->outcome[i].state != OUTCOME_COMPLETED && j->outcome[i].state != OUTCOME_EXCEPTIONS)
			return j->plan.n_steps;
		i++;
	}
	return i;
}

/* The first of two passes of a pattern left the complement of the second. */
static bool complement(struct fill *out, const struct fill *of)
{
	if (of->kind != FILL_BYTES)
		return false;
	*out = *of;
	for (size_t i = 0; i < out->pattern_len; i++)
		out->pattern[i] = (uint8_t)~out->pattern[i];
	return true;
}

/* Below `durable` it is what the pass writes; above, what was there before it, or what it wrote without being told that
 * it is durable. */
static int look_at_all(struct stands *st, size_t i, hz_error **err)
{
	const struct job *j = st->j;
	const struct step_facts *f = &j->facts[i];
	const uint64_t sectors = j->before.bytes / j->before.logical_sector;
	const bool begun = f->left.kind != 0;
	uint64_t durable = begun ? f->over.from / j->before.logical_sector : 0;
	struct layer both[2];
	struct fill first;
	size_t n = 0;
	int rc = 0;

	if (begun && f->over.pass > 0) {
		if (complement(&first, &f->left))
			both[n++] = (struct layer){ &first, &f->over.missed };
	} else if (i > 0 && j->facts[i - 1].left.kind != 0) {
		both[n++] = (struct layer){ &j->facts[i - 1].left, &j->outcome[i - 1].bad };
	}
	if (n > 0 && begun)
		both[n++] = (struct layer){ &f->left, &j->outcome[i].bad };
	if (durable > 0) {
		const struct layer done = { &f->left, &j->outcome[i].bad };

		rc = look(st, 0, durable, &done, 1, err);
	}
	return rc == 0 && n > 0 ? look(st, durable, sectors, both, n, err) : rc;
}

int job_stands(struct job *j, hz_error **err)
{
	struct stands st = { .j = j };
	size_t i = next_step(j);
	int rc;

	/* What the firmware was told to do is asked of the firmware. */
	if (i == j->plan.n_steps || *j->facts[i].note)
		return 0;
	j->step = (unsigned)i;
	j->doing = "sample";
	rc = look_at_all(&st, i, err);
	if (rc < 0 || st.differ == 0)
		return rc;
	err_set(err, HZ_E_REFUSED,
		"%s: what the journal says was written does not stand there (%llu of %llu sectors that were looked at "
		"differ, the first is %llu): the medium was used since, or it does not keep what is written",
		j->before.path, (unsigned long long)st.differ, (unsigned long long)st.compared,
		(unsigned long long)st.first);
	err_hint(err,
		"nothing was written; if it is to be erased all the same, begin anew with 'hozen-erase run', which "
		"closes this journal");
	return HZ_E_REFUSED;
}
