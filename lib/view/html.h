/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the HTML renderer share. */
#ifndef VIEW_HTML_H
#define VIEW_HTML_H

#include "view/render.h"

struct html {
	struct buf *out;
	const struct view_doc *d;
	bool failed;
};

/* Markup as it is, of ours only. */
void html_raw(struct html *h, const char *s);
/* The same; no text from outside goes into it, and at most 511 bytes. */
void html_format(struct html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text of whatever origin, inside an element or a quoted attribute. */
void html_text(struct html *h, const char *s);
const char *html_class(enum view_look look);

void html_mark(struct html *h, enum view_look look);
void html_strip(struct html *h, const struct view_block *b);
void html_chart(struct html *h, const struct view_block *b);
void html_qr(struct html *h, const uint8_t *modules, size_t size);

#endif
