/* SPDX-License-Identifier: BSD-2-Clause */
/* Making records: see statement.h. */
#include "report/statement.h"
#include "base/base64.h"
#include "crypto/digest.h"
#include <stdio.h>
#include <string.h>

static const struct {
	int code;
	const char *name;
} outcomes[] = { { 0, "done" }, { 1, "failed" }, { 2, "usage" }, { 3, "exceptions" }, { 4, "damage" }, { 5, "refused" },
	{ 6, "overdue" }, { 130, "cancelled" } };

bool record_kind_is_known(const char *kind)
{
	static const char *const kinds[] = { "backup", "restore", "export", "check", "init", "key", "verify", "drill",
		"selftest", "policy", "sanitize", "media", "shred", "validate" };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i], kind) == 0)
			return true;
	}
	return false;
}

const char *outcome_of_exit(int exit_code)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		if (outcomes[i].code == exit_code)
			return outcomes[i].name;
	}
	return NULL;
}

/* The identity as a text in the predicate, and its hash as the first subject. */
static int put_identity(hz_json *subject, hz_json *predicate, const struct statement *s)
{
	AUTO_FREE char *text = NULL;
	struct id hash;

	if (hz_json_text(s->identity, &text) < 0)
		return HZ_E_NOMEM;
	hash = sha256(text, strlen(text));
	hz_json_str(predicate, "identity", text);
	hz_json_str(subject, "name", "identity");
	hz_json_str(hz_json_object(subject, "digest"), "sha256", id_hex(&hash).s);
	return 0;
}

static void put_time(hz_json *predicate, const struct statement *s)
{
	hz_json *time = hz_json_object(predicate, "time"), *clock = hz_json_object(time, "clock");

	hz_json_time(time, "start", s->start.sec, s->start.nsec);
	if (s->has_end) {
		hz_json_time(time, "end", s->end.sec, s->end.nsec);
		hz_json_u64(time, "duration_ns", s->duration_ns);
	} else {
		hz_json_null(time, "end");
		hz_json_null(time, "duration_ns");
	}
	hz_json_str(clock, "source", s->clock.source);
	hz_json_bool(clock, "synchronized", s->clock.synchronized);
	if (s->clock.has_offset)
		hz_json_i64(clock, "offset_ns", s->clock.offset_ns);
	else
		hz_json_null(clock, "offset_ns");
	if (s->clock.synchronized)
		hz_json_i64(clock, "error_bound_ns", s->clock.error_bound_ns);
	else
		hz_json_null(clock, "error_bound_ns");
}

/* "8.13 8.24" as a list. */
static void put_controls(hz_json *predicate, const char *controls)
{
	hz_json *list = hz_json_array(predicate, "controls");

	while (controls && *controls) {
		size_t n = strcspn(controls, " ");

		hz_json_add_path(list, controls, n);
		controls += n + strspn(controls + n, " ");
	}
}

static void put_policy(hz_json *predicate, const hz_record_options *o)
{
	hz_json *j;

	if (!o->policy_id) {
		hz_json_null(predicate, "policy");
		return;
	}
	j = hz_json_object(predicate, "policy");
	json_put_text(j, "id", o->policy_id, TEXT_MAX);
	hz_json_str(j, "sha256", o->policy_sha256);
}

static void put_outcome(hz_json *predicate, const struct statement *s)
{
	hz_json_str(predicate, "outcome", s->has_end ? outcome_of_exit(s->exit_code) : "interrupted");
	if (s->has_end)
		hz_json_i64(predicate, "exit", s->exit_code);
	else
		hz_json_null(predicate, "exit");
	json_put_text(predicate, "error", s->error, TEXT_MAX);
}

static void put_list(hz_json *predicate, const char *key, const hz_json *list)
{
	if (list)
		json_put_copy(predicate, key, list);
	else
		(void)hz_json_array(predicate, key);
}

static void put_findings(hz_json *predicate, const struct statement *s)
{
	json_put_copy(predicate, "result", s->result);
	put_list(predicate, "failures", s->failures);
	hz_json_u64(predicate, "failures_total", s->failures_total);
	put_list(predicate, "not_checked", s->says[HZ_SAYS_NOT_CHECKED]);
	put_list(predicate, "assumptions", s->says[HZ_SAYS_ASSUMPTION]);
	put_list(predicate, "overrides", s->says[HZ_SAYS_OVERRIDE]);
}

static int put_predicate(hz_json *subjects, hz_json *p, const struct statement *s)
{
	AUTO_FREE char *command = NULL;
	char root[BASE64_LEN(ID_LEN)];
	hz_json *log;

	if (asprintf(&command, "%s %s", s->opts->tool, s->opts->command) < 0) {
		command = NULL;
		return HZ_E_NOMEM;
	}
	hz_json_str(p, "id", s->uuid);
	hz_json_str(p, "kind", s->opts->kind);
	hz_json_str(p, "command", command);
	put_outcome(p, s);
	if (put_identity(hz_json_add_object(subjects), p, s) < 0)
		return HZ_E_NOMEM;
	put_time(p, s);
	json_put_copy(p, "operator", s->operator_);
	json_put_text(p, "ticket", s->opts->ticket, TEXT_MAX);
	json_put_copy(p, "host", s->host);
	json_put_copy(p, "tool", s->tool);
	put_controls(p, s->opts->controls);
	put_policy(p, s->opts);
	put_findings(p, s);
	hz_json_bool(p, "late", s->late);
	log = hz_json_object(p, "log");
	base64_encode(root, s->log.root.b, ID_LEN);
	hz_json_u64(log, "size", s->log.size);
	hz_json_str(log, "root", root);
	return 0;
}

int statement_make(char **text, size_t *len, const struct statement *s, hz_error **err)
{
	AUTO(hz_json_free) hz_json *j = json_new_plain();
	AUTO(json_read_free) struct json_value *again = NULL;
	struct record_view v;
	hz_json *subjects;
	char type[64];
	int rc;

	(void)snprintf(type, sizeof(type), "urn:hozen:record:%s:v1", s->opts->kind);
	hz_json_str(j, "_type", STATEMENT_TYPE);
	subjects = hz_json_array(j, "subject");
	hz_json_str(j, "predicateType", type);
	rc = put_predicate(subjects, hz_json_object(j, "predicate"), s);
	json_add_copies(subjects, s->subjects);
	if (rc < 0 || json_pretty(j, text) < 0)
		return err_nomem(err);
	*len = strlen(*text);
	/* What nobody could read must not become durable: it would be pending for ever. */
	rc = record_read(&again, &v, *text, *len, err);
	if (rc < 0) {
		free(*text);
		*text = NULL;
		return rc == HZ_E_NOMEM ? rc : HZ_E_INTERNAL;
	}
	return 0;
}
