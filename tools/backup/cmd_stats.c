/* SPDX-License-Identifier: BSD-2-Clause */
/* stats: how much is stored, and what for. */
#include "backup/commands.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/text.h"

#include <stdio.h>

static void print_json(struct cli *cli, const hz_stats *s)
{
	hz_json *line = hz_json_new("stats");

	hz_json_u64(line, "snapshots_count", s->snapshots);
	hz_json_u64(line, "total_file_count", s->files);
	hz_json_u64(line, "total_size", s->restore_bytes);
	hz_json_u64(line, "total_blob_count", s->chunks);
	hz_json_u64(line, "packs", s->packs);
	hz_json_u64(line, "pack_bytes", s->pack_bytes);
	hz_json_u64(line, "runs", s->runs);
	hz_json_u64(line, "run_bytes", s->run_bytes);
	hz_json_u64(line, "objects", s->objects);
	hz_json_u64(line, "stored_bytes", s->store_bytes);
	hz_json_u64(line, "dead_packs", s->dead_packs);
	hz_json_u64(line, "dead_pack_bytes", s->dead_pack_bytes);
	report_line(cli, line);
}

static void print_row(const char *what, uint64_t n, uint64_t bytes, int with_bytes)
{
	char size[TEXT_SHORT];

	printf("  ");
	text_pad(stdout, what, 16);
	printf(" %12llu  %12s\n", (unsigned long long)n, with_bytes ? text_bytes(size, bytes) : "");
}

static void print_text(const hz_stats *s)
{
	printf(_("Stored in the snapshots, each counted for itself:\n"));
	print_row(_("snapshots"), s->snapshots, 0, 0);
	print_row(_("files"), s->files, s->restore_bytes, 1);
	printf(_("\nTaken in the store:\n"));
	print_row(_("packs"), s->packs, s->pack_bytes, 1);
	print_row(_("index runs"), s->runs, s->run_bytes, 1);
	print_row(_("all objects"), s->objects, s->store_bytes, 1);
	print_row(_("chunks"), s->chunks, 0, 0);
	if (s->dead_packs > 0) {
		print_row(_("unused packs"), s->dead_packs, s->dead_pack_bytes, 1);
		printf(_("  (unused: of runs that were broken off, or still go on)\n"));
	}
	if (s->store_bytes > 0)
		printf(_("\n%.1f times as much can be restored as is stored.\n"),
			(double)s->restore_bytes / (double)s->store_bytes);
}

static int run(struct cli *cli)
{
	hz_stats s = HZ_STATS_INIT;
	hz_reader *r AUTO_READER = NULL;
	hz_error *err = NULL;
	int code = place_open(cli, HZ_NEED_LIST, &r);

	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_stats_collect(r, &s, cli->job, &err), &err);
	if (code != CLI_EXIT_DONE)
		return code;
	term_clear(&cli->term);
	if (cli->json)
		print_json(cli, &s);
	else
		print_text(&s);
	return code;
}

const struct cli_command cmd_stats = {
	.name = "stats",
	.run = run,
	.summary = N_("show how much is stored"),
	.about = N_("Counts snapshots, files, chunks, packs and bytes. Needs a lister's key or more."),
	.examples = "  hozen-backup stats --repo /srv/backup",
};
