/* SPDX-License-Identifier: BSD-2-Clause */
/* See csv.h. */
#include "report/csv.h"
#include "base/utf8.h"
#include <string.h>

void csv_begin(struct csv *c, const char *text, size_t len)
{
	*c = (struct csv){ .at = text, .end = text + len, .next_line = 1 };
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		c->at += 3;
}

void csv_release(struct csv *c)
{
	buf_release(&c->text);
}

static int csv_wrong(const struct csv *c, const char *what, hz_error **err)
{
	return err_set(err, HZ_E_INVAL, "line %u: %s", c->next_line, err_text(what));
}

/* Is p at the end of a row? Its length is in *len. */
static bool at_row_end(const struct csv *c, size_t *len)
{
	size_t left = (size_t)(c->end - c->at);

	*len = left > 0 && c->at[0] == '\n' ? 1 : left > 1 && c->at[0] == '\r' && c->at[1] == '\n' ? 2 : 0;
	return left == 0 || *len > 0;
}

static int put(struct csv *c, size_t field, const char *bytes, size_t len, hz_error **err)
{
	if (c->text.len - c->from[field] + len > CSV_FIELD_MAX)
		return csv_wrong(c, "a field longer than 4096 bytes", err);
	return buf_append(&c->text, bytes, len) < 0 ? err_nomem(err) : 0;
}

/* Behind the first quote. */
static int quoted(struct csv *c, size_t field, hz_error **err)
{
	for (;;) {
		const char *quote = memchr(c->at, '"', (size_t)(c->end - c->at));
		int rc;

		if (!quote)
			return csv_wrong(c, "a quote that nothing closes", err);
		rc = put(c, field, c->at, (size_t)(quote - c->at), err);
		if (rc < 0)
			return rc;
		for (const char *p = c->at; p < quote; p++)
			c->next_line += *p == '\n';
		c->at = quote + 1;
		if (c->at == c->end || *c->at != '"')
			return 0;
		rc = put(c, field, "\"", 1, err);
		if (rc < 0)
			return rc;
		c->at++;
	}
}

static int plain(struct csv *c, size_t field, hz_error **err)
{
	const char *from = c->at;
	size_t len;

	while (c->at < c->end && *c->at != ',' && !at_row_end(c, &len)) {
		if (*c->at == '"')
			return csv_wrong(c, "a quote in a field that does not begin with one", err);
		if (*c->at == '\r')
			return csv_wrong(c, "a carriage return that ends no row", err);
		c->at++;
	}
	return put(c, field, from, (size_t)(c->at - from), err);
}

static int read_field(struct csv *c, hz_error **err)
{
	size_t field = c->n;
	size_t len;
	int rc;

	if (field == CSV_FIELDS_MAX)
		return csv_wrong(c, "more than 64 fields in a row", err);
	c->from[field] = c->text.len;
	if (c->at < c->end && *c->at == '"') {
		c->at++;
		rc = quoted(c, field, err);
	} else {
		rc = plain(c, field, err);
	}
	if (rc < 0)
		return rc;
	len = c->text.len - c->from[field];
	if (len > 0 &&
		(memchr(c->text.data + c->from[field], '\0', len) || !utf8_is(c->text.data + c->from[field], len)))
		return csv_wrong(c, "a field that is no text in UTF-8", err);
	if (buf_append(&c->text, "", 1) < 0)
		return err_nomem(err);
	c->n++;
	return 0;
}

static int read_row(struct csv *c, hz_error **err)
{
	size_t len;
	int rc;

	buf_reset(&c->text);
	c->n = 0;
	c->line = c->next_line;
	for (;;) {
		rc = read_field(c, err);
		if (rc < 0)
			return rc;
		if (at_row_end(c, &len))
			break;
		if (*c->at != ',')
			return csv_wrong(c, "something between a closing quote and the next comma", err);
		c->at++;
	}
	c->at += len;
	c->next_line++;
	return 0;
}

int csv_next(struct csv *c, hz_error **err)
{
	int rc;

	do {
		if (c->at == c->end)
			return 0;
		rc = read_row(c, err);
		if (rc < 0)
			return rc;
	} while (c->n == 1 && !*csv_field(c, 0));
	return 1;
}

const char *csv_field(const struct csv *c, size_t i)
{
	return (const char *)c->text.data + c->from[i];
}
