/* SPDX-License-Identifier: BSD-2-Clause */
/* bundle: the records of a period, with all that an outsider needs to check them. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/wholefile.h"
#include "verify/commands.h"
#include "verify/page.h"
#include "verify/trust.h"
#include "verify_script.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void write_script(FILE *f, const void *user)
{
	(void)user;
	(void)fwrite(verify_script, 1, sizeof(verify_script) - 1, f);
}

/* The script that checks the rest. */
static int put_script(struct cli *cli, const char *folder)
{
	char *path = NULL;
	int code;

	if (asprintf(&path, "%s/verify.sh", folder) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	code = wholefile_put(cli, path, write_script, NULL);
	if (code == CLI_EXIT_DONE && chmod(path, 0755) < 0)
		code = report_failure(cli, HZ_E_IO, _("%s: %s"), path, strerror(errno));
	free(path);
	return code;
}

static void print(struct cli *cli, const char *period, const char *out, uint64_t records, uint64_t views, int code)
{
	hz_json *line = hz_json_new("bundle");

	hz_json_str(line, "period", period);
	hz_json_path(line, "folder", out, strlen(out));
	hz_json_u64(line, "records", records);
	hz_json_u64(line, "views", views);
	hz_json_u64(line, "exit", (uint64_t)code);
	if (cli->json) {
		report_line(cli, line);
		return;
	}
	hz_json_free(line);
	if (cli->quiet)
		return;
	printf(_("%llu records of %s in "), (unsigned long long)records, period);
	report_path(out, strlen(out));
	printf(_("\n  'sh verify.sh ALLOWED_SIGNERS' there checks them, on any machine, with keys that came another "
		 "way\n"));
}

/* Records are copied, which is the kernel's work, while pages are drawn. */
struct copying {
	const char *folder, *state, *period, *out;
	uint64_t records;
	int rc;
	hz_error *err;
};

static void *copy(void *user)
{
	struct copying *c = user;

	c->rc = hz_evidence_copy(c->folder, c->state, c->period, c->out, &c->records, &c->err);
	return NULL;
}

static int make(struct cli *cli, struct copying *c, const char *lang)
{
	hz_trust *trust AUTO_TRUST = NULL;
	struct page_views views = { 0 };
	/* Whom to believe matters to the pages alone. */
	int code, trusted = trust_open(cli, &trust);
	pthread_t thread;
	uint64_t files = 0;
	bool beside;

	beside = pthread_create(&thread, NULL, copy, c) == 0;
	if (!beside)
		(void)copy(c);
	if (trusted == CLI_EXIT_DONE)
		page_draw_views(&views, c->folder, trust, c->period, lang);
	if (beside)
		(void)pthread_join(thread, NULL);
	code = report_arguments_result(cli, c->rc, &c->err);
	if (code == CLI_EXIT_DONE)
		code = put_script(cli, c->out);
	/* What is to be checked is whole now: pages that cannot be drawn here are an exception, told and noted there.
	 */
	if (code == CLI_EXIT_DONE)
		code = trusted == CLI_EXIT_DONE ? page_put_views(cli, &views, c->out, &files) : trusted;
	page_views_free(&views);
	if (code == CLI_EXIT_DONE || code == CLI_EXIT_EXCEPTIONS)
		print(cli, c->period, c->out, c->records, files, code);
	return code;
}

static int run(struct cli *cli)
{
	const char *state = getenv("HOZEN_STATE_DIR"), *lang = cli_value(cli, "lang");
	struct copying c = { .folder = cli->n_args ? cli->args[0] : evidence_folder(),
		.state = state && *state ? state : NULL,
		.period = cli_value(cli, "period"),
		.out = cli_value(cli, "out") };

	if (!c.period || !c.out || !*c.out)
		return report_usage(cli, _("bundle needs --period 2026-11 and --out DIR"));
	if (lang && strcmp(lang, "en") != 0 && strcmp(lang, "ja") != 0)
		return report_usage(cli, _("--lang is en or ja, not %s"), lang);
	return make(cli, &c, lang);
}

static const struct cli_option options[] = {
	{ "period", 0, "PERIOD", N_("a year or a month, UTC, such as 2026 or 2026-11; required") },
	{ "out", 0, "DIR", N_("the folder to make; nothing may stand there; required") },
	{ "lang", 0, "LANG", N_("the language of the pages: en or ja; default: both") },
	TRUST_OPTION,
	{ 0 },
};

const struct cli_command cmd_bundle = {
	.name = "bundle",
	.run = run,
	.arguments = "[FOLDER]",
	.max_args = 1,
	.summary = N_("make a folder of records for somebody who is to check them"),
	.about = N_(
		"Copies the records of a period from an evidence folder (default: this host's), the whole log with "
		"its\n"
		"checkpoint, the public key, and a script verify.sh that checks all of it with sh, coreutils, "
		"ssh-keygen\n"
		"and openssl only. Send the file 'allowed_signers' another way: what is in the bundle proves nothing "
		"about\n"
		"whose key it is. Its folder 'views' has the overview of the period as HTML and PDF, which says what "
		"records\n"
		"say and is itself no evidence; where no page can be drawn here, a README there says why, and the exit "
		"code is 3."),
	.examples = "  hozen-verify bundle --period 2026-11 --out /mnt/auditor/2026-11\n"
		    "  hozen-verify bundle --period 2026 --out /srv/papers/2026",
	.options = options,
};
