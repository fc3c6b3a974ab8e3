/* SPDX-License-Identifier: BSD-2-Clause */
/* hozen-erase: the table of commands. */
#include "common/i18n.h"
#include "erase/commands.h"

static const struct cli_command *const commands[] = {
	&cmd_list,
	NULL,
};

static const struct cli_option globals[] = {
	{ 0 },
};

static const char footer[] = N_(
	"Environment:\n"
	"  NO_COLOR                     no colours\n"
	"\n"
	"Exit codes:\n"
	"  0 done   1 failed   2 usage   3 done, with exceptions   4 verification failed   5 refused   130 cancelled");

static const struct cli_tool tool = {
	.name = "hozen-erase",
	.summary = N_("sanitizes media, and proves it"),
	.commands = commands,
	.globals = globals,
	.footer = footer,
};

int main(int argc, char **argv)
{
	return cli_main(&tool, argc, argv);
}
