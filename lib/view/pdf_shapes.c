/* SPDX-License-Identifier: BSD-2-Clause */
/* Colours, marks, strips and charts on paper: the same shapes as in HTML. */
#include "view/pdf.h"
#include <math.h>

static const uint32_t colours[COLOUR_COUNT] = { [INK] = 0x1d2126,
	[SOFT] = 0x565d66,
	[LINE] = 0xdcdad5,
	[PAPER] = 0xffffff,
	[BAR] = 0x3a6ea5,
	[GOOD] = 0x1a6b3c,
	[GOOD_BG] = 0xe3f2e8,
	[WARN] = 0x8a5300,
	[WARN_BG] = 0xfdf0d8,
	[BAD] = 0xb3261e,
	[BAD_BG] = 0xfde7e4,
	[UNKNOWN] = 0x4f5661,
	[UNKNOWN_BG] = 0xeceef1,
	[INFO] = 0x6a707a,
	[INFO_BG] = 0xf1f1ef };

void pdf_colour(struct pdf *p, enum pdf_colour colour)
{
	uint32_t c = colours[colour];

	cairo_set_source_rgb(p->cr, (c >> 16) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0);
}

enum pdf_colour pdf_colour_of(enum view_look look)
{
	static const enum pdf_colour of[LOOK_COUNT] = { [LOOK_PLAIN] = INK,
		[LOOK_GOOD] = GOOD,
		[LOOK_WARN] = WARN,
		[LOOK_BAD] = BAD,
		[LOOK_UNKNOWN] = UNKNOWN,
		[LOOK_INFO] = INFO,
		[LOOK_OTHER] = BAD };

	return of[look];
}

void pdf_rule(struct pdf *p, double x, double y, double width, enum pdf_colour colour, double thick)
{
	if (p->measures)
		return;
	pdf_colour(p, colour);
	cairo_rectangle(p->cr, x, y, width, thick);
	cairo_fill(p->cr);
}

void pdf_box(struct pdf *p, double x, double y, double width, double height, enum pdf_colour fill, bool border)
{
	double r = 6;

	if (p->measures)
		return;
	cairo_new_path(p->cr);
	cairo_arc(p->cr, x + width - r, y + r, r, -M_PI / 2, 0);
	cairo_arc(p->cr, x + width - r, y + height - r, r, 0, M_PI / 2);
	cairo_arc(p->cr, x + r, y + height - r, r, M_PI / 2, M_PI);
	cairo_arc(p->cr, x + r, y + r, r, M_PI, 3 * M_PI / 2);
	cairo_close_path(p->cr);
	pdf_colour(p, fill);
	if (!border) {
		cairo_fill(p->cr);
		return;
	}
	cairo_fill_preserve(p->cr);
	pdf_colour(p, LINE);
	cairo_set_line_width(p->cr, 0.8);
	cairo_stroke(p->cr);
}

static void path(cairo_t *cr, const double *xy, size_t n)
{
	cairo_move_to(cr, xy[0], xy[1]);
	for (size_t i = 1; i < n; i++)
		cairo_line_to(cr, xy[2 * i], xy[2 * i + 1]);
}

static void mark_good(struct pdf *p)
{
	static const double tick[] = { 5.5, 10.5, 8.5, 13.5, 14.5, 6.5 };

	cairo_arc(p->cr, 10, 10, 9, 0, 2 * M_PI);
	cairo_fill(p->cr);
	pdf_colour(p, PAPER);
	path(p->cr, tick, 3);
	cairo_stroke(p->cr);
}

static void mark_warn(struct pdf *p)
{
	static const double triangle[] = { 10, 1.5, 19.3, 18.5, 0.7, 18.5 };

	path(p->cr, triangle, 3);
	cairo_close_path(p->cr);
	cairo_fill(p->cr);
	pdf_colour(p, PAPER);
	path(p->cr, (const double[]){ 10, 7, 10, 12.5 }, 2);
	path(p->cr, (const double[]){ 10, 14.4, 10, 16.4 }, 2);
	cairo_stroke(p->cr);
}

static void mark_bad(struct pdf *p)
{
	cairo_rectangle(p->cr, 1, 1, 18, 18);
	cairo_fill(p->cr);
	pdf_colour(p, PAPER);
	path(p->cr, (const double[]){ 5.5, 5.5, 14.5, 14.5 }, 2);
	path(p->cr, (const double[]){ 14.5, 5.5, 5.5, 14.5 }, 2);
	cairo_stroke(p->cr);
}

static void mark_unknown(struct pdf *p)
{
	cairo_save(p->cr);
	cairo_set_dash(p->cr, (const double[]){ 3.2, 2 }, 2, 0);
	cairo_arc(p->cr, 10, 10, 8.2, 0, 2 * M_PI);
	cairo_stroke(p->cr);
	cairo_restore(p->cr);
	cairo_set_line_width(p->cr, 1.6);
	cairo_new_path(p->cr);
	cairo_arc(p->cr, 10, 7.9, 2.7, M_PI, M_PI * 2.25);
	cairo_curve_to(p->cr, 10.3, 11, 10, 11.2, 10, 12.6);
	path(p->cr, (const double[]){ 10, 14, 10, 16 }, 2);
	cairo_stroke(p->cr);
}

static void mark_other(struct pdf *p)
{
	cairo_rectangle(p->cr, 2, 2, 16, 16);
	path(p->cr, (const double[]){ 4, 16, 16, 4 }, 2);
	cairo_stroke(p->cr);
}

void pdf_mark(struct pdf *p, enum view_look look, double x, double y, double side)
{
	if (p->measures || look == LOOK_PLAIN)
		return;
	cairo_save(p->cr);
	cairo_translate(p->cr, x, y);
	cairo_scale(p->cr, side / 20, side / 20);
	cairo_set_line_width(p->cr, 2.1);
	cairo_new_path(p->cr);
	pdf_colour(p, pdf_colour_of(look));
	if (look == LOOK_GOOD)
		mark_good(p);
	else if (look == LOOK_WARN)
		mark_warn(p);
	else if (look == LOOK_BAD)
		mark_bad(p);
	else if (look == LOOK_UNKNOWN)
		mark_unknown(p);
	else if (look == LOOK_OTHER)
		mark_other(p);
	else {
		cairo_rectangle(p->cr, 4, 9, 12, 2.4);
		cairo_fill(p->cr);
	}
	cairo_restore(p->cr);
}

#define STRIP 22.0 /* height */
static void part(struct pdf *p, double x, double y, double w, enum view_look look)
{
	double top = look == LOOK_WARN ? STRIP * .3 : look == LOOK_INFO ? STRIP * .45 : 0;
	double h = look == LOOK_INFO ? STRIP * .1 : STRIP - top;

	pdf_colour(p, pdf_colour_of(look));
	cairo_set_line_width(p->cr, 1);
	if (look == LOOK_OTHER || look == LOOK_UNKNOWN) {
		cairo_save(p->cr);
		if (look == LOOK_UNKNOWN)
			cairo_set_dash(p->cr, (const double[]){ 2, 2 }, 2, 0);
		cairo_rectangle(p->cr, x + .5, y + .5, w > 1 ? w - 1 : w, STRIP - 1);
		cairo_stroke(p->cr);
		cairo_restore(p->cr);
	} else {
		cairo_rectangle(p->cr, x, y + top, w, h);
		cairo_fill(p->cr);
	}
	if (look == LOOK_OTHER && w >= 5) {
		path(p->cr, (const double[]){ x + 1.5, y + STRIP - 2, x + w - 1.5, y + 2 }, 2);
		cairo_stroke(p->cr);
	}
	if (look == LOOK_BAD && w >= 5) {
		pdf_colour(p, PAPER);
		cairo_set_line_width(p->cr, 1.4);
		path(p->cr, (const double[]){ x + w * .25, y + STRIP * .35, x + w * .75, y + STRIP * .65 }, 2);
		path(p->cr, (const double[]){ x + w * .75, y + STRIP * .35, x + w * .25, y + STRIP * .65 }, 2);
		cairo_stroke(p->cr);
	}
}

#define PARTS 250
static void parts(struct pdf *p, const struct view_block *b)
{
	enum view_look looks[PARTS];

	if (b->n_segments <= PARTS) {
		for (size_t i = 0; i < b->n_segments; i++) {
			const struct view_segment *g = &b->segments[i];
			double x = (double)g->from / (double)b->total * p->width;
			double w = (double)(g->to - g->from) / (double)b->total * p->width;

			part(p, p->x + x, p->y, b->counted ? w - 2.5 : w < .5 ? .5 : w, g->look);
		}
		return;
	}
	strip_parts(b, looks, PARTS);
	for (size_t i = 0; i < PARTS; i++) {
		if (looks[i] != LOOK_PLAIN)
			part(p, p->x + (double)i * p->width / PARTS, p->y, p->width / PARTS, looks[i]);
	}
}

static void legend(struct pdf *p, const struct view_block *b)
{
	double x = p->x, h = 0;

	for (size_t i = 0; i < b->n_cells; i++) {
		double w = pdf_width_of(p, b->cells[i].text, STYLE_LABEL);

		if (x > p->x && x + w + 11 > p->x + p->width) {
			x = p->x;
			p->y += h + 2;
		}
		pdf_mark(p, b->cells[i].look, x, p->y + 1.5, 7.5);
		h = pdf_text(p, b->cells[i].text, STYLE_LABEL, INK, x + 11, p->y, w + 2);
		x += w + 24;
	}
	p->y += h;
}

void pdf_strip(struct pdf *p, const struct view_block *b)
{
	double h, w = pdf_width_of(p, b->more, STYLE_LABEL);

	pdf_need(p, STRIP + 32);
	if (!p->measures)
		parts(p, b);
	p->y += STRIP + 3;
	h = pdf_text(p, b->text, STYLE_LABEL, SOFT, p->x, p->y, p->width / 2);
	(void)pdf_text(p, b->more, STYLE_LABEL, SOFT, p->x + p->width - w - 2, p->y, w + 2);
	p->y += h + 3;
	legend(p, b);
	p->y += 6;
}

/* Beneath the line, ending at it. */
static void limit_text(struct pdf *p, const struct view_block *b, double x)
{
	double w = pdf_width_of(p, b->limit_text, STYLE_LABEL), at = b->limit > 0 ? x - w : x;

	p->y += pdf_text(p, b->limit_text, STYLE_LABEL, SOFT, at > p->x ? at : p->x, p->y, w + 4) + 8;
}

void pdf_chart(struct pdf *p, const struct view_block *b)
{
	double most = b->limit, left = 70, right = 120, room = p->width - left - right, h = 0, top;

	for (size_t i = 0; i < b->n_points; i++)
		most = b->points[i].value > most ? b->points[i].value : most;
	pdf_need(p, 15 * (double)(b->n_points < 9 ? b->n_points : 9) + 34);
	if (*b->text)
		p->y += pdf_text(p, b->text, STYLE_STRONG, INK, p->x, p->y, p->width) + 3;
	top = p->y;
	for (size_t i = 0; i < b->n_points; i++) {
		const struct view_point *v = &b->points[i];
		double w = most > 0 ? v->value / most * room : 0;

		h = pdf_text(p, v->label, STYLE_SMALL, SOFT, p->x, p->y, left - 6);
		pdf_rule(p, p->x + left, p->y + 2, w > 1 ? w : 1, BAR, 8);
		pdf_mark(p, v->look, p->x + left + room + 10, p->y + 1.5, 8);
		(void)pdf_text(p, v->text, STYLE_SMALL, INK, p->x + left + room + 22, p->y, right - 22);
		p->y += h + 3;
	}
	if (b->limit > 0 && !p->measures && p->y > top) {
		pdf_colour(p, INK);
		cairo_save(p->cr);
		cairo_set_line_width(p->cr, 1.2);
		cairo_set_dash(p->cr, (const double[]){ 3, 2 }, 2, 0);
		path(p->cr,
			(const double[]){ p->x + left + b->limit / most * room, top - 2,
				p->x + left + b->limit / most * room, p->y },
			2);
		cairo_stroke(p->cr);
		cairo_restore(p->cr);
	}
	limit_text(p, b, p->x + left + (b->limit > 0 ? b->limit / most * room : 0));
}
