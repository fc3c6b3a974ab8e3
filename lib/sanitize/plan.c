/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the facts of a device and a goal to the steps. Every method is looked at in an order of preference that depends
 * on the goal; each gets one line in the trail. The first that reaches the goal is taken. Nothing is downgraded: when
 * no method reaches the goal there are no steps.
 */
#include "sanitize/plan.h"
#include "sanitize/plan_words.h"
#include <stdio.h>
#include <string.h>

/* Purge: sanitize of the medium itself, then by key, then what is older, for it reaches less or says less. */
static const char *const purge_order[] = { "ata-block-erase", "scsi-block-erase", "nvme-block-erase", "ata-overwrite",
	"scsi-overwrite", "nvme-overwrite", "ata-crypto-scramble", "scsi-crypto-erase", "nvme-crypto-erase",
	"nvme-format", "nvme-format-crypto", "ata-security-erase-enhanced", "overwrite-stream", "overwrite-zeros",
	"overwrite-pattern", "ata-security-erase", NULL };
/* Clear: what can be read back by address first; firmware only where writing is not possible. */
static const char *const clear_order[] = { "overwrite-stream", "overwrite-zeros", "overwrite-pattern",
	"ata-security-erase", "nvme-format", "ata-security-erase-enhanced", "ata-block-erase", "scsi-block-erase",
	"nvme-block-erase", "ata-overwrite", "scsi-overwrite", "nvme-overwrite", "ata-crypto-scramble",
	"scsi-crypto-erase", "nvme-crypto-erase", "nvme-format-crypto", NULL };
static const char *const quick_order[] = { "overwrite-zeros", "overwrite-pattern", NULL };
static const char *const hints[] = { "discard", "write-zeroes", NULL };

/* Does it reach the goal? Says in why. */
static bool judge(const struct plan *p, const hz_device_info *d, const struct method *m, char *why, size_t len)
{
	const struct profile_row *row = profile_row_find(p->profile, d, m->id);
	enum level level = profile_row_level(row, p->vouched);

	if (m->hint)
		return (void)snprintf(why, len, "a hint to the device, evidence of nothing"), false;
	if ((d->can & m->needs) != m->needs)
		return (void)snprintf(why, len, "the device does not offer it"), false;
	if (!row)
		return (void)snprintf(why, len, "reaches nothing on this medium (%s, %s) in %s",
			       plan_medium_word(d->medium), plan_transport_word(d->transport), p->profile->id),
		       false;
	if (level < p->goal && row->level >= p->goal)
		return (void)snprintf(why, len,
			       "would reach %s, but nobody vouches for what that rests on: "
			       "counts as clear",
			       level_name(row->level)),
		       false;
	if (level < p->goal)
		return (void)snprintf(why, len, "reaches %s only: %s", level_name(level), row->clause), false;
	if (plan_blocked(d, m, why, len))
		return false;
	(void)snprintf(why, len, "reaches %s: %s", level_name(level), row->clause);
	return true;
}

static void add_step(struct plan *p, const hz_device_info *d, const struct plan_options *o, const struct method *m,
	enum verification v, const struct profile_row *row)
{
	struct plan_step *s = &p->step[p->n_steps];

	if (p->n_steps == PLAN_STEPS)
		return;
	p->n_steps++;
	s->method = m;
	s->verify = v;
	s->row = row;
	s->expected_s = plan_expected_s(m, v, d, o->bytes_per_s);
	plan_step_words(s, p);
}

static bool is_overwrite(const struct method *m)
{
	return strncmp(m->id, "overwrite-", 10) == 0;
}

/* How the technique wants to be verified, unless the operator says it; VERIFY_NONE: what he says cannot be done. */
static enum verification how_to_verify(const struct plan_options *o, const struct method *m, enum verification usual)
{
	if (!is_overwrite(m))
		return o->verify == VERIFY_NONE || o->verify == VERIFY_CHANGE ? VERIFY_CHANGE : VERIFY_NONE;
	if (o->verify == VERIFY_CHANGE)
		return VERIFY_NONE;
	return o->verify == VERIFY_NONE ? usual : o->verify;
}

/* The method that was chosen, and the further passes around it. */
static void take(struct plan *p, const hz_device_info *d, const struct plan_options *o, const struct method *m)
{
	const struct profile_row *row = profile_row_find(p->profile, d, m->id);
	const struct method *stream = method_find("overwrite-stream"), *zeros = method_find("overwrite-zeros");
	bool two_passes = strcmp(m->id, "overwrite-pattern") == 0, streamed = m == stream;
	enum verification v = how_to_verify(o, m, o->quick ? VERIFY_SAMPLED : VERIFY_FULL);

	if (v == VERIFY_NONE)
		return plan_reason(p,
			"%s cannot be verified by \"%s\": firmware by change, an overwrite in full or "
			"sampled",
			m->id, verification_name(o->verify));
	if (two_passes && !o->quick && !o->method && stream) {
		/* Only a pass that differs at each address finds a medium that lies about its size. */
		add_step(p, d, o, stream, v, NULL);
		v = o->verify == VERIFY_NONE ? VERIFY_SAMPLED : o->verify;
		streamed = true;
	}
	add_step(p, d, o, m, v, row);
	if (o->final_zeros && zeros && m != zeros)
		add_step(p, d, o, zeros, VERIFY_SAMPLED, NULL);
	if (is_overwrite(m) && !streamed)
		plan_assume(p,
			"%s: a fixed pattern: that addresses are not aliases of each other, and that writes are not "
			"dropped, is not excluded beyond what was read back",
			m->id);
	p->reachable = true;
}

static void choose_among(
	struct plan *p, const hz_device_info *d, const struct plan_options *o, const char *const *order)
{
	const struct method *chosen = NULL;
	char why[200];

	for (; *order; order++) {
		const struct method *m = method_find(*order);

		if (!m || (o->method && strcmp(o->method, m->id) != 0))
			continue;
		if (!judge(p, d, m, why, sizeof(why))) {
			plan_reason(p, "%s: no: %s", m->id, why);
		} else if (chosen) {
			plan_reason(p, "%s: not needed: %s", m->id, why);
		} else {
			plan_reason(p, "%s: taken: %s", m->id, why);
			chosen = m;
		}
	}
	if (chosen)
		take(p, d, o, chosen);
}

static void choose(struct plan *p, const hz_device_info *d, const struct plan_options *o)
{
	const char *const *order = p->goal == LEVEL_PURGE ? purge_order : o->quick ? quick_order : clear_order;

	if (o->method && !method_find(o->method))
		return plan_reason(p, "there is no method \"%s\"", o->method);
	if (o->method && (strcmp(o->method, hints[0]) == 0 || strcmp(o->method, hints[1]) == 0))
		order = hints;
	else if (o->method && order == quick_order)
		order = clear_order;
	choose_among(p, d, o, order);
}

/* No step is there: what is left to do. */
static void give_up(struct plan *p, const hz_device_info *d, const struct plan_options *o)
{
	const bool frozen = d->state & (HZ_STATE_SECURITY_FROZEN | HZ_STATE_SANITIZE_FROZEN);
	const char *then = o->method ? " by this method"
		: frozen ? " while the drive is frozen: suspend and resume this computer, or switch the drive off "
			   "and on, and ask again; or destroy it"
			 : ": destroy it";
	struct plan_options lower = *o;
	struct plan other;

	if (p->goal == LEVEL_CLEAR)
		return plan_reason(p, "clear cannot be reached here%s", then);
	plan_reason(p, "purge cannot be reached here%s", then);
	lower.goal = LEVEL_CLEAR;
	plan_make(&other, d, &lower);
	if (other.reachable)
		plan_reason(p,
			"clear could be reached: ask for it as the goal if that is enough; nothing is "
			"downgraded here");
}

void plan_make(struct plan *p, const hz_device_info *d, const struct plan_options *o)
{
	memset(p, 0, sizeof(*p));
	p->goal = o->goal;
	p->vouched = o->vouched;
	p->profile = profile_find(o->profile ? o->profile : "nist-800-88r1");
	if (!p->profile)
		return plan_reason(p, "there is no profile \"%s\"", o->profile);
	if (o->goal != LEVEL_CLEAR && o->goal != LEVEL_PURGE)
		return plan_reason(p, "the goal is neither clear nor purge");
	if (o->quick && o->goal == LEVEL_PURGE)
		return plan_reason(p, "quick is one fixed pass, which is never purge");
	plan_obstacles(p, d);
	if (!plan_usable(p, d))
		return;
	choose(p, d, o);
	if (p->reachable)
		plan_assumptions(p, d);
	else
		give_up(p, d, o);
}
