/* SPDX-License-Identifier: BSD-2-Clause */
/* A decision about the record of a sanitization, by another person. */
#include "base/json.h"
#include "base/options.h"
#include "base/vfs.h"
#include "report/check.h"
#include "report/person.h"
#include "report/trust.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct first {
	hz_report r;
	struct json_value *root;
	const struct json_value *predicate, *result;
};

static bool is_certificate(const struct first *f)
{
	bool yes = false;

	if (strcmp(f->r.outcome, "done") != 0)
		return false;
	if (strcmp(f->r.kind, "sanitize") == 0)
		return json_truth(json_get(f->result, "certificate"), &yes) && yes;
	return json_truth(json_get(f->result, "complete"), &yes) && yes;
}

static int check_first(struct first *f, const hz_validate_options *o, hz_error **err)
{
	if (f->r.signer != HZ_SIGNER_TRUSTED) {
		err_set(err, HZ_E_AUTH, "its signer %s is not trusted%s", f->r.fingerprint,
			f->r.signer == HZ_SIGNER_EXPIRED ? err_text(" for that time") : "");
		err_hint(err, "--trust FILE names the keys to believe; get it from whoever runs that host");
		return HZ_E_AUTH;
	}
	if (strcmp(f->r.kind, "sanitize") != 0 && strcmp(f->r.kind, "shred") != 0)
		return err_set(err, HZ_E_REFUSED, "it is a record of kind %s, not of a sanitization", f->r.kind);
	if (o->decision == HZ_DECISION_ACCEPTED && !is_certificate(f)) {
		err_set(err, HZ_E_REFUSED, "it is no certificate: the goal was not reached, or something is open");
		err_hint(err, "reject it, with a reason; or sanitize the medium again");
		return HZ_E_REFUSED;
	}
	return 0;
}

static int check_person(const struct first *f, const hz_validate_options *o, const hz_record *rec, hz_error **err)
{
	AUTO(json_read_free) struct json_value *who = NULL;
	AUTO(json_read_free) struct json_value *where = NULL;
	int rc = record_people(rec, &who, &where, err);

	if (rc < 0 || (o->flags & HZ_VALIDATE_ONE_PERSON))
		return rc;
	if (!person_is_same(json_get(f->predicate, "operator"), json_get(f->predicate, "host"), who, where))
		return 0;
	err_set(err, HZ_E_REFUSED, "its operator %s is the same person: another one has to validate it",
		f->r.operator_name);
	err_hint(err, "let a colleague do it, from his own login; --one-person where the policy does not ask for two");
	return HZ_E_REFUSED;
}

/* What was sanitized: words of the first record's identity. */
static void put_medium(const struct first *f, hz_json *summary)
{
	AUTO(json_read_free) struct json_value *id = NULL;
	const char *text = json_text(json_get(f->predicate, "identity"));
	const char *medium = NULL;

	if (text && json_read(&id, text, strlen(text), NULL) == 0)
		medium = json_text(json_get(id, strcmp(f->r.kind, "sanitize") == 0 ? "medium" : "path"));
	json_put_text(summary, "medium", medium, TEXT_MAX);
	json_put_text(summary, "level", json_text(json_get(f->result, "level")), TEXT_MAX);
}

static void say(const struct first *f, const hz_validate_options *o, hz_record *rec, hz_json *summary)
{
	const char *decision = o->decision == HZ_DECISION_ACCEPTED ? "accepted" : "rejected";

	hz_json_str(summary, "decision", decision);
	json_put_text(summary, "reason", o->reason, TEXT_MAX);
	hz_json_str(summary, "record", f->r.uuid);
	hz_json_str(summary, "sha256", f->r.sha256);
	hz_json_str(summary, "kind", f->r.kind);
	hz_json_str(summary, "outcome", f->r.outcome);
	hz_json_bool(summary, "certificate", is_certificate(f));
	json_put_text(summary, "operator", *f->r.operator_name ? f->r.operator_name : NULL, TEXT_MAX);
	hz_json_str(summary, "fingerprint", f->r.fingerprint);
	put_medium(f, summary);
	hz_record_about(rec, "record", f->r.uuid);
	hz_record_about(rec, "decision", decision);
	hz_record_subject(rec, "record", f->r.sha256);
	if (o->flags & HZ_VALIDATE_ONE_PERSON)
		hz_record_says(rec, HZ_SAYS_OVERRIDE, "it was not asked whether two persons were at work");
	hz_record_says(rec, HZ_SAYS_NOT_CHECKED, "the medium itself: this is a decision about a record");
}

static int read_first(struct first *f, const char *path, const hz_trust *trust, hz_error **err)
{
	int rc = hz_report_check(path, trust, &f->r, err);

	if (rc == 0)
		rc = json_read(&f->root, f->r.text, f->r.text_len, err);
	f->predicate = json_get(f->root, "predicate");
	f->result = json_get(f->predicate, "result");
	return rc;
}

int hz_record_validate(const char *path, const hz_trust *trust, const hz_validate_options *opts, hz_record *rec,
	hz_json *summary, hz_error **err)
{
	struct first f = { .r = HZ_REPORT_INIT };
	hz_validate_options o;
	int rc = options_copy(&o, sizeof(o), opts, "hz_validate_options", err);

	if (rc < 0)
		return rc;
	if (!rec || (o.decision != HZ_DECISION_ACCEPTED && o.decision != HZ_DECISION_REJECTED) ||
		(o.flags & ~HZ_VALIDATE_ONE_PERSON))
		return err_set(err, HZ_E_INVAL, "hz_validate_options: no record, or no decision");
	if (o.decision == HZ_DECISION_REJECTED && (!o.reason || !*o.reason))
		return err_set(err, HZ_E_INVAL, "a rejection needs a reason");
	rc = read_first(&f, path, trust, err);
	if (rc == 0)
		rc = err_wrap(err, check_first(&f, &o, err), "record %s", path);
	if (rc == 0)
		rc = err_wrap(err, check_person(&f, &o, rec, err), "record %s", path);
	if (rc == 0)
		say(&f, &o, rec, summary);
	json_read_free(f.root);
	free(f.r.text);
	return rc;
}
