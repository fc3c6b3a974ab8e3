/* SPDX-License-Identifier: BSD-2-Clause */
/* cat: one file, streamed. */
#include "backup/commands.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"

static int run(struct cli *cli)
{
	hz_reader *r AUTO_READER = NULL;
	char id[HZ_ID_HEX] = "";
	hz_error *err = NULL;
	int code;

	if (cli->json)
		return report_usage(cli, _("cat prints the file itself; ls --json describes it"));
	code = place_open_snapshot(cli, HZ_NEED_READ, cli->args[0], &r, id);
	if (code != CLI_EXIT_DONE)
		return code;
	return report_stream_result(cli, hz_cat(r, id, cli->args[1], report_bytes, cli, cli->job, &err), &err);
}

static const struct cli_option options[] = {
	PLACE_FILTERS,
	{ 0 },
};

const struct cli_command cmd_cat = {
	.name = "cat",
	.run = run,
	.arguments = "SNAPSHOT PATH",
	.min_args = 2,
	.max_args = 2,
	.summary = N_("print the content of one file"),
	.about = N_("Writes the file to standard output, holes as zeros; each chunk is identified before a byte of it "
		    "is written.\n"
		    "Damage ends it (exit 4): what was written is right, and is the file's beginning. Needs a reader's "
		    "key or the\n"
		    "passphrase."),
	.examples = "  hozen-backup cat latest etc/fstab\n"
		    "  hozen-backup cat 3fa9c2d1 srv/db/dump.sql.gz | zcat | less",
	.options = options,
};
