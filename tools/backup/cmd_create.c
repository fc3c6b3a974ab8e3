/* SPDX-License-Identifier: BSD-2-Clause */
/* create: one backup with the writer key. Incomplete is 3, an alarm is 4; both leave a good snapshot. */
#include "backup/commands.h"
#include "backup/create_options.h"
#include "backup/create_print.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* From this size on what is freed is the system's again. glibc would raise the limit to whatever was freed once, and
 * keep that: a quarter more memory than --memory allows, in a tree of a million files (docs/PERFORMANCE.md). */
#define GIVEN_BACK (1 << 20)

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
	struct create_lists l __attribute__((cleanup(create_lists_release))) = CREATE_LISTS_INIT;
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	hz_backup_options b = HZ_BACKUP_OPTIONS_INIT;
	hz_backup_result res = HZ_BACKUP_RESULT_INIT;
	hz_record_info info;
	hz_error *err = NULL;
	int code = place_options(cli, &o), rc;

#ifdef __GLIBC__
	(void)mallopt(M_MMAP_THRESHOLD, GIVEN_BACK);
#endif
	if (code == CLI_EXIT_DONE)
		code = create_options(cli, &l, &b);
	if (code != CLI_EXIT_DONE)
		return code;
	b.evidence_key = evidence_key(cli, &info);
	rc = hz_backup(&o, &b, cli->job, &res, &err);
	code = report_arguments_result(cli, rc, &err);
	if (code == CLI_EXIT_USAGE)
		return code;
	code = cli_exit_worse(code, exit_of(&res));
	create_print(cli, &b, &res, rc, code);
	return code;
}

const struct cli_command cmd_create = {
	.name = "create",
	.record = "backup",
	.controls = "8.13 8.24",
	.publishes = true,
	.run = run,
	.arguments = "PATH...",
	.min_args = 0,
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
		"What is no file is stored with --stdin, --from-command or --from-tar, each instead of paths.\n"
		"Exit 3: a snapshot was made, but some sources could not be read. 4: an alarm, which is explained."),
	.examples = "  hozen-backup create --repo /srv/backup /etc /home /srv\n"
		    "  hozen-backup create --one-file-system --exclude '/proc/' --exclude '*.tmp' --tag nightly /\n"
		    "  find /srv -newer stamp -print0 | hozen-backup create --files-from -\n"
		    "  hozen-backup create --name db.dump --from-command -- pg_dump -Fc db",
	.options = create_option_table,
};
