/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See system_judge.h. Invariant: nothing is good without a record that shows it. A night is missed only where the
 * records (or the policy's RPO) show that one was due.
 */
#include "view/system_judge.h"
#include <string.h>

/* Intervals of which nine in ten are within a quarter of the middle one are a cadence. */
static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t cadence_of(const int64_t *starts, size_t n)
{
	int64_t gaps[64], middle;
	size_t count = 0, near = 0;

	for (size_t i = n > 64 ? n - 64 : 0; i + 1 < n && count < 64; i++)
		gaps[count++] = starts[i + 1] - starts[i];
	if (count < 3)
		return 0;
	qsort(gaps, count, sizeof(gaps[0]), by_value);
	middle = gaps[count / 2];
	for (size_t i = 0; i < count; i++)
		near += gaps[i] >= middle - middle / 4 && gaps[i] <= middle + middle / 4;
	return middle >= 60 && near * 10 >= count * 8 ? middle : 0;
}

/* Which night of the strip; -1: before it. */
static int night_of(const struct view_system *sys, const struct view_lang *lang, int64_t sec)
{
	int64_t from = sys->nights_from;

	if (sec < from)
		return -1;
	for (int i = 0; i < NIGHTS; i++) {
		int64_t next = lang_noon_add(lang, sys->nights_from, i + 1);

		if (sec < next)
			return i;
	}
	return NIGHTS - 1;
}

static enum night night_by(const char *outcome)
{
	if (strcmp(outcome, "done") == 0)
		return NIGHT_BACKED_UP;
	return strcmp(outcome, "exceptions") == 0 ? NIGHT_ISSUE : NIGHT_FAILED;
}

/* A run of a night that had others: one that went well makes up for one that did not, but the trouble is seen. */
static enum night night_with(enum night was, enum night now)
{
	if (was == NIGHT_NO_RECORD || was == now)
		return now;
	return NIGHT_ISSUE;
}

static void take_backup(struct view_system *sys, const struct view_lang *lang, const struct view_fact *o)
{
	int night;

	/* Of arguments that were wrong or refused nothing was run; and a trial run stores nothing. */
	if (fact_has(o, "usage"))
		return;
	night = night_of(sys, lang, o->start);
	if (night >= 0)
		sys->nights[night] = night_with(sys->nights[night], night_by(o->outcome));
	sys->last_run = o->start;
	sys->last_outcome = o->outcome;
	sys->last_look = look_of_outcome(o->outcome);
	if (fact_has(o, "done") || fact_has(o, "exceptions")) {
		sys->last_good = sys->night_good[night + 1] = o->start;
		if (sys->first_good < 0)
			sys->first_good = o->start;
	}
}

static bool is_trial(const struct view_fact *o)
{
	bool trial = false;

	return json_truth(json_get(o->result, "dry_run"), &trial) && trial;
}

static bool same(const struct view_fact *a, const struct view_fact *b)
{
	return a->repository && b->repository && strcmp(a->repository, b->repository) == 0;
}

/* An objective that was missed is no damage: everything came back. */
static bool is_good(const struct view_fact *o)
{
	if (fact_is(o, "drill"))
		return fact_has(o, "done") || fact_has(o, "overdue");
	return fact_has(o, "done") || fact_has(o, "exceptions");
}

/* How deep a check looked: 0 at names only, 1 structure and trees, 2 a sample of the data, 3 every stored byte. */
static int depth_of(const struct view_fact *o)
{
	const struct json_value *looked = json_get(o->result, "looked_at");
	int64_t sample = 0, of = 0;

	if (json_whole(json_get(o->result, "sample_packs"), &sample) &&
		!(json_whole(json_get(o->result, "sample_of_packs"), &of) && sample >= of))
		return 2;
	if (list_has(looked, "checksums") || list_has(looked, "content"))
		return 3;
	return list_has(looked, "structure") && list_has(looked, "trees") ? 1 : 0;
}

/* Was every stored byte read, and found good? A sample is none. */
static bool reads_all(const struct view_fact *o)
{
	return fact_has(o, "done") && depth_of(o) == 3;
}

/* Another sample need not have what the one that found damage had; and without a result nobody knows how deep it was.
 */
static int depth_to_be_good(const struct view_fact *bad)
{
	int depth = json_is_map(bad->result) ? depth_of(bad) : 3;

	return depth == 2 ? 3 : depth;
}

static bool is_check(const struct view_fact *o)
{
	return fact_is(o, "check") || fact_is(o, "verify");
}

static bool is_mended(const struct view_systems *s, size_t k, const struct view_facts *f, size_t bad)
{
	for (size_t i = bad + 1; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (systems_has(s, k, i) && is_check(o) && fact_has(o, "done") && same(o, &f->list[bad]) &&
			depth_of(o) >= depth_to_be_good(&f->list[bad]))
			return true;
	}
	return false;
}

/* Damage of data of which nobody knows whose it is may be anybody's. */
static bool is_same_host(const struct view_fact *bad, const struct view_fact *o)
{
	return !bad->host || (o->host && strcmp(bad->host, o->host) == 0);
}

/* Is there a later one of the same kind, of the same source and all of its paths, that went well? */
static bool is_made_good(const struct view_systems *s, size_t k, const struct view_facts *f, size_t bad)
{
	const struct view_fact *b = &f->list[bad];

	for (size_t i = bad + 1; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (systems_has(s, k, i) && strcmp(o->kind, b->kind) == 0 && is_good(o) && same(o, b) &&
			is_same_host(b, o) && fact_paths_in(b, o))
			return true;
	}
	return false;
}

/* Something that never went well is no source that could have stopped: a path that was mistyped. */
static bool is_a_source(const struct view_systems *s, size_t k, const struct view_facts *f, size_t bad)
{
	const struct view_fact *b = &f->list[bad];

	for (size_t i = 0; i < bad; i++) {
		const struct view_fact *o = &f->list[i];

		if (systems_has(s, k, i) && fact_is(o, "backup") && is_good(o) && same(o, b) && is_same_host(b, o) &&
			fact_paths_in(b, o) && fact_paths_in(o, b))
			return true;
	}
	return false;
}

static bool is_bad(const struct view_fact *o)
{
	return look_of_outcome(o->outcome) == LOOK_BAD;
}

/* The newest good backup of a path of a host; -1: no record names it. */
static int64_t newest_good(
	const struct view_systems *s, size_t k, const struct view_facts *f, const char *host, const char *path)
{
	for (size_t i = f->n; i-- > 0;) {
		const struct view_fact *o = &f->list[i];

		if (!systems_has(s, k, i) || !fact_is(o, "backup") || !is_good(o) || o->start > f->request->now ||
			is_trial(o) || !o->host || strcmp(o->host, host) != 0)
			continue;
		for (size_t p = 0; p < json_list_len(o->paths); p++) {
			const char *folder = json_text(json_list_at(o->paths, p));

			if (folder && path_is_in(path, folder))
				return o->start;
		}
	}
	return -1;
}

/* The path of the policy that has waited longest is how old its last backup is. */
static void take_oldest_path(
	struct view_system *sys, const struct view_systems *s, size_t k, const struct view_facts *f)
{
	const struct json_value *hosts = json_get(sys->policy, "hosts"), *paths = json_get(sys->policy, "paths");

	for (size_t h = 0; h < json_list_len(hosts); h++) {
		for (size_t p = 0; p < json_list_len(paths); p++) {
			const char *host = json_text(json_list_at(hosts, h)), *path = json_text(json_list_at(paths, p));
			int64_t good = host && path ? newest_good(s, k, f, host, path) : -1;

			if (good >= 0 && good < sys->last_good)
				sys->last_good = good;
		}
	}
}

/* A later good run of something else does not make good what failed. */
static void take_what_stays_bad(
	struct view_system *sys, const struct view_systems *s, size_t k, const struct view_facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (!systems_has(s, k, i) || o->start > f->request->now || !is_bad(o) || is_trial(o))
			continue;
		if (is_check(o) && fact_has(o, "damage") && !is_mended(s, k, f, i)) {
			sys->check_bad = o->start;
		} else if (fact_is(o, "drill") && (json_is_map(o->result) || fact_has(o, "damage")) &&
			!is_made_good(s, k, f, i)) {
			sys->has_drill = true;
			sys->drill_good = false;
		} else if (fact_is(o, "backup") && is_a_source(s, k, f, i) && !is_made_good(s, k, f, i)) {
			sys->last_run = o->start;
			sys->last_outcome = o->outcome;
			sys->last_look = LOOK_BAD;
		}
	}
}

static void take_drill(struct view_system *sys, const struct view_fact *o)
{
	double limit;

	if (!json_number(json_get(o->result, "estimated_seconds"), &sys->drill_seconds))
		sys->drill_seconds = 0;
	sys->has_drill = true;
	sys->drill_good = is_good(o);
	if (sys->drill_good)
		sys->last_drill = o->start;
	if (sys->rto <= 0 && json_number(json_get(json_get(o->result, "rto"), "seconds"), &limit))
		sys->rto = limit;
}

/* Nights without a run: missed where one was due before they ended. */
static void fill_nights(struct view_system *sys, const struct view_lang *lang, int64_t now)
{
	int64_t due = sys->rpo > 0 ? (int64_t)sys->rpo : sys->cadence + sys->cadence / 4, last = sys->night_good[0];

	for (int i = 0; i < NIGHTS; i++) {
		int64_t end = lang_noon_add(lang, sys->nights_from, i + 1);

		if (sys->night_good[i + 1] > 0)
			last = sys->night_good[i + 1];
		/* Before the first backup there is nothing that could be missed. */
		if (sys->nights[i] != NIGHT_NO_RECORD || last <= 0)
			continue;
		sys->nights[i] = due > 0 && end <= now && last + due <= end ? NIGHT_MISSED : NIGHT_NOT_DUE;
	}
}

static void say(struct view_system *sys, enum view_look look, const char *verdict)
{
	sys->look = look;
	sys->verdict = verdict;
}

static void judge_by_policy(struct view_system *sys)
{
	const char *status = json_text(json_get(sys->policy, "status"));

	if (status && strcmp(status, "met") == 0)
		say(sys, LOOK_GOOD, N_("The policy is met"));
	else if (status && strcmp(status, "overdue") == 0)
		say(sys, LOOK_WARN, N_("Something is overdue"));
	else if (status && strcmp(status, "missed") == 0)
		say(sys, LOOK_BAD, N_("The policy is missed"));
	else
		say(sys, LOOK_UNKNOWN, N_("Not everything is evidenced"));
}

static bool has_gap(const struct view_system *sys)
{
	for (int i = 0; i < NIGHTS; i++) {
		if (sys->nights[i] == NIGHT_MISSED || sys->nights[i] == NIGHT_FAILED)
			return true;
	}
	return false;
}

/* Later records speak against an older policy record, never for it. */
static void judge_by_records(struct view_system *sys, int64_t now)
{
	int64_t limit = sys->rpo > 0 ? (int64_t)sys->rpo : sys->cadence + sys->cadence / 2;

	if (sys->last_good < 0)
		say(sys, sys->policy && sys->last_run < 0 ? LOOK_UNKNOWN : LOOK_BAD,
			sys->last_run < 0 ? N_("No backup is evidenced") : N_("No backup has succeeded"));
	else if (sys->check_bad >= 0)
		say(sys, LOOK_BAD, N_("A check of the repository found damage"));
	else if (sys->has_drill && !sys->drill_good)
		say(sys, LOOK_BAD, N_("The last restore drill failed"));
	else if (limit > 0 && now - sys->last_good > limit)
		say(sys, LOOK_BAD, N_("The last backup is too old"));
	else if (sys->last_look == LOOK_BAD)
		say(sys, LOOK_BAD, N_("The last backup failed"));
	else if (sys->last_look != LOOK_GOOD)
		say(sys, LOOK_WARN, N_("The last backup had exceptions"));
	else if (has_gap(sys))
		say(sys, LOOK_WARN, N_("Backed up again; nights were missed or failed"));
	else if (sys->rto > 0 && sys->has_drill && sys->drill_seconds > sys->rto)
		say(sys, LOOK_WARN, N_("A restore takes longer than allowed"));
	else if (!sys->has_drill)
		say(sys, LOOK_UNKNOWN, N_("Backed up; a restore is not evidenced"));
	else if (limit == 0)
		say(sys, LOOK_UNKNOWN, N_("Backed up and restored; how often it runs is not evidenced"));
	else
		say(sys, LOOK_GOOD, N_("Backed up, and a restore was proved"));
}

static void judge(struct view_system *sys, int64_t now)
{
	struct view_system by_records = *sys;

	judge_by_records(&by_records, now);
	if (!sys->policy) {
		say(sys, by_records.look, by_records.verdict);
		return;
	}
	judge_by_policy(sys);
	if (by_records.look == LOOK_BAD && sys->look != LOOK_BAD)
		say(sys, LOOK_BAD, by_records.verdict);
	else if (by_records.look == LOOK_WARN && sys->look == LOOK_GOOD)
		say(sys, LOOK_WARN, by_records.verdict);
}

int system_judge(struct view_systems *s, size_t k, const struct view_lang *lang, const struct view_facts *f)
{
	AUTO_FREE int64_t *starts = calloc(f->n + 1, sizeof(*starts));
	struct view_system *sys = &s->list[k];
	int64_t now = f->request->now;
	size_t n = 0;

	if (!starts)
		return -1;
	sys->nights_from = lang_noon_add(lang, lang_noon(lang, now), 1 - NIGHTS);
	sys->last_run = sys->last_good = sys->first_good = sys->last_drill = sys->last_read = sys->oldest_unread =
		sys->check_bad = -1;
	for (size_t i = 0; i < f->n; i++) {
		const struct view_fact *o = &f->list[i];

		if (!systems_has(s, k, i) || o->start > now || is_trial(o))
			continue;
		if (fact_is(o, "backup") && !fact_has(o, "usage"))
			starts[n++] = o->start;
		if (fact_is(o, "backup"))
			take_backup(sys, lang, o);
		else if (fact_is(o, "drill") && json_is_map(o->result))
			take_drill(sys, o);
		else if (reads_all(o))
			sys->last_read = o->start;
	}
	for (size_t i = 0; i < f->n && sys->oldest_unread < 0; i++) {
		const struct view_fact *o = &f->list[i];

		if (systems_has(s, k, i) && fact_is(o, "backup") && !is_trial(o) && fact_when(o) > sys->last_read &&
			(fact_has(o, "done") || fact_has(o, "exceptions")))
			sys->oldest_unread = o->start;
	}
	take_what_stays_bad(sys, s, k, f);
	take_oldest_path(sys, s, k, f);
	sys->cadence = cadence_of(starts, n);
	fill_nights(sys, lang, now);
	judge(sys, now);
	return 0;
}
