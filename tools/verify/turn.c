/* SPDX-License-Identifier: BSD-2-Clause */
/* See turn.h. */
#include "verify/turn.h"
#include "common/i18n.h"
#include "common/report.h"

#include <stdio.h>

int turn_option(struct cli *cli, bool has_seed, uint32_t *turn)
{
	int64_t number = 0;
	int code = cli_number(cli, "turn", 0, UINT32_MAX, &number);

	*turn = (uint32_t)number;
	if (code == CLI_EXIT_DONE && cli_is_given(cli, "turn") && !has_seed)
		return report_usage(cli, _("--turn repeats what was read in turn; it goes with --seed"));
	return code;
}

static void warn(struct cli *cli, hz_error *err)
{
	report_warning(cli, _("where the turn of old data goes on: %s"), hz_error_message(err));
	hz_error_free(err);
}

void turn_begin(struct cli *cli, const hz_reader *r, uint32_t what, uint32_t *at)
{
	hz_error *err = NULL;

	if (hz_turn_get(r, what, at, &err) < 0)
		warn(cli, err);
}

void turn_end(struct cli *cli, const hz_reader *r, uint32_t what, uint32_t at)
{
	hz_error *err = NULL;

	if (hz_turn_put(r, what, at, &err) < 0)
		warn(cli, err);
}

void turn_json(hz_json *line, const char *count, uint64_t n, uint32_t from)
{
	hz_json_u64(line, count, n);
	if (n)
		hz_json_u64(line, "turn_from", from);
	else
		hz_json_null(line, "turn_from");
}

void turn_print(const char *begin, uint64_t seed, uint64_t n, uint32_t from)
{
	printf("%s --seed %llu", begin, (unsigned long long)seed);
	if (n)
		printf(" --turn %u", from);
	(void)putchar('\n');
}
