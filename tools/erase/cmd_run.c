/* SPDX-License-Identifier: BSD-2-Clause */
/* run: erases media, many side by side. */
#include "common/i18n.h"
#include "common/report.h"
#include "erase/approval.h"
#include "erase/commands.h"
#include "erase/job.h"
#include "erase/plan_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shows and asks, one drive after the other, before any is begun. */
static int prepare(struct cli *cli, struct fleet_drive *d, const char *path, const hz_plan_options *o, uint32_t *goal)
{
	hz_device_info info = HZ_DEVICE_INFO_INIT;
	hz_plan *plan = NULL;
	hz_error *err = NULL;
	int code;

	(void)snprintf(d->path, sizeof(d->path), "%s", path);
	/* What cannot be looked at is refused by its own process, on record. */
	if (hz_device_look(path, &info, NULL) < 0)
		return CLI_EXIT_DONE;
	(void)snprintf(d->confirm_id, sizeof(d->confirm_id), "%s", info.confirm_id);
	code = report_arguments_result(cli, hz_plan_make(&plan, &info, o, &err), &err);
	if (code == CLI_EXIT_DONE)
		*goal = hz_plan_goal(plan);
	if (code == CLI_EXIT_DONE && !cli->json)
		plan_print(cli, &info, plan);
	if (code == CLI_EXIT_DONE && !cli->json && !hz_plan_reachable(plan))
		plan_print_reasons(plan);
	if (code == CLI_EXIT_DONE && hz_plan_reachable(plan) && info.obstacles == 0)
		code = job_confirm(cli, d, &info);
	else if (code == CLI_EXIT_DONE)
		d->typed = d->confirm_id; /* refused for another reason, which is told */
	hz_plan_free(plan);
	return code;
}

static int run(struct cli *cli)
{
	struct fleet f = { .cli = cli, .work = job_work, .n = cli->n_args };
	hz_plan_options o = HZ_PLAN_OPTIONS_INIT;
	int code = plan_options_read(cli, &o);
	uint32_t goal = o.goal;

	f.drive = calloc(f.n, sizeof(*f.drive));
	if (!f.drive)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	for (uint64_t i = 0; i < f.n && code == CLI_EXIT_DONE; i++)
		code = prepare(cli, &f.drive[i], cli->args[i], &o, &goal);
	if (code == CLI_EXIT_DONE)
		code = approval_check(cli, hz_level_name(goal), f.drive, f.n);
	if (code == CLI_EXIT_DONE)
		code = fleet_run(&f);
	for (uint64_t i = 0; i < f.n; i++)
		free(f.drive[i].summary);
	free(f.drive);
	return code;
}

static const struct cli_option options[] = {
	PLAN_OPTIONS,
	JOB_OPTIONS,
	APPROVAL_OPTIONS,
	{ 0 },
};

const struct cli_command cmd_run = {
	.name = "run",
	.run = run,
	.arguments = "DEVICE...",
	.min_args = 1,
	.max_args = 256,
	.summary = N_("erase media and sign what was done"),
	.about = N_(
		"For each device: the plan, the operator's confirmation, the work in a process of its own, the "
		"verification, and a\n"
		"signed record. A device that is in use, or whose state is not known, is refused; there is no switch "
		"that skips its\n"
		"identity. Nothing starts without a writable report folder: its journal is what 'hozen-erase resume' "
		"goes on with\n"
		"after a crash, a power cut, or Ctrl-C.\n"
		"Exit 0: every medium reached the goal and was verified. 1: bad areas, or it did not come to its end. "
		"4: verification\n"
		"found other data. 5: refused; nothing was touched. With several devices the worst one counts."),
	.examples = "  hozen-erase run /dev/sdb --goal clear --confirm WD-WX11A12B3456\n"
		    "  hozen-erase run /dev/sdc /dev/sdd --goal purge --ticket CHG-1234 --witness 'Y. Sato'",
	.options = options,
};
