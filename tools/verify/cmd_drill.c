/* SPDX-License-Identifier: BSD-2-Clause */
/* drill: does it restore, is it what the source holds, how long does it take. Nothing but a sandbox is written to. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "common/text.h"
#include "verify/commands.h"
#include "verify/drill.h"
#include "verify/turn.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define FILES_DEFAULT 100u

/* ---- what is asked ---- */

static int set_sample(struct drill *d)
{
	struct cli *cli = d->cli;
	const char *part = cli_value(cli, "sample");
	int64_t files = 0, seed = 0;
	uint32_t random = 0;
	int code = cli_number(cli, "files", 1, INT_MAX, &files);

	if (code == CLI_EXIT_DONE)
		code = cli_number(cli, "seed", 1, INT64_MAX, &seed);
	if (code == CLI_EXIT_DONE)
		code = turn_option(cli, seed != 0, &d->turn_from);
	if (code != CLI_EXIT_DONE)
		return code;
	d->remembers_turn = !d->whole && !seed;
	d->has_turn = !d->whole && (!seed || cli_is_given(cli, "turn"));
	d->permille = part ? text_permille(part) : 0;
	if (part && !d->permille)
		return report_usage(cli, _("--sample %s: give a part from 0.1%% to 100%%"), part);
	if (part && files)
		return report_usage(cli, _("--sample and --files both say how many: give one of them"));
	if (d->whole && (part || files || seed))
		return report_usage(cli, _("--level L4 restores everything: --sample, --files and --seed go with L3"));
	d->want_files = files ? (uint64_t)files : part ? 0 : FILES_DEFAULT;
	while (!seed && !random)
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return report_failure(cli, HZ_E_IO, _("no random numbers for a seed: give one with --seed"));
	d->seed = seed ? (uint64_t)seed : random;
	return CLI_EXIT_DONE;
}

static int set_options(struct drill *d)
{
	struct cli *cli = d->cli;
	const char *level = cli_value(cli, "level");
	int code;

	if (level && strcmp(level, "L3") != 0 && strcmp(level, "L4") != 0)
		return report_usage(cli, _("--level %s: give L3 or L4 (L0 to L2: see repo)"), level);
	d->whole = level && level[1] == '4';
	d->source = cli_value(cli, "source");
	d->command = cli_value(cli, "test-command");
	if (d->command && !d->whole)
		return report_usage(cli, _("--test-command needs the whole tree: it goes with --level L4"));
	if (!d->command && cli_is_given(cli, "test-timeout"))
		return report_usage(cli, _("--test-timeout goes with --test-command"));
	code = cli_number(cli, "rto", 0, INT64_MAX, &d->rto);
	if (code == CLI_EXIT_DONE)
		code = cli_number(cli, "rpo", 0, INT64_MAX, &d->rpo);
	if (code == CLI_EXIT_DONE)
		code = cli_number(cli, "test-timeout", 1, INT_MAX, &d->command_seconds);
	return code == CLI_EXIT_DONE ? set_sample(d) : code;
}

/* ---- the snapshot ---- */

static int on_snapshot(void *user, const hz_snapshot_info *s)
{
	struct drill *d = user;

	if (strcmp(s->id, d->id) != 0)
		return 0;
	d->time_sec = s->time_sec;
	d->time_nsec = s->time_nsec;
	(void)snprintf(d->host, sizeof(d->host), "%s", s->hostname);
	for (uint64_t i = 0; i < s->n_paths; i++)
		if (strings_add(&d->paths, s->paths[i]) < 0)
			return HZ_E_NOMEM;
	d->found = calloc((size_t)d->paths.n + 1, sizeof(*d->found));
	return d->found ? 1 : HZ_E_NOMEM;
}

/* On another host the same paths are other files. */
static void choose_source(struct drill *d)
{
	char here[256] = "";

	(void)gethostname(here, sizeof(here) - 1);
	d->is_ours = strcmp(here, d->host) == 0;
	if (!d->source && d->is_ours)
		d->source = "/";
	if (!d->source)
		drill_says(d, HZ_SAYS_NOT_CHECKED,
			"the source: the snapshot is of another host, %s, and no --source was given", d->host);
}

/* What the options do not say of times the policy does. One that comes from the environment may be about others. */
static int take_policy(struct drill *d)
{
	const char *file = evidence_policy(d->cli), *system = cli_value(d->cli, "system");
	bool asked = cli_value(d->cli, "policy") || system;
	hz_policy_limits l = HZ_POLICY_LIMITS_INIT;
	hz_policy *policy = NULL;
	hz_error *err = NULL;
	int rc, code = CLI_EXIT_DONE;

	if (!file)
		return system ? report_usage(d->cli, _("--system names one of a policy: give it with --policy"))
			      : CLI_EXIT_DONE;
	rc = hz_policy_open(&policy, file, &err);
	if (rc < 0 && !asked) {
		/* That was told when the record was begun. */
		drill_says(d, HZ_SAYS_NOT_CHECKED, "the policy's times: it cannot be read");
		hz_error_free(err);
		return CLI_EXIT_DONE;
	}
	if (rc == 0)
		rc = hz_policy_limits_of(policy, system, hz_reader_repo_id(d->r), d->host, strings_list(&d->paths),
			d->paths.n, &l, &err);
	if (rc == 0) {
		(void)snprintf(d->system, sizeof(d->system), "%s", l.system);
		d->rpo = d->rpo < 0 ? l.rpo : d->rpo;
		d->rto = d->rto < 0 ? l.rto : d->rto;
		hz_record_about(d->cli->record, "system", l.system);
	} else if (asked || rc != HZ_E_NOTFOUND) {
		code = report_result(d->cli, rc, &err);
	} else {
		drill_says(d, HZ_SAYS_NOT_CHECKED, "the policy's times: it has no system for this snapshot");
	}
	hz_error_free(err);
	hz_policy_free(policy);
	return code;
}

static int look_at_snapshot(struct drill *d)
{
	hz_error *err = NULL;
	int rc = hz_snapshots(d->r, NULL, on_snapshot, d, NULL, &err);

	if (rc < 0)
		return report_result(d->cli, rc, &err);
	hz_record_about(d->cli->record, "host", d->host);
	choose_source(d);
	if (d->source && access(d->source, R_OK | X_OK) < 0)
		return report_failure(d->cli, HZ_E_NOTFOUND,
			_("the source %s cannot be looked at: give a folder beneath which the stored paths lie"),
			d->source);
	return CLI_EXIT_DONE;
}

/* ---- the sandbox ---- */

static int sandbox_failure(struct drill *d, int errnum)
{
	return report_failure(d->cli, HZ_E_IO, _("a sandbox in %s: %s; choose another place with --sandbox"),
		d->sandbox.base ? d->sandbox.base : _("the folder for it"), strerror(errnum));
}

/* prefix: of another root under which the sources lie. */
static int refuse_inside(struct drill *d, const char *prefix, const char *folder)
{
	char *path = NULL;
	bool inside, other;
	int rc = asprintf(&path, "%s%s", prefix, folder) < 0 ? ENOMEM : 0;

	if (rc)
		return sandbox_failure(d, rc);
	rc = sandbox_is_inside(&d->sandbox, path, &inside, &other);
	/* Everything lies below the root; what is on a file system of its own is at least no part of its own. */
	inside = inside && !(other && strspn(path, "/") == strlen(path));
	rc = rc ? sandbox_failure(d, rc) : CLI_EXIT_DONE;
	if (rc == CLI_EXIT_DONE && inside)
		rc = report_failure(d->cli, HZ_E_REFUSED,
			_("the sandbox would be made in %s, which lies in %s: that is backed up, or the backup; choose "
			  "another place with --sandbox"),
			d->sandbox.base, path);
	free(path);
	return rc;
}

static int check_place(struct drill *d)
{
	const char *repo = cli_value(d->cli, "repo");
	int code = CLI_EXIT_DONE;

	repo = repo ? repo : getenv("HOZEN_REPO");
	if (repo)
		code = refuse_inside(d, "", repo);
	for (uint64_t i = 0; code == CLI_EXIT_DONE && d->is_ours && i < d->paths.n; i++)
		code = refuse_inside(d, "", d->paths.v[i]);
	if (code == CLI_EXIT_DONE && d->source && strcmp(d->source, "/") != 0)
		code = refuse_inside(d, d->source, "");
	return code;
}

static int check_space(struct drill *d)
{
	uint64_t have = 0, need = d->chosen_bytes + d->n_chosen * 4096;
	char a[TEXT_SHORT], b[TEXT_SHORT];
	int rc = sandbox_space(&d->sandbox, &have);

	if (rc)
		return sandbox_failure(d, rc);
	if (have < need)
		return report_failure(d->cli, HZ_E_NOSPACE,
			_("%s are to be restored, and in %s there is room for %s: choose another place with --sandbox, "
			  "or a smaller sample"),
			text_bytes(a, need), d->sandbox.base, text_bytes(b, have));
	return CLI_EXIT_DONE;
}

/* ---- the drill ---- */

static int exit_of(const struct drill *d)
{
	const hz_restore_result *res = &d->res;
	int code = CLI_EXIT_DONE;

	if (res->failed_damage || res->verify_mismatch)
		code = CLI_EXIT_DAMAGE;
	/* What only root can set is no exception for others: the record says it. */
	if (res->failed_target || (res->meta_short && geteuid() == 0))
		code = cli_exit_worse(code, CLI_EXIT_EXCEPTIONS);
	return code;
}

/* Of every single entry it would bury what else there is, in the record too; the summary has their number. */
static void on_event(void *user, const hz_event *e)
{
	if (e->kind != HZ_EVENT_META || geteuid() == 0)
		report_event(user, e);
}

static int restore(struct drill *d)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;
	hz_error *err = NULL;
	int rc = sandbox_make(&d->sandbox), code;

	if (rc)
		return sandbox_failure(d, rc);
	o.target = d->sandbox.tree;
	o.flags = HZ_RESTORE_VERIFY;
	o.patterns = strings_list(&d->patterns);
	o.n_patterns = d->patterns.n;
	hz_job_on_event(d->cli->job, on_event, d->cli);
	code = report_result(d->cli, hz_restore(d->r, d->id, &o, d->cli->job, &d->res, &err), &err);
	hz_job_on_event(d->cli->job, report_event, d->cli);
	d->seconds = (double)d->res.duration_ns / 1e9;
	return cli_exit_worse(code, exit_of(d));
}

static bool goes_on(int code)
{
	return code == CLI_EXIT_DONE || code == CLI_EXIT_EXCEPTIONS || code == CLI_EXIT_DAMAGE;
}

static int run_drill(struct drill *d)
{
	int code, more;

	if (d->remembers_turn)
		turn_begin(d->cli, d->r, HZ_TURN_FILES, &d->turn_from);
	code = drill_choose(d);
	if (goes_on(code) && d->n_chosen == 0)
		return drill_conclude(d, code);
	if (goes_on(code) && !d->whole && d->patterns.n == 0)
		return cli_exit_worse(
			code, report_failure(d->cli, HZ_E_UNSUPPORTED, _("no chosen file can be asked for")));
	if (goes_on(code))
		code = cli_exit_worse(code, check_space(d));
	if (goes_on(code))
		code = cli_exit_worse(code, restore(d));
	if (!goes_on(code))
		return code;
	code = cli_exit_worse(code, drill_compare(d));
	if (d->remembers_turn && d->n_turn && goes_on(code))
		turn_end(d->cli, d->r, HZ_TURN_FILES, d->turn_next);
	/* Before anything else runs, no secret is in memory. */
	hz_reader_close(d->r);
	d->r = NULL;
	passphrase_wipe();
	more = goes_on(code) && d->command ? drill_run_command(d) : CLI_EXIT_DONE;
	code = cli_exit_worse(cli_exit_worse(code, more), d->cli->at_least);
	return goes_on(code) ? drill_conclude(d, code) : code;
}

static int remove_sandbox(struct drill *d)
{
	int rc = sandbox_end(&d->sandbox);

	if (rc == 0)
		return CLI_EXIT_DONE;
	return report_failure(d->cli, HZ_E_IO,
		_("the sandbox %s cannot be removed: %s; it holds restored files, so "
		  "remove it by hand"),
		d->sandbox.path, strerror(rc));
}

static void drill_release(struct drill *d)
{
	hz_reader_close(d->r);
	free(d->chosen);
	free(d->found);
	strings_release(&d->paths);
	strings_release(&d->patterns);
	strings_release(&d->not_checked);
	strings_release(&d->assumptions);
	strings_release(&d->told[0]);
	strings_release(&d->told[1]);
	sandbox_release(&d->sandbox);
}

static int begin_sandbox(struct drill *d)
{
	const char *base = cli_value(d->cli, "sandbox"), *tmp = getenv("TMPDIR");
	int rc;

	base = base ? base : tmp && *tmp ? tmp : "/var/tmp";
	rc = sandbox_begin(&d->sandbox, base);
	if (rc && !d->sandbox.base)
		return report_failure(d->cli, HZ_E_IO, _("a sandbox in %s: %s; choose another place with --sandbox"),
			base, strerror(rc));
	return rc ? sandbox_failure(d, rc) : CLI_EXIT_DONE;
}

static int run(struct cli *cli)
{
	struct drill d = { .cli = cli,
		.rto = -1,
		.rpo = -1,
		.command_seconds = 3600,
		.confidence = CONFIDENCE_INIT,
		.res = HZ_RESTORE_RESULT_INIT,
		.began_sec = time(NULL),
		.sandbox = SANDBOX_INIT };
	int code = set_options(&d);

	if (code == CLI_EXIT_DONE)
		code = begin_sandbox(&d);
	if (code == CLI_EXIT_DONE)
		code = place_open_snapshot(cli, HZ_NEED_READ, cli->n_args ? cli->args[0] : "latest", &d.r, d.id);
	if (code == CLI_EXIT_DONE)
		code = look_at_snapshot(&d);
	if (code == CLI_EXIT_DONE)
		code = take_policy(&d);
	if (code == CLI_EXIT_DONE)
		code = check_place(&d);
	if (code == CLI_EXIT_DONE)
		code = run_drill(&d);
	code = cli_exit_worse(code, remove_sandbox(&d));
	drill_release(&d);
	return code;
}

static const struct cli_option options[] = {
	{ "level", 0, "LEVEL", N_("L3 (default): a sample of files; L4: everything, and then the test command") },
	{ "files", 0, "N", N_("a sample of so many files; default: 100") },
	{ "sample", 0, "PERCENT", N_("a sample of so many of 100 files, such as 5%") },
	{ "seed", 0, "N", N_("choose the same files again as the drill that printed this number") },
	TURN_OPTION,
	{ "source", 0, "DIR",
		N_("compare with what lies beneath this folder; default: with the paths themselves,\n"
		   "if the snapshot is of this host") },
	{ "sandbox", 0, "DIR", N_("make the sandbox in this folder; default: $TMPDIR, else /var/tmp") },
	{ "test-command", 0, "CMD",
		N_("with L4: run by /bin/sh in the restored tree, without network; has to end with 0") },
	{ "test-timeout", 0, "SECONDS", N_("how long the test command may take; default: 3600") },
	{ "rto", 0, "SECONDS", N_("how long restoring everything may take; missed: exit 6") },
	{ "rpo", 0, "SECONDS", N_("how old the snapshot may be; missed: exit 6") },
	{ "system", 0, "NAME",
		N_("with --policy: take RTO and RPO of this system; default: of the one with the repository,\n"
		   "host and path of the snapshot") },
	EVIDENCE_PUBLISH,
	PLACE_FILTERS,
	PLACE_OPTIONS,
	{ 0 },
};

const struct cli_command cmd_drill = {
	.name = "drill",
	.run = run,
	.record = "drill",
	.controls = "8.13",
	.arguments = "[SNAPSHOT]",
	.max_args = 1,
	.summary = N_("restore into a sandbox, compare with the source, and time it"),
	.about = N_("Restores a random sample of files, and a quarter as many in turn, or everything, of a snapshot "
		    "(default: latest)\n"
		    "into a private folder that is removed afterwards, reads it back, and compares it with the source: "
		    "what has changed\n"
		    "there since is told, and is no damage. Needs a reader's key or the passphrase. Exit 4: damage, or "
		    "the test command failed; 6: too "
		    "slow or\n"
		    "too old. Nothing of the source is written to, and of the repository nothing but by --publish."),
	.examples =
		"  hozen-verify drill --repo /srv/backup --key-file /root/reader.key\n"
		"  hozen-verify drill latest --host web1 --source /mnt/web1 --files 500 --rto 14400 --rpo 86400\n"
		"  hozen-verify drill --level L4 --test-command 'sqlite3 srv/db/main.db \"PRAGMA integrity_check\"'",
	.options = options,
};
