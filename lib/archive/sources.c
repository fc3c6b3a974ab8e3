/* SPDX-License-Identifier: BSD-2-Clause */
/* Normalising the paths of create: see sources.h. Works on text only. */
#include "archive/sources.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void node_release(struct source_node *n)
{
	struct source_node *c = n->child;

	/* As deep as a path that fits in memory on the command line; each level frees its siblings in the loop. */
	while (c) {
		struct source_node *next = c->next;

		node_release(c);
		free(c);
		c = next;
	}
	free(n->name);
	free(n->real);
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	node_release(&s->root);
	for (size_t i = 0; i < s->n; i++)
		free(s->absolute[i]);
	free(s->absolute);
	free(s);
}

/* Components joined by '/', "." and empty ones dropped. HZ_E_INVAL for "..": folding it would name another folder than
 * the system does where a symlink stands before it. */
static int normalise(char **out, const char *path, hz_error **err)
{
	size_t cap = strlen(path) + 1;
	char *o = malloc(cap + 1), *w = o;
	const char *p = path;

	if (!o)
		return err_nomem(err);
	while (*p) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			free(o);
			err_set(err, HZ_E_INVAL, "%s: has \"..\" in it", path);
			err_hint(err, "name the folder itself, or change to it first");
			return HZ_E_INVAL;
		} else if (n > 0 && !(n == 1 && p[0] == '.')) {
			if (w > o)
				*w++ = '/';
			memcpy(w, p, n);
			w += n;
		}
		p += n;
		while (*p == '/')
			p++;
	}
	*w = '\0';
	*out = o;
	return 0;
}

static struct source_node *child_of(struct source_node *parent, const char *name, size_t len)
{
	struct source_node **at = &parent->child, *c;

	for (; *at; at = &(*at)->next) {
		int r = strncmp((*at)->name, name, len);

		if (r == 0 && (*at)->name[len] == '\0')
			return *at;
		if (r > 0 || (r == 0 && (*at)->name[len] != '\0'))
			break;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->name = strndup(name, len);
	if (!c->name) {
		free(c);
		return NULL;
	}
	c->next = *at;
	*at = c;
	return c;
}

/* The real path of the first components of stored: "/" or "" before them. */
static char *real_of(bool absolute, const char *stored, size_t len)
{
	char *r = NULL;

	if (asprintf(&r, "%s%.*s", absolute ? "/" : len ? "" : ".", (int)len, stored) < 0)
		return NULL;
	return r;
}

static int conflict(const char *a, const char *b, hz_error **err)
{
	err_set(err, HZ_E_INVAL, "%s and %s would be stored under one name", a, b);
	err_hint(err, "make two backups, with different --host or from one folder above both");
	return HZ_E_INVAL;
}

static int add(struct sources *s, const char *given, const char *stored, hz_error **err)
{
	bool absolute = given[0] == '/';
	struct source_node *n = &s->root;
	const char *p = stored;

	for (;;) {
		char *real = real_of(absolute, stored, (size_t)(p - stored));

		if (!real)
			return err_nomem(err);
		/* The root has no place of its own until somebody asks for all of it. */
		if (n->real && strcmp(n->real, real) != 0 && (n != &s->root || n->whole)) {
			int rc = conflict(n->real, real, err);

			free(real);
			return rc;
		}
		if (!n->real && (n != &s->root || *p == '\0'))
			n->real = real;
		else
			free(real);
		if (*p == '\0')
			break;
		p += *p == '/';
		size_t len = strcspn(p, "/");

		n = child_of(n, p, len);
		if (!n)
			return err_nomem(err);
		p += len;
	}
	n->whole = true;
	return 0;
}

/* Below a whole node everything comes from its own folder: the children that were asked for besides must lie there. */
static int cover(struct source_node *n, bool covered, const struct source_node *whole, hz_error **err)
{
	n->covered = covered;
	for (struct source_node *c = n->child; c; c = c->next) {
		bool below = covered || n->whole;

		if (below && c->real && whole->real && (c->real[0] == '/') != (whole->real[0] == '/'))
			return conflict(whole->real, c->real, err);
		int rc = cover(c, below, c->whole && !below ? c : whole, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int sources_new(struct sources **ret, const char *const *paths, size_t n, const char *cwd, hz_error **err)
{
	AUTO(sources_free) struct sources *s = calloc(1, sizeof(*s));
	int rc = 0;

	if (!s)
		return err_nomem(err);
	s->absolute = calloc(n + 1, sizeof(*s->absolute));
	if (!s->absolute)
		return err_nomem(err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *stored = NULL;

		if (!paths[i] || !paths[i][0])
			return err_set(err, HZ_E_INVAL, "an empty path");
		rc = normalise(&stored, paths[i], err);
		if (rc == 0 &&
			asprintf(&s->absolute[s->n], "%s%s%s", paths[i][0] == '/' || !strcmp(cwd, "/") ? "" : cwd,
				*stored || paths[i][0] == '/' || !strcmp(cwd, "/") ? "/" : "", stored) < 0)
			rc = err_nomem(err);
		if (rc == 0) {
			s->n++;
			rc = add(s, paths[i], stored, err);
		}
		free(stored);
	}
	if (rc == 0)
		rc = cover(&s->root, false, &s->root, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(s);
	return 0;
}
