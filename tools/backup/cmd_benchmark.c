/* SPDX-License-Identifier: BSD-2-Clause */
/* benchmark cpu: what this processor can do, and what follows from it. */
#include "backup/commands.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/table.h"
#include "common/text.h"

#include <stdio.h>
#include <unistd.h>

#define CELL 24

struct show {
	struct cli *cli;
	struct table measured, following;
};

static void show_json(struct cli *cli, const hz_benchmark_row *r)
{
	hz_json *line = hz_json_new("benchmark");

	hz_json_str(line, "what", r->name);
	hz_json_bool(line, "measured", r->kind < HZ_BENCHMARK_CREATE);
	hz_json_u64(line, "suite", r->suite);
	hz_json_i64(line, "level", r->level);
	hz_json_u64(line, "workers", r->workers);
	hz_json_u64(line, "message_bytes", r->message_bytes);
	hz_json_u64(line, "stored_permille", r->stored_permille);
	hz_json_u64(line, "bytes_per_second", r->bytes_per_second);
	report_line(cli, line);
}

static const char *explain(uint32_t kind)
{
	static const char *const texts[] = {
		[HZ_BENCHMARK_HASH] = N_("naming a chunk"),
		[HZ_BENCHMARK_SEAL] = N_("encrypting"),
		[HZ_BENCHMARK_OPEN] = N_("decrypting"),
		[HZ_BENCHMARK_CHUNKER] = N_("finding chunks"),
		[HZ_BENCHMARK_COMPRESS] = N_("zstd, compressing"),
		[HZ_BENCHMARK_DECOMPRESS] = N_("zstd, decompressing"),
		[HZ_BENCHMARK_PROTECT] = N_("checksums and parity, made"),
		[HZ_BENCHMARK_READ] = N_("copied, checksums compared"),
		[HZ_BENCHMARK_VERIFY] = N_("checksums and parity, compared"),
		[HZ_BENCHMARK_CREATE] = N_("create"),
		[HZ_BENCHMARK_RESTORE] = N_("restore"),
		[HZ_BENCHMARK_CHECK] = N_("check --read-data"),
	};

	return _(texts[kind]);
}

/* Empty where the number says nothing. */
static void cell(char out[CELL], int is_given, int64_t number)
{
	out[0] = '\0';
	if (is_given)
		(void)snprintf(out, CELL, "%lld", (long long)number);
}

static int show(void *user, const hz_benchmark_row *r)
{
	struct show *to = user;
	char suite[CELL], level[CELL], workers[CELL], share[CELL], message[TEXT_SHORT], speed[CELL];

	if (to->cli->json) {
		show_json(to->cli, r);
		return 0;
	}
	cell(suite, r->suite != 0, r->suite);
	cell(level, r->level != 0, r->level);
	(void)snprintf(workers, sizeof(workers), "%u", r->workers);
	share[0] = '\0';
	if (r->stored_permille)
		(void)snprintf(share, sizeof(share), "%u.%u %%", r->stored_permille / 10, r->stored_permille % 10);
	(void)snprintf(speed, sizeof(speed), "%.0f", (double)r->bytes_per_second / 1e6);
	if (r->kind < HZ_BENCHMARK_CREATE)
		return table_row(&to->measured, explain(r->kind), suite, level, share,
			text_bytes(message, r->message_bytes), speed);
	return table_row(&to->following, explain(r->kind), suite, share, workers, speed);
}

static int heads(struct show *to)
{
	int rc = table_row(&to->measured, _("Measured, one thread"), _("Suite"), _("Level"), _("Becomes"), _("Message"),
		_("MB/s"));

	return rc < 0 ? rc
		      : table_row(&to->following, _("What follows, at most"), _("Suite"), _("Becomes"), _("Workers"),
				_("MB/s of files"));
}

static int run(struct cli *cli)
{
	struct show to = { .cli = cli, .measured = TABLE_INIT(6, "lrrrrr"), .following = TABLE_INIT(5, "lrrrr") };
	hz_benchmark_options o = HZ_BENCHMARK_OPTIONS_INIT;
	hz_error *err = NULL;
	int64_t workers = 0;
	int code = cli_number(cli, "workers", 1, 64, &workers);

	if (code != CLI_EXIT_DONE)
		return code;
	o.workers = (uint32_t)workers;
	if (heads(&to) < 0)
		code = report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	else
		code = report_result(cli, hz_benchmark_cpu(&o, cli->job, show, &to, &err), &err);
	if (!cli->json && code == CLI_EXIT_DONE) {
		term_clear(&cli->term);
		table_print(&to.measured, stdout, isatty(STDOUT_FILENO));
		printf("\n");
		table_print(&to.following, stdout, isatty(STDOUT_FILENO));
	}
	table_release(&to.measured);
	table_release(&to.following);
	return code;
}

const struct cli_command cmd_benchmark_cpu = {
	.name = "benchmark cpu",
	.run = run,
	.summary = N_("measure what this processor can do"),
	.about = N_(
		"Measures each part of a backup in memory, in about four seconds, and adds up what they allow at most: "
		"megabytes\n"
		"(10^6) of files in a second, were there no disk and no kernel. Needs no repository and no key."),
	.examples = "  hozen-backup benchmark cpu\n"
		    "  hozen-backup benchmark cpu --json",
};
