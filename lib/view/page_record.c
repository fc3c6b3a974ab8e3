/* SPDX-License-Identifier: BSD-2-Clause */
/* The page of one record: how it ended, who says so, and everything that it says. A member of a result that has no name
 * in the table is shown under its own: nothing of a record is left out because it is new. */
#include "view/page.h"
#include "hozen/evidence.h"
#include <stdio.h>
#include <string.h>

enum show { SHOW_NUMBER, SHOW_BYTES, SHOW_SECONDS, SHOW_TRUTH, SHOW_TEXT, SHOW_TIME, SHOW_ID };

static const struct member {
	const char *key, *name;
	enum show show;
} members[] = {
	{ "snapshot_id", N_("Snapshot"), SHOW_ID },
	{ "repository", N_("Repository"), SHOW_TEXT },
	{ "id", N_("Identifier"), SHOW_ID },
	{ "writer_id", N_("Writer"), SHOW_ID },
	{ "suite", N_("Cipher suite"), SHOW_TEXT },
	{ "role", N_("Role of the key"), SHOW_TEXT },
	{ "key_file", N_("Key file"), SHOW_TEXT },
	{ "target", N_("Restored to"), SHOW_TEXT },
	{ "host", N_("Host of the data"), SHOW_TEXT },
	{ "paths", N_("Paths"), SHOW_TEXT },
	{ "paths_missing", N_("Paths that are not in the snapshot"), SHOW_TEXT },
	{ "excluded", N_("Left out, as asked for"), SHOW_TEXT },
	{ "system", N_("System of the policy"), SHOW_TEXT },
	{ "level", N_("Level"), SHOW_TEXT },
	{ "complete", N_("Every source stored whole"), SHOW_TRUTH },
	{ "dry_run", N_("Trial run, nothing stored"), SHOW_TRUTH },
	{ "protected", N_("Store keeps old data from this host"), SHOW_TRUTH },
	{ "files_new", N_("New files"), SHOW_NUMBER },
	{ "files_changed", N_("Changed files"), SHOW_NUMBER },
	{ "files_unmodified", N_("Unchanged files"), SHOW_NUMBER },
	{ "dirs_new", N_("New folders"), SHOW_NUMBER },
	{ "dirs_changed", N_("Changed folders"), SHOW_NUMBER },
	{ "dirs_unmodified", N_("Unchanged folders"), SHOW_NUMBER },
	{ "others", N_("Symlinks, devices and the like"), SHOW_NUMBER },
	{ "data_blobs", N_("New chunks"), SHOW_NUMBER },
	{ "data_blobs_known", N_("Chunks that were there"), SHOW_NUMBER },
	{ "packs_taken_over", N_("Packs taken over from a broken-off run"), SHOW_NUMBER },
	{ "dead_packs", N_("Packs that nothing refers to"), SHOW_NUMBER },
	{ "files", N_("Files restored"), SHOW_NUMBER },
	{ "dirs", N_("Folders restored"), SHOW_NUMBER },
	{ "bytes", N_("Content restored"), SHOW_BYTES },
	{ "dirs_restored", N_("Folders restored"), SHOW_NUMBER },
	{ "others_restored", N_("Others restored"), SHOW_NUMBER },
	{ "files_unchanged", N_("Files that were right already"), SHOW_NUMBER },
	{ "bytes_unchanged", N_("Content that was right already"), SHOW_BYTES },
	{ "left_existing", N_("Files left as they were"), SHOW_NUMBER },
	{ "deleted", N_("Removed from the target"), SHOW_NUMBER },
	{ "matched", N_("Entries chosen"), SHOW_NUMBER },
	{ "rto", N_("RTO"), SHOW_TEXT },
	{ "rpo", N_("RPO"), SHOW_TEXT },
	{ "verdict", N_("verdict"), SHOW_TEXT },
	{ "test_command", N_("Test command"), SHOW_TEXT },
	{ "total_files_processed", N_("Files in the snapshot"), SHOW_NUMBER },
	{ "total_bytes_processed", N_("Content in the snapshot"), SHOW_BYTES },
	{ "data_added", N_("New content"), SHOW_BYTES },
	{ "stored_bytes", N_("Written to the store"), SHOW_BYTES },
	{ "read_bytes", N_("Read from files"), SHOW_BYTES },
	{ "bytes_read", N_("Read from the store"), SHOW_BYTES },
	{ "source_errors", N_("Paths that could not be read"), SHOW_NUMBER },
	{ "files_restored", N_("Files restored"), SHOW_NUMBER },
	{ "bytes_restored", N_("Content restored"), SHOW_BYTES },
	{ "verified", N_("Read back and compared"), SHOW_NUMBER },
	{ "verify_mismatch", N_("Different when read back"), SHOW_NUMBER },
	{ "snapshots", N_("Snapshots"), SHOW_NUMBER },
	{ "objects", N_("Objects looked at"), SHOW_NUMBER },
	{ "packs", N_("Packs"), SHOW_NUMBER },
	{ "chunks", N_("Chunks"), SHOW_NUMBER },
	{ "num_errors", N_("Errors"), SHOW_NUMBER },
	{ "mendable", N_("Errors that parity can mend"), SHOW_NUMBER },
	{ "snapshots_hurt", N_("Snapshots that are hurt"), SHOW_NUMBER },
	{ "looked_at", N_("Looked at"), SHOW_TEXT },
	{ "not_looked_at", N_("Not looked at"), SHOW_TEXT },
	{ "sample_packs", N_("Packs in the sample"), SHOW_NUMBER },
	{ "sample_of_packs", N_("Packs in all"), SHOW_NUMBER },
	{ "confidence", N_("What the sample says"), SHOW_TEXT },
	{ "seed", N_("Seed of the sample"), SHOW_TEXT },
	{ "turn_files", N_("Files that had their turn"), SHOW_NUMBER },
	{ "turn_packs", N_("Packs that had their turn"), SHOW_NUMBER },
	{ "turn_from", N_("The turn began at"), SHOW_TEXT },
	{ "snapshot_time", N_("Backup was begun"), SHOW_TIME },
	{ "age_seconds", N_("Age of the backup"), SHOW_SECONDS },
	{ "snapshot_files", N_("Files in the snapshot"), SHOW_NUMBER },
	{ "snapshot_bytes", N_("Content in the snapshot"), SHOW_BYTES },
	{ "chosen_files", N_("Files chosen"), SHOW_NUMBER },
	{ "chosen_bytes", N_("Content chosen"), SHOW_BYTES },
	{ "read_back", N_("Read back and compared"), SHOW_NUMBER },
	{ "read_back_differ", N_("Different when read back"), SHOW_NUMBER },
	{ "compared", N_("Compared with the source"), SHOW_NUMBER },
	{ "files_compared", N_("Files of these"), SHOW_NUMBER },
	{ "same", N_("Same as the source"), SHOW_NUMBER },
	{ "source_changed", N_("Source has changed since"), SHOW_NUMBER },
	{ "source_gone", N_("No longer in the source"), SHOW_NUMBER },
	{ "source_unreadable", N_("Source could not be read"), SHOW_NUMBER },
	{ "damaged", N_("Damaged"), SHOW_NUMBER },
	{ "failed_damage", N_("Not restored: damaged"), SHOW_NUMBER },
	{ "failed_target", N_("Not restored: target"), SHOW_NUMBER },
	{ "metadata_short", N_("Attributes not restored"), SHOW_NUMBER },
	{ "mended", N_("Mended by parity"), SHOW_NUMBER },
	{ "seconds", N_("Time to restore what was chosen"), SHOW_SECONDS },
	{ "estimated_seconds", N_("Time to restore all"), SHOW_SECONDS },
	{ "total_duration", N_("Duration"), SHOW_SECONDS },
	{ "alarms", N_("Alarms"), SHOW_TEXT },
	{ "policy", N_("Policy"), SHOW_TEXT },
	{ "version", N_("Version"), SHOW_TEXT },
	{ "owner", N_("Owner"), SHOW_TEXT },
	{ "approved", N_("Approved on"), SHOW_TIME },
	{ "review", N_("To be reviewed by"), SHOW_TIME },
	{ "time", N_("As of"), SHOW_TIME },
	{ "counts", N_("Checks of the policy"), SHOW_TEXT },
	{ "met", N_("met"), SHOW_NUMBER },
	{ "missed", N_("missed"), SHOW_NUMBER },
	{ "overdue", N_("overdue"), SHOW_NUMBER },
	{ "not_evidenced", N_("not evidenced"), SHOW_NUMBER },
	{ "records_bad", N_("Records missing or changed"), SHOW_NUMBER },
	{ "records_untrusted", N_("Records by a signer who is not believed"), SHOW_NUMBER },
	{ "status", N_("State"), SHOW_TEXT },
};

/* Said elsewhere on the page, or of the form of the result only. */
static const char *const passed_over[] = { "type", "schema", "exit", "not_checked", "assumptions", "systems",
	"assets" };

static const struct member *member_of(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (strcmp(members[i].key, key) == 0)
			return &members[i];
	}
	return NULL;
}

static const char *shown_number(struct view_doc *d, const struct json_value *v, enum show show)
{
	char out[LANG_TEXT];
	int64_t n = 0;
	double real = 0;

	(void)json_number(v, &real);
	if (show == SHOW_SECONDS)
		return doc_text(d, lang_duration(out, &d->lang, real));
	if (!json_whole(v, &n))
		return doc_format(d, "%.3f", real);
	/* An identifier that happens to be a number is not grouped. */
	if (show == SHOW_TEXT || show == SHOW_ID)
		return doc_format(d, "%lld", (long long)n);
	return doc_text(d, show == SHOW_BYTES ? lang_bytes(out, n) : lang_number(out, n));
}

struct joining {
	struct view_doc *d;
	const char *text;
};

static const char *shown(struct view_doc *d, const struct json_value *v, enum show show);

static void join(struct joining *j, const char *name, const char *value)
{
	j->text = doc_format(
		j->d, "%s%s%s%s%s", j->text, *j->text ? ", " : "", name ? name : "", name ? ": " : "", value);
}

static void join_member(void *user, const char *key, const struct json_value *v)
{
	const struct member *m = member_of(key);
	struct joining *j = user;

	join(j, m ? lang_say(&j->d->lang, m->name) : key, shown(j->d, v, m ? m->show : SHOW_TEXT));
}

/* "" where there is nothing. */
static const char *shown(struct view_doc *d, const struct json_value *v, enum show show)
{
	struct joining j = { d, "" };
	const char *text = json_text(v);
	char out[LANG_TEXT];
	double real;
	bool truth;

	if (json_truth(v, &truth))
		return lang_say(&d->lang, truth ? N_("yes") : N_("no"));
	if (text && show == SHOW_TIME && fact_time(text) >= 0)
		return doc_text(d, lang_time(out, &d->lang, fact_time(text)));
	if (text)
		return doc_text(d, text);
	if (json_number(v, &real))
		return shown_number(d, v, show);
	for (size_t i = 0; i < json_list_len(v); i++)
		join(&j, NULL, shown(d, json_list_at(v, i), show));
	json_each(v, join_member, &j);
	return j.text;
}

struct filling {
	struct view_doc *d;
	struct view_block *b;
};

static void put_member(void *user, const char *key, const struct json_value *v)
{
	const struct member *m = member_of(key);
	struct filling *f = user;
	const char *value;

	for (size_t i = 0; i < ARRAY_LEN(passed_over); i++) {
		if (strcmp(passed_over[i], key) == 0)
			return;
	}
	value = shown(f->d, v, m ? m->show : SHOW_TEXT);
	if (m && m->show == SHOW_ID)
		doc_field_mono(f->d, f->b, lang_say(&f->d->lang, m->name), value);
	else
		doc_field(f->d, f->b, m ? lang_say(&f->d->lang, m->name) : key, value);
}

static void put_result(struct view_doc *d, const struct view_fact *f)
{
	struct filling to = { d, NULL };

	if (!json_is_map(f->result))
		return;
	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Result")));
	to.b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	json_each(f->result, put_member, &to);
}

/* A drill against its objective, as a picture. */
static void put_objective(struct view_doc *d, const struct view_fact *f)
{
	const struct json_value *rto = json_get(f->result, "rto");
	char took[LANG_TEXT], allowed[LANG_TEXT];
	double limit = 0, seconds = 0;
	struct view_block *b;

	if (!json_number(json_get(f->result, "estimated_seconds"), &seconds) ||
		!json_number(json_get(rto, "seconds"), &limit))
		return;
	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Restore time against the objective")));
	b = doc_chart(
		d, "", limit, doc_format(d, lang_say(&d->lang, N_("RTO %s")), lang_duration(allowed, &d->lang, limit)));
	doc_point(d, b, seconds, seconds <= limit ? LOOK_GOOD : LOOK_BAD, lang_duration(took, &d->lang, seconds),
		lang_say(&d->lang, N_("this drill")));
}

void page_says(struct view_doc *d, const struct view_fact *f, const char *key, const char *name)
{
	const struct json_value *list = json_get(f->predicate, key);

	if (json_list_len(list) == 0)
		return;
	(void)doc_heading(d, 2, name);
	for (size_t i = 0; i < json_list_len(list); i++) {
		const char *text = json_text(json_list_at(list, i));

		if (text)
			doc_para(d, doc_format(d, "• %s", text));
	}
}

static void put_failures(struct view_doc *d, const struct view_fact *f)
{
	static const uint32_t widths[] = { 12, 44, 44 };
	const char *heads[] = { lang_say(&d->lang, N_("Kind")), lang_say(&d->lang, N_("Where")),
		lang_say(&d->lang, N_("What")) };
	const struct json_value *list = json_get(f->predicate, "failures");
	struct view_block *b;
	int64_t total = 0;

	(void)json_whole(json_get(f->predicate, "failures_total"), &total);
	if (total == 0 && json_list_len(list) == 0)
		return;
	(void)doc_heading(d, 2, doc_format(d, lang_say(&d->lang, N_("Failures: %lld")), (long long)total));
	b = doc_table(d, 3, widths, heads);
	for (size_t i = 0; i < json_list_len(list); i++) {
		const struct json_value *v = json_list_at(list, i);
		const char *path = json_text(json_get(v, "path"));

		doc_cell(d, b, json_text(json_get(v, "kind")), LOOK_WARN);
		doc_mono(d, b, path ? path : json_text(json_get(v, "path_b64")));
		doc_cell(d, b, json_text(json_get(v, "message")), LOOK_PLAIN);
	}
	if (total > (int64_t)json_list_len(list))
		doc_small(d, lang_say(&d->lang, N_("The record holds the first 500 of them.")));
}

void page_subjects(struct view_doc *d, const struct view_fact *f)
{
	const struct json_value *list = json_get(f->record->root, "subject");
	struct view_block *b;

	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Subjects, by SHA-256")));
	b = doc_block(d, BLOCK_FIELDS, LOOK_PLAIN, "");
	for (size_t i = 0; i < json_list_len(list); i++) {
		const struct json_value *s = json_list_at(list, i);

		doc_field_mono(
			d, b, json_text(json_get(s, "name")), json_text(json_get(json_get(s, "digest"), "sha256")));
	}
}

static const char *clock_of(struct view_doc *d, const struct json_value *clock)
{
	const char *source = json_text(json_get(clock, "source"));
	bool synchronized = false;

	(void)json_truth(json_get(clock, "synchronized"), &synchronized);
	if (source && strcmp(source, "unknown") == 0)
		source = lang_say(&d->lang, N_("source not known"));
	return doc_format(d, "%s (%s)",
		lang_say(&d->lang, synchronized ? N_("synchronized") : N_("not shown to be synchronized")),
		source ? source : "-");
}

void page_circumstances(struct view_doc *d, const struct view_fact *f)
{
	const struct json_value *p = f->predicate, *time = json_get(p, "time"), *op = json_get(p, "operator");
	struct view_block *b = doc_block(d, BLOCK_FACTS, LOOK_PLAIN, "");
	char out[LANG_TEXT], zone[LANG_TEXT];
	int64_t ns, uid = -1;

	doc_field(d, b, lang_say(&d->lang, N_("Command")), f->command);
	doc_field(d, b, lang_say(&d->lang, N_("Begun")), lang_time(out, &d->lang, f->start));
	doc_field(d, b, lang_say(&d->lang, N_("Ended")),
		f->end >= 0 ? lang_time(out, &d->lang, f->end) : lang_say(&d->lang, N_("not known: interrupted")));
	if (json_whole(json_get(time, "duration_ns"), &ns))
		doc_field(d, b, lang_say(&d->lang, N_("Took")), lang_duration(out, &d->lang, (double)ns / 1e9));
	doc_field(d, b, lang_say(&d->lang, N_("Time zone")), lang_zone(zone, &d->lang, f->start));
	doc_field(d, b, lang_say(&d->lang, N_("Clock")), clock_of(d, json_get(time, "clock")));
	doc_field(d, b, lang_say(&d->lang, N_("Host")), json_text(json_get(json_get(p, "host"), "name")));
	(void)json_whole(json_get(op, "uid"), &uid);
	if (f->operator_name)
		doc_field(d, b, lang_say(&d->lang, N_("Operator")),
			doc_format(d, "%s (uid %lld)", f->operator_name, (long long)uid));
	doc_field(d, b, lang_say(&d->lang, N_("By sudo from")), json_text(json_get(op, "sudo_from")));
	doc_field(d, b, lang_say(&d->lang, N_("Ticket")), json_text(json_get(p, "ticket")));
	doc_field(d, b, lang_say(&d->lang, N_("Tool")),
		doc_format(d, "%s %s", json_text(json_get(json_get(p, "tool"), "name")),
			json_text(json_get(json_get(p, "tool"), "version"))));
	doc_field(d, b, lang_say(&d->lang, N_("Self-test")),
		strcmp(json_text(json_get(json_get(p, "tool"), "self_test")), "passed") == 0
			? lang_say(&d->lang, N_("passed"))
			: lang_say(&d->lang, N_("failed")));
	doc_field(d, b, lang_say(&d->lang, N_("Controls (ISO/IEC 27001 A)")),
		shown(d, json_get(p, "controls"), SHOW_TEXT));
	doc_field_mono(d, b, lang_say(&d->lang, N_("Repository")), f->repository);
	doc_field_mono(d, b, lang_say(&d->lang, N_("Snapshot")), f->snapshot);
}

void page_seal_record(struct view_doc *d, const struct view_fact *f)
{
	d->seal_name = lang_say(&d->lang, N_("SHA-256 of the record"));
	d->seal = doc_text(d, f->record->sha256);
	d->qr = doc_format(d, "hozen:record:%s:sha256:%s", f->uuid, f->record->sha256);
	d->place = doc_text(d, f->uuid);
	d->time = fact_when(f);
}

void page_provenance(struct view_doc *d, const struct view_fact *f)
{
	struct view_block *b;

	(void)doc_heading(d, 2, lang_say(&d->lang, N_("Provenance")));
	b = doc_block(d, BLOCK_FIELDS, LOOK_PLAIN, "");
	doc_field_look(d, b, lang_say(&d->lang, N_("Signature")), word_of_signer(&d->lang, f->record->signer),
		look_of_signer(f->record->signer));
	doc_field_mono(d, b, lang_say(&d->lang, N_("Signer")), f->record->fingerprint);
	doc_field(d, b, lang_say(&d->lang, N_("Known as")), f->record->principals);
	doc_field_mono(d, b, lang_say(&d->lang, N_("Record")), f->uuid);
	doc_field_mono(d, b, "SHA-256", f->record->sha256);
	doc_small(d,
		lang_say(&d->lang,
			N_("This page is drawn from the signed record and proves nothing by itself. "
			   "To check: compute the SHA-256 of the record's file, compare it with the one "
			   "above, and verify the signature with ssh-keygen -Y verify.")));
}

void page_record(struct view_doc *d, const struct view_facts *facts)
{
	const struct view_fact *f = &facts->list[0];
	const char *kind = word_of_kind(&d->lang, f->kind), *outcome = word_of_outcome(&d->lang, f->outcome);
	const char *error = json_text(json_get(f->predicate, "error"));
	bool late = false;

	d->title = doc_format(d, lang_say(&d->lang, N_("Record: %s")), kind);
	page_seal_record(d, f);
	doc_block(d, BLOCK_STATUS, f->trusted ? look_of_outcome(f->outcome) : LOOK_UNKNOWN,
		doc_format(d, lang_say(&d->lang, N_("%s: %s")), kind, outcome))
		->more = f->trusted
		? doc_format(d, lang_say(&d->lang, N_("Trusted: signed by a key that is believed (%s)")),
			  *f->record->principals ? f->record->principals : f->record->fingerprint)
		: doc_text(d,
			  f->record->signer == HZ_SIGNER_EXPIRED
				  ? lang_say(&d->lang, N_("Intact, but the key was not valid at that time"))
				  : lang_say(&d->lang,
					    N_("Intact, signer unknown: whose statement this is has not been shown")));
	if (error) {
		(void)doc_heading(d, 2, lang_say(&d->lang, N_("Why")));
		doc_para(d, error);
	}
	page_circumstances(d, f);
	(void)json_truth(json_get(f->predicate, "late"), &late);
	if (late)
		doc_para(d, lang_say(&d->lang, N_("This record was written by a later run.")));
	put_objective(d, f);
	put_result(d, f);
	put_failures(d, f);
	page_says(d, f, "not_checked", lang_say(&d->lang, N_("Not checked")));
	page_says(d, f, "assumptions", lang_say(&d->lang, N_("Assumptions")));
	page_says(d, f, "overrides", lang_say(&d->lang, N_("Overrides")));
	page_subjects(d, f);
	page_provenance(d, f);
}
