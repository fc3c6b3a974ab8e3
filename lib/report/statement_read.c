/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading records: every field of docs/evidence must be there and of its type. What is not ours is not understood. */
#include "base/base64.h"
#include "crypto/digest.h"
#include "report/statement.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum type { TEXT, TEXT_OR_NULL, WHOLE, WHOLE_OR_NULL, TRUTH, OBJECT, OBJECT_OR_NULL, LIST };

static const struct field {
	const char *in, *name; /* in: NULL for the predicate itself, or one of its objects */
	enum type type;
} fields[] = {
	{ NULL, "id", TEXT },
	{ NULL, "kind", TEXT },
	{ NULL, "command", TEXT },
	{ NULL, "outcome", TEXT },
	{ NULL, "exit", WHOLE_OR_NULL },
	{ NULL, "error", TEXT_OR_NULL },
	{ NULL, "identity", TEXT },
	{ NULL, "time", OBJECT },
	{ "time", "start", TEXT },
	{ "time", "end", TEXT_OR_NULL },
	{ "time", "duration_ns", WHOLE_OR_NULL },
	{ "time", "clock", OBJECT },
	{ NULL, "operator", OBJECT },
	{ "operator", "name", TEXT_OR_NULL },
	{ "operator", "from", TEXT },
	{ "operator", "uid", WHOLE },
	{ NULL, "ticket", TEXT_OR_NULL },
	{ NULL, "host", OBJECT },
	{ "host", "name", TEXT_OR_NULL },
	{ NULL, "tool", OBJECT },
	{ "tool", "name", TEXT },
	{ "tool", "version", TEXT },
	{ "tool", "self_test", TEXT },
	{ NULL, "controls", LIST },
	{ NULL, "result", OBJECT_OR_NULL },
	{ NULL, "failures", LIST },
	{ NULL, "failures_total", WHOLE },
	{ NULL, "not_checked", LIST },
	{ NULL, "assumptions", LIST },
	{ NULL, "overrides", LIST },
	{ NULL, "late", TRUTH },
	{ NULL, "log", OBJECT },
	{ "log", "size", WHOLE },
	{ "log", "root", TEXT },
};

static bool is_of(const struct json_value *v, enum type type)
{
	int64_t n;
	bool b;

	if (json_is_nothing(v))
		return type == TEXT_OR_NULL || type == WHOLE_OR_NULL || type == OBJECT_OR_NULL;
	switch (type) {
	case TEXT:
	case TEXT_OR_NULL:
		return json_text(v);
	case WHOLE:
	case WHOLE_OR_NULL:
		return json_whole(v, &n);
	case TRUTH:
		return json_truth(v, &b);
	case LIST:
		return json_is_list(v);
	default:
		return json_is_map(v);
	}
}

/* Records of before there were policies lack the field. */
static bool policy_is_good(const struct json_value *p)
{
	const struct json_value *policy = json_get(p, "policy");
	const char *hex = json_text(json_get(policy, "sha256"));
	struct id any;

	if (!policy || json_is_nothing(policy))
		return true;
	return json_text(json_get(policy, "id")) && hex && strlen(hex) == ID_HEX_LEN &&
		hex_decode(any.b, ID_LEN, hex, ID_HEX_LEN);
}

/* RFC 3339 in UTC as we write it. */
static bool parse_time(int64_t *sec, const char *text)
{
	static const char form[] = "0000-00-00T00:00:00.000000000Z";
	struct tm tm = { 0 };
	int n = 0;

	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%*9[0-9]Z%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		    &tm.tm_min, &tm.tm_sec, &n) != 6 ||
		n != 30 || text[n])
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*sec = timegm(&tm);
	return true;
}

static bool digest_is(const struct json_value *subject, const struct id *want)
{
	const char *hex = json_text(json_get(json_get(subject, "digest"), "sha256"));

	return hex && strcmp(hex, id_hex(want).s) == 0;
}

static bool subjects_are_good(const struct json_value *list, const char *identity)
{
	struct id hash = sha256(identity, strlen(identity)), any;

	if (json_list_len(list) == 0 || !digest_is(json_list_at(list, 0), &hash))
		return false;
	for (size_t i = 0; i < json_list_len(list); i++) {
		const struct json_value *s = json_list_at(list, i);
		const char *hex = json_text(json_get(json_get(s, "digest"), "sha256"));

		if (!json_text(json_get(s, "name")) || !hex || !hex_decode(any.b, ID_LEN, hex, ID_HEX_LEN) ||
			hex[ID_HEX_LEN])
			return false;
	}
	return true;
}

static bool outcome_fits(const struct json_value *p, const char *outcome)
{
	const char *expected = "interrupted";
	int64_t code;

	if (json_whole(json_get(p, "exit"), &code))
		expected = code >= 0 && code <= 255 ? outcome_of_exit((int)code) : NULL;
	return expected && strcmp(expected, outcome) == 0;
}

static bool view(struct record_view *v, const struct json_value *root, const struct json_value *p)
{
	const struct json_value *time = json_get(p, "time"), *log = json_get(p, "log");
	const char *log_root = json_text(json_get(log, "root"));
	uint8_t raw[ID_LEN + 1];
	int64_t size;
	size_t n;

	*v = (struct record_view){ .uuid = json_text(json_get(p, "id")),
		.kind = json_text(json_get(p, "kind")),
		.outcome = json_text(json_get(p, "outcome")),
		.command = json_text(json_get(p, "command")),
		.start = json_text(json_get(time, "start")),
		.end = json_text(json_get(time, "end")),
		.predicate = p };
	if (!uuid_is(v->uuid, '\0') || !outcome_fits(p, v->outcome) || !parse_time(&v->start_time, v->start) ||
		(v->end && !parse_time(&v->time, v->end)) ||
		!subjects_are_good(json_get(root, "subject"), json_text(json_get(p, "identity"))))
		return false;
	if (!v->end)
		v->time = v->start_time;
	memcpy(v->month, v->start, MONTH_LEN - 1);
	if (!json_whole(json_get(log, "size"), &size) || size < 0 || strlen(log_root) != BASE64_LEN(ID_LEN) - 1 ||
		!base64_decode(raw, &n, log_root, strlen(log_root)) || n != ID_LEN)
		return false;
	v->log_size = (uint64_t)size;
	memcpy(v->log_root.b, raw, ID_LEN);
	return true;
}

static int check_types(const struct json_value *root, const struct json_value *p, hz_error **err)
{
	const char *type = json_text(json_get(root, "_type")), *of = json_text(json_get(root, "predicateType"));
	const char *kind = json_text(json_get(p, "kind"));
	char want[64];

	if (!type || !of || !kind || strlen(kind) > 31)
		return err_set(err, HZ_E_CORRUPT, "no record: its types are missing");
	(void)snprintf(want, sizeof(want), "urn:hozen:record:%s:v1", kind);
	if (strcmp(type, STATEMENT_TYPE) != 0 || strcmp(of, want) != 0 || !record_kind_is_known(kind))
		return err_set(err, HZ_E_TOONEW, "a record of a type that this version does not know: %.80s", of);
	return 0;
}

int record_read(struct json_value **root, struct record_view *v, const char *text, size_t len, hz_error **err)
{
	AUTO(json_read_free) struct json_value *j = NULL;
	const struct json_value *p;
	int rc = len > RECORD_MAX ? err_set(err, HZ_E_CORRUPT, "no record: longer than %zu bytes", RECORD_MAX)
				  : json_read(&j, text, len, err);

	if (rc < 0)
		return rc;
	p = json_get(j, "predicate");
	rc = check_types(j, p, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct field *f = &fields[i];
		const struct json_value *in = f->in ? json_get(p, f->in) : p, *at = json_get(in, f->name);

		if (!at || !is_of(at, f->type))
			return err_set(err, HZ_E_CORRUPT, "no record: %s%s%s is missing or of another type",
				f->in ? f->in : "", f->in ? "." : "", f->name);
	}
	if (!policy_is_good(p))
		return err_set(err, HZ_E_CORRUPT, "no record: policy is of another type");
	if (!view(v, j, p))
		return err_set(err, HZ_E_CORRUPT, "no record: times, outcome, subjects or log do not fit");
	*root = TAKE(j);
	return 0;
}
