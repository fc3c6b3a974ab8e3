/* SPDX-License-Identifier: BSD-2-Clause */
/* find: in which snapshots a path is. */
#include "backup/commands.h"
#include "backup/node.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"

#include <stdio.h>

static int show(void *user, const hz_snapshot_info *s, const hz_entry_info *e)
{
	struct cli *cli = user;

	if (cli->json) {
		hz_json *line = hz_json_new("found");

		hz_json_str(line, "snapshot_id", s->id);
		hz_json_time(line, "snapshot_time", s->time_sec, s->time_nsec);
		hz_json_str(line, "hostname", s->hostname);
		node_json(line, e);
		report_line(cli, line);
	} else {
		printf("%.8s  ", s->id);
		report_path(e->path, e->path_len);
		(void)putchar('\n');
	}
	return report_printed(cli);
}

static int run(struct cli *cli)
{
	struct place_filter f AUTO_FILTER;
	hz_reader *r AUTO_READER = NULL;
	hz_error *err = NULL;
	int code = place_filter(cli, &f);

	if (code == CLI_EXIT_DONE)
		code = place_open(cli, HZ_NEED_LIST, &r);
	if (code != CLI_EXIT_DONE)
		return code;
	return report_stream_result(
		cli, hz_find(r, cli->args, cli->n_args, &f.filter, show, cli, cli->job, &err), &err);
}

static const struct cli_option options[] = {
	PLACE_FILTERS,
	{ 0 },
};

const struct cli_command cmd_find = {
	.name = "find",
	.run = run,
	.arguments = "PATTERN...",
	.min_args = 1,
	.max_args = UINT64_MAX,
	.summary = N_("say in which snapshots something is"),
	.about = N_("Prints snapshot and path of everything whose path matches one of the patterns, in all snapshots, "
		    "oldest first.\n"
		    "Patterns are those of create --exclude, but a folder that matches does not bring what is below "
		    "it. Needs a\n"
		    "lister's key or more. Exit 0 also when nothing was found."),
	.examples = "  hozen-backup find '*.kdbx'\n"
		    "  hozen-backup find --host web1 /etc/passwd /etc/shadow\n"
		    "  hozen-backup find --json report.odt | jq -r '[.snapshot_time, .size, .path] | @tsv'",
	.options = options,
};
