/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses, runs one command, and sees to it that what was printed was written. The command may come after options of its
 * own, so these are looked up in all commands first and checked against the command at the end.
 */
#include "common/cli.h"
#include "common/evidence.h"
#include "common/help.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/signals.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

const struct cli_option cli_common_options[] = {
	{ "json", 0, NULL, N_("print lines of JSON (docs/schemas)") },
	{ "quiet", 'q', NULL, N_("print errors and exceptions only") },
	{ "help", 'h', NULL, N_("print this") },
	{ "version", 0, NULL, N_("print the version") },
	{ 0 },
};

static const struct cli_option *in_table(const struct cli_option *o, const char *name, size_t len, char letter)
{
	for (; o && o->name; o++)
		if (name ? strlen(o->name) == len && memcmp(o->name, name, len) == 0 : o->letter == letter)
			return o;
	return NULL;
}

/* In the common options, the tool's, the command's; in those of all commands while none is known. */
static const struct cli_option *find_option(const struct cli *cli, const char *name, size_t len, char letter)
{
	const struct cli_option *o = in_table(cli_common_options, name, len, letter);

	if (!o)
		o = in_table(cli->tool->globals, name, len, letter);
	if (!o && cli->command)
		return in_table(cli->command->options, name, len, letter);
	for (const struct cli_command *const *c = cli->tool->commands; !o && *c; c++)
		o = in_table((*c)->options, name, len, letter);
	return o;
}

bool cli_value_is_optional(const struct cli_option *o)
{
	return o->value && o->value[0] == '[';
}

static int give(struct cli *cli, const struct cli_option *o, const char *value)
{
	struct cli_given *grown = realloc(cli->given, (size_t)(cli->n_given + 1) * sizeof(*grown));

	if (!grown)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	cli->given = grown;
	grown[cli->n_given++] = (struct cli_given){ o, value };
	return CLI_EXIT_DONE;
}

static int take_long(struct cli *cli, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct cli_option *o = find_option(cli, name, len, 0);

	if (!o)
		return report_usage(cli, _("unknown option --%.*s"), (int)len, name);
	if (!o->value && equals)
		return report_usage(cli, _("option --%s takes no value"), o->name);
	if (cli_value_is_optional(o))
		return give(cli, o, equals ? equals + 1 : NULL);
	if (o->value && !equals && !argv[*i + 1])
		return report_usage(cli, _("option --%s needs a value: %s"), o->name, o->value);
	if (!o->value)
		return give(cli, o, NULL);
	return give(cli, o, equals ? equals + 1 : argv[++*i]);
}

static int take_letters(struct cli *cli, char **argv, int *i)
{
	int code = CLI_EXIT_DONE;

	for (const char *p = argv[*i] + 1; *p && code == CLI_EXIT_DONE; p++) {
		const struct cli_option *o = find_option(cli, NULL, 0, *p);

		if (!o)
			return report_usage(cli, _("unknown option -%c"), *p);
		if (o->value && !p[1] && !argv[*i + 1])
			return report_usage(cli, _("option -%c needs a value: %s"), *p, o->value);
		if (o->value)
			return give(cli, o, p[1] ? p + 1 : argv[++*i]);
		code = give(cli, o, NULL);
	}
	return code;
}

/* The command of this name, or *is_group when it is the first word of some. */
static const struct cli_command *find_command(const struct cli *cli, const char *word, bool *is_group)
{
	size_t group_len = cli->group ? strlen(cli->group) : 0, len = strlen(word);

	*is_group = false;
	for (const struct cli_command *const *c = cli->tool->commands; *c; c++) {
		const char *name = (*c)->name;

		if (cli->group) {
			if (strncmp(name, cli->group, group_len) != 0 || name[group_len] != ' ')
				continue;
			name += group_len + 1;
		} else if (strncmp(name, word, len) == 0 && name[len] == ' ') {
			*is_group = true;
		}
		if (strcmp(name, word) == 0)
			return *c;
	}
	return NULL;
}

static int take_word(struct cli *cli, const char *word)
{
	bool is_group;

	if (cli->command) {
		cli->args[cli->n_args++] = word;
		return CLI_EXIT_DONE;
	}
	cli->command = find_command(cli, word, &is_group);
	if (!cli->command && is_group)
		cli->group = word;
	else if (!cli->command && !cli->group && strcmp(word, "help") == 0)
		return give(cli, in_table(cli_common_options, "help", 4, 0), NULL);
	else if (!cli->command)
		return report_usage(
			cli, _("unknown command '%s%s%s'"), cli->group ? cli->group : "", cli->group ? " " : "", word);
	return CLI_EXIT_DONE;
}

static int parse(struct cli *cli, int argc, char **argv)
{
	bool options_over = false;
	int code = CLI_EXIT_DONE;

	for (int i = 1; i < argc && code == CLI_EXIT_DONE; i++) {
		if (options_over || argv[i][0] != '-' || !argv[i][1])
			code = take_word(cli, argv[i]);
		else if (strcmp(argv[i], "--") == 0)
			options_over = true;
		else if (argv[i][1] == '-')
			code = take_long(cli, argv, &i);
		else
			code = take_letters(cli, argv, &i);
	}
	return code;
}

/* Options that came before the command were taken on trust. */
static int check_options(struct cli *cli)
{
	for (uint64_t i = 0; i < cli->n_given; i++) {
		const char *name = cli->given[i].option->name;
		const struct cli_option *o = find_option(cli, name, strlen(name), 0);

		if (!o)
			return report_usage(cli, _("%s has no option --%s"), cli->command->name, name);
		assert(!o->value == !cli->given[i].option->value &&
			cli_value_is_optional(o) == cli_value_is_optional(cli->given[i].option));
		cli->given[i].option = o;
	}
	return CLI_EXIT_DONE;
}

static int check_arguments(struct cli *cli)
{
	const struct cli_command *c = cli->command;

	if (!c && cli->group)
		return report_usage(cli, _("'%s' is the first word of a command; the second is missing"), cli->group);
	if (!c)
		return report_usage(cli, _("no command given"));
	if (cli->n_args < c->min_args)
		return report_usage(cli, _("%s needs %s"), c->name, c->arguments);
	if (cli->n_args > c->max_args)
		return report_usage(cli, _("%s: unexpected argument '%s'"), c->name, cli->args[c->max_args]);
	return check_options(cli);
}

bool cli_is_given(const struct cli *cli, const char *option)
{
	for (uint64_t i = 0; i < cli->n_given; i++)
		if (strcmp(cli->given[i].option->name, option) == 0)
			return true;
	return false;
}

const char *cli_value(const struct cli *cli, const char *option)
{
	for (uint64_t i = cli->n_given; i-- > 0;)
		if (strcmp(cli->given[i].option->name, option) == 0)
			return cli->given[i].value;
	return NULL;
}

int cli_values(const struct cli *cli, const char *option, struct strings *out)
{
	int rc = 0;

	for (uint64_t i = 0; i < cli->n_given && rc == 0; i++)
		if (cli->given[i].value && strcmp(cli->given[i].option->name, option) == 0)
			rc = strings_add(out, cli->given[i].value);
	return rc;
}

int cli_number(struct cli *cli, const char *option, int64_t min, int64_t max, int64_t *number)
{
	const char *text = cli_value(cli, option);
	char *end;
	long long v;

	if (!text)
		return CLI_EXIT_DONE;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || end == text || *end || v < min || v > max)
		return report_usage(cli, _("--%s: '%s' is no number from %lld to %lld"), option, text, (long long)min,
			(long long)max);
	*number = v;
	return CLI_EXIT_DONE;
}

int cli_size(struct cli *cli, const char *option, uint64_t *bytes)
{
	static const char units[] = "KMG";
	const char *text = cli_value(cli, option), *unit;
	unsigned shift = 0;
	char *end;
	uint64_t v;

	if (!text)
		return CLI_EXIT_DONE;
	errno = 0;
	/* strtoull takes a sign. */
	v = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
	unit = v > 0 && *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (errno || v == 0 || *end || v > UINT64_MAX >> shift)
		return report_usage(cli, _("--%s: '%s' is no size: bytes, or a number with K, M or G"), option, text);
	*bytes = v << shift;
	return CLI_EXIT_DONE;
}

/* Closed standard descriptors are filled, so that no object of the repository gets their numbers and then a message.
 * Read-only: writing to a stdout that was closed stays an error. */
static void fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

/* Before parsing, for failures of parsing. */
bool cli_was_asked(const struct cli *cli, const char *word)
{
	for (char **a = cli->argv + 1; *a && strcmp(*a, "--") != 0; a++)
		if (strcmp(*a, word) == 0)
			return true;
	return false;
}

static int misused(struct cli *cli, int code)
{
	return code == CLI_EXIT_USAGE && cli->command && cli->command->misused ? cli->command->misused(cli, code)
									       : code;
}

/* A walk keeps the folders above it open; somebody's deep tree must not make other folders unreadable. */
static void allow_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static int run(struct cli *cli)
{
	hz_error *err = NULL;
	int code;

	if (cli_is_given(cli, "help"))
		return help_print(cli, cli->command);
	if (cli_is_given(cli, "version"))
		return help_version(cli);
	code = misused(cli, check_arguments(cli));
	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_harden_process(&err), &err);
	allow_files();
	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_job_new(&cli->job, &err), &err);
	if (code != CLI_EXIT_DONE)
		return code;
	hz_job_on_progress(cli->job, report_progress, cli);
	hz_job_on_event(cli->job, report_event, cli);
	signals_install(cli->job);
	evidence_begin(cli);
	code = cli->command->run(cli);
	code = cli_exit_worse(code, cli->at_least);
	/* What could not be printed belongs into the record too. */
	if (fflush(stdout) != 0 || cli->output_errno)
		code = cli_exit_worse(code, CLI_EXIT_FAILED);
	code = evidence_end(cli, code);
	term_clear(&cli->term);
	passphrase_wipe();
	signals_install(NULL);
	hz_job_free(cli->job);
	return code;
}

/* Parses and runs. */
static int parse_and_run(struct cli *cli, int argc, char **argv)
{
	int code;

	cli->args = calloc((size_t)argc + 1, sizeof(*cli->args));
	if (!cli->args)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	code = parse(cli, argc, argv);
	if (code != CLI_EXIT_DONE)
		return misused(cli, code);
	cli->json = cli_is_given(cli, "json");
	cli->quiet = cli_is_given(cli, "quiet");
	term_init(&cli->term, cli->quiet || cli->json);
	return run(cli);
}

int cli_main(const struct cli_tool *tool, int argc, char **argv)
{
	struct cli cli = { .tool = tool, .argv = argv };
	int code;

	cli.json = cli_was_asked(&cli, "--json");
	fill_descriptors();
	(void)setlocale(LC_CTYPE, "");
	(void)setlocale(LC_MESSAGES, "");
	(void)bindtextdomain(I18N_DOMAIN, HOZEN_LOCALE_DIR);
	(void)textdomain(I18N_DOMAIN);
	term_init(&cli.term, true);
	passphrase_init(&cli.passphrase);
	code = report_close(&cli, parse_and_run(&cli, argc, argv));
	free(cli.args);
	free(cli.given);
	free(cli.failure);
	return code;
}
