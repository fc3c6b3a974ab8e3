/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan in the journal: methods and verification by name, so that what goes on after a crash is what was begun, and
 * not what would be chosen for the device as it is now.
 */
#include "base/json.h"
#include "base/json_read.h"
#include "sanitize/job.h"
#include "sanitize/plan_words.h"
#include <string.h>

int job_plan_text(const struct job *j, const hz_json *summary, char **text, hz_error **err)
{
	AUTO(hz_json_free) hz_json *o = json_new_plain();
	hz_json *steps;
	int rc;

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
		hz_json_bool(s, "further", !j->plan.step[i].row);
	}
	rc = job_kept_put(j, o, summary, err);
	if (rc < 0)
		return rc;
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
	bool further = false;

	s->method = id ? method_find(id) : NULL;
	if (!s->method || !verification_of(json_text(json_get(v, "verify")), &s->verify))
		return false;
	/* A further pass reaches no level of its own, whatever its method would. */
	(void)json_truth(json_get(v, "further"), &further);
	s->row = further ? NULL : profile_row_find(j->plan.profile, &j->before, id);
	j->plan.n_steps++;
	return true;
}

/* Journals of before have no assumptions in them: those that follow from device and steps then. */
static int read_assumptions(struct job *j, hz_error **err)
{
	int known = job_kept_assumptions(j);

	if (known < 0)
		return err_set(err, known, "the journal's plan is not what this version writes");
	if (!known)
		plan_assumptions(&j->plan, &j->before);
	return 0;
}

int job_plan_read(struct job *j, const char *text, hz_error **err)
{
	const struct json_value *root, *steps;
	const char *goal;
	int rc = json_read(&j->kept, text ? text : "", text ? strlen(text) : 0, err);

	if (rc < 0)
		return rc;
	root = j->kept;
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
	return read_assumptions(j, err);
}

size_t job_plan_steps(const char *text, enum level *goal)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	const char *name;

	*goal = LEVEL_NONE;
	if (!text || json_read(&root, text, strlen(text), NULL) < 0)
		return 0;
	name = json_text(json_get(root, "goal"));
	if (name)
		*goal = strcmp(name, "purge") == 0 ? LEVEL_PURGE : LEVEL_CLEAR;
	return json_list_len(json_get(root, "steps"));
}
