/* SPDX-License-Identifier: BSD-2-Clause */
/* ls: what is in a snapshot, streamed. */
#include "backup/commands.h"
#include "backup/node.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/text.h"

#include <stdio.h>

static void show_text(const hz_entry_info *e)
{
	char mode[TEXT_SHORT], time[TEXT_SHORT], size[TEXT_SHORT], uid[TEXT_SHORT], gid[TEXT_SHORT];

	(void)snprintf(uid, sizeof(uid), "%u", e->uid);
	(void)snprintf(gid, sizeof(gid), "%u", e->gid);
	if (node_is_device(e))
		(void)snprintf(size, sizeof(size), "%u, %u", e->rdev_major, e->rdev_minor);
	else
		(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)e->content_bytes);
	printf("%s %-8s %-8s %12s %s ", text_mode(mode, node_type(e).letter, e->mode),
		e->user && *e->user ? e->user : uid, e->group && *e->group ? e->group : gid, size,
		text_time(time, e->mtime_sec));
	report_path(e->path, e->path_len);
	if (e->type == HZ_TYPE_SYMLINK) {
		(void)fputs(" -> ", stdout);
		report_path(e->link, e->link_len);
	}
	(void)putchar('\n');
}

static int show(void *user, const hz_entry_info *e)
{
	struct cli *cli = user;

	if (cli->json) {
		hz_json *line = hz_json_new("node");

		node_json(line, e);
		report_line(cli, line);
	} else {
		show_text(e);
	}
	return report_printed(cli);
}

static int run(struct cli *cli)
{
	hz_reader *r AUTO_READER = NULL;
	char id[HZ_ID_HEX] = "";
	hz_error *err = NULL;
	int code = place_open_snapshot(cli, HZ_NEED_LIST, cli->args[0], &r, id), rc;

	if (code != CLI_EXIT_DONE)
		return code;
	rc = hz_ls(r, id, cli->n_args > 1 ? cli->args[1] : NULL, show, cli, cli->job, &err);
	return report_stream_result(cli, rc, &err);
}

static const struct cli_option options[] = {
	PLACE_FILTERS,
	{ 0 },
};

const struct cli_command cmd_ls = {
	.name = "ls",
	.run = run,
	.arguments = "SNAPSHOT [PATH]",
	.min_args = 1,
	.max_args = 2,
	.summary = N_("list what is in a snapshot"),
	.about = N_(
		"Lists PATH and all below it, or everything. Paths are as stored, without a leading /. Times are "
		"local.\n"
		"Needs a lister's key or more. On a terminal, control characters in names are shown as \\n or \\x1b."),
	.examples = "  hozen-backup ls latest\n"
		    "  hozen-backup ls latest --host web1 etc/ssh\n"
		    "  hozen-backup ls 2026-11-23T06:00 --json",
	.options = options,
};
