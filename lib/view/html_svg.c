/* SPDX-License-Identifier: BSD-2-Clause */
/* The pictures of the HTML renderer: marks, strips, charts and the QR code, as inline SVG. */
#include "view/html.h"
#include <stdio.h>

/* Shapes in a square of 20; a state is told by its shape alone. */
static const char *const shapes[LOOK_COUNT] = {
	[LOOK_PLAIN] = "",
	[LOOK_GOOD] = "<circle cx=\"10\" cy=\"10\" r=\"9\" fill=\"currentColor\"/>"
		      "<path d=\"M5.5 10.5l3 3 6-7\" fill=\"none\" stroke=\"var(--card)\" stroke-width=\"2.2\"/>",
	[LOOK_WARN] = "<path d=\"M10 1.5L19.3 18.5H.7z\" fill=\"currentColor\"/>"
		      "<path d=\"M10 7v5.5M10 14.4v2\" stroke=\"var(--card)\" stroke-width=\"2.2\"/>",
	[LOOK_BAD] = "<rect x=\"1\" y=\"1\" width=\"18\" height=\"18\" rx=\"2\" fill=\"currentColor\"/>"
		     "<path d=\"M5.5 5.5l9 9M14.5 5.5l-9 9\" stroke=\"var(--card)\" stroke-width=\"2.4\"/>",
	[LOOK_UNKNOWN] =
		"<circle cx=\"10\" cy=\"10\" r=\"8.2\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\" "
		"stroke-dasharray=\"3.2 2\"/><path d=\"M7.3 8a2.7 2.7 0 1 1 3.6 2.5c-.7.3-.9.7-.9 1.7M10 "
		"14v1.8\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\"/>",
	[LOOK_INFO] = "<path d=\"M4 10h12\" stroke=\"currentColor\" stroke-width=\"2.4\"/>",
	[LOOK_OTHER] =
		"<rect x=\"2\" y=\"2\" width=\"16\" height=\"16\" rx=\"2\" fill=\"none\" stroke=\"currentColor\" "
		"stroke-width=\"2.2\"/><path d=\"M4 16L16 4\" stroke=\"currentColor\" stroke-width=\"2.2\"/>",
};

void html_mark(struct html *h, enum view_look look)
{
	if (look == LOOK_PLAIN)
		return;
	html_format(h, "<svg class=\"mark %s\" viewBox=\"0 0 20 20\" role=\"img\" aria-label=\"", html_class(look));
	html_text(h, word_of_look(&h->d->lang, look));
	html_raw(h, "\">");
	html_raw(h, shapes[look]);
	html_raw(h, "</svg>");
}

/* A part of a strip, told by its fill and its height as well as by its colour. */
static void put_part(struct html *h, double x, double w, enum view_look look, const char *title)
{
	double top = look == LOOK_WARN ? 11 : look == LOOK_INFO ? 18 : 2, height = look == LOOK_INFO ? 4 : 36 - top;

	html_format(h, "<g class=\"%s\">", html_class(look));
	if (title && *title) {
		html_raw(h, "<title>");
		html_text(h, title);
		html_raw(h, "</title>");
	}
	if (look == LOOK_OTHER || look == LOOK_UNKNOWN)
		html_format(h,
			"<rect x=\"%.2f\" y=\"3\" width=\"%.2f\" height=\"32\" fill=\"none\" stroke=\"currentColor\" "
			"stroke-width=\"2\"%s/>",
			x + 1, w > 2 ? w - 2 : w, look == LOOK_UNKNOWN ? " stroke-dasharray=\"3 3\"" : "");
	else
		html_format(h, "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%.0f\" fill=\"currentColor\"/>", x,
			top, w, height);
	if (look == LOOK_BAD && w >= 8)
		html_format(h,
			"<path d=\"M%.2f 13l%.2f 12m0-12l-%.2f 12\" stroke=\"var(--card)\" stroke-width=\"2.4\"/>",
			x + w * .25, w * .5, w * .5);
	if (look == LOOK_OTHER && w >= 8)
		html_format(h, "<path d=\"M%.2f 33L%.2f 5\" stroke=\"currentColor\" stroke-width=\"2\"/>", x + 2,
			x + w - 2);
	html_raw(h, "</g>");
}

#define STRIP_WIDTH 720.0
#define STRIP_PARTS 360
static void put_parts(struct html *h, const struct view_block *b)
{
	enum view_look looks[STRIP_PARTS];

	if (b->n_segments <= STRIP_PARTS) {
		for (size_t i = 0; i < b->n_segments; i++) {
			const struct view_segment *g = &b->segments[i];
			double x = (double)g->from / (double)b->total * STRIP_WIDTH;
			double w = (double)(g->to - g->from) / (double)b->total * STRIP_WIDTH;

			put_part(h, x, b->counted ? w - 4 : w < 1 ? 1 : w, g->look, g->text);
		}
		return;
	}
	strip_parts(b, looks, STRIP_PARTS);
	for (size_t i = 0; i < STRIP_PARTS; i++) {
		if (looks[i] != LOOK_PLAIN)
			put_part(h, (double)i * STRIP_WIDTH / STRIP_PARTS, STRIP_WIDTH / STRIP_PARTS, looks[i], NULL);
	}
}

void html_strip(struct html *h, const struct view_block *b)
{
	html_raw(h,
		"<figure><svg class=\"nights\" viewBox=\"0 0 720 38\" preserveAspectRatio=\"none\" role=\"img\" "
		"aria-label=\"");
	for (size_t i = 0; i < b->n_cells; i++) {
		html_text(h, b->cells[i].text);
		html_raw(h, i + 1 < b->n_cells ? ", " : "");
	}
	html_raw(h, "\">");
	put_parts(h, b);
	html_raw(h, "</svg><div class=\"ends\"><span>");
	html_text(h, b->text);
	html_raw(h, "</span><span>");
	html_text(h, b->more);
	html_raw(h, "</span></div><ul class=\"legend\">");
	for (size_t i = 0; i < b->n_cells; i++) {
		html_raw(h, "<li>");
		html_mark(h, b->cells[i].look);
		html_text(h, b->cells[i].text);
		html_raw(h, "</li>");
	}
	html_raw(h, "</ul></figure>\n");
}

void html_chart(struct html *h, const struct view_block *b)
{
	double most = b->limit;

	for (size_t i = 0; i < b->n_points; i++)
		most = b->points[i].value > most ? b->points[i].value : most;
	html_raw(h, "<figure class=\"trend\">");
	if (*b->text) {
		html_raw(h, "<figcaption>");
		html_text(h, b->text);
		html_raw(h, "</figcaption>");
	}
	html_raw(h, "<div class=\"chart\">");
	for (size_t i = 0; i < b->n_points; i++) {
		const struct view_point *p = &b->points[i];

		html_raw(h, "<span>");
		html_text(h, p->label);
		html_raw(h, "</span><svg viewBox=\"0 0 400 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
		html_format(h, "<rect x=\"0\" y=\"4\" width=\"%.1f\" height=\"12\" fill=\"var(--bar)\"/>",
			most > 0 ? 2 + p->value / most * 388 : 2);
		if (b->limit > 0)
			html_format(h,
				"<path d=\"M%.1f 0V20\" stroke=\"var(--ink)\" stroke-width=\"2\" stroke-dasharray=\"4 "
				"2\"/>",
				2 + b->limit / most * 388);
		html_raw(h, "</svg><span>");
		html_mark(h, p->look);
		html_text(h, p->text);
		html_raw(h, "</span>");
	}
	html_raw(h, "</div><div class=\"limit\">");
	if (b->limit > 0)
		html_raw(h,
			"<svg class=\"mark\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M10 0V20\" "
			"stroke=\"currentColor\" "
			"stroke-width=\"2.5\" stroke-dasharray=\"4 2\"/></svg>");
	html_text(h, b->limit_text);
	html_raw(h, "</div></figure>\n");
}

/* Runs of dark modules, with the quiet zone of four that scanners need. */
void html_qr(struct html *h, const uint8_t *modules, size_t size)
{
	html_format(h,
		"<svg viewBox=\"0 0 %zu %zu\" role=\"img\" aria-label=\"QR\" shape-rendering=\"crispEdges\"><path "
		"fill=\"#000\" d=\"",
		size + 8, size + 8);
	for (size_t y = 0; y < size; y++) {
		for (size_t x = 0; x < size; x++) {
			size_t run = 0;

			while (x + run < size && modules[y * size + x + run])
				run++;
			if (run > 0)
				html_format(h, "M%zu %zuh%zuv1h-%zuz", x + 4, y + 4, run, run);
			x += run;
		}
	}
	html_raw(h, "\"/></svg>");
}
