/* SPDX-License-Identifier: BSD-2-Clause */
/* plan: what run would do with a device, and why. */
#include "common/i18n.h"
#include "common/report.h"
#include "erase/commands.h"
#include "erase/plan_options.h"

#include <inttypes.h>
#include <stdio.h>

static void print_obstacles(const hz_device_info *d)
{
	if (d->obstacles > 0)
		printf(_("run would refuse it:\n"));
	for (uint32_t i = 0; i < d->obstacles && i < HZ_DEVICE_OBSTACLES; i++)
		printf("  - %s: %s\n", hz_gate_name(d->obstacle[i].gate), d->obstacle[i].text);
}

static void print_json(struct cli *cli, const hz_device_info *d, const hz_plan_options *o, const hz_plan *plan)
{
	hz_json *line = hz_json_new("plan");
	const char *confidentiality, *asks_for;

	plan_options_decision(o, plan, &confidentiality, &asks_for);
	hz_json_str(line, "path", d->path);
	hz_json_str(line, "confirm_id", d->confirm_id);
	hz_plan_json(line, plan);
	hz_json_str(line, "confidentiality", confidentiality);
	hz_json_bool(line, "below_decision", plan_is_below(o, plan));
	hz_json_u64(line, "obstacles", d->obstacles);
	report_line(cli, line);
}

static int run(struct cli *cli)
{
	hz_plan_options o = HZ_PLAN_OPTIONS_INIT;
	hz_device_info d = HZ_DEVICE_INFO_INIT;
	hz_plan *plan = NULL;
	hz_error *err = NULL;
	int code = plan_options_read(cli, &o);

	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_device_look(cli->args[0], &d, &err), &err);
	if (code == CLI_EXIT_DONE)
		code = report_arguments_result(cli, hz_plan_make(&plan, &d, &o, &err), &err);
	if (code != CLI_EXIT_DONE)
		return code;
	if (cli->json) {
		print_json(cli, &d, &o, plan);
	} else {
		plan_print(cli, &d, &o, plan);
		if (!cli->quiet)
			plan_print_reasons(plan);
		print_obstacles(&d);
	}
	code = hz_plan_reachable(plan) && !hz_plan_cannot_pass(plan) && !plan_is_below(&o, plan) && d.obstacles == 0
		? CLI_EXIT_DONE
		: CLI_EXIT_REFUSED;
	hz_plan_free(plan);
	return code;
}

static const struct cli_option options[] = {
	PLAN_OPTIONS,
	{ 0 },
};

const struct cli_command cmd_plan = {
	.name = "plan",
	.run = run,
	.arguments = "DEVICE",
	.min_args = 1,
	.max_args = 1,
	.summary = N_("show what run would do with a device, and why; changes nothing"),
	.about = N_(
		"With --confidentiality, --reused and --leaves-control the profile's decision flow says what has to be "
		"done\n"
		"with the medium: clear, purge, or destroy. With --goal the steps that reach it are shown in their "
		"order, each with\n"
		"the clause that it follows, its verification, and what else was looked at and why it was not taken.\n"
		"Exit 5: the goal cannot be reached on this medium, hidden areas keep it from a certificate, the goal "
		"is "
		"below what the\n"
		"decision flow asks for, or run would refuse the device; it says why."),
	.examples = "  hozen-erase plan /dev/sdb --goal purge\n"
		    "  hozen-erase plan /dev/nvme1n1 --confidentiality moderate --leaves-control yes\n"
		    "  hozen-erase plan /dev/sdc --goal clear --profile soumu-jp --json",
	.options = options,
};
