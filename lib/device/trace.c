/* SPDX-License-Identifier: BSD-2-Clause */
/* What was sent and what came back, as lines of JSON. Memory that runs out is remembered: half a trace is none. */
#include "device/link.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

#define TRACE_MAX ((size_t)64 << 20)

struct trace {
	struct buf text;
	bool failed;
};

int trace_new(struct trace **ret, hz_error **err)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t)
		return err_nomem(err);
	t->text.max = TRACE_MAX;
	*ret = t;
	return 0;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	buf_release(&t->text);
	free(t);
}

void trace_add(struct trace *t, const char *op, const char *in, const char *out)
{
	AUTO(hz_json_free) hz_json *j = json_new_plain();
	AUTO_FREE char *line = NULL;
	const char *sense = strstr(out, " sense=");
	char head[128];

	if (!t)
		return;
	hz_json_str(j, "op", op);
	hz_json_str(j, "in", in);
	if (sense && (size_t)(sense - out) < sizeof(head)) {
		memcpy(head, out, (size_t)(sense - out));
		head[sense - out] = '\0';
		hz_json_str(j, "out", head);
		hz_json_str(j, "sense", sense + strlen(" sense="));
	} else {
		hz_json_str(j, "out", out);
		hz_json_str(j, "sense", "");
	}
	hz_json_u64(j, "t_ns", clock_mono_ns());
	if (!j || hz_json_text(j, &line) < 0 || buf_reserve(&t->text, strlen(line) + 2) < 0) {
		t->failed = true;
		return;
	}
	(void)buf_append(&t->text, line, strlen(line));
	(void)buf_append(&t->text, "\n", 1);
	/* For those who take it as a string; not counted. */
	t->text.data[t->text.len] = '\0';
}

const char *trace_text(const struct trace *t, size_t *len)
{
	if (t->failed) {
		*len = 0;
		return NULL;
	}
	*len = t->text.len;
	return t->text.len ? (const char *)t->text.data : "";
}
