/* SPDX-License-Identifier: BSD-2-Clause */
/* init: makes a repository, and says what has to be kept safe for it to be of use. */
#include "backup/commands.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"

#include <stdio.h>
#include <string.h>

static void summary(struct cli *cli, const hz_repo_options *o, const hz_init_result *res)
{
	hz_json *line = hz_json_new("initialized");

	hz_json_str(line, "id", res->repo_id);
	hz_json_path(line, "repository", o->location, strlen(o->location));
	hz_json_u64(line, "suite", res->suite);
	hz_json_str(line, "writer_id", res->writer_id);
	hz_json_path(line, "key_file", res->key_file, strlen(res->key_file));
	hz_json_bool(line, "protected", res->protects != 0);
	hz_json_u64(line, "exit", CLI_EXIT_DONE);
	evidence_summary(cli, line);
}

static void print_text(const hz_repo_options *o, const hz_init_result *res)
{
	printf(_("made repository %s in %s\n"), res->repo_id, o->location);
	printf(_("  suite     %u (%s)\n"), res->suite,
		res->suite == 1 ? "BLAKE2b-256, ChaCha20-Poly1305" : "HMAC-SHA-256, AES-256-GCM");
	printf(_("  writer    %s\n  key file  %s\n"), res->writer_id, res->key_file);
	printf(_("\nKeep safe, away from this machine:\n"
		 "  the passphrase. With the repository it restores everything on any machine; without it nobody can,\n"
		 "  and nobody can get it back.\n"
		 "The key file stays here: it can add backups and opens none. A lost one is replaced by\n"
		 "  hozen-backup key export --role writer --out FILE\n"));
	if (!res->protects)
		printf(_("\nThis store does not protect from this host: whoever takes this host over can delete what "
			 "is there.\n"
			 "Copy the repository to where this host cannot write.\n"));
}

static int run(struct cli *cli)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	hz_init_options opts = HZ_INIT_OPTIONS_INIT;
	hz_init_result res = HZ_INIT_RESULT_INIT;
	hz_record_info info;
	hz_error *err = NULL;
	int64_t suite = 0;
	int code = place_options(cli, &o);

	if (code == CLI_EXIT_DONE)
		code = cli_number(cli, "suite", 1, 2, &suite);
	if (code != CLI_EXIT_DONE)
		return code;
	opts.suite = (uint32_t)suite;
	opts.evidence_key = evidence_key(cli, &info);
	code = report_result(cli, hz_init(&o, &opts, cli->job, &res, &err), &err);
	if (code == CLI_EXIT_DONE) {
		hz_record_about(cli->record, "repository", res.repo_id);
		summary(cli, &o, &res);
	}
	if (code == CLI_EXIT_DONE && !cli->json && !cli->quiet)
		print_text(&o, &res);
	hz_free(res.key_file);
	return code;
}

static const struct cli_option options[] = {
	{ "suite", 0, "1|2",
		N_("1: BLAKE2b-256 and ChaCha20-Poly1305, 2: HMAC-SHA-256 and AES-256-GCM;\n"
		   "default: 2 if this processor has SHA and AES instructions, else 1. Both open everywhere") },
	{ 0 },
};

const struct cli_command cmd_init = {
	.name = "init",
	.record = "init",
	.controls = "8.13 8.24",
	.publishes = true,
	.run = run,
	.summary = N_("make a repository"),
	.about = N_("Makes a repository in an empty or missing folder: an admin key, locked by a passphrase that is "
		    "asked for twice\n"
		    "on a terminal, and the key file of this host, which can add backups and read none. Nothing is "
		    "overwritten,\n"
		    "a key file neither."),
	.examples = "  hozen-backup init --repo /srv/backup\n"
		    "  HOZEN_PASSPHRASE_FILE=/root/pass hozen-backup init --repo /srv/backup --key-file /root/web1.key",
	.options = options,
};
