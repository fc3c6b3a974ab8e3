/* SPDX-License-Identifier: BSD-2-Clause */
/* See log_proof.h. */
#include "verify/log_proof.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/wholefile.h"
#include "verify/log_show.h"
#include "verify/trust.h"

#include <stdio.h>
#include <string.h>

/* A UUID, or a file that is named so: ".../<uuid>.json". */
static void uuid_of(char out[HZ_UUID_TEXT], const char *record)
{
	const char *name = strrchr(record, '/');

	(void)snprintf(out, HZ_UUID_TEXT, "%s", name ? name + 1 : record);
}

static void write_text(FILE *f, const void *text)
{
	(void)fputs(text, f);
}

int log_prove(struct cli *cli, const char *folder)
{
	const char *output = cli_value(cli, "output");
	char uuid[HZ_UUID_TEXT], *text = NULL;
	hz_error *err = NULL;
	int code;

	uuid_of(uuid, cli_value(cli, "prove"));
	code = report_result(cli, hz_log_prove(folder, log_state_dir(), uuid, &text, &err), &err);
	if (code == CLI_EXIT_DONE && output)
		code = wholefile_put(cli, output, write_text, text);
	if (code == CLI_EXIT_DONE && cli->json) {
		hz_json *line = hz_json_new("log_proof");

		hz_json_str(line, "id", uuid);
		hz_json_str(line, "proof", text);
		report_line(cli, line);
	} else if (code == CLI_EXIT_DONE && !output) {
		(void)fputs(text, stdout);
	}
	hz_free(text);
	return code;
}

static void print_json(struct cli *cli, const hz_proof *p, int code)
{
	hz_json *line = hz_json_new("log_proof_check");

	hz_json_str(line, "id", p->uuid);
	hz_json_str(line, "signer", trust_word(p->signer));
	hz_json_str(line, "fingerprint", p->fingerprint);
	hz_json_str(line, "log_signer", trust_word(p->log_signer));
	hz_json_str(line, "origin", p->origin);
	hz_json_u64(line, "index", p->index);
	hz_json_u64(line, "entries", p->entries);
	hz_json_str(line, "root", p->root);
	hz_json_u64(line, "exit", (uint64_t)code);
	report_line(cli, line);
}

int log_check_proof(struct cli *cli, const hz_trust *trust)
{
	hz_proof p = HZ_PROOF_INIT;
	hz_error *err = NULL;
	int code = report_result(
		cli, hz_proof_check(cli_value(cli, "check-proof"), cli->args[0], trust, &p, &err), &err);

	if (code != CLI_EXIT_DONE)
		return code;
	if (p.signer != HZ_SIGNER_TRUSTED || p.log_signer != HZ_SIGNER_TRUSTED)
		code = CLI_EXIT_DAMAGE;
	if (cli->json)
		print_json(cli, &p, code);
	else if (!cli->quiet)
		printf(_("record %s is entry %llu of the log %s, whose head is %llu %s\n"), p.uuid,
			(unsigned long long)p.index, p.origin, (unsigned long long)p.entries, p.root);
	if (code != CLI_EXIT_DONE)
		report_warning(cli,
			_("that is what the proof says, and nothing is proved: the key of the %s is not believed"),
			p.log_signer != HZ_SIGNER_TRUSTED ? _("log") : _("record"));
	return code;
}
