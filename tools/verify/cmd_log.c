/* SPDX-License-Identifier: BSD-2-Clause */
/* log: is anything missing, changed, added or moved. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "verify/commands.h"
#include "verify/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *kind_word(uint32_t kind)
{
	static const char *const words[] = { "", "changed", "dropped", "inserted", "reordered", "rewritten", "cut",
		"bad_entry", "bad_record", "pending" };

	return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "";
}

static void finding_json(struct cli *cli, const hz_log_finding *f)
{
	hz_json *line = hz_json_new("log_finding");

	hz_json_str(line, "kind", kind_word(f->kind));
	if (f->first != UINT64_MAX) {
		hz_json_u64(line, "first", f->first);
		hz_json_u64(line, "last", f->last);
	}
	hz_json_str(line, "name", f->name);
	hz_json_str(line, "message", f->message);
	report_line(cli, line);
}

static void finding_text(const hz_log_finding *f)
{
	printf("%-10s ", kind_word(f->kind));
	if (f->first != UINT64_MAX && f->first == f->last)
		printf(_("entry %llu: "), (unsigned long long)f->first);
	else if (f->first != UINT64_MAX)
		printf(_("entries %llu to %llu: "), (unsigned long long)f->first, (unsigned long long)f->last);
	if (f->name) {
		text_put(stdout, f->name, strlen(f->name), 1);
		(void)fputs(": ", stdout);
	}
	text_put(stdout, f->message, strlen(f->message), 1);
	(void)putchar('\n');
}

static void on_finding(void *user, const hz_log_finding *f)
{
	struct cli *cli = user;

	if (cli->json)
		finding_json(cli, f);
	else if (!cli->quiet || f->kind != HZ_LOG_PENDING)
		finding_text(f);
}

static void print_json(struct cli *cli, const hz_log_result *r, int code)
{
	hz_json *line = hz_json_new("log_summary"), *list;

	hz_json_u64(line, "entries", r->entries);
	hz_json_str(line, "root", r->root);
	hz_json_str(line, "origin", *r->origin ? r->origin : NULL);
	hz_json_str(line, "signer", trust_word(r->signer));
	hz_json_str(line, "fingerprint", *r->fingerprint ? r->fingerprint : NULL);
	hz_json_u64(line, "records_good", r->records_good);
	hz_json_u64(line, "records_unknown", r->records_unknown);
	hz_json_u64(line, "findings", r->findings);
	hz_json_u64(line, "pending", r->pending);
	list = hz_json_array(line, "not_checked");
	if (!r->tail_checked)
		hz_json_add_str(list, "tail");
	hz_json_u64(line, "exit", (uint64_t)code);
	report_line(cli, line);
}

static void print_text(const hz_log_result *r)
{
	printf(_("%llu entries; %llu records by keys that are believed, %llu by others\n"),
		(unsigned long long)r->entries, (unsigned long long)r->records_good,
		(unsigned long long)r->records_unknown);
	printf(_("head         %llu %s\n"), (unsigned long long)r->entries, r->root);
	if (*r->fingerprint)
		printf(_("log of       %s\n"), r->fingerprint);
	if (r->pending > 0)
		printf(_("pending      %llu, no damage\n"), (unsigned long long)r->pending);
	if (r->tail_checked)
		printf(_("checked      the tail, by a head of %llu entries\n"), (unsigned long long)r->head_size);
	else
		printf(_("not checked  tail: whether entries are missing at the end shows against a head that was kept "
			 "elsewhere (--head), of all %llu\n"),
			(unsigned long long)r->entries);
	if (r->findings == 0)
		printf(_("nothing was dropped, changed, inserted or moved\n"));
}

static int run(struct cli *cli)
{
	const char *state = getenv("HOZEN_STATE_DIR"), *folder = cli->n_args ? cli->args[0] : evidence_folder();
	hz_log_result res = HZ_LOG_RESULT_INIT;
	hz_trust *trust AUTO_TRUST = NULL;
	hz_error *err = NULL;
	int code = trust_open(cli, &trust), rc;

	if (code != CLI_EXIT_DONE)
		return code;
	rc = hz_log_check(
		folder, state && *state ? state : NULL, trust, cli_value(cli, "head"), on_finding, cli, &res, &err);
	code = report_result(cli, rc, &err);
	if (rc < 0)
		return code;
	if (res.findings > 0 || res.records_unknown > 0 || res.signer != HZ_SIGNER_TRUSTED)
		code = CLI_EXIT_DAMAGE;
	if (cli->json)
		print_json(cli, &res, code);
	else if (!cli->quiet)
		print_text(&res);
	if (res.findings > 0)
		report_warning(cli, _("ALARM: the log or its records are not what was signed: %llu findings"),
			(unsigned long long)res.findings);
	else if (code != CLI_EXIT_DONE)
		report_warning(cli, _("intact, but the signer is not among the keys that are believed"));
	return code;
}

static const struct cli_option options[] = {
	TRUST_OPTION,
	{ "head", 0, "FILE",
		N_("a checkpoint of this log that was kept elsewhere: shows whether the end was cut off") },
	{ 0 },
};

const struct cli_command cmd_log = {
	.name = "log",
	.run = run,
	.arguments = "[FOLDER]",
	.max_args = 1,
	.summary = N_("check the log of all records, and every record in it"),
	.about = N_(
		"Checks an evidence folder (default: this host's): every record and signature against its entry, the "
		"entries\n"
		"against the signed checkpoint and against what each record knew, and what no entry names. Give the "
		"file\n"
		"'checkpoint' of the folder to somebody who keeps it: with it as --head also entries that were cut off "
		"at the\n"
		"end are missed. Exit 4: findings, or a signer that is not believed."),
	.examples = "  hozen-verify log\n"
		    "  hozen-verify log --head /mnt/auditor/checkpoint --trust /mnt/auditor/allowed_signers",
	.options = options,
};
