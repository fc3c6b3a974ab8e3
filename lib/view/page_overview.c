/* SPDX-License-Identifier: BSD-2-Clause */
/* The overview's first page, for who decides: one headline, a card for each system, and what needs care. */
#include "view/overview.h"
#include "hozen/error.h"
#include "hozen/evidence.h"
#include <stdio.h>
#include <string.h>

static const struct {
	enum view_look look;
	const char *word;
} nights[NIGHT_COUNT] = {
	[NIGHT_NO_RECORD] = { LOOK_UNKNOWN, N_("no record") },
	[NIGHT_BACKED_UP] = { LOOK_GOOD, N_("backed up") },
	[NIGHT_ISSUE] = { LOOK_WARN, N_("issue") },
	[NIGHT_FAILED] = { LOOK_BAD, N_("failed") },
	[NIGHT_MISSED] = { LOOK_OTHER, N_("night|missed") },
	[NIGHT_NOT_DUE] = { LOOK_INFO, N_("none due") },
};

bool overview_holds(const struct view_facts *f, const struct view_fact *o)
{
	return o->start >= f->request->from && o->start < f->request->to;
}

static unsigned count_looks(const struct view_systems *s, enum view_look look)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->list[i].look == look;
	return n;
}

static bool log_is_wrong(const struct view_request *r)
{
	return r->log.findings > 0 || r->bad > 0;
}

static void headline(struct view_doc *d, const struct view_facts *f, const struct view_systems *s)
{
	unsigned bad = count_looks(s, LOOK_BAD), warn = count_looks(s, LOOK_WARN),
		 unknown = count_looks(s, LOOK_UNKNOWN);
	const struct view_lang *l = &d->lang;
	struct view_block *b;
	unsigned n = (unsigned)s->n;

	if (log_is_wrong(f->request))
		b = doc_block(d, BLOCK_STATUS, LOOK_BAD,
			lang_say(l, N_("The log of records is not whole: do not rely on this page")));
	else if (n == 0)
		b = doc_block(d, BLOCK_STATUS, LOOK_UNKNOWN, lang_say(l, N_("No backup is evidenced")));
	else if (bad > 0)
		b = doc_block(d, BLOCK_STATUS, LOOK_BAD,
			doc_format(d, lang_say(l, N_("Action needed: %u of %u systems")), bad, n));
	else if (warn > 0)
		b = doc_block(d, BLOCK_STATUS, LOOK_WARN,
			doc_format(d, lang_say(l, N_("Attention needed: %u of %u systems")), warn, n));
	else if (unknown > 0)
		b = doc_block(d, BLOCK_STATUS, LOOK_UNKNOWN,
			doc_format(d, lang_say(l, N_("Not everything is evidenced: %u of %u systems")), unknown, n));
	else
		b = doc_block(d, BLOCK_STATUS, LOOK_GOOD,
			doc_format(d, lang_say(l, N_("All is well: %u of %u systems")), n, n));
	b->more = doc_format(d, lang_say(l, N_("Good: %u · Attention: %u · Action: %u · Not evidenced: %u")),
		count_looks(s, LOOK_GOOD), warn, bad, unknown);
}

static void strip_of(struct view_doc *d, const struct view_system *sys)
{
	char from[LANG_TEXT], to[LANG_TEXT], day[LANG_TEXT];
	int64_t last = lang_noon_add(&d->lang, sys->nights_from, NIGHTS - 1);
	struct view_block *b = doc_strip(d, NIGHTS, true,
		doc_format(d, lang_say(&d->lang, N_("night of %s")), lang_day(from, &d->lang, sys->nights_from)),
		doc_format(d, lang_say(&d->lang, N_("night of %s")), lang_day(to, &d->lang, last)));
	unsigned count[NIGHT_COUNT] = { 0 };

	for (int i = 0; i < NIGHTS; i++) {
		int64_t noon = lang_noon_add(&d->lang, sys->nights_from, i);

		count[sys->nights[i]]++;
		doc_segment(d, b, (uint64_t)i, (uint64_t)i + 1, nights[sys->nights[i]].look,
			doc_format(d, "%s: %s", lang_day(day, &d->lang, noon),
				lang_say(&d->lang, nights[sys->nights[i]].word)));
	}
	for (unsigned k = NIGHT_BACKED_UP; k <= NIGHT_COUNT; k++) {
		unsigned n = k % NIGHT_COUNT;

		if (count[n] > 0)
			doc_legend(d, b, nights[n].look,
				doc_format(d, "%s %u", lang_say(&d->lang, nights[n].word), count[n]));
	}
}

/* "2026-11-28 02:00" or what there is instead. */
static const char *time_or(struct view_doc *d, int64_t sec, const char *otherwise)
{
	char out[LANG_TEXT];

	return sec >= 0 ? doc_text(d, lang_time(out, &d->lang, sec)) : otherwise;
}

static const char *with_age(struct view_doc *d, int64_t sec, int64_t now)
{
	char time[LANG_TEXT], age[LANG_TEXT];

	return doc_format(d, lang_say(&d->lang, N_("%s (%s ago)")), lang_time(time, &d->lang, sec),
		lang_duration(age, &d->lang, now > sec ? (double)(now - sec) : 0));
}

static void run_fields(struct view_doc *d, struct view_block *b, const struct view_system *sys)
{
	const char *none = lang_say(&d->lang, N_("not evidenced")), *last = none;

	if (sys->last_run >= 0)
		last = doc_format(d, lang_say(&d->lang, N_("%s, %s")), time_or(d, sys->last_run, ""),
			word_of_outcome(&d->lang, sys->last_outcome));
	doc_field_look(
		d, b, lang_say(&d->lang, N_("Last run")), last, sys->last_run >= 0 ? sys->last_look : LOOK_UNKNOWN);
	doc_field(d, b, lang_say(&d->lang, N_("Next run")),
		sys->cadence > 0 && sys->last_run >= 0
			? doc_format(d, lang_say(&d->lang, N_("about %s, as the records go on")),
				  time_or(d, sys->last_run + sys->cadence, ""))
			: lang_say(&d->lang, N_("not known")));
}

static void proof_fields(struct view_doc *d, struct view_block *b, const struct view_system *sys, int64_t now)
{
	const char *none = lang_say(&d->lang, N_("not evidenced"));
	char took[LANG_TEXT], allowed[LANG_TEXT];
	bool slow = sys->rto > 0 && sys->drill_seconds > sys->rto;

	if (!sys->has_drill)
		doc_field_look(d, b, lang_say(&d->lang, N_("Restore time")), none, LOOK_UNKNOWN);
	else if (!sys->drill_good)
		doc_field_look(d, b, lang_say(&d->lang, N_("Restore time")),
			lang_say(&d->lang, N_("the last drill failed")), LOOK_BAD);
	else
		doc_field_look(d, b, lang_say(&d->lang, N_("Restore time")),
			sys->rto > 0 ? doc_format(d, lang_say(&d->lang, N_("%s; allowed %s")),
					       lang_duration(took, &d->lang, sys->drill_seconds),
					       lang_duration(allowed, &d->lang, sys->rto))
				     : lang_duration(took, &d->lang, sys->drill_seconds),
			slow                   ? LOOK_WARN
				: sys->rto > 0 ? LOOK_GOOD
					       : LOOK_PLAIN);
	if (sys->check_bad >= 0)
		doc_field_look(d, b, lang_say(&d->lang, N_("Check of the repository")),
			doc_format(d, lang_say(&d->lang, N_("%s: damage found")), time_or(d, sys->check_bad, "")),
			LOOK_BAD);
	if (sys->oldest_unread >= 0)
		doc_field_look(d, b, lang_say(&d->lang, N_("Oldest unverified data")),
			with_age(d, sys->oldest_unread, now), sys->last_read < 0 ? LOOK_UNKNOWN : LOOK_PLAIN);
	else
		doc_field_look(d, b, lang_say(&d->lang, N_("Oldest unverified data")),
			sys->last_read >= 0 ? lang_say(&d->lang, N_("none: all was read since")) : none,
			sys->last_read >= 0 ? LOOK_GOOD : LOOK_UNKNOWN);
}

static void card(struct view_doc *d, const struct view_system *sys, int64_t now)
{
	struct view_block *b = doc_block(d, BLOCK_CARD, sys->look, sys->name);

	b->more = doc_text(d, lang_say(&d->lang, sys->verdict));
	strip_of(d, sys);
	b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	run_fields(d, b, sys);
	proof_fields(d, b, sys, now);
	doc_field(d, b, lang_say(&d->lang, N_("Owner")), sys->owner);
	(void)doc_block(d, BLOCK_CARD_END, LOOK_PLAIN, "");
}

/* The last drills of a system, oldest first. */
#define TREND 8
static void trend(struct view_doc *d, const struct view_facts *f, const struct view_systems *s, size_t k)
{
	const struct view_system *sys = &s->list[k];
	char text[LANG_TEXT], day[LANG_TEXT];
	const struct view_fact *drills[TREND];
	struct view_block *b;
	double seconds = 0;
	size_t n = 0;

	for (size_t i = f->n; i-- > 0 && n < TREND;) {
		if (systems_has(s, k, i) && fact_is(&f->list[i], "drill") && f->list[i].start <= f->request->now &&
			json_number(json_get(f->list[i].result, "estimated_seconds"), &seconds))
			drills[n++] = &f->list[i];
	}
	if (n == 0)
		return;
	b = doc_chart(d, sys->name, sys->rto,
		sys->rto > 0 ? doc_format(d, lang_say(&d->lang, N_("RTO %s")), lang_duration(text, &d->lang, sys->rto))
			     : lang_say(&d->lang, N_("no RTO is on record")));
	while (n-- > 0) {
		bool good = fact_has(drills[n], "done") || fact_has(drills[n], "overdue");

		(void)json_number(json_get(drills[n]->result, "estimated_seconds"), &seconds);
		doc_point(d, b, seconds,
			!good                                        ? LOOK_BAD
				: sys->rto > 0 && seconds > sys->rto ? LOOK_WARN
				: sys->rto > 0                       ? LOOK_GOOD
								     : LOOK_INFO,
			good ? lang_duration(text, &d->lang, seconds) : word_of_outcome(&d->lang, drills[n]->outcome),
			lang_day(day, &d->lang, drills[n]->start));
	}
}

static bool has_drills(const struct view_systems *s)
{
	for (size_t k = 0; k < s->n; k++) {
		if (s->list[k].has_drill)
			return true;
	}
	return false;
}

static void trends(struct view_doc *d, const struct view_facts *f, const struct view_systems *s)
{
	size_t before;

	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Time to restore, by drill")));
	before = d->n_blocks;
	for (size_t k = 0; k < s->n; k++)
		trend(d, f, s, k);
	if (d->n_blocks == before)
		doc_block(d, BLOCK_PARA, LOOK_UNKNOWN,
			has_drills(s) ? lang_say(&d->lang,
						N_("Not evidenced: no drill on record says how long a restore takes."))
				      : lang_say(&d->lang, N_("Not evidenced: there is no restore drill on record.")));
}

/* What the policy says of keys, and keys that signed without being believed. */
static unsigned key_checks(struct view_doc *d, struct view_block *b, const struct view_systems *s)
{
	unsigned n = 0;

	for (size_t k = 0; k < s->n; k++) {
		const struct json_value *checks = json_get(s->list[k].policy, "checks");

		for (size_t i = 0; i < json_list_len(checks); i++) {
			const struct json_value *c = json_list_at(checks, i);
			const char *control = json_text(json_get(c, "control")),
				   *status = json_text(json_get(c, "status"));

			if (!control || strcmp(control, "8.24") != 0 || !status || strcmp(status, "met") == 0)
				continue;
			doc_field_look(d, b, s->list[k].name,
				doc_format(d, "%s: %s",
					json_text(json_get(c, "name")) ? json_text(json_get(c, "name")) : "",
					word_of_status(&d->lang, status)),
				look_of_status(status));
			n++;
		}
	}
	return n;
}

static void keys(struct view_doc *d, const struct view_facts *f, const struct view_systems *s)
{
	uint64_t unknown = 0, expired = 0;
	struct view_block *b;
	char out[LANG_TEXT];
	unsigned n;

	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Keys that need care")));
	b = doc_block(d, BLOCK_FIELDS, LOOK_PLAIN, "");
	for (size_t i = 0; i < f->n; i++) {
		unknown += f->list[i].record->signer == HZ_SIGNER_UNKNOWN;
		expired += f->list[i].record->signer == HZ_SIGNER_EXPIRED;
	}
	n = key_checks(d, b, s);
	if (unknown > 0)
		doc_field_look(d, b,
			lang_say(&d->lang, N_("Records by a signer who is not believed, not counted here")),
			lang_number(out, (int64_t)unknown), LOOK_UNKNOWN);
	if (expired > 0)
		doc_field_look(d, b,
			lang_say(&d->lang, N_("Records by a key that was not valid then, not counted here")),
			lang_number(out, (int64_t)expired), LOOK_UNKNOWN);
	if (n == 0 && unknown + expired == 0)
		doc_field_look(d, b, lang_say(&d->lang, N_("Signing keys")),
			lang_say(&d->lang, N_("every record is by a key that is believed")), LOOK_GOOD);
	if (!s->policy)
		doc_field_look(d, b, lang_say(&d->lang, N_("Age of repository keys")),
			lang_say(&d->lang, N_("not evidenced: no policy record says what is allowed")), LOOK_UNKNOWN);
}

static void about(struct view_doc *d, const struct view_facts *f, const struct view_systems *s)
{
	struct view_block *b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	char from[LANG_TEXT], to[LANG_TEXT], zone[LANG_TEXT];
	const struct json_value *policy = json_get(s->policy ? s->policy->result : NULL, "policy");

	doc_field(d, b, lang_say(&d->lang, N_("Period")),
		doc_format(d, lang_say(&d->lang, N_("%s to %s")), lang_date(from, &d->lang, f->request->from),
			lang_date(to, &d->lang, f->request->to - 1)));
	doc_field(d, b, lang_say(&d->lang, N_("As of")), lang_time(to, &d->lang, f->request->now));
	doc_field(d, b, lang_say(&d->lang, N_("Time zone")), lang_zone(zone, &d->lang, f->request->now));
	if (s->policy) {
		doc_field(d, b, lang_say(&d->lang, N_("Policy")),
			doc_format(d, lang_say(&d->lang, N_("%s, evaluated %s")),
				json_text(json_get(policy, "id")) ? json_text(json_get(policy, "id")) : "-",
				lang_time(from, &d->lang, s->policy->start)));
		doc_field_mono(
			d, b, lang_say(&d->lang, N_("SHA-256 of the policy")), json_text(json_get(policy, "sha256")));
	} else {
		doc_field_look(d, b, lang_say(&d->lang, N_("Policy")), lang_say(&d->lang, N_("no policy on record")),
			LOOK_UNKNOWN);
	}
}

static void sign(struct view_doc *d)
{
	struct view_block *b;

	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Seen by")));
	b = doc_block(d, BLOCK_SIGN, LOOK_PLAIN, "");
	doc_cell(d, b, lang_say(&d->lang, N_("Prepared by")), LOOK_PLAIN);
	doc_cell(d, b, lang_say(&d->lang, N_("Checked by")), LOOK_PLAIN);
	doc_cell(d, b, lang_say(&d->lang, N_("Approved by")), LOOK_PLAIN);
}

static void build(struct view_doc *d, const struct view_facts *f, const struct view_systems *s)
{
	const struct view_request *r = f->request;

	d->title = lang_say(&d->lang, N_("Backup evidence: overview"));
	d->seal_name = doc_format(
		d, lang_say(&d->lang, N_("Head of the log: %llu records, root")), (unsigned long long)r->log.entries);
	d->seal = doc_text(d, r->log.root);
	d->qr = doc_format(d, "hozen:log:size:%llu:root:%s", (unsigned long long)r->log.entries, r->log.root);
	d->place = r->period ? doc_text(d, r->period) : "";
	d->time = r->now;
	headline(d, f, s);
	about(d, f, s);
	if (s->n == 0)
		doc_block(d, BLOCK_PARA, LOOK_UNKNOWN,
			lang_say(&d->lang, N_("No record of a backup by a signer who is believed is here.")));
	for (size_t i = 0; i < s->n; i++)
		card(d, &s->list[i], r->now);
	if (s->n > 0)
		doc_small(d,
			lang_say(&d->lang,
				N_("A night goes from noon to noon. A night is missed when a backup was "
				   "due, by the policy or by the rhythm of the records, and none was "
				   "made.")));
	trends(d, f, s);
	keys(d, f, s);
	sign(d);
	overview_controls(d, f, s);
	overview_annex(d, f);
}

void page_overview(struct view_doc *d, const struct view_facts *f)
{
	AUTO(hz_error_free) hz_error *err = NULL;
	struct view_systems s;

	if (systems_find(&s, d, f, &err) < 0)
		d->failed = true;
	else
		build(d, f, &s);
	systems_release(&s);
}
