/* SPDX-License-Identifier: BSD-2-Clause */
/* due: what has not been done for too long, by the records of this host. Made for monitoring. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "common/wholefile.h"
#include "verify/commands.h"
#include "verify/due_policy.h"
#include "verify/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	int64_t now, max_age;           /* max_age 0: not asked for */
	const struct policy_view *view; /* NULL: no policy */
};

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

static int nagios(const struct due *d, uint64_t of, uint64_t overdue)
{
	const char *state = overdue || of == 0 ? "CRITICAL" : d->bad ? "UNKNOWN" : "OK";

	printf("HOZEN %s - %s: %llu of %llu %s overdue, %llu records unreadable\n", state, d->view ? "policy" : d->kind,
		(unsigned long long)overdue, (unsigned long long)of, d->view ? "checks" : "repositories",
		(unsigned long long)d->bad);
	return overdue || of == 0 ? NAGIOS_CRITICAL : d->bad ? NAGIOS_UNKNOWN : NAGIOS_OK;
}

/* The textfile of node_exporter. */
static void prometheus(FILE *f, const void *user)
{
	const struct due *d = user;

	if (d->max_age)
		(void)fprintf(f, "# TYPE hozen_last_success_timestamp_seconds gauge\n# TYPE hozen_overdue gauge\n");
	for (uint64_t i = 0; i < d->n; i++)
		(void)fprintf(f,
			"hozen_last_success_timestamp_seconds{kind=\"%s\",repository=\"%s\"} %lld\n"
			"hozen_overdue{kind=\"%s\",repository=\"%s\"} %d\n",
			d->kind, d->v[i].repository, (long long)d->v[i].time, d->kind, d->v[i].repository,
			is_overdue(d, &d->v[i]));
	if (d->view)
		due_policy_metrics(f, d->view);
}

static int finish(struct cli *cli, const struct due *d)
{
	const char *file = cli_value(cli, "prometheus");
	bool none = d->max_age && d->n == 0;
	uint64_t of = 0, overdue = 0;
	int code = file ? wholefile_put(cli, file, prometheus, d) : CLI_EXIT_DONE;

	if (d->view)
		due_policy_count(d->view, &of, &overdue);
	of += d->n;
	for (uint64_t i = 0; i < d->n; i++)
		overdue += (uint64_t)is_overdue(d, &d->v[i]);
	if (code != CLI_EXIT_DONE)
		return code;
	if (cli_is_given(cli, "nagios"))
		return nagios(d, none ? 0 : of, overdue);
	for (uint64_t i = 0; i < d->n; i++)
		print_one(cli, d, &d->v[i]);
	if (d->view)
		due_policy_print(cli, d->view);
	if (none && !cli->quiet && !cli->json)
		printf(_("OVERDUE  no record names a repository\n"));
	if (d->bad > 0)
		report_warning(cli,
			_("%llu records are missing or not what they should be; 'hozen-verify log' says which"),
			(unsigned long long)d->bad);
	code = overdue || none ? CLI_EXIT_OVERDUE : CLI_EXIT_DONE;
	return d->bad ? cli_exit_worse(code, CLI_EXIT_DAMAGE) : code;
}

static int look_at_records(struct cli *cli, struct due *d)
{
	const char *state = getenv("HOZEN_STATE_DIR");
	hz_trust *trust AUTO_TRUST = NULL;
	hz_error *err = NULL;
	int code = trust_open(cli, &trust);

	if (code == CLI_EXIT_DONE)
		code = report_result(cli,
			hz_records_walk(cli->n_args ? cli->args[0] : evidence_folder(), state && *state ? state : NULL,
				trust, on_report, d, &d->bad, &err),
			&err);
	return code;
}

static int look_at_policy(struct cli *cli, struct due *d, const char *policy, struct policy_view *v)
{
	int code = policy_view_make(cli, policy, NULL, cli->n_args ? cli->args[0] : NULL, v);

	if (v->result)
		d->view = v;
	d->bad = v->bad > d->bad ? v->bad : d->bad;
	return code;
}

static int run(struct cli *cli)
{
	struct policy_view v __attribute__((cleanup(policy_view_release))) = { .policy = NULL };
	const char *age = cli_value(cli, "max-age"), *kind = cli_value(cli, "kind"), *policy = cli_value(cli, "policy");
	struct due d = { .kind = kind ? kind : "backup", .now = time(NULL) };
	int code = CLI_EXIT_DONE, more;

	/* That of the environment is for those who ask for nothing else. */
	policy = policy || age ? policy : evidence_policy(cli);
	if (age ? hz_duration(&d.max_age, age, NULL) < 0 : !policy)
		return report_usage(
			cli, _("due needs --max-age: a number with s, m, h, d or w, such as 26h; or --policy"));
	if (kind && !age)
		return report_usage(cli, _("--kind goes with --max-age"));
	if (age)
		code = look_at_records(cli, &d);
	if (code == CLI_EXIT_DONE && policy)
		code = look_at_policy(cli, &d, policy, &v);
	/* A repository that is damaged is told, and what is due is said all the same. */
	if (code == CLI_EXIT_DONE || (code == CLI_EXIT_DAMAGE && d.view)) {
		more = finish(cli, &d);
		code = cli_is_given(cli, "nagios") && code == CLI_EXIT_DAMAGE && more == NAGIOS_OK ? NAGIOS_CRITICAL
			: cli_is_given(cli, "nagios")                                              ? more
						      : cli_exit_worse(code, more);
	} else if (cli_is_given(cli, "nagios")) {
		code = NAGIOS_UNKNOWN;
	}
	free(d.v);
	return code;
}

static const struct cli_option options[] = {
	TRUST_OPTION,
	{ "max-age", 0, "TIME",
		N_("how old the newest may be: a number with s, m, h, d or w, such as 26h;\n"
		   "required, unless a policy says it (--policy)") },
	{ "kind", 0, "KIND", N_("of which record: backup (default), check, restore, drill, verify") },
	{ "nagios", 0, NULL, N_("one line, and the exit codes of its plugins: 0 ok, 2 critical, 3 unknown") },
	{ "prometheus", 0, "FILE", N_("also write the textfile of node_exporter; it appears whole") },
	POLICY_FACTS_OPTIONS,
	{ "key-file", 0, "FILE",
		N_("a lister's key file, or a higher role's, instead of those that the policy names;\n"
		   "what it does not open is not looked at") },
	{ "passphrase-fd", 0, "N", N_("read the passphrase from descriptor N, before all other ways") },
	{ "workers", 0, "N", N_("at most N threads, 1 to 64; default: one a processor, as memory allows") },
	{ "memory", 0, "SIZE", N_("how much memory a run may take, about: bytes, or with K, M, G;\ndefault: 100M") },
	{ 0 },
};

const struct cli_command cmd_due = {
	.name = "due",
	.run = run,
	.arguments = "[FOLDER]",
	.max_args = 1,
	.summary = N_("say what has not been done for too long"),
	.about = N_(
		"Reads the records of an evidence folder (default: this host's), and for each repository that one "
		"names "
		"looks\n"
		"for the newest of the kind that ended well (exit 0 or 3). Only records by keys that are believed "
		"count.\n"
		"With --policy: what of the policy's cadences, keys and reviews is due, by records and repositories.\n"
		"Exit 6: one is too old, or there is none. 4: records are missing or changed."),
	.examples = "  hozen-verify due --max-age 26h\n"
		    "  hozen-verify due --policy /etc/hozen/policy.ini --nagios\n"
		    "  hozen-verify due --max-age 95d --kind drill --nagios\n"
		    "  hozen-verify due --max-age 26h -q --prometheus /var/lib/node_exporter/hozen.prom",
	.options = options,
};
