/* SPDX-License-Identifier: BSD-2-Clause */
/* log: is anything missing, changed, added or moved. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "verify/commands.h"
#include "verify/log_proof.h"
#include "verify/log_show.h"
#include "verify/trust.h"

static int run(struct cli *cli)
{
	struct log_place p = { "folder", cli->n_args ? cli->args[0] : evidence_folder(), cli_value(cli, "head"), NULL };
	hz_log_result res = HZ_LOG_RESULT_INIT;
	const bool proves = cli_is_given(cli, "prove"), checks = cli_is_given(cli, "check-proof");
	hz_trust *trust AUTO_TRUST = NULL;
	int code = trust_open(cli, &trust);

	if (code != CLI_EXIT_DONE)
		return code;
	if (proves + checks + cli_is_given(cli, "repo") > 1)
		return report_usage(cli, _("--prove, --check-proof and --repo exclude each other"));
	if (cli_value(cli, "output") && !proves)
		return report_usage(cli, _("--output goes with --prove"));
	if (checks && cli->n_args == 0)
		return report_usage(cli, _("--check-proof FILE needs the record's file as its argument"));
	if (proves)
		return log_prove(cli, p.folder);
	if (checks)
		return log_check_proof(cli, trust);
	if (cli_is_given(cli, "repo"))
		return log_of_repo(cli, trust);
	if (cli_is_given(cli, "save"))
		return report_usage(cli, _("--save keeps what a repository has; it goes with --repo"));
	return log_check_folder(cli, &p, trust, &res);
}

static const struct cli_option options[] = {
	TRUST_OPTION,
	{ "head", 0, "FILE",
		N_("a checkpoint of this log that was kept elsewhere: shows whether the end was cut off") },
	{ "save", 0, "DIR", N_("with --repo: keep the copy here, a folder for each log") },
	{ "prove", 0, "RECORD",
		N_("print a proof that the log has this record (its file or UUID), as c2sp.org/tlog-proof") },
	{ "output", 0, "FILE", N_("with --prove: write the proof into this file; it appears whole") },
	{ "check-proof", 0, "FILE",
		N_("check such a proof with the record's file (and FILE.sig) alone, without the log") },
	PLACE_OPTIONS,
	{ 0 },
};

const struct cli_command cmd_log = {
	.name = "log",
	.run = run,
	.arguments = "[FOLDER|RECORD]",
	.max_args = 1,
	.summary = N_("check the log of all records, and every record in it"),
	.about = N_(
		"Checks an evidence folder (default: this host's): every record and signature against its entry, the "
		"entries\n"
		"against the signed checkpoint and against what each record knew, and what no entry names. Give the "
		"file\n"
		"'checkpoint' of the folder to somebody who keeps it: with it as --head also entries that were cut off "
		"at the\n"
		"end are missed. With --repo it takes the copy out of a repository, which needs a lister's key: checks "
		"it, and\n"
		"holds the folder against it: what the copy has and the folder has not was dropped or rewritten "
		"afterwards.\n"
		"Exit 4: findings, or a signer that is not believed."),
	.examples = "  hozen-verify log\n"
		    "  hozen-verify log --head /mnt/auditor/checkpoint --trust /mnt/auditor/allowed_signers\n"
		    "  hozen-verify log --repo /srv/backup --key-file /etc/monitoring/lister.key\n"
		    "  hozen-verify log --prove 0b1c...json --output 0b1c.tlog-proof\n"
		    "  hozen-verify log --check-proof 0b1c.tlog-proof --trust hosts 0b1c...json",
	.options = options,
};
