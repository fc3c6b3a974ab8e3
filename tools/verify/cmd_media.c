/* SPDX-License-Identifier: BSD-2-Clause */
/* media: does an erased medium hold what its record says. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/signals.h"
#include "common/text.h"
#include "verify/commands.h"
#include "verify/trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *kind_word(uint32_t kind)
{
	return kind == HZ_MEDIA_IDENTITY ? "identity" : kind == HZ_MEDIA_CONTENT ? "content" : "unreadable";
}

static void put_sectors(hz_json *line, const hz_media_finding *f)
{
	if (f->count > 0) {
		hz_json_u64(line, "lba", f->lba);
		hz_json_u64(line, "count", f->count);
	} else {
		hz_json_null(line, "lba");
		hz_json_null(line, "count");
	}
}

static void found(void *user, const hz_media_finding *f)
{
	struct cli *cli = user;
	hz_event e = { .size = sizeof(e), .kind = HZ_EVENT_DAMAGE, .message = f->message };
	hz_json *line;

	hz_record_event(cli->record, &e);
	if (cli->json) {
		line = hz_json_new("media_finding");
		hz_json_str(line, "kind", kind_word(f->kind));
		put_sectors(line, f);
		hz_json_str(line, "message", f->message);
		report_line(cli, line);
		return;
	}
	term_clear(&cli->term);
	if (f->count > 0)
		printf(_("sectors %" PRIu64 " to %" PRIu64 ": "), f->lba, f->lba + f->count - 1);
	text_put(stdout, f->message, strlen(f->message), 1);
	(void)putchar('\n');
}

static int progress(void *user, uint64_t done, uint64_t total)
{
	hz_progress p = { .size = sizeof(p), .phase = HZ_PHASE_VERIFY, .bytes_done = done, .bytes_total = total };

	return signals_seen() || report_progress(user, &p) != 0;
}

static void summarize(struct cli *cli, const char *device, const hz_media_result *r, int code)
{
	hz_json *line = hz_json_new("media_summary");

	hz_json_path(line, "device", device, strlen(device));
	hz_json_str(line, "serial", *r->serial ? r->serial : NULL);
	hz_json_str(line, "record", r->record);
	hz_json_str(line, "signer", trust_word(r->signer));
	hz_json_str(line, "method", *r->method ? r->method : NULL);
	hz_json_str(line, "level", *r->level ? r->level : NULL);
	hz_json_bool(line, "certified", r->certified != 0);
	hz_json_bool(line, "same_medium", r->same_medium != 0);
	hz_json_bool(line, "named", r->named != 0);
	hz_json_bool(line, "comparable", r->comparable != 0);
	hz_json_bool(line, "full", r->full != 0);
	hz_json_str(line, "seed", *r->seed ? r->seed : NULL);
	hz_json_u64(line, "sectors", r->sectors);
	hz_json_u64(line, "replayed", r->replayed);
	hz_json_u64(line, "drawn", r->drawn);
	hz_json_u64(line, "mismatched", r->mismatched);
	hz_json_u64(line, "unreadable", r->unreadable);
	hz_json_u64(line, "excepted", r->excepted);
	hz_json_u64(line, "findings", r->findings);
	hz_json_u64(line, "exit", (uint64_t)code);
	evidence_summary(cli, line);
}

static void print_text(const hz_media_result *r)
{
	printf(_("record     %s: %s, level %s\n"), r->record, r->method, r->level);
	if (r->full)
		printf(_("compared   all %" PRIu64 " sectors\n"), r->drawn);
	else
		printf(_("compared   %" PRIu64 " sectors at the places of the record, %" PRIu64
			 " at new ones, of %" PRIu64 "\n"),
			r->replayed, r->drawn, r->sectors);
	printf(_("differing  %" PRIu64 " sectors, %" PRIu64 " cannot be read, %" PRIu64 " named by the record\n"),
		r->mismatched, r->unreadable, r->excepted);
	if (r->findings == 0 && r->certified)
		printf(_("It holds what the record says.\n"));
}

/* What the record of this command does not say, beside what its numbers do. */
static void qualify(struct cli *cli, const hz_media_result *r)
{
	if (r->same_medium && !r->full)
		hz_record_says(cli->record, HZ_SAYS_NOT_CHECKED, "sectors beyond the samples");
	if (!r->named)
		hz_record_says(
			cli->record, HZ_SAYS_NOT_CHECKED, "identity: the medium has no serial number and no WWN");
	hz_record_says(cli->record, HZ_SAYS_NOT_CHECKED, "what no address reaches: reallocated sectors, hidden areas");
}

static int verdict(struct cli *cli, const hz_media_result *r)
{
	int code = r->findings > 0 ? CLI_EXIT_DAMAGE : CLI_EXIT_DONE;

	if (r->same_medium && !r->certified) {
		report_warning(cli,
			_("the record is no certificate: what it tells of is a failure, and data may be left on the "
			  "medium"));
		code = cli_exit_worse(code, CLI_EXIT_EXCEPTIONS);
	}

	if (r->same_medium && !r->comparable) {
		report_warning(cli, _("the record says nothing of what the medium should hold: nothing was compared"));
		code = cli_exit_worse(code, CLI_EXIT_EXCEPTIONS);
	}
	if (!r->same_medium)
		report_warning(cli, _("this is not the medium of the record: nothing was read"));
	if (r->signer != HZ_SIGNER_TRUSTED) {
		report_warning(cli, _("the signer of a record is not among the keys that are believed"));
		code = CLI_EXIT_DAMAGE;
	}
	return code;
}

static int run(struct cli *cli)
{
	hz_media_options o = HZ_MEDIA_OPTIONS_INIT;
	hz_media_result r = HZ_MEDIA_RESULT_INIT;
	hz_trust *trust AUTO_TRUST = NULL;
	hz_error *err = NULL;
	int code = trust_open(cli, &trust);

	if (code != CLI_EXIT_DONE)
		return code;
	if (!cli_value(cli, "report"))
		return report_usage(cli, _("--report FILE says what the medium should hold"));
	o.flags = cli_is_given(cli, "full") ? HZ_MEDIA_FULL : 0;
	o.progress = progress;
	code = report_arguments_result(
		cli, hz_media_check(cli->args[0], cli_value(cli, "report"), trust, &o, found, cli, &r, &err), &err);
	term_clear(&cli->term);
	if (code != CLI_EXIT_DONE)
		return code;
	hz_record_about(cli->record, "serial", r.serial);
	hz_record_about(cli->record, "record", r.record);
	qualify(cli, &r);
	code = verdict(cli, &r);
	if (!cli->json && !cli->quiet && r.same_medium && r.comparable)
		print_text(&r);
	summarize(cli, cli->args[0], &r, code);
	return code;
}

static const struct cli_option options[] = {
	{ "report", 0, "FILE", N_("the record of the erasure, with its signature beside it (FILE.sig)") },
	TRUST_OPTION,
	{ "full", 0, NULL, N_("read every sector; default: the places of the record, and as many new ones") },
	{ 0 },
};

const struct cli_command cmd_media = {
	.name = "media",
	.run = run,
	.arguments = "DEVICE",
	.min_args = 1,
	.max_args = 1,
	.summary = N_("check an erased medium against the record of its erasure"),
	.about = N_(
		"Verifies the record, compares serial number, WWN and size with the device, reads the places that the "
		"record's\n"
		"seed names and as many new ones, and holds them against what the record says was written. Places and "
		"bytes\n"
		"are computed by other code than that which erased. Only reads; needs the right to read the device.\n"
		"Exit 3: the record is no certificate, or the erasure leaves no known content and nothing was "
		"compared. Exit 4:\n"
		"another medium, sectors that differ or cannot be read, a record that was changed or whose signer is "
		"not believed."),
	.examples = "  hozen-verify media /dev/sdb --report certificate.json --trust auditor/allowed_signers\n"
		    "  hozen-verify media /dev/sdb --report certificate.json --full",
	.options = options,
	.record = "media",
	.controls = "7.14 8.10",
};
