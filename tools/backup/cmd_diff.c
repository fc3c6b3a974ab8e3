/* SPDX-License-Identifier: BSD-2-Clause */
/* diff: what is different between two snapshots. */
#include "backup/commands.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/text.h"

#include <stdio.h>

static const char *const fields[] = { "content", "size", "holes", "target", "device", "mode", "owner", "owner names",
	"mtime", "birth time", "xattrs", "acl", "inode flags", "hard links" };
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const struct change {
	char letter;
	const char *name;
} changes[] = {
	[HZ_DIFF_ADDED] = { '+', "added" },
	[HZ_DIFF_REMOVED] = { '-', "removed" },
	[HZ_DIFF_CONTENT] = { 'M', "content" },
	[HZ_DIFF_META] = { 'U', "metadata" },
	[HZ_DIFF_TYPE] = { 'T', "type" },
};

static void show_json(struct cli *cli, const hz_difference *d, const hz_entry_info *e)
{
	hz_json *line = hz_json_new("difference"), *list;

	hz_json_str(line, "change", changes[d->change].name);
	hz_json_path(line, "path", e->path, e->path_len);
	list = hz_json_array(line, "fields");
	for (uint32_t i = 0; i < N_FIELDS; i++)
		if (d->fields & 1u << i)
			hz_json_add_str(list, fields[i]);
	if (d->before && d->before->type == HZ_TYPE_FILE)
		hz_json_u64(line, "size_before", d->before->content_bytes);
	if (d->after && d->after->type == HZ_TYPE_FILE)
		hz_json_u64(line, "size_after", d->after->content_bytes);
	report_line(cli, line);
}

static void show_text(const hz_difference *d, const hz_entry_info *e)
{
	const char *between = " (";

	printf("%c  ", changes[d->change].letter);
	report_path(e->path, e->path_len);
	if (e->type == HZ_TYPE_DIR)
		(void)putchar('/');
	if (d->change == HZ_DIFF_META) {
		for (uint32_t i = 0; i < N_FIELDS; i++)
			if (d->fields & 1u << i) {
				printf("%s%s", between, fields[i]);
				between = ", ";
			}
		(void)putchar(')');
	}
	(void)putchar('\n');
}

static int show(void *user, const hz_difference *d)
{
	const hz_entry_info *e = d->after ? d->after : d->before;
	struct cli *cli = user;

	if (cli->json)
		show_json(cli, d, e);
	else
		show_text(d, e);
	return report_printed(cli);
}

static void summary_json(struct cli *cli, const char *before, const char *after, const hz_diff_result *r, int code)
{
	hz_json *line = hz_json_new("diff_summary");

	hz_json_str(line, "snapshot_before", before);
	hz_json_str(line, "snapshot_after", after);
	hz_json_u64(line, "added", r->added);
	hz_json_u64(line, "removed", r->removed);
	hz_json_u64(line, "content", r->content);
	hz_json_u64(line, "metadata", r->meta);
	hz_json_u64(line, "type_changed", r->type);
	hz_json_u64(line, "added_bytes", r->added_bytes);
	hz_json_u64(line, "removed_bytes", r->removed_bytes);
	hz_json_u64(line, "changed_bytes_before", r->before_bytes);
	hz_json_u64(line, "changed_bytes_after", r->after_bytes);
	hz_json_u64(line, "exit", (uint64_t)code);
	report_line(cli, line);
}

static void summary_text(const hz_diff_result *r)
{
	char added[TEXT_SHORT], removed[TEXT_SHORT], before[TEXT_SHORT], after[TEXT_SHORT];

	printf(_("\n%llu added (%s), %llu removed (%s), %llu with other content (%s, now %s), %llu of another type,\n"
		 "%llu with other attributes only\n"),
		(unsigned long long)r->added, text_bytes(added, r->added_bytes), (unsigned long long)r->removed,
		text_bytes(removed, r->removed_bytes), (unsigned long long)r->content,
		text_bytes(before, r->before_bytes), text_bytes(after, r->after_bytes), (unsigned long long)r->type,
		(unsigned long long)r->meta);
}

static int run(struct cli *cli)
{
	const char *path = cli->n_args > 2 ? cli->args[2] : NULL;
	hz_diff_result res = HZ_DIFF_RESULT_INIT;
	char before[HZ_ID_HEX] = "", after[HZ_ID_HEX] = "";
	hz_reader *r AUTO_READER = NULL;
	hz_error *err = NULL;
	int code = place_open_snapshot(cli, HZ_NEED_LIST, cli->args[0], &r, before), rc;

	if (code == CLI_EXIT_DONE)
		code = place_find_snapshot(cli, r, cli->args[1], after);
	if (code != CLI_EXIT_DONE)
		return code;
	rc = hz_diff(r, before, after, path, show, cli, cli->job, &res, &err);
	code = cli_exit_worse(report_stream_result(cli, rc, &err), cli->at_least);
	if (cli->json && code != CLI_EXIT_USAGE && report_printed(cli) == 0)
		summary_json(cli, before, after, &res, code);
	else if (rc == 0 && !cli->json && !cli->quiet)
		summary_text(&res);
	return code;
}

static const struct cli_option options[] = {
	PLACE_FILTERS,
	{ 0 },
};

const struct cli_command cmd_diff = {
	.name = "diff",
	.run = run,
	.arguments = "BEFORE AFTER [PATH]",
	.min_args = 2,
	.max_args = 3,
	.summary = N_("show what is different between two snapshots"),
	.about = N_("One line each: + added, - removed, M other content, U other attributes only, T another type; with "
		    "PATH, of that\n"
		    "and below. Then a summary, unless --quiet. Exit 0 also when they differ. Needs a lister's key or "
		    "more; for\n"
		    "snapshots of hosts that do not deduplicate together, a reader's."),
	.examples = "  hozen-backup diff 3fa9c2d1 latest\n"
		    "  hozen-backup diff --host web1 2026-11-01 latest etc\n"
		    "  hozen-backup diff -q 3fa9c2d1 latest | grep '^[-T]'",
	.options = options,
};
