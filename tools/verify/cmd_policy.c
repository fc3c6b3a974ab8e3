/* SPDX-License-Identifier: BSD-2-Clause */
/* policy: is what the policy asks for shown by facts. Only reads; the verdict is a record of its own. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "verify/commands.h"
#include "verify/policy_print.h"
#include "verify/trust.h"

static void say_limits(struct cli *cli, const struct policy_view *v)
{
	hz_record_about(cli->record, "policy", v->info.id);
	hz_record_subject(cli->record, "policy", v->info.sha256);
	if (v->assets)
		hz_record_subject(cli->record, "assets", hz_assets_sha256(v->assets));
	else
		hz_record_says(
			cli->record, HZ_SAYS_NOT_CHECKED, "whether the policy covers all assets: no list was given");
	hz_record_says(
		cli->record, HZ_SAYS_ASSUMPTION, "the clocks of the hosts were right when they made their records");
	hz_record_says(cli->record, HZ_SAYS_ASSUMPTION,
		"what the policy says of sites, owners and approvers, and that a repository is offline, is its own "
		"word");
}

static int conclude(struct cli *cli, const struct policy_view *v, int code)
{
	const char *sheet = cli_value(cli, "csv");

	if (v->bad > 0)
		report_warning(cli,
			_("%llu records are missing or not what they should be; 'hozen-verify log' says which"),
			(unsigned long long)v->bad);
	if (v->untrusted > 0)
		report_warning(cli, _("%llu records do not count: their signers are not believed (--trust)"),
			(unsigned long long)v->untrusted);
	/* Else a repository that was opened is damaged. */
	if (code == CLI_EXIT_DONE)
		code = policy_view_code(v);
	if (sheet)
		code = cli_exit_worse(code, policy_csv(cli, v, sheet, cli_value(cli, "output")));
	say_limits(cli, v);
	policy_print_summary(cli, v, code);
	if (!cli->json && !cli->quiet)
		policy_print_text(v);
	return code;
}

static int run(struct cli *cli)
{
	struct policy_view v __attribute__((cleanup(policy_view_release))) = { .policy = NULL };
	const char *sheet = cli_value(cli, "csv");
	int code;

	if (sheet && !policy_csv_is(sheet))
		return report_usage(cli, _("--csv %s: give checklist or effectiveness"), sheet);
	if (!sheet != !cli_value(cli, "output"))
		return report_usage(cli, _("--csv SHEET and --output FILE go together"));
	if (cli_is_given(cli, "publish")) {
		hz_repo_options o = HZ_REPO_OPTIONS_INIT;

		code = place_options(cli, &o);
		if (code != CLI_EXIT_DONE)
			return code;
	}
	code = policy_view_make(cli, cli->args[0], cli_value(cli, "assets"), NULL, &v);
	return v.result ? conclude(cli, &v, code) : code;
}

static const struct cli_option options[] = {
	{ "assets", 0, "CSV",
		N_("say which of these assets the policy covers: a table with a column asset (or 資産名),\n"
		   "and where there are such host and path") },
	{ "csv", 0, "SHEET",
		N_("also write rows for a paper of the ISMS: checklist (内部監査チェックリスト) or\n"
		   "effectiveness (ISMS有効性評価表)") },
	{ "output", 0, "FILE", N_("the file for --csv; what stands there is replaced") },
	EVIDENCE_PUBLISH,
	{ "repo", 0, "DIR", N_("the repository for --publish (HOZEN_REPO)") },
	POLICY_FACTS_OPTIONS,
	TRUST_OPTION,
	{ "key-file", 0, "FILE",
		N_("a lister's key file, or a higher role's, instead of those that the policy names;\n"
		   "what it does not open is not looked at") },
	{ "passphrase-fd", 0, "N", N_("read the passphrase from descriptor N, before all other ways") },
	{ "workers", 0, "N",
		N_("at most N threads on a repository, 1 to 64; default: one a processor, as memory allows") },
	{ "memory", 0, "SIZE", N_("how much memory a run may take, about: bytes, or with K, M, G;\ndefault: 100M") },
	{ 0 },
};

const struct cli_command cmd_policy = {
	.name = "policy",
	.run = run,
	.record = "policy",
	.controls = "5.1 8.13 8.24",
	.arguments = "FILE",
	.min_args = 1,
	.max_args = 1,
	.summary = N_("say whether facts show that a backup policy is kept"),
	.about = N_(
		"Reads a policy file (docs/evidence/POLICY.md), and for each system says of each thing that it asks "
		"for:\n"
		"met, MISSED (a fact shows the contrary), OVERDUE (it was to be done again), or not evidenced. Facts "
		"are\n"
		"records by keys that are believed, and what is in the repositories of the policy that can be opened "
		"with a\n"
		"lister's key; nothing is met without one. Exit 0: everything is met and every asset covered; 4: "
		"something is\n"
		"missed, or records were changed; 6: overdue; 3: not evidenced, or an asset is not covered."),
	.examples = "  hozen-verify policy /etc/hozen/policy.ini --assets assets.csv --trust hosts\n"
		    "  hozen-verify policy policy.ini --evidence web1/evidence --evidence db1/evidence --trust hosts\n"
		    "  hozen-verify policy policy.ini --csv checklist --output 2026-11.csv",
	.options = options,
};
