/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of page. A further one is one file that exports a page_build_fn and a
 * line in the table of page.c: it fills the list of blocks (doc.h), and all renderers draw it.
 */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include "view/facts.h"

/* Fills d from facts: of one record, f->list[0], or of many. 0, or d->failed is set. */
typedef void (*page_build_fn)(struct view_doc *d, const struct view_facts *f);

/* Chooses by the request, or by the kind of the one record. HZ_E_NOMEM. */
int page_build(struct view_doc *d, const struct view_facts *f, hz_error **err);

void page_record(struct view_doc *d, const struct view_facts *f);
void page_overview(struct view_doc *d, const struct view_facts *f);
/* The certificate of a sanitization, or the report of its failure. */
void page_sanitize(struct view_doc *d, const struct view_facts *f);

/* What every page of one record says of itself: who signed it, its digest and number, and the seal of the page. */
void page_seal_record(struct view_doc *d, const struct view_fact *f);
/* When, where and by whom; a list of what it does not say, under this name; what it is about, by digest. */
void page_circumstances(struct view_doc *d, const struct view_fact *f);
void page_says(struct view_doc *d, const struct view_fact *f, const char *key, const char *name);
void page_subjects(struct view_doc *d, const struct view_fact *f);
void page_provenance(struct view_doc *d, const struct view_fact *f);

#endif
