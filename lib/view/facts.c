/* SPDX-License-Identifier: BSD-2-Clause */
/* See facts.h. */
#include "view/facts.h"
#include "hozen/evidence.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t fact_time(const char *text)
{
	struct tm tm = { 0 };

	if (!text ||
		sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
			&tm.tm_sec) != 6)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm);
}

int64_t fact_when(const struct view_fact *f)
{
	return f->end >= 0 ? f->end : f->start;
}

bool fact_is(const struct view_fact *f, const char *kind)
{
	return strcmp(f->kind, kind) == 0;
}

bool fact_has(const struct view_fact *f, const char *outcome)
{
	return strcmp(f->outcome, outcome) == 0;
}

bool list_has(const struct json_value *list, const char *text)
{
	for (size_t i = 0; text && i < json_list_len(list); i++) {
		const char *t = json_text(json_list_at(list, i));

		if (t && strcmp(t, text) == 0)
			return true;
	}
	return false;
}

bool path_is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strcmp(folder, "/") == 0 || (strncmp(path, folder, len) == 0 && (path[len] == '/' || !path[len]));
}

static bool has_path(const struct json_value *list, const char *path)
{
	for (size_t i = 0; i < json_list_len(list); i++) {
		const char *folder = json_text(json_list_at(list, i));

		if (folder && path_is_in(path, folder))
			return true;
	}
	return false;
}

bool fact_paths_in(const struct view_fact *f, const struct view_fact *of)
{
	if (json_list_len(f->paths) == 0 || json_list_len(of->paths) == 0)
		return true;
	for (size_t i = 0; i < json_list_len(f->paths); i++) {
		const char *path = json_text(json_list_at(f->paths, i));

		if (path && !has_path(of->paths, path))
			return false;
	}
	return true;
}

bool fact_serves(const struct view_fact *f, const char *control)
{
	return list_has(json_get(f->predicate, "controls"), control);
}

static int read_one(struct view_fact *f, const struct view_record *r, hz_error **err)
{
	const char *identity;

	f->record = r;
	f->predicate = json_get(r->root, "predicate");
	f->result = json_get(f->predicate, "result");
	f->uuid = json_text(json_get(f->predicate, "id"));
	f->kind = json_text(json_get(f->predicate, "kind"));
	f->outcome = json_text(json_get(f->predicate, "outcome"));
	f->command = json_text(json_get(f->predicate, "command"));
	f->start = fact_time(json_text(json_get(json_get(f->predicate, "time"), "start")));
	f->end = fact_time(json_text(json_get(json_get(f->predicate, "time"), "end")));
	if (!f->uuid || !f->kind || !f->outcome || !f->command || f->start < 0)
		return err_set(err, HZ_E_CORRUPT, "no record: %s", "predicate");
	f->operator_name = json_text(json_get(json_get(f->predicate, "operator"), "name"));
	identity = json_text(json_get(f->predicate, "identity"));
	if (identity && json_read(&f->about, identity, strlen(identity), NULL) < 0)
		f->about = NULL;
	f->repository = json_text(json_get(f->about, "repository"));
	f->snapshot = json_text(json_get(f->about, "snapshot"));
	/* Whose data it is: of a restore or drill not where it ran. */
	f->host = json_text(json_get(f->result, "host"));
	if (!f->host)
		f->host = json_text(json_get(f->about, "host"));
	if (!f->host && !fact_is(f, "drill"))
		f->host = json_text(json_get(json_get(f->predicate, "host"), "name"));
	f->paths = json_get(f->result, "paths");
	f->trusted = r->signer == HZ_SIGNER_TRUSTED;
	return 0;
}

static const char *place_of(const struct view_fact *f)
{
	return json_text(json_get(f->about, "location"));
}

static const char *machine_of(const struct view_fact *f)
{
	return json_text(json_get(json_get(f->predicate, "host"), "name"));
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* What a record does not say because it could not look: the repository that stood at its place before, and the paths of
 * the snapshot, which the record of its backup names. */
static void complete(struct view_fact *f, const struct view_facts *all, size_t at)
{
	for (size_t i = at; !f->repository && place_of(f) && i-- > 0;) {
		const struct view_fact *o = &all->list[i];

		if (o->trusted && same(place_of(o), place_of(f)) && same(machine_of(o), machine_of(f)))
			f->repository = o->repository;
	}
	for (size_t i = at; json_list_len(f->paths) == 0 && f->snapshot && i-- > 0;) {
		const struct view_fact *o = &all->list[i];

		if (o->trusted && fact_is(o, "backup") && same(o->snapshot, f->snapshot) &&
			same(o->repository, f->repository))
			f->paths = o->paths;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct view_fact *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	/* Within a second, as they stand in the log. */
	return (x->record > y->record) - (x->record < y->record);
}

static int read_all(struct view_facts *f, const struct view_request *request, hz_error **err)
{
	int rc = 0;

	f->list = calloc(request->n_records + 1, sizeof(*f->list));
	if (!f->list)
		return err_nomem(err);
	for (size_t i = 0; rc == 0 && i < request->n_records; i++)
		rc = read_one(&f->list[f->n++], &request->records[i], err);
	if (rc == 0)
		qsort(f->list, f->n, sizeof(*f->list), by_start);
	for (size_t i = 0; rc == 0 && i < f->n; i++) {
		struct view_fact *o = &f->list[i];

		if (o->trusted && (!o->repository || (fact_is(o, "drill") && json_list_len(o->paths) == 0)))
			complete(o, f, i);
	}
	return rc;
}

int facts_read(struct view_facts *f, const struct view_request *request, hz_error **err)
{
	struct view_facts *all = *request->kept;
	int rc = 0;

	if (!all) {
		*request->kept = all = calloc(1, sizeof(*all));
		rc = all ? read_all(all, request, err) : err_nomem(err);
	}
	if (rc < 0) {
		facts_release(all);
		*request->kept = NULL;
		return rc;
	}
	*f = *all;
	f->request = request;
	/* What came after the period is not of this page. */
	while (request->overview && f->n > 0 && f->list[f->n - 1].start >= request->to)
		f->n--;
	return 0;
}

void facts_release(struct view_facts *all)
{
	for (size_t i = 0; all && i < all->n; i++)
		json_read_free(all->list[i].about);
	if (all)
		free(all->list);
	free(all);
}

static const struct {
	const char *name, *word;
} kinds[] = {
	{ "backup", N_("Backup") },
	{ "restore", N_("Restore") },
	{ "export", N_("Export") },
	{ "check", N_("Check of a repository") },
	{ "init", N_("New repository") },
	{ "key", N_("Key handed out") },
	{ "verify", N_("Verification of a repository") },
	{ "drill", N_("Restore drill") },
	{ "selftest", N_("Self-test") },
	{ "policy", N_("Policy evaluated") },
	{ "sanitize", N_("Sanitization of a medium") },
	{ "media", N_("Check of an erased medium") },
	{ "shred", N_("Files overwritten") },
	{ "validate", N_("Validation of a record") },
};

static const struct {
	const char *name, *word;
	enum view_look look;
} outcomes[] = {
	{ "done", N_("done"), LOOK_GOOD },
	{ "exceptions", N_("done, with exceptions"), LOOK_WARN },
	{ "damage", N_("damage found"), LOOK_BAD },
	{ "overdue", N_("an objective was missed"), LOOK_WARN },
	{ "failed", N_("failed"), LOOK_BAD },
	{ "usage", N_("not run: wrong arguments"), LOOK_INFO },
	{ "refused", N_("refused"), LOOK_INFO },
	{ "cancelled", N_("cancelled"), LOOK_WARN },
	{ "interrupted", N_("interrupted"), LOOK_BAD },
};

const char *word_of_kind(const struct view_lang *l, const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].name, kind) == 0)
			return lang_say(l, kinds[i].word);
	}
	return kind;
}

const char *word_of_outcome(const struct view_lang *l, const char *outcome)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		if (strcmp(outcomes[i].name, outcome) == 0)
			return lang_say(l, outcomes[i].word);
	}
	return outcome;
}

enum view_look look_of_outcome(const char *outcome)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		if (strcmp(outcomes[i].name, outcome) == 0)
			return outcomes[i].look;
	}
	return LOOK_UNKNOWN;
}

const char *word_of_signer(const struct view_lang *l, uint32_t signer)
{
	if (signer == HZ_SIGNER_TRUSTED)
		return lang_say(l, N_("trusted"));
	if (signer == HZ_SIGNER_EXPIRED)
		return lang_say(l, N_("intact, key not valid at that time"));
	return lang_say(l, N_("intact, signer unknown"));
}

enum view_look look_of_signer(uint32_t signer)
{
	return signer == HZ_SIGNER_TRUSTED ? LOOK_GOOD : LOOK_UNKNOWN;
}
