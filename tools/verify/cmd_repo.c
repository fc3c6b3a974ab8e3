/* SPDX-License-Identifier: BSD-2-Clause */
/* repo: how much of a repository is as it should be: there (L0), authentic (L1), every byte (L2), or what a sample of
 * it shows. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/text.h"
#include "verify/commands.h"
#include "verify/confidence.h"
#include "verify/turn.h"

#include <stdio.h>
#include <string.h>

struct look {
	struct cli *cli;
	int level;
	struct confidence confidence;
	hz_check_options o;
	hz_check_result res;
	char sentence[CONFIDENCE_TEXT]; /* empty: no bytes of packs were read */
};

static const struct {
	uint32_t bit;
	int level;
	const char *name, *text;
} parts[] = {
	{ HZ_LOOKED_STRUCTURE, 0, "structure", N_("signatures, chains, presence and size of every pack") },
	{ HZ_LOOKED_TREES, 1, "trees", N_("folders and file lists of every snapshot") },
	{ HZ_LOOKED_CHECKSUMS, 2, "checksums", N_("every byte against its checksum") },
	{ HZ_LOOKED_CONTENT, 2, "content", N_("every chunk decrypted and identified") },
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

/* ---- what to do ---- */

static int set_sample(struct look *l)
{
	struct cli *cli = l->cli;
	const char *part = cli_value(cli, "sample");
	bool some = part || cli_is_given(cli, "bad");
	int64_t seed = 0;
	int code = cli_number(cli, "seed", 1, INT64_MAX, &seed);

	if (code == CLI_EXIT_DONE)
		code = turn_option(cli, seed != 0, &l->o.turn_from);
	if (code == CLI_EXIT_DONE)
		code = confidence_options(cli, &l->confidence);
	if (code != CLI_EXIT_DONE)
		return code;
	l->o.seed = (uint64_t)seed;
	l->o.data_permille = part ? text_permille(part) : 0;
	if (part && !l->o.data_permille)
		return report_usage(cli, _("--sample %s: give a part from 0.1%% to 100%%"), part);
	if (l->confidence.bad > 0)
		l->o.data_packs = confidence_needed(&l->confidence);
	if (some && l->level >= 0 && l->level != 2)
		return report_usage(cli, _("a sample is of packs that are read: it goes with --level L2"));
	if (seed && !some)
		return report_usage(
			cli, _("--seed chooses a sample; it goes with --sample, or --confidence and --bad"));
	l->level = some ? 2 : l->level < 0 ? 1 : l->level;
	return CLI_EXIT_DONE;
}

static int set_options(struct look *l)
{
	const char *level = cli_value(l->cli, "level");
	int code;

	l->level = -1;
	if (level && (level[0] != 'L' || level[1] < '0' || level[1] > '2' || level[2]))
		return report_usage(l->cli, _("--level %s: give L0, L1 or L2 (L3 and L4 are drills)"), level);
	if (level)
		l->level = level[1] - '0';
	code = set_sample(l);
	l->o.flags = l->level == 0 ? HZ_CHECK_PRESENCE : l->level == 2 ? HZ_CHECK_READ_DATA : 0;
	if ((l->o.data_permille || l->o.data_packs) && (!l->o.seed || cli_is_given(l->cli, "turn")))
		l->o.flags |= HZ_CHECK_TURN;
	return code;
}

/* ---- what is said ---- */

/* Why a part was not looked at; fixed text, for records. */
static const char *why_not(const struct look *l, size_t part)
{
	if (l->level < parts[part].level)
		return parts[part].level == 1 ? N_("it is of level L1") : N_("it is of level L2");
	if (l->res.seed && parts[part].level == 2)
		return N_("only a sample was read");
	return N_("the key at hand does not open all of it");
}

static void record_limits(const struct look *l)
{
	char text[200];

	for (size_t i = 0; i < N_PARTS; i++) {
		if (l->res.looked_at & parts[i].bit)
			continue;
		(void)snprintf(text, sizeof(text), "%s: %s", parts[i].text, why_not(l, i));
		hz_record_says(l->cli->record, HZ_SAYS_NOT_CHECKED, text);
	}
	hz_record_says(l->cli->record, HZ_SAYS_NOT_CHECKED, "whether it can be restored: that is a drill (L3, L4)");
	if (l->res.seed)
		hz_record_says(l->cli->record, HZ_SAYS_ASSUMPTION,
			"every pack had the same chance to be in the sample; what was read in turn is not part of "
			"that");
}

static void json_parts(hz_json *line, const char *key, uint32_t bits)
{
	hz_json *list = hz_json_array(line, key);

	for (size_t i = 0; i < N_PARTS; i++)
		if (bits & parts[i].bit)
			hz_json_add_str(list, parts[i].name);
}

static void summary(const struct look *l, int code)
{
	const hz_check_result *res = &l->res;
	hz_json *line = hz_json_new("repo_summary");
	char level[] = { 'L', (char)('0' + l->level), '\0' };

	hz_json_str(line, "level", level);
	json_parts(line, "looked_at", res->looked_at);
	json_parts(line, "not_looked_at", ~res->looked_at);
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
		turn_json(line, "turn_packs", res->turn_packs, l->o.turn_from);
	}
	hz_json_str(line, "confidence", *l->sentence ? l->sentence : NULL);
	hz_json_real(line, "total_duration", (double)res->duration_ns / 1e9);
	hz_json_u64(line, "exit", (uint64_t)code);
	evidence_summary(l->cli, line);
}

static void print_text(const struct look *l)
{
	const hz_check_result *res = &l->res;
	char size[TEXT_SHORT], time[TEXT_SHORT];

	for (size_t i = 0; i < N_PARTS; i++) {
		if (res->looked_at & parts[i].bit)
			printf(_("checked      %s\n"), _(parts[i].text));
		else
			printf(_("not checked  %s: %s\n"), _(parts[i].text), _(why_not(l, i)));
	}
	printf(_("%llu objects, %llu packs, %llu chunks, %llu snapshots; %s read in %s\n"),
		(unsigned long long)res->objects, (unsigned long long)res->packs, (unsigned long long)res->chunks,
		(unsigned long long)res->snapshots, text_bytes(size, res->bytes_read),
		text_seconds(time, res->duration_ns / 1000000000u));
	if (*l->sentence)
		printf("%s\n", l->sentence);
	if (res->turn_packs)
		printf(_("in turn      %llu packs more: in %llu such runs each has its turn\n"),
			(unsigned long long)res->turn_packs,
			(unsigned long long)((res->sample_of_packs + res->turn_packs - 1) / res->turn_packs));
	if (res->seed)
		turn_print(_("the same packs again:"), res->seed, res->turn_packs, l->o.turn_from);
	if (res->damaged == 0)
		printf(_("no damage found\n"));
}

static void say_confidence(struct look *l, bool for_people)
{
	const hz_check_result *res = &l->res;

	confidence_sentence(l->sentence, &l->confidence, res->seed ? res->sample_packs : res->packs,
		res->seed ? res->sample_of_packs : res->packs, res->damaged, "packs", for_people);
}

static void conclude(struct look *l, int rc, int code)
{
	const hz_check_result *res = &l->res;

	if (res->damaged > 0)
		report_warning(l->cli,
			_("DAMAGE: %llu objects, of which parity or a copy can mend %llu; %llu snapshots cannot be "
			  "restored whole"),
			(unsigned long long)res->damaged, (unsigned long long)res->mendable,
			(unsigned long long)res->snapshots_hurt);
	if (rc == 0 && l->level == 2)
		say_confidence(l, false);
	record_limits(l);
	summary(l, code);
	if (*l->sentence)
		say_confidence(l, true);
	if (rc == 0 && !l->cli->json && !l->cli->quiet)
		print_text(l);
}

static int run(struct cli *cli)
{
	struct look l = {
		.cli = cli, .confidence = CONFIDENCE_INIT, .o = HZ_CHECK_OPTIONS_INIT, .res = HZ_CHECK_RESULT_INIT
	};
	hz_reader *r AUTO_READER = NULL;
	hz_error *err = NULL;
	int code = set_options(&l), rc;

	if (code == CLI_EXIT_DONE)
		code = place_open(cli, l.level == 2 ? HZ_NEED_READ : HZ_NEED_NOTHING, &r);
	if (code != CLI_EXIT_DONE)
		return code;
	if ((l.o.flags & HZ_CHECK_TURN) && !l.o.seed)
		turn_begin(cli, r, HZ_TURN_PACKS, &l.o.turn_from);
	rc = hz_check(r, &l.o, cli->job, &l.res, &err);
	code = report_result(cli, rc, &err);
	if (rc == 0 && l.res.turn_packs && !l.o.seed)
		turn_end(cli, r, HZ_TURN_PACKS, l.res.turn_next);
	if (l.res.damaged > 0)
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	conclude(&l, rc, code);
	return code;
}

static const struct cli_option options[] = {
	{ "level", 0, "LEVEL",
		N_("L0: everything that is named is there and has its size; L1 (default): signatures,\n"
		   "chains, and the folders of every snapshot too; L2: every byte read and decrypted") },
	{ "sample", 0, "PERCENT", N_("L2 of so many of 100 packs, chosen at random, such as 10%") },
	{ "confidence", 0, "PERCENT", N_("L2 of as few packs as show, with this confidence, ...") },
	{ "bad", 0, "PERCENT", N_("... that fewer than so many of 100 packs are bad, if none of the sample is") },
	{ "seed", 0, "N", N_("choose the same packs again as the run that printed this number") },
	TURN_OPTION,
	EVIDENCE_PUBLISH,
	PLACE_OPTIONS,
	{ 0 },
};

const struct cli_command cmd_repo = {
	.name = "repo",
	.run = run,
	.record = "verify",
	.controls = "8.13 8.34",
	.summary = N_("prove that a repository is whole, by levels or by a sample"),
	.about = N_(
		"Looks at a repository as 'hozen-backup check' does, and says in a record what was looked at, what "
		"the key at\n"
		"hand could not look at, and what a sample says of the whole. L0 and L1 need no key, a lister's to see "
		"folders;\n"
		"L2 a reader's key or the passphrase. On top of a sample, which says something of the whole, a quarter "
		"as many\n"
		"packs are read in turn, where the last run stopped: so that no old data waits for ever to be chosen. "
		"Read-only,\n"
		"but for --publish. Exit 4: damage, also such as parity can mend."),
	.examples = "  hozen-verify repo --repo /srv/backup\n"
		    "  hozen-verify repo --level L2 --key-file /root/reader.key\n"
		    "  hozen-verify repo --confidence 99 --bad 1% --key-file /root/reader.key",
	.options = options,
};
