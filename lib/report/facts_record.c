/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns verified records into facts: see facts.h. A record whose signer is not trusted is none. */
#include "base/json_read.h"
#include "report/facts.h"
#include <stdio.h>
#include <string.h>

static void put(char *out, size_t size, const char *text)
{
	const size_t len = text ? strnlen(text, size - 1) : 0;

	memcpy(out, text ? text : "", len);
	out[len] = '\0';
}

static bool take_paths(struct policy_list *l, const struct json_value *list)
{
	for (size_t i = 0; i < json_list_len(list); i++) {
		const char *path = json_text(json_list_at(list, i));

		if (path && !facts_list_add(l, path))
			return false;
	}
	return true;
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

/* A record, taken apart. */
struct reading {
	const hz_report *r;
	const struct json_value *predicate, *result;
	struct json_value *about; /* its identity, or NULL */
	const char *repository;
};

/* Sources that could not be read; they are named from the root, without the slash. */
static bool take_failed(struct fact_copy *c, const struct json_value *predicate)
{
	const struct json_value *list = json_get(predicate, "failures");
	size_t n = json_list_len(list);
	int64_t total = (int64_t)n;

	for (size_t i = 0; i < n; i++) {
		const char *kind = json_text(json_get(json_list_at(list, i), "kind"));
		const char *path = json_text(json_get(json_list_at(list, i), "path"));
		AUTO_FREE char *whole = NULL;

		if (!kind || strcmp(kind, "source") != 0 || !path)
			continue;
		if (asprintf(&whole, "%s%s", *path == '/' ? "" : "/", path) < 0) {
			whole = NULL;
			return false;
		}
		if (!facts_list_add(&c->failed, whole))
			return false;
	}
	(void)json_whole(json_get(predicate, "failures_total"), &total);
	c->failed_cut = total > (int64_t)n;
	return true;
}

/* A backup that raised an alarm has made its snapshot all the same. */
static int add_backup(hz_facts *f, const struct reading *g, hz_error **err)
{
	const struct json_value *result = g->result;
	const char *snapshot = json_text(json_get(result, "snapshot_id")), *host = json_text(json_get(result, "host"));
	const hz_report *r = g->r;
	struct fact_copy *c;

	if (!is_one_of(r->outcome, "done", "exceptions", "damage") || !snapshot || !*g->repository)
		return 0;
	c = facts_add(&f->copies, &f->n_copies, sizeof(*c), err);
	if (!c)
		return HZ_E_NOMEM;
	put(c->repository, sizeof(c->repository), g->repository);
	put(c->snapshot, sizeof(c->snapshot), snapshot);
	put(c->record, sizeof(c->record), r->uuid);
	put(c->sha256, sizeof(c->sha256), r->sha256);
	c->time = r->start_time;
	(void)json_truth(json_get(result, "complete"), &c->complete);
	(void)json_truth(json_get(result, "protected"), &c->is_protected);
	c->excludes = json_list_len(json_get(result, "excluded")) > 0;
	c->host = strdup(host ? host : r->host);
	return c->host && take_paths(&c->paths, json_get(result, "paths")) && take_failed(c, g->predicate)
		? 0
		: err_nomem(err);
}

static bool has_text(const struct json_value *list, const char *text)
{
	for (size_t i = 0; i < json_list_len(list); i++) {
		const char *one = json_text(json_list_at(list, i));

		if (one && strcmp(one, text) == 0)
			return true;
	}
	return false;
}

static unsigned levels_of_check(const struct json_value *result)
{
	const struct json_value *looked = json_get(result, "looked_at");
	bool trees = has_text(looked, "structure") && has_text(looked, "trees");
	int64_t packs = 0;
	unsigned levels = trees ? LEVEL_CHECK : 0;

	if (trees && has_text(looked, "checksums") && has_text(looked, "content"))
		levels |= LEVEL_READ | LEVEL_SAMPLE;
	if (trees && json_whole(json_get(result, "sample_packs"), &packs) && packs > 0)
		levels |= LEVEL_SAMPLE;
	return levels;
}

/* Folders that are there on both sides compare nothing: files do. Older records count all entries together. */
static unsigned levels_of_drill(const struct json_value *result)
{
	const char *level = json_text(json_get(result, "level"));
	int64_t compared = 0;
	unsigned levels;

	if (!level || (strcmp(level, "L3") != 0 && strcmp(level, "L4") != 0))
		return 0;
	levels = LEVEL_RESTORED | (level[1] == '4' ? LEVEL_FULL_DRILL : 0);
	if (!json_whole(json_get(result, "files_compared"), &compared))
		(void)json_whole(json_get(result, "compared"), &compared);
	return levels | (compared > 0 ? LEVEL_DRILL : 0);
}

/* The one rule of what counts as done (docs/evidence/POLICY.md). What was cancelled, failed or could not all be
 * restored proves nothing. That it took too long does. */
static unsigned levels_of(const struct reading *g)
{
	const char *outcome = g->r->outcome;
	bool done = strcmp(outcome, "done") == 0;

	if (strcmp(g->r->kind, "restore") == 0)
		return done || strcmp(outcome, "exceptions") == 0 ? LEVEL_RESTORE : 0;
	if (strcmp(g->r->kind, "drill") == 0)
		return done || strcmp(outcome, "overdue") == 0 ? levels_of_drill(g->result) : 0;
	return done ? levels_of_check(g->result) : 0;
}

/* Damage that a sample has shown is damage for whoever wants more to be read, too. */
static unsigned levels_of_damage(const struct reading *g)
{
	if (strcmp(g->r->outcome, "damage") != 0)
		return 0;
	if (strcmp(g->r->kind, "restore") == 0)
		return LEVEL_RESTORE;
	return strcmp(g->r->kind, "drill") == 0 ? LEVEL_DRILL | LEVEL_FULL_DRILL | LEVEL_RESTORED
						: LEVEL_CHECK | LEVEL_SAMPLE | LEVEL_READ;
}

/* Of a repository that cannot be read there may be no result at all: the identity says what it was about. */
static int add_proof(hz_facts *f, const struct reading *g, hz_error **err)
{
	const char *host = json_text(json_get(g->result, "host")),
		   *snapshot = json_text(json_get(g->result, "snapshot_id"));
	unsigned levels = levels_of(g), damage = levels_of_damage(g);
	const hz_report *r = g->r;
	struct fact_proof *p;

	if (!*g->repository || (levels | damage) == 0)
		return 0;
	p = facts_add(&f->proofs, &f->n_proofs, sizeof(*p), err);
	if (!p)
		return HZ_E_NOMEM;
	put(p->repository, sizeof(p->repository), g->repository);
	put(p->snapshot, sizeof(p->snapshot), snapshot ? snapshot : r->snapshot);
	put(p->kind, sizeof(p->kind), r->kind);
	put(p->record, sizeof(p->record), r->uuid);
	put(p->sha256, sizeof(p->sha256), r->sha256);
	p->time = r->time;
	p->levels = levels | damage;
	p->damage = damage != 0;
	if (!json_number(json_get(g->result, "estimated_seconds"), &p->seconds))
		p->seconds = -1;
	host = host ? host : json_text(json_get(g->about, "host"));
	p->host = strdup(host ? host : "");
	return p->host && take_paths(&p->paths, json_get(g->result, "paths")) &&
			take_paths(&p->absent, json_get(g->result, "paths_missing"))
		? 0
		: err_nomem(err);
}

static int know(hz_facts *f, const char *repository, hz_error **err)
{
	char(*one)[HZ_UID_HEX];

	for (size_t i = 0; i < f->n_known; i++) {
		if (strcmp(f->known[i], repository) == 0)
			return 0;
	}
	one = facts_add(&f->known, &f->n_known, sizeof(*one), err);
	if (!one)
		return HZ_E_NOMEM;
	put(*one, sizeof(*one), repository);
	return 0;
}

static struct fact_place *place_of(hz_facts *f, const char *host, const char *location)
{
	for (size_t i = 0; i < f->n_places; i++) {
		if (strcmp(f->places[i].host, host) == 0 && strcmp(f->places[i].location, location) == 0)
			return &f->places[i];
	}
	return NULL;
}

/* A repository that is so damaged that it cannot be opened is the one that stood at this place before. */
static int find_repository(hz_facts *f, struct reading *g, hz_error **err)
{
	const char *location = json_text(json_get(g->about, "location"));
	struct fact_place *p = location ? place_of(f, g->r->host, location) : NULL;

	g->repository = *g->r->repository ? g->r->repository : p ? p->repository : "";
	if (!location || !*g->r->repository)
		return 0;
	if (!p) {
		p = facts_add(&f->places, &f->n_places, sizeof(*p), err);
		if (!p)
			return HZ_E_NOMEM;
		p->host = strdup(g->r->host);
		p->location = strdup(location);
		if (!p->host || !p->location) {
			f->n_places--;
			free(p->host);
			free(p->location);
			return err_nomem(err);
		}
	}
	put(p->repository, sizeof(p->repository), g->repository);
	return 0;
}

int hz_facts_add_record(hz_facts *f, const hz_report *r, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL, *about = NULL;
	struct reading g = { .r = r };
	const char *identity;
	int rc = 0;

	if (r->signer != HZ_SIGNER_TRUSTED) {
		f->untrusted++;
		return 0;
	}
	if (*r->repository)
		rc = know(f, r->repository, err);
	if (rc < 0 || (!is_one_of(r->kind, "backup", "check", "verify") && !is_one_of(r->kind, "drill", "restore", "")))
		return rc;
	rc = json_read(&root, r->text, r->text_len, err);
	if (rc < 0)
		return rc;
	g.predicate = json_get(root, "predicate");
	g.result = json_get(g.predicate, "result");
	identity = json_text(json_get(g.predicate, "identity"));
	if (identity && json_read(&about, identity, strlen(identity), NULL) < 0)
		about = NULL;
	g.about = about;
	rc = find_repository(f, &g, err);
	if (rc < 0)
		return rc;
	return strcmp(r->kind, "backup") == 0 ? add_backup(f, &g, err) : add_proof(f, &g, err);
}
