/* SPDX-License-Identifier: BSD-2-Clause */
/* run: erases media, many side by side. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/signals.h"
#include "erase/approval.h"
#include "erase/commands.h"
#include "erase/job.h"
#include "erase/plan_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Something that will not be over in a moment, and that --override does not name: nobody need be asked for more. The
 * library finds it again, and it is told there. */
static bool is_in_the_way(struct cli *cli, const hz_device_info *info)
{
	for (uint32_t i = 0; i < info->obstacles && i < HZ_DEVICE_OBSTACLES; i++) {
		const hz_obstacle *o = &info->obstacle[i];

		if (o->gate != HZ_GATE_BUSY && o->gate != HZ_GATE_OPEN &&
			!(o->override && job_is_overridden(cli, info->confirm_id, o->gate)))
			return true;
	}
	return info->obstacles > HZ_DEVICE_OBSTACLES;
}

/* The line of the trail that says it. */
static const char *why_not(const hz_plan_options *o, const hz_plan *plan)
{
	const char *reason, *last = NULL;

	if (o->goal == HZ_LEVEL_NONE && hz_plan_decision(plan) == HZ_DECIDE_DESTROY)
		return hz_plan_reason(plan, 0);
	for (uint64_t i = 0; (reason = hz_plan_reason(plan, i)); i++) {
		if (strstr(reason, "cannot be reached"))
			return reason;
		last = reason;
	}
	return last ? last : _("the goal cannot be reached");
}

/* What makes the plan not worth beginning. */
static void judge(struct cli *cli, struct fleet_drive *d, const hz_plan_options *o, const hz_plan *plan)
{
	char why[256];

	d->goal = hz_level_name(hz_plan_goal(plan));
	plan_options_decision(o, plan, &d->confidentiality, &d->asks_for);
	d->reused = o->flags & HZ_PLAN_REUSED;
	d->leaves_control = o->flags & HZ_PLAN_LEAVES;
	if (!hz_plan_reachable(plan)) {
		if (!cli->json)
			plan_print_reasons(plan);
		fleet_refuse(d, HZ_E_REFUSED, why_not(o, plan),
			_("'hozen-erase plan' shows every method and why it was not taken"));
	} else if (plan_is_below(o, plan)) {
		(void)snprintf(why, sizeof(why), _("refused: %s is below what the decision flow asks for: %s"), d->goal,
			d->asks_for);
		fleet_refuse(d, HZ_E_REFUSED, why,
			_("leave --goal out, or do without the decision flow (--confidentiality)"));
	} else if (hz_plan_cannot_pass(plan)) {
		fleet_refuse(d, HZ_E_REFUSED, hz_plan_cannot_pass(plan),
			_("take the hidden area away first, or destroy the medium; nothing was touched"));
	}
}

/* What it is and what would be done with it. What cannot be looked at is refused by its own process, on record. */
static int look(struct cli *cli, struct fleet_drive *d, hz_device_info *info, const hz_plan_options *o, uint32_t *goal)
{
	hz_plan *plan = NULL;
	hz_error *err = NULL;
	int code;

	*info = (hz_device_info)HZ_DEVICE_INFO_INIT;
	if (hz_device_look(d->path, info, NULL) < 0)
		return CLI_EXIT_DONE;
	d->looked = true;
	(void)snprintf(d->confirm_id, sizeof(d->confirm_id), "%s", info->confirm_id);
	code = report_arguments_result(cli, hz_plan_make(&plan, info, o, &err), &err);
	if (code != CLI_EXIT_DONE)
		return code;
	*goal = hz_plan_goal(plan);
	if (!cli->json)
		plan_print(cli, info, o, plan);
	judge(cli, d, o, plan);
	hz_plan_free(plan);
	return CLI_EXIT_DONE;
}

/* One drive after the other, before any is begun. Stopped at one, none is. */
static int ask(struct fleet *f, const hz_device_info *info)
{
	int code = CLI_EXIT_DONE;

	(void)fflush(stdout);
	for (uint64_t i = 0; i < f->n && code == CLI_EXIT_DONE && !signals_seen(); i++) {
		struct fleet_drive *d = &f->drive[i];

		if (!d->refused && d->looked && (cli_is_given(f->cli, "confirm") || !is_in_the_way(f->cli, &info[i])))
			code = job_confirm(f->cli, d, &info[i]);
	}
	return code;
}

static int prepare(struct fleet *f, hz_device_info *info)
{
	struct cli *cli = f->cli;
	hz_plan_options o = HZ_PLAN_OPTIONS_INIT;
	int code = plan_options_read(cli, &o);
	uint32_t goal = o.goal;

	for (uint64_t i = 0; i < f->n && code == CLI_EXIT_DONE; i++) {
		if (strlen(cli->args[i]) >= sizeof(f->drive[i].path))
			return report_usage(cli, _("the path of a device is too long: '%s'"), cli->args[i]);
		(void)snprintf(f->drive[i].path, sizeof(f->drive[i].path), "%s", cli->args[i]);
		code = look(cli, &f->drive[i], &info[i], &o, &goal);
	}
	if (code == CLI_EXIT_DONE)
		code = job_check_overrides(f);
	if (code == CLI_EXIT_DONE)
		code = job_check_confirmations(f);
	if (code == CLI_EXIT_DONE)
		code = approval_check(cli, hz_level_name(goal), f->drive, f->n);
	return code == CLI_EXIT_DONE ? ask(f, info) : code;
}

static int run(struct cli *cli)
{
	struct fleet f = { .cli = cli, .work = job_work, .n = cli->n_args };
	hz_device_info *info = calloc(f.n, sizeof(*info));
	int code;

	f.drive = info ? calloc(f.n, sizeof(*f.drive)) : NULL;
	code = f.drive ? prepare(&f, info) : report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	if (code == CLI_EXIT_DONE)
		code = fleet_run(&f);
	for (uint64_t i = 0; f.drive && i < f.n; i++)
		free(f.drive[i].summary);
	free(f.drive);
	free(info);
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
		"3: its record\n"
		"could not be written: no certificate. 4: verification found other data. 5: refused; nothing was "
		"touched. With several\n"
		"devices the worst one counts."),
	.examples = "  hozen-erase run /dev/sdb --goal clear --confirm WD-WX11A12B3456\n"
		    "  hozen-erase run /dev/sdc /dev/sdd --goal purge --ticket CHG-1234 --witness 'Y. Sato'",
	.options = options,
};
