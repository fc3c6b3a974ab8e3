/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshots: one line each, oldest first. */
#include "backup/commands.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/table.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct show {
	struct cli *cli;
	struct table table;
	uint64_t n;
};

static int show_json(struct cli *cli, const hz_snapshot_info *s)
{
	hz_json *line = hz_json_new("snapshot"), *list;
	char short_id[9];

	hz_json_str(line, "id", s->id);
	(void)snprintf(short_id, sizeof(short_id), "%.8s", s->id);
	hz_json_str(line, "short_id", short_id);
	hz_json_time(line, "time", s->time_sec, s->time_nsec);
	hz_json_str(line, "hostname", s->hostname);
	list = hz_json_array(line, "paths");
	for (uint64_t i = 0; i < s->n_paths; i++)
		hz_json_add_path(list, s->paths[i], strlen(s->paths[i]));
	list = hz_json_array(line, "tags");
	for (uint64_t i = 0; i < s->n_tags; i++)
		hz_json_add_str(list, s->tags[i]);
	hz_json_bool(line, "complete", s->complete != 0);
	hz_json_str(line, "program_version", s->tool);
	hz_json_str(line, "writer_id", s->writer_id);
	hz_json_bool(line, "clock_synchronized", s->clock_synchronized != 0);
	hz_json_real(line, "duration", (double)s->duration_ns / 1e9);
	hz_json_u64(line, "total_files", s->total_files);
	hz_json_u64(line, "total_dirs", s->total_dirs);
	hz_json_u64(line, "total_others", s->total_others);
	hz_json_u64(line, "total_bytes", s->total_bytes);
	hz_json_u64(line, "stored_bytes", s->stored_bytes);
	hz_json_u64(line, "source_errors", s->source_errors);
	report_line(cli, line);
	return 0;
}

/* "a, b, c", the caller's; NULL without memory. */
static char *joined(const char *const *v, uint64_t n, const char *between)
{
	char *text = strdup(""), *longer;

	for (uint64_t i = 0; text && i < n; i++) {
		if (asprintf(&longer, "%s%s%s", text, i ? between : "", v[i]) < 0)
			longer = NULL;
		free(text);
		text = longer;
	}
	return text;
}

static int add_row(struct table *t, const hz_snapshot_info *s)
{
	char time[TEXT_SHORT], size[TEXT_SHORT], stored[TEXT_SHORT], files[TEXT_SHORT], *paths, *tags, id[16];
	int rc = HZ_E_NOMEM;

	(void)snprintf(id, sizeof(id), "%.8s", s->id);
	(void)snprintf(files, sizeof(files), "%llu", (unsigned long long)s->total_files);
	paths = joined(s->paths, s->n_paths, ", ");
	tags = joined(s->tags, s->n_tags, ",");
	if (paths && tags)
		rc = table_row(t, id, text_time(time, s->time_sec), s->hostname, tags, files,
			text_bytes(size, s->total_bytes), text_bytes(stored, s->stored_bytes),
			s->complete ? "" : _("incomplete"), paths);
	free(paths);
	free(tags);
	return rc;
}

static int show(void *user, const hz_snapshot_info *s)
{
	struct show *to = user;

	to->n++;
	return to->cli->json ? show_json(to->cli, s) : add_row(&to->table, s);
}

static int run(struct cli *cli)
{
	struct show to = { .cli = cli, .table = TABLE_INIT(9, "llllrrrll") };
	hz_reader *r AUTO_READER = NULL;
	struct place_filter f AUTO_FILTER;
	hz_error *err = NULL;
	int code = place_filter(cli, &f);

	if (code == CLI_EXIT_DONE)
		code = place_open(cli, HZ_NEED_LIST, &r);
	if (code != CLI_EXIT_DONE)
		return code;
	if (table_row(&to.table, _("ID"), _("Time"), _("Host"), _("Tags"), _("Files"), _("Size"), _("Stored"), "",
		    _("Paths")) == 0)
		code = report_result(cli, hz_snapshots(r, &f.filter, show, &to, cli->job, &err), &err);
	else
		code = report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	/* Also after damage: the others were given. */
	if (!cli->json && to.n > 0)
		table_print(&to.table, stdout, isatty(STDOUT_FILENO));
	else if (!cli->json && code == CLI_EXIT_DONE && !cli->quiet)
		printf(f.filter.n_hosts + f.filter.n_paths + f.filter.n_tags > 0 ? _("no such snapshots\n")
										 : _("no snapshots yet\n"));
	table_release(&to.table);
	return code;
}

static const struct cli_option options[] = {
	PLACE_FILTERS,
	{ 0 },
};

const struct cli_command cmd_snapshots = {
	.name = "snapshots",
	.run = run,
	.summary = N_("list the snapshots, oldest first"),
	.about = N_("Needs a lister's key or more: a key file of that role, or the passphrase. Times are local. Size "
		    "is what a restore\n"
		    "gives, Stored what the snapshot added to the store.\n"
		    "A snapshot is named by the first digits of its id, by 'latest', which is the newest "
		    "of all hosts and\n"
		    "sources, or by a time YYYY-MM-DD[THH:MM[:SS][Z]], which is the newest at or before it, local "
		    "without Z."),
	.examples = "  hozen-backup snapshots --repo /srv/backup\n"
		    "  hozen-backup snapshots --key-file /root/lister.key --json | jq -r '[.short_id, .time] | @tsv'\n"
		    "  hozen-backup snapshots --host web1 --host web2 --tag nightly",
	.options = options,
};
