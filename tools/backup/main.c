/* SPDX-License-Identifier: BSD-2-Clause */
/* hozen-backup: the table of commands, and what is true for all of them. */
#include "backup/commands.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"

static const struct cli_command *const commands[] = {
	&cmd_init,
	&cmd_create,
	&cmd_snapshots,
	&cmd_ls,
	&cmd_cat,
	&cmd_find,
	&cmd_diff,
	&cmd_stats,
	&cmd_restore,
	&cmd_export,
	&cmd_check,
	&cmd_key_list,
	&cmd_key_export,
	&cmd_benchmark_cpu,
	NULL,
};

static const struct cli_option globals[] = {
	PLACE_OPTIONS,
	EVIDENCE_OPTIONS,
	{ 0 },
};

static const char footer[] = N_(
	"Environment:\n"
	"  HOZEN_REPO, HOZEN_KEY_FILE   as --repo and --key-file, which beat them\n"
	"  HOZEN_PASSPHRASE_FILE        a file of your own that nobody else can read\n"
	"  HOZEN_PASSPHRASE_COMMAND     run by /bin/sh; the passphrase is what it prints\n"
	"  HOZEN_STATE_DIR              default /var/lib/hozen as root, $XDG_STATE_HOME/hozen otherwise\n"
	"  HOZEN_CACHE_DIR              default /var/cache/hozen as root, $XDG_CACHE_HOME/hozen otherwise\n"
	"  HOZEN_EVIDENCE_DIR           records of what was done, signed; default: evidence in the state folder\n"
	"  HOZEN_OPERATOR, HOZEN_TICKET as --operator and --ticket, which beat them\n"
	"  HOZEN_POLICY                 as --policy, which beats it\n"
	"  HOZEN_RESERVE                what stays free in the repository's file system: bytes, or with K, M, G\n"
	"  NO_COLOR                     no colours\n"
	"A passphrase comes from --passphrase-fd, then the file, then the command, then a prompt on the terminal.\n"
	"\n"
	"Exit codes:\n"
	"  0 done   1 failed   2 usage   3 done, with exceptions   4 damage or an alarm   5 refused   130 cancelled");

static const struct cli_tool tool = {
	.name = "hozen-backup",
	.summary = N_("encrypted, deduplicated, versioned backups"),
	.commands = commands,
	.globals = globals,
	.footer = footer,
};

int main(int argc, char **argv)
{
	return cli_main(&tool, argc, argv);
}
