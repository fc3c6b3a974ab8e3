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

const char *evidence_key(const struct cli *cli, hz_record_info *info)
{
	*info = (hz_record_info)HZ_RECORD_INFO_INIT;
	return cli->record && hz_record_info_get(cli->record, info, NULL) == 0 ? info->public_key : NULL;
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
		  "allowed_signers to whoever is to check records: %s"),
		info.folder, info.fingerprint, info.public_key);
	report_event(cli, &e);
}

const char *evidence_policy(const struct cli *cli)
{
	const char *given = cli_value(cli, "policy");

	return given ? given : of_environment("HOZEN_POLICY");
}

int evidence_two_persons(const struct cli *cli, hz_error **err)
{
	hz_policy_info info = HZ_POLICY_INFO_INIT;
	const char *file = evidence_policy(cli);
	hz_policy *policy = NULL;
	int rc = file ? hz_policy_open(&policy, file, err) : 0;

	if (rc == 0 && file)
		rc = hz_policy_info_get(policy, &info, err);
	hz_policy_free(policy);
	return rc < 0 ? rc : (int)info.two_persons;
}

/* The policy's name and hash into the record; its texts live as long as *policy. A command that evaluates one names it
 * itself, and says what is wrong with it. */
static void take_policy(
	struct cli *cli, const char *kind, hz_record_options *o, hz_policy **policy, hz_policy_info *info)
{
	bool evaluates = strcmp(kind, "policy") == 0;
	const char *file = evaluates ? cli->args[0] : evidence_policy(cli);
	hz_error *err = NULL;
	int rc;

	if (!file)
		return;
	rc = hz_policy_open(policy, file, &err);
	if (rc == 0)
		rc = hz_policy_info_get(*policy, info, &err);
	if (rc == 0) {
		o->policy_id = info->id;
		o->policy_sha256 = info->sha256;
	} else if (!evaluates) {
		cli->no_record = cli_exit_worse(cli->no_record, CLI_EXIT_EXCEPTIONS);
		(void)report_exception(cli, rc, err, cli->no_record);
	}
	hz_error_free(err);
}

void evidence_begin_as(struct cli *cli, const char *kind, const char *controls)
{
	hz_record_options o = HZ_RECORD_OPTIONS_INIT;
	const char *name = cli_value(cli, "operator"), *ticket = cli_value(cli, "ticket");
	hz_policy_info info = HZ_POLICY_INFO_INIT;
	hz_policy *policy = NULL;
	hz_error *err = NULL;
	int rc;

	o.folder = evidence_folder();
	o.state_dir = of_environment("HOZEN_STATE_DIR");
	o.tool = cli->tool->name;
	o.command = cli->command->name;
	o.kind = kind;
	o.controls = controls;
	o.operator_name = name ? name : of_environment("HOZEN_OPERATOR");
	o.operator_from = name ? "option" : o.operator_name ? "environment" : NULL;
	o.ticket = ticket ? ticket : of_environment("HOZEN_TICKET");
	take_policy(cli, kind, &o, &policy, &info);
	rc = hz_record_begin(&cli->record, &o, &err);
	hz_policy_free(policy);
	if (rc < 0)
		not_recorded(cli, rc, err);
	else
		tell_new_key(cli);
	hz_error_free(err);
}

void evidence_begin(struct cli *cli)
{
	if (cli->command->record && !cli_is_given(cli, "dry-run"))
		evidence_begin_as(cli, cli->command->record, cli->command->controls);
}

/* A copy of what is new to the repository, where this host has a writer's key; without one its next create does it. */
static int publish(struct cli *cli, int code)
{
	hz_audit_result res = HZ_AUDIT_RESULT_INIT;
	hz_repo_options o = cli->repo;
	bool asked = cli_is_given(cli, "publish");
	hz_error *err = NULL;
	int rc;

	/* The key that the command itself used may be one that only reads. */
	if (asked)
		o.key_file = cli_value(cli, "publish") ? cli_value(cli, "publish") : of_environment("HOZEN_KEY_FILE");
	rc = hz_audit_publish(&o, evidence_folder(), &res, &err);
	if (rc < 0 && (asked || rc != HZ_E_AUTH)) {
		int at_least = rc == HZ_E_CORRUPT ? CLI_EXIT_DAMAGE : CLI_EXIT_EXCEPTIONS;

		report_warning(cli, _("the evidence is not in the repository yet; the next run puts it there"));
		code = cli_exit_worse(code, report_exception(cli, rc, err, at_least));
	}
	if (res.missing > 0) {
		report_warning(cli, _("ALARM: %llu records of the evidence folder are missing or were changed"),
			(unsigned long long)res.missing);
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	}
	hz_error_free(err);
	return code;
}

/* What was refused or failed leaves the repository as it is; its record waits for the next. */
static bool is_to_publish(const struct cli *cli, int code)
{
	return (cli->command->publishes || cli_is_given(cli, "publish")) && cli->repo.location &&
		cli->no_record != CLI_EXIT_DAMAGE &&
		(code == CLI_EXIT_DONE || code == CLI_EXIT_EXCEPTIONS || code == CLI_EXIT_DAMAGE ||
			code == CLI_EXIT_OVERDUE);
}

int evidence_end(struct cli *cli, int code)
{
	hz_error *err = NULL;
	hz_record *rec = cli->record;
	bool recorded = rec;
	int rc;

	/* What is told from here on is none of the record. */
	cli->record = NULL;
	rc = hz_record_end(rec, code, cli->failure, &err);
	cli->recorded = recorded && rc == 0;
	if (rc < 0 && !(rc == HZ_E_CORRUPT && cli->no_record == CLI_EXIT_DAMAGE))
		not_recorded(cli, rc, err);
	hz_error_free(err);
	if (recorded && is_to_publish(cli, code))
		code = publish(cli, code);
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
