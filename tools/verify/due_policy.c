/* SPDX-License-Identifier: BSD-2-Clause */
/* See due_policy.h. */
#include "verify/due_policy.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"

#include <string.h>

/* Checks of what is done again and again; the others say how it came out. */
static bool is_cadence(const hz_policy_check *c)
{
	static const char *const names[] = { "rpo", "check", "sample", "read", "drill", "full_drill", "key_age",
		"review" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], c->name) == 0)
			return true;
	return false;
}

/* The age of a key that was not looked at is no reason to renew it. */
static bool is_due(const hz_policy_check *c)
{
	return c->status != HZ_POLICY_MET && !(c->status == HZ_POLICY_NOT_EVIDENCED && strcmp(c->name, "key_age") == 0);
}

typedef void (*check_fn)(void *user, const hz_policy_system *s, const hz_policy_check *c);

static void each(const struct policy_view *v, check_fn fn, void *user)
{
	const hz_policy_result *r = v->result;

	for (uint64_t i = 0; i < r->n_systems; i++)
		for (uint64_t k = 0; k < r->systems[i]->n_checks; k++)
			if (is_cadence(r->systems[i]->checks[k]))
				fn(user, r->systems[i], r->systems[i]->checks[k]);
}

static void count_one(void *user, const hz_policy_system *s, const hz_policy_check *c)
{
	uint64_t *n = user;

	(void)s;
	n[0]++;
	n[1] += is_due(c);
}

void due_policy_count(const struct policy_view *v, uint64_t *checks, uint64_t *overdue)
{
	uint64_t n[2] = { 0, 0 };

	each(v, count_one, n);
	*checks = n[0];
	*overdue = n[1];
}

static void print_one(void *user, const hz_policy_system *s, const hz_policy_check *c)
{
	struct cli *cli = user;
	hz_json *line = hz_json_new("policy_due");

	hz_json_str(line, "system", s->name);
	hz_json_str(line, "check", c->name);
	hz_json_str(line, "target", c->target);
	hz_json_str(line, "actual", c->actual);
	hz_json_str(line, "status", hz_policy_status_name(c->status));
	if (c->time)
		hz_json_time(line, "last", c->time, 0);
	else
		hz_json_null(line, "last");
	hz_json_bool(line, "overdue", is_due(c));
	if (cli->json) {
		report_line(cli, line);
		return;
	}
	hz_json_free(line);
	if (cli->quiet)
		return;
	text_pad(stdout, is_due(c) ? _("OVERDUE") : _("in time"), 9);
	printf("%s  %s  ", s->name, c->name);
	text_put(stdout, c->actual_local, strlen(c->actual_local), 1);
	(void)putchar('\n');
}

void due_policy_print(struct cli *cli, const struct policy_view *v)
{
	each(v, print_one, cli);
}

void due_put_label(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			(void)fputs("\\n", f);
		else
			(void)fprintf(f, "%s%c", *text == '\\' || *text == '"' ? "\\" : "", *text);
	}
}

struct metrics {
	FILE *f;
	bool only_due;
};

static void put_metric(FILE *f, const hz_policy_system *s, const hz_policy_check *c)
{
	(void)fputs("hozen_policy_overdue{system=\"", f);
	due_put_label(f, s->name);
	(void)fprintf(f, "\",check=\"%s\"} %d\n", c->name, is_due(c));
}

static void metric(void *user, const hz_policy_system *s, const hz_policy_check *c)
{
	const struct metrics *m = user;

	if (!m->only_due || is_due(c))
		put_metric(m->f, s, c);
}

void due_policy_metrics(FILE *f, const struct policy_view *v, bool only_due)
{
	struct metrics m = { f, only_due };

	(void)fprintf(f, "# TYPE hozen_policy_overdue gauge\n");
	each(v, metric, &m);
}
