/* SPDX-License-Identifier: BSD-2-Clause */
/* validate: a second person's decision about the record of a sanitization. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "verify/commands.h"
#include "verify/trust.h"

#include <stdio.h>
#include <string.h>

static int read_options(struct cli *cli, hz_validate_options *o)
{
	const char *decision = cli_value(cli, "decision");

	if (!decision || (strcmp(decision, "accepted") != 0 && strcmp(decision, "rejected") != 0))
		return report_usage(cli, _("--decision is accepted or rejected"));
	o->decision = *decision == 'a' ? HZ_DECISION_ACCEPTED : HZ_DECISION_REJECTED;
	o->reason = cli_value(cli, "reason");
	o->flags = cli_is_given(cli, "one-person") ? HZ_VALIDATE_ONE_PERSON : 0;
	if (o->decision == HZ_DECISION_REJECTED && (!o->reason || !*o->reason))
		return report_usage(cli, _("a rejection needs a --reason"));
	return CLI_EXIT_DONE;
}

static int check_policy(struct cli *cli, const hz_validate_options *o)
{
	hz_error *err = NULL;
	int asked = o->flags & HZ_VALIDATE_ONE_PERSON ? evidence_two_persons(cli, &err) : 0;

	if (asked < 0)
		return report_result(cli, asked, &err);
	return asked ? report_failure(cli, HZ_E_REFUSED, _("the policy asks for two persons: --one-person is refused"))
		     : CLI_EXIT_DONE;
}

static int run(struct cli *cli)
{
	hz_validate_options o = HZ_VALIDATE_OPTIONS_INIT;
	hz_trust *trust AUTO_TRUST = NULL;
	hz_json *summary;
	hz_error *err = NULL;
	int code = read_options(cli, &o);

	if (code == CLI_EXIT_DONE)
		code = check_policy(cli, &o);
	if (code == CLI_EXIT_DONE)
		code = trust_open(cli, &trust);
	if (code != CLI_EXIT_DONE)
		return code;
	if (!cli->record)
		return report_failure(cli, HZ_E_REFUSED, _("nothing was decided: there is no record of it"));
	summary = hz_json_new("validate_summary");
	code = report_result(cli, hz_record_validate(cli->args[0], trust, &o, cli->record, summary, &err), &err);
	if (code != CLI_EXIT_DONE) {
		hz_json_free(summary);
		return code;
	}
	hz_json_path(summary, "file", cli->args[0], strlen(cli->args[0]));
	hz_json_i64(summary, "exit", code);
	evidence_summary(cli, summary);
	if (!cli->json && !cli->quiet) {
		report_path(cli->args[0], strlen(cli->args[0]));
		printf(": %s\n", o.decision == HZ_DECISION_ACCEPTED ? _("accepted") : _("rejected"));
	}
	return code;
}

static const struct cli_option options[] = {
	TRUST_OPTION,
	{ "decision", 0, "WORD", N_("accepted or rejected") },
	{ "reason", 0, "TEXT", N_("why; needed for a rejection") },
	{ "one-person", 0, NULL,
		N_("whoever erased may validate: the policy does not ask for two persons. The record says so") },
	{ 0 },
};

const struct cli_command cmd_validate = {
	.name = "validate",
	.run = run,
	.arguments = "RECORD",
	.min_args = 1,
	.max_args = 1,
	.summary = N_("decide on the record of a sanitization, as another person than the one who did it"),
	.about = N_("NIST SP 800-88 wants two things: verification, which the erasing tool does, and validation, the "
		    "decision of "
		    "a person\n"
		    "that the outcome is good enough for the data that was on it. This makes the second one: a signed "
		    "record of "
		    "its own,\n"
		    "which names the first by its SHA-256.\n"
		    "Refused: a record whose signer is not believed, that is of no sanitization, or whose operator is "
		    "the same "
		    "person (by\n"
		    "name, login, or uid on the same machine). Only a certificate can be accepted; anything can be "
		    "rejected, with "
		    "a reason.\n"
		    "Exit 0: decided. 4: the record was changed. 5: refused."),
	.examples = "  hozen-verify validate --decision accepted --trust allowed_signers 2026-11/0b8f....json\n"
		    "  hozen-verify validate --decision rejected --reason 'two bad sectors' 2026-11/77c1....json",
	.options = options,
	.record = "validate",
	.controls = "8.10",
};
