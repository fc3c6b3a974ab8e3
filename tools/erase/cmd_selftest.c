/* SPDX-License-Identifier: BSD-2-Clause */
/* selftest: can this equipment tell good from bad? */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/signals.h"
#include "common/text.h"
#include "erase/approval.h"
#include "erase/commands.h"
#include "erase/job.h"

#include <stdio.h>
#include <string.h>

struct screen {
	struct cli *cli;
	uint64_t begun_ns;
};

static int on_progress(void *user, const hz_sanitize_progress *p)
{
	struct screen *s = user;
	hz_progress line = { sizeof(line), HZ_PHASE_DATA, 0, 0, p->done, p->total, 0, p->bad_sectors,
		fleet_now_ns() - s->begun_ns };

	if (strcmp(p->doing, "verify") == 0)
		line.phase = HZ_PHASE_VERIFY;
	(void)report_progress(s->cli, &line);
	return signals_seen();
}

static int code_of(int rc, const hz_equipment_result *r)
{
	if (rc < 0)
		return r->touched == HZ_TOUCHED_NO || rc == HZ_E_CANCELED ? cli_exit_of_error(rc) : CLI_EXIT_FAILED;
	return r->passed ? CLI_EXIT_DONE : CLI_EXIT_DAMAGE;
}

static void print(const hz_equipment_result *r)
{
	if (r->passed)
		printf(_("passed: %u checks; known data was found, the clear was verified, and each fault was found\n"),
			r->checks);
	else {
		printf(_("FAILED: "));
		text_put(stdout, r->why, strlen(r->why), 1);
		printf("\n");
	}
}

/* What the library says, or why it was not asked. */
static int test(struct cli *cli, struct fleet_drive *d, const char *record_id, hz_json *summary, hz_equipment_result *r)
{
	struct screen screen = { cli, fleet_now_ns() };
	hz_sanitize_options o = HZ_SANITIZE_OPTIONS_INIT;
	hz_error *err = NULL;
	int rc, code;

	if (d->refused) {
		(void)hz_json_array(summary, "checks");
		hz_json_bool(summary, "passed", 0);
		hz_json_str(summary, "why", d->failure);
		hz_json_str(summary, "touched", "no");
		return report_failure(cli, d->refused, "%s", d->failure);
	}
	o.confirm_id = d->typed ? d->typed : "";
	o.report_dir = job_report_dir(cli);
	o.record_id = record_id;
	o.progress = on_progress;
	o.user = &screen;
	rc = hz_sanitize_selftest(d->path, &o, cli->record, summary, r, &err);
	code = code_of(rc, r);
	term_clear(&cli->term);
	(void)report_result(cli, rc, &err);
	if (!cli->json && rc == 0)
		print(r);
	return code;
}

static int work(struct cli *cli, struct fleet_drive *d, const char *record_id)
{
	hz_equipment_result r = HZ_EQUIPMENT_RESULT_INIT;
	hz_json *summary = hz_json_new("equipment_summary");
	int code;

	approval_put(cli, summary);
	code = test(cli, d, record_id, summary, &r);
	hz_json_str(summary, "path", d->path);
	hz_json_str(summary, "confirm_id", d->confirm_id);
	hz_json_i64(summary, "exit", code);
	evidence_summary(cli, summary);
	return code;
}

static int run(struct cli *cli)
{
	static struct fleet_drive d;
	hz_device_info device = HZ_DEVICE_INFO_INIT;
	hz_record_info info = HZ_RECORD_INFO_INIT;
	hz_error *err = NULL;
	int code = report_result(cli, hz_device_look(cli->args[0], &device, &err), &err);

	if (code != CLI_EXIT_DONE)
		return code;
	if (strlen(cli->args[0]) >= sizeof(d.path))
		return report_usage(cli, _("the path of a device is too long: '%s'"), cli->args[0]);
	d.looked = true;
	(void)snprintf(d.path, sizeof(d.path), "%s", cli->args[0]);
	(void)snprintf(d.confirm_id, sizeof(d.confirm_id), "%s", device.confirm_id);
	/* It erases the medium, to the level of a clear. */
	code = approval_check(cli, hz_level_name(HZ_LEVEL_CLEAR), &d, 1);
	if (code == CLI_EXIT_DONE && !d.refused)
		code = job_confirm(cli, &d, &device);
	if (code != CLI_EXIT_DONE)
		return code;
	if (!cli->record || hz_record_info_get(cli->record, &info, NULL) < 0)
		return report_failure(cli, HZ_E_REFUSED, _("nothing was begun: there is no record of it"));
	return work(cli, &d, info.uuid);
}

static const struct cli_option options[] = {
	{ "report-dir", 0, "DIR", N_("for journals and records; default: erase in the state folder") },
	{ "confirm", 0, "ID", N_("what list shows for the device; once for each; asked for when missing") },
	APPROVAL_OPTIONS,
	{ 0 },
};

const struct cli_command cmd_selftest = {
	.name = "selftest",
	.run = run,
	.arguments = "DEVICE",
	.min_args = 1,
	.max_args = 1,
	.summary = N_("test on a scratch device whether erasing and verifying can tell good from bad"),
	.about = N_("Everything on the device is lost. Known data is written and found; the default clear runs and is "
		    "verified; "
		    "then one\n"
		    "bit of one sector is turned and another sector gets the content of a third, and the verification "
		    "must find "
		    "exactly\n"
		    "these two; at last all is written anew and must be found whole. The record is evidence of SP "
		    "800-53 MP-6(2): "
		    "the\n"
		    "equipment was tested, with this program, on this host.\n"
		    "Exit 0: all as it must be. 4: a check did not come out as it must: do not rely on this equipment. "
		    "5: refused."),
	.examples = "  hozen-erase selftest /dev/sdz --confirm SCRATCH-0001",
	.options = options,
	.record = "selftest",
	.controls = "8.10 7.13",
};
