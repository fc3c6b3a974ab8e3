/* SPDX-License-Identifier: BSD-2-Clause */
/* Lays out what the tables say. Texts are data in the commands' files. */
#include "common/help.h"
#include "common/i18n.h"
#include "common/report.h"

#include <stdio.h>

#define HELP_COLUMN 26

static void put_option(const struct cli_option *o)
{
	int used = 2;

	used += o->letter ? printf("  -%c, ", o->letter) - 2 : printf("      ") - 2;
	if (cli_value_is_optional(o))
		used += printf("--%s[=%s", o->name, o->value + 1);
	else
		used += printf("--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
	if (used + 2 > HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	else
		printf("%*s", HELP_COLUMN - used, "");
	/* A text of several lines is indented as a block. */
	for (const char *c = _(o->help); *c; c++)
		if (*c == '\n')
			printf("\n%*s", HELP_COLUMN, "");
		else
			(void)putchar(*c);
	(void)putchar('\n');
}

static void put_options(const struct cli_option *options)
{
	for (; options && options->name; options++)
		put_option(options);
}

static void put_globals(const struct cli_tool *tool)
{
	printf(_("\nOptions of all commands:\n"));
	put_options(tool->globals);
	put_options(cli_common_options);
}

static void put_tool(const struct cli_tool *tool)
{
	printf(_("%s: %s\n\nUsage: %s COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n"), tool->name, _(tool->summary),
		tool->name);
	for (const struct cli_command *const *c = tool->commands; *c; c++)
		printf("  %-*s%s\n", HELP_COLUMN - 2, (*c)->name, _((*c)->summary));
	put_globals(tool);
	if (tool->footer)
		printf("\n%s\n", _(tool->footer));
	printf(_("\nOne command in detail, with examples: %s COMMAND --help\n"), tool->name);
}

static void put_command(const struct cli_tool *tool, const struct cli_command *c)
{
	printf(_("%s %s: %s\n\nUsage: %s %s [OPTION]...%s%s\n"), tool->name, c->name, _(c->summary), tool->name,
		c->name, c->arguments ? " " : "", c->arguments ? c->arguments : "");
	if (c->about)
		printf("\n%s\n", _(c->about));
	if (c->options)
		printf(_("\nOptions:\n"));
	put_options(c->options);
	put_globals(tool);
	if (c->examples)
		printf(_("\nExamples:\n%s\n"), c->examples);
}

int help_print(const struct cli *cli, const struct cli_command *command)
{
	if (command)
		put_command(cli->tool, command);
	else
		put_tool(cli->tool);
	return CLI_EXIT_DONE;
}

int help_version(struct cli *cli)
{
	if (cli->json) {
		hz_json *line = hz_json_new("version");

		hz_json_str(line, "tool", cli->tool->name);
		hz_json_str(line, "version", HOZEN_VERSION);
		hz_json_str(line, "library", hz_version());
		report_line(cli, line);
	} else {
		printf("%s %s, libhozen %s\n", cli->tool->name, HOZEN_VERSION, hz_version());
	}
	return CLI_EXIT_DONE;
}
