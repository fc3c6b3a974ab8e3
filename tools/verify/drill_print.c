/* SPDX-License-Identifier: BSD-2-Clause */
/* What a drill says: for its record, for programs, for people; and whether it was in time. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "verify/drill.h"
#include "verify/turn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATHS_MAX 64u

void drill_says(struct drill *d, uint32_t which, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), _(fmt), ap);
	va_end(ap);
	(void)strings_add(&d->told[which == HZ_SAYS_ASSUMPTION], text);
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	hz_record_says(d->cli->record, which, text);
	(void)strings_add(which == HZ_SAYS_NOT_CHECKED ? &d->not_checked : &d->assumptions, text);
}

void drill_event(struct drill *d, uint32_t kind, const hz_entry_info *e, const char *fmt, ...)
{
	char text[512];
	hz_event event = {
		.size = sizeof(event), .kind = kind, .path = e->path, .path_len = e->path_len, .message = text
	};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report_event(d->cli, &event);
}

void drill_file_line(struct drill *d, const hz_entry_info *e, const char *state)
{
	hz_json *line;

	if (!d->cli->json)
		return;
	line = hz_json_new("drill_file");
	hz_json_path(line, "path", e->path, e->path_len);
	hz_json_u64(line, "size", e->content_bytes);
	hz_json_str(line, "state", state);
	report_line(d->cli, line);
}

/* ---- times ---- */

/* Of bytes and of files: whichever takes longer. */
static double estimate(const struct drill *d)
{
	double files = d->n_chosen ? (double)d->all_files / (double)d->n_chosen : 0;
	double bytes = d->chosen_bytes ? (double)d->all_bytes / (double)d->chosen_bytes : 0;

	return d->seconds * (files > bytes ? files : bytes);
}

static int64_t age_of(const struct drill *d)
{
	return d->began_sec - d->time_sec;
}

static const char *verdict(int64_t limit, double value)
{
	return limit < 0 ? NULL : value <= (double)limit ? "met" : "missed";
}

/* Where nothing was restored there is no time. */
static bool has_times(const struct drill *d)
{
	return d->n_chosen > 0 && (d->res.files > 0 || d->res.failed_damage == 0);
}

/* An objective is about all that is to be restored: with less than that none is met. */
static bool has_verdict(const struct drill *d)
{
	return has_times(d) && d->res.failed_damage == 0;
}

static const char *rto_verdict(const struct drill *d)
{
	return has_verdict(d) ? verdict(d->rto, estimate(d)) : NULL;
}

static const char *rpo_verdict(const struct drill *d)
{
	return has_verdict(d) ? verdict(d->rpo, (double)age_of(d)) : NULL;
}

static bool is_missed(const char *verdict)
{
	return verdict && strcmp(verdict, "missed") == 0;
}

/* ---- for programs ---- */

static void json_texts(hz_json *line, const char *key, const struct strings *texts)
{
	hz_json *list = hz_json_array(line, key);

	for (uint64_t i = 0; i < texts->n; i++)
		hz_json_add_str(list, texts->v[i]);
}

static void json_limit(hz_json *line, const char *key, int64_t limit, const char *verdict)
{
	hz_json *o;

	if (limit < 0) {
		hz_json_null(line, key);
		return;
	}
	o = hz_json_object(line, key);
	hz_json_i64(o, "seconds", limit);
	hz_json_str(o, "verdict", verdict);
}

static void json_counts(hz_json *line, const struct drill *d)
{
	hz_json_u64(line, "snapshot_files", d->all_files);
	hz_json_u64(line, "snapshot_bytes", d->all_bytes);
	hz_json_u64(line, "chosen_files", d->n_chosen);
	hz_json_u64(line, "chosen_bytes", d->chosen_bytes);
	hz_json_u64(line, "files", d->res.files);
	hz_json_u64(line, "dirs", d->res.dirs);
	hz_json_u64(line, "others", d->res.others);
	hz_json_u64(line, "bytes", d->res.bytes);
	hz_json_u64(line, "read_back", d->res.verified);
	hz_json_u64(line, "read_back_differ", d->res.verify_mismatch);
	hz_json_u64(line, "failed_damage", d->res.failed_damage);
	hz_json_u64(line, "failed_target", d->res.failed_target);
	hz_json_u64(line, "metadata_short", d->res.meta_short);
	hz_json_u64(line, "mended", d->res.mended);
	hz_json_u64(line, "compared", d->compared);
	hz_json_u64(line, "files_compared", d->files_compared);
	hz_json_u64(line, "same", d->same);
	hz_json_u64(line, "source_changed", d->source_changed);
	hz_json_u64(line, "source_gone", d->source_gone);
	hz_json_u64(line, "source_unreadable", d->not_compared);
	hz_json_u64(line, "damaged", d->damaged + d->res.failed_damage + d->res.verify_mismatch);
}

/* Of paths that were given relative to a folder only their ends are in the snapshot. */
static void json_missing(hz_json *line, const struct drill *d)
{
	hz_json *list = hz_json_array(line, "paths_missing");

	for (uint64_t i = 0; i < d->paths.n && i < PATHS_MAX; i++)
		if (d->is_absolute && !d->found[i])
			hz_json_add_path(list, d->paths.v[i], strlen(d->paths.v[i]));
}

static void summary(const struct drill *d, const char *sentence, int code)
{
	hz_json *line = hz_json_new("drill_summary"), *o;

	hz_json_str(line, "level", d->whole ? "L4" : "L3");
	hz_json_str(line, "snapshot_id", d->id);
	hz_json_str(line, "host", d->host);
	hz_json_time(line, "snapshot_time", d->time_sec, d->time_nsec);
	/* A list of thousands is in the snapshot, and in no record. */
	if (d->paths.n > PATHS_MAX)
		hz_json_null(line, "paths");
	else
		json_texts(line, "paths", &d->paths);
	json_missing(line, d);
	hz_json_str(line, "system", *d->system ? d->system : NULL);
	json_counts(line, d);
	hz_json_real(line, "seconds", d->seconds);
	if (has_times(d))
		hz_json_real(line, "estimated_seconds", estimate(d));
	else
		hz_json_null(line, "estimated_seconds");
	hz_json_i64(line, "age_seconds", age_of(d));
	json_limit(line, "rto", d->rto, rto_verdict(d));
	json_limit(line, "rpo", d->rpo, rpo_verdict(d));
	if (d->whole)
		hz_json_null(line, "seed");
	else
		hz_json_u64(line, "seed", d->seed);
	turn_json(line, "turn_files", d->n_turn, d->turn_from);
	hz_json_str(line, "confidence", sentence);
	if (d->command_ran) {
		o = hz_json_object(line, "test_command");
		hz_json_i64(o, "exit", d->command_exit);
		hz_json_bool(o, "isolated", d->command_isolated);
	} else {
		hz_json_null(line, "test_command");
	}
	json_texts(line, "not_checked", &d->not_checked);
	json_texts(line, "assumptions", &d->assumptions);
	hz_json_u64(line, "exit", (uint64_t)code);
	evidence_summary(d->cli, line);
}

/* ---- for people ---- */

static void print_limit(int64_t limit, const char *verdict)
{
	if (verdict)
		printf(_(", allowed are %lld s: %s"), (long long)limit, is_missed(verdict) ? _("missed") : _("met"));
	(void)putchar('\n');
}

static void print_times(const struct drill *d)
{
	if (!has_times(d))
		return;
	if (d->whole)
		printf(_("RTO          restoring all took %.1f s"), estimate(d));
	else
		printf(_("RTO          restoring all would take %.1f s, by estimate"), estimate(d));
	print_limit(d->rto, rto_verdict(d));
	printf(_("RPO          the snapshot is %lld s old"), (long long)age_of(d));
	print_limit(d->rpo, rpo_verdict(d));
}

static void print_text(const struct drill *d, const char *sentence)
{
	char time[TEXT_SHORT], size[TEXT_SHORT];

	printf(_("snapshot     %.8s of %s, %s\n"), d->id, d->host, text_time(time, d->time_sec));
	printf(_("restored     %llu files (%s) in %.1f s; %llu read back, %llu differ\n"),
		(unsigned long long)d->res.files, text_bytes(size, d->res.bytes), d->seconds,
		(unsigned long long)d->res.verified, (unsigned long long)d->res.verify_mismatch);
	printf(_("compared     %llu with the source: %llu the same, %llu changed there since, %llu gone there\n"),
		(unsigned long long)d->compared, (unsigned long long)d->same, (unsigned long long)d->source_changed,
		(unsigned long long)d->source_gone);
	printf(_("damaged      %llu\n"),
		(unsigned long long)(d->damaged + d->res.failed_damage + d->res.verify_mismatch));
	print_times(d);
	if (d->command_ran)
		printf(_("test command exit code %d, %s network\n"), d->command_exit,
			d->command_isolated ? _("without") : _("with"));
	printf("%s\n", sentence);
	if (!d->whole)
		turn_print(_("the same files again:"), d->seed, d->n_turn, d->turn_from);
	for (uint64_t i = 0; i < d->told[0].n; i++)
		printf(_("not checked  %s\n"), d->told[0].v[i]);
	for (uint64_t i = 0; i < d->told[1].n; i++)
		printf(_("assumed      %s\n"), d->told[1].v[i]);
}

/* ---- limits of what was shown ---- */

static void limits(struct drill *d)
{
	if (!d->whole)
		drill_says(d, HZ_SAYS_NOT_CHECKED,
			"files outside of the sample: %llu of %llu; symlinks and special files",
			(unsigned long long)(d->all_files - d->n_chosen), (unsigned long long)d->all_files);
	if (d->too_long > 0)
		drill_says(d, HZ_SAYS_NOT_CHECKED, "%llu chosen files whose path is too long to be asked for alone",
			(unsigned long long)d->too_long);
	if (d->not_compared > 0)
		drill_says(d, HZ_SAYS_NOT_CHECKED, "%llu entries of the source that could not be read",
			(unsigned long long)d->not_compared);
	if (d->n_chosen == 0)
		drill_says(d, HZ_SAYS_NOT_CHECKED,
			"whether anything can be restored, and how long it takes: no file could be listed");
	else if (d->source && d->files_compared == 0)
		drill_says(d, HZ_SAYS_NOT_CHECKED,
			"files against the source: none was compared (%llu entries are gone there); they were restored "
			"and read back",
			(unsigned long long)d->source_gone);
	if (d->source)
		drill_says(d, HZ_SAYS_NOT_CHECKED,
			"flags and hard links against the source, and attributes of symlinks (against the snapshot "
			"they "
			"were)");
	if (d->res.meta_short > 0)
		drill_says(d, HZ_SAYS_NOT_CHECKED, "attributes of %llu entries that could not be restored here%s",
			(unsigned long long)d->res.meta_short, geteuid() == 0 ? "" : ": only root can set them");
	if (!d->whole)
		drill_says(d, HZ_SAYS_ASSUMPTION,
			"the time for all is an estimate: that of the sample, by bytes or by files, whichever is "
			"longer");
	drill_says(d, HZ_SAYS_ASSUMPTION,
		"the time of the restore includes reading back what was written; it was not "
		"restored onto the machine that would be replaced");
	if (d->compared > 0)
		drill_says(d, HZ_SAYS_ASSUMPTION, "the clock of the source was not set back since the backup");
}

static void confidence(const struct drill *d, char sentence[CONFIDENCE_TEXT], bool for_people)
{
	uint64_t not_shown = d->too_long + d->res.failed_target;

	confidence_sentence(sentence, &d->confidence, d->n_random > not_shown ? d->n_random - not_shown : 0,
		d->all_files, d->damaged + d->res.failed_damage + d->res.verify_mismatch, "files", for_people);
}

int drill_conclude(struct drill *d, int code)
{
	char sentence[CONFIDENCE_TEXT];
	const char *rto = rto_verdict(d), *rpo = rpo_verdict(d);

	confidence(d, sentence, false);
	limits(d);
	if (d->res.mended > 0)
		report_warning(d->cli,
			_("%u stored objects were damaged and mended by parity; run 'hozen-verify repo', and look at "
			  "the disk"),
			d->res.mended);
	if (is_missed(rto))
		report_warning(d->cli, _("MISSED: restoring all takes %.1f seconds, %lld are allowed"), estimate(d),
			(long long)d->rto);
	if (is_missed(rpo))
		report_warning(d->cli, _("MISSED: the snapshot is %lld seconds old, %lld are allowed"),
			(long long)age_of(d), (long long)d->rpo);
	if (is_missed(rto) || is_missed(rpo))
		code = cli_exit_worse(code, CLI_EXIT_OVERDUE);
	summary(d, sentence, code);
	confidence(d, sentence, true);
	if (!d->cli->json && !d->cli->quiet)
		print_text(d, sentence);
	return code;
}
