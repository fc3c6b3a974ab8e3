/* SPDX-License-Identifier: BSD-2-Clause */
/* See summary.h. */
#include "erase/summary.h"

/* What only people know, for the certificate. */
static void put_custody(struct cli *cli, hz_json *summary)
{
	static const char *const keys[] = { "property-no", "source", "data-backed-up", "destination", "witness" };
	static const char *const names[] = { "property_no", "source", "data_backed_up", "destination", "witness" };
	hz_json *custody = hz_json_object(summary, "custody");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		hz_json_str(custody, names[i], cli_value(cli, keys[i]));
}

static void put_decision(hz_json *summary, const struct fleet_drive *d)
{
	hz_json *o;

	if (!d->confidentiality) {
		hz_json_null(summary, "decision");
		return;
	}
	o = hz_json_object(summary, "decision");
	hz_json_str(o, "confidentiality", d->confidentiality);
	hz_json_bool(o, "reused", d->reused);
	hz_json_bool(o, "leaves_control", d->leaves_control);
	hz_json_str(o, "asks_for", d->asks_for);
}

static void put_record(hz_json *summary, const struct fleet_drive *d)
{
	hz_json *o;

	if (!*d->record.uuid) {
		hz_json_null(summary, "record");
		return;
	}
	o = hz_json_object(summary, "record");
	hz_json_str(o, "uuid", d->record.uuid);
	hz_json_str(o, "path", d->record.path);
	hz_json_bool(o, "written", d->record.written);
}

hz_json *summary_new(struct cli *cli, const struct fleet_drive *d)
{
	hz_json *summary = hz_json_new("sanitize_summary");

	hz_json_str(summary, "path", *d->path ? d->path : NULL);
	hz_json_str(summary, "confirm_id", *d->confirm_id ? d->confirm_id : NULL);
	hz_json_null(summary, "exit");
	put_custody(cli, summary);
	put_decision(summary, d);
	return summary;
}

void summary_without_work(hz_json *summary, const struct fleet_drive *d, const char *why)
{
	static const char *const touched[] = { "no", "partly", "all", "unknown" };

	hz_json_str(summary, "goal", d->goal ? d->goal : "none");
	hz_json_str(summary, "level", "none");
	hz_json_bool(summary, "certificate", 0);
	hz_json_str(summary, "why", why);
	hz_json_str(summary, "touched", touched[d->result.touched]);
	(void)hz_json_array(summary, "steps");
}

void summary_end(hz_json *summary, const struct fleet_drive *d)
{
	hz_json_str(summary, "path", *d->path ? d->path : *d->result.device.path ? d->result.device.path : NULL);
	hz_json_i64(summary, "exit", d->code);
	put_record(summary, d);
	if (d->record.written)
		return;
	hz_json_bool(summary, "certificate", 0);
	if (*d->result.why)
		hz_json_str(summary, "why", d->result.why);
}
