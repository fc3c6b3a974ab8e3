/* SPDX-License-Identifier: BSD-2-Clause */
/* check: says what it looked at, what it could not look at, and what it found. */
#include "backup/commands.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/text.h"

#include <stdio.h>

static const struct look {
	uint32_t bit;
	const char *name, *text;
	int deep; /* only with --read-data */
} looks[] = {
	{ HZ_LOOKED_STRUCTURE, "structure", N_("signatures, chains, presence and size of every pack"), 0 },
	{ HZ_LOOKED_TREES, "trees", N_("folders and file lists of every snapshot"), 0 },
	{ HZ_LOOKED_CHECKSUMS, "checksums", N_("every byte against its checksum"), 1 },
	{ HZ_LOOKED_CONTENT, "content", N_("every chunk decrypted and identified"), 1 },
};
#define N_LOOKS (sizeof(looks) / sizeof(looks[0]))

static void json_looks(hz_json *line, const char *key, uint32_t bits)
{
	hz_json *list = hz_json_array(line, key);

	for (size_t i = 0; i < N_LOOKS; i++)
		if (bits & looks[i].bit)
			hz_json_add_str(list, looks[i].name);
}

static void summary(struct cli *cli, const hz_check_result *res, int code)
{
	hz_json *line = hz_json_new("check_summary");

	json_looks(line, "looked_at", res->looked_at);
	json_looks(line, "not_looked_at", ~res->looked_at);
	hz_json_u64(line, "objects", res->objects);
	hz_json_u64(line, "snapshots", res->snapshots);
	hz_json_u64(line, "packs", res->packs);
	hz_json_u64(line, "chunks", res->chunks);
	hz_json_u64(line, "bytes_read", res->bytes_read);
	hz_json_u64(line, "num_errors", res->damaged);
	hz_json_u64(line, "mendable", res->mendable);
	hz_json_u64(line, "snapshots_hurt", res->snapshots_hurt);
	hz_json_u64(line, "dead_packs", res->dead_packs);
	if (res->seed) {
		hz_json_u64(line, "seed", res->seed);
		hz_json_u64(line, "sample_packs", res->sample_packs);
		hz_json_u64(line, "sample_of_packs", res->sample_of_packs);
	}
	hz_json_real(line, "total_duration", (double)res->duration_ns / 1e9);
	hz_json_u64(line, "exit", (uint64_t)code);
	evidence_summary(cli, line);
}

static const char *why_not(const struct look *l, const hz_check_options *o)
{
	if (l->deep && !(o->flags & HZ_CHECK_READ_DATA))
		return _("needs --read-data");
	if (l->deep && o->data_permille)
		return _("needs --read-data without a percentage");
	return _("needs a lister's key, a reader's key or the passphrase");
}

static void print_text(const hz_check_result *res, const hz_check_options *o)
{
	char size[TEXT_SHORT], time[TEXT_SHORT];

	for (size_t i = 0; i < N_LOOKS; i++) {
		if (res->looked_at & looks[i].bit)
			printf(_("checked      %s\n"), _(looks[i].text));
		else
			printf(_("not checked  %s (%s)\n"), _(looks[i].text), why_not(&looks[i], o));
	}
	if (res->seed)
		printf(_("checked      every byte and chunk of %llu of %llu packs, chosen by --seed %llu\n"),
			(unsigned long long)res->sample_packs, (unsigned long long)res->sample_of_packs,
			(unsigned long long)res->seed);
	printf(_("%llu objects, %llu packs, %llu chunks, %llu snapshots; %s read in %s\n"),
		(unsigned long long)res->objects, (unsigned long long)res->packs, (unsigned long long)res->chunks,
		(unsigned long long)res->snapshots, text_bytes(size, res->bytes_read),
		text_seconds(time, res->duration_ns / 1000000000u));
	if (res->dead_packs > 0)
		printf(_("%llu packs belong to runs that were broken off; that is no damage\n"),
			(unsigned long long)res->dead_packs);
	if (res->damaged == 0)
		printf(_("no damage found\n"));
}

static int set_options(struct cli *cli, hz_check_options *o)
{
	const char *part = cli_value(cli, "read-data");
	int64_t seed = 0;
	int code = cli_number(cli, "seed", 1, INT64_MAX, &seed);

	if (code != CLI_EXIT_DONE)
		return code;
	o->flags = cli_is_given(cli, "read-data") ? HZ_CHECK_READ_DATA : 0;
	o->data_permille = part ? text_permille(part) : 0;
	o->seed = (uint64_t)seed;
	if (part && !o->data_permille)
		return report_usage(cli, _("--read-data=%s: give a part from 0.1%% to 100%%"), part);
	if (seed && !part)
		return report_usage(cli, _("--seed chooses a part; it goes with --read-data=PERCENT"));
	return CLI_EXIT_DONE;
}

static int run(struct cli *cli)
{
	hz_check_options o = HZ_CHECK_OPTIONS_INIT;
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	hz_reader *r AUTO_READER = NULL;
	hz_error *err = NULL;
	int code = set_options(cli, &o), rc;

	if (code == CLI_EXIT_DONE)
		code = place_open(cli, o.flags ? HZ_NEED_READ : HZ_NEED_NOTHING, &r);
	if (code != CLI_EXIT_DONE)
		return code;
	rc = hz_check(r, &o, cli->job, &res, &err);
	code = report_result(cli, rc, &err);
	if (res.damaged > 0) {
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
		report_warning(cli,
			_("DAMAGE: %llu objects, of which parity or a copy can mend %llu; %llu snapshots cannot be "
			  "restored whole"),
			(unsigned long long)res.damaged, (unsigned long long)res.mendable,
			(unsigned long long)res.snapshots_hurt);
	}
	summary(cli, &res, code);
	for (size_t i = 0; i < N_LOOKS; i++)
		if (!(res.looked_at & looks[i].bit))
			hz_record_says(cli->record, HZ_SAYS_NOT_CHECKED, looks[i].text);
	if (rc == 0 && !cli->json && !cli->quiet)
		print_text(&res, &o);
	return code;
}

static const struct cli_option options[] = {
	{ "read-data", 0, "[PERCENT]",
		N_("read every byte and recompute every chunk id, of all packs, or of so many of 100,\n"
		   "chosen at random, such as 10%; needs a reader's key or the passphrase") },
	{ "seed", 0, "N", N_("choose the same part again as the check that printed this number") },
	{ 0 },
};

const struct cli_command cmd_check = {
	.name = "check",
	.record = "check",
	.controls = "8.13 8.34",
	.run = run,
	.summary = N_("look for damage"),
	.about = N_("Checks signatures, chains, and presence and size of every pack; with a lister's or reader's key "
		    "file, or a\n"
		    "passphrase given without prompting, the folders of every snapshot too. Says what it could not "
		    "look at.\n"
		    "Read-only. Exit 4: damage, also such as parity can mend."),
	.examples = "  hozen-backup check --repo /srv/backup\n"
		    "  hozen-backup check --read-data --key-file /root/reader.key\n"
		    "  hozen-backup check --read-data=10% --key-file /root/reader.key",
	.options = options,
};
