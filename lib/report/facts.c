/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts and what is in repositories: see facts.h. */
#include "base/error.h"
#include "report/facts.h"
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

static void copy_free(struct fact_copy *c)
{
	free(c->host);
	list_free(&c->paths);
	list_free(&c->failed);
	for (size_t i = 0; i < FOUND_COUNT; i++)
		list_free(&c->looked[i]);
}

void hz_facts_free(hz_facts *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_copies; i++)
		copy_free(&f->copies[i]);
	for (size_t i = 0; i < f->n_proofs; i++) {
		free(f->proofs[i].host);
		list_free(&f->proofs[i].paths);
		list_free(&f->proofs[i].absent);
	}
	for (size_t i = 0; i < f->n_keys; i++)
		free(f->keys[i].what);
	for (size_t i = 0; i < f->n_places; i++) {
		free(f->places[i].host);
		free(f->places[i].location);
	}
	free(f->places);
	free(f->known);
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

/* list points to the pointer to them, which has room for the next power of two. NULL: memory is
 * out, or there are too many. */
void *facts_add(void *list, size_t *n, size_t size, hz_error **err)
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

bool facts_list_add(struct policy_list *l, const char *text)
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

/* ---- repositories ---- */

int hz_facts_add_repository(hz_facts *f, const char *repository, hz_error **err)
{
	char(*one)[HZ_UID_HEX] = facts_add(&f->opened, &f->n_opened, sizeof(*one), err);

	if (!one)
		return HZ_E_NOMEM;
	put(*one, sizeof(*one), repository);
	return 0;
}

int hz_facts_add_snapshot(hz_facts *f, const char *repository, const hz_snapshot_info *s, hz_error **err)
{
	struct fact_copy *c = facts_add(&f->copies, &f->n_copies, sizeof(*c), err);

	if (!c)
		return HZ_E_NOMEM;
	put(c->repository, sizeof(c->repository), repository);
	put(c->snapshot, sizeof(c->snapshot), s->id);
	c->time = s->time_sec;
	c->complete = s->complete != 0;
	c->in_repository = true;
	c->host = strdup(s->hostname);
	for (uint64_t i = 0; c->host && i < s->n_paths; i++) {
		if (!facts_list_add(&c->paths, s->paths[i]))
			return err_nomem(err);
	}
	return c->host ? 0 : err_nomem(err);
}

int hz_facts_add_key(hz_facts *f, const char *repository, const hz_key_info *key, hz_error **err)
{
	struct fact_key *k;

	/* What nobody holds any more has no age that matters; the root is not renewed. */
	if ((strcmp(key->kind, "writer") != 0 && strcmp(key->kind, "slot") != 0 &&
		    strcmp(key->kind, "key-file") != 0) ||
		(strcmp(key->kind, "slot") == 0 && !key->present))
		return 0;
	k = facts_add(&f->keys, &f->n_keys, sizeof(*k), err);
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
