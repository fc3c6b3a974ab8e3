/* SPDX-License-Identifier: BSD-2-Clause */
/* See log_show.h. */
#include "verify/log_show.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/text.h"
#include "verify/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *log_state_dir(void)
{
	const char *state = getenv("HOZEN_STATE_DIR");

	return state && *state ? state : NULL;
}

static const char *kind_word(uint32_t kind)
{
	static const char *const words[] = { "", "changed", "dropped", "inserted", "reordered", "rewritten", "cut",
		"bad_entry", "bad_record", "pending" };

	return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "";
}

static void finding_json(const struct log_look *l, const hz_log_finding *f)
{
	hz_json *line = hz_json_new("log_finding");

	hz_json_str(line, "where", l->where);
	hz_json_str(line, "kind", kind_word(f->kind));
	if (f->first != UINT64_MAX) {
		hz_json_u64(line, "first", f->first);
		hz_json_u64(line, "last", f->last);
	}
	hz_json_str(line, "name", f->name);
	hz_json_str(line, "message", f->message);
	report_line(l->cli, line);
}

static void finding_text(const hz_log_finding *f)
{
	printf("%-10s ", kind_word(f->kind));
	if (f->first != UINT64_MAX && f->first == f->last)
		printf(_("entry %llu: "), (unsigned long long)f->first);
	else if (f->first != UINT64_MAX)
		printf(_("entries %llu to %llu: "), (unsigned long long)f->first, (unsigned long long)f->last);
	if (f->name) {
		text_put(stdout, f->name, strlen(f->name), 1);
		(void)fputs(": ", stdout);
	}
	text_put(stdout, f->message, strlen(f->message), 1);
	(void)putchar('\n');
}

void log_finding(void *user, const hz_log_finding *f)
{
	const struct log_look *l = user;

	if (l->cli->json)
		finding_json(l, f);
	else if (!l->cli->quiet || f->kind != HZ_LOG_PENDING)
		finding_text(f);
}

static void print_json(struct cli *cli, const struct log_place *p, const hz_log_result *r, int code)
{
	hz_json *line = hz_json_new("log_summary"), *list;

	hz_json_str(line, "where", p->where);
	if (p->registered)
		hz_json_str(line, "registered", p->registered);
	hz_json_u64(line, "entries", r->entries);
	hz_json_str(line, "root", r->root);
	hz_json_str(line, "origin", *r->origin ? r->origin : NULL);
	hz_json_str(line, "signer", trust_word(r->signer));
	hz_json_str(line, "fingerprint", *r->fingerprint ? r->fingerprint : NULL);
	hz_json_u64(line, "records_good", r->records_good);
	hz_json_u64(line, "records_unknown", r->records_unknown);
	hz_json_u64(line, "findings", r->findings);
	hz_json_u64(line, "pending", r->pending);
	list = hz_json_array(line, "not_checked");
	if (!r->tail_checked)
		hz_json_add_str(list, "tail");
	hz_json_u64(line, "exit", (uint64_t)code);
	report_line(cli, line);
}

static void print_text(const hz_log_result *r)
{
	printf(_("%llu entries; %llu records by keys that are believed, %llu by others\n"),
		(unsigned long long)r->entries, (unsigned long long)r->records_good,
		(unsigned long long)r->records_unknown);
	printf(_("head         %llu %s\n"), (unsigned long long)r->entries, r->root);
	if (*r->fingerprint)
		printf(_("key          %s\n"), r->fingerprint);
	if (r->pending > 0)
		printf(_("pending      %llu, no damage\n"), (unsigned long long)r->pending);
	if (r->tail_checked)
		printf(_("checked      the tail, by a head of %llu entries\n"), (unsigned long long)r->head_size);
	else
		printf(_("not checked  tail: whether entries are missing at the end shows against a head that was kept "
			 "elsewhere (--head), of all %llu\n"),
			(unsigned long long)r->entries);
	if (r->findings == 0)
		printf(_("nothing was dropped, changed, inserted or moved\n"));
}

int log_check_folder(struct cli *cli, const struct log_place *p, const hz_trust *trust, hz_log_result *res)
{
	struct log_look look = { cli, p->where };
	hz_error *err = NULL;
	int rc = hz_log_check(p->folder, log_state_dir(), trust, p->head, log_finding, &look, res, &err);
	int code = report_result(cli, rc, &err);

	if (rc < 0)
		return code;
	if (res->findings > 0 || res->records_unknown > 0 || res->signer != HZ_SIGNER_TRUSTED)
		code = CLI_EXIT_DAMAGE;
	if (cli->json)
		print_json(cli, p, res, code);
	else if (!cli->quiet)
		print_text(res);
	if (res->findings > 0)
		report_warning(cli, _("ALARM: the log or its records are not what was signed: %llu findings"),
			(unsigned long long)res->findings);
	else if (code != CLI_EXIT_DONE)
		report_warning(cli, _("intact, but the signer is not among the keys that are believed"));
	return code;
}
