/* SPDX-License-Identifier: BSD-2-Clause */
/* key export: a key file of one role, for another host, for monitoring, for drills. */
#include "backup/commands.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"

#include <stdio.h>
#include <string.h>

static int set_role(struct cli *cli, hz_key_export_options *opts)
{
	static const uint32_t roles[] = { HZ_ROLE_WRITER, HZ_ROLE_LISTER, HZ_ROLE_READER };
	const char *role = cli_value(cli, "role");

	for (size_t i = 0; role && i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(role, hz_role_name(roles[i])) == 0)
			opts->role = roles[i];
	if (!role || !opts->role)
		return report_usage(cli, _("key export needs --role writer, lister or reader"));
	if (opts->role != HZ_ROLE_WRITER && (opts->join || opts->name))
		return report_usage(cli, _("--join and --name are for writers"));
	return CLI_EXIT_DONE;
}

static void print_export(struct cli *cli, const hz_key_export_options *opts, const hz_key_export_result *res)
{
	hz_json *line = hz_json_new("key_exported");

	hz_json_str(line, "role", hz_role_name(res->role));
	hz_json_str(line, "id", res->key_id);
	hz_json_path(line, "key_file", opts->out, strlen(opts->out));
	hz_json_u64(line, "exit", CLI_EXIT_DONE);
	hz_record_about(cli->record, "key", res->key_id);
	evidence_summary(cli, line);
	if (!cli->json && !cli->quiet) {
		printf(_("wrote the key file of a %s to "), hz_role_name(res->role));
		report_path(opts->out, strlen(opts->out));
		(void)putchar('\n');
		if (res->role != HZ_ROLE_WRITER)
			printf(_("  whoever has this file can %s; keep it as the backups themselves\n"),
				res->role == HZ_ROLE_READER ? _("restore everything")
							    : _("see names, sizes and times"));
	}
}

static int run(struct cli *cli)
{
	hz_key_export_options opts = HZ_KEY_EXPORT_OPTIONS_INIT;
	hz_key_export_result res = HZ_KEY_EXPORT_RESULT_INIT;
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	hz_record_info info;
	hz_error *err = NULL;
	int code;

	opts.out = cli_value(cli, "out");
	opts.join = cli_value(cli, "join");
	opts.name = cli_value(cli, "name");
	opts.evidence_key = evidence_key(cli, &info);
	code = set_role(cli, &opts);
	if (code == CLI_EXIT_DONE && (!opts.out || !*opts.out))
		code = report_usage(cli, _("key export needs --out FILE"));
	if (code == CLI_EXIT_DONE)
		code = place_options(cli, &o);
	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_key_export(&o, &opts, &res, &err), &err);
	if (code == CLI_EXIT_DONE)
		print_export(cli, &opts, &res);
	return code;
}

static const struct cli_option export_options[] = {
	{ "role", 0, "ROLE",
		N_("writer: adds backups, reads nothing; lister: sees names, sizes, times;\nreader: restores; "
		   "required") },
	{ "out", 0, "FILE", N_("the new key file, mode 0600; nothing is overwritten; required") },
	{ "name", 0, "NAME", N_("of a writer; default: the host name") },
	{ "join", 0, "WRITER",
		N_("of a writer: deduplicate with this one (its id, first digits or name); default: with nobody.\nJoin "
		   "only hosts that may read each other") },
	{ 0 },
};

const struct cli_command cmd_key_export = {
	.name = "key export",
	.record = "key",
	.controls = "8.24",
	.publishes = true,
	.run = run,
	.summary = N_("make a key file of one role"),
	.about = N_("Needs the admin key, by passphrase. A writer is new each time, and is registered in the "
		    "repository's log."),
	.examples = "  hozen-backup key export --role writer --out /root/web2.key\n"
		    "  hozen-backup key export --role lister --out /etc/monitoring/lister.key",
	.options = export_options,
};
