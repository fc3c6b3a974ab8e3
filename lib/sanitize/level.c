/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The level that a certificate may name. Everything in the plan must have been done and verified: one step that is not
 * proven makes it "none", for what was left out cannot be told from what failed. The first reason counts.
 */
#include "sanitize/plan.h"
#include <stdio.h>
#include <string.h>

/* As hidden as before, or nobody knows: what is there was not reached. */
static const char *hidden_in(const hz_device_info *d)
{
	const uint32_t areas[] = { d->hidden.hpa, d->hidden.dco, d->hidden.ama };
	static const char *const names[] = { "HPA", "DCO", "AMA" };

	for (unsigned i = 0; i < 3; i++)
		if (areas[i] == HZ_HIDDEN_PRESENT || areas[i] == HZ_HIDDEN_UNCLEAR)
			return names[i];
	if (d->logical_sector && d->hidden.native_sectors > d->bytes / d->logical_sector)
		return "a native size that is larger";
	return NULL;
}

static bool same_device(const hz_device_info *a, const hz_device_info *b, char *why, size_t len)
{
	if (strcmp(a->serial, b->serial) != 0 || strcmp(a->wwn, b->wwn) != 0)
		return (void)snprintf(why, len, "another device answers now: %s %s, before it was %s %s", b->serial,
			       b->wwn, a->serial, a->wwn),
		       false;
	if (a->bytes != b->bytes || a->logical_sector != b->logical_sector || a->bytes == 0)
		return (void)snprintf(why, len, "its size changed from %llu to %llu bytes",
			       (unsigned long long)a->bytes, (unsigned long long)b->bytes),
		       false;
	return true;
}

/* Is what was verified as much as the plan asks for? */
static bool is_verified(const struct plan_step *s, const struct verified *v, char *why, size_t len)
{
	bool enough = v->kind == s->verify || (v->kind == VERIFY_FULL && s->verify == VERIFY_SAMPLED);

	if (s->verify == VERIFY_NONE || v->kind == VERIFY_NONE)
		(void)snprintf(why, len, "%s was not verified", s->method->id);
	else if (!enough)
		(void)snprintf(why, len, "%s was verified (%s), but not as planned (%s)", s->method->id,
			verification_name(v->kind), verification_name(s->verify));
	else if (v->mismatched > 0 || v->unreadable > 0)
		(void)snprintf(why, len, "%s: %llu sectors differ and %llu cannot be read", s->method->id,
			(unsigned long long)v->mismatched, (unsigned long long)v->unreadable);
	else if (!v->passed && v->kind == VERIFY_CHANGE)
		(void)snprintf(why, len,
			"%s: not every sample could be compared with what stood there before, so nobody can say that "
			"it "
			"changed",
			s->method->id);
	else if (!v->passed || v->sectors == 0)
		(void)snprintf(why, len, "%s: the verification did not pass", s->method->id);
	else
		return true;
	return false;
}

static bool is_done(const struct plan_step *s, const struct outcome *o, char *why, size_t len)
{
	static const char *const states[] = { "was not started", "is not finished", "", "is done but for some areas",
		"failed", "has an outcome that is not known", "lost its device" };
	unsigned state = (unsigned)o->state < 7 ? (unsigned)o->state : OUTCOME_UNKNOWN;

	if (state != OUTCOME_COMPLETED)
		(void)snprintf(why, len, "%s %s%s%s", s->method->id, states[state], o->said[0] ? ": " : "", o->said);
	else if (o->bad.n > 0)
		(void)snprintf(why, len, "%s left %llu sectors that could not be written", s->method->id,
			(unsigned long long)o->bad.sectors);
	else if (o->touched != TOUCHED_ALL)
		(void)snprintf(why, len, "%s did not reach everything", s->method->id);
	else if (o->goes_on)
		(void)snprintf(why, len, "%s: the firmware is still at work", s->method->id);
	else if (!s->method->firmware && !o->flushed)
		(void)snprintf(why, len, "%s was not flushed", s->method->id);
	else
		return true;
	return false;
}

enum level level_reached(const struct plan *p, const struct outcome *outcomes, const struct verified *verified,
	const hz_device_info *before, const hz_device_info *after, char *why, size_t why_len)
{
	const char *hides = hidden_in(before) ? hidden_in(before) : hidden_in(after);
	const struct plan_step *best = NULL;
	enum level level = LEVEL_NONE;

	if (!p->reachable || p->n_steps == 0)
		return (void)snprintf(why, why_len, "there was no plan"), LEVEL_NONE;
	if (!same_device(before, after, why, why_len))
		return LEVEL_NONE;
	if (hides)
		return (void)snprintf(why, why_len, "sectors may be hidden (%s) and were not reached", hides),
		       LEVEL_NONE;
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct plan_step *s = &p->step[i];
		enum level l = s->method->hint ? LEVEL_NONE : profile_row_level(s->row, p->vouched);

		if (!is_done(s, &outcomes[i], why, why_len) || !is_verified(s, &verified[i], why, why_len))
			return LEVEL_NONE;
		if (l > level) {
			level = l;
			best = s;
		}
	}
	if (!best)
		return (void)snprintf(why, why_len, "no step reaches a level in %s", p->profile->id), LEVEL_NONE;
	(void)snprintf(why, why_len, "%s: %s, by %s, verified (%s)", level_name(level), best->row->clause,
		best->method->id, verification_name(best->verify));
	return level;
}
