/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The paper that goes with a medium: a certificate only where the signed record says that the goal was reached and
 * verified, and whose signer is believed; otherwise the report of a failure, with what was touched and what is left to
 * do. The fields are those of SP 800-88r1's sample certificate and of Japanese practice; what nobody said stays empty,
 * to be filled in by hand.
 */
#include "view/page.h"
#include <stdio.h>
#include <string.h>

static const char *word(struct view_doc *d, const char *text)
{
	static const struct {
		const char *word, *text;
	} words[] = { { "clear", N_("Clear") }, { "purge", N_("Purge") }, { "none", N_("none") },
		{ "no", N_("nothing was touched") }, { "partly", N_("touched in part") }, { "all", N_("all of it") },
		{ "unknown", N_("not known") }, { "full", N_("every address read back and compared") },
		{ "sampled", N_("sampled and compared") }, { "change", N_("content at the samples has changed") },
		{ "completed", N_("completed") }, { "exceptions", N_("completed, but for some areas") },
		{ "failed", N_("failed") }, { "lost", N_("the device went away") },
		{ "not-started", N_("not started") }, { "running", N_("did not come to its end") },
		{ "magnetic", N_("magnetic disk") }, { "flash", N_("solid state drive") },
		{ "card", N_("memory card or stick") }, { "virtual", N_("virtual disk") } };

	for (size_t i = 0; text && i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].word, text) == 0)
			return lang_say(&d->lang, words[i].text);
	return text ? text : "";
}

static int64_t number(const struct json_value *v)
{
	int64_t n = 0;

	return json_whole(v, &n) ? n : 0;
}

static bool truth(const struct json_value *v)
{
	bool b = false;

	return json_truth(v, &b) && b;
}

/* To be written in by hand where the record does not say it. */
static void field_or_blank(struct view_doc *d, struct view_block *b, const char *name, const char *value)
{
	doc_field(d, b, name, value && *value ? value : "____________________");
}

static void put_medium(struct view_doc *d, const struct json_value *r)
{
	const struct json_value *m = json_get(r, "device"), *custody = json_get(r, "custody");
	struct view_block *b;
	char out[LANG_TEXT];

	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Medium")));
	b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	field_or_blank(d, b, lang_say(&d->lang, N_("Property number")), json_text(json_get(custody, "property_no")));
	doc_field(d, b, lang_say(&d->lang, N_("Model")), json_text(json_get(m, "model")));
	doc_field_mono(d, b, lang_say(&d->lang, N_("Serial number")), json_text(json_get(m, "serial")));
	doc_field_mono(d, b, "WWN", json_text(json_get(m, "wwn")));
	doc_field(d, b, lang_say(&d->lang, N_("Firmware")), json_text(json_get(m, "firmware")));
	doc_field(d, b, lang_say(&d->lang, N_("Kind of medium")), word(d, json_text(json_get(m, "medium"))));
	if (number(json_get(m, "bytes")) > 0)
		doc_field(d, b, lang_say(&d->lang, N_("Capacity")), lang_bytes(out, number(json_get(m, "bytes"))));
	doc_field_mono(d, b, lang_say(&d->lang, N_("Confirmed by")), json_text(json_get(m, "confirm_id")));
	field_or_blank(
		d, b, lang_say(&d->lang, N_("Source (user or computer)")), json_text(json_get(custody, "source")));
	field_or_blank(d, b, lang_say(&d->lang, N_("Data backed up")), json_text(json_get(custody, "data_backed_up")));
	field_or_blank(d, b, lang_say(&d->lang, N_("Destination")), json_text(json_get(custody, "destination")));
}

static void put_action(struct view_doc *d, const struct json_value *r)
{
	struct view_block *b;

	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Sanitization")));
	b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	doc_field(d, b, lang_say(&d->lang, N_("Goal")), word(d, json_text(json_get(r, "goal"))));
	doc_field(d, b, lang_say(&d->lang, N_("Level reached")), word(d, json_text(json_get(r, "level"))));
	doc_field(d, b, lang_say(&d->lang, N_("Touched")), word(d, json_text(json_get(r, "touched"))));
	doc_field(d, b, lang_say(&d->lang, N_("Profile")), json_text(json_get(r, "profile")));
	doc_field(d, b, lang_say(&d->lang, N_("Technique standard")), json_text(json_get(r, "technique_standard")));
	if (json_get(r, "temperature_max_c") && !json_is_nothing(json_get(r, "temperature_max_c")))
		doc_field(d, b, lang_say(&d->lang, N_("Highest temperature")),
			doc_format(d, "%lld °C", (long long)number(json_get(r, "temperature_max_c"))));
	doc_field_mono(d, b, lang_say(&d->lang, N_("Commands sent, SHA-256")),
		json_text(json_get(json_get(r, "trace"), "sha256")));
}

/* ---- the map ---- */

static void put_ranges(
	struct view_doc *d, struct view_block *b, const struct json_value *list, enum view_look look, const char *text)
{
	for (size_t i = 0; i < json_list_len(list); i++) {
		const struct json_value *pair = json_list_at(list, i);
		uint64_t lba = (uint64_t)number(json_list_at(pair, 0)), n = (uint64_t)number(json_list_at(pair, 1));

		if (n > 0 && lba < b->total && n <= b->total - lba)
			doc_segment(d, b, lba, lba + n, look, text);
	}
}

/* What stands at each address after a step. */
static void put_map(struct view_doc *d, const struct json_value *r, const struct json_value *step)
{
	const struct json_value *device = json_get(r, "device"), *v = json_get(step, "verification");
	int64_t sector = number(json_get(device, "logical_sector"));
	uint64_t total = sector > 0 ? (uint64_t)(number(json_get(device, "bytes")) / sector) : 0;
	const char *state = json_text(json_get(step, "state"));
	bool done = state && (strcmp(state, "completed") == 0 || strcmp(state, "exceptions") == 0);
	bool passed = truth(json_get(v, "passed"));
	struct view_block *b;
	char last[LANG_TEXT];

	if (total == 0)
		return;
	b = doc_strip(d, total, false, "LBA 0", doc_format(d, "LBA %s", lang_number(last, (int64_t)total - 1)));
	doc_segment(d, b, 0, total, passed ? LOOK_GOOD : done ? LOOK_INFO : LOOK_UNKNOWN, "");
	put_ranges(d, b, json_get(v, "mismatched_at"), LOOK_BAD, lang_say(&d->lang, N_("other data was found")));
	put_ranges(d, b, json_get(v, "unreadable_at"), LOOK_BAD, lang_say(&d->lang, N_("cannot be read")));
	put_ranges(d, b, json_get(step, "bad"), LOOK_BAD, lang_say(&d->lang, N_("cannot be written")));
	if (passed)
		doc_legend(d, b, LOOK_GOOD, lang_say(&d->lang, N_("written or erased, and verified")));
	else
		doc_legend(d, b, done ? LOOK_INFO : LOOK_UNKNOWN,
			done ? lang_say(&d->lang, N_("written or erased, not verified"))
			     : lang_say(&d->lang, N_("not known")));
	doc_legend(d, b, LOOK_BAD, lang_say(&d->lang, N_("not written, not readable, or other data")));
}

static void put_step(struct view_doc *d, const struct json_value *r, const struct json_value *s, size_t i)
{
	const struct json_value *v = json_get(s, "verification");
	const char *state = json_text(json_get(s, "state"));
	bool good = state && strcmp(state, "completed") == 0;
	struct view_block *b;
	char out[LANG_TEXT];

	(void)doc_heading(d, 2, doc_format(d, "%zu. %s", i + 1, json_text(json_get(s, "title"))));
	b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	doc_field_look(d, b, lang_say(&d->lang, N_("Outcome")), word(d, state), good ? LOOK_GOOD : LOOK_BAD);
	doc_field(d, b, lang_say(&d->lang, N_("By")), json_text(json_get(s, "clause")));
	doc_field(d, b, lang_say(&d->lang, N_("The device said")), json_text(json_get(s, "said")));
	if (number(json_get(s, "bad_sectors")) > 0)
		doc_field_look(d, b, lang_say(&d->lang, N_("Sectors that could not be written")),
			lang_number(out, number(json_get(s, "bad_sectors"))), LOOK_BAD);
	if (json_is_map(v)) {
		doc_field_look(d, b, lang_say(&d->lang, N_("Verification")), word(d, json_text(json_get(v, "kind"))),
			truth(json_get(v, "passed")) ? LOOK_GOOD : LOOK_BAD);
		doc_field(d, b, lang_say(&d->lang, N_("Sectors compared")),
			lang_number(out, number(json_get(v, "sectors"))));
		doc_field(
			d, b, lang_say(&d->lang, N_("Different")), lang_number(out, number(json_get(v, "mismatched"))));
		doc_field(d, b, lang_say(&d->lang, N_("Unreadable")),
			lang_number(out, number(json_get(v, "unreadable"))));
		doc_field_mono(d, b, lang_say(&d->lang, N_("Seed of the sample")), json_text(json_get(v, "seed")));
	} else {
		doc_field_look(d, b, lang_say(&d->lang, N_("Verification")), lang_say(&d->lang, N_("none")), LOOK_BAD);
	}
	put_map(d, r, s);
}

/* ---- areas and people ---- */

static void put_area(struct view_doc *d, struct view_block *b, const char *name, const struct json_value *list)
{
	const char *text = "";

	for (size_t i = 0; i < json_list_len(list); i++)
		text = doc_format(d, "%s%s%s", text, i ? ", " : "", json_text(json_list_at(list, i)));
	doc_field(d, b, name, *text ? text : lang_say(&d->lang, N_("none")));
}

static void put_areas(struct view_doc *d, const struct json_value *r)
{
	const struct json_value *h = json_get(r, "hidden_areas");
	struct view_block *b;

	if (!h)
		return;
	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Hidden areas (HPA, DCO, AMA)")));
	b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	put_area(d, b, lang_say(&d->lang, N_("Area removed")), json_get(h, "removed"));
	put_area(d, b, lang_say(&d->lang, N_("Content erased")), json_get(h, "content_erased"));
	put_area(d, b, lang_say(&d->lang, N_("Unreachable")), json_get(h, "unreachable"));
}

static void put_people(struct view_doc *d, const struct view_fact *f, const struct json_value *r)
{
	const struct json_value *approval = json_get(r, "approval");
	struct view_block *b;

	(void)doc_heading(d, 2, lang_say(&d->lang, N_("People")));
	b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	doc_field(d, b, lang_say(&d->lang, N_("Operator")), f->operator_name);
	doc_field(d, b, lang_say(&d->lang, N_("Approved by")), json_text(json_get(approval, "approver")));
	field_or_blank(d, b, lang_say(&d->lang, N_("Witness")), json_text(json_get(json_get(r, "custody"), "witness")));
	b = doc_block(d, BLOCK_SIGN, LOOK_PLAIN, "");
	doc_cell(d, b, lang_say(&d->lang, N_("Sanitized by")), LOOK_PLAIN);
	doc_cell(d, b, lang_say(&d->lang, N_("Verified by")), LOOK_PLAIN);
	doc_cell(d, b, lang_say(&d->lang, N_("Validated by")), LOOK_PLAIN);
}

static void put_headline(struct view_doc *d, const struct view_fact *f, const struct json_value *r, bool certificate)
{
	const char *level = word(d, json_text(json_get(r, "level"))), *why = json_text(json_get(r, "why"));
	struct view_block *b;

	if (certificate)
		b = doc_block(d, BLOCK_STATUS, LOOK_GOOD,
			doc_format(d, lang_say(&d->lang, N_("%s: reached and verified")), level));
	else if (truth(json_get(r, "certificate")))
		b = doc_block(d, BLOCK_STATUS, LOOK_UNKNOWN,
			lang_say(&d->lang, N_("No certificate: whose statement this is has not been shown")));
	else
		b = doc_block(d, BLOCK_STATUS, LOOK_BAD,
			lang_say(&d->lang, N_("No certificate: erase this medium again, or destroy it")));
	b->more = doc_text(d, why ? why : json_text(json_get(f->predicate, "error")));
}

void page_sanitize(struct view_doc *d, const struct view_facts *facts)
{
	const struct view_fact *f = &facts->list[0];
	const struct json_value *r = f->result, *steps = json_get(r, "steps");
	bool certificate = f->trusted && fact_has(f, "done") && truth(json_get(r, "certificate"));

	/* Interrupted: there is nothing to draw but the record itself. */
	if (!json_is_map(r)) {
		page_record(d, facts);
		return;
	}
	d->title = certificate ? lang_say(&d->lang, N_("Certificate of sanitization"))
			       : lang_say(&d->lang, N_("Sanitization: report of a failure"));
	page_seal_record(d, f);
	put_headline(d, f, r, certificate);
	put_medium(d, r);
	put_action(d, r);
	for (size_t i = 0; i < json_list_len(steps); i++)
		put_step(d, r, json_list_at(steps, i), i);
	put_areas(d, r);
	put_people(d, f, r);
	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Circumstances")));
	page_circumstances(d, f);
	page_says(d, f, "not_checked", lang_say(&d->lang, N_("Not checked")));
	page_says(d, f, "assumptions", lang_say(&d->lang, N_("Assumptions")));
	page_says(d, f, "overrides", lang_say(&d->lang, N_("Overrides")));
	page_subjects(d, f);
	page_provenance(d, f);
}
