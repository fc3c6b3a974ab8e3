/* SPDX-License-Identifier: BSD-2-Clause */
/* The summary of create, and what each alarm means. Alarms and incompleteness are said with --quiet too. */
#include "backup/create_print.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATHS_MAX    64u
#define EXCLUDE_TEXT 512u /* of one pattern, cut where it is longer */

static const struct alarm {
	uint32_t bit;
	const char *name, *meaning;
} alarms[] = {
	{ HZ_ALARM_FOREIGN_HEAD, "foreign_head",
		N_("ALARM: the repository holds a backup signed by this host's key that this host did not make. The "
		   "key file was\n"
		   "copied, or this machine was cloned or set back. If you did not do that, the key is stolen: have "
		   "the\n"
		   "administrator export a new writer key, and check the snapshots since then.") },
	{ HZ_ALARM_ROLLBACK, "rollback",
		N_("ALARM: the repository shows less than this host has seen before. It was set back to an older "
		   "state, or things\n"
		   "were deleted. Ask who restored or cleaned the store; nothing old was reused for this backup.") },
	{ HZ_ALARM_LOST_PACKS, "lost_packs",
		N_("ALARM: a repair has published packs as lost. What was lost and is still here was stored again; "
		   "run\n"
		   "'hozen-backup check' to see which older snapshots are hurt.") },
};
#define N_ALARMS (sizeof(alarms) / sizeof(alarms[0]))

static void json_counts(hz_json *line, const hz_backup_result *res)
{
	hz_json_u64(line, "files_new", res->files_new);
	hz_json_u64(line, "files_changed", res->files_changed);
	hz_json_u64(line, "files_unmodified", res->files_unmodified);
	hz_json_u64(line, "dirs_new", res->dirs_new);
	hz_json_u64(line, "dirs_changed", res->dirs_changed);
	hz_json_u64(line, "dirs_unmodified", res->dirs_unmodified);
	hz_json_u64(line, "others", res->others);
	hz_json_u64(line, "data_blobs", res->chunks_new);
	hz_json_u64(line, "data_blobs_known", res->chunks_known);
	hz_json_u64(line, "data_added", res->data_added_bytes);
	hz_json_u64(line, "stored_bytes", res->stored_bytes);
	hz_json_u64(line, "read_bytes", res->files_read_bytes);
	hz_json_u64(line, "total_files_processed", res->total_files);
	hz_json_u64(line, "total_bytes_processed", res->total_bytes);
	hz_json_real(line, "total_duration", (double)res->duration_ns / 1e9);
	hz_json_u64(line, "source_errors", res->source_errors);
	hz_json_u64(line, "packs_taken_over", res->from_journal);
}

/* As the snapshot has it: from the root, without ".", and without a slash too many. NULL: no memory. */
static char *absolute(const char *path)
{
	char *cwd = *path == '/' ? NULL : getcwd(NULL, 0), *whole = NULL, *out;

	if (asprintf(&whole, "%s/%s", cwd ? cwd : "", path) < 0)
		whole = NULL;
	free(cwd);
	out = whole;
	for (const char *p = whole; p && *p;) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len > 0 && !(len == 1 && *p == '.')) {
			*out++ = '/';
			memmove(out, p, len);
			out += len;
		}
		p += len;
	}
	if (whole && out == whole)
		*out++ = '/';
	if (whole)
		*out = '\0';
	return whole;
}

/* What was backed up, where that is a few paths: a list of thousands is in the snapshot, and in no record. */
static void json_source(hz_json *line, const hz_backup_options *b)
{
	char here[256] = "";
	hz_json *list;

	if (!b->host && gethostname(here, sizeof(here) - 1) < 0)
		here[0] = '\0';
	hz_json_str(line, "host", b->host ? b->host : here);
	if (b->n_paths > PATHS_MAX) {
		hz_json_null(line, "paths");
		return;
	}
	list = hz_json_array(line, "paths");
	for (uint64_t i = 0; i < b->n_paths; i++) {
		char *path = absolute(b->paths[i]);

		if (path)
			hz_json_add_path(list, path, strlen(path));
		free(path);
	}
}

/* What was asked to be left out, as it was asked: who reads the record cannot know it otherwise. */
static uint64_t json_excluded(hz_json *line, const hz_backup_options *b)
{
	static const struct {
		uint32_t flag;
		const char *option;
	} flags[] = {
		{ HZ_BACKUP_ONE_FILE_SYSTEM, "--one-file-system" },
		{ HZ_BACKUP_EXCLUDE_CACHES, "--exclude-caches" },
		{ HZ_BACKUP_EXCLUDE_NODUMP, "--exclude-nodump" },
	};
	hz_json *list = hz_json_array(line, "excluded");
	uint64_t n = b->n_excludes + b->n_exclude_if_present;
	char text[EXCLUDE_TEXT];

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (b->flags & flags[i].flag) {
			hz_json_add_str(list, flags[i].option);
			n++;
		}
	for (uint64_t i = 0; i < b->n_exclude_if_present && i < PATHS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "--exclude-if-present %s", b->exclude_if_present[i]);
		hz_json_add_path(list, text, strlen(text));
	}
	for (uint64_t i = 0; i < b->n_excludes && i < PATHS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "--exclude %s", b->excludes[i]);
		hz_json_add_path(list, text, strlen(text));
	}
	if (b->n_excludes > PATHS_MAX || b->n_exclude_if_present > PATHS_MAX)
		hz_json_add_str(list, "...");
	return n;
}

static void summary(struct cli *cli, const hz_backup_options *b, const hz_backup_result *res, int code)
{
	hz_json *line = hz_json_new("summary"), *list;

	if (res->snapshot_id[0])
		hz_json_str(line, "snapshot_id", res->snapshot_id);
	hz_json_bool(line, "complete", res->complete != 0);
	hz_json_bool(line, "dry_run", (b->flags & HZ_BACKUP_DRY_RUN) != 0);
	json_source(line, b);
	if (json_excluded(line, b) > 0)
		hz_record_says(cli->record, HZ_SAYS_NOT_CHECKED,
			"whether what was left out is needed: result.excluded says what was asked for");
	json_counts(line, res);
	hz_json_bool(line, "protected", res->protects != 0);
	list = hz_json_array(line, "alarms");
	for (size_t i = 0; i < N_ALARMS; i++)
		if (res->alarm & alarms[i].bit)
			hz_json_add_str(list, alarms[i].name);
	hz_json_u64(line, "exit", (uint64_t)code);
	evidence_summary(cli, line);
}

static void print_text(const hz_backup_options *b, const hz_backup_result *res)
{
	char a[TEXT_SHORT], c[TEXT_SHORT], d[TEXT_SHORT];

	if (b->flags & HZ_BACKUP_DRY_RUN)
		printf(_("dry run: nothing was stored\n"));
	else
		printf(_("snapshot %.8s, %s\n"), res->snapshot_id, res->complete ? _("complete") : _("INCOMPLETE"));
	printf(_("  files     %llu new, %llu changed, %llu unmodified\n"), (unsigned long long)res->files_new,
		(unsigned long long)res->files_changed, (unsigned long long)res->files_unmodified);
	printf(_("  folders   %llu new, %llu changed, %llu unmodified\n"), (unsigned long long)res->dirs_new,
		(unsigned long long)res->dirs_changed, (unsigned long long)res->dirs_unmodified);
	printf(_("  in all    %llu files, %s\n"), (unsigned long long)res->total_files,
		text_bytes(a, res->total_bytes));
	printf(_("  read      %s, of which %s new, stored as %s\n"), text_bytes(a, res->files_read_bytes),
		text_bytes(c, res->data_added_bytes), text_bytes(d, res->stored_bytes));
	printf(_("  time      %s\n"), text_seconds(a, res->duration_ns / 1000000000u));
	if (!res->protects)
		printf(_("  not protected from this host: it can delete what is in this store\n"));
}

static void warn(struct cli *cli, const hz_backup_result *res)
{
	for (size_t i = 0; i < N_ALARMS; i++)
		if (res->alarm & alarms[i].bit)
			report_warning(cli, "%s", _(alarms[i].meaning));
	if (res->source_errors > 0)
		report_warning(cli,
			ngettext("%llu path could not be read as it was; the snapshot has the rest",
				"%llu paths could not be read as they were; the snapshot has the rest",
				(unsigned long)res->source_errors),
			(unsigned long long)res->source_errors);
}

void create_print(struct cli *cli, const hz_backup_options *b, const hz_backup_result *res, int rc, int code)
{
	/* After a failure the alarms still count; what is said of a snapshot does not. */
	if (rc == 0 || res->alarm)
		warn(cli, res);
	if (*res->repo_id)
		hz_record_about(cli->record, "repository", res->repo_id);
	if (*res->snapshot_id)
		hz_record_about(cli->record, "snapshot", res->snapshot_id);
	hz_record_says(cli->record, HZ_SAYS_NOT_CHECKED, "whether what was stored can be restored: check and drill do");
	if (b->flags & HZ_BACKUP_TRUST_ALL)
		hz_record_says(
			cli->record, HZ_SAYS_OVERRIDE, "--trust all: chunks of other hosts were taken as they are");
	summary(cli, b, res, code);
	if (rc == 0 && !cli->json && !cli->quiet)
		print_text(b, res);
}
