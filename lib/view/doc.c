/* SPDX-License-Identifier: BSD-2-Clause */
/* See doc.h. Everything is owned by the page and freed with it. */
#include "view/doc.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct view_block no_block; /* takes what is written when memory is out; is never read */

static void *keep(struct view_doc *d, void *p)
{
	void **more;

	if (!p || d->failed) {
		free(p);
		d->failed = true;
		return NULL;
	}
	if ((d->n_owned & (d->n_owned + 1)) == 0) {
		more = realloc(d->owned, (2 * d->n_owned + 2) * sizeof(*more));
		if (!more) {
			free(p);
			d->failed = true;
			return NULL;
		}
		d->owned = more;
	}
	d->owned[d->n_owned++] = p;
	return p;
}

void doc_init(struct view_doc *d, const struct view_lang *lang)
{
	*d = (struct view_doc){ .lang = *lang };
	d->title = d->seal_name = d->seal = d->qr = d->place = "";
}

void doc_release(struct view_doc *d)
{
	for (size_t i = 0; i < d->n_blocks; i++) {
		free(d->blocks[i]->cells);
		free(d->blocks[i]->segments);
		free(d->blocks[i]->points);
		free(d->blocks[i]);
	}
	for (size_t i = 0; i < d->n_owned; i++)
		free(d->owned[i]);
	free(d->blocks);
	free(d->owned);
	*d = (struct view_doc){ 0 };
}

/* Length of what must not come through: C0, DEL, C1, line and paragraph separators, marks of direction. 0: none. */
static size_t unwanted(const unsigned char *s)
{
	if (s[0] < 0x20 || s[0] == 0x7f)
		return 1;
	if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f)
		return 2;
	if (s[0] == 0xd8 && s[1] == 0x9c)
		return 2;
	if (s[0] == 0xe2 && s[1] == 0x80 && ((s[2] >= 0xa8 && s[2] <= 0xae) || s[2] == 0x8e || s[2] == 0x8f))
		return 3;
	if (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)
		return 3;
	return s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf ? 3 : 0;
}

const char *doc_text(struct view_doc *d, const char *text)
{
	const unsigned char *s = (const unsigned char *)(text ? text : "");
	size_t len = strlen((const char *)s);
	char *out = d->failed ? NULL : malloc(3 * len + 1), *at = out;

	while (out && *s) {
		size_t n = unwanted(s);

		if (n > 0) {
			memcpy(at, "\xef\xbf\xbd", 3);
			at += 3;
			s += n;
		} else {
			*at++ = (char)*s++;
		}
	}
	if (out)
		*at = '\0';
	out = keep(d, out);
	return out ? out : "";
}

const char *doc_format(struct view_doc *d, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		d->failed = true;
	}
	va_end(ap);
	return doc_text(d, text);
}

/* Room for one more of n; NULL: no memory. */
static void *grown(struct view_doc *d, void *list, size_t n, size_t size)
{
	void *more;

	if (d->failed)
		return NULL;
	if ((n & (n + 1)) != 0)
		return list;
	more = realloc(list, (2 * n + 2) * size);
	if (!more)
		d->failed = true;
	return more;
}

struct view_block *doc_block(struct view_doc *d, enum view_kind kind, enum view_look look, const char *text)
{
	struct view_block **more = grown(d, d->blocks, d->n_blocks, sizeof(*more)), *b;

	if (!more)
		return &no_block;
	d->blocks = more;
	b = calloc(1, sizeof(*b));
	if (!b) {
		d->failed = true;
		return &no_block;
	}
	d->blocks[d->n_blocks++] = b;
	b->kind = kind;
	b->look = look;
	b->text = doc_text(d, text);
	b->more = b->limit_text = "";
	return b;
}

struct view_block *doc_heading(struct view_doc *d, int level, const char *text)
{
	struct view_block *b = doc_block(d, BLOCK_HEADING, LOOK_PLAIN, text);

	b->level = level;
	return b;
}

void doc_para(struct view_doc *d, const char *text)
{
	(void)doc_block(d, BLOCK_PARA, LOOK_PLAIN, text);
}

void doc_small(struct view_doc *d, const char *text)
{
	doc_block(d, BLOCK_PARA, LOOK_PLAIN, text)->level = 1;
}

static void add_cell(struct view_doc *d, struct view_block *b, const char *text, enum view_look look, bool mono)
{
	struct view_cell *more = grown(d, b->cells, b->n_cells, sizeof(*more));

	if (!more)
		return;
	b->cells = more;
	b->cells[b->n_cells++] = (struct view_cell){ doc_text(d, text), look, mono };
}

void doc_cell(struct view_doc *d, struct view_block *b, const char *text, enum view_look look)
{
	add_cell(d, b, text, look, false);
}

void doc_mono(struct view_doc *d, struct view_block *b, const char *text)
{
	add_cell(d, b, text, LOOK_PLAIN, true);
}

static void add_field(struct view_doc *d, struct view_block *b, const char *name, struct view_cell value)
{
	if (!value.text || !*value.text)
		return;
	add_cell(d, b, name, LOOK_PLAIN, false);
	add_cell(d, b, value.text, value.look, value.mono);
}

void doc_field(struct view_doc *d, struct view_block *b, const char *name, const char *value)
{
	add_field(d, b, name, (struct view_cell){ value, LOOK_PLAIN, false });
}

void doc_field_look(struct view_doc *d, struct view_block *b, const char *name, const char *value, enum view_look look)
{
	add_field(d, b, name, (struct view_cell){ value, look, false });
}

void doc_field_mono(struct view_doc *d, struct view_block *b, const char *name, const char *value)
{
	add_field(d, b, name, (struct view_cell){ value, LOOK_PLAIN, true });
}

struct view_block *doc_table(struct view_doc *d, uint32_t columns, const uint32_t *widths, const char *const *heads)
{
	struct view_block *b = doc_block(d, BLOCK_TABLE, LOOK_PLAIN, "");

	b->columns = columns;
	for (uint32_t i = 0; i < columns; i++) {
		b->widths[i] = widths[i];
		doc_cell(d, b, heads[i], LOOK_PLAIN);
	}
	return b;
}

struct view_block *doc_strip(struct view_doc *d, uint64_t total, bool counted, const char *from, const char *to)
{
	struct view_block *b = doc_block(d, BLOCK_STRIP, LOOK_PLAIN, from);

	b->more = doc_text(d, to);
	b->total = total;
	b->counted = counted;
	return b;
}

void doc_segment(
	struct view_doc *d, struct view_block *b, uint64_t from, uint64_t to, enum view_look look, const char *text)
{
	struct view_segment *more = from < to && to <= b->total ? grown(d, b->segments, b->n_segments, sizeof(*more))
								: NULL;

	if (!more)
		return;
	b->segments = more;
	b->segments[b->n_segments++] = (struct view_segment){ from, to, look, doc_text(d, text) };
}

void doc_legend(struct view_doc *d, struct view_block *b, enum view_look look, const char *text)
{
	doc_cell(d, b, text, look);
}

struct view_block *doc_chart(struct view_doc *d, const char *text, double limit, const char *limit_text)
{
	struct view_block *b = doc_block(d, BLOCK_CHART, LOOK_PLAIN, text);

	b->limit = limit > 0 ? limit : 0;
	b->limit_text = doc_text(d, limit_text);
	return b;
}

void doc_point(struct view_doc *d, struct view_block *b, double value, enum view_look look, const char *text,
	const char *label)
{
	struct view_point *more = grown(d, b->points, b->n_points, sizeof(*more));

	if (!more)
		return;
	b->points = more;
	b->points[b->n_points++] = (struct view_point){ value > 0 ? value : 0, look, doc_text(d, text),
		doc_text(d, label) };
}

void strip_parts(const struct view_block *b, enum view_look *looks, size_t n)
{
	static const int matters[LOOK_COUNT] = { [LOOK_PLAIN] = 0,
		[LOOK_GOOD] = 1,
		[LOOK_OTHER] = 2,
		[LOOK_INFO] = 3,
		[LOOK_UNKNOWN] = 4,
		[LOOK_WARN] = 5,
		[LOOK_BAD] = 6 };

	for (size_t i = 0; i < n; i++)
		looks[i] = LOOK_PLAIN;
	for (size_t s = 0; n > 0 && b->total > 0 && s < b->n_segments; s++) {
		const struct view_segment *g = &b->segments[s];
		size_t first = (size_t)((unsigned __int128)g->from * n / b->total);
		size_t last = (size_t)(((unsigned __int128)g->to * n - 1) / b->total);

		for (size_t i = first; i <= last && i < n; i++) {
			if (matters[g->look] > matters[looks[i]])
				looks[i] = g->look;
		}
	}
}
