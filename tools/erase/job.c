/* SPDX-License-Identifier: BSD-2-Clause */
/* See job.h. Each drive has a record of its own, begun before anything is opened: what is refused is on record too. */
#include "erase/job.h"
#include "erase/approval.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/prompt.h"
#include "common/report.h"
#include "erase/plan_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of --override GATE=ID those for this medium. The names are kept until the process ends. */
static int overrides_for(struct cli *cli, const char *confirm_id, const char ***out)
{
	struct strings all AUTO_STRINGS = STRINGS_INIT;
	uint64_t n = 0;

	if (cli_values(cli, "override", &all) < 0)
		return HZ_E_NOMEM;
	*out = calloc(all.n + 1, sizeof(**out));
	if (!*out)
		return HZ_E_NOMEM;
	for (uint64_t i = 0; i < all.n; i++) {
		const char *equals = strchr(all.v[i], '=');

		if (equals && strcmp(equals + 1, confirm_id) == 0)
			(*out)[n++] = strndup(all.v[i], (size_t)(equals - all.v[i]));
	}
	return 0;
}

const char *job_report_dir(const struct cli *cli)
{
	static char path[4096];
	const char *given = cli_value(cli, "report-dir"), *state = getenv("HOZEN_STATE_DIR");

	if (given || !state || !*state)
		return given;
	(void)snprintf(path, sizeof(path), "%s/erase", state);
	return path;
}

int job_journals(struct cli *cli, hz_journal_fn fn, void *user, uint64_t *bad)
{
	bool named = cli->n_args > 0 || cli_is_given(cli, "report-dir");
	hz_error *err = NULL;
	int rc = hz_journals_list(cli->n_args ? cli->args[0] : job_report_dir(cli), fn, user, bad, &err);

	if (rc == HZ_E_NOTFOUND && !named) {
		hz_error_free(err);
		return CLI_EXIT_DONE;
	}
	return report_stream_result(cli, rc, &err);
}

/* What only people know, for the certificate. */
static void put_custody(struct cli *cli, hz_json *summary)
{
	static const char *const keys[] = { "property-no", "source", "data-backed-up", "destination", "witness" };
	static const char *const names[] = { "property_no", "source", "data_backed_up", "destination", "witness" };
	hz_json *custody = hz_json_object(summary, "custody");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		hz_json_str(custody, names[i], cli_value(cli, keys[i]));
}

/* A photograph that cannot be read must be known before the medium is gone. */
static int add_photos(struct cli *cli, hz_error **err)
{
	struct strings photos AUTO_STRINGS = STRINGS_INIT;
	int rc = cli_values(cli, "photo", &photos);

	for (uint64_t i = 0; i < photos.n && rc == 0; i++)
		rc = hz_record_subject_file(cli->record, photos.v[i], err);
	return rc;
}

/* The worst that a result can mean (docs/man, "Exit codes"): 0 only with a certificate. */
static int code_of(int rc, const hz_sanitize_result *r)
{
	if (rc < 0)
		return r->touched == HZ_TOUCHED_NO || rc == HZ_E_CANCELED ? cli_exit_of_error(rc) : CLI_EXIT_FAILED;
	if (r->certificate)
		return CLI_EXIT_DONE;
	return r->mismatch ? CLI_EXIT_DAMAGE : CLI_EXIT_FAILED;
}

static int erase(struct fleet *f, struct fleet_drive *d, hz_json *summary, hz_error **err)
{
	struct cli *cli = f->cli;
	hz_sanitize_options o = HZ_SANITIZE_OPTIONS_INIT;
	hz_record_info info = HZ_RECORD_INFO_INIT;
	const char **overrides = NULL;
	int rc = hz_record_info_get(cli->record, &info, err);

	if (rc == 0)
		rc = add_photos(cli, err);
	if (rc == 0 && overrides_for(cli, d->confirm_id, &overrides) < 0)
		rc = HZ_E_NOMEM;
	if (rc < 0)
		return rc;
	if (!d->journal && plan_options_read(cli, &o.plan) != CLI_EXIT_DONE)
		return HZ_E_INVAL;
	o.confirm_id = d->typed ? d->typed : "";
	o.overrides = overrides;
	o.report_dir = job_report_dir(cli);
	o.record_id = info.uuid;
	o.progress = fleet_progress;
	o.user = d;
	if (d->journal)
		return hz_sanitize_resume(
			d->journal, *d->path ? d->path : NULL, &o, cli->record, summary, &d->result, err);
	return hz_sanitize_run(d->path, &o, cli->record, summary, &d->result, err);
}

int job_work(struct fleet *f, struct fleet_drive *d)
{
	struct cli *cli = f->cli;
	hz_json *summary = hz_json_new("sanitize_summary");
	hz_error *err = NULL;
	int rc, code;

	/* The parent prints. */
	cli->quiet = true;
	cli->json = false;
	d->result = (hz_sanitize_result)HZ_SANITIZE_RESULT_INIT;
	put_custody(cli, summary);
	evidence_begin_as(cli, "sanitize", "8.10 7.14");
	if (!cli->record) {
		(void)snprintf(
			d->failure, sizeof(d->failure), _("%s: nothing was begun: there is no record of it"), d->path);
		hz_json_free(summary);
		return CLI_EXIT_REFUSED;
	}
	approval_put(cli, summary);
	rc = erase(f, d, summary, &err);
	code = code_of(rc, &d->result);
	if (rc < 0) {
		(void)snprintf(d->failure, sizeof(d->failure), "%s: %s", d->path,
			err ? hz_error_message(err) : _("out of memory"));
		(void)snprintf(d->hint, sizeof(d->hint), "%s", err && hz_error_hint(err) ? hz_error_hint(err) : "");
		free(cli->failure);
		cli->failure = strdup(d->failure);
	}
	hz_record_result(cli->record, summary);
	(void)hz_json_text(summary, &d->summary);
	hz_json_free(summary);
	hz_error_free(err);
	return evidence_end(cli, code);
}

int job_confirm(struct cli *cli, struct fleet_drive *d, const hz_device_info *info)
{
	static char line[256];
	struct strings given AUTO_STRINGS = STRINGS_INIT;
	char text[600];
	ssize_t n;

	if (cli_values(cli, "confirm", &given) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	for (uint64_t i = 0; i < given.n; i++)
		if (strcmp(given.v[i], d->confirm_id) == 0)
			d->typed = d->confirm_id;
	if (d->typed || given.n > 0)
		return CLI_EXIT_DONE;
	(void)snprintf(text, sizeof(text),
		_("%s  %s  %s\nEVERYTHING ON IT WILL BE LOST. To go on type its identity (%s): "), info->path,
		info->model, d->confirm_id, d->confirm_id);
	n = prompt_line(text, line, sizeof(line) - 1);
	if (n < 0 || (size_t)n >= sizeof(line))
		return CLI_EXIT_DONE; /* nobody to ask: the library refuses, and that goes on record */
	line[n] = '\0';
	if (strcmp(line, d->confirm_id) == 0)
		d->typed = d->confirm_id;
	return CLI_EXIT_DONE;
}
