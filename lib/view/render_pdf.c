/* SPDX-License-Identifier: BSD-2-Clause */
/* A page as PDF, A4: pages are recorded, then painted with their foot. The same page gives the same bytes as long as
 * cairo, pango and the fonts are the same: dates are those of the records. */
#include "view/pdf.h"
#include <cairo-pdf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SANS "Noto Sans CJK JP, Noto Sans, DejaVu Sans, IPAexGothic, IPAPGothic, IPAGothic, sans-serif"
#define MONO "DejaVu Sans Mono, Noto Sans Mono, Noto Sans Mono CJK JP, IPAGothic, monospace"

static const struct {
	double size;
	bool bold, mono;
} styles[STYLE_COUNT] = { [STYLE_BODY] = { 9, false, false },
	[STYLE_SMALL] = { 8, false, false },
	[STYLE_LABEL] = { 7.5, false, false },
	[STYLE_MONO] = { 7, false, true },
	[STYLE_HEAD] = { 7.5, true, false },
	[STYLE_H1] = { 16, true, false },
	[STYLE_H2] = { 11, true, false },
	[STYLE_CARD] = { 11, true, false },
	[STYLE_HEADLINE] = { 17, true, false },
	[STYLE_STRONG] = { 9, true, false } };

static void begin(struct pdf *p, const struct view_doc *d)
{
	PangoFontMap *map = pango_cairo_font_map_new();
	cairo_font_options_t *options = cairo_font_options_create();

	*p = (struct pdf){ .d = d, .x = PDF_LEFT, .width = PDF_WIDTH - 2 * PDF_LEFT };
	pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(map), 72);
	p->context = pango_font_map_create_context(map);
	g_object_unref(map);
	/* Paper has no pixels to fit letters to. */
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(p->context, options);
	cairo_font_options_destroy(options);
	pango_context_set_language(p->context, pango_language_from_string(d->lang.japanese ? "ja" : "en"));
	pango_context_set_round_glyph_positions(p->context, FALSE);
	for (int i = 0; i < STYLE_COUNT; i++) {
		p->fonts[i] = pango_font_description_new();
		pango_font_description_set_family_static(p->fonts[i], styles[i].mono ? MONO : SANS);
		pango_font_description_set_absolute_size(p->fonts[i], styles[i].size * PANGO_SCALE);
		if (styles[i].bold)
			pango_font_description_set_weight(p->fonts[i], PANGO_WEIGHT_BOLD);
	}
	p->outline = calloc(d->n_blocks + 1, sizeof(*p->outline));
	p->failed = !p->outline;
	if (!p->failed)
		pdf_new_page(p);
}

static void end(struct pdf *p)
{
	if (p->cr)
		cairo_destroy(p->cr);
	for (size_t i = 0; i < p->n_pages; i++)
		cairo_surface_destroy(p->pages[i]);
	for (size_t i = 0; i < PDF_LAID; i++) {
		if (p->laid[i].layout)
			g_object_unref(p->laid[i].layout);
	}
	for (int i = 0; i < STYLE_COUNT; i++)
		pango_font_description_free(p->fonts[i]);
	g_object_unref(p->context);
	free(p->pages);
	free(p->outline);
}

void pdf_new_page(struct pdf *p)
{
	const cairo_rectangle_t all = { 0, 0, PDF_WIDTH, PDF_HEIGHT };
	cairo_surface_t **more = realloc(p->pages, (p->n_pages + 1) * sizeof(*more));

	p->y = PDF_TOP;
	/* Without memory what follows is drawn over the last page, and thrown away. */
	if (!more) {
		p->failed = true;
		return;
	}
	p->pages = more;
	if (p->cr)
		cairo_destroy(p->cr);
	p->pages[p->n_pages++] = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, &all);
	p->cr = cairo_create(p->pages[p->n_pages - 1]);
}

void pdf_need(struct pdf *p, double height)
{
	if (!p->measures && p->y > PDF_TOP && p->y + height > PDF_TOP + PDF_BODY)
		pdf_new_page(p);
}

static cairo_status_t take(void *user, const unsigned char *data, unsigned len)
{
	return buf_append(user, data, len) < 0 ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static void put_qr(struct pdf *p, const uint8_t *modules, size_t size, double x, double y, double side)
{
	double one = side / (double)(size + 8);

	pdf_colour(p, INK);
	for (size_t r = 0; r < size; r++) {
		for (size_t c = 0; c < size; c++) {
			size_t run = 0;

			while (c + run < size && modules[r * size + c + run])
				run++;
			if (run > 0)
				cairo_rectangle(p->cr, x + (double)(c + 4) * one, y + (double)(r + 4) * one,
					(double)run * one, one);
			c += run;
		}
	}
	cairo_fill(p->cr);
}

static void put_foot(struct pdf *p, size_t page, const uint8_t *modules, size_t size)
{
	double y = PDF_HEIGHT - 78, x = PDF_LEFT + 62, w = PDF_WIDTH - 2 * PDF_LEFT - 62;
	char number[64];

	pdf_rule(p, PDF_LEFT, y - 4, PDF_WIDTH - 2 * PDF_LEFT, LINE, .6);
	put_qr(p, modules, size, PDF_LEFT - 5, y - 2, 62);
	y += pdf_text(p, p->d->title, STYLE_LABEL, SOFT, x, y + 4, w - 80) + 5;
	(void)snprintf(number, sizeof(number), "%zu / %zu", page + 1, p->n_pages);
	(void)pdf_text(
		p, number, STYLE_LABEL, SOFT, x + w - pdf_width_of(p, number, STYLE_LABEL) - 1, PDF_HEIGHT - 74, 80);
	if (*p->d->place)
		y += pdf_text(p, p->d->place, STYLE_LABEL, SOFT, x, y, w);
	y += pdf_text(p, p->d->seal_name, STYLE_LABEL, SOFT, x, y, w) + 1;
	(void)pdf_text(p, p->d->seal, STYLE_MONO, INK, x, y, w);
}

static void put_metadata(cairo_surface_t *pdf, const struct view_doc *d)
{
	time_t t = (time_t)d->time;
	struct tm tm = { 0 };
	char when[40];

	(void)gmtime_r(&t, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	cairo_pdf_surface_restrict_to_version(pdf, CAIRO_PDF_VERSION_1_5);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, d->title);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_SUBJECT, d->seal);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "hozen " HOZEN_VERSION);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATE_DATE, when);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_MOD_DATE, when);
}

static void put_outline(cairo_surface_t *pdf, const struct pdf *p)
{
	char at[64];

	for (size_t i = 0; i < p->n_outline; i++) {
		(void)snprintf(at, sizeof(at), "page=%zu pos=[0 0]", p->outline[i].page);
		(void)cairo_pdf_surface_add_outline(
			pdf, CAIRO_PDF_OUTLINE_ROOT, p->outline[i].text, at, CAIRO_PDF_OUTLINE_FLAG_OPEN);
	}
}

static int paint(struct buf *out, struct pdf *p, hz_error **err)
{
	AUTO_FREE uint8_t *modules = NULL;
	cairo_surface_t *pdf;
	cairo_status_t status;
	size_t size;
	int rc = qr_make(&modules, &size, p->d->qr, err);

	if (rc < 0)
		return rc;
	pdf = cairo_pdf_surface_create_for_stream(take, out, PDF_WIDTH, PDF_HEIGHT);
	put_metadata(pdf, p->d);
	cairo_destroy(p->cr);
	p->cr = cairo_create(pdf);
	for (size_t i = 0; i < p->n_pages; i++) {
		cairo_set_source_surface(p->cr, p->pages[i], 0, 0);
		cairo_paint(p->cr);
		put_foot(p, i, modules, size);
		cairo_show_page(p->cr);
	}
	put_outline(pdf, p);
	status = cairo_status(p->cr);
	cairo_destroy(p->cr);
	p->cr = NULL;
	cairo_surface_finish(pdf);
	status = status ? status : cairo_surface_status(pdf);
	cairo_surface_destroy(pdf);
	if (status == CAIRO_STATUS_NO_MEMORY)
		return err_nomem(err);
	return status ? err_set(err, HZ_E_INTERNAL, "PDF: %s", cairo_status_to_string(status)) : 0;
}

static int no_font(gunichar c, hz_error **err)
{
	char utf8[8] = "";
	int rc;

	utf8[g_unichar_to_utf8(c, utf8)] = '\0';
	rc = err_set(err, HZ_E_NOTFOUND, "PDF: no font here has the character U+%04X (%s)", (unsigned)c, utf8);
	if (g_unichar_iswide(c))
		err_hint(err, "install the package fonts-noto-cjk or fonts-ipafont-gothic, then draw the page again");
	else
		err_hint(err, "install the packages fonts-dejavu-core and fonts-noto-core, then draw the page again");
	return rc;
}

int render_pdf(struct buf *out, const struct view_doc *d, hz_error **err)
{
	struct pdf p;
	int rc = 0;

	begin(&p, d);
	if (!p.failed) {
		p.y += pdf_text(&p, d->title, STYLE_STRONG, SOFT, p.x, p.y, p.width) + 8;
		for (size_t i = 0; i < d->n_blocks;)
			i = pdf_block(&p, i);
		/* The foot's texts count too. */
		if (!p.missing)
			rc = paint(out, &p, err);
	}
	if (p.failed)
		rc = err_nomem(err);
	else if (p.missing)
		rc = no_font(p.missing, err);
	end(&p);
	return rc;
}
