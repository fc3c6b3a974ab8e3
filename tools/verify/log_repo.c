/* SPDX-License-Identifier: BSD-2-Clause */
/* log --repo: the copy of evidence that a repository has, by itself and against the log of this host. */
#include "common/evidence.h"
#include "common/i18n.h"
#include "common/place.h"
#include "common/report.h"
#include "verify/log_show.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct repo_look {
	struct cli *cli;
	const hz_trust *trust;
	const char *folder;      /* of this host */
	char origin[80];         /* of the log there; empty: it has none, or no checkpoint */
	bool has_folder, is_any; /* is_any: the repository has a log */
	int code;
};

/* ---- where the copy goes ---- */

/* The folder is ours alone, and few levels deep. */
static void remove_tree(const char *path)
{
	DIR *dir = remove(path) == 0 ? NULL : opendir(path);
	struct dirent *e;
	char *below;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			asprintf(&below, "%s/%s", path, e->d_name) < 0)
			continue;
		remove_tree(below);
		free(below);
	}
	(void)closedir(dir);
	(void)remove(path);
}

static void remove_temporary(char **path)
{
	if (*path)
		remove_tree(*path);
	free(*path);
	*path = NULL;
}

static int make_temporary(struct cli *cli, char **path)
{
	const char *base = getenv("TMPDIR");
	char *made = NULL;

	if (asprintf(&made, "%s/hozen-evidence.XXXXXX", base && *base ? base : "/tmp") < 0)
		return report_failure(cli, HZ_E_NOMEM, _("out of memory"));
	if (!mkdtemp(made)) {
		int code = report_failure(cli, HZ_E_IO, "%s: %s", made, strerror(errno));

		free(made);
		return code;
	}
	*path = made;
	return CLI_EXIT_DONE;
}

/* ---- looking ---- */

static int compare(struct repo_look *l, const hz_audit_log *log)
{
	struct log_look look = { l->cli, "folder" };
	hz_log_result res = HZ_LOG_RESULT_INIT;
	struct log_place p = { "folder", l->folder, NULL, NULL };
	hz_error *err = NULL;
	uint64_t findings = 0;
	char *head = NULL;
	int code;

	if (asprintf(&head, "%s/checkpoint", log->folder) < 0)
		return report_failure(l->cli, HZ_E_NOMEM, _("out of memory"));
	p.head = head;
	if (!l->cli->json && !l->cli->quiet)
		printf(_("\nthe folder of this host, against that copy\n"));
	code = log_check_folder(l->cli, &p, l->trust, &res);
	free(head);
	code = cli_exit_worse(code,
		report_result(l->cli,
			hz_log_compare(l->folder, log_state_dir(), log->folder, log_finding, &look, &findings, &err),
			&err));
	if (findings > 0) {
		report_warning(l->cli, _("ALARM: %llu entries that the repository has were dropped or rewritten here"),
			(unsigned long long)findings);
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	}
	return code;
}

static const char *registered_word(uint32_t by)
{
	return by == HZ_EVIDENCE_ADMIN_LOG ? "admin-log" : by == HZ_EVIDENCE_WRITER ? "writer" : "no";
}

static void print_registered(uint32_t by)
{
	if (by == HZ_EVIDENCE_ADMIN_LOG)
		printf(_("signer       registered in the repository's admin log\n"));
	else if (by == HZ_EVIDENCE_WRITER)
		printf(_("signer       a writer of the repository vouches for it\n"));
	else
		printf(_("signer       not known to the repository\n"));
}

static int on_log(void *user, const hz_audit_log *log)
{
	struct repo_look *l = user;
	struct log_place p = { "repository", log->folder, NULL, registered_word(log->registered) };
	hz_log_result res = HZ_LOG_RESULT_INIT;

	if (!l->cli->json && !l->cli->quiet)
		printf(_("%slog of %s in the repository\n"), l->is_any ? "\n" : "", log->fingerprint);
	if (!l->cli->json && !l->cli->quiet)
		print_registered(log->registered);
	l->is_any = true;
	l->code = cli_exit_worse(l->code, log_check_folder(l->cli, &p, l->trust, &res));
	if (log->contradictions > 0) {
		report_warning(l->cli, _("ALARM: the repository has two versions of %llu entries of one log"),
			(unsigned long long)log->contradictions);
		l->code = cli_exit_worse(l->code, CLI_EXIT_DAMAGE);
	}
	/* One without a checkpoint that can be read might be any log's. */
	if (l->has_folder && (!*l->origin || strcmp(l->origin, log->origin) == 0))
		l->code = cli_exit_worse(l->code, compare(l, log));
	return 0;
}

static void find_folder(struct repo_look *l)
{
	hz_log_result res = HZ_LOG_RESULT_INIT;

	l->has_folder = hz_log_check(l->folder, log_state_dir(), l->trust, NULL, NULL, NULL, &res, NULL) == 0;
	(void)snprintf(l->origin, sizeof(l->origin), "%s", res.origin);
}

int log_of_repo(struct cli *cli, const hz_trust *trust)
{
	struct repo_look l = { .cli = cli, .trust = trust };
	char *temporary __attribute__((cleanup(remove_temporary))) = NULL;
	hz_reader *r AUTO_READER = NULL;
	hz_error *err = NULL;
	const char *to = cli_value(cli, "save");
	int code;

	if (cli_is_given(cli, "head"))
		return report_usage(cli, _("--head: with --repo the repository's own heads are taken"));
	l.folder = cli->n_args ? cli->args[0] : evidence_folder();
	code = place_open(cli, HZ_NEED_LIST, &r);
	if (code == CLI_EXIT_DONE && !to)
		code = make_temporary(cli, &temporary);
	if (code != CLI_EXIT_DONE)
		return code;
	find_folder(&l);
	code = report_result(cli, hz_audit_fetch(r, to ? to : temporary, on_log, &l, cli->job, &err), &err);
	code = cli_exit_worse(code, l.code);
	if (cli->n_events[HZ_EVENT_DAMAGE] > 0)
		code = cli_exit_worse(code, CLI_EXIT_DAMAGE);
	if (code == CLI_EXIT_DONE && !l.is_any)
		return report_failure(cli, HZ_E_NOTFOUND, _("the repository has no copy of any evidence"));
	return code;
}
