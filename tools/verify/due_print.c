/* SPDX-License-Identifier: BSD-2-Clause */
/* See due_print.h. Silence is never good news: what cannot be said is no 0 of a metric, and a line of its own. */
#include "verify/due_print.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "common/wholefile.h"

#include <stdio.h>
#include <string.h>

#define NAGIOS_OK       0
#define NAGIOS_CRITICAL 2
#define NAGIOS_UNKNOWN  3

static bool is_overdue(const struct due *d, const hz_fact_last *l)
{
	return l->time == 0 || l->damage || d->now - l->time > d->max_age;
}

static bool knows_none(const struct due *d)
{
	return d->max_age && d->n == 0;
}

static uint64_t count(const struct due *d, uint64_t *of)
{
	uint64_t overdue = 0;

	*of = 0;
	if (d->view)
		due_policy_count(d->view, of, &overdue);
	*of += d->n;
	for (uint64_t i = 0; i < d->n; i++)
		overdue += is_overdue(d, &d->v[i]);
	return overdue;
}

bool due_is_any(const struct due *d)
{
	uint64_t of;

	return count(d, &of) > 0 || knows_none(d);
}

/* ---- for people and programs ---- */

static void json_one(struct cli *cli, const struct due *d, const hz_fact_last *l)
{
	hz_json *line = hz_json_new("due"), *list;

	hz_json_str(line, "kind", d->kind);
	hz_json_str(line, "repository", l->repository);
	hz_json_str(line, "host", l->host);
	list = hz_json_array(line, "paths");
	for (uint64_t i = 0; i < l->n_paths; i++)
		hz_json_add_path(list, l->paths[i], strlen(l->paths[i]));
	if (l->time)
		hz_json_time(line, "last", l->time, 0);
	else
		hz_json_null(line, "last");
	if (l->damage)
		hz_json_time(line, "damage", l->damage, 0);
	else
		hz_json_null(line, "damage");
	hz_json_i64(line, "max_age", d->max_age);
	hz_json_bool(line, "overdue", is_overdue(d, l));
	report_line(cli, line);
}

static void print_one(const struct due *d, const hz_fact_last *l)
{
	char when[TEXT_SHORT];

	text_pad(stdout, is_overdue(d, l) ? _("OVERDUE") : _("in time"), 9);
	printf("%s  %s  ", l->repository, d->kind);
	if (l->damage)
		printf(_("damage found %s"), text_time(when, l->damage));
	else
		printf("%s", l->time ? text_time(when, l->time) : _("never"));
	if (l->host) {
		printf("  ");
		text_put(stdout, l->host, strlen(l->host), 1);
	}
	for (uint64_t i = 0; i < l->n_paths; i++) {
		(void)putchar(i ? ' ' : ':');
		text_put(stdout, l->paths[i], strlen(l->paths[i]), 1);
	}
	(void)putchar('\n');
}

void due_print(struct cli *cli, const struct due *d)
{
	for (uint64_t i = 0; i < d->n; i++) {
		if (cli->json)
			json_one(cli, d, &d->v[i]);
		else if (!cli->quiet)
			print_one(d, &d->v[i]);
	}
	if (d->view)
		due_policy_print(cli, d->view);
	if (knows_none(d) && !cli->quiet && !cli->json)
		printf(_("OVERDUE  no record names a repository\n"));
}

/* ---- for monitoring ---- */

int due_nagios(const struct due *d)
{
	uint64_t of, overdue = count(d, &of);
	bool critical = overdue || of == 0 || knows_none(d) || d->damaged;
	const char *state = critical ? "CRITICAL" : d->bad ? "UNKNOWN" : "OK";

	printf("HOZEN %s - %s: %llu of %llu %s overdue, %llu records unreadable%s\n", state,
		d->view ? "policy" : d->kind, (unsigned long long)overdue, (unsigned long long)of,
		d->view ? "checks" : "sources", (unsigned long long)d->bad,
		d->damaged ? ", a repository is damaged" : "");
	return critical ? NAGIOS_CRITICAL : d->bad ? NAGIOS_UNKNOWN : NAGIOS_OK;
}

int due_nagios_unknown(const struct cli *cli)
{
	const char *why = cli->failure ? cli->failure : "nothing could be looked at";

	printf("HOZEN UNKNOWN - ");
	text_put(stdout, why, strlen(why), 1);
	(void)putchar('\n');
	return NAGIOS_UNKNOWN;
}

static void put_source(FILE *f, const char *metric, const struct due *d, const hz_fact_last *l)
{
	(void)fprintf(f, "%s{kind=\"%s\",repository=\"%s\",host=\"", metric, d->kind, l->repository);
	due_put_label(f, l->host ? l->host : "");
	(void)fputs("\",paths=\"", f);
	for (uint64_t i = 0; i < l->n_paths; i++) {
		(void)fputs(i ? " " : "", f);
		due_put_label(f, l->paths[i]);
	}
	(void)fputs("\"} ", f);
}

static uint64_t count_repositories(const struct due *d)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < d->n; i++) {
		uint64_t k = 0;

		while (k < i && strcmp(d->v[k].repository, d->v[i].repository) != 0)
			k++;
		n += k == i;
	}
	return n;
}

/* Where records are missing or changed, nobody knows that something is in time: then there is no 0. */
static void put_sources(FILE *f, const struct due *d)
{
	static const hz_fact_last nothing = { .size = sizeof(nothing), .repository = "" };

	(void)fprintf(f, "# TYPE hozen_repositories gauge\nhozen_repositories %llu\n",
		(unsigned long long)count_repositories(d));
	(void)fprintf(f, "# TYPE hozen_last_success_timestamp_seconds gauge\n");
	for (uint64_t i = 0; i < d->n; i++) {
		put_source(f, "hozen_last_success_timestamp_seconds", d, &d->v[i]);
		(void)fprintf(f, "%lld\n", (long long)d->v[i].time);
	}
	(void)fprintf(f, "# TYPE hozen_overdue gauge\n");
	for (uint64_t i = 0; i < d->n; i++) {
		if (d->bad && !is_overdue(d, &d->v[i]))
			continue;
		put_source(f, "hozen_overdue", d, &d->v[i]);
		(void)fprintf(f, "%d\n", is_overdue(d, &d->v[i]));
	}
	if (knows_none(d)) {
		put_source(f, "hozen_overdue", d, &nothing);
		(void)fputs("1\n", f);
	}
}

static void metrics(FILE *f, const void *user)
{
	const struct due *d = user;

	(void)fprintf(f,
		"# TYPE hozen_due_run_timestamp_seconds gauge\nhozen_due_run_timestamp_seconds %lld\n"
		"# TYPE hozen_records_bad gauge\nhozen_records_bad %llu\n",
		(long long)d->now, (unsigned long long)d->bad);
	if (d->max_age)
		put_sources(f, d);
	if (d->view) {
		(void)fprintf(f, "# TYPE hozen_repository_damaged gauge\nhozen_repository_damaged %d\n", d->damaged);
		due_policy_metrics(f, d->view, d->bad || d->damaged);
	}
}

int due_put_metrics(struct cli *cli, const struct due *d, const char *file)
{
	return wholefile_put(cli, file, metrics, d);
}
