/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fleet looks like: a line for each drive that is drawn over, and a line of result for each that is over. */
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "erase/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SILENT_NS     30000000000u /* after so long without a word a line says so */
#define JSON_EVERY_NS 1000000000u
#define DRAW_EVERY_NS 200000000u

static size_t width(void)
{
	struct winsize ws;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 1 ? ws.ws_col : 80;
}

/* What is done, for people. */
static const char *doing_text(const char *doing)
{
	static const struct {
		const char *word, *text;
	} words[] = { { "write", N_("writing") }, { "verify", N_("verifying") }, { "sample", N_("sampling") },
		{ "firmware", N_("in the drive") }, { "retry", N_("bad areas") } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, doing) == 0)
			return _(words[i].text);
	return _("working");
}

static void draw_amount(char *line, size_t cap, const struct fleet_drive *d)
{
	char rate[TEXT_SHORT], left[TEXT_SHORT];
	uint64_t eta = d->p.total > d->p.done && d->rate >= 1
		? (uint64_t)((double)(d->p.total - d->p.done) / d->rate) + 1
		: UINT64_MAX;
	bool bytes = strcmp(d->doing, "firmware") != 0;
	size_t len = strlen(line);
	int n = 0;

	if (d->p.total > 0)
		n = snprintf(line + len, cap - len, "  %5.1f %%", (double)d->p.done * 100.0 / (double)d->p.total);
	if (n > 0 && bytes && d->rate >= 1)
		n += snprintf(line + len + (size_t)n, cap - len - (size_t)n, _("  %s/s"),
			text_bytes(rate, (uint64_t)d->rate));
	if (n > 0 && eta != UINT64_MAX)
		(void)snprintf(line + len + (size_t)n, cap - len - (size_t)n, _("  ETA %s"), text_seconds(left, eta));
}

static void draw_line(const struct fleet_drive *d)
{
	uint64_t now = fleet_now_ns();
	char line[400];
	size_t len;

	(void)snprintf(line, sizeof(line), "%-14.40s %s%s%u/%u %s", d->path, d->goal ? d->goal : "", d->goal ? " " : "",
		d->p.step, d->p.steps, d->has_progress ? doing_text(d->doing) : _("opening"));
	draw_amount(line, sizeof(line), d);
	len = strlen(line);
	if (d->p.temperature_c != INT32_MIN && d->has_progress)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "  %" PRId32 " °C", d->p.temperature_c);
	if (d->p.bad_sectors > 0)
		len += (size_t)snprintf(line + len, sizeof(line) - len, _("  %" PRIu64 " bad"), d->p.bad_sectors);
	if (now - d->heard_ns > SILENT_NS)
		(void)snprintf(line + len, sizeof(line) - len, _("  no answer for %" PRIu64 " s"),
			(now - d->heard_ns) / 1000000000u);
	line[text_fit(line, width() - 1)] = '\0';
	(void)fprintf(stderr, "\033[K%s\n", line);
}

void fleet_clear(struct fleet *f)
{
	if (f->lines > 0)
		(void)fprintf(stderr, "\033[%" PRIu64 "A\033[J", f->lines);
	f->lines = 0;
}

void fleet_draw(struct fleet *f)
{
	static uint64_t last;
	uint64_t now = fleet_now_ns();

	if (!f->cli->term.progress || now - last < DRAW_EVERY_NS)
		return;
	last = now;
	fleet_clear(f);
	for (uint64_t i = 0; i < f->n; i++) {
		if (f->drive[i].pid > 0 && !f->drive[i].refused) {
			draw_line(&f->drive[i]);
			f->lines++;
		}
	}
	(void)fflush(stderr);
}

void fleet_json_progress(struct fleet *f, struct fleet_drive *d)
{
	hz_json *j;

	if (!f->cli->json || d->heard_ns - d->printed_ns < JSON_EVERY_NS)
		return;
	d->printed_ns = d->heard_ns;
	j = hz_json_new("sanitize_progress");
	hz_json_str(j, "path", d->path);
	hz_json_str(j, "confirm_id", d->confirm_id);
	hz_json_str(j, "goal", d->goal);
	hz_json_str(j, "method", d->method);
	hz_json_str(j, "doing", d->doing);
	hz_json_u64(j, "step", d->p.step);
	hz_json_u64(j, "steps", d->p.steps);
	hz_json_u64(j, "done", d->p.done);
	hz_json_u64(j, "total", d->p.total);
	hz_json_u64(j, "bad_sectors", d->p.bad_sectors);
	if (d->p.temperature_c == INT32_MIN)
		hz_json_null(j, "temperature_c");
	else
		hz_json_i64(j, "temperature_c", d->p.temperature_c);
	hz_json_bool(j, "stoppable", d->p.stoppable != 0);
	report_line(f->cli, j);
}

static const char *touched_text(uint32_t touched)
{
	static const char *const texts[] = { N_("nothing was touched"), N_("part of it was written over"),
		N_("all of it was written over or erased"), N_("how much of it was touched is not known") };

	return touched < sizeof(texts) / sizeof(texts[0]) ? _(texts[touched]) : "?";
}

static const char *name_of(const struct fleet_drive *d)
{
	return *d->path ? d->path : *d->result.device.path ? d->result.device.path : d->journal ? d->journal : "?";
}

void fleet_print_stopping(struct fleet *f, const struct fleet_drive *d)
{
	if (d->has_progress && !d->p.stoppable)
		report_warning(f->cli,
			_("%s: stopping; %s goes on in the drive itself: leave it switched on, 'hozen-erase resume' "
			  "waits for it"),
			name_of(d), d->method);
	else
		report_warning(f->cli, _("%s: stopping"), name_of(d));
}

/* Of a line that begins with the path. */
static const char *without_path(const char *text, const char *path)
{
	size_t len = strlen(path);

	return strncmp(text, path, len) == 0 && strncmp(text + len, ": ", 2) == 0 ? text + len + 2 : text;
}

static void print_result(const struct fleet_drive *d)
{
	const hz_sanitize_result *r = &d->result;
	const char *path = name_of(d);

	if (r->certificate)
		printf(_("%s  %s: %s, verified. %s\n"), path, d->confirm_id, hz_level_name(r->level), r->why);
	else
		printf(_("%s  %s: NO CERTIFICATE. %s; %s\n"), path, d->confirm_id, touched_text(r->touched),
			without_path(*r->why ? r->why : d->failure, path));
	if (d->record.written)
		printf(_("  record: %s\n"), d->record.path);
	(void)fflush(stdout);
}

void fleet_print_result(struct fleet *f, const struct fleet_drive *d)
{
	struct cli *cli = f->cli;

	if (cli->json) {
		if (d->summary)
			(void)printf("%s\n", d->summary);
		(void)fflush(stdout);
	} else if (d->code != CLI_EXIT_DONE || !cli->quiet) {
		print_result(d);
	}
	if (*d->failure) {
		hz_event e = { .size = sizeof(e), .kind = HZ_EVENT_TARGET, .message = d->failure };

		report_event(cli, &e);
		if (*d->hint && !cli->json)
			(void)fprintf(stderr, "  %s\n", d->hint);
	}
}
