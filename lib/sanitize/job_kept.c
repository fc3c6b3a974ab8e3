/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a record says besides plan and outcome, kept in the journal's plan: assumptions, overrides, custody, approval. A
 * job that was interrupted ends with the record that it would have had in one piece.
 */
#include "base/json.h"
#include "base/json_read.h"
#include "sanitize/job.h"
#include "sanitize/plan_words.h"
#include <string.h>

/* ---- into the journal ---- */

static void put_text(void *user, const char *key, const struct json_value *v)
{
	if (json_text(v))
		hz_json_str(user, key, json_text(v));
}

/* The texts of an object; nothing where there is none. */
static void put_texts(hz_json *to, const char *key, const struct json_value *from)
{
	if (json_is_map(from))
		json_each(from, put_text, hz_json_object(to, key));
}

static int read_back(struct json_value **root, const hz_json *j, hz_error **err)
{
	AUTO_FREE char *text = NULL;

	*root = NULL;
	if (!j)
		return 0;
	if (hz_json_text(j, &text) < 0)
		return err_nomem(err);
	return json_read(root, text, strlen(text), err);
}

int job_kept_put(const struct job *j, hz_json *plan, const hz_json *summary, hz_error **err)
{
	AUTO(json_read_free) struct json_value *said = NULL;
	hz_json *list = hz_json_array(plan, "assumptions");
	int rc = read_back(&said, summary, err);

	for (size_t i = 0; i < j->plan.n_assumptions; i++)
		hz_json_add_str(list, j->plan.assumption[i]);
	list = hz_json_array(plan, "overrides");
	for (const char *const *o = j->opts->overrides; o && *o; o++)
		hz_json_add_str(list, *o);
	put_texts(plan, "custody", json_get(said, "custody"));
	put_texts(plan, "approval", json_get(said, "approval"));
	return rc;
}

/* ---- and back ---- */

struct merge {
	hz_json *out;
	const struct json_value *first, *now;
};

/* Nothing is said now: what was said first holds. */
static void put_newer(void *user, const char *key, const struct json_value *v)
{
	struct merge *m = user;

	hz_json_str(m->out, key, json_text(v) ? json_text(v) : json_text(json_get(m->first, key)));
}

static void put_missing(void *user, const char *key, const struct json_value *v)
{
	struct merge *m = user;

	if (!json_get(m->now, key))
		hz_json_str(m->out, key, json_text(v));
}

static void take_custody(hz_json *summary, const struct json_value *first, const struct json_value *now)
{
	struct merge m = { NULL, first, now };

	if (!json_is_map(first))
		return;
	m.out = hz_json_object(summary, "custody");
	if (json_is_map(now))
		json_each(now, put_newer, &m);
	json_each(first, put_missing, &m);
}

/* The one that was given now was checked by who gave it; the first one was, when the work began. */
static void take_approval(
	hz_json *summary, hz_record *rec, const struct json_value *first, const struct json_value *now)
{
	const char *who = json_text(json_get(first, "approver")), *sum = json_text(json_get(first, "sha256"));

	if (!who || !sum || json_is_map(now))
		return;
	put_texts(summary, "approval", first);
	hz_record_about(rec, "approver", who);
	hz_record_subject(rec, "approval", sum);
}

int job_kept_take(const struct job *j, hz_json *summary, hz_record *rec, hz_error **err)
{
	AUTO(json_read_free) struct json_value *now = NULL;
	int rc = read_back(&now, summary, err);

	if (rc < 0)
		return rc;
	take_custody(summary, json_get(j->kept, "custody"), json_get(now, "custody"));
	take_approval(summary, rec, json_get(j->kept, "approval"), json_get(now, "approval"));
	return 0;
}

int job_kept_assumptions(struct job *j)
{
	const struct json_value *list = json_get(j->kept, "assumptions");

	for (size_t i = 0; i < json_list_len(list); i++) {
		const char *text = json_text(json_list_at(list, i));

		if (!text)
			return HZ_E_CORRUPT;
		plan_assume(&j->plan, "%s", text);
	}
	return json_is_list(list) ? 1 : 0;
}

static bool is_given(const struct job *j, const char *gate)
{
	for (const char *const *o = j->opts->overrides; o && *o; o++)
		if (strcmp(*o, gate) == 0)
			return true;
	return false;
}

void job_kept_overrides(const struct job *j, hz_record *rec)
{
	const struct json_value *list = json_get(j->kept, "overrides");

	for (size_t i = 0; i < json_list_len(list); i++) {
		const char *gate = json_text(json_list_at(list, i));

		if (gate && !is_given(j, gate))
			hz_record_says(rec, HZ_SAYS_OVERRIDE, gate);
	}
}
