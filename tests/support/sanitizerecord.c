/* SPDX-License-Identifier: BSD-2-Clause */
/* See sanitizerecord.h. The result is put in as text: the test may write what no encoder of ours would. */
#include "support/hzt.h"
#include "support/sanitizerecord.h"

char *sanitize_record(const char *kind, const char *result, size_t *len)
{
	hz_record_options opts = HZ_RECORD_OPTIONS_INIT;
	hz_json *who = json_new_plain(), *host = json_new_plain(), *tool = json_new_plain(), *id = json_new_plain();
	struct statement s = { .opts = &opts,
		.uuid = "3f2b0c9e-1111-4222-8333-444455556666",
		.operator_ = who,
		.host = host,
		.tool = tool,
		.identity = id,
		.has_end = true };
	char *text = NULL, *at, *out = NULL;
	static const char none[] = "\"result\": null";
	hz_error *err = NULL;

	opts.tool = "hozen-erase", opts.command = "run", opts.kind = kind;
	hz_json_str(who, "name", "a"), hz_json_str(who, "from", "login"), hz_json_u64(who, "uid", 0);
	hz_json_str(host, "name", "h");
	hz_json_str(tool, "name", "hozen-erase"), hz_json_str(tool, "version", "1"),
		hz_json_str(tool, "self_test", "passed");
	assert_ok(statement_make(&text, len, &s, &err), &err);
	at = strstr(text, none);
	assert_non_null(at);
	assert_true(asprintf(&out, "%.*s\"result\": %s%s", (int)(at - text), text, result ? result : "null",
			    at + sizeof(none) - 1) > 0);
	*len = strlen(out);
	free(text);
	hz_json_free(who);
	hz_json_free(host);
	hz_json_free(tool);
	hz_json_free(id);
	return out;
}
