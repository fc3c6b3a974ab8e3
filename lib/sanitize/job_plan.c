/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan in the journal: methods and verification by name, so that what goes on after a crash is what was begun, and
 * not what would be chosen for the device as it is now.
 */
#include "base/json.h"
#include "base/json_read.h"
#include "sanitize/job.h"
#include <stdio.h>
#include <string.h>

int job_plan_text(const struct job *j, char **text, hz_error **err)
{
	AUTO(hz_json_free) hz_json *o = json_new_plain();
	hz_json *steps;

	if (!o)
		return err_nomem(err);
	hz_json_str(o, "profile", j->plan.profile->id);
	hz_json_str(o, "goal", level_name(j->plan.goal));
	hz_json_bool(o, "vouched", j->plan.vouched);
	hz_json_bool(o, "strict", j->wanted.strict);
	steps = hz_json_array(o, "steps");
	for (size_t i = 0; i < j->plan.n_steps; i++) {
		hz_json *s = hz_json_add_object(steps);

		hz_json_str(s, "method", j->plan.step[i].method->id);
		hz_json_str(s, "verify", verification_name(j->plan.step[i].verify));
	}
	return hz_json_text(o, text) < 0 ? err_nomem(err) : 0;
}

static bool verification_of(const char *name, enum verification *v)
{
	for (*v = VERIFY_NONE; *v <= VERIFY_CHANGE; (*v)++)
		if (name && strcmp(verification_name(*v), name) == 0)
			return true;
	return false;
}

static bool step_of(struct job *j, const struct json_value *v)
{
	struct plan_step *s = &j->plan.step[j->plan.n_steps];
	const char *id = json_text(json_get(v, "method"));

	s->method = id ? method_find(id) : NULL;
	if (!s->method || !verification_of(json_text(json_get(v, "verify")), &s->verify))
		return false;
	s->row = profile_row_find(j->plan.profile, &j->before, id);
	j->plan.n_steps++;
	return true;
}

int job_plan_read(struct job *j, const char *text, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	const struct json_value *steps;
	const char *goal;
	int rc = json_read(&root, text, strlen(text), err);

	if (rc < 0)
		return rc;
	memset(&j->plan, 0, sizeof(j->plan));
	goal = json_text(json_get(root, "goal"));
	steps = json_get(root, "steps");
	j->plan.goal = !goal ? LEVEL_NONE : strcmp(goal, "purge") == 0 ? LEVEL_PURGE : LEVEL_CLEAR;
	j->plan.profile = profile_find(
		json_text(json_get(root, "profile")) ? json_text(json_get(root, "profile")) : "");
	if (!j->plan.profile || !json_truth(json_get(root, "vouched"), &j->plan.vouched) ||
		!json_truth(json_get(root, "strict"), &j->method_options.strict) || json_list_len(steps) == 0 ||
		json_list_len(steps) > PLAN_STEPS)
		return err_set(err, HZ_E_CORRUPT, "the journal's plan is not what this version writes");
	for (size_t i = 0; i < json_list_len(steps); i++)
		if (!step_of(j, json_list_at(steps, i)))
			return err_set(err, HZ_E_CORRUPT, "the journal's plan names a method that is not known");
	j->plan.reachable = true;
	return 0;
}

size_t job_plan_steps(const char *text)
{
	AUTO(json_read_free) struct json_value *root = NULL;

	return json_read(&root, text, strlen(text), NULL) < 0 ? 0 : json_list_len(json_get(root, "steps"));
}
