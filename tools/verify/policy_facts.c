/* SPDX-License-Identifier: BSD-2-Clause */
/* See policy_facts.h. Repositories are opened with what suffices to list, and closed before the next. */
#include "verify/policy_facts.h"
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "verify/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct taking {
	struct cli *cli;
	hz_facts *facts;
	const hz_policy *policy;
	const char *repository;
	hz_reader *reader;
	int code; /* of looking into trees */
	hz_error **err;
};

static int on_record(void *user, const hz_report *r)
{
	struct taking *t = user;

	return hz_facts_add_record(t->facts, r, t->err);
}

static int take_folder(struct cli *cli, struct taking *t, const hz_trust *trust, const char *folder, uint64_t *bad)
{
	const char *state = getenv("HOZEN_STATE_DIR");
	hz_error *err = NULL;
	uint64_t n = 0;
	int rc;

	t->err = &err;
	rc = hz_records_walk(folder, state && *state ? state : NULL, trust, on_record, t, &n, &err);
	*bad += n;
	return report_result(cli, rc, &err);
}

static int take_records(struct cli *cli, struct taking *t, const char *folder, const hz_trust *trust, uint64_t *bad)
{
	struct strings folders AUTO_STRINGS = STRINGS_INIT;
	int code = CLI_EXIT_DONE;

	if (cli_values(cli, "evidence", &folders) < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	if (folders.n == 0)
		return take_folder(cli, t, trust, folder ? folder : evidence_folder(), bad);
	for (uint64_t i = 0; i < folders.n && code == CLI_EXIT_DONE; i++)
		code = take_folder(cli, t, trust, folders.v[i], bad);
	return code;
}

/* ---- repositories ---- */

static int on_snapshot(void *user, const hz_snapshot_info *s)
{
	struct taking *t = user;

	return hz_facts_add_snapshot(t->facts, t->repository, s, t->err);
}

static int on_key(void *user, const hz_key_info *k)
{
	struct taking *t = user;

	return hz_facts_add_key(t->facts, t->repository, k, t->err);
}

/* For people, and for the record, in the language of each. */
static void not_looked_at(struct cli *cli, const char *name, const char *why)
{
	char text[600];
	hz_event e = { .size = sizeof(e), .kind = HZ_EVENT_NOTE, .message = text };

	(void)snprintf(text, sizeof(text), "repository %s: it could not be opened", name);
	hz_record_says(cli->record, HZ_SAYS_NOT_CHECKED, text);
	(void)snprintf(text, sizeof(text), _("repository %s is not looked at: %s"), name, why);
	report_event(cli, &e);
}

/* ---- trees ---- */

static int on_entry(void *user, const hz_entry_info *e)
{
	(void)e;
	*(bool *)user = true;
	return 1;
}

/* 0, 1 or 2, as hz_facts_path_fn has it; negative: cancelled. */
static int is_in(struct taking *t, const char *snapshot, const char *path)
{
	hz_error *err = NULL;
	bool found = false;
	int rc = hz_ls(t->reader, snapshot, path, on_entry, &found, t->cli->job, &err);

	if (rc >= 0 || rc == HZ_E_NOTFOUND) {
		hz_error_free(err);
		/* The root itself has no name to be listed under. */
		return found || (rc >= 0 && !*path);
	}
	t->code = cli_exit_worse(t->code, report_result(t->cli, rc, &err));
	return rc == HZ_E_CANCELED ? rc : 2;
}

/* Where paths were given relative to a folder, only the end of them is in the tree. */
static int is_in_relative(struct taking *t, const char *snapshot, const char *folder, const char *path, uint64_t n)
{
	const char *rest = path + strlen(folder);
	char *below = NULL;
	int there;

	while ((folder = strchr(folder + 1, '/'))) {
		there = is_in(t, snapshot, folder + 1);
		if (there == 0)
			continue;
		if (there != 1)
			return there;
		if (asprintf(&below, "%s%s", folder + 1, rest) < 0)
			return HZ_E_NOMEM;
		there = is_in(t, snapshot, below);
		free(below);
		return there;
	}
	/* The folder itself, given as a dot: that or one that was missing, if there were others. */
	return n > 1 ? 2 : is_in(t, snapshot, rest + (*rest == '/'));
}

static int on_path(void *user, const char *snapshot, const char *folder, const char *path, uint64_t n_folders)
{
	struct taking *t = user;
	int there = is_in(t, snapshot, path + 1);

	if (there == 0 && strcmp(folder, path) != 0 && is_in(t, snapshot, folder + 1) == 1)
		return 0;
	return there == 0 ? is_in_relative(t, snapshot, folder, path, n_folders) : there;
}

static int look_into_trees(struct taking *t)
{
	hz_error *err = NULL;
	int code;

	t->code = CLI_EXIT_DONE;
	code = report_result(t->cli,
		hz_facts_look_up(t->facts, t->policy, t->repository, (int64_t)time(NULL), on_path, t, &err), &err);
	return cli_exit_worse(code, t->code);
}

static int look_into(struct cli *cli, struct taking *t, hz_reader *r)
{
	hz_error *err = NULL;
	int code;

	t->err = &err;
	code = report_result(cli, hz_facts_add_repository(t->facts, t->repository, &err), &err);
	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_snapshots(r, NULL, on_snapshot, t, cli->job, &err), &err);
	/* Damaged commits are told, and are no snapshots. */
	if (code == CLI_EXIT_DONE || code == CLI_EXIT_DAMAGE)
		code = cli_exit_worse(code, report_result(cli, hz_key_list(r, on_key, t, &err), &err));
	t->reader = r;
	return code == CLI_EXIT_DONE || code == CLI_EXIT_DAMAGE ? cli_exit_worse(code, look_into_trees(t)) : code;
}

static int take_repository(struct cli *cli, struct taking *t, const hz_policy_repository *p)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	hz_reader *r AUTO_READER = NULL;
	hz_error *err = NULL;
	int code = place_common(cli, &o), rc;

	if (code != CLI_EXIT_DONE)
		return code;
	o.location = p->location;
	/* That of the environment is of one repository, and of which nobody says. */
	o.key_file = cli_is_given(cli, "key-file") ? o.key_file : p->key_file;
	rc = hz_reader_open(&r, &o, HZ_NEED_LIST, cli->job, &err);
	if (rc == HZ_E_CORRUPT || rc == HZ_E_CANCELED || rc == HZ_E_NOMEM)
		return report_result(cli, rc, &err);
	if (rc < 0) {
		not_looked_at(cli, p->name, hz_error_message(err));
		hz_error_free(err);
		return CLI_EXIT_DONE;
	}
	if (strcmp(hz_reader_repo_id(r), p->id) != 0)
		return report_failure(cli, HZ_E_INVAL,
			_("repository %s: by the policy its id is %s, at %s there is %s"), p->name, p->id, p->location,
			hz_reader_repo_id(r));
	t->repository = p->id;
	return look_into(cli, t, r);
}

static int take_repositories(struct cli *cli, struct taking *t, const hz_policy *policy)
{
	hz_policy_repository p = HZ_POLICY_REPOSITORY_INIT;
	int code = CLI_EXIT_DONE;

	for (uint64_t i = 0; hz_policy_repository_get(policy, i, &p, NULL) == 0; i++) {
		if (code != CLI_EXIT_DONE && code != CLI_EXIT_DAMAGE)
			break;
		if (cli_is_given(cli, "records-only"))
			not_looked_at(cli, p.name, _("--records-only was given"));
		else if (p.location)
			code = cli_exit_worse(code, take_repository(cli, t, &p));
		else
			not_looked_at(cli, p.name, _("the policy does not say where it is"));
	}
	return code;
}

int policy_collect(struct cli *cli, const hz_policy *policy, const char *folder, const hz_trust *trust, hz_facts *facts,
	uint64_t *bad)
{
	struct taking t = { .cli = cli, .facts = facts, .policy = policy };
	int code = take_records(cli, &t, folder, trust, bad);

	return code == CLI_EXIT_DONE ? take_repositories(cli, &t, policy) : code;
}

/* ---- the whole ---- */

int policy_view_make(struct cli *cli, const char *file, const char *assets, const char *folder, struct policy_view *v)
{
	hz_trust *trust AUTO_TRUST = NULL;
	hz_facts *facts = NULL;
	hz_error *err = NULL;
	int code;

	*v = (struct policy_view){ .info = HZ_POLICY_INFO_INIT };
	code = report_result(cli, hz_policy_open(&v->policy, file, &err), &err);
	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_policy_info_get(v->policy, &v->info, &err), &err);
	if (code == CLI_EXIT_DONE && assets)
		code = report_result(cli, hz_assets_open(&v->assets, assets, &err), &err);
	if (code == CLI_EXIT_DONE)
		code = trust_open(cli, &trust);
	if (code == CLI_EXIT_DONE)
		code = report_result(cli, hz_facts_new(&facts, &err), &err);
	if (code == CLI_EXIT_DONE)
		code = policy_collect(cli, v->policy, folder, trust, facts, &v->bad);
	if (code == CLI_EXIT_DONE || code == CLI_EXIT_DAMAGE) {
		v->untrusted = hz_facts_untrusted(facts);
		code = cli_exit_worse(code,
			report_result(cli,
				hz_policy_evaluate(&v->result, v->policy, facts, v->assets, time(NULL), &err), &err));
	}
	hz_facts_free(facts);
	return code;
}

void policy_view_release(struct policy_view *v)
{
	hz_policy_result_free(v->result);
	hz_assets_free(v->assets);
	hz_policy_free(v->policy);
}

int policy_view_code(const struct policy_view *v)
{
	static const int codes[] = { CLI_EXIT_DONE, CLI_EXIT_EXCEPTIONS, CLI_EXIT_OVERDUE, CLI_EXIT_DAMAGE };
	int code = codes[v->result->status & 3];

	if (code == CLI_EXIT_DONE && v->result->not_covered > 0)
		code = CLI_EXIT_EXCEPTIONS;
	return v->bad > 0 ? CLI_EXIT_DAMAGE : code;
}
