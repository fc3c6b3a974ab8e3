/* SPDX-License-Identifier: BSD-2-Clause */
/* hozen-verify: the table of commands. Everything here only reads what it examines. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "verify/commands.h"

static const struct cli_command *const commands[] = {
	&cmd_repo,
	&cmd_drill,
	&cmd_report,
	&cmd_log,
	&cmd_policy,
	&cmd_due,
	&cmd_bundle,
	&cmd_media,
	&cmd_validate,
	&cmd_selftest,
	NULL,
};

static const struct cli_option globals[] = {
	EVIDENCE_OPTIONS,
	{ 0 },
};

static const char footer[] = N_(
	"Environment:\n"
	"  HOZEN_REPO, HOZEN_KEY_FILE   as --repo and --key-file, which beat them\n"
	"  HOZEN_PASSPHRASE_FILE        a file of your own that nobody else can read\n"
	"  HOZEN_PASSPHRASE_COMMAND     run by /bin/sh; the passphrase is what it prints\n"
	"  HOZEN_STATE_DIR              default /var/lib/hozen as root, $XDG_STATE_HOME/hozen otherwise;\n"
	"                               its file 'signers' names the keys that this host believes\n"
	"  HOZEN_CACHE_DIR              default /var/cache/hozen as root, $XDG_CACHE_HOME/hozen otherwise\n"
	"  HOZEN_EVIDENCE_DIR           records of what was done, signed; default: evidence in the state folder\n"
	"  HOZEN_OPERATOR, HOZEN_TICKET as --operator and --ticket, which beat them\n"
	"  HOZEN_POLICY                 as --policy, which beats it\n"
	"  NO_COLOR                     no colours\n"
	"\n"
	"Exit codes:\n"
	"  0 done   1 failed   2 usage   3 done, with exceptions   4 damage or an alarm   5 refused   6 overdue   130 "
	"cancelled");

static const struct cli_tool tool = {
	.name = "hozen-verify",
	.summary = N_("proves backups and checks the papers about them"),
	.commands = commands,
	.globals = globals,
	.footer = footer,
};

int main(int argc, char **argv)
{
	return cli_main(&tool, argc, argv);
}
