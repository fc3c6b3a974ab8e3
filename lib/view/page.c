/* SPDX-License-Identifier: BSD-2-Clause */
/* See page.h. */
#include "view/page.h"
#include <string.h>

/* Kinds of records that have a page of their own; all others have that of page_record. */
static const struct {
	const char *kind;
	page_build_fn build;
} pages[] = {
	{ "sanitize", page_sanitize },
};

int page_build(struct view_doc *d, const struct view_facts *f, hz_error **err)
{
	page_build_fn build = page_record;

	for (size_t i = 0; i < ARRAY_LEN(pages) && f->n > 0; i++) {
		if (fact_is(&f->list[0], pages[i].kind))
			build = pages[i].build;
	}
	if (f->request->overview)
		build = page_overview;
	build(d, f);
	return d->failed ? err_nomem(err) : 0;
}
