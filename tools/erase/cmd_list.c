/* SPDX-License-Identifier: BSD-2-Clause */
/* list: what there is, what each can, and why it may not be erased. Changes nothing. */
#include "common/i18n.h"
#include "common/report.h"
#include "erase/commands.h"
#include "erase/device_print.h"

#include <stdio.h>
#include <unistd.h>

struct show {
	struct cli *cli;
	uint64_t n;
};

static int show(void *user, const hz_device_info *d)
{
	struct show *to = user;
	hz_json *json;

	if (!to->cli->json) {
		if (to->n++ > 0)
			(void)fputc('\n', stdout);
		device_print(d, isatty(STDOUT_FILENO));
		return 0;
	}
	to->n++;
	json = hz_json_new("device");
	hz_device_json(json, d);
	report_line(to->cli, json);
	return 0;
}

/* Each that was named, whatever comes of the others. */
static int show_named(struct show *to)
{
	int code = CLI_EXIT_DONE;

	for (uint64_t i = 0; i < to->cli->n_args; i++) {
		hz_device_info d = HZ_DEVICE_INFO_INIT;
		hz_error *err = NULL;
		int rc = hz_device_look(to->cli->args[i], &d, &err);

		if (rc == 0)
			rc = show(to, &d);
		code = cli_exit_worse(code, report_result(to->cli, rc, &err));
	}
	return code;
}

static int run(struct cli *cli)
{
	hz_device_options o = HZ_DEVICE_OPTIONS_INIT;
	struct show to = { .cli = cli };
	hz_error *err = NULL;
	int code;

	if (cli->n_args > 0)
		return show_named(&to);
	if (cli_is_given(cli, "all"))
		o.flags |= HZ_DEVICE_ALL;
	code = report_result(cli, hz_devices_list(&o, show, &to, &err), &err);
	if (to.n == 0 && code == CLI_EXIT_DONE && !cli->json && !cli->quiet)
		printf(_("no disks are seen here\n"));
	return code;
}

static const struct cli_option options[] = {
	{ "all", 0, NULL, N_("also what is empty or no disk: unused loop devices, ram disks, device mapper, md") },
	{ 0 },
};

const struct cli_command cmd_list = {
	.name = "list",
	.run = run,
	.arguments = "[DEVICE...]",
	.max_args = UINT64_MAX,
	.summary = N_("show disks, what each can do, and why it may not be erased"),
	.about = N_(
		"Asks each disk for its identity, its commands for erasing, hidden areas and health, and the kernel "
		"for\n"
		"whether it is in use. Changes nothing. Needs root for most of it; what could not be found out counts\n"
		"against erasing. A disk that does not answer within 20 seconds is shown as such.\n"
		"'confirm by' is what names a disk when it is erased: its serial number, or, where it has none of its\n"
		"own, its name, model or file, and size."),
	.examples = "  hozen-erase list\n"
		    "  hozen-erase list /dev/disk/by-id/ata-WDC_WD10EZEX-00BN5A0_WD-WCC4N0000001\n"
		    "  hozen-erase list --json | jq -r 'select(.obstacles_total == 0) | [.path, .confirm_id] | @tsv'",
	.options = options,
};
