/* SPDX-License-Identifier: BSD-2-Clause */
/* selftest: known answers, computed here and now. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "verify/commands.h"

#include <stdio.h>

static int run(struct cli *cli)
{
	hz_error *err = NULL;
	int code = report_result(cli, hz_selftest(&err), &err);
	hz_json *line = hz_json_new("selftest");

	hz_json_bool(line, "passed", code == CLI_EXIT_DONE);
	hz_json_u64(line, "exit", (uint64_t)code);
	evidence_summary(cli, line);
	if (code == CLI_EXIT_DONE && !cli->json && !cli->quiet)
		printf(_("hash, ciphers, keyed hash and signature give the known answers\n"));
	return code;
}

const struct cli_command cmd_selftest = {
	.name = "selftest",
	.run = run,
	.record = "selftest",
	.controls = "8.24",
	.summary = N_("compute known answers of all cryptography"),
	.about = N_("Hash, ciphers, keyed hash and signature, as this process uses them, against the answers that the "
		    "standards\n"
		    "print. Every record says the same of the process that wrote it."),
	.examples = "  hozen-verify selftest",
};
