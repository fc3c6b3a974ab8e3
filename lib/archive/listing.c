/* SPDX-License-Identifier: BSD-2-Clause */
/* Listings in order: tries of one name stand together, the lowest first (docs/format/names.md). */
#include "archive/listing.h"
#include <stdio.h>
#include <stdlib.h>

bool listed_run(struct listed *l, const char *name)
{
	return name_parse_uid(&l->uid, name, "index/");
}

bool listed_audit(struct listed *l, const char *name)
{
	return name_parse_uid(&l->uid, name, "audit/");
}

bool listed_commit(struct listed *l, const char *name)
{
	return name_parse_commit(&l->uid, &l->attempt, name);
}

/* Its copy makes an object as good as its primary, which may be lost. */
static bool numbered(struct listed *l, const char *name, const char *prefix)
{
	size_t len = strlen(name) - (name_is_copy(name) ? strlen(".copy") : 0);
	char primary[STORE_NAME_MAX];

	(void)snprintf(primary, sizeof(primary), "%.*s", (int)len, name);
	return name_parse_numbered(&l->number, &l->attempt, primary, prefix);
}

bool listed_mark(struct listed *l, const char *name)
{
	return numbered(l, name, "sessions/mark.");
}

bool listed_admin(struct listed *l, const char *name)
{
	return numbered(l, name, "admin/");
}

struct collecting {
	struct listing *l;
	listing_parse_fn parse;
};

static int collect(void *user, const char *name, uint64_t size)
{
	struct collecting *c = user;
	struct listing *l = c->l;
	struct listed one = { .size = size };

	if (!c->parse(&one, name))
		return 0;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct listed *v = realloc(l->v, cap * sizeof(*v));

		if (!v)
			return HZ_E_NOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = one;
	return 0;
}

static int cmp_listed(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int c = uid_cmp(&x->uid, &y->uid);

	if (c)
		return c;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

int listing_load(struct listing *l, struct store *st, const char *folder, listing_parse_fn parse, hz_error **err)
{
	struct collecting c = { l, parse };
	size_t kept = 0;
	int rc;

	*l = (struct listing){ 0 };
	rc = store_list(st, folder, collect, &c, err);
	if (rc == HZ_E_NOMEM)
		(void)err_nomem(err);
	if (rc < 0) {
		listing_release(l);
		return rc;
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), cmp_listed);
	for (size_t i = 0; i < l->n; i++) {
		if (kept == 0 || cmp_listed(&l->v[kept - 1], &l->v[i]) != 0)
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
	return 0;
}

void listing_release(struct listing *l)
{
	free(l->v);
	*l = (struct listing){ 0 };
}
