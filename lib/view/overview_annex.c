/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The overview's annex: who signed, and records of the period, so that each statement before can be followed to a file.
 * A year of nights is more than anybody reads on paper: then what did not go well comes first, and the newest of the
 * rest. All of them are in the log, whose head is on every page.
 */
#include "view/overview.h"
#include "hozen/evidence.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    240u
#define SIGNERS_MAX 32u

static bool went_well(const struct view_fact *o)
{
	return o->trusted && look_of_outcome(o->outcome) == LOOK_GOOD;
}

/* ---- signers ---- */

struct signer {
	const struct view_record *first;
	uint64_t records;
};

static size_t count_signers(struct signer *list, const struct view_facts *f, uint64_t *others)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct view_record *r = f->list[i].record;
		size_t k = 0;

		if (!overview_holds(f, &f->list[i]))
			continue;
		while (k < n &&
			(strcmp(list[k].first->fingerprint, r->fingerprint) != 0 || list[k].first->signer != r->signer))
			k++;
		if (k == SIGNERS_MAX) {
			++*others;
			continue;
		}
		if (k == n)
			list[n++] = (struct signer){ r, 0 };
		list[k].records++;
	}
	return n;
}

static void signers(struct view_doc *d, const struct view_facts *f)
{
	static const uint32_t widths[] = { 56, 18, 14, 12 };
	const char *heads[] = { lang_say(&d->lang, N_("Signing key")), lang_say(&d->lang, N_("Of")),
		lang_say(&d->lang, N_("Signer")), lang_say(&d->lang, N_("Records")) };
	struct signer list[SIGNERS_MAX];
	uint64_t others = 0;
	size_t n = count_signers(list, f, &others);
	struct view_block *b;

	if (n == 0)
		return;
	b = doc_table(d, 4, widths, heads);
	for (size_t i = 0; i < n; i++) {
		const struct view_record *r = list[i].first;

		doc_mono(d, b, r->fingerprint);
		doc_cell(d, b, *r->principals ? r->principals : "-", LOOK_PLAIN);
		doc_cell(d, b, word_of_signer(&d->lang, r->signer), look_of_signer(r->signer));
		doc_cell(d, b, doc_format(d, "%llu", (unsigned long long)list[i].records), LOOK_PLAIN);
	}
	if (others > 0)
		doc_para(d,
			doc_format(
				d, lang_say(&d->lang, N_("Records by other keys: %llu.")), (unsigned long long)others));
}

/* ---- records ---- */

/* Marks the newest of those that went well, or did not, as far as there is room; gives how many had none. */
static uint64_t mark(bool *shown, size_t *room, const struct view_facts *f, bool well)
{
	uint64_t left = 0;

	for (size_t i = f->n; i-- > 0;) {
		if (!overview_holds(f, &f->list[i]) || went_well(&f->list[i]) != well)
			continue;
		if (*room == 0) {
			left++;
			continue;
		}
		shown[i] = true;
		--*room;
	}
	return left;
}

static void row(struct view_doc *d, struct view_block *b, const struct view_fact *o)
{
	char out[LANG_TEXT];

	doc_cell(d, b, lang_time(out, &d->lang, o->start), LOOK_PLAIN);
	doc_cell(d, b, doc_format(d, "%s (%s)", o->command, o->host ? o->host : "-"), LOOK_PLAIN);
	doc_cell(d, b, word_of_outcome(&d->lang, o->outcome), look_of_outcome(o->outcome));
	if (o->trusted)
		doc_mono(d, b, doc_format(d, "%s %s", o->uuid, o->record->sha256));
	else
		doc_mono(d, b,
			doc_format(d, "%s %s (%s)", o->uuid, o->record->sha256,
				word_of_signer(&d->lang, o->record->signer)));
}

static void records(struct view_doc *d, const struct view_facts *f)
{
	static const uint32_t widths[] = { 17, 18, 12, 53 };
	const char *heads[] = { lang_say(&d->lang, N_("Begun")), lang_say(&d->lang, N_("Command")),
		lang_say(&d->lang, N_("Outcome")), lang_say(&d->lang, N_("Record, SHA-256")) };
	bool *shown AUTO_FREE = calloc(f->n + 1, sizeof(*shown));
	size_t room = ROWS_MAX;
	uint64_t bad, good;
	struct view_block *b;

	if (!shown) {
		d->failed = true;
		return;
	}
	bad = mark(shown, &room, f, false);
	good = mark(shown, &room, f, true);
	b = doc_table(d, 4, widths, heads);
	for (size_t i = 0; i < f->n; i++)
		if (shown[i])
			row(d, b, &f->list[i]);
	if (room == ROWS_MAX)
		doc_para(d, lang_say(&d->lang, N_("There is no record in this period.")));
	if (bad + good > 0)
		doc_para(d,
			doc_format(d,
				lang_say(&d->lang,
					N_("%llu older records of the period are not in this list; %llu of them did "
					   "not go well. They are in the log, whose head is on every page.")),
				(unsigned long long)(bad + good), (unsigned long long)bad));
}

void overview_annex(struct view_doc *d, const struct view_facts *f)
{
	doc_heading(d, 1, lang_say(&d->lang, N_("Annex: records of the period")))->starts_page = true;
	signers(d, f);
	records(d, f);
	if (f->request->bad > 0)
		doc_block(d, BLOCK_PARA, LOOK_BAD,
			doc_format(d,
				lang_say(&d->lang,
					N_("Entries of the log without a good record: %llu. "
					   "'hozen-verify log' says which.")),
				(unsigned long long)f->request->bad));
}
