/* SPDX-License-Identifier: BSD-2-Clause */
/* ls: what is in a snapshot, streamed. */
#include "backup/commands.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

static const struct type {
	const char *name; /* as restic's users know them */
	char letter;
} types[] = {
	[HZ_TYPE_FILE] = { "file", '-' },
	[HZ_TYPE_DIR] = { "dir", 'd' },
	[HZ_TYPE_SYMLINK] = { "symlink", 'l' },
	[HZ_TYPE_CHAR] = { "chardev", 'c' },
	[HZ_TYPE_BLOCK] = { "dev", 'b' },
	[HZ_TYPE_FIFO] = { "fifo", 'p' },
	[HZ_TYPE_SOCKET] = { "socket", 's' },
};

static struct type type_of(const hz_entry_info *e)
{
	if (e->type < sizeof(types) / sizeof(types[0]) && types[e->type].name)
		return types[e->type];
	return (struct type){ "unknown", '?' };
}

static bool is_device(const hz_entry_info *e)
{
	return e->type == HZ_TYPE_CHAR || e->type == HZ_TYPE_BLOCK;
}

static void show_json(struct cli *cli, const hz_entry_info *e)
{
	const char *slash = memrchr(e->path, '/', e->path_len);
	size_t start = slash ? (size_t)(slash - e->path) + 1 : 0;
	hz_json *line = hz_json_new("node");
	char mode[TEXT_SHORT];

	hz_json_path(line, "name", e->path + start, e->path_len - start);
	hz_json_str(line, "node_type", type_of(e).name);
	hz_json_path(line, "path", e->path, e->path_len);
	hz_json_u64(line, "uid", e->uid);
	hz_json_u64(line, "gid", e->gid);
	hz_json_str(line, "user", e->user);
	hz_json_str(line, "group", e->group);
	hz_json_u64(line, "mode", e->mode);
	hz_json_str(line, "permissions", text_mode(mode, type_of(e).letter, e->mode));
	hz_json_time(line, "mtime", e->mtime_sec, e->mtime_nsec);
	if (e->has_btime)
		hz_json_time(line, "btime", e->btime_sec, e->btime_nsec);
	if (e->type == HZ_TYPE_FILE)
		hz_json_u64(line, "size", e->content_bytes);
	if (e->type == HZ_TYPE_SYMLINK)
		hz_json_path(line, "linktarget", e->link, e->link_len);
	if (is_device(e)) {
		hz_json_u64(line, "device_major", e->rdev_major);
		hz_json_u64(line, "device_minor", e->rdev_minor);
	}
	hz_json_bool(line, "hardlinks", e->has_hardlinks != 0);
	hz_json_bool(line, "changed_while_read", e->changed_while_read != 0);
	report_line(cli, line);
}

static void show_text(const hz_entry_info *e)
{
	char mode[TEXT_SHORT], time[TEXT_SHORT], size[TEXT_SHORT], uid[TEXT_SHORT], gid[TEXT_SHORT];

	(void)snprintf(uid, sizeof(uid), "%u", e->uid);
	(void)snprintf(gid, sizeof(gid), "%u", e->gid);
	if (is_device(e))
		(void)snprintf(size, sizeof(size), "%u, %u", e->rdev_major, e->rdev_minor);
	else
		(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)e->content_bytes);
	printf("%s %-8s %-8s %12s %s ", text_mode(mode, type_of(e).letter, e->mode),
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

	if (cli->json)
		show_json(cli, e);
	else
		show_text(e);
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
