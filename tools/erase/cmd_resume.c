/* SPDX-License-Identifier: BSD-2-Clause */
/* resume: goes on with what a journal says, after showing it, on a medium that the operator confirms once more. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "erase/approval.h"
#include "erase/commands.h"
#include "erase/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct found {
	struct fleet f;
	uint64_t cap;
	hz_journal_info *info; /* one for each drive of f */
};

static int on_journal(void *user, const char *path, const hz_journal_info *info)
{
	struct found *all = user;
	struct fleet_drive *d;

	/* One that a later run made void is refused, with that reason, where it was asked for by name. */
	if (info->finished && !(all->f.cli->n_args > 0 && strcmp(info->state, "superseded") == 0))
		return 0;
	if (all->f.n == all->cap) {
		uint64_t cap = all->cap ? 2 * all->cap : 16;
		void *drives = reallocarray(all->f.drive, cap, sizeof(*all->f.drive)), *infos;

		if (drives)
			all->f.drive = drives;
		infos = drives ? reallocarray(all->info, cap, sizeof(*all->info)) : NULL;
		if (!infos)
			return HZ_E_NOMEM;
		all->info = infos;
		all->cap = cap;
	}
	d = &all->f.drive[all->f.n];
	memset(d, 0, sizeof(*d));
	d->journal = strdup(path);
	if (!d->journal)
		return HZ_E_NOMEM;
	(void)snprintf(d->path, sizeof(d->path), "%s", info->path);
	(void)snprintf(d->confirm_id, sizeof(d->confirm_id), "%s", info->confirm_id);
	all->info[all->f.n++] = *info;
	return 0;
}

struct search {
	const char *confirm_id;
	hz_device_info device;
	unsigned n;
};

static int on_device(void *user, const hz_device_info *d)
{
	struct search *s = user;

	if (strcmp(s->confirm_id, d->confirm_id) == 0 && s->n++ == 0)
		s->device = *d;
	return 0;
}

static void show(const struct cli *cli, const struct fleet_drive *d, const hz_journal_info *info)
{
	char done[TEXT_SHORT], total[TEXT_SHORT];

	if (cli->quiet || cli->json)
		return;
	report_path(d->path, strlen(d->path));
	printf("  %s\n", d->confirm_id);
	printf(_("  journal: %s\n"), d->journal);
	printf(_("  goal:    %s\n"), hz_level_name(info->goal));
	printf(_("  so far:  step %u of %u  %s  %s  %s of %s\n"), info->step, info->steps, info->method, info->state,
		text_bytes(done, info->durable_bytes), text_bytes(total, info->total_bytes));
	printf(_("  to come: what is missing of this step and of those behind it, and their verification\n"));
	(void)fflush(stdout);
}

/* Shows and asks, one drive after the other, before any is begun. */
static int prepare(struct cli *cli, struct fleet_drive *d, const hz_journal_info *info)
{
	struct search s = { d->confirm_id, HZ_DEVICE_INFO_INIT, 0 };
	int code = CLI_EXIT_DONE;

	if (hz_devices_list(NULL, on_device, &s, NULL) == 0 && s.n == 1)
		(void)snprintf(d->path, sizeof(d->path), "%s", s.device.path);
	show(cli, d, info);
	/* Nobody is asked about a medium that is not here or in use: it is refused for that, unconfirmed as it is. */
	if (cli_is_given(cli, "confirm") || (s.n == 1 && (s.device.obstacles == 0 || cli_is_given(cli, "override"))))
		code = job_confirm(cli, d, &s.device);
	/* As before a run: where somebody has to approve, he approves what is gone on with too. */
	return code == CLI_EXIT_DONE ? approval_check(cli, hz_level_name(info->goal), d, 1) : code;
}

static int all_of_them(struct cli *cli, struct found *all)
{
	int code = CLI_EXIT_DONE;

	if (all->f.n == 0 && !cli->quiet && !cli->json)
		printf(_("nothing to go on with\n"));
	for (uint64_t i = 0; i < all->f.n && code == CLI_EXIT_DONE; i++)
		code = prepare(cli, &all->f.drive[i], &all->info[i]);
	return code == CLI_EXIT_DONE ? fleet_run(&all->f) : code;
}

static int run(struct cli *cli)
{
	struct found all = { .f = { .cli = cli, .work = job_work } };
	uint64_t bad = 0;
	int code = job_journals(cli, on_journal, &all, &bad);

	if (code == CLI_EXIT_DONE)
		code = all_of_them(cli, &all);
	if (bad > 0) {
		report_warning(cli, _("%llu journals cannot be read"), (unsigned long long)bad);
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	}
	for (uint64_t i = 0; i < all.f.n; i++) {
		free(all.f.drive[i].summary);
		free((void *)(uintptr_t)all.f.drive[i].journal);
	}
	free(all.f.drive);
	free(all.info);
	return code;
}

static const struct cli_option options[] = {
	JOB_OPTIONS,
	APPROVAL_OPTIONS,
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
		    "its identity, under whatever name it has now, and has to be confirmed as for run. What was "
		    "written is looked\n"
		    "at first: a medium that was used since is refused, untouched. An erase that still runs in the "
		    "drive is waited\n"
		    "for, a pass goes on where the last flush left it, and everything is verified as if it had run in "
		    "one piece."),
	.examples = "  hozen-erase resume --confirm WD-WX11A12B3456\n"
		    "  hozen-erase resume /var/lib/hozen/erase/0b8f....journal",
	.options = options,
};
