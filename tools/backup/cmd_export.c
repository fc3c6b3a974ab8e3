/* SPDX-License-Identifier: BSD-2-Clause */
/* export: a snapshot as a tar archive on stdout. */
#include "backup/commands.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"

#include <unistd.h>

static void warn_if(struct cli *cli, uint64_t n, const char *what)
{
	if (n > 0)
		report_warning(cli, "%llu %s", (unsigned long long)n, what);
}

static int exit_of(const hz_export_result *res)
{
	int code = res->meta_short || res->left_out ? CLI_EXIT_EXCEPTIONS : CLI_EXIT_DONE;

	return res->failed_damage ? cli_exit_worse(code, CLI_EXIT_DAMAGE) : code;
}

static int run(struct cli *cli)
{
	hz_export_options o = HZ_EXPORT_OPTIONS_INIT;
	hz_export_result res = HZ_EXPORT_RESULT_INIT;
	hz_reader *r AUTO_READER = NULL;
	char id[HZ_ID_HEX] = "";
	hz_error *err = NULL;
	int code, rc;

	if (cli->json)
		return report_usage(cli, _("export prints the archive itself; there is no --json of it"));
	if (isatty(STDOUT_FILENO))
		return report_failure(cli, HZ_E_REFUSED, _("an archive is not written to a terminal: use > or |"));
	o.patterns = cli->args + 1;
	o.n_patterns = cli->n_args - 1;
	code = place_open_snapshot(cli, HZ_NEED_READ, cli->args[0], &r, id);
	if (code != CLI_EXIT_DONE)
		return code;
	rc = hz_export(r, id, &o, report_bytes, cli, cli->job, &res, &err);
	code = cli_exit_worse(report_stream_result(cli, rc, &err), exit_of(&res));
	warn_if(cli, res.meta_short, _("entries have something that tar cannot hold"));
	warn_if(cli, res.left_out, _("entries were left out: tar cannot hold them"));
	warn_if(cli, res.failed_damage, _("entries were left out: their stored bytes are damaged or missing"));
	return code;
}

static const struct cli_option options[] = {
	PLACE_FILTERS,
	{ 0 },
};

const struct cli_command cmd_export = {
	.name = "export",
	.record = "export",
	.controls = "8.13 8.18",
	.run = run,
	.arguments = "SNAPSHOT [PATTERN]...",
	.min_args = 1,
	.max_args = UINT64_MAX,
	.summary = N_("write a snapshot as a tar archive"),
	.about = N_("Writes a pax archive to standard output, of everything or of what matches the patterns, which are "
		    "those of\n"
		    "create --exclude. What tar cannot hold is reported (exit 3). A damaged file is left out and "
		    "reported (exit 4).\n"
		    "Every file is read twice, first to see that it is whole. Needs a reader's key or the passphrase."),
	.examples = "  hozen-backup export latest >all.tar\n"
		    "  hozen-backup export 3fa9c2d1 /etc/ | ssh web2 tar -x --xattrs --acls -p -C /srv/restored\n"
		    "  hozen-backup export latest --host web1 | zstd >web1.tar.zst",
	.options = options,
};
