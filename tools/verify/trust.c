/* SPDX-License-Identifier: BSD-2-Clause */
/* See trust.h. */
#include "verify/trust.h"
#include "common/i18n.h"
#include "common/report.h"

#include <stdlib.h>

int trust_open(struct cli *cli, hz_trust **trust)
{
	struct strings files AUTO_STRINGS = STRINGS_INIT;
	const char *state = getenv("HOZEN_STATE_DIR");
	hz_error *err = NULL;
	int code = report_result(cli, hz_trust_new(trust, &err), &err);

	if (code == CLI_EXIT_DONE && cli_values(cli, "trust", &files) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	for (uint64_t i = 0; code == CLI_EXIT_DONE && i < files.n; i++)
		code = report_result(cli, hz_trust_add_file(*trust, files.v[i], &err), &err);
	if (code == CLI_EXIT_DONE && files.n == 0)
		code = report_result(cli, hz_trust_add_pins(*trust, state && *state ? state : NULL, &err), &err);
	return code;
}

const char *trust_word(uint32_t signer)
{
	return signer == HZ_SIGNER_TRUSTED ? "trusted" : signer == HZ_SIGNER_EXPIRED ? "expired" : "unknown";
}
