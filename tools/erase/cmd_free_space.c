/* SPDX-License-Identifier: BSD-2-Clause */
/* free-space: overwrites what is free in a file system. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "erase/commands.h"
#include "erase/shred.h"

#include <stdio.h>

static int confirm(struct cli *cli)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		_("%.300s\nwill be full for a while, and other programs may fail meanwhile. Type yes to go on: "),
		cli->args[0]);
	return shred_confirm(cli, text);
}

static int run(struct cli *cli)
{
	hz_shred_options o = HZ_SHRED_OPTIONS_INIT;
	hz_shred_result r = HZ_SHRED_RESULT_INIT;
	char bytes[TEXT_SHORT];
	hz_json *summary;
	hz_error *err = NULL;
	int code = cli_size(cli, "leave", &o.leave), rc;

	if (code == CLI_EXIT_DONE)
		code = confirm(cli);
	if (code != CLI_EXIT_DONE)
		return code;
	if (!cli->record)
		return report_failure(cli, HZ_E_REFUSED, _("nothing was begun: there is no record of it"));
	if (o.leave == 0 && !cli->quiet)
		report_warning(cli,
			_("the file system will be full for a while: other programs may fail meanwhile (--leave keeps "
			  "some free)"));
	shred_hear(cli, &o);
	summary = hz_json_new("shred_summary");
	hz_json_str(summary, "what", "free_space");
	hz_record_about(cli->record, "path", cli->args[0]);
	rc = hz_shred_free_space(cli->args[0], &o, cli->record, summary, &r, &err);
	code = shred_told(cli, rc, &err, &r, summary);
	if (!cli->json && !cli->quiet && rc == 0)
		printf(_("%s of free space overwritten, read back and freed\n"), text_bytes(bytes, r.bytes));
	return code;
}

static const struct cli_option options[] = {
	{ "yes", 'y', NULL, N_("do not ask") },
	{ "leave", 0, "SIZE", N_("keep so much free all the time: bytes, or with K, M, G; default: nothing") },
	{ 0 },
};

const struct cli_command cmd_free_space = {
	.name = "free-space",
	.run = run,
	.arguments = "DIR",
	.min_args = 1,
	.max_args = 1,
	.summary = N_("overwrite the free space of the file system that a folder lies on"),
	.about = N_("Fills it with files that have no name, to the last block, makes that durable, reads it back past "
		    "the cache "
		    "and\n"
		    "compares, and frees it. Ctrl-C, a crash or kill -9 free it too. Other programs may meet a full "
		    "file system "
		    "meanwhile;\n"
		    "--leave keeps some free. What that never reaches is in the record: blocks reserved for the "
		    "system, slack "
		    "behind the\n"
		    "ends of files, names in folders, journal and other metadata, and on flash whatever the "
		    "translation keeps.\n"
		    "Exit 0: filled to the end, overwritten in place. 1: it failed. 3: something was not reached. 4: "
		    "other data "
		    "was read back."),
	.examples = "  hozen-erase free-space /srv --leave 2G\n"
		    "  hozen-erase free-space /mnt/stick --yes --json",
	.options = options,
	.record = "shred",
	.controls = "8.10",
};
