/* SPDX-License-Identifier: BSD-2-Clause */
/* Text on paper: pango breaks lines, Japanese ones by its rules, and says when no font has a character. */
#include "view/pdf.h"
#include <string.h>

static PangoLayout *lay_out(struct pdf *p, const char *text, enum pdf_style style, double width)
{
	PangoLayout *l = pango_layout_new(p->context);
	PangoAttrList *attrs = pango_attr_list_new();

	pango_layout_set_font_description(l, p->fonts[style]);
	/* What is broken inside a word is an identifier or a path: a hyphen would become part of it. */
	pango_attr_list_insert(attrs, pango_attr_insert_hyphens_new(FALSE));
	pango_layout_set_attributes(l, attrs);
	pango_attr_list_unref(attrs);
	pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_width(l, (int)(width * PANGO_SCALE));
	pango_layout_set_line_spacing(l, style == STYLE_HEADLINE || style == STYLE_H1 ? 1.0f : 1.1f);
	pango_layout_set_text(l, text, -1);
	return l;
}

PangoLayout *pdf_layout(struct pdf *p, const char *text, enum pdf_style style, double width)
{
	guint hash = g_str_hash(text) * 31 + (guint)style + (guint)(width * 16);
	struct pdf_laid *at = &p->laid[hash % PDF_LAID];

	if (!at->layout || at->style != style || at->width != width ||
		strcmp(pango_layout_get_text(at->layout), text) != 0) {
		if (at->layout)
			g_object_unref(at->layout);
		*at = (struct pdf_laid){ lay_out(p, text, style, width), style, width };
	}
	return g_object_ref(at->layout);
}

/* Which character it is: the glyph says so. */
static void look_for_missing(struct pdf *p, PangoLayout *l)
{
	PangoLayoutIter *it;

	if (p->missing || pango_layout_get_unknown_glyphs_count(l) == 0)
		return;
	p->missing = 0xfffd;
	it = pango_layout_get_iter(l);
	do {
		PangoLayoutRun *run = pango_layout_iter_get_run_readonly(it);

		for (int i = 0; run && i < run->glyphs->num_glyphs; i++) {
			PangoGlyph g = run->glyphs->glyphs[i].glyph;

			if (g != PANGO_GLYPH_EMPTY && (g & PANGO_GLYPH_UNKNOWN_FLAG))
				p->missing = g & ~PANGO_GLYPH_UNKNOWN_FLAG;
		}
	} while (pango_layout_iter_next_run(it));
	pango_layout_iter_free(it);
}

static double height_of(PangoLayout *l)
{
	int h;

	pango_layout_get_size(l, NULL, &h);
	return (double)h / PANGO_SCALE;
}

double pdf_height_of(struct pdf *p, const char *text, enum pdf_style style, double width)
{
	PangoLayout *l = pdf_layout(p, text, style, width);
	double h = height_of(l);

	g_object_unref(l);
	return h;
}

double pdf_width_of(struct pdf *p, const char *text, enum pdf_style style)
{
	PangoLayout *l = pdf_layout(p, text, style, PDF_WIDTH);
	int w;

	pango_layout_get_size(l, &w, NULL);
	g_object_unref(l);
	return (double)w / PANGO_SCALE;
}

double pdf_text(
	struct pdf *p, const char *text, enum pdf_style style, enum pdf_colour colour, double x, double y, double width)
{
	PangoLayout *l = pdf_layout(p, text, style, width);
	double h = height_of(l);

	if (!p->measures) {
		look_for_missing(p, l);
		pdf_colour(p, colour);
		cairo_move_to(p->cr, x, y);
		pango_cairo_show_layout(p->cr, l);
	}
	g_object_unref(l);
	return h;
}

void pdf_flow(struct pdf *p, const char *text, enum pdf_style style, enum pdf_colour colour, double x, double width)
{
	PangoLayout *l = pdf_layout(p, text, style, width);
	PangoLayoutIter *it = pango_layout_get_iter(l);

	if (!p->measures)
		look_for_missing(p, l);
	do {
		PangoLayoutLine *line = pango_layout_iter_get_line_readonly(it);
		int top, bottom, base = pango_layout_iter_get_baseline(it);
		double h;

		pango_layout_iter_get_line_yrange(it, &top, &bottom);
		h = (double)(bottom - top) / PANGO_SCALE;
		pdf_need(p, h);
		if (!p->measures) {
			pdf_colour(p, colour);
			cairo_move_to(p->cr, x, p->y + (double)(base - top) / PANGO_SCALE);
			pango_cairo_show_layout_line(p->cr, line);
		}
		p->y += h;
	} while (pango_layout_iter_next_line(it));
	pango_layout_iter_free(it);
	g_object_unref(l);
}
