/* SPDX-License-Identifier: BSD-2-Clause */
/* A page as plain text, 80 columns wide; a Japanese letter takes two. Tables that would be wider become lists. */
#include "view/render.h"
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 80

struct text {
	struct buf *out;
	const struct view_doc *d;
	bool failed;
};

const char *mark_of(enum view_look look)
{
	static const char *const marks[LOOK_COUNT] = { [LOOK_PLAIN] = "",
		[LOOK_GOOD] = "[ok]",
		[LOOK_WARN] = "[!]",
		[LOOK_BAD] = "[X]",
		[LOOK_UNKNOWN] = "[?]",
		[LOOK_INFO] = "[-]",
		[LOOK_OTHER] = "[o]" };

	return marks[look];
}

char letter_of(enum view_look look)
{
	static const char letters[LOOK_COUNT] = { [LOOK_PLAIN] = ' ',
		[LOOK_GOOD] = '#',
		[LOOK_WARN] = '!',
		[LOOK_BAD] = 'X',
		[LOOK_UNKNOWN] = '?',
		[LOOK_INFO] = '-',
		[LOOK_OTHER] = 'o' };

	return letters[look];
}

const char *word_of_look(const struct view_lang *l, enum view_look look)
{
	static const char *const words[LOOK_COUNT] = { [LOOK_PLAIN] = "",
		[LOOK_GOOD] = N_("good"),
		[LOOK_WARN] = N_("attention"),
		[LOOK_BAD] = N_("bad"),
		[LOOK_UNKNOWN] = N_("not evidenced"),
		[LOOK_INFO] = N_("note"),
		[LOOK_OTHER] = N_("night|missed") };

	return lang_say(l, words[look]);
}

static void put_n(struct text *t, const char *s, size_t n)
{
	if (buf_append(t->out, s, n) < 0)
		t->failed = true;
}

static void put(struct text *t, const char *s)
{
	put_n(t, s, strlen(s));
}

static void fill(struct text *t, char c, size_t n)
{
	while (n-- > 0)
		put_n(t, &c, 1);
}

static size_t width_of(gunichar c)
{
	return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static size_t columns(const char *s)
{
	size_t n = 0;

	for (; *s; s = g_utf8_next_char(s))
		n += width_of(g_utf8_get_char(s));
	return n;
}

/* Where the next line of at most `room` columns ends: behind a space if there is one, or before a wide letter, or
 * anywhere. */
static const char *line_end(const char *s, size_t room)
{
	const char *good = NULL, *at = s;
	size_t used = 0;

	while (*at) {
		gunichar c = g_utf8_get_char(at);

		if (used + width_of(c) > room)
			return at == s ? g_utf8_next_char(at) : good ? good : at;
		/* No line begins with a mark that closes what was before. */
		if (at > s && g_unichar_iswide(c) &&
			!strstr("、。，．）」』・：；ーっゃゅょ々", (char[8]){ at[0], at[1], at[2], 0 }))
			good = at;
		used += width_of(c);
		at = g_utf8_next_char(at);
		if (c == ' ')
			good = at;
	}
	return at;
}

/* Wraps s from column `column` on; later lines begin at `indent`. */
static void wrap(struct text *t, const char *s, size_t indent)
{
	bool first = true;

	while (*s) {
		const char *end = line_end(s, WIDTH - indent), *stop = end;

		while (stop > s && stop[-1] == ' ')
			stop--;
		if (!first)
			fill(t, ' ', indent);
		put_n(t, s, (size_t)(stop - s));
		put(t, "\n");
		s = end;
		first = false;
	}
	if (first)
		put(t, "\n");
}

static void put_pairs(struct text *t, const struct view_block *b)
{
	size_t widest = 0;

	for (size_t i = 0; i + 1 < b->n_cells; i += 2) {
		size_t w = columns(b->cells[i].text);

		widest = w > widest && w <= 34 ? w : widest;
	}
	for (size_t i = 0; i + 1 < b->n_cells; i += 2) {
		const struct view_cell *v = &b->cells[i + 1];
		size_t w = columns(b->cells[i].text);

		put(t, "  ");
		put(t, b->cells[i].text);
		if (w > widest) {
			put(t, "\n");
			fill(t, ' ', widest + 4);
		} else {
			fill(t, ' ', widest + 2 - w);
		}
		if (*mark_of(v->look)) {
			put(t, mark_of(v->look));
			put(t, " ");
		}
		wrap(t, v->text, widest + 4);
	}
	put(t, "\n");
}

static size_t cell_columns(const struct view_cell *c)
{
	return columns(c->text) + (*mark_of(c->look) ? strlen(mark_of(c->look)) + 1 : 0);
}

static void put_cell(struct text *t, const struct view_cell *c)
{
	if (*mark_of(c->look)) {
		put(t, mark_of(c->look));
		put(t, " ");
	}
	put(t, c->text);
}

static void put_list(struct text *t, const struct view_block *b)
{
	for (size_t i = b->columns; i < b->n_cells; i++) {
		const struct view_cell *head = &b->cells[i % b->columns], *c = &b->cells[i];

		put(t, i % b->columns == 0 ? "- " : "  ");
		put(t, head->text);
		put(t, ": ");
		if (*mark_of(c->look)) {
			put(t, mark_of(c->look));
			put(t, " ");
		}
		wrap(t, c->text, 4);
	}
	put(t, "\n");
}

static void put_table(struct text *t, const struct view_block *b)
{
	size_t widths[DOC_COLUMNS] = { 0 }, sum = 0;

	for (size_t i = 0; i < b->n_cells; i++) {
		size_t w = cell_columns(&b->cells[i]);

		if (w > widths[i % b->columns])
			widths[i % b->columns] = w;
	}
	for (uint32_t k = 0; k < b->columns; k++)
		sum += widths[k] + 2;
	if (sum > WIDTH) {
		put_list(t, b);
		return;
	}
	for (size_t i = 0; i < b->n_cells; i++) {
		bool last = (i + 1) % b->columns == 0;

		if (i % b->columns == 0)
			put(t, "  ");
		put_cell(t, &b->cells[i]);
		if (last)
			put(t, "\n");
		else
			fill(t, ' ', widths[i % b->columns] + 2 - cell_columns(&b->cells[i]));
	}
	put(t, "\n");
}

static void put_strip(struct text *t, const struct view_block *b)
{
	enum view_look looks[WIDTH - 4];
	size_t n = b->counted && b->total <= WIDTH - 4 ? (size_t)b->total : WIDTH - 4, from = columns(b->text);

	strip_parts(b, looks, n);
	put(t, "  ");
	for (size_t i = 0; i < n; i++)
		put_n(t, (char[]){ letter_of(looks[i]) }, 1);
	put(t, "\n  ");
	put(t, b->text);
	fill(t, ' ', n > from + columns(b->more) ? n - from - columns(b->more) : 3);
	put(t, b->more);
	put(t, "\n ");
	for (size_t i = 0; i < b->n_cells; i++) {
		put(t, " ");
		put_n(t, (char[]){ letter_of(b->cells[i].look) }, 1);
		put(t, " ");
		put(t, b->cells[i].text);
		put(t, i + 1 < b->n_cells ? "," : "");
	}
	put(t, "\n");
}

static void put_chart(struct text *t, const struct view_block *b)
{
	double most = b->limit;
	size_t widest = 0;

	if (*b->text) {
		put(t, b->text);
		put(t, "\n");
	}
	for (size_t i = 0; i < b->n_points; i++) {
		most = b->points[i].value > most ? b->points[i].value : most;
		widest = columns(b->points[i].label) > widest ? columns(b->points[i].label) : widest;
	}
	for (size_t i = 0; i < b->n_points; i++) {
		const struct view_point *p = &b->points[i];

		put(t, "  ");
		put(t, p->label);
		fill(t, ' ', widest + 2 - columns(p->label));
		fill(t, '=', most > 0 ? (size_t)(p->value / most * 36) + 1 : 1);
		put(t, " ");
		put(t, mark_of(p->look));
		put(t, " ");
		put(t, p->text);
		put(t, "\n");
	}
	if (b->limit > 0) {
		fill(t, ' ', widest + 4);
		fill(t, '.', (size_t)(b->limit / most * 36));
		put(t, "| ");
	} else {
		put(t, "  ");
	}
	put(t, b->limit_text);
	put(t, "\n\n");
}

static void put_heading(struct text *t, const struct view_block *b)
{
	size_t w = columns(b->text);

	if (b->level == 1)
		put(t, "\n");
	put(t, b->text);
	put(t, "\n");
	fill(t, b->level == 1 ? '=' : '-', w < WIDTH ? w : WIDTH);
	put(t, "\n");
}

static void put_sign(struct text *t, const struct view_block *b)
{
	for (size_t i = 0; i < b->n_cells; i++) {
		put(t, "  ");
		put(t, b->cells[i].text);
		fill(t, ' ', columns(b->cells[i].text) < 24 ? 24 - columns(b->cells[i].text) : 1);
		fill(t, '_', 40);
		put(t, "\n");
	}
	put(t, "\n");
}

static void put_status(struct text *t, const struct view_block *b)
{
	put(t, mark_of(b->look));
	put(t, *mark_of(b->look) ? " " : "");
	wrap(t, b->text, 5);
	if (*b->more) {
		put(t, "     ");
		wrap(t, b->more, 5);
	}
	if (b->kind == BLOCK_STATUS)
		put(t, "\n");
}

static void put_block(struct text *t, const struct view_block *b)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		put_heading(t, b);
		break;
	case BLOCK_STATUS:
	case BLOCK_CARD:
		put_status(t, b);
		break;
	case BLOCK_CARD_END:
		break;
	case BLOCK_PARA:
		put(t, mark_of(b->look));
		put(t, *mark_of(b->look) ? " " : "");
		wrap(t, b->text, 0);
		put(t, "\n");
		break;
	case BLOCK_FACTS:
	case BLOCK_FIELDS:
		put_pairs(t, b);
		break;
	case BLOCK_TABLE:
		put_table(t, b);
		break;
	case BLOCK_STRIP:
		put_strip(t, b);
		break;
	case BLOCK_CHART:
		put_chart(t, b);
		break;
	case BLOCK_SIGN:
		put_sign(t, b);
		break;
	}
}

int render_text(struct buf *out, const struct view_doc *d, hz_error **err)
{
	struct text t = { out, d, false };
	struct view_block title = { .kind = BLOCK_HEADING, .level = 1, .text = d->title };

	put_heading(&t, &title);
	put(&t, "\n");
	for (size_t i = 0; i < d->n_blocks; i++)
		put_block(&t, d->blocks[i]);
	put(&t, d->seal_name);
	put(&t, "\n  ");
	put(&t, d->seal);
	put(&t, "\n");
	return t.failed ? err_nomem(err) : 0;
}
