/* SPDX-License-Identifier: BSD-2-Clause */
/* See shred.h. */
#include "erase/shred.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/prompt.h"
#include "common/report.h"
#include "common/signals.h"

#include <stdio.h>
#include <string.h>

int shred_confirm(struct cli *cli, const char *text)
{
	char line[16] = "";
	ssize_t n;

	if (cli_is_given(cli, "yes"))
		return CLI_EXIT_DONE;
	n = prompt_line(text, line, sizeof(line) - 1);
	if (n < 0)
		return signals_seen()
			? report_failure(cli, HZ_E_CANCELED, _("cancelled"))
			: report_failure(cli, HZ_E_REFUSED,
				  _("nobody is there to confirm: nothing was touched (--yes does without)"));
	if (n == 3 && strncmp(line, "yes", 3) == 0)
		return CLI_EXIT_DONE;
	return report_failure(cli, HZ_E_REFUSED, _("not confirmed: nothing was touched"));
}

static int on_progress(void *user, const hz_progress *p)
{
	(void)report_progress(user, p);
	return signals_seen();
}

void shred_hear(struct cli *cli, hz_shred_options *o)
{
	o->progress = on_progress;
	o->event = report_event;
	o->user = cli;
}

static int code_of(const hz_shred_result *r)
{
	int code = r->missed ? CLI_EXIT_EXCEPTIONS : CLI_EXIT_DONE;

	if (r->failed > 0)
		code = cli_exit_worse(code, CLI_EXIT_FAILED);
	if (r->refused > 0)
		code = cli_exit_worse(code, CLI_EXIT_REFUSED);
	return r->mismatched > 0 ? cli_exit_worse(code, CLI_EXIT_DAMAGE) : code;
}

int shred_told(struct cli *cli, int rc, hz_error **err, const hz_shred_result *r, hz_json *summary)
{
	int code;

	term_clear(&cli->term);
	code = rc < 0 ? cli_exit_worse(report_result(cli, rc, err), code_of(r)) : code_of(r);
	if (rc < 0 && r->bytes == 0)
		code = cli_exit_of_error(rc);
	if (r->missed && rc == 0)
		report_warning(cli, _("this is what overwriting does not reach here:"));
	for (uint32_t bit = 1; rc == 0 && bit <= r->missed; bit <<= 1) {
		if (r->missed & bit)
			report_warning(cli, "  - %s", hz_missed_text(bit));
	}
	hz_json_i64(summary, "exit", code);
	evidence_summary(cli, summary);
	return code;
}
