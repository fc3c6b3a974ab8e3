/* SPDX-License-Identifier: BSD-2-Clause */
/* create: one backup with the writer key. Incomplete is 3, an alarm is 4; both leave a good snapshot. */
#include "backup/commands.h"
#include "backup/create_print.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"

#include <errno.h>
#include <string.h>

struct lists {
	struct strings tags, excludes, marks;
};

static void lists_release(struct lists *l)
{
	strings_release(&l->tags);
	strings_release(&l->excludes);
	strings_release(&l->marks);
}

static int collect_files(struct cli *cli, struct lists *l)
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

static int collect(struct cli *cli, struct lists *l)
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

static int set_options(struct cli *cli, const struct lists *l, hz_backup_options *b)
{
	const char *trust = cli_value(cli, "trust");

	b->paths = cli->args;
	b->n_paths = cli->n_args;
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
	if (cli_is_given(cli, "dry-run"))
		b->flags |= HZ_BACKUP_DRY_RUN;
	if (cli_is_given(cli, "one-file-system"))
		b->flags |= HZ_BACKUP_ONE_FILE_SYSTEM;
	if (cli_is_given(cli, "exclude-caches"))
		b->flags |= HZ_BACKUP_EXCLUDE_CACHES;
	if (cli_is_given(cli, "exclude-nodump"))
		b->flags |= HZ_BACKUP_EXCLUDE_NODUMP;
	if (cli_is_given(cli, "read-special"))
		b->flags |= HZ_BACKUP_READ_SPECIAL;
	return cli_number(cli, "wait", 0, 366 * 86400, &b->wait_sec);
}

static int exit_of(const hz_backup_result *res)
{
	int code = CLI_EXIT_DONE;

	if (!res->complete || res->source_errors > 0)
		code = cli_exit_worse(code, CLI_EXIT_EXCEPTIONS);
	if (res->alarm)
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	return code;
}

static int run(struct cli *cli)
{
	struct lists l __attribute__((cleanup(lists_release))) = { STRINGS_INIT, STRINGS_INIT, STRINGS_INIT };
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	hz_backup_options b = HZ_BACKUP_OPTIONS_INIT;
	hz_backup_result res = HZ_BACKUP_RESULT_INIT;
	hz_error *err = NULL;
	int code = place_options(cli, &o), rc;

	if (code == CLI_EXIT_DONE)
		code = collect(cli, &l);
	if (code == CLI_EXIT_DONE)
		code = set_options(cli, &l, &b);
	if (code != CLI_EXIT_DONE)
		return code;
	rc = hz_backup(&o, &b, cli->job, &res, &err);
	code = report_arguments_result(cli, rc, &err);
	if (code == CLI_EXIT_USAGE)
		return code;
	code = cli_exit_worse(code, exit_of(&res));
	create_print(cli, &b, &res, rc, code);
	return code;
}

static const struct cli_option options[] = {
	{ "tag", 0, "TAG", N_("note a tag in the snapshot; may be repeated") },
	{ "host", 0, "NAME", N_("note this host name; default: the system's. Another name is another source") },
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

const struct cli_command cmd_create = {
	.name = "create",
	.run = run,
	.arguments = "PATH...",
	.min_args = 1,
	.max_args = UINT64_MAX,
	.summary = N_("back up"),
	.about = N_(
		"Stores files and folders as a new snapshot. Needs the writer key file and no passphrase.\n"
		"Paths are kept as tar does: leading / and ./ are dropped, so that 'create /srv/data' restores "
		"srv/data/ and\n"
		"'create .' restores the content directly. '..' is refused. Files whose size, times and inode are "
		"unchanged\n"
		"are not read again.\n"
		"Patterns match the stored path: * stops at /, ** does not; a leading / anchors at the root, without "
		"one a\n"
		"pattern matches at any depth; a trailing / matches folders only; a matched folder takes all below "
		"it.\n"
		"Exit 3: a snapshot was made, but some sources could not be read. 4: an alarm, which is explained."),
	.examples = "  hozen-backup create --repo /srv/backup /etc /home /srv\n"
		    "  hozen-backup create --one-file-system --exclude '/proc/' --exclude '*.tmp' --tag nightly /",
	.options = options,
};
