/* SPDX-License-Identifier: BSD-2-Clause */
/* status: what the journals of a report folder say. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "erase/commands.h"
#include "erase/job.h"

#include <stdio.h>

static int on_journal(void *user, const char *path, const hz_journal_info *info)
{
	struct cli *cli = user;
	char done[TEXT_SHORT], total[TEXT_SHORT];

	if (cli->json) {
		hz_json *line = hz_json_new("journal");

		hz_json_str(line, "path", path);
		hz_json_str(line, "record_id", info->record_id);
		hz_json_str(line, "confirm_id", info->confirm_id);
		hz_json_str(line, "device", info->path);
		hz_json_bool(line, "finished", info->finished != 0);
		hz_json_u64(line, "step", info->step);
		hz_json_u64(line, "steps", info->steps);
		hz_json_str(line, "method", info->method);
		hz_json_str(line, "state", info->state);
		hz_json_u64(line, "durable_bytes", info->durable_bytes);
		hz_json_u64(line, "total_bytes", info->total_bytes);
		report_line(cli, line);
	} else if (!cli->quiet) {
		text_pad(stdout, info->finished ? _("finished") : _("OPEN"), 10);
		printf(_("%s  step %u of %u  %s  %s  %s of %s\n  %s\n"), info->confirm_id, info->step, info->steps,
			info->method, info->state, text_bytes(done, info->durable_bytes),
			text_bytes(total, info->total_bytes), path);
	}
	return report_printed(cli);
}

static int run(struct cli *cli)
{
	uint64_t bad = 0;
	int code = job_journals(cli, on_journal, cli, &bad);

	if (bad > 0) {
		report_warning(cli, _("%llu journals cannot be read"), (unsigned long long)bad);
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	}
	return code;
}

static const struct cli_option options[] = {
	{ "report-dir", 0, "DIR", N_("for journals and records; default: erase in the state folder") },
	{ 0 },
};

const struct cli_command cmd_status = {
	.name = "status",
	.run = run,
	.arguments = "[JOURNAL]",
	.max_args = 1,
	.summary = N_("show what was begun and how far it came"),
	.about = N_("Reads the journals of the report folder and touches no device."),
	.examples = "  hozen-erase status\n"
		    "  hozen-erase status --json",
	.options = options,
};
