/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy asks of copies: new enough, without gaps, enough of them, one out of reach, and kept. */
#include "report/judge.h"
#include "report/policy_value.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>

struct worst {
	struct slot slot;
	const struct fact_copy *copy;
	size_t none; /* slots without */
	struct slot without;
	const struct fact_copy *may; /* the copy that may have it, where none that has is new enough */
	struct slot unknown;
};

/* ---- rpo ---- */

static void say_copied(
	struct judging *j, struct check *c, const struct worst *w, int64_t old, const char *when, const char *age)
{
	const struct fact_copy *record = w->copy->in_repository ? judge_record_of(j, w->copy) : w->copy;
	const char *host = w->slot.host, *path = w->slot.path;
	bool excludes = record && record->excludes;

	if (w->copy->complete && !excludes)
		judge_actual(j, c, old, "%s:%s was last copied at %s, %s ago", host, path, when, age);
	else if (w->copy->complete)
		judge_actual(j, c, old, "%s:%s was last copied at %s, %s ago, without what was excluded", host, path,
			when, age);
	else if (!excludes)
		judge_actual(j, c, old, "%s:%s was last copied at %s, %s ago, with exceptions", host, path, when, age);
	else
		judge_actual(j, c, old,
			"%s:%s was last copied at %s, %s ago, with exceptions, and without what was excluded", host,
			path, when, age);
}

static bool is_too_old(const struct judging *j, const struct fact_copy *c)
{
	return j->now - c->time > j->s->rpo;
}

static void say_age(struct judging *j, struct check *c, const struct worst *w)
{
	char age[POLICY_DURATION_TEXT], when[CLOCK_TEXT_LEN];
	int64_t old = j->now > w->copy->time ? j->now - w->copy->time : 0;

	judge_status(c, is_too_old(j, w->copy) ? HZ_POLICY_OVERDUE : HZ_POLICY_MET);
	say_copied(j, c, w, old, clock_rfc3339(when, w->copy->time, 0), policy_duration_text(age, old));
}

static void worst_of(struct judging *j, struct check *c, struct worst *w, const struct slot *s)
{
	const struct fact_copy *newest = judge_newest(j, s, NULL, HELD_YES),
			       *may = judge_newest(j, s, NULL, HELD_UNKNOWN);

	if ((!newest || is_too_old(j, newest)) && may && may != newest && (!newest || may->time > newest->time)) {
		w->may = may;
		w->unknown = *s;
	} else if (!newest) {
		w->without = w->none++ ? w->without : *s;
	} else {
		judge_cite_copy(j, c, newest);
		if (!w->copy || newest->time < w->copy->time) {
			w->copy = newest;
			w->slot = *s;
		}
	}
}

static void judge_rpo(struct judging *j)
{
	struct check *c = judge_begin(j, "rpo", "8.13");
	char limit[POLICY_DURATION_TEXT], when[CLOCK_TEXT_LEN];
	struct worst w = { .none = 0 };
	const char *closed = NULL;
	struct slot s;

	judge_target(j, c, j->s->rpo, "the newest copy is at most %s old", policy_duration_text(limit, j->s->rpo));
	for (size_t i = 0; (s = judge_slot(j, i)).host; i++)
		worst_of(j, c, &w, &s);
	if (w.none > 0 && judge_all_opened(j, &closed)) {
		judge_status(c, HZ_POLICY_OVERDUE);
		judge_actual(j, c, -1, "no copy of %s:%s is in any repository", w.without.host, w.without.path);
	} else if (w.copy && is_too_old(j, w.copy)) {
		say_age(j, c, &w);
	} else if (w.none > 0) {
		judge_status(c, HZ_POLICY_NOT_EVIDENCED);
		judge_actual(j, c, -1, "no record of a copy of %s:%s, and the repository %s was not looked at",
			w.without.host, w.without.path, closed);
	} else if (w.may) {
		judge_status(c, HZ_POLICY_NOT_EVIDENCED);
		judge_actual(j, c, -1, "no fact shows that the copy of %s has %s:%s, which was not given by itself",
			clock_rfc3339(when, w.may->time, 0), w.unknown.host, w.unknown.path);
	} else {
		say_age(j, c, &w);
	}
}

/* ---- gaps ---- */

struct gap {
	int64_t seconds;
	const struct fact_copy *before, *after;
	size_t copies, unknown; /* unknown: that may have it */
};

static struct gap longest_gap(const struct judging *j, const struct slot *s)
{
	struct gap g = { .seconds = -1 };
	const struct fact_copy *last = NULL;

	for (size_t i = 0; i < j->n_mine; i++) {
		const struct fact_copy *c = j->mine[i];

		enum held held = judge_held(j, s, c);

		g.unknown += held == HELD_UNKNOWN && judge_is_there(j, c) && c->time >= j->now - KEPT_DAYS * DAY;
		if (held != HELD_YES)
			continue;
		if (c->time >= j->now - KEPT_DAYS * DAY) {
			/* Record and repository of one snapshot differ by moments, and count once. */
			g.copies += !last || strcmp(last->snapshot, c->snapshot) != 0;
			if (last && c->time - last->time > g.seconds)
				g = (struct gap){ c->time - last->time, last, c, g.copies, g.unknown };
		}
		last = c;
	}
	return g;
}

static void judge_gaps(struct judging *j)
{
	struct check *c = judge_begin(j, "rpo_kept", "8.13");
	char limit[POLICY_DURATION_TEXT], gap[POLICY_DURATION_TEXT], when[CLOCK_TEXT_LEN];
	struct gap worst = { .seconds = -1 };
	size_t copies = SIZE_MAX;
	struct slot s;

	judge_target(j, c, j->s->rpo, "no gap longer than %s between copies in the last %d days",
		policy_duration_text(limit, j->s->rpo), KEPT_DAYS);
	for (size_t i = 0; (s = judge_slot(j, i)).host; i++) {
		struct gap g = longest_gap(j, &s);

		copies = g.copies < copies ? g.copies : copies;
		if (!g.before || strcmp(g.before->snapshot, g.after->snapshot) == 0) {
			judge_status(c, HZ_POLICY_NOT_EVIDENCED);
			judge_actual(j, c, -1, "fewer than two copies of %s:%s are known", s.host, s.path);
			return;
		}
		if (g.seconds > j->s->rpo && g.unknown > 0) {
			judge_status(c, HZ_POLICY_NOT_EVIDENCED);
			judge_actual(j, c, -1, "of %zu copies no fact shows whether they have %s:%s", g.unknown, s.host,
				s.path);
			return;
		}
		if (g.seconds > worst.seconds)
			worst = g;
	}
	judge_cite_copy(j, c, worst.before);
	judge_cite_copy(j, c, worst.after);
	judge_status(c, worst.seconds > j->s->rpo ? HZ_POLICY_MISSED : HZ_POLICY_MET);
	judge_actual(j, c, worst.seconds, "the longest gap is %s, before the copy of %s; %zu copies",
		policy_duration_text(gap, worst.seconds), clock_rfc3339(when, worst.after->time, 0), copies);
}

/* ---- number ---- */

static bool is_fresh(const struct judging *j, const struct policy_repository *r, const struct fact_copy *c)
{
	return j->now - c->time <= (r->max_age ? r->max_age : j->s->rpo);
}

struct count {
	int64_t fresh, old, unknown;
};

/* Is there a newer one that may have it? */
static bool may_be_there(const struct judging *j, const struct slot *s, const struct policy_repository *r,
	const struct fact_copy *newest)
{
	const struct fact_copy *may = judge_newest(j, s, r->id, HELD_UNKNOWN);

	return may && may != newest && is_fresh(j, r, may);
}

static struct count count_copies(struct judging *j, struct check *c, const struct slot *s)
{
	const struct policy_repository *r;
	struct count n = { 0, 0, 0 };

	for (size_t i = 0; (r = judge_repository(j, i)); i++) {
		const struct fact_copy *newest = judge_newest(j, s, r->id, HELD_YES);

		if (newest)
			judge_cite_copy(j, c, newest);
		if (newest && is_fresh(j, r, newest))
			n.fresh++;
		else if (may_be_there(j, s, r, newest))
			n.unknown++;
		else if (newest)
			n.old++;
		else if (!facts_has_opened(j->f, r->id))
			n.unknown++;
	}
	return n;
}

static void judge_number(struct judging *j)
{
	struct check *c = judge_begin(j, "copies", "8.13");
	uint32_t worst = 0;
	struct slot s;

	judge_target(j, c, j->s->copies, "%lld copies in different repositories", (long long)j->s->copies);
	for (size_t i = 0; (s = judge_slot(j, i)).host; i++) {
		struct count n = count_copies(j, c, &s);
		uint32_t status = n.fresh >= j->s->copies             ? HZ_POLICY_MET
			: n.fresh + n.old >= j->s->copies             ? HZ_POLICY_OVERDUE
			: n.fresh + n.old + n.unknown >= j->s->copies ? HZ_POLICY_NOT_EVIDENCED
								      : HZ_POLICY_MISSED;

		if (c->pub.actual && status <= worst && n.fresh >= c->pub.actual_value)
			continue;
		worst = status > worst ? status : worst;
		judge_actual(j, c, n.fresh, "%s:%s: %lld new enough, %lld too old, %lld of which nothing is known",
			s.host, s.path, (long long)n.fresh, (long long)n.old, (long long)n.unknown);
	}
	judge_status(c, worst);
}

/* ---- out of reach ---- */

/* What the newest record of a backup into it says of its store. NULL: none. */
static const struct fact_copy *newest_record(const struct judging *j, const char *repository)
{
	for (size_t i = j->n_mine; i-- > 0;) {
		if (!j->mine[i]->in_repository && strcmp(j->mine[i]->repository, repository) == 0)
			return j->mine[i];
	}
	return NULL;
}

static bool holds_all(const struct judging *j, const struct policy_repository *r)
{
	struct slot s;

	for (size_t i = 0; (s = judge_slot(j, i)).host; i++) {
		const struct fact_copy *c = judge_newest(j, &s, r->id, HELD_YES);

		if (!c || !is_fresh(j, r, c))
			return false;
	}
	return true;
}

static void judge_offline(struct judging *j)
{
	struct check *c = judge_begin(j, "offline_copy", "8.13");
	const struct policy_repository *r;

	judge_target(j, c, -1, "one copy is offline, or cannot be changed from the host");
	judge_status(c, HZ_POLICY_MISSED);
	judge_actual(j, c, -1, "the policy names no repository of it that is offline or immutable");
	for (size_t i = 0; (r = judge_repository(j, i)) && c->pub.status != HZ_POLICY_MET; i++) {
		const struct fact_copy *record = r->immutable ? newest_record(j, r->id) : NULL;

		if (record && record->is_protected && holds_all(j, r)) {
			judge_status(c, HZ_POLICY_MET);
			judge_actual(j, c, -1, "the store of repository %s keeps what is there from the host", r->name);
			judge_cite_copy(j, c, record);
		} else if (record && record->is_protected) {
			judge_status(c, HZ_POLICY_OVERDUE);
			judge_actual(j, c, -1, "repository %s keeps what is there, and has no copy that is new enough",
				r->name);
			judge_cite_copy(j, c, record);
		} else if (record) {
			judge_status(c, HZ_POLICY_MISSED);
			judge_actual(j, c, -1,
				"repository %s is to be immutable, and by the record the host can delete there",
				r->name);
			judge_cite_copy(j, c, record);
		} else if (r->offline || r->immutable) {
			judge_status(c, HZ_POLICY_NOT_EVIDENCED);
			judge_actual(j, c, -1, "the policy says so of repository %s; no record can show it", r->name);
		}
	}
}

/* ---- retention ---- */

static int cmp_ids(const void *a, const void *b)
{
	const struct fact_copy *x = *(const struct fact_copy *const *)a, *y = *(const struct fact_copy *const *)b;
	int first = strcmp(x->repository, y->repository);

	return first ? first : strcmp(x->snapshot, y->snapshot);
}

/* Copies that records say were made, too new to be gone, and that are not there any more. */
static size_t count_gone(struct judging *j, struct check *c)
{
	AUTO_FREE const struct fact_copy **there = malloc((j->n_mine + 1) * sizeof(*there));
	size_t n = 0, gone = 0;

	if (!there) {
		j->b->failed = true;
		return 0;
	}
	for (size_t i = 0; i < j->n_mine; i++) {
		if (j->mine[i]->in_repository)
			there[n++] = j->mine[i];
	}
	if (n > 1)
		qsort(there, n, sizeof(*there), cmp_ids);
	for (size_t i = 0; i < j->n_mine; i++) {
		const struct fact_copy *m = j->mine[i];

		if (m->in_repository || m->time < j->now - j->s->retention || !facts_has_opened(j->f, m->repository) ||
			(n > 0 && bsearch(&m, there, n, sizeof(*there), cmp_ids)))
			continue;
		gone++;
		judge_cite_copy(j, c, m);
	}
	return gone;
}

/* The oldest that is there. */
static const struct fact_copy *oldest(const struct judging *j, const struct slot *s)
{
	for (size_t i = 0; i < j->n_mine; i++) {
		const struct fact_copy *c = j->mine[i];

		if (c->in_repository && judge_held(j, s, c) == HELD_YES)
			return c;
	}
	return NULL;
}

static void judge_retention(struct judging *j)
{
	struct check *c = judge_begin(j, "retention", "8.13");
	char limit[POLICY_DURATION_TEXT], age[POLICY_DURATION_TEXT];
	const struct fact_copy *worst = NULL;
	size_t gone = count_gone(j, c);
	/* Between the oldest that is kept and the one that just went there is a time of backup. */
	int64_t between = j->s->rpo < j->s->retention / 2 ? j->s->rpo : j->s->retention / 2, old;
	struct slot s;

	judge_target(j, c, j->s->retention, "copies are kept for %s", policy_duration_text(limit, j->s->retention));
	if (gone > 0) {
		judge_status(c, HZ_POLICY_MISSED);
		judge_actual(j, c, -1, "%zu copies that records name are not in their repository any more", gone);
		return;
	}
	judge_status(c, HZ_POLICY_NOT_EVIDENCED);
	for (size_t i = 0; (s = judge_slot(j, i)).host; i++) {
		const struct fact_copy *first = oldest(j, &s);

		if (!first) {
			judge_actual(j, c, -1, "no repository that was looked at has a copy of %s:%s", s.host, s.path);
			return;
		}
		judge_cite_copy(j, c, first);
		worst = !worst || first->time > worst->time ? first : worst;
	}
	old = j->now > worst->time ? j->now - worst->time : 0;
	if (old + between >= j->s->retention) {
		judge_status(c, HZ_POLICY_MET);
		judge_actual(j, c, old, "the oldest copy is %s old", policy_duration_text(age, old));
	} else {
		judge_actual(j, c, old, "the oldest copy is %s old; nothing that records name is missing so far",
			policy_duration_text(age, old));
	}
}

void judge_copies(struct judging *j)
{
	judge_rpo(j);
	judge_gaps(j);
	if (j->s->copies)
		judge_number(j);
	if (j->s->offline_copy)
		judge_offline(j);
	if (j->s->retention)
		judge_retention(j);
}
