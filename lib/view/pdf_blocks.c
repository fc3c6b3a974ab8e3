/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks on paper. What belongs together is measured first and begins a page where it does not fit; what is longer than
 * a page flows. */
#include "view/pdf.h"

#define GAP 16.0

static double cell_height(struct pdf *p, const struct view_cell *c, double width)
{
	return pdf_height_of(p, c->text, c->mono ? STYLE_MONO : STYLE_BODY, width - (c->look != LOOK_PLAIN ? 13 : 0));
}

static void put_cell(struct pdf *p, const struct view_cell *c, double x, double y, double width)
{
	double in = c->look != LOOK_PLAIN ? 13 : 0;

	pdf_mark(p, c->look, x, y + 2, 9);
	(void)pdf_text(p, c->text, c->mono ? STYLE_MONO : STYLE_BODY, INK, x + in, y, width - in);
}

/* A name above a value, over the whole width and as many pages as it takes. */
static void flow_pair(struct pdf *p, const struct view_cell *name, const struct view_cell *value)
{
	pdf_need(p, 26);
	p->y += pdf_text(p, name->text, STYLE_LABEL, SOFT, p->x, p->y, p->width) + 1;
	pdf_mark(p, value->look, p->x, p->y + 2, 9);
	pdf_flow(p, value->text, value->mono ? STYLE_MONO : STYLE_BODY, INK,
		p->x + (value->look != LOOK_PLAIN ? 13 : 0), p->width - (value->look != LOOK_PLAIN ? 13 : 0));
	p->y += 5;
}

#define LONG_CELL 70.0
/* Short values side by side; a row ends before a long one. */
static void put_grid(struct pdf *p, const struct view_block *b)
{
	const unsigned columns = 4;
	double w = (p->width - GAP * (columns - 1)) / columns;

	for (size_t i = 0; i + 1 < b->n_cells;) {
		double heads = 0, values = 0;
		size_t n = 0;

		if (cell_height(p, &b->cells[i + 1], w) > LONG_CELL) {
			flow_pair(p, &b->cells[i], &b->cells[i + 1]);
			i += 2;
			continue;
		}
		for (; n < columns && i + 2 * n + 1 < b->n_cells; n++) {
			double h = cell_height(p, &b->cells[i + 2 * n + 1], w), head;

			if (h > LONG_CELL)
				break;
			head = pdf_height_of(p, b->cells[i + 2 * n].text, STYLE_LABEL, w);
			values = h > values ? h : values;
			heads = head > heads ? head : heads;
		}
		pdf_need(p, heads + values + 6);
		for (size_t k = 0; k < n; k++, i += 2) {
			double x = p->x + (double)k * (w + GAP);

			(void)pdf_text(p, b->cells[i].text, STYLE_LABEL, SOFT, x, p->y, w);
			put_cell(p, &b->cells[i + 1], x, p->y + heads + 1, w);
		}
		p->y += heads + values + 8;
	}
}

static void put_rows(struct pdf *p, const struct view_block *b)
{
	double left = p->width * .32, right = p->width - left - GAP;

	for (size_t i = 0; i + 1 < b->n_cells; i += 2) {
		double h = cell_height(p, &b->cells[i + 1], right),
		       head = pdf_height_of(p, b->cells[i].text, STYLE_SMALL, left);

		h = head > h ? head : h;
		if (h > PDF_BODY / 2) {
			flow_pair(p, &b->cells[i], &b->cells[i + 1]);
			continue;
		}
		pdf_need(p, h + 6);
		(void)pdf_text(p, b->cells[i].text, STYLE_SMALL, SOFT, p->x, p->y + 1, left);
		put_cell(p, &b->cells[i + 1], p->x + left + GAP, p->y, right);
		p->y += h + 3;
		pdf_rule(p, p->x, p->y, p->width, LINE, .5);
		p->y += 3;
	}
}

void pdf_pairs(struct pdf *p, const struct view_block *b)
{
	if (b->kind == BLOCK_FACTS)
		put_grid(p, b);
	else
		put_rows(p, b);
	p->y += 4;
}

struct columns {
	double x[DOC_COLUMNS], width[DOC_COLUMNS];
};

static void put_heads(struct pdf *p, const struct view_block *b, const struct columns *c)
{
	double h = 0;

	for (uint32_t k = 0; k < b->columns; k++) {
		double one = pdf_text(p, b->cells[k].text, STYLE_HEAD, SOFT, c->x[k], p->y, c->width[k]);

		h = one > h ? one : h;
	}
	p->y += h + 2;
	pdf_rule(p, p->x, p->y, p->width, INK, .8);
	p->y += 3;
}

static void put_row(struct pdf *p, const struct view_block *b, const struct columns *c, size_t at)
{
	double h = 0;
	size_t page;

	for (uint32_t k = 0; k < b->columns; k++) {
		double one = cell_height(p, &b->cells[at + k], c->width[k]);

		h = one > h ? one : h;
	}
	if (h > PDF_BODY / 2) {
		for (uint32_t k = 0; k < b->columns; k++)
			flow_pair(p, &b->cells[k], &b->cells[at + k]);
		return;
	}
	page = p->n_pages;
	pdf_need(p, h + 6);
	if (p->n_pages != page)
		put_heads(p, b, c);
	for (uint32_t k = 0; k < b->columns; k++)
		put_cell(p, &b->cells[at + k], c->x[k], p->y, c->width[k]);
	p->y += h + 2;
	pdf_rule(p, p->x, p->y, p->width, LINE, .5);
	p->y += 2.5;
}

void pdf_table(struct pdf *p, const struct view_block *b)
{
	double sum = 0, x = p->x;
	struct columns c;

	for (uint32_t k = 0; k < b->columns; k++)
		sum += b->widths[k];
	for (uint32_t k = 0; k < b->columns; k++) {
		double share = p->width * b->widths[k] / sum;

		c.x[k] = x;
		c.width[k] = share - (k + 1 < b->columns ? 8 : 0);
		x += share;
	}
	pdf_need(p, 40);
	put_heads(p, b, &c);
	for (size_t i = b->columns; i + b->columns <= b->n_cells; i += b->columns)
		put_row(p, b, &c, i);
	p->y += 6;
}

static void put_heading(struct pdf *p, const struct view_block *b)
{
	enum pdf_style style = b->level == 1 ? STYLE_H1 : STYLE_H2;

	if (b->starts_page && p->y > PDF_TOP && !p->measures)
		pdf_new_page(p);
	p->y += p->y > PDF_TOP + 1 ? (b->level == 1 ? 14 : 8) : 0;
	pdf_need(p, 90);
	if (b->level == 1 && !p->measures)
		p->outline[p->n_outline++] = (struct pdf_outline){ b->text, p->n_pages };
	p->y += pdf_text(p, b->text, style, INK, p->x, p->y, p->width) + (b->level == 1 ? 8 : 4);
}

static void put_status(struct pdf *p, const struct view_block *b)
{
	static const enum pdf_colour backs[LOOK_COUNT] = { [LOOK_PLAIN] = INFO_BG,
		[LOOK_GOOD] = GOOD_BG,
		[LOOK_WARN] = WARN_BG,
		[LOOK_BAD] = BAD_BG,
		[LOOK_UNKNOWN] = UNKNOWN_BG,
		[LOOK_INFO] = INFO_BG,
		[LOOK_OTHER] = BAD_BG };
	double in = 58, w = p->width - in - 14, h = pdf_height_of(p, b->text, STYLE_HEADLINE, w);
	double more = *b->more ? pdf_height_of(p, b->more, STYLE_BODY, w) + 3 : 0, all = h + more + 24;

	all = all > 58 ? all : 58;
	pdf_need(p, all);
	pdf_box(p, p->x, p->y, p->width, all, backs[b->look], false);
	pdf_mark(p, b->look, p->x + 14, p->y + (all - 32) / 2, 32);
	(void)pdf_text(p, b->text, STYLE_HEADLINE, pdf_colour_of(b->look), p->x + in, p->y + (all - h - more) / 2, w);
	if (*b->more)
		(void)pdf_text(p, b->more, STYLE_BODY, INK, p->x + in, p->y + (all - h - more) / 2 + h + 3, w);
	p->y += all + 12;
}

static size_t put_inside(struct pdf *p, const struct view_block *b, size_t i)
{
	double w = p->width * .5 - 12, h = pdf_height_of(p, b->text, STYLE_CARD, w);
	double other = pdf_height_of(p, b->more, STYLE_STRONG, w - 14);

	(void)pdf_text(p, b->text, STYLE_CARD, INK, p->x, p->y, w);
	pdf_mark(p, b->look, p->x + w + 12, p->y + 2.5, 10);
	(void)pdf_text(p, b->more, STYLE_STRONG, pdf_colour_of(b->look), p->x + w + 26, p->y + 1, w - 2);
	p->y += (other > h ? other : h) + 7;
	for (i++; i < p->d->n_blocks && p->d->blocks[i]->kind != BLOCK_CARD_END;)
		i = pdf_block(p, i);
	return i + 1;
}

static size_t put_card(struct pdf *p, const struct view_block *b, size_t i)
{
	const double pad = 12;
	double top = p->y, height;
	bool was = p->measures;
	size_t next;

	p->x += pad;
	p->width -= 2 * pad;
	p->measures = true;
	p->y += 10;
	(void)put_inside(p, b, i);
	height = p->y - top;
	p->measures = was;
	p->y = top;
	pdf_need(p, height);
	top = p->y;
	/* A box that is longer than a page has no border. */
	if (height < PDF_BODY)
		pdf_box(p, p->x - pad, top, p->width + 2 * pad, height, PAPER, true);
	p->y += 10;
	next = put_inside(p, b, i);
	p->x -= pad;
	p->width += 2 * pad;
	p->y += 10;
	return next;
}

static void put_para(struct pdf *p, const struct view_block *b)
{
	double in = b->look != LOOK_PLAIN ? 13 : 0;

	pdf_need(p, 14);
	pdf_mark(p, b->look, p->x, p->y + 2, 9);
	pdf_flow(p, b->text, b->level == 1 ? STYLE_SMALL : STYLE_BODY, b->level == 1 ? SOFT : INK, p->x + in,
		p->width - in);
	p->y += 4;
}

static void put_sign(struct pdf *p, const struct view_block *b)
{
	double w = (p->width - GAP * 2) / 3;

	for (size_t i = 0; i < b->n_cells; i++) {
		double x = p->x + (double)(i % 3) * (w + GAP);

		if (i % 3 == 0)
			pdf_need(p, 58);
		(void)pdf_text(p, b->cells[i].text, STYLE_LABEL, SOFT, x, p->y, w);
		pdf_rule(p, x, p->y + 46, w, SOFT, .6);
		if (i % 3 == 2 || i + 1 == b->n_cells)
			p->y += 54;
	}
}

size_t pdf_block(struct pdf *p, size_t i)
{
	const struct view_block *b = p->d->blocks[i];

	switch (b->kind) {
	case BLOCK_HEADING:
		put_heading(p, b);
		break;
	case BLOCK_STATUS:
		put_status(p, b);
		break;
	case BLOCK_PARA:
		put_para(p, b);
		break;
	case BLOCK_CARD:
		return put_card(p, b, i);
	case BLOCK_CARD_END:
		break;
	case BLOCK_FACTS:
	case BLOCK_FIELDS:
		pdf_pairs(p, b);
		break;
	case BLOCK_TABLE:
		pdf_table(p, b);
		break;
	case BLOCK_STRIP:
		pdf_strip(p, b);
		break;
	case BLOCK_CHART:
		pdf_chart(p, b);
		break;
	case BLOCK_SIGN:
		put_sign(p, b);
		break;
	}
	return i + 1;
}
