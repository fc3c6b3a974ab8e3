/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the PDF renderer share. Each page is recorded first and painted with its foot in the end, for only
 * then is it known how many there are. Units are points. While `measures` is set nothing is drawn, no page begins, and
 * only y moves: so a block finds out whether it fits.
 */
#ifndef VIEW_PDF_H
#define VIEW_PDF_H

#include "view/render.h"
#include <cairo.h>
#include <pango/pangocairo.h>

#define PDF_WIDTH  595.28 /* A4 */
#define PDF_HEIGHT 841.89
#define PDF_LEFT   48.0
#define PDF_TOP    46.0
#define PDF_FOOT   92.0 /* what is kept free below */
#define PDF_BODY   (PDF_HEIGHT - PDF_TOP - PDF_FOOT)

enum pdf_style {
	STYLE_BODY,
	STYLE_SMALL,
	STYLE_LABEL,
	STYLE_MONO,
	STYLE_HEAD,
	STYLE_H1,
	STYLE_H2,
	STYLE_CARD,
	STYLE_HEADLINE,
	STYLE_STRONG,
	STYLE_COUNT
};
enum pdf_colour {
	INK,
	SOFT,
	LINE,
	PAPER,
	BAR,
	GOOD,
	GOOD_BG,
	WARN,
	WARN_BG,
	BAD,
	BAD_BG,
	UNKNOWN,
	UNKNOWN_BG,
	INFO,
	INFO_BG,
	COLOUR_COUNT
};

struct pdf_outline {
	const char *text;
	size_t page;
};

/* What was laid out stays for the next who needs just that: texts are measured before they are drawn, and come again on
 * other pages. A newer one takes the place of another at the same index. */
#define PDF_LAID 512u
struct pdf_laid {
	PangoLayout *layout;
	enum pdf_style style;
	double width;
};

struct pdf {
	const struct view_doc *d;
	PangoContext *context;
	PangoFontDescription *fonts[STYLE_COUNT];
	cairo_surface_t **pages;
	size_t n_pages;
	cairo_t *cr; /* of the last page */
	double x, width, y;
	bool measures, failed;
	gunichar missing; /* 0, or a character that no font has */
	struct pdf_outline *outline;
	size_t n_outline;
	struct pdf_laid laid[PDF_LAID];
};

/* Lays text out; the caller unrefs, and changes nothing of it. */
PangoLayout *pdf_layout(struct pdf *p, const char *text, enum pdf_style style, double width);
double pdf_height_of(struct pdf *p, const char *text, enum pdf_style style, double width);
double pdf_width_of(struct pdf *p, const char *text, enum pdf_style style);
/* Draws at a place; gives its height. */
double pdf_text(struct pdf *p, const char *text, enum pdf_style style, enum pdf_colour colour, double x, double y,
	double width);
/* At p->y, line by line, over as many pages as it takes. */
void pdf_flow(struct pdf *p, const char *text, enum pdf_style style, enum pdf_colour colour, double x, double width);

void pdf_new_page(struct pdf *p);
/* Begins a page where so much does not fit on this one. */
void pdf_need(struct pdf *p, double height);

void pdf_colour(struct pdf *p, enum pdf_colour colour);
enum pdf_colour pdf_colour_of(enum view_look look);
void pdf_rule(struct pdf *p, double x, double y, double width, enum pdf_colour colour, double thick);
void pdf_box(struct pdf *p, double x, double y, double width, double height, enum pdf_colour fill, bool border);
/* The mark of a look, in a square. */
void pdf_mark(struct pdf *p, enum view_look look, double x, double y, double side);

/* Blocks from i on; gives the next one. */
size_t pdf_block(struct pdf *p, size_t i);
void pdf_strip(struct pdf *p, const struct view_block *b);
void pdf_chart(struct pdf *p, const struct view_block *b);
void pdf_pairs(struct pdf *p, const struct view_block *b);
void pdf_table(struct pdf *p, const struct view_block *b);

#endif
