/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns verified records, snapshots and keys into facts: see facts.h. A record whose signer is not trusted is none. */
#include "report/facts.h"
#include "base/json_read.h"
#include <stdio.h>
#include <string.h>

int hz_facts_new(hz_facts **facts, hz_error **err)
{
	*facts = calloc(1, sizeof(**facts));
	return *facts ? 0 : err_nomem(err);
}

static void list_free(struct policy_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

void hz_facts_free(hz_facts *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_copies; i++) {
		free(f->copies[i].host);
		list_free(&f->copies[i].paths);
	}
	for (size_t i = 0; i < f->n_proofs; i++) {
		free(f->proofs[i].host);
		list_free(&f->proofs[i].paths);
	}
	for (size_t i = 0; i < f->n_keys; i++)
		free(f->keys[i].what);
	free(f->opened);
	free(f->copies);
	free(f->proofs);
	free(f->keys);
	free(f);
}

uint64_t hz_facts_untrusted(const hz_facts *f)
{
	return f->untrusted;
}

/* A new element, zeroed; list points to the pointer to them, which has room for the next power of two. NULL: memory is
 * out, or there are too many. */
static void *add(void *list, size_t *n, size_t size, hz_error **err)
{
	void *v, *grown;

	memcpy(&v, list, sizeof(v));
	if (*n >= FACTS_MAX) {
		(void)err_set(err, HZ_E_NOMEM, "more than %u facts of a kind", FACTS_MAX);
		return NULL;
	}
	if ((*n & (*n - 1)) == 0) {
		grown = realloc(v, (*n ? *n * 2 : 1) * size);
		if (!grown) {
			(void)err_nomem(err);
			return NULL;
		}
		v = grown;
		memcpy(list, &v, sizeof(v));
	}
	v = (char *)v + (*n)++ * size;
	return memset(v, 0, size);
}

static bool list_add(struct policy_list *l, const char *text)
{
	char **v = realloc(l->v, (l->n + 1) * sizeof(*v));

	if (!v)
		return false;
	l->v = v;
	v[l->n] = strdup(text);
	if (!v[l->n])
		return false;
	l->n++;
	return true;
}

static void put(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text ? text : "");
}

/* ---- records ---- */

static bool take_paths(struct policy_list *l, const struct json_value *list)
{
	for (size_t i = 0; i < json_list_len(list); i++) {
		const char *path = json_text(json_list_at(list, i));

		if (path && !list_add(l, path))
			return false;
	}
	return true;
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

/* A backup that raised an alarm has made its snapshot all the same. */
static int add_backup(hz_facts *f, const hz_report *r, const struct json_value *result, hz_error **err)
{
	const char *snapshot = json_text(json_get(result, "snapshot_id")), *host = json_text(json_get(result, "host"));
	struct fact_copy *c;

	if (!is_one_of(r->outcome, "done", "exceptions", "damage") || !snapshot || !*r->repository)
		return 0;
	c = add(&f->copies, &f->n_copies, sizeof(*c), err);
	if (!c)
		return HZ_E_NOMEM;
	put(c->repository, sizeof(c->repository), r->repository);
	put(c->snapshot, sizeof(c->snapshot), snapshot);
	put(c->record, sizeof(c->record), r->uuid);
	put(c->sha256, sizeof(c->sha256), r->sha256);
	c->time = r->start_time;
	(void)json_truth(json_get(result, "complete"), &c->complete);
	(void)json_truth(json_get(result, "protected"), &c->is_protected);
	c->host = strdup(host ? host : r->host);
	return c->host && take_paths(&c->paths, json_get(result, "paths")) ? 0 : err_nomem(err);
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

static unsigned levels_of_drill(const struct json_value *result)
{
	const char *level = json_text(json_get(result, "level"));

	if (level && strcmp(level, "L4") == 0)
		return LEVEL_FULL_DRILL | LEVEL_DRILL;
	return level && strcmp(level, "L3") == 0 ? LEVEL_DRILL : 0;
}

static int add_proof(hz_facts *f, const hz_report *r, const struct json_value *result, hz_error **err)
{
	bool drill = strcmp(r->kind, "drill") == 0, damage = strcmp(r->outcome, "damage") == 0;
	const char *host = json_text(json_get(result, "host"));
	struct fact_proof *p;
	unsigned levels = drill ? levels_of_drill(result) : levels_of_check(result);

	/* What was cancelled, failed or could not all be restored proves nothing. That it took too long does. */
	if ((!damage && strcmp(r->outcome, "done") != 0 && !(drill && strcmp(r->outcome, "overdue") == 0)) ||
		!*r->repository || (levels == 0 && !damage))
		return 0;
	p = add(&f->proofs, &f->n_proofs, sizeof(*p), err);
	if (!p)
		return HZ_E_NOMEM;
	put(p->repository, sizeof(p->repository), r->repository);
	put(p->snapshot, sizeof(p->snapshot), json_text(json_get(result, "snapshot_id")));
	put(p->record, sizeof(p->record), r->uuid);
	put(p->sha256, sizeof(p->sha256), r->sha256);
	p->time = r->time;
	/* Damage that a sample has shown is damage for whoever wants more to be read, too. */
	p->levels = !damage ? levels : drill ? LEVEL_DRILL | LEVEL_FULL_DRILL : LEVEL_CHECK | LEVEL_SAMPLE | LEVEL_READ;
	p->damage = damage;
	if (!json_number(json_get(result, "estimated_seconds"), &p->seconds))
		p->seconds = -1;
	p->host = strdup(host ? host : "");
	return p->host && take_paths(&p->paths, json_get(result, "paths")) ? 0 : err_nomem(err);
}

int hz_facts_add_record(hz_facts *f, const hz_report *r, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	const struct json_value *result;
	int rc;

	if (r->signer != HZ_SIGNER_TRUSTED) {
		f->untrusted++;
		return 0;
	}
	if (!is_one_of(r->kind, "backup", "check", "verify") && strcmp(r->kind, "drill") != 0)
		return 0;
	rc = json_read(&root, r->text, r->text_len, err);
	if (rc < 0)
		return rc;
	result = json_get(json_get(root, "predicate"), "result");
	return strcmp(r->kind, "backup") == 0 ? add_backup(f, r, result, err) : add_proof(f, r, result, err);
}

/* ---- repositories ---- */

int hz_facts_add_repository(hz_facts *f, const char *repository, hz_error **err)
{
	char(*one)[HZ_UID_HEX] = add(&f->opened, &f->n_opened, sizeof(*one), err);

	if (!one)
		return HZ_E_NOMEM;
	put(*one, sizeof(*one), repository);
	return 0;
}

int hz_facts_add_snapshot(hz_facts *f, const char *repository, const hz_snapshot_info *s, hz_error **err)
{
	struct fact_copy *c = add(&f->copies, &f->n_copies, sizeof(*c), err);

	if (!c)
		return HZ_E_NOMEM;
	put(c->repository, sizeof(c->repository), repository);
	put(c->snapshot, sizeof(c->snapshot), s->id);
	c->time = s->time_sec;
	c->complete = s->complete != 0;
	c->in_repository = true;
	c->host = strdup(s->hostname);
	for (uint64_t i = 0; c->host && i < s->n_paths; i++) {
		if (!list_add(&c->paths, s->paths[i]))
			return err_nomem(err);
	}
	return c->host ? 0 : err_nomem(err);
}

int hz_facts_add_key(hz_facts *f, const char *repository, const hz_key_info *key, hz_error **err)
{
	struct fact_key *k;

	/* What nobody holds any more has no age that matters; the root is not renewed. */
	if (!is_one_of(key->kind, "writer", "slot", "key-file") || (strcmp(key->kind, "slot") == 0 && !key->present))
		return 0;
	k = add(&f->keys, &f->n_keys, sizeof(*k), err);
	if (!k)
		return HZ_E_NOMEM;
	put(k->repository, sizeof(k->repository), repository);
	k->time = key->time_sec;
	if (asprintf(&k->what, "%s %s", key->kind, *key->name ? key->name : key->id) < 0) {
		k->what = NULL;
		return err_nomem(err);
	}
	return 0;
}

bool facts_has_opened(const hz_facts *f, const char *repository)
{
	for (size_t i = 0; i < f->n_opened; i++) {
		if (strcmp(f->opened[i], repository) == 0)
			return true;
	}
	return false;
}

const struct policy_list *facts_paths_of(const hz_facts *f, const char *snapshot)
{
	for (size_t i = 0; *snapshot && i < f->n_copies; i++) {
		if (f->copies[i].paths.n > 0 && strcmp(f->copies[i].snapshot, snapshot) == 0)
			return &f->copies[i].paths;
	}
	return NULL;
}
