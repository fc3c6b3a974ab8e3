/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages from records as others would write them: hostile text stays text, what no record shows is not good, the three
 * renderers have the same texts, and what is longer than a page flows over pages. */
#include "support/hzt.h"
#include "hozen/view.h"
#include "view/page.h"
#include "view/render.h"
#include "view/system.h"
#include <stdio.h>
#include <time.h>

/* Caches of cairo and fontconfig, which live as long as the process. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libcairo\nleak:libfontconfig\nleak:libpango\nleak:libglib\n";
}

#define DAY ((int64_t)86400)
#define NOW ((int64_t)1795867200) /* 2026-11-28T12:00:00Z */

#define RECORDS_MAX 300
struct records {
	struct json_value *roots[RECORDS_MAX];
	char sha[65];
	struct view_record list[RECORDS_MAX];
	struct view_request request;
	void *kept;
};

static void stamp(char out[40], int64_t sec)
{
	time_t t = (time_t)sec;
	struct tm tm;

	assert_non_null(gmtime_r(&t, &tm));
	assert_true(strftime(out, 40, "%Y-%m-%dT%H:%M:%S.000000000Z", &tm) > 0);
}

static void add(struct records *r, const char *kind, int64_t start, const char *outcome, const char *host,
	const char *result, uint32_t signer)
{
	size_t i = r->request.n_records++;
	char from[40], to[40], text[2048];

	assert_true(i < RECORDS_MAX);
	stamp(from, start);
	stamp(to, start + 60);
	assert_true(snprintf(text, sizeof(text),
			    "{\"subject\":[{\"name\":\"identity\",\"digest\":{\"sha256\":\"%064d\"}}],\"predicate\":{"
			    "\"id\":"
			    "\"00000000-0000-4000-8000-%012zu\",\"kind\":\"%s\",\"command\":\"hozen-backup "
			    "create\",\"outcome\":"
			    "\"%s\",\"error\":null,\"identity\":\"{\\\"kind\\\":\\\"%s\\\",\\\"repository\\\":\\\"repo-"
			    "1\\\"}\","
			    "\"time\":{\"start\":\"%s\",\"end\":\"%s\",\"clock\":{\"source\":\"chrony\","
			    "\"synchronized\":true}},"
			    "\"operator\":{\"name\":\"root\",\"uid\":0},\"host\":{\"name\":\"%s\"},\"tool\":{\"name\":"
			    "\"hozen-backup\",\"version\":\"0.1\",\"self_test\":\"passed\"},\"controls\":[\"8.13\"],"
			    "\"result\":%s,"
			    "\"failures\":[],\"failures_total\":0,\"late\":false}}",
			    0, i, kind, outcome, kind, from, to, host, result) < 2048);
	memset(r->sha, 'a', 64);
	assert_int_equal(json_read(&r->roots[i], text, strlen(text), NULL), 0);
	r->list[i] = (struct view_record){ r->roots[i], signer, r->sha, "SHA256:key", "alpha" };
}

static struct records *new_records(void)
{
	struct records *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->request = (struct view_request){ .utc = true,
		.kept = &r->kept,
		.records = r->list,
		.overview = true,
		.now = NOW,
		.from = NOW - 31 * DAY,
		.to = NOW + 1,
		.log = { .entries = 7, .signer = HZ_SIGNER_TRUSTED, .root = "ROOT" } };
	return r;
}

static void forget(struct records *r)
{
	facts_release(r->kept);
	r->kept = NULL;
}

static void drop(struct records *r)
{
	forget(r);
	for (size_t i = 0; i < r->request.n_records; i++)
		json_read_free(r->roots[i]);
	free(r);
}

static void build(struct view_doc *d, struct view_facts *f, const struct records *r, bool japanese)
{
	const struct view_lang lang = { japanese, true };

	doc_init(d, &lang);
	assert_int_equal(facts_read(f, &r->request, NULL), 0);
	assert_int_equal(page_build(d, f, NULL), 0);
}

static char *drawn(const struct view_doc *d, int (*render)(struct buf *, const struct view_doc *, hz_error **))
{
	struct buf out = BUF_INIT;
	hz_error *err = NULL;

	if (render(&out, d, &err) < 0)
		fail_msg("%s", hz_error_message(err));
	assert_int_equal(buf_append(&out, "", 1), 0);
	return (char *)out.data;
}

static const struct view_block *first(const struct view_doc *d, enum view_kind kind)
{
	for (size_t i = 0; i < d->n_blocks; i++) {
		if (d->blocks[i]->kind == kind)
			return d->blocks[i];
	}
	fail_msg("there is no block of kind %d", (int)kind);
	return NULL;
}

static void hostile_text_becomes_no_markup(void **state)
{
	struct records *r = new_records();
	struct view_facts f = { 0 };
	struct view_doc d;
	char *html, *text;

	(void)state;
	r->request.overview = false;
	add(r, "backup", NOW, "done", "<script>alert(1)</script>\\\" onload='x'\\u001b[31m\\u202eevil",
		"{\"<b>\":\"&<i>\"}", HZ_SIGNER_TRUSTED);
	build(&d, &f, r, false);
	html = drawn(&d, render_html);
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "<b>"));
	assert_null(strstr(html, "<i>"));
	assert_null(strstr(html, "onload='"));
	assert_non_null(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39;"));
	assert_non_null(strstr(html, "&lt;b&gt;"));
	assert_null(strchr(html, '\x1b'));
	assert_null(strstr(html, "\xe2\x80\xae"));
	text = drawn(&d, render_text);
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	free(html);
	free(text);
	doc_release(&d);
	drop(r);
}

static void nothing_is_good_without_a_record(void **state)
{
	struct records *r = new_records();
	struct view_facts f = { 0 };
	struct view_doc d;

	(void)state;
	build(&d, &f, r, false);
	assert_int_equal(first(&d, BLOCK_STATUS)->look, LOOK_UNKNOWN);
	assert_string_equal(first(&d, BLOCK_STATUS)->text, "No backup is evidenced");
	doc_release(&d);
	forget(r);
	/* What somebody says who is not believed counts for nothing. */
	for (int i = 0; i < 30; i++)
		add(r, "backup", NOW - i * DAY - 3600, "done", "alpha", "{}", HZ_SIGNER_UNKNOWN);
	build(&d, &f, r, false);
	assert_int_equal(first(&d, BLOCK_STATUS)->look, LOOK_UNKNOWN);
	for (size_t i = 0; i < d.n_blocks; i++)
		assert_int_not_equal(d.blocks[i]->kind, BLOCK_CARD);
	doc_release(&d);
	drop(r);
}

/* Nightly but for the nights in skip; in rising order. */
static void nightly(struct records *r, int nights, int skip)
{
	for (int i = nights; i > 0; i--) {
		if (i != skip)
			add(r, "backup", NOW - i * DAY + 14 * 3600, i == 5 ? "exceptions" : "done", "alpha", "{}",
				HZ_SIGNER_TRUSTED);
	}
}

static void nights_are_backed_up_with_issues_or_missed(void **state)
{
	struct records *r = new_records();
	struct view_facts f = { 0 };
	const struct view_block *strip;
	struct view_doc d;

	(void)state;
	nightly(r, 40, 9);
	build(&d, &f, r, false);
	strip = first(&d, BLOCK_STRIP);
	assert_int_equal(strip->n_segments, NIGHTS);
	/* The night that begins now has not had its backup: it is not missed yet. */
	assert_int_equal(strip->segments[NIGHTS - 1].look, LOOK_INFO);
	assert_int_equal(strip->segments[NIGHTS - 2].look, LOOK_GOOD);
	assert_int_equal(strip->segments[NIGHTS - 1 - 5].look, LOOK_WARN);
	assert_int_equal(strip->segments[NIGHTS - 1 - 9].look, LOOK_OTHER);
	assert_int_equal(strip->segments[0].look, LOOK_GOOD);
	assert_int_equal(first(&d, BLOCK_CARD)->look, LOOK_WARN);
	doc_release(&d);
	drop(r);
}

static void without_a_drill_a_restore_is_not_evidenced(void **state)
{
	struct records *r = new_records();
	struct view_facts f = { 0 };
	struct view_doc d;

	(void)state;
	nightly(r, 40, 0);
	build(&d, &f, r, false);
	assert_int_equal(first(&d, BLOCK_CARD)->look, LOOK_UNKNOWN);
	doc_release(&d);
	forget(r);
	add(r, "drill", NOW - 3600, "done", "alpha", "{\"host\":\"alpha\",\"estimated_seconds\":90.5}",
		HZ_SIGNER_TRUSTED);
	build(&d, &f, r, false);
	assert_int_equal(first(&d, BLOCK_CARD)->look, LOOK_GOOD);
	doc_release(&d);
	forget(r);
	/* A log that is not whole makes all of it worth nothing. */
	r->request.log.findings = 1;
	build(&d, &f, r, false);
	assert_int_equal(first(&d, BLOCK_STATUS)->look, LOOK_BAD);
	doc_release(&d);
	drop(r);
}

static void a_policy_names_the_systems(void **state)
{
	struct records *r = new_records();
	struct view_facts f = { 0 };
	struct view_doc d;

	(void)state;
	nightly(r, 40, 0);
	add(r, "policy", NOW - 60, "done", "alpha",
		"{\"policy\":{\"id\":\"P1\"},\"systems\":[{\"name\":\"Accounting\",\"status\":\"met\",\"checks\":[{"
		"\"name\":"
		"\"rpo\",\"control\":\"8.13\",\"status\":\"met\",\"records\":[\"00000000-0000-4000-8000-000000000039\"]"
		"}]},"
		"{\"name\":\"Mail\",\"status\":\"not_evidenced\"},{\"name\":\"Web\"}]}",
		HZ_SIGNER_TRUSTED);
	build(&d, &f, r, false);
	assert_string_equal(first(&d, BLOCK_CARD)->text, "Accounting");
	assert_int_equal(first(&d, BLOCK_CARD)->look, LOOK_GOOD);
	assert_int_equal(first(&d, BLOCK_STRIP)->segments[3].look, LOOK_GOOD);
	assert_int_equal(first(&d, BLOCK_STATUS)->look, LOOK_UNKNOWN);
	doc_release(&d);
	drop(r);
}

static void a_strip_shows_the_worst_of_each_part(void **state)
{
	const struct view_lang lang = { false, true };
	enum view_look looks[4];
	struct view_block *b;
	struct view_doc d;

	(void)state;
	doc_init(&d, &lang);
	/* A medium of 2^64-1 blocks, of which one cannot be read. */
	b = doc_strip(&d, UINT64_MAX, false, "0", "end");
	doc_segment(&d, b, 0, UINT64_MAX, LOOK_GOOD, NULL);
	doc_segment(&d, b, UINT64_MAX - 1, UINT64_MAX, LOOK_BAD, NULL);
	doc_segment(&d, b, 5, 5, LOOK_BAD, NULL);
	assert_int_equal(b->n_segments, 2);
	strip_parts(b, looks, 4);
	assert_int_equal(looks[0], LOOK_GOOD);
	assert_int_equal(looks[2], LOOK_GOOD);
	assert_int_equal(looks[3], LOOK_BAD);
	doc_release(&d);
}

static size_t pages_of(const char *pdf, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i + 11 < len; i++)
		n += memcmp(pdf + i, "/Type /Page", 11) == 0 && pdf[i + 11] != 's';
	return n;
}

static void what_is_longer_than_a_page_flows(void **state)
{
	const struct view_lang lang = { false, true };
	static char text[60000];
	struct buf out = BUF_INIT;
	struct view_block *b;
	struct view_doc d;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 9 == 8 ? ' ' : 'm';
	doc_init(&d, &lang);
	d.qr = "x";
	doc_para(&d, text);
	b = doc_block(&d, BLOCK_FACTS, LOOK_PLAIN, "");
	doc_field(&d, b, "long", text);
	b = doc_block(&d, BLOCK_SIGN, LOOK_PLAIN, "");
	doc_cell(&d, b, "Witness", LOOK_PLAIN);
	assert_false(d.failed);
	assert_int_equal(render_pdf(&out, &d, NULL), 0);
	assert_true(pages_of((char *)out.data, out.len) >= 10);
	buf_release(&out);
	doc_release(&d);
}

static void japanese_comes_from_the_module_itself(void **state)
{
	const struct view_lang ja = { true, true }, en = { false, true };
	char out[LANG_TEXT];

	(void)state;
	if (!lang_has_japanese())
		skip();
	assert_string_equal(lang_say(&ja, "Not checked"), "検査していないこと");
	assert_string_equal(lang_say(&en, "night|missed"), "missed");
	assert_string_equal(lang_say(&ja, "night|missed"), "未取得");
	assert_string_equal(lang_time(out, &ja, NOW), "2026年11月28日 12:00");
	assert_string_equal(lang_duration(out, &ja, 7260), "2\u00a0時間\u00a01\u00a0分");
	assert_string_equal(lang_number(out, -1234567), "-1,234,567");
	/* A catalogue that is none. */
	assert_null(lang_find((const uint8_t *)"\xde\x12\x04\x95", 4, "a"));
	assert_null(lang_find(
		(const uint8_t *)"\xde\x12\x04\x95\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f\x1c\0\0\0\0\0\0\0\0\0\0\0",
		28, "a"));
}

/* A certificate only where the record says so, ended well, and is believed. */
static void a_certificate_is_drawn_for_nothing_less(void **state)
{
	static const struct {
		const char *outcome, *certificate;
		uint32_t signer;
		bool drawn;
	} cases[] = { { "done", "true", HZ_SIGNER_TRUSTED, true }, { "done", "true", HZ_SIGNER_UNKNOWN, false },
		{ "done", "false", HZ_SIGNER_TRUSTED, false }, { "failed", "true", HZ_SIGNER_TRUSTED, false },
		{ "damage", "false", HZ_SIGNER_TRUSTED, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct records *r = new_records();
		struct view_facts f = { 0 };
		struct view_doc d;
		char result[900], *text, *html;

		assert_true(snprintf(result, sizeof(result),
				    "{\"device\":{\"model\":\"M\",\"serial\":\"S-77\",\"bytes\":1048576,"
				    "\"logical_sector\":512},\"custody\":{\"property_no\":\"P-9\",\"witness\":null},"
				    "\"goal\":\"clear\",\"level\":\"clear\",\"certificate\":%s,\"why\":\"because\","
				    "\"touched\":\"all\",\"hidden_areas\":{\"removed\":[],\"content_erased\":[],"
				    "\"unreachable\":[\"HPA\"]},\"steps\":[{\"method\":\"m\",\"title\":\"Overwrite\","
				    "\"state\":\"completed\",\"bad_sectors\":2,\"bad\":[[100,2],[9999,1]],"
				    "\"verification\":{\"kind\":\"full\",\"passed\":true,\"sectors\":2048,"
				    "\"mismatched\":0,\"unreadable\":0}}]}",
				    cases[i].certificate) < (int)sizeof(result));
		r->request.overview = false;
		add(r, "sanitize", NOW, cases[i].outcome, "bench", result, cases[i].signer);
		build(&d, &f, r, false);
		assert_int_equal(strcmp(d.title, "Certificate of sanitization") == 0, cases[i].drawn);
		assert_int_equal(first(&d, BLOCK_STATUS)->look == LOOK_GOOD, cases[i].drawn);
		/* The map has the range that is on the medium, and not the one that cannot be. */
		assert_int_equal(first(&d, BLOCK_STRIP)->n_segments, 2);
		assert_int_equal(first(&d, BLOCK_STRIP)->segments[1].from, 100);
		text = drawn(&d, render_text);
		html = drawn(&d, render_html);
		assert_non_null(strstr(text, "S-77"));
		assert_non_null(strstr(html, "P-9"));
		assert_non_null(strstr(html, "HPA"));
		assert_non_null(strstr(text, "Validated by"));
		free(text);
		free(html);
		doc_release(&d);
		drop(r);
	}
}

/* On paper at most so many: what did not go well comes first, however old, and the newest of the rest. */
static void a_long_annex_leaves_out_what_is_old_and_went_well(void **state)
{
	struct records *r = new_records();
	struct view_facts f = { 0 };
	const struct view_block *table = NULL;
	struct view_doc d;
	char *text;

	(void)state;
	for (int i = 0; i < RECORDS_MAX; i++)
		add(r, "backup", NOW - (RECORDS_MAX - i) * 3600, i == 3 ? "failed" : "done", "alpha", "{}",
			i == 5 ? HZ_SIGNER_UNKNOWN : HZ_SIGNER_TRUSTED);
	build(&d, &f, r, false);
	for (size_t i = 0; i < d.n_blocks; i++) {
		if (d.blocks[i]->kind == BLOCK_TABLE && d.blocks[i]->n_cells > 900)
			table = d.blocks[i];
	}
	assert_non_null(table);
	assert_int_equal(table->n_cells, 4 * (1 + 240));
	assert_non_null(strstr(table->cells[4 + 3].text, "-000000000003 "));
	assert_non_null(strstr(table->cells[8 + 3].text, "-000000000005 "));
	assert_non_null(strstr(table->cells[12 + 3].text, "-000000000062 "));
	text = drawn(&d, render_text);
	assert_non_null(strstr(text, "60 older records of the period"));
	free(text);
	doc_release(&d);
	drop(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_annex_leaves_out_what_is_old_and_went_well),
		cmocka_unit_test(hostile_text_becomes_no_markup),
		cmocka_unit_test(nothing_is_good_without_a_record),
		cmocka_unit_test(nights_are_backed_up_with_issues_or_missed),
		cmocka_unit_test(without_a_drill_a_restore_is_not_evidenced),
		cmocka_unit_test(a_policy_names_the_systems),
		cmocka_unit_test(a_strip_shows_the_worst_of_each_part),
		cmocka_unit_test(what_is_longer_than_a_page_flows),
		cmocka_unit_test(japanese_comes_from_the_module_itself),
		cmocka_unit_test(a_certificate_is_drawn_for_nothing_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
