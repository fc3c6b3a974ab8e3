/* SPDX-License-Identifier: BSD-2-Clause */
/* The module's one symbol (report/view_module.h): a request becomes a page, drawn. */
#include "hozen/view.h"
#include "view/page.h"
#include "view/render.h"
#include <stdio.h>

static int render(struct buf *out, const struct view_doc *d, uint32_t format, hz_error **err)
{
	switch (format) {
	case HZ_VIEW_TEXT:
		return render_text(out, d, err);
	case HZ_VIEW_HTML:
		return render_html(out, d, err);
	case HZ_VIEW_PDF:
		return render_pdf(out, d, err);
	default:
		return err_set(err, HZ_E_INVAL, "view: no such format");
	}
}

static int make(struct buf *out, const struct view_request *request, hz_error **err)
{
	const struct view_lang lang = { request->japanese, request->utc };
	struct view_facts facts = { 0 };
	struct view_doc d;
	int rc;

	if (request->japanese && !lang_has_japanese()) {
		rc = err_set(err, HZ_E_UNSUPPORTED, "view: this build has no Japanese");
		err_hint(err, "build it where msgfmt and msgmerge are (package gettext)");
		return rc;
	}
	doc_init(&d, &lang);
	rc = facts_read(&facts, request, err);
	if (rc == 0)
		rc = page_build(&d, &facts, err);
	if (rc == 0)
		rc = render(out, &d, request->format, err);
	doc_release(&d);
	return rc;
}

static int draw(const struct view_request *request, struct view_answer *answer)
{
	AUTO(hz_error_free) hz_error *err = NULL;
	AUTO_IN(buf_release) struct buf out = BUF_INIT;
	int rc = make(&out, request, &err);

	*answer = (struct view_answer){ 0 };
	if (rc < 0) {
		(void)snprintf(answer->message, sizeof(answer->message), "%s", hz_error_message(err));
		(void)snprintf(answer->hint, sizeof(answer->hint), "%s", hz_error_hint(err) ? hz_error_hint(err) : "");
		return rc;
	}
	answer->data = buf_take(&out, &answer->len);
	return 0;
}

static void drop(void *kept)
{
	facts_release(kept);
}

HZ_API extern const struct view_module hozen_view_module;
const struct view_module hozen_view_module = { HOZEN_VERSION, sizeof(struct view_request), sizeof(struct view_record),
	draw, drop };
