/* SPDX-License-Identifier: BSD-2-Clause */
/* restore: shortfalls are counted apart, because they mean different things: 3 is not everything, 4 is not to be
 * trusted. */
#include "backup/commands.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

static int exit_of(const hz_restore_result *res)
{
	int code = CLI_EXIT_DONE;

	if (res->left_existing || res->meta_short || res->failed_target)
		code = cli_exit_worse(code, CLI_EXIT_EXCEPTIONS);
	if (res->failed_damage || res->verify_mismatch)
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	return code;
}

static void summary(
	struct cli *cli, const char *id, const hz_restore_options *o, const hz_restore_result *res, int code)
{
	hz_json *line = hz_json_new("restore_summary");

	hz_json_str(line, "snapshot_id", id);
	hz_json_path(line, "target", o->target, strlen(o->target));
	hz_json_bool(line, "dry_run", (o->flags & HZ_RESTORE_DRY_RUN) != 0);
	hz_json_u64(line, "matched", res->matched);
	hz_json_u64(line, "files_restored", res->files);
	hz_json_u64(line, "dirs_restored", res->dirs);
	hz_json_u64(line, "others_restored", res->others);
	hz_json_u64(line, "bytes_restored", res->bytes);
	hz_json_u64(line, "files_unchanged", res->unchanged);
	hz_json_u64(line, "bytes_unchanged", res->bytes_unchanged);
	hz_json_u64(line, "deleted", res->deleted);
	hz_json_u64(line, "left_existing", res->left_existing);
	hz_json_u64(line, "metadata_short", res->meta_short);
	hz_json_u64(line, "failed_damage", res->failed_damage);
	hz_json_u64(line, "failed_target", res->failed_target);
	hz_json_u64(line, "mended", res->mended);
	hz_json_u64(line, "verified", res->verified);
	hz_json_u64(line, "verify_mismatch", res->verify_mismatch);
	hz_json_real(line, "total_duration", (double)res->duration_ns / 1e9);
	hz_json_u64(line, "exit", (uint64_t)code);
	evidence_summary(cli, line);
}

static void print_text(const char *id, const hz_restore_options *o, const hz_restore_result *res)
{
	char size[TEXT_SHORT], time[TEXT_SHORT];

	printf((o->flags & HZ_RESTORE_DRY_RUN) ? _("dry run: would restore snapshot %.8s to ")
					       : _("restored snapshot %.8s to "),
		id);
	report_path(o->target, strlen(o->target));
	printf(_("\n  %llu files (%s), %llu folders, %llu others, in %s\n"), (unsigned long long)res->files,
		text_bytes(size, res->bytes), (unsigned long long)res->dirs, (unsigned long long)res->others,
		text_seconds(time, res->duration_ns / 1000000000u));
	if (res->unchanged || res->bytes_unchanged || res->deleted)
		printf(_("  %llu files and %s of content were right already; %llu names removed\n"),
			(unsigned long long)res->unchanged, text_bytes(size, res->bytes_unchanged),
			(unsigned long long)res->deleted);
	if ((o->flags & HZ_RESTORE_VERIFY) && !(o->flags & HZ_RESTORE_DRY_RUN))
		printf(_("  %llu read back and compared, %llu differ\n"), (unsigned long long)res->verified,
			(unsigned long long)res->verify_mismatch);
}

static void warn_if(struct cli *cli, uint64_t n, const char *what)
{
	if (n > 0)
		report_warning(cli, "%llu %s", (unsigned long long)n, what);
}

/* With --quiet too. Each one was an event with its path. */
static void warn(struct cli *cli, const hz_restore_result *res)
{
	warn_if(cli, res->mended,
		_("stored objects were damaged and mended by parity; run check, and look at the disk"));
	warn_if(cli, res->left_existing, _("files existed and were left as they are"));
	warn_if(cli, res->meta_short, _("attributes could not be set"));
	warn_if(cli, res->failed_target, _("files could not be written"));
	warn_if(cli, res->failed_damage, _("files were not restored: their stored bytes are damaged or missing"));
	warn_if(cli, res->verify_mismatch, _("files differ from the snapshot when read back"));
}

static const struct {
	const char *option;
	uint32_t flag;
} flags[] = {
	{ "into-existing", HZ_RESTORE_INTO_EXISTING },
	{ "update", HZ_RESTORE_UPDATE },
	{ "delete", HZ_RESTORE_DELETE },
	{ "resume", HZ_RESTORE_RESUME },
	{ "verify", HZ_RESTORE_VERIFY },
	{ "dry-run", HZ_RESTORE_DRY_RUN },
};

static int set_options(struct cli *cli, hz_restore_options *o)
{
	o->target = cli_value(cli, "target");
	o->patterns = cli->args + 1;
	o->n_patterns = cli->n_args - 1;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		o->flags |= cli_is_given(cli, flags[i].option) ? flags[i].flag : 0;
	if (!o->target || !*o->target)
		return report_usage(cli, _("restore needs --target DIR"));
	return CLI_EXIT_DONE;
}

static int run(struct cli *cli)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;
	hz_reader *r AUTO_READER = NULL;
	char id[HZ_ID_HEX] = "";
	hz_error *err = NULL;
	int code = set_options(cli, &o), rc;

	if (code == CLI_EXIT_DONE)
		code = place_open_snapshot(cli, HZ_NEED_READ, cli->args[0], &r, id);
	if (code != CLI_EXIT_DONE)
		return code;
	rc = hz_restore(r, id, &o, cli->job, &res, &err);
	code = report_arguments_result(cli, rc, &err);
	if (code == CLI_EXIT_USAGE)
		return code;
	code = cli_exit_worse(cli_exit_worse(code, exit_of(&res)), cli->at_least);
	warn(cli, &res);
	if (!(o.flags & HZ_RESTORE_VERIFY))
		hz_record_says(cli->record, HZ_SAYS_NOT_CHECKED, "what was written was not read back (--verify)");
	summary(cli, id, &o, &res, code);
	if (rc == 0 && !cli->json && !cli->quiet)
		print_text(id, &o, &res);
	return code;
}

static const struct cli_option options[] = {
	{ "target", 0, "DIR", N_("restore beneath this folder, which is made if it is missing; required") },
	{ "into-existing", 0, NULL, N_("allow a target that is not empty; what exists is left as it is (exit 3)") },
	{ "update", 0, NULL,
		N_("make an existing target as the snapshot has it; only blocks that differ are written") },
	{ "delete", 0, NULL, N_("with --update: remove what the snapshot does not have") },
	{ "resume", 0, NULL, N_("go on with a restore of this snapshot that was interrupted") },
	{ "verify", 0, NULL, N_("read everything back afterwards and compare it with the snapshot") },
	{ "dry-run", 0, NULL, N_("say what would be restored, write nothing") },
	PLACE_FILTERS,
	{ 0 },
};

const struct cli_command cmd_restore = {
	.name = "restore",
	.record = "restore",
	.controls = "8.13 8.18",
	.run = run,
	.arguments = "SNAPSHOT [PATTERN]...",
	.min_args = 1,
	.max_args = UINT64_MAX,
	.summary = N_("get files back"),
	.about = N_(
		"Restores a snapshot, or what matches the patterns, beneath the target and nowhere else. Patterns are "
		"those of\n"
		"create --exclude, over stored paths. Needs a reader's key or the passphrase. Ownership and flags are "
		"restored\n"
		"as far as this user may; what falls short is reported (exit 3). Damage that cannot be mended is 4.\n"
		"Onto a tree that is there: --update; --delete then also removes what was excluded from the backup, "
		"so look\n"
		"at --dry-run first. A file .hozen-restore in the target says that a restore has not ended."),
	.examples = "  hozen-backup restore latest --target /srv/restored\n"
		    "  hozen-backup restore 3fa9c2d1 --target /tmp/r --verify '/etc/ssh/' '*.conf'\n"
		    "  hozen-backup restore latest --target / --update '/srv/data/'",
	.options = options,
};
