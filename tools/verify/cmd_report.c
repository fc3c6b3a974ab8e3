/* SPDX-License-Identifier: BSD-2-Clause */
/* report: is this record whole, whose is it, what does it say. Each file by itself. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "verify/commands.h"
#include "verify/page.h"
#include "verify/trust.h"

#include <stdio.h>
#include <string.h>

static void print_json(struct cli *cli, const char *file, const hz_report *r, int code)
{
	hz_json *line = hz_json_new("record_check");

	hz_json_path(line, "file", file, strlen(file));
	hz_json_str(line, "signer", trust_word(r->signer));
	hz_json_str(line, "fingerprint", r->fingerprint);
	hz_json_str(line, "principals", *r->principals ? r->principals : NULL);
	hz_json_str(line, "id", r->uuid);
	hz_json_str(line, "kind", r->kind);
	hz_json_str(line, "command", r->command);
	hz_json_str(line, "outcome", r->outcome);
	hz_json_str(line, "start", r->start);
	hz_json_str(line, "end", *r->end ? r->end : NULL);
	hz_json_str(line, "operator", *r->operator_name ? r->operator_name : NULL);
	hz_json_str(line, "host", *r->host ? r->host : NULL);
	hz_json_u64(line, "failures", r->failures);
	hz_json_str(line, "sha256", r->sha256);
	hz_json_u64(line, "exit", (uint64_t)code);
	report_line(cli, line);
}

static void print_field(const char *name, const char *value)
{
	if (!*value)
		return;
	printf("  ");
	text_pad(stdout, name, 11);
	text_put(stdout, value, strlen(value), 1);
	(void)putchar('\n');
}

static void print_text(const char *file, const hz_report *r)
{
	report_path(file, strlen(file));
	printf(": %s\n",
		r->signer == HZ_SIGNER_TRUSTED           ? _("intact, and signed by a key that is believed")
			: r->signer == HZ_SIGNER_EXPIRED ? _("intact; its key was not believed for that time")
							 : _("intact, signer unknown"));
	print_field(_("signer"), r->fingerprint);
	print_field(_("known as"), r->principals);
	print_field(_("record"), r->uuid);
	print_field(_("command"), r->command);
	print_field(_("outcome"), r->outcome);
	print_field(_("error"), r->error);
	print_field(_("from"), r->start);
	print_field(_("to"), *r->end ? r->end : _("not known: it was interrupted"));
	print_field(_("operator"), r->operator_name);
	print_field(_("ticket"), r->ticket);
	print_field(_("host"), r->host);
	if (r->failures > 0)
		printf(_("  failures   %llu\n"), (unsigned long long)r->failures);
	if (r->late)
		printf(_("  late       written by a later run\n"));
	print_field("SHA-256", r->sha256);
}

/* v: of a page; NULL: none is asked for. */
static int one(struct cli *cli, const hz_trust *trust, const char *file, const hz_view_options *v)
{
	hz_report r = HZ_REPORT_INIT;
	hz_error *err = NULL;
	int code = report_result(cli, hz_report_check(file, trust, &r, &err), &err);

	if (code != CLI_EXIT_DONE)
		return code;
	if (r.signer != HZ_SIGNER_TRUSTED)
		code = CLI_EXIT_DAMAGE;
	if (v)
		code = cli_exit_worse(code, page_put_record(cli, &r, v));
	else if (cli->json)
		print_json(cli, file, &r, code);
	else if (!cli->quiet)
		print_text(file, &r);
	if (r.signer != HZ_SIGNER_TRUSTED)
		report_warning(cli, _("the signer of a record is not among the keys that are believed"));
	hz_free(r.text);
	return code;
}

static int run(struct cli *cli)
{
	hz_view_options view = HZ_VIEW_OPTIONS_INIT;
	bool page = page_is_wanted(cli), overview = cli_is_given(cli, "overview");
	hz_trust *trust AUTO_TRUST = NULL;
	int code = page ? page_options(cli, &view) : CLI_EXIT_DONE;

	if (code == CLI_EXIT_DONE && cli->n_args == 0 && !overview)
		code = report_usage(cli, _("report needs the file of a record, or --overview"));
	if (code == CLI_EXIT_DONE)
		code = trust_open(cli, &trust);
	if (code == CLI_EXIT_DONE && overview)
		return page_put_overview(cli, trust, &view);
	for (uint64_t i = 0; i < cli->n_args && (code == CLI_EXIT_DONE || i > 0); i++)
		code = cli_exit_worse(code, one(cli, trust, cli->args[i], page ? &view : NULL));
	return code;
}

static const struct cli_option options[] = {
	TRUST_OPTION,
	PAGE_OPTIONS,
	{ 0 },
};

const struct cli_command cmd_report = {
	.name = "report",
	.run = run,
	.arguments = "FILE... | --overview [FOLDER]",
	.max_args = UINT64_MAX,
	.summary = N_("check records, and say what they say"),
	.about = N_(
		"Verifies each record with the signature beside it (FILE.sig), then shows it. ssh-keygen does the "
		"same:\n"
		"  ssh-keygen -Y verify -f allowed_signers -I hozen -n hozen-record -s FILE.sig <FILE\n"
		"A key that is found beside the record proves nothing: the file of --trust must come another way.\n"
		"Exit 4: a record was changed, or its signer is not believed.\n"
		"\n"
		"--format draws a page for people instead, --overview one page of a whole evidence folder (default: "
		"this\n"
		"host's): how each system stands, control by control, and every record of the period. A page says "
		"what\n"
		"records say; what no record shows is printed as not evidenced."),
	.examples = "  hozen-verify report /var/lib/hozen/evidence/records/2026-11/*.json\n"
		    "  hozen-verify report --trust auditor/allowed_signers *.json\n"
		    "  hozen-verify report --overview --period 2026-11 --format pdf --lang ja --output 2026-11.pdf",
	.options = options,
};
