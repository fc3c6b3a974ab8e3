/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tools have in common: a table of commands, options by name, help, signals, and the exit code.
 *
 *	static const struct cli_command *const commands[] = { &cmd_list, NULL };
 *	static const struct cli_tool tool = { .name = "hozen-erase", .commands = commands, ... };
 *
 *	int main(int argc, char **argv)
 *	{
 *		return cli_main(&tool, argc, argv);
 *	}
 *
 * Options may stand before or after the command, as --name value, --name=value, or a letter; -- ends them. An option
 *name takes a value in all commands of a tool that know it, or in none, because it may come before the command. Texts
 *in the tables are marked N_() and translated when they are printed.
 */
#ifndef COMMON_CLI_H
#define COMMON_CLI_H

#include "common/exit.h"
#include "common/passphrase.h"
#include "common/strings.h"
#include "common/term.h"
#include <hozen.h>
#include <stdbool.h>

struct cli;

struct cli_option {
	const char *name; /* without dashes; NULL ends a table */
	char letter;      /* 0: none */
	/* What stands for the value in help; NULL: a switch. In brackets: it may be left out, and only --name=VALUE
	 * gives one; cli_value is NULL without. */
	const char *value;
	const char *help;
};

struct cli_command {
	const char *name;            /* "create", or two words: "key export" */
	int (*run)(struct cli *cli); /* gives the exit code */
	const char *arguments;       /* for help: "SNAPSHOT [PATH]" */
	uint64_t min_args, max_args;
	const char *summary; /* one line */
	const char *about;   /* paragraphs: what is not obvious, with every default */
	const char *examples;
	const struct cli_option *options; /* may be NULL */
	/* A command that changes or proves something: the kind of its record (docs/evidence), and the controls of
	 * ISO/IEC 27001 Annex A that it serves, separated by spaces. */
	const char *record, *controls;
	/* Wrong options or arguments were told, with this exit code: gives the one to end with. NULL: that. */
	int (*misused)(struct cli *cli, int code);
	/* It writes to the repository anyway: evidence is copied there when it has run. Others promise to only read. */
	bool publishes;
};

struct cli_tool {
	const char *name, *summary;
	const struct cli_command *const *commands; /* NULL ends it */
	const struct cli_option *globals;          /* of this tool; those of all tools come by themselves */
	const char *footer;                        /* environment, exit codes */
};

struct cli_given {
	const struct cli_option *option;
	const char *value;
};

struct cli {
	const struct cli_tool *tool;
	const struct cli_command *command;
	bool json, quiet;
	hz_job *job; /* reports to this terminal, and is cancelled by signals */
	const char **args;
	uint64_t n_args;
	struct passphrase passphrase;
	struct term term;
	uint64_t n_events[HZ_EVENT_TARGET + 1];
	int at_least;         /* exit code: damage, or a rollback, that the opening of the repository has shown */
	hz_record *record;    /* while it runs; NULL: none */
	hz_repo_options repo; /* once the command knows which (place.h); location NULL: none */
	char *failure;        /* the first that was told */
	int no_record;        /* exit code: 0, or there is no record as there should be */
	bool recorded;        /* evidence_end: the record is signed and in the log */
	int output_errno;     /* why a line of JSON could not be written; 0: all were */
	/* Of the parser. */
	struct cli_given *given;
	uint64_t n_given;
	const char *group; /* first word of a command of two */
	char **argv;
};

int cli_main(const struct cli_tool *tool, int argc, char **argv);

bool cli_is_given(const struct cli *cli, const char *option);
/* Does this word stand on the command line, though it may not have been parsed? For misused. */
bool cli_was_asked(const struct cli *cli, const char *word);
/* The last value given; NULL: not given. */
const char *cli_value(const struct cli *cli, const char *option);
/* All values given, in order; HZ_E_NOMEM. */
int cli_values(const struct cli *cli, const char *option, struct strings *out);
/* A whole number from min to max. Leaves *number alone when the option is not given. 0, or CLI_EXIT_USAGE after saying
 * why. */
int cli_number(struct cli *cli, const char *option, int64_t min, int64_t max, int64_t *number);
/* The same for a size of at least 1: bytes, or with K, M or G (powers of 1024). */
int cli_size(struct cli *cli, const char *option, uint64_t *bytes);

/* May the value be left out? */
bool cli_value_is_optional(const struct cli_option *o);
/* The options that all tools have: json, quiet, help, version. */
extern const struct cli_option cli_common_options[];

#endif
