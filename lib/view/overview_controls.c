/* SPDX-License-Identifier: BSD-2-Clause */
/* The overview, control by control (ISO/IEC 27001:2022 Annex A): what the policy's checks say, then what records say,
 * counted. Where neither says anything that is what is printed. */
#include "view/overview.h"
#include "hozen/evidence.h"
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *word;
	enum view_look look;
} statuses[] = {
	{ "met", N_("met"), LOOK_GOOD },
	{ "overdue", N_("overdue"), LOOK_WARN },
	{ "missed", N_("missed"), LOOK_BAD },
	{ "not_evidenced", N_("not evidenced"), LOOK_UNKNOWN },
};

const char *word_of_status(const struct view_lang *l, const char *status)
{
	for (size_t i = 0; status && i < ARRAY_LEN(statuses); i++) {
		if (strcmp(statuses[i].name, status) == 0)
			return lang_say(l, statuses[i].word);
	}
	return lang_say(l, N_("not evidenced"));
}

enum view_look look_of_status(const char *status)
{
	for (size_t i = 0; status && i < ARRAY_LEN(statuses); i++) {
		if (strcmp(statuses[i].name, status) == 0)
			return statuses[i].look;
	}
	return LOOK_UNKNOWN;
}

typedef void (*put_fn)(struct view_doc *d, struct view_block *b, const struct view_facts *f);

static void put_count(struct view_doc *d, struct view_block *b, const char *name, uint64_t n, enum view_look some)
{
	char out[LANG_TEXT];

	doc_field_look(d, b, name, n > 0 ? lang_number(out, (int64_t)n) : lang_say(&d->lang, N_("not evidenced")),
		n > 0 ? some : LOOK_UNKNOWN);
}

/* Trusted records of a kind in the period, all and those that ended well. */
static void put_kind(struct view_doc *d, struct view_block *b, const struct view_facts *f, const char *kind)
{
	uint64_t all = 0, good = 0;
	char x[LANG_TEXT], y[LANG_TEXT];

	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (!o->trusted || !overview_holds(f, o) || !fact_is(o, kind) || fact_has(o, "usage"))
			continue;
		all++;
		good += fact_has(o, "done");
	}
	if (all == 0) {
		put_count(d, b, word_of_kind(&d->lang, kind), 0, LOOK_PLAIN);
		return;
	}
	doc_field_look(d, b, word_of_kind(&d->lang, kind),
		doc_format(d, lang_say(&d->lang, N_("%s records, %s without exception")), lang_number(x, (int64_t)all),
			lang_number(y, (int64_t)good)),
		good == all ? LOOK_GOOD : LOOK_WARN);
}

static void put_backup(struct view_doc *d, struct view_block *b, const struct view_facts *f)
{
	put_kind(d, b, f, "backup");
	put_kind(d, b, f, "restore");
	put_kind(d, b, f, "check");
	put_kind(d, b, f, "verify");
	put_kind(d, b, f, "drill");
}

static void put_crypto(struct view_doc *d, struct view_block *b, const struct view_facts *f)
{
	uint64_t n = 0, passed = 0;
	char x[LANG_TEXT], y[LANG_TEXT];

	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];
		const char *test = json_text(json_get(json_get(o->predicate, "tool"), "self_test"));

		if (!o->trusted || !overview_holds(f, o))
			continue;
		n++;
		passed += test && strcmp(test, "passed") == 0;
	}
	if (n == 0)
		put_count(d, b, lang_say(&d->lang, N_("Self-tests of cryptography")), 0, LOOK_PLAIN);
	else
		doc_field_look(d, b, lang_say(&d->lang, N_("Self-tests of cryptography")),
			doc_format(d, lang_say(&d->lang, N_("passed in %s of %s runs")),
				lang_number(x, (int64_t)passed), lang_number(y, (int64_t)n)),
			passed == n ? LOOK_GOOD : LOOK_BAD);
	put_kind(d, b, f, "init");
	put_kind(d, b, f, "key");
}

static void put_deletion(struct view_doc *d, struct view_block *b, const struct view_facts *f)
{
	put_kind(d, b, f, "sanitize");
}

static void put_log(struct view_doc *d, struct view_block *b, const struct view_facts *f)
{
	const struct view_log *log = &f->request->log;
	uint64_t wrong = log->findings > f->request->bad ? log->findings : f->request->bad;
	char out[LANG_TEXT];

	doc_field(d, b, lang_say(&d->lang, N_("Records in the log")), lang_number(out, (int64_t)log->entries));
	doc_field_look(d, b, lang_say(&d->lang, N_("Dropped, changed, inserted, reordered")),
		wrong > 0 ? lang_number(out, (int64_t)wrong) : lang_say(&d->lang, N_("none")),
		wrong > 0 ? LOOK_BAD : LOOK_GOOD);
	doc_field_look(d, b, lang_say(&d->lang, N_("Checkpoint")),
		log->signer ? word_of_signer(&d->lang, log->signer) : lang_say(&d->lang, N_("not evidenced")),
		log->signer ? look_of_signer(log->signer) : LOOK_UNKNOWN);
	doc_field_mono(d, b, lang_say(&d->lang, N_("Root of the log")), log->root);
	doc_field_look(d, b, lang_say(&d->lang, N_("End of the log")),
		lang_say(&d->lang, N_("not checked: compare with a head that was kept elsewhere")), LOOK_UNKNOWN);
	if (log->pending > 0)
		doc_field(d, b, lang_say(&d->lang, N_("Running, or not yet logged")),
			lang_number(out, (int64_t)log->pending));
}

static void put_clock(struct view_doc *d, struct view_block *b, const struct view_facts *f)
{
	uint64_t n = 0, good = 0;
	int64_t bound, worst = 0;
	char x[LANG_TEXT], y[LANG_TEXT];

	for (size_t i = 0; i < f->n; i++) {
		const struct json_value *clock = json_get(json_get(f->list[i].predicate, "time"), "clock");
		bool synchronized = false;

		if (!f->list[i].trusted || !overview_holds(f, &f->list[i]))
			continue;
		n++;
		(void)json_truth(json_get(clock, "synchronized"), &synchronized);
		good += synchronized;
		if (synchronized && json_whole(json_get(clock, "error_bound_ns"), &bound) && bound > worst)
			worst = bound;
	}
	if (n == 0) {
		put_count(d, b, lang_say(&d->lang, N_("Clock synchronized")), 0, LOOK_PLAIN);
		return;
	}
	doc_field_look(d, b, lang_say(&d->lang, N_("Clock synchronized")),
		doc_format(d, lang_say(&d->lang, N_("at %s of %s records")), lang_number(x, (int64_t)good),
			lang_number(y, (int64_t)n)),
		good == n           ? LOOK_GOOD
			: good == 0 ? LOOK_UNKNOWN
				    : LOOK_WARN);
	if (worst > 0)
		doc_field(d, b, lang_say(&d->lang, N_("Largest error, as the kernel estimates it")),
			doc_format(d, "%.1f ms", (double)worst / 1e6));
}

static void put_privileged(struct view_doc *d, struct view_block *b, const struct view_facts *f)
{
	uint64_t n = 0, refused = 0, root = 0, named = 0;
	char out[LANG_TEXT];
	int64_t uid;

	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (!o->trusted || !overview_holds(f, o))
			continue;
		n++;
		refused += fact_has(o, "refused");
		named += o->operator_name != NULL;
		root += json_whole(json_get(json_get(o->predicate, "operator"), "uid"), &uid) && uid == 0;
	}
	put_count(d, b, lang_say(&d->lang, N_("Commands with a named operator")), named,
		named == n ? LOOK_GOOD : LOOK_WARN);
	doc_field(d, b, lang_say(&d->lang, N_("Run as root")), lang_number(out, (int64_t)root));
	doc_field(d, b, lang_say(&d->lang, N_("Refused")), lang_number(out, (int64_t)refused));
	put_kind(d, b, f, "export");
}

static void put_audit(struct view_doc *d, struct view_block *b, const struct view_facts *f)
{
	put_kind(d, b, f, "verify");
	put_kind(d, b, f, "check");
	doc_field(d, b, lang_say(&d->lang, N_("How")),
		lang_say(&d->lang,
			N_("hozen-verify only reads what it examines; drills restore into a folder of their own")));
}

static const struct control {
	const char *number, *title;
	put_fn put;
} controls[] = {
	{ "8.13", N_("Information backup"), put_backup },
	{ "8.24", N_("Use of cryptography"), put_crypto },
	{ "8.10", N_("Information deletion"), put_deletion },
	{ "8.15", N_("Logging"), put_log },
	{ "8.17", N_("Clock synchronization"), put_clock },
	{ "8.18", N_("Use of privileged utility programs"), put_privileged },
	{ "8.34", N_("Protection of information systems during audit testing"), put_audit },
};

static bool has_checks(const struct view_systems *s, const char *control)
{
	for (size_t k = 0; k < s->n; k++) {
		const struct json_value *checks = json_get(s->list[k].policy, "checks");

		for (size_t i = 0; i < json_list_len(checks); i++) {
			const char *c = json_text(json_get(json_list_at(checks, i), "control"));

			if (c && strcmp(c, control) == 0)
				return true;
		}
	}
	return false;
}

static void put_checks(struct view_doc *d, const struct view_systems *s, const char *control)
{
	static const uint32_t widths[] = { 18, 18, 22, 26, 16 };
	const char *heads[] = { lang_say(&d->lang, N_("System")), lang_say(&d->lang, N_("Asked for")),
		lang_say(&d->lang, N_("Target")), lang_say(&d->lang, N_("Evidence")), lang_say(&d->lang, N_("State")) };
	struct view_block *b = doc_table(d, 5, widths, heads);

	for (size_t k = 0; k < s->n; k++) {
		const struct json_value *checks = json_get(s->list[k].policy, "checks");

		for (size_t i = 0; i < json_list_len(checks); i++) {
			const struct json_value *c = json_list_at(checks, i);
			const char *of = json_text(json_get(c, "control")), *status = json_text(json_get(c, "status"));

			if (!of || strcmp(of, control) != 0)
				continue;
			doc_cell(d, b, s->list[k].name, LOOK_PLAIN);
			doc_cell(d, b, json_text(json_get(c, "name")), LOOK_PLAIN);
			doc_cell(d, b, json_text(json_get(c, "target")), LOOK_PLAIN);
			doc_cell(d, b, json_text(json_get(c, "actual")), LOOK_PLAIN);
			doc_cell(d, b, word_of_status(&d->lang, status), look_of_status(status));
		}
	}
}

void overview_controls(struct view_doc *d, const struct view_facts *f, const struct view_systems *s)
{
	struct view_block *b = doc_heading(d, 1, lang_say(&d->lang, N_("Control by control")));

	b->starts_page = true;
	doc_small(d,
		lang_say(&d->lang,
			N_("Numbers are those of ISO/IEC 27001:2022, Annex A. Counts are of records of the "
			   "period by signers who are believed.")));
	for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
		(void)doc_heading(
			d, 2, doc_format(d, "%s  %s", controls[i].number, lang_say(&d->lang, controls[i].title)));
		if (has_checks(s, controls[i].number))
			put_checks(d, s, controls[i].number);
		b = doc_block(d, BLOCK_FIELDS, LOOK_PLAIN, "");
		controls[i].put(d, b, f);
	}
}
