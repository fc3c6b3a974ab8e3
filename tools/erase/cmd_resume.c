/* SPDX-License-Identifier: BSD-2-Clause */
/* resume: goes on with what a journal says. */
#include "common/i18n.h"
#include "common/report.h"
#include "erase/commands.h"
#include "erase/job.h"

#include <stdio.h>
#include <stdlib.h>

struct found {
	struct fleet f;
	const char *only; /* a journal, or NULL: all that are not finished */
	char paths[64][512];
};

static int on_journal(void *user, const char *path, const hz_journal_info *info)
{
	struct found *all = user;
	struct fleet_drive *d;

	if (info->finished || all->f.n == sizeof(all->paths) / sizeof(all->paths[0]))
		return 0;
	d = &all->f.drive[all->f.n];
	(void)snprintf(all->paths[all->f.n], sizeof(all->paths[0]), "%s", path);
	d->journal = all->paths[all->f.n++];
	(void)snprintf(d->confirm_id, sizeof(d->confirm_id), "%s", info->confirm_id);
	d->typed = d->confirm_id; /* it was typed when the work began; the journal holds it to that medium */
	return 0;
}

static int run(struct cli *cli)
{
	struct found all = { .f = { .cli = cli, .work = job_work } };
	uint64_t bad = 0;
	int code;

	all.f.drive = calloc(sizeof(all.paths) / sizeof(all.paths[0]), sizeof(*all.f.drive));
	if (!all.f.drive)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	code = job_journals(cli, on_journal, &all, &bad);
	if (code == CLI_EXIT_DONE && all.f.n == 0 && !cli->quiet && !cli->json)
		printf(_("nothing to go on with\n"));
	if (code == CLI_EXIT_DONE)
		code = fleet_run(&all.f);
	if (bad > 0) {
		report_warning(cli, _("%llu journals cannot be read"), (unsigned long long)bad);
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	}
	for (uint64_t i = 0; i < all.f.n; i++)
		free(all.f.drive[i].summary);
	free(all.f.drive);
	return code;
}

static const struct cli_option options[] = {
	JOB_OPTIONS,
	{ 0 },
};

const struct cli_command cmd_resume = {
	.name = "resume",
	.run = run,
	.arguments = "[JOURNAL]",
	.max_args = 1,
	.summary = N_("go on with what was interrupted"),
	.about = N_("Every journal of the report folder that is not finished, or the one that is named: the medium is "
		    "looked "
		    "for by\n"
		    "its identity, under whatever name it has now. An erase that still runs in the drive is waited "
		    "for, a pass "
		    "goes on\n"
		    "where the last flush left it, and everything is verified as if it had run in one piece."),
	.examples = "  hozen-erase resume\n"
		    "  hozen-erase resume /var/lib/hozen/erase/0b8f....journal",
	.options = options,
};
