/* SPDX-License-Identifier: BSD-2-Clause */
/* due: what has not been done for too long, by the records of this host. Made for monitoring. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "verify/commands.h"
#include "verify/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAGIOS_OK       0
#define NAGIOS_CRITICAL 2
#define NAGIOS_UNKNOWN  3

/* The newest record of a kind that says that it was done, for one repository. */
struct last {
	char repository[HZ_UID_HEX];
	int64_t time; /* 0: never */
};
struct due {
	const char *kind;
	struct last *v;
	uint64_t n, bad, unknown;
	int64_t now, max_age;
};

/* "90m", "26h", "7d"; 0: none. */
static int64_t seconds_of(const char *text)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	char *end = NULL;
	long long n = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : 0;

	if (n <= 0 || n > 100000)
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (end[0] == units[i].unit && !end[1])
			return n * units[i].seconds;
	return 0;
}

static struct last *last_of(struct due *d, const char *repository)
{
	struct last *v;

	for (uint64_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].repository, repository) == 0)
			return &d->v[i];
	v = realloc(d->v, (d->n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	d->v = v;
	v[d->n] = (struct last){ .time = 0 };
	(void)snprintf(v[d->n].repository, sizeof(v[d->n].repository), "%s", repository);
	return &v[d->n++];
}

static int on_report(void *user, const hz_report *r)
{
	struct due *d = user;
	struct last *l;

	if (r->signer != HZ_SIGNER_TRUSTED) {
		d->unknown++;
		return 0;
	}
	/* A repository that is known from any record must have one of this kind. */
	if (!*r->repository)
		return 0;
	l = last_of(d, r->repository);
	if (!l)
		return HZ_E_NOMEM;
	if (strcmp(r->kind, d->kind) == 0 &&
		(strcmp(r->outcome, "done") == 0 || strcmp(r->outcome, "exceptions") == 0) && r->time > l->time)
		l->time = r->time;
	return 0;
}

/* A clock that was ahead once must not make everything new for ever. */
static int is_overdue(const struct due *d, const struct last *l)
{
	return l->time == 0 || d->now - l->time > d->max_age || l->time - d->now > 86400;
}

static void print_one(struct cli *cli, const struct due *d, const struct last *l)
{
	hz_json *line = hz_json_new("due");
	char when[TEXT_SHORT];

	hz_json_str(line, "kind", d->kind);
	hz_json_str(line, "repository", l->repository);
	if (l->time)
		hz_json_time(line, "last", l->time, 0);
	else
		hz_json_null(line, "last");
	hz_json_i64(line, "max_age", d->max_age);
	hz_json_bool(line, "overdue", is_overdue(d, l));
	if (cli->json) {
		report_line(cli, line);
		return;
	}
	hz_json_free(line);
	if (cli->quiet)
		return;
	text_pad(stdout, is_overdue(d, l) ? _("OVERDUE") : _("in time"), 9);
	printf("%s  %s  %s\n", l->repository, d->kind, l->time ? text_time(when, l->time) : _("never"));
}

static int nagios(const struct due *d, uint64_t overdue)
{
	const char *state = overdue || d->n == 0 ? "CRITICAL" : d->bad ? "UNKNOWN" : "OK";

	printf("HOZEN %s - %s: %llu of %llu repositories overdue, %llu records unreadable\n", state, d->kind,
		(unsigned long long)overdue, (unsigned long long)d->n, (unsigned long long)d->bad);
	return overdue || d->n == 0 ? NAGIOS_CRITICAL : d->bad ? NAGIOS_UNKNOWN : NAGIOS_OK;
}

/* The textfile of node_exporter: whole or not at all. */
static int prometheus(struct cli *cli, const struct due *d, const char *path)
{
	char *temp = NULL;
	FILE *f = NULL;
	int fd = -1, code = CLI_EXIT_DONE;

	if (asprintf(&temp, "%s.%ld.tmp", path, (long)getpid()) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f) {
		(void)fprintf(f, "# TYPE hozen_last_success_timestamp_seconds gauge\n# TYPE hozen_overdue gauge\n");
		for (uint64_t i = 0; i < d->n; i++)
			(void)fprintf(f,
				"hozen_last_success_timestamp_seconds{kind=\"%s\",repository=\"%s\"} %lld\n"
				"hozen_overdue{kind=\"%s\",repository=\"%s\"} %d\n",
				d->kind, d->v[i].repository, (long long)d->v[i].time, d->kind, d->v[i].repository,
				is_overdue(d, &d->v[i]));
	}
	if (!f || fflush(f) != 0 || fsync(fd) < 0 || rename(temp, path) < 0) {
		code = report_failure(cli, HZ_E_IO, _("%s: %s"), path, strerror(errno));
		if (fd >= 0)
			(void)unlink(temp);
	}
	if (f)
		(void)fclose(f);
	free(temp);
	return code;
}

static int finish(struct cli *cli, const struct due *d)
{
	const char *file = cli_value(cli, "prometheus");
	uint64_t overdue = 0;
	int code = file ? prometheus(cli, d, file) : CLI_EXIT_DONE;

	for (uint64_t i = 0; i < d->n; i++)
		overdue += (uint64_t)is_overdue(d, &d->v[i]);
	if (code != CLI_EXIT_DONE)
		return code;
	if (cli_is_given(cli, "nagios"))
		return nagios(d, overdue);
	for (uint64_t i = 0; i < d->n; i++)
		print_one(cli, d, &d->v[i]);
	if (d->n == 0 && !cli->quiet && !cli->json)
		printf(_("OVERDUE  no record names a repository\n"));
	if (d->bad > 0)
		report_warning(cli,
			_("%llu records are missing or not what they should be; 'hozen-verify log' says which"),
			(unsigned long long)d->bad);
	code = overdue || d->n == 0 ? CLI_EXIT_OVERDUE : CLI_EXIT_DONE;
	return d->bad ? cli_exit_worse(code, CLI_EXIT_DAMAGE) : code;
}

static int run(struct cli *cli)
{
	const char *state = getenv("HOZEN_STATE_DIR"), *age = cli_value(cli, "max-age"), *kind = cli_value(cli, "kind");
	struct due d = { .kind = kind ? kind : "backup", .now = time(NULL), .max_age = age ? seconds_of(age) : 0 };
	hz_trust *trust AUTO_TRUST = NULL;
	hz_error *err = NULL;
	int code;

	if (d.max_age == 0)
		return report_usage(cli, _("due needs --max-age: a number with s, m, h, d or w, such as 26h"));
	code = trust_open(cli, &trust);
	if (code == CLI_EXIT_DONE)
		code = report_result(cli,
			hz_records_walk(cli->n_args ? cli->args[0] : evidence_folder(), state && *state ? state : NULL,
				trust, on_report, &d, &d.bad, &err),
			&err);
	code = code == CLI_EXIT_DONE ? finish(cli, &d) : cli_is_given(cli, "nagios") ? NAGIOS_UNKNOWN : code;
	free(d.v);
	return code;
}

static const struct cli_option options[] = {
	TRUST_OPTION,
	{ "max-age", 0, "TIME", N_("how old the newest may be: a number with s, m, h, d or w, such as 26h; required") },
	{ "kind", 0, "KIND", N_("of which record: backup (default), check, restore, drill, verify") },
	{ "nagios", 0, NULL, N_("one line, and the exit codes of its plugins: 0 ok, 2 critical, 3 unknown") },
	{ "prometheus", 0, "FILE", N_("also write the textfile of node_exporter; it appears whole") },
	{ 0 },
};

const struct cli_command cmd_due = {
	.name = "due",
	.run = run,
	.arguments = "[FOLDER]",
	.max_args = 1,
	.summary = N_("say what has not been done for too long"),
	.about = N_("Reads the records of an evidence folder (default: this host's), and for each repository that one "
		    "names "
		    "looks\n"
		    "for the newest of the kind that ended well (exit 0 or 3). Only records by keys that are believed "
		    "count.\n"
		    "Exit 6: one is too old, or there is none. 4: records are missing or changed."),
	.examples = "  hozen-verify due --max-age 26h\n"
		    "  hozen-verify due --max-age 95d --kind drill --nagios\n"
		    "  hozen-verify due --max-age 26h -q --prometheus /var/lib/node_exporter/hozen.prom",
	.options = options,
};
