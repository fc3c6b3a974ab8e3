/* SPDX-License-Identifier: BSD-2-Clause */
/* See job.h. Each drive has a record of its own, begun before anything is opened: what is refused is on record too. */
#include "erase/job.h"
#include "erase/approval.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/prompt.h"
#include "common/report.h"
#include "common/signals.h"
#include "erase/plan_options.h"
#include "erase/summary.h"

#include <errno.h>
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
	const char **overrides = NULL;
	int rc = add_photos(cli, err);

	if (rc == 0 && overrides_for(cli, d->confirm_id, &overrides) < 0)
		rc = HZ_E_NOMEM;
	if (rc == 0 && !d->journal && plan_options_read(cli, &o.plan) != CLI_EXIT_DONE)
		rc = HZ_E_INVAL;
	if (rc < 0) {
		fleet_refuse(d, rc, *err ? hz_error_message(*err) : hz_error_name(rc), hz_error_hint(*err));
		return rc;
	}
	o.confirm_id = d->typed ? d->typed : "";
	o.overrides = overrides;
	o.report_dir = job_report_dir(cli);
	o.record_id = d->record.uuid;
	o.progress = fleet_progress;
	o.user = d;
	if (d->journal)
		return hz_sanitize_resume(
			d->journal, *d->path ? d->path : NULL, &o, cli->record, summary, &d->result, err);
	return hz_sanitize_run(d->path, &o, cli->record, summary, &d->result, err);
}

/* The child's record, and where it will be. */
static void begin_record(struct cli *cli, struct fleet_drive *d)
{
	hz_record_info info = HZ_RECORD_INFO_INIT;

	evidence_begin_as(cli, "sanitize", "8.10 7.14");
	if (!cli->record || hz_record_info_get(cli->record, &info, NULL) < 0)
		return;
	(void)snprintf(d->record.uuid, sizeof(d->record.uuid), "%s", info.uuid);
	(void)snprintf(d->record.path, sizeof(d->record.path), "%.4000s/records/%s.json", info.folder, info.name);
	fleet_tell_record(d);
	if (*d->confirm_id)
		hz_record_about(cli->record, "medium", d->confirm_id);
}

/* Erased and verified, but nothing that is signed says so: no certificate. */
static void without_record(struct fleet_drive *d)
{
	hz_sanitize_result *r = &d->result;
	char hint[256] = "";

	if (r->certificate) {
		(void)snprintf(r->why, sizeof(r->why),
			_("%s was reached and verified, but its record is not signed and in the log"),
			hz_level_name(r->level));
		(void)snprintf(hint, sizeof(hint),
			_("its journal (%s.journal) says what was done; once the evidence folder can be written, any "
			  "command of hozen signs the record that waits there"),
			d->record.uuid);
	}
	r->certificate = 0;
	if (!*d->failure)
		fleet_fail(d, r->why, hint);
}

static void say_failure(struct cli *cli, struct fleet_drive *d, int rc, const hz_error *err)
{
	const char *message = err ? hz_error_message(err) : hz_error_name(rc);

	if (rc < 0 && !d->refused)
		fleet_fail(d, message, err ? hz_error_hint(err) : NULL);
	if (rc < 0 && d->result.goes_on)
		(void)snprintf(d->hint, sizeof(d->hint), "%s",
			_("the drive itself goes on with it: leave it switched on; 'hozen-erase resume' waits for it"));
	if (!*d->failure)
		return;
	free(cli->failure);
	cli->failure = strdup(d->failure);
}

/* What the library says, or why it was not asked. */
static int carry_out(struct fleet *f, struct fleet_drive *d, hz_json *summary)
{
	hz_error *err = NULL;
	int rc;

	if (fleet_is_stopping())
		fleet_refuse(d, HZ_E_CANCELED, _("not begun: it was stopped before"), NULL);
	if (!f->cli->record)
		fleet_refuse(d, HZ_E_REFUSED, _("nothing was begun: there is no record of it"), NULL);
	rc = d->refused ? d->refused : erase(f, d, summary, &err);
	if (d->refused)
		summary_without_work(summary, d, d->failure);
	say_failure(f->cli, d, rc, err);
	hz_error_free(err);
	return code_of(rc, &d->result);
}

int job_work(struct fleet *f, struct fleet_drive *d)
{
	struct cli *cli = f->cli;
	hz_json *summary = summary_new(cli, d);

	/* The parent prints. */
	cli->quiet = true;
	cli->json = false;
	d->result = (hz_sanitize_result)HZ_SANITIZE_RESULT_INIT;
	begin_record(cli, d);
	approval_put(cli, summary);
	d->code = carry_out(f, d, summary);
	hz_json_i64(summary, "exit", d->code);
	hz_record_result(cli->record, summary);
	d->code = evidence_end(cli, d->code);
	d->record.written = cli->recorded;
	if (!d->record.written)
		without_record(d);
	summary_end(summary, d);
	(void)hz_json_text(summary, &d->summary);
	hz_json_free(summary);
	return d->code;
}

/* ---- before it ---- */

bool job_is_overridden(struct cli *cli, const char *confirm_id, uint32_t gate)
{
	struct strings all AUTO_STRINGS = STRINGS_INIT;
	const char *name = hz_gate_name(gate);
	size_t len = strlen(name);

	if (cli_values(cli, "override", &all) < 0)
		return false;
	for (uint64_t i = 0; i < all.n; i++)
		if (strncmp(all.v[i], name, len) == 0 && all.v[i][len] == '=' &&
			strcmp(all.v[i] + len + 1, confirm_id) == 0)
			return true;
	return false;
}

static bool is_gate(const char *text, size_t len)
{
	for (uint32_t gate = HZ_GATE_MOUNTED; gate <= HZ_GATE_PERMISSION; gate++)
		if (strlen(hz_gate_name(gate)) == len && memcmp(hz_gate_name(gate), text, len) == 0)
			return true;
	return false;
}

static bool is_of_one(const struct fleet *f, const char *confirm_id)
{
	for (uint64_t i = 0; i < f->n; i++)
		if (*f->drive[i].confirm_id && strcmp(f->drive[i].confirm_id, confirm_id) == 0)
			return true;
	return false;
}

int job_check_overrides(struct fleet *f)
{
	struct strings all AUTO_STRINGS = STRINGS_INIT;

	if (cli_values(f->cli, "override", &all) < 0)
		return report_failure(f->cli, HZ_E_NOMEM, _("out of memory"));
	for (uint64_t i = 0; i < all.n; i++) {
		const char *equals = strchr(all.v[i], '=');

		if (!equals)
			return report_usage(f->cli, _("--override: '%s' is not GATE=ID"), all.v[i]);
		if (!is_gate(all.v[i], (size_t)(equals - all.v[i])))
			return report_usage(
				f->cli, _("--override: there is no gate '%.*s'"), (int)(equals - all.v[i]), all.v[i]);
		if (!is_of_one(f, equals + 1))
			return report_usage(f->cli, _("--override: '%s' is none of these devices"), equals + 1);
	}
	return CLI_EXIT_DONE;
}

int job_check_confirmations(struct fleet *f)
{
	struct strings given AUTO_STRINGS = STRINGS_INIT;
	uint64_t others = 0;
	char why[300];

	if (cli_values(f->cli, "confirm", &given) < 0)
		return report_failure(f->cli, HZ_E_NOMEM, _("out of memory"));
	/* It may be of one that cannot be looked at, which is not begun either. */
	for (uint64_t i = 0; i < f->n; i++)
		others += !f->drive[i].looked;
	for (uint64_t i = 0; i < given.n; i++) {
		if (is_of_one(f, given.v[i]) || (others > 0 && others--))
			continue;
		(void)snprintf(why, sizeof(why), _("refused: --confirm '%.200s' is none of these devices"), given.v[i]);
		for (uint64_t k = 0; k < f->n; k++)
			fleet_refuse(&f->drive[k], HZ_E_REFUSED, why,
				_("nothing was touched; 'hozen-erase list' shows what confirms each"));
	}
	return CLI_EXIT_DONE;
}

int job_confirm(struct cli *cli, struct fleet_drive *d, const hz_device_info *info)
{
	struct strings given AUTO_STRINGS = STRINGS_INIT;
	char text[700];
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
	n = prompt_line(text, d->answer, sizeof(d->answer) - 1);
	if (n < 0 && errno == EINTR && signals_seen())
		fleet_refuse(d, HZ_E_CANCELED, _("not begun: it was stopped at the question for its identity"), NULL);
	/* Nobody to ask, or no name of a device: the library refuses, and that goes on record. */
	if (n < 0 || (size_t)n >= sizeof(d->answer))
		return CLI_EXIT_DONE;
	d->answer[n] = '\0';
	d->typed = d->answer;
	return CLI_EXIT_DONE;
}
