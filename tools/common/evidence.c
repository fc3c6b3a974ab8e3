/* SPDX-License-Identifier: BSD-2-Clause */
/* See evidence.h. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *of_environment(const char *variable)
{
	const char *v = getenv(variable);

	return v && *v ? v : NULL;
}

const char *evidence_folder(void)
{
	return of_environment("HOZEN_EVIDENCE_DIR");
}

/* The command goes on without: told as it is, and once more by the exit code. */
static void not_recorded(struct cli *cli, int rc, hz_error *err)
{
	cli->no_record = cli_exit_worse(cli->no_record, rc == HZ_E_CORRUPT ? CLI_EXIT_DAMAGE : CLI_EXIT_EXCEPTIONS);
	(void)report_exception(cli, rc, err, cli->no_record);
}

static void tell_new_key(struct cli *cli)
{
	hz_record_info info = HZ_RECORD_INFO_INIT;
	char text[1024];
	hz_event e = { .size = sizeof(e), .kind = HZ_EVENT_NOTE, .message = text };

	if (hz_record_info_get(cli->record, &info, NULL) < 0 || !info.key_is_new)
		return;
	(void)snprintf(text, sizeof(text),
		_("evidence in %.300s is signed with the new key %s; give its "
		  "allowed_signers to whoever is to check records"),
		info.folder, info.fingerprint);
	report_event(cli, &e);
}

void evidence_begin(struct cli *cli)
{
	hz_record_options o = HZ_RECORD_OPTIONS_INIT;
	const char *name = cli_value(cli, "operator"), *ticket = cli_value(cli, "ticket");
	hz_error *err = NULL;
	int rc;

	if (!cli->command->record || cli_is_given(cli, "dry-run"))
		return;
	o.folder = evidence_folder();
	o.state_dir = of_environment("HOZEN_STATE_DIR");
	o.tool = cli->tool->name;
	o.command = cli->command->name;
	o.kind = cli->command->record;
	o.controls = cli->command->controls;
	o.operator_name = name ? name : of_environment("HOZEN_OPERATOR");
	o.operator_from = name ? "option" : o.operator_name ? "environment" : NULL;
	o.ticket = ticket ? ticket : of_environment("HOZEN_TICKET");
	rc = hz_record_begin(&cli->record, &o, &err);
	if (rc < 0)
		not_recorded(cli, rc, err);
	else
		tell_new_key(cli);
	hz_error_free(err);
}

int evidence_end(struct cli *cli, int code)
{
	hz_error *err = NULL;
	hz_record *rec = cli->record;
	int rc;

	/* What is told from here on is none of the record. */
	cli->record = NULL;
	rc = hz_record_end(rec, code, cli->failure, &err);
	if (rc < 0 && !(rc == HZ_E_CORRUPT && cli->no_record == CLI_EXIT_DAMAGE))
		not_recorded(cli, rc, err);
	hz_error_free(err);
	return cli->no_record ? cli_exit_worse(code, cli->no_record) : code;
}

void evidence_summary(struct cli *cli, hz_json *line)
{
	hz_record_result(cli->record, line);
	if (cli->json)
		report_line(cli, line);
	else
		hz_json_free(line);
}
