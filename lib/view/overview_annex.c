/* SPDX-License-Identifier: BSD-2-Clause */
/* The overview's annex: every record of the period, so that each statement before can be followed to a file. */
#include "view/overview.h"
#include "hozen/evidence.h"
#include <stdio.h>

void overview_annex(struct view_doc *d, const struct view_facts *f)
{
	static const uint32_t widths[] = { 13, 18, 12, 57 };
	const char *heads[] = { lang_say(&d->lang, N_("Begun")), lang_say(&d->lang, N_("Command")),
		lang_say(&d->lang, N_("Outcome")), lang_say(&d->lang, N_("Record, SHA-256, signer")) };
	struct view_block *b = doc_heading(d, 1, lang_say(&d->lang, N_("Annex: records of the period")));
	char out[LANG_TEXT];

	b->starts_page = true;
	b = doc_table(d, 4, widths, heads);
	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (!overview_holds(f, o))
			continue;
		doc_cell(d, b, lang_time(out, &d->lang, o->start), LOOK_PLAIN);
		doc_cell(d, b, doc_format(d, "%s (%s)", o->command, o->host ? o->host : "-"), LOOK_PLAIN);
		doc_cell(d, b, word_of_outcome(&d->lang, o->outcome), look_of_outcome(o->outcome));
		doc_mono(d, b,
			doc_format(d, "%s %s %s%s%s%s", o->uuid, o->record->sha256, o->record->fingerprint,
				o->trusted ? "" : " (", o->trusted ? "" : word_of_signer(&d->lang, o->record->signer),
				o->trusted ? "" : ")"));
	}
	if (b->n_cells == b->columns)
		doc_block(d, BLOCK_PARA, LOOK_UNKNOWN, lang_say(&d->lang, N_("There is no record in this period.")));
	if (f->request->bad > 0)
		doc_block(d, BLOCK_PARA, LOOK_BAD,
			doc_format(d,
				lang_say(&d->lang,
					N_("Entries of the log without a good record: %llu. "
					   "'hozen-verify log' says which.")),
				(unsigned long long)f->request->bad));
}
