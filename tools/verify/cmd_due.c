/* SPDX-License-Identifier: BSD-2-Clause */
/* due: what has not been done for too long, by the records of this host. Made for monitoring. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "verify/commands.h"
#include "verify/due_print.h"
#include "verify/trust.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int on_record(void *user, const hz_report *r)
{
	struct due *d = user;

	return hz_facts_add_record(d->facts, r, NULL);
}

static int on_last(void *user, const hz_fact_last *last)
{
	struct due *d = user;
	hz_fact_last *v = realloc(d->v, (size_t)(d->n + 1) * sizeof(*v));

	if (!v)
		return HZ_E_NOMEM;
	d->v = v;
	v[d->n++] = *last;
	return 0;
}

static int finish(struct cli *cli, const struct due *d)
{
	const char *file = cli_value(cli, "prometheus");
	int code = file ? due_put_metrics(cli, d, file) : CLI_EXIT_DONE;

	if (cli_is_given(cli, "nagios"))
		return code == CLI_EXIT_DONE ? due_nagios(d) : due_nagios_unknown(cli);
	if (code != CLI_EXIT_DONE)
		return code;
	due_print(cli, d);
	if (d->bad > 0)
		report_warning(cli,
			_("%llu records are missing or not what they should be; 'hozen-verify log' says which"),
			(unsigned long long)d->bad);
	code = due_is_any(d) ? CLI_EXIT_OVERDUE : CLI_EXIT_DONE;
	return d->bad ? cli_exit_worse(code, CLI_EXIT_DAMAGE) : code;
}

static int look_at_records(struct cli *cli, struct due *d)
{
	const char *state = getenv("HOZEN_STATE_DIR");
	hz_trust *trust AUTO_TRUST = NULL;
	hz_error *err = NULL;
	int code = trust_open(cli, &trust);

	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_facts_new(&d->facts, &err), &err);
	if (code == CLI_EXIT_DONE)
		code = report_result(cli,
			hz_records_walk(cli->n_args ? cli->args[0] : evidence_folder(), state && *state ? state : NULL,
				trust, on_record, d, &d->bad, &err),
			&err);
	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_facts_last(d->facts, d->kind, d->now, on_last, d, &err), &err);
	return code;
}

static int look_at_policy(struct cli *cli, struct due *d, const char *policy, struct policy_view *v)
{
	int code = policy_view_make(cli, policy, NULL, cli->n_args ? cli->args[0] : NULL, v);

	if (v->result)
		d->view = v;
	d->bad = v->bad > d->bad ? v->bad : d->bad;
	d->damaged = code == CLI_EXIT_DAMAGE;
	return code;
}

static bool is_kind(const char *kind)
{
	static const char *const kinds[] = { "backup", "check", "restore", "drill", "verify" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

static int look(struct cli *cli, struct due *d, struct policy_view *v)
{
	const char *age = cli_value(cli, "max-age"), *kind = cli_value(cli, "kind"), *policy = cli_value(cli, "policy");
	int code = CLI_EXIT_DONE;

	/* That of the environment is for those who ask for nothing else. */
	policy = policy || age ? policy : evidence_policy(cli);
	if (age ? hz_duration(&d->max_age, age, NULL) < 0 : !policy)
		return report_usage(
			cli, _("due needs --max-age: a number with s, m, h, d or w, such as 26h; or --policy"));
	if (kind && !age)
		return report_usage(cli, _("--kind goes with --max-age"));
	if (kind && !is_kind(kind))
		return report_usage(cli, _("--kind %s: give backup, check, restore, drill or verify"), kind);
	d->kind = kind ? kind : "backup";
	if (age)
		code = look_at_records(cli, d);
	return code == CLI_EXIT_DONE && policy ? look_at_policy(cli, d, policy, v) : code;
}

static int run(struct cli *cli)
{
	struct policy_view v __attribute__((cleanup(policy_view_release))) = { .policy = NULL };
	struct due d = { .kind = "backup", .now = time(NULL) };
	bool is_nagios = cli_is_given(cli, "nagios");
	int code = look(cli, &d, &v), more;

	/* A repository that is damaged is told, and what is due is said all the same. */
	if (code == CLI_EXIT_DONE || (code == CLI_EXIT_DAMAGE && d.view)) {
		more = finish(cli, &d);
		code = is_nagios ? more : cli_exit_worse(code, more);
	} else if (is_nagios) {
		code = due_nagios_unknown(cli);
	}
	hz_facts_free(d.facts);
	free(d.v);
	return code;
}

/* Whoever reads exit codes of plugins takes that of wrong arguments for an alarm. */
static int misused(struct cli *cli, int code)
{
	return cli_was_asked(cli, "--nagios") ? due_nagios_unknown(cli) : code;
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
	{ "workers", 0, "N",
		N_("at most N threads on a repository, 1 to 64; default: one a processor, as memory allows") },
	{ "memory", 0, "SIZE", N_("how much memory a run may take, about: bytes, or with K, M, G;\ndefault: 100M") },
	{ 0 },
};

const struct cli_command cmd_due = {
	.name = "due",
	.run = run,
	.misused = misused,
	.arguments = "[FOLDER]",
	.max_args = 1,
	.summary = N_("say what has not been done for too long"),
	.about = N_(
		"Reads the records of an evidence folder (default: this host's), and for each source (what a host "
		"backs up\n"
		"together into a repository) looks for the newest of the kind that was done; check, verify and "
		"restore are of\n"
		"whole repositories. What counts as done is the rule of docs/evidence/POLICY.md. Only records by "
		"keys that are\n"
		"believed count. A source that is not backed up any more stays due: --policy says what is asked for.\n"
		"With --policy: what of the policy's cadences, keys and reviews is due, by records and repositories.\n"
		"Exit 6: one is too old, there is none, or damage was found since. 4: records are missing or changed."),
	.examples = "  hozen-verify due --max-age 26h\n"
		    "  hozen-verify due --policy /etc/hozen/policy.ini --nagios\n"
		    "  hozen-verify due --max-age 95d --kind drill --nagios\n"
		    "  hozen-verify due --max-age 26h -q --prometheus /var/lib/node_exporter/hozen.prom",
	.options = options,
};
