/* SPDX-License-Identifier: BSD-2-Clause */
/* A page as one HTML file. Every text of a page goes through put_text, which leaves no character that could begin
 * markup or end an attribute. */
#include "view/html.h"
#include "view/html_style.h"
#include <stdio.h>
#include <stdarg.h>
#include <string.h>

void html_raw(struct html *h, const char *s)
{
	if (buf_append(h->out, s, strlen(s)) < 0)
		h->failed = true;
}

void html_format(struct html *h, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	html_raw(h, text);
}

void html_text(struct html *h, const char *s)
{
	for (; *s; s++) {
		char one[2] = { *s, '\0' };

		html_raw(h,
			*s == '&'            ? "&amp;"
				: *s == '<'  ? "&lt;"
				: *s == '>'  ? "&gt;"
				: *s == '"'  ? "&quot;"
				: *s == '\'' ? "&#39;"
					     : one);
	}
}

const char *html_class(enum view_look look)
{
	static const char *const names[LOOK_COUNT] = { [LOOK_PLAIN] = "plain",
		[LOOK_GOOD] = "good",
		[LOOK_WARN] = "warn",
		[LOOK_BAD] = "bad",
		[LOOK_UNKNOWN] = "unknown",
		[LOOK_INFO] = "info",
		[LOOK_OTHER] = "other" };

	return names[look];
}

/* A value, with its mark; the word for who does not see it is in the mark. */
static void put_value(struct html *h, const struct view_cell *c)
{
	if (c->look != LOOK_PLAIN)
		html_mark(h, c->look);
	if (c->mono)
		html_raw(h, "<span class=\"mono\" lang=\"en\">");
	html_text(h, c->text);
	if (c->mono)
		html_raw(h, "</span>");
}

static void put_pairs(struct html *h, const struct view_block *b)
{
	if (b->n_cells == 0)
		return;
	html_raw(h, b->kind == BLOCK_FACTS ? "<dl class=\"facts\">\n" : "<dl class=\"fields\">\n");
	for (size_t i = 0; i + 1 < b->n_cells; i += 2) {
		html_raw(h, "<div><dt>");
		html_text(h, b->cells[i].text);
		html_raw(h, "</dt><dd>");
		put_value(h, &b->cells[i + 1]);
		html_raw(h, "</dd></div>\n");
	}
	html_raw(h, "</dl>\n");
}

static void put_table(struct html *h, const struct view_block *b)
{
	html_raw(h, "<table class=\"data\"><thead><tr>");
	for (size_t i = 0; i < b->n_cells; i++) {
		bool first = i % b->columns == 0;

		if (i == b->columns)
			html_raw(h, "</tr></thead><tbody>\n");
		if (i < b->columns) {
			html_format(h, "<th scope=\"col\" style=\"width:%u%%\">", b->widths[i]);
			html_text(h, b->cells[i].text);
			html_raw(h, "</th>");
			continue;
		}
		html_raw(h, first ? "<tr><td data-head=\"" : "<td data-head=\"");
		html_text(h, b->cells[i % b->columns].text);
		html_raw(h, "\">");
		put_value(h, &b->cells[i]);
		html_raw(h, (i + 1) % b->columns == 0 ? "</td></tr>\n" : "</td>");
	}
	html_raw(h, b->n_cells <= b->columns ? "</tr></thead></table>\n" : "</tbody></table>\n");
}

static void put_heading(struct html *h, const struct view_block *b)
{
	html_format(h, "<h%d%s>", b->level + 1, b->starts_page ? " class=\"page\"" : "");
	html_text(h, b->text);
	html_format(h, "</h%d>\n", b->level + 1);
}

static void put_status(struct html *h, const struct view_block *b)
{
	html_format(h, "<div class=\"status %s\">", html_class(b->look));
	html_mark(h, b->look);
	html_raw(h, "<div><strong>");
	html_text(h, b->text);
	html_raw(h, "</strong><span>");
	html_text(h, b->more);
	html_raw(h, "</span></div></div>\n");
}

static void put_card(struct html *h, const struct view_block *b)
{
	html_raw(h, "<section class=\"card\"><header><h3>");
	html_text(h, b->text);
	html_format(h, "</h3><span class=\"verdict %s\">", html_class(b->look));
	html_mark(h, b->look);
	html_text(h, b->more);
	html_raw(h, "</span></header>\n");
}

static void put_sign(struct html *h, const struct view_block *b)
{
	html_raw(h, "<div class=\"sign\">");
	for (size_t i = 0; i < b->n_cells; i++) {
		html_raw(h, "<div>");
		html_text(h, b->cells[i].text);
		html_raw(h, "</div>");
	}
	html_raw(h, "</div>\n");
}

static void put_para(struct html *h, const struct view_block *b)
{
	html_raw(h, b->level == 1 ? "<p class=\"small\">" : "<p>");
	if (b->look != LOOK_PLAIN)
		html_mark(h, b->look);
	html_text(h, b->text);
	html_raw(h, "</p>\n");
}

static void put_block(struct html *h, const struct view_block *b)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		put_heading(h, b);
		break;
	case BLOCK_STATUS:
		put_status(h, b);
		break;
	case BLOCK_PARA:
		put_para(h, b);
		break;
	case BLOCK_CARD:
		put_card(h, b);
		break;
	case BLOCK_CARD_END:
		html_raw(h, "</section>\n");
		break;
	case BLOCK_FACTS:
	case BLOCK_FIELDS:
		put_pairs(h, b);
		break;
	case BLOCK_TABLE:
		put_table(h, b);
		break;
	case BLOCK_STRIP:
		html_strip(h, b);
		break;
	case BLOCK_CHART:
		html_chart(h, b);
		break;
	case BLOCK_SIGN:
		put_sign(h, b);
		break;
	}
}

static void put_head(struct html *h)
{
	const char *lang = h->d->lang.japanese ? "ja" : "en";

	html_format(h, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", lang);
	html_raw(h,
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		"<meta name=\"generator\" content=\"hozen " HOZEN_VERSION "\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		"'unsafe-inline'\">\n"
		"<title>");
	html_text(h, h->d->title);
	html_raw(h, "</title>\n<style>\n");
	html_raw(h, html_style);
	html_raw(h, "</style>\n</head>\n<body>\n");
}

static int put_foot(struct html *h, hz_error **err)
{
	AUTO_FREE uint8_t *modules = NULL;
	size_t size;
	int rc = qr_make(&modules, &size, h->d->qr, err);

	if (rc < 0)
		return rc;
	html_raw(h, "<footer>");
	html_qr(h, modules, size);
	html_raw(h, "<p>");
	html_text(h, h->d->title);
	if (*h->d->place) {
		html_raw(h, " · ");
		html_text(h, h->d->place);
	}
	html_raw(h, "<br>");
	html_text(h, h->d->seal_name);
	html_raw(h, "<br><span class=\"mono\" lang=\"en\">");
	html_text(h, h->d->seal);
	html_raw(h, "</span></p></footer>\n");
	return 0;
}

int render_html(struct buf *out, const struct view_doc *d, hz_error **err)
{
	struct html h = { out, d, false };
	int rc;

	put_head(&h);
	/* On paper the foot of this table keeps room for the one that stands on every page. */
	html_raw(&h,
		"<table class=\"sheet\" "
		"role=\"presentation\"><tfoot><tr><td></td></tr></tfoot><tbody><tr><td>\n<main>\n<h1>");
	html_text(&h, d->title);
	html_raw(&h, "</h1>\n");
	for (size_t i = 0; i < d->n_blocks; i++)
		put_block(&h, d->blocks[i]);
	html_raw(&h, "</main>\n</td></tr></tbody></table>\n");
	rc = put_foot(&h, err);
	html_raw(&h, "</body>\n</html>\n");
	return rc < 0 ? rc : h.failed ? err_nomem(err) : 0;
}
