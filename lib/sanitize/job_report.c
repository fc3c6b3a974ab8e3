/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What came of a job, for people and for the record (docs/schemas/sanitize_summary-v1.json). Every error path comes
 * here too: what was touched is said in any case.
 */
#include "base/json.h"
#include "crypto/digest.h"
#include "sanitize/job.h"
#include "sanitize/plan_words.h"
#include <stdio.h>
#include <string.h>

#define EXTENTS_TOLD 2000u /* a record has 1 MiB */

static void hex(char *out, const uint8_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", in[i]);
}

static uint32_t touched_in_all(const struct job *j)
{
	uint32_t all = HZ_TOUCHED_NO;
	/* Of several steps: all if one did all; not known beats part. */
	static const uint32_t rank[] = { 0, 1, 3, 2 };

	for (size_t i = 0; i < j->plan.n_steps; i++) {
		uint32_t t = (uint32_t)j->outcome[i].touched;

		if (rank[t] > rank[all])
			all = t;
	}
	return all;
}

/* Pairs of LBA and count; more than fit are counted by the sectors beside it. */
static void put_extents(hz_json *j, const char *key, const struct extents *e)
{
	hz_json *list = hz_json_array(j, key);

	for (size_t i = 0; i < e->n && i < EXTENTS_TOLD; i++) {
		hz_json *pair = hz_json_add_array(list);

		hz_json_add_u64(pair, e->at[i].lba);
		hz_json_add_u64(pair, e->at[i].count);
	}
}

static void put_fill(hz_json *v, const struct fill *f)
{
	hz_json *o = hz_json_object(v, "fill");
	char text[2 * STREAM_KEY_LEN + 1] = "";

	hz_json_str(o, "kind", f->kind == FILL_STREAM ? "stream" : "bytes");
	if (f->kind == FILL_STREAM) {
		hz_json_str(o, "cipher", stream_name(f->cipher));
		hex(text, secret_bytes(f->key), STREAM_KEY_LEN);
		hz_json_str(o, "key", text);
		memset(text, 0, sizeof(text));
	} else {
		hex(text, f->pattern, f->pattern_len);
		hz_json_str(o, "pattern", text);
	}
}

static void put_verification(hz_json *s, const struct job *j, size_t i)
{
	const struct verified *v = &j->verified[i];
	const struct step_facts *f = &j->facts[i];
	hz_json *o = v->kind == VERIFY_NONE ? NULL : hz_json_object(s, "verification");
	char seed[2 * SAMPLE_SEED_LEN + 1];

	if (!o)
		hz_json_null(s, "verification");
	hz_json_str(o, "kind", verification_name(v->kind));
	hz_json_bool(o, "passed", v->passed);
	hz_json_u64(o, "sectors", v->sectors);
	hz_json_u64(o, "mismatched", v->mismatched);
	hz_json_u64(o, "unreadable", v->unreadable);
	if (v->kind == VERIFY_NONE)
		return;
	hex(seed, f->seed, SAMPLE_SEED_LEN);
	hz_json_str(o, "seed", seed);
	hz_json_u64(o, "samples", f->samples);
	hz_json_u64(o, "subsections", f->subsections);
	if (v->kind == VERIFY_CHANGE) {
		hz_json_u64(o, "compared", f->changed.compared);
		hz_json_u64(o, "changed", f->changed.changed);
		hz_json_u64(o, "unreadable_before", f->changed.unreadable_before);
		hz_json_u64(o, "unreadable_after", f->changed.unreadable_after);
		hz_json_u64(o, "same", f->changed.same);
		hz_json_u64(o, "blank_before", f->changed.blank_before);
		hz_json_u64(o, "known_structure", f->changed.known_structure);
		hz_json_bool(o, "marked", f->samples > 0 && f->marked == f->samples);
		hz_json_u64(o, "marked_samples", f->marked);
	} else {
		put_fill(o, &f->left);
		put_extents(o, "mismatched_at", &f->mismatched);
		put_extents(o, "unreadable_at", &f->unreadable);
	}
}

static void put_step(hz_json *list, const struct job *j, size_t i)
{
	static const char *const touched[] = { "no", "partly", "all", "unknown" };
	const struct plan_step *s = &j->plan.step[i];
	const struct outcome *o = &j->outcome[i];
	hz_json *x = hz_json_add_object(list);

	hz_json_str(x, "method", s->method->id);
	hz_json_str(x, "title", s->method->title);
	hz_json_bool(x, "firmware", s->method->firmware);
	hz_json_str(x, "clause", s->row ? s->row->clause : NULL);
	hz_json_str(x, "state", outcome_name(o->state));
	hz_json_str(x, "touched", touched[o->touched]);
	hz_json_u64(x, "duration_ns", o->ended_ns > o->started_ns ? o->ended_ns - o->started_ns : 0);
	hz_json_bool(x, "flushed", o->flushed);
	hz_json_bool(x, "goes_on", o->goes_on);
	json_put_text(x, "said", *o->said ? o->said : NULL, sizeof(o->said));
	hz_json_u64(x, "bad_sectors", o->bad.sectors);
	hz_json_u64(x, "bad_ranges", o->bad.n);
	put_extents(x, "bad", &o->bad);
	put_verification(x, j, i);
}

static void put_trace(hz_json *summary, const struct job *j)
{
	hz_json *o = hz_json_object(summary, "trace");
	size_t len = 0, lines = 0;
	const char *text = j->link->trace ? trace_text(j->link->trace, &len) : NULL;
	struct id sum = sha256(text ? text : "", text ? len : 0);

	for (size_t i = 0; text && i < len; i++)
		lines += text[i] == '\n';
	hz_json_u64(o, "commands", lines);
	/* null: memory ran out, and the trace is not whole. */
	hz_json_str(o, "sha256", text ? id_hex(&sum).s : NULL);
}

/* An area out of reach is one of three things (docs/erase/methods.md). */
static void put_hidden(hz_json *summary, const struct job *j)
{
	const uint32_t areas[] = { j->before.hidden.hpa, j->before.hidden.dco, j->before.hidden.ama };
	static const char *const names[] = { "HPA", "DCO", "AMA" };
	hz_json *o = hz_json_object(summary, "hidden_areas"), *out;

	(void)hz_json_array(o, "removed");
	(void)hz_json_array(o, "content_erased");
	out = hz_json_array(o, "unreachable");
	for (size_t i = 0; i < ARRAY_LEN(areas); i++)
		if (areas[i] == HZ_HIDDEN_PRESENT || areas[i] == HZ_HIDDEN_UNCLEAR)
			hz_json_add_str(out, names[i]);
}

static void put_not_said(const struct job *j, hz_record *rec)
{
	for (size_t i = 0; i < j->plan.n_assumptions; i++)
		hz_record_says(rec, HZ_SAYS_ASSUMPTION, j->plan.assumption[i]);
	for (const char *const *o = j->opts->overrides; o && *o; o++)
		hz_record_says(rec, HZ_SAYS_OVERRIDE, *o);
	job_kept_overrides(j, rec);
	if (j->plan.vouched)
		hz_record_says(rec, HZ_SAYS_OVERRIDE,
			"the operator vouches for what a cryptographic erase rests on (encrypted from the first write "
			"on)");
	for (size_t i = 0; i < j->plan.n_steps; i++) {
		if (j->verified[i].kind == VERIFY_SAMPLED)
			hz_record_says(rec, HZ_SAYS_NOT_CHECKED, "addresses between the samples");
		if (j->verified[i].kind == VERIFY_CHANGE)
			hz_record_says(rec, HZ_SAYS_NOT_CHECKED,
				"what the firmware did beneath the addresses: its own word and the change at the "
				"samples is "
				"all that is known");
	}
	if (plan_reaches_siblings(&j->plan, &j->before))
		hz_record_says(rec, HZ_SAYS_NOT_CHECKED,
			"the other namespaces of the medium, which were erased too: samples of before and after are of "
			"this one alone");
	hz_record_says(rec, HZ_SAYS_NOT_CHECKED,
		"areas that no address reaches: reallocated and spare blocks, boot "
		"partitions, RPMB, controller memory buffers");
	if (!j->looked_after)
		hz_record_says(rec, HZ_SAYS_NOT_CHECKED, "identity and health of the device after the work");
}

static void say_identity(const struct job *j, hz_record *rec)
{
	char bytes[24];

	(void)snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)j->before.bytes);
	hz_record_about(rec, "medium", j->before.confirm_id);
	hz_record_about(rec, "model", j->before.model);
	hz_record_about(rec, "serial", j->before.serial);
	hz_record_about(rec, "wwn", j->before.wwn);
	hz_record_about(rec, "bytes", bytes);
}

static void judge(const struct job *j, int rc, hz_sanitize_result *r)
{
	enum level level = level_reached(
		&j->plan, j->outcome, j->verified, &j->before, &j->after, r->why, sizeof(r->why));

	if (!j->looked_after && level != LEVEL_NONE) {
		level = LEVEL_NONE;
		(void)snprintf(r->why, sizeof(r->why), "the device did not answer after the work");
	}
	r->level = rc == 0 ? (uint32_t)level : HZ_LEVEL_NONE;
	r->goal = (uint32_t)j->plan.goal;
	r->touched = touched_in_all(j);
	r->certificate = rc == 0 && level != LEVEL_NONE && level >= j->plan.goal;
	r->device = j->before;
	for (size_t i = 0; i < j->plan.n_steps; i++) {
		r->mismatch |= j->verified[i].mismatched > 0;
		r->goes_on |= j->outcome[i].goes_on;
		r->lost |= j->outcome[i].state == OUTCOME_LOST || rc == HZ_E_NOTFOUND;
		r->bad_sectors += j->outcome[i].bad.sectors + j->verified[i].unreadable;
	}
}

void job_report(const struct job *j, int rc, hz_record *rec, hz_json *summary, hz_sanitize_result *r)
{
	static const char *const touched[] = { "no", "partly", "all", "unknown" };
	hz_json *list;

	judge(j, rc, r);
	hz_device_json(hz_json_object(summary, "device"), &j->before);
	if (j->looked_after)
		hz_device_json(hz_json_object(summary, "device_after"), &j->after);
	else
		hz_json_null(summary, "device_after");
	hz_json_str(summary, "profile", j->plan.profile ? j->plan.profile->id : NULL);
	hz_json_str(summary, "profile_version", j->plan.profile ? j->plan.profile->version : NULL);
	hz_json_str(summary, "technique_standard", j->plan.profile ? j->plan.profile->technique_standard : NULL);
	hz_json_str(summary, "goal", level_name(j->plan.goal));
	hz_json_str(summary, "level", hz_level_name(r->level));
	hz_json_bool(summary, "certificate", r->certificate != 0);
	json_put_text(summary, "why", r->why, sizeof(r->why));
	hz_json_str(summary, "touched", touched[r->touched]);
	hz_json_bool(summary, "resumed", j->resumed);
	if (j->temperature_max == INT32_MIN)
		hz_json_null(summary, "temperature_max_c");
	else
		hz_json_i64(summary, "temperature_max_c", j->temperature_max);
	put_hidden(summary, j);
	list = hz_json_array(summary, "steps");
	for (size_t i = 0; i < j->plan.n_steps; i++)
		put_step(list, j, i);
	put_trace(summary, j);
	say_identity(j, rec);
	put_not_said(j, rec);
}
