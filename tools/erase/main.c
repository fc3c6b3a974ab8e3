/* SPDX-License-Identifier: BSD-2-Clause */
/* hozen-erase: the table of commands. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "erase/commands.h"

static const struct cli_command *const commands[] = {
	&cmd_list,
	&cmd_plan,
	&cmd_run,
	&cmd_resume,
	&cmd_status,
	&cmd_file,
	&cmd_free_space,
	&cmd_selftest,
	NULL,
};

static const struct cli_option globals[] = {
	EVIDENCE_OPTIONS,
	{ 0 },
};

static const char footer[] = N_(
	"Environment:\n"
	"  HOZEN_STATE_DIR              default /var/lib/hozen as root, $XDG_STATE_HOME/hozen otherwise\n"
	"  HOZEN_EVIDENCE_DIR           records of what was done, signed; default: evidence in the state folder\n"
	"  HOZEN_OPERATOR, HOZEN_TICKET as --operator and --ticket, which beat them\n"
	"  HOZEN_APPROVERS              as --approvers, which beats it\n"
	"  NO_COLOR                     no colours\n"
	"\n"
	"Exit codes:\n"
	"  0 done, with a certificate   1 failed, or areas were left   2 usage   3 something was not reached\n"
	"  4 verification found other data   5 refused: nothing was touched   130 cancelled");

static const struct cli_tool tool = {
	.name = "hozen-erase",
	.summary = N_("wipes retired drives and signs what it did"),
	.commands = commands,
	.globals = globals,
	.footer = footer,
};

int main(int argc, char **argv)
{
	return cli_main(&tool, argc, argv);
}
