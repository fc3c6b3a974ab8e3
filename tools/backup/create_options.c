/* SPDX-License-Identifier: BSD-2-Clause */
/* What create was asked for. */
#include "backup/create_options.h"
#include "common/i18n.h"
#include "common/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const struct cli_option create_option_table[] = {
	{ "tag", 0, "TAG", N_("note a tag in the snapshot; may be repeated") },
	{ "host", 0, "NAME", N_("note this host name; default: the system's. Another name is another source") },
	{ "files-from", 0, "FILE", N_("back up the paths in a file too, each ended by a NUL; -: standard input") },
	{ "stdin", 0, NULL, N_("store standard input as one file") },
	{ "from-command", 0, NULL,
		N_("store as one file what the command after -- prints; if it fails there is no snapshot") },
	{ "from-tar", 0, "FILE", N_("store the tree in a tar, also a compressed one; -: standard input") },
	{ "name", 0, "PATH", N_("the path of that file, or of the tar as a source; default: stdin, or the tar's own") },
	{ "exclude", 0, "PATTERN", N_("leave out what matches the stored path; may be repeated") },
	{ "exclude-from", 0, "FILE", N_("patterns from a file, one a line; blank lines and # lines are skipped") },
	{ "exclude-caches", 0, NULL, N_("leave out the content of folders marked by a CACHEDIR.TAG") },
	{ "exclude-if-present", 0, "NAME",
		N_("of folders that hold a file of this name keep the folder and that file; may be repeated") },
	{ "exclude-nodump", 0, NULL, N_("leave out what has the inode flag nodump (chattr +d)") },
	{ "one-file-system", 0, NULL, N_("do not cross into other file systems") },
	{ "read-special", 0, NULL, N_("store block devices as files of what they hold") },
	{ "trust", 0, "own|all",
		N_("deduplicate against what this writer stored (own, default), or also against what other\n"
		   "writers of its group stored, unchecked (all)") },
	{ "dry-run", 0, NULL, N_("read and look up, store nothing") },
	{ "wait", 0, "SECONDS", N_("wait so long for another run of the same source; default 0: refuse at once") },
	{ 0 },
};

void create_lists_release(struct create_lists *l)
{
	strings_release(&l->tags);
	strings_release(&l->excludes);
	strings_release(&l->marks);
	strings_release(&l->paths);
}

/* The paths of the command line, and of files with --files-from. */
static int collect_paths(struct cli *cli, struct create_lists *l)
{
	struct strings files AUTO_STRINGS = STRINGS_INIT;
	int rc = cli_values(cli, "files-from", &files);

	for (uint64_t i = 0; i < cli->n_args && rc == 0; i++)
		rc = strings_add(&l->paths, cli->args[i]);
	for (uint64_t i = 0; i < files.n && rc == 0; i++) {
		rc = strings_add_names(&l->paths, files.v[i]);
		if (rc == HZ_E_IO)
			return report_failure(cli, rc, "%s: %s", files.v[i], strerror(errno));
	}
	return rc == 0 ? CLI_EXIT_DONE : report_failure(cli, rc, _("out of memory"));
}

static int collect_files(struct cli *cli, struct create_lists *l)
{
	struct strings files AUTO_STRINGS = STRINGS_INIT;
	int rc = cli_values(cli, "exclude-from", &files);

	for (uint64_t i = 0; i < files.n && rc == 0; i++) {
		rc = strings_add_lines(&l->excludes, files.v[i]);
		if (rc == HZ_E_INVAL)
			return report_failure(cli, rc, _("%s: not a text file"), files.v[i]);
		if (rc == HZ_E_IO)
			return report_failure(cli, rc, "%s: %s", files.v[i], strerror(errno));
	}
	return rc == 0 ? CLI_EXIT_DONE : report_failure(cli, rc, _("out of memory"));
}

static int collect(struct cli *cli, struct create_lists *l)
{
	int rc = cli_values(cli, "tag", &l->tags);

	if (rc == 0)
		rc = cli_values(cli, "exclude", &l->excludes);
	if (rc == 0)
		rc = cli_values(cli, "exclude-if-present", &l->marks);
	if (rc < 0)
		return report_failure(cli, rc, _("out of memory"));
	return collect_files(cli, l);
}

/* Where the content comes from: one of paths, standard input, a command and a tar. */
static int set_source(struct cli *cli, const struct create_lists *l, hz_backup_options *b)
{
	const bool is_stdin = cli_is_given(cli, "stdin"), is_command = cli_is_given(cli, "from-command");
	const bool is_paths = cli_is_given(cli, "files-from") || (cli->n_args > 0 && !is_command);
	const int n = is_stdin + is_command + is_paths + cli_is_given(cli, "from-tar");
	const char *name = cli_value(cli, "name");

	if (n == 0 || (is_command && cli->n_args == 0))
		return report_usage(cli,
			is_command ? _("--from-command needs a command after --")
				   : _("create needs PATH..., or --stdin, --from-command or --from-tar"));
	if (n > 1)
		return report_usage(cli, _("paths, --stdin, --from-command and --from-tar exclude each other"));
	if (name && is_paths)
		return report_usage(cli, _("--name is for --stdin, --from-command and --from-tar"));
	b->tar = cli_value(cli, "from-tar");
	if (is_command)
		b->command = cli->args;
	if (is_stdin || is_command)
		b->stream_name = name ? name : "stdin";
	else
		b->stream_name = name;
	if (is_paths) {
		b->paths = strings_list(&l->paths);
		b->n_paths = l->paths.n;
	}
	if ((is_stdin || (b->tar && strcmp(b->tar, "-") == 0)) && isatty(STDIN_FILENO))
		return report_usage(cli, _("standard input is a terminal"));
	return CLI_EXIT_DONE;
}

static const struct flag {
	const char *option;
	uint32_t flag;
} flags[] = {
	{ "dry-run", HZ_BACKUP_DRY_RUN },
	{ "one-file-system", HZ_BACKUP_ONE_FILE_SYSTEM },
	{ "exclude-caches", HZ_BACKUP_EXCLUDE_CACHES },
	{ "exclude-nodump", HZ_BACKUP_EXCLUDE_NODUMP },
	{ "read-special", HZ_BACKUP_READ_SPECIAL },
	{ 0 },
};

static int set_options(struct cli *cli, const struct create_lists *l, hz_backup_options *b)
{
	const char *trust = cli_value(cli, "trust");

	b->tags = strings_list(&l->tags);
	b->n_tags = l->tags.n;
	b->excludes = strings_list(&l->excludes);
	b->n_excludes = l->excludes.n;
	b->exclude_if_present = strings_list(&l->marks);
	b->n_exclude_if_present = l->marks.n;
	b->host = cli_value(cli, "host");
	b->tool = "hozen-backup " HOZEN_VERSION;
	if (trust && strcmp(trust, "own") != 0 && strcmp(trust, "all") != 0)
		return report_usage(cli, _("--trust: '%s' is neither own nor all"), trust);
	if (trust && strcmp(trust, "all") == 0)
		b->flags |= HZ_BACKUP_TRUST_ALL;
	for (const struct flag *f = flags; f->option; f++)
		if (cli_is_given(cli, f->option))
			b->flags |= f->flag;
	return cli_number(cli, "wait", 0, 366 * 86400, &b->wait_sec);
}

int create_options(struct cli *cli, struct create_lists *l, hz_backup_options *b)
{
	int code = collect(cli, l);

	if (code == CLI_EXIT_DONE)
		code = collect_paths(cli, l);
	if (code == CLI_EXIT_DONE)
		code = set_source(cli, l, b);
	return code == CLI_EXIT_DONE ? set_options(cli, l, b) : code;
}
