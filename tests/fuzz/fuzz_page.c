/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages from records whose signature was good and whose result may be anything: the first byte says which page and
 * which language, the rest are records with a NUL between them. Those that are none are passed over, as the log's check
 * does.
 */
#include "hozen/view.h"
#include "report/statement.h"
#include "view/page.h"
#include "view/render.h"
#include <stdint.h>
#include <string.h>

#define RECORDS_MAX 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t split(struct view_record *out, struct json_value **roots, const char *at, const char *end)
{
	static const char sha[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	size_t n = 0;

	while (at < end && n < RECORDS_MAX) {
		struct json_value *root = NULL;
		const char *stop = memchr(at, 0, (size_t)(end - at));
		const size_t one = (size_t)((stop ? stop : end) - at);
		struct record_view v;

		if (record_read(&root, &v, at, one, NULL) == 0) {
			out[n] = (struct view_record){ root, one % 5 ? HZ_SIGNER_TRUSTED : HZ_SIGNER_UNKNOWN, sha,
				"SHA256:key", "alpha" };
			roots[n++] = root;
		}
		at += one + 1;
	}
	return n;
}

static void draw(const struct view_request *q)
{
	static int (*const renders[])(
		struct buf *, const struct view_doc *, hz_error **) = { render_text, render_html };
	const struct view_lang lang = { q->japanese, true };
	struct view_facts facts = { 0 };
	struct view_doc d;

	doc_init(&d, &lang);
	if (facts_read(&facts, q, NULL) == 0 && page_build(&d, &facts, NULL) == 0) {
		for (size_t i = 0; i < ARRAY_LEN(renders); i++) {
			AUTO_IN(buf_release) struct buf out = BUF_INIT;

			/* Nothing of a record is markup (a text page has none), or a control character. */
			if (renders[i](&out, &d, NULL) == 0 &&
				((i == 1 && memmem(out.data, out.len, "<script", 7)) ||
					memchr(out.data, 0x1b, out.len)))
				abort();
		}
	}
	doc_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view_record list[RECORDS_MAX];
	struct json_value *roots[RECORDS_MAX];
	size_t n;
	void *kept = NULL;
	struct view_request q = { .records = list,
		.kept = &kept,
		.utc = true,
		.now = 1795867200,
		.from = 1795867200 - 31 * 86400,
		.to = 1795867201,
		.log = { .entries = 8, .signer = HZ_SIGNER_TRUSTED, .root = "ROOT", .fingerprint = "SHA256:key" } };

	if (len == 0)
		return 0;
	q.japanese = data[0] & 1;
	q.overview = data[0] & 2;
	q.n_records = n = split(list, roots, (const char *)data + 1, (const char *)data + len);
	if (!q.overview && q.n_records > 1)
		q.n_records = 1;
	if (q.overview || q.n_records == 1)
		draw(&q);
	facts_release(kept);
	while (n > 0)
		json_read_free(roots[--n]);
	return 0;
}
