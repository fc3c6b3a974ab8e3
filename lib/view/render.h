/* SPDX-License-Identifier: BSD-2-Clause */
/* Drawing a page. All three take the same blocks; none decides what is said. 0, HZ_E_NOMEM, or as below. */
#ifndef VIEW_RENDER_H
#define VIEW_RENDER_H

#include "base/buf.h"
#include "base/error.h"
#include "view/doc.h"

int render_text(struct buf *out, const struct view_doc *d, hz_error **err);
/* One file: no script, nothing from outside, light and dark, for the screen and for paper. */
int render_html(struct buf *out, const struct view_doc *d, hz_error **err);
/* A4. HZ_E_NOTFOUND: no font here has a character; the error says which, and what to install. */
int render_pdf(struct buf *out, const struct view_doc *d, hz_error **err);

/* The mark of a look where there is only text: "[ok]". "" for none. */
const char *mark_of(enum view_look look);
/* A word for who hears the page, in its language; "" for none. */
const char *word_of_look(const struct view_lang *l, enum view_look look);
/* The letter of a look in a strip of text. */
char letter_of(enum view_look look);

/* A QR code: size modules a side, a byte each, 1 is dark. *modules is the caller's. HZ_E_NOMEM; HZ_E_INVAL: too long.
 */
int qr_make(uint8_t **modules, size_t *size, const char *text, hz_error **err);

#endif
