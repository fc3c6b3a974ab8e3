/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of assets that an organization keeps anyway: which columns are which says its first row. */
#include "report/assets.h"
#include "base/vfs.h"
#include "crypto/digest.h"
#include "report/csv.h"
#include <fcntl.h>
#include <string.h>

enum { NAME, HOST, PATH, N_COLUMNS };

static const char *const headings[N_COLUMNS][3] = { { "asset", "資産名" }, { "host", "ホスト名" }, { "path", "パス" } };

void hz_assets_free(hz_assets *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		free(a->v[i].name);
		free(a->v[i].host);
		free(a->v[i].path);
	}
	free(a->v);
	free(a);
}

const char *hz_assets_sha256(const hz_assets *a)
{
	return a->sha256;
}

/* Places of the columns; -1: there is none. */
static int read_headings(int at[N_COLUMNS], const struct csv *c, hz_error **err)
{
	for (size_t column = 0; column < N_COLUMNS; column++) {
		at[column] = -1;
		for (size_t i = 0; i < c->n; i++) {
			if (strcmp(csv_field(c, i), headings[column][0]) != 0 &&
				strcmp(csv_field(c, i), headings[column][1]) != 0)
				continue;
			if (at[column] >= 0)
				return err_set(
					err, HZ_E_INVAL, "line %u: two columns are named %s", c->line, csv_field(c, i));
			at[column] = (int)i;
		}
	}
	if (at[NAME] < 0)
		return err_set(err, HZ_E_INVAL, "line %u: the first row names the columns, and none is asset or 資産名",
			c->line);
	return 0;
}

static int take(char **out, const struct csv *c, int column, hz_error **err)
{
	if (column < 0 || !*csv_field(c, (size_t)column))
		return 0;
	*out = strdup(csv_field(c, (size_t)column));
	return *out ? 0 : err_nomem(err);
}

static int add(hz_assets *a, const struct csv *c, const int at[N_COLUMNS], hz_error **err)
{
	struct asset *v;
	int rc;

	if (a->n == ASSETS_MAX)
		return err_set(err, HZ_E_INVAL, "line %u: more than %u assets", c->line, ASSETS_MAX);
	/* Doubled whenever the number is a power of two. */
	if ((a->n & (a->n - 1)) == 0) {
		v = realloc(a->v, (a->n ? a->n * 2 : 1) * sizeof(*v));
		if (!v)
			return err_nomem(err);
		a->v = v;
	}
	v = &a->v[a->n++];
	*v = (struct asset){ .line = c->line };
	rc = take(&v->name, c, at[NAME], err);
	if (rc == 0)
		rc = take(&v->host, c, at[HOST], err);
	if (rc == 0)
		rc = take(&v->path, c, at[PATH], err);
	if (rc == 0 && !v->name)
		rc = err_set(err, HZ_E_INVAL, "line %u: an asset without a name", c->line);
	return rc;
}

static int read_all(hz_assets *a, struct csv *c, hz_error **err)
{
	int at[N_COLUMNS], rc = csv_next(c, err);
	size_t n;

	if (rc == 0)
		return err_set(err, HZ_E_INVAL, "it is empty");
	if (rc < 0)
		return rc;
	n = c->n;
	rc = read_headings(at, c, err);
	if (rc < 0)
		return rc;
	while ((rc = csv_next(c, err)) > 0) {
		if (c->n != n)
			return err_set(
				err, HZ_E_INVAL, "line %u: %zu fields, and the first row has %zu", c->line, c->n, n);
		rc = add(a, c, at, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

int assets_parse(hz_assets **assets, const char *text, size_t len, const char *name, hz_error **err)
{
	AUTO(hz_assets_free) hz_assets *a = calloc(1, sizeof(*a));
	AUTO_IN(csv_release) struct csv c;
	int rc;

	csv_begin(&c, text, len);
	rc = a ? read_all(a, &c, err) : err_nomem(err);
	if (rc < 0)
		return err_wrap(err, rc, "assets %s", name);
	*assets = TAKE(a);
	return 0;
}

int hz_assets_open(hz_assets **assets, const char *path, hz_error **err)
{
	AUTO(hz_assets_free) hz_assets *a = NULL;
	AUTO_FREE uint8_t *text = NULL;
	struct id hash;
	size_t len;
	int rc = crypto_init(err);

	if (rc == 0)
		rc = err_wrap(err, vfs_read_file(&text, &len, AT_FDCWD, path, ASSETS_BYTES_MAX, false, err),
			"assets %s", path);
	if (rc == 0)
		rc = assets_parse(&a, (const char *)text, len, path, err);
	if (rc < 0)
		return rc;
	hash = sha256(text, len);
	memcpy(a->sha256, id_hex(&hash).s, sizeof(a->sha256));
	*assets = TAKE(a);
	return 0;
}
