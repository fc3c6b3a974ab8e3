/* SPDX-License-Identifier: BSD-2-Clause */
/* file: overwrites files where they lie, and removes them. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "erase/commands.h"
#include "erase/shred.h"

#include <stdio.h>
#include <string.h>

static int confirm(struct cli *cli)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		cli_is_given(cli, "recursive")
			? ngettext("%llu path, with all that is in it, WILL BE LOST. Type yes to go on: ",
				  "%llu paths, with all that is in them, WILL BE LOST. Type yes to go on: ",
				  cli->n_args)
			: ngettext("%llu file WILL BE LOST. Type yes to go on: ",
				  "%llu files WILL BE LOST. Type yes to go on: ", cli->n_args),
		(unsigned long long)cli->n_args);
	return shred_confirm(cli, text);
}

static void print(const hz_shred_result *r)
{
	char bytes[TEXT_SHORT];

	printf(_("%llu files overwritten, read back and removed (%s)"), (unsigned long long)r->removed,
		text_bytes(bytes, r->bytes));
	if (r->folders > 0 || r->links > 0)
		printf(_(", %llu folders, %llu symbolic links"), (unsigned long long)r->folders,
			(unsigned long long)r->links);
	printf("\n");
	if (r->refused + r->failed + r->mismatched > 0)
		printf(_("left as they are: %llu refused, %llu failed, %llu that read back other data\n"),
			(unsigned long long)r->refused, (unsigned long long)r->failed,
			(unsigned long long)r->mismatched);
}

static int run(struct cli *cli)
{
	hz_shred_options o = HZ_SHRED_OPTIONS_INIT;
	hz_shred_result r = HZ_SHRED_RESULT_INIT;
	hz_json *summary;
	hz_error *err = NULL;
	int code = confirm(cli), rc;

	if (code != CLI_EXIT_DONE)
		return code;
	if (!cli->record)
		return report_failure(cli, HZ_E_REFUSED, _("nothing was begun: there is no record of it"));
	o.flags = (cli_is_given(cli, "recursive") ? HZ_SHRED_RECURSIVE : 0) |
		(cli_is_given(cli, "open-too") ? HZ_SHRED_OPEN_TOO : 0);
	shred_hear(cli, &o);
	summary = hz_json_new("shred_summary");
	hz_json_str(summary, "what", "files");
	hz_record_about(cli->record, "path", cli->args[0]);
	rc = hz_shred_files(cli->args, cli->n_args, &o, cli->record, summary, &r, &err);
	code = shred_told(cli, rc, &err, &r, summary);
	if (!cli->json && !cli->quiet)
		print(&r);
	return code;
}

static const struct cli_option options[] = {
	{ "yes", 'y', NULL, N_("do not ask") },
	{ "recursive", 'r', NULL,
		N_("folders too, with all that is in them; no link is followed, no other file system entered") },
	{ "open-too", 0, NULL,
		N_("also files that another process has open; it may write on, and the record says so") },
	{ 0 },
};

const struct cli_command cmd_file = {
	.name = "file",
	.run = run,
	.arguments = "PATH...",
	.min_args = 1,
	.max_args = UINT64_MAX,
	.summary = N_("overwrite files where they lie, read them back, and remove them"),
	.about = N_(
		"Each file is overwritten in place by a keyed stream, made durable, read back past the cache and "
		"compared; "
		"then it\n"
		"loses its name, its length and its entry. A symbolic link, a file of several names (hard links), an "
		"immutable one\n"
		"and one that another process has open are refused, with every reason.\n"
		"On many media that does not reach the old content: copy on write, snapshots, shared blocks, "
		"journalled "
		"data, flash\n"
		"translation. Such a file is overwritten and removed all the same; what was not reached is found out, "
		"said, and in the\n"
		"record, and the exit code is 3. Earlier copies of a file, of which nothing here knows, are never "
		"reached: "
		"wipe the medium.\n"
		"Exit 0: all gone, overwritten in place. 1: something failed. 3: something was not reached. 4: other "
		"data "
		"was read back.\n"
		"5: refused, or nobody confirmed."),
	.examples = "  hozen-erase file /srv/old/salaries.ods --ticket CHG-1234\n"
		    "  hozen-erase file --recursive --yes /srv/customers/1017",
	.options = options,
	.record = "shred",
	.controls = "8.10",
};
