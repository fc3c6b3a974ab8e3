/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan for those who call from outside (hozen/sanitize.h). */
#include "base/options.h"
#include "sanitize/plan_words.h"
#include "sanitize/sanitize.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hz_plan {
	struct plan plan;
	struct plan_options wanted;
	uint32_t decision; /* HZ_DECIDE_* */
	char decided[200];
};

void hz_plan_free(hz_plan *plan)
{
	free(plan);
}

const struct plan *plan_of(const hz_plan *p, struct plan_options *wanted)
{
	*wanted = p->wanted;
	return &p->plan;
}

static uint32_t decision_of(enum decision d)
{
	return d == DECIDE_CLEAR ? HZ_DECIDE_CLEAR : d == DECIDE_PURGE ? HZ_DECIDE_PURGE : HZ_DECIDE_DESTROY;
}

/* The flow's word: a goal that is not given follows from it, and one that is given is compared with it. */
static void decide(hz_plan *p, const hz_plan_options *o, const struct profile *profile)
{
	enum decision d;

	if (o->confidentiality == HZ_CONFIDENTIALITY_NOT_SAID)
		return;
	d = plan_decide(profile, (enum confidentiality)o->confidentiality, o->flags & HZ_PLAN_REUSED,
		o->flags & HZ_PLAN_LEAVES, p->decided, sizeof(p->decided));
	p->decision = decision_of(d);
	if (o->goal == HZ_LEVEL_NONE)
		p->wanted.goal = d == DECIDE_CLEAR ? LEVEL_CLEAR : LEVEL_PURGE;
}

/* A medium that has to be destroyed has no steps, and no trail: which method would reach what is not the question. */
static void tell_destroy(hz_plan *p, const struct profile *profile)
{
	p->plan.reachable = false;
	p->plan.n_steps = p->plan.n_reasons = p->plan.n_assumptions = 0;
	plan_reason(&p->plan, "%s", p->decided);
	plan_reason(&p->plan, "destroy it: %s asks for that, which no command here does", profile->decision_clause);
}

/* Its line comes first. */
static void tell_decision(hz_plan *p, const hz_plan_options *o, const struct profile *profile)
{
	size_t keep = p->plan.n_reasons < PLAN_REASONS ? p->plan.n_reasons : PLAN_REASONS - 1;

	if (!p->decision)
		return;
	if (p->decision == HZ_DECIDE_DESTROY && o->goal == HZ_LEVEL_NONE)
		return tell_destroy(p, profile);
	memmove(p->plan.reason[1], p->plan.reason[0], keep * sizeof(p->plan.reason[0]));
	p->plan.n_reasons = keep + 1;
	(void)snprintf(p->plan.reason[0], sizeof(p->plan.reason[0]), "%s", p->decided);
}

int hz_plan_make(hz_plan **plan, const hz_device_info *device, const hz_plan_options *opts, hz_error **err)
{
	AUTO(hz_plan_free) hz_plan *p = calloc(1, sizeof(*p));
	hz_plan_options o;
	const struct profile *profile;
	int rc = p ? options_copy(&o, sizeof(o), opts, "hz_plan_options", err) : err_nomem(err);

	if (rc < 0)
		return rc;
	profile = profile_find(o.profile ? o.profile : "nist-800-88r1");
	if (!profile)
		return err_set(err, HZ_E_INVAL, "there is no profile \"%s\"", o.profile);
	if (o.method && !method_find(o.method))
		return err_set(err, HZ_E_INVAL, "there is no method \"%s\"", o.method);
	if (o.goal > HZ_LEVEL_PURGE || o.confidentiality > HZ_CONFIDENTIALITY_HIGH ||
		(o.goal == HZ_LEVEL_NONE && o.confidentiality == HZ_CONFIDENTIALITY_NOT_SAID))
		return err_set(err, HZ_E_INVAL, "a goal, or the confidentiality of the data, is needed");
	p->wanted = (struct plan_options){ .goal = (enum level)o.goal,
		.profile = profile->id,
		.method = o.method,
		.quick = o.flags & HZ_PLAN_QUICK,
		.final_zeros = o.flags & HZ_PLAN_FINAL_ZEROS,
		.strict = o.flags & HZ_PLAN_STRICT,
		.vouched = o.flags & HZ_PLAN_VOUCHED };
	decide(p, &o, profile);
	plan_make(&p->plan, device, &p->wanted);
	tell_decision(p, &o, profile);
	*plan = TAKE(p);
	return 0;
}

int hz_plan_reachable(const hz_plan *plan)
{
	return plan->plan.reachable;
}

/* Its line of the trail. */
const char *hz_plan_cannot_pass(const hz_plan *plan)
{
	for (size_t i = 0; plan->plan.cannot_pass && i < plan->plan.n_reasons; i++)
		if (strstr(plan->plan.reason[i], "no result will pass"))
			return plan->plan.reason[i];
	return plan->plan.cannot_pass ? "sectors are hidden: no result will pass" : NULL;
}

uint32_t hz_plan_goal(const hz_plan *plan)
{
	return (uint32_t)plan->plan.goal;
}

uint32_t hz_plan_decision(const hz_plan *plan)
{
	return plan->decision;
}

uint64_t hz_plan_steps(const hz_plan *plan)
{
	return plan->plan.n_steps;
}

int hz_plan_step_get(const hz_plan *plan, uint64_t i, hz_plan_step *step)
{
	hz_plan_step s = HZ_PLAN_STEP_INIT;
	const struct plan_step *p = i < plan->plan.n_steps ? &plan->plan.step[i] : NULL;

	if (!p)
		return HZ_E_NOTFOUND;
	s.firmware = p->method->firmware;
	s.method = p->method->id;
	s.title = p->method->title;
	s.verification = verification_name(p->verify);
	s.clause = p->row ? p->row->clause : NULL;
	s.why = p->why;
	s.expected_s = p->expected_s;
	result_give(step, &s, sizeof(s));
	return 0;
}

const char *hz_plan_reason(const hz_plan *plan, uint64_t i)
{
	return i < plan->plan.n_reasons ? plan->plan.reason[i] : NULL;
}

const char *hz_plan_assumption(const hz_plan *plan, uint64_t i)
{
	return i < plan->plan.n_assumptions ? plan->plan.assumption[i] : NULL;
}

const char *hz_plan_profile_title(const hz_plan *plan)
{
	return plan->plan.profile->title;
}

void hz_plan_json(hz_json *j, const hz_plan *plan)
{
	static const char *const decisions[] = { NULL, "clear", "purge", "destroy" };
	hz_json *list;

	hz_json_str(j, "profile", plan->plan.profile->id);
	hz_json_str(j, "goal", level_name(plan->plan.goal));
	hz_json_bool(j, "reachable", plan->plan.reachable);
	hz_json_str(j, "cannot_pass", hz_plan_cannot_pass(plan));
	hz_json_str(j, "decision", decisions[plan->decision]);
	list = hz_json_array(j, "steps");
	for (size_t i = 0; i < plan->plan.n_steps; i++) {
		const struct plan_step *s = &plan->plan.step[i];
		hz_json *o = hz_json_add_object(list);

		hz_json_str(o, "method", s->method->id);
		hz_json_str(o, "title", s->method->title);
		hz_json_str(o, "clause", s->row ? s->row->clause : NULL);
		hz_json_str(o, "why", s->why);
		hz_json_str(o, "verification", verification_name(s->verify));
		hz_json_bool(o, "firmware", s->method->firmware);
		hz_json_u64(o, "expected_s", s->expected_s);
	}
	list = hz_json_array(j, "reasons");
	for (size_t i = 0; i < plan->plan.n_reasons; i++)
		hz_json_add_str(list, plan->plan.reason[i]);
	list = hz_json_array(j, "assumptions");
	for (size_t i = 0; i < plan->plan.n_assumptions; i++)
		hz_json_add_str(list, plan->plan.assumption[i]);
}
