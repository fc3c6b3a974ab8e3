/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy asks to be done again and again: checks, drills, new keys, a review. */
#include "report/judge.h"
#include "report/policy_value.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>

/* ---- what is proved of a repository, or of a slot ---- */

static const struct cadence {
	const char *name;
	size_t at; /* in the system */
	unsigned level;
} cadences[] = {
	{ "check", offsetof(struct policy_system, check), LEVEL_CHECK },
	{ "sample", offsetof(struct policy_system, sample), LEVEL_SAMPLE },
	{ "read", offsetof(struct policy_system, read), LEVEL_READ },
	{ "drill", offsetof(struct policy_system, drill), LEVEL_DRILL },
	{ "full_drill", offsetof(struct policy_system, full_drill), LEVEL_FULL_DRILL },
};

static void cadence_target(struct judging *j, struct check *c, unsigned level, int64_t limit)
{
	char every[POLICY_DURATION_TEXT];

	(void)policy_duration_text(every, limit);
	switch (level) {
	case LEVEL_CHECK:
		judge_target(j, c, limit, "every %s signatures, chains and file lists are checked", every);
		break;
	case LEVEL_SAMPLE:
		judge_target(j, c, limit, "every %s a sample of the data is read", every);
		break;
	case LEVEL_READ:
		judge_target(j, c, limit, "every %s all data is read and decrypted", every);
		break;
	case LEVEL_DRILL:
		judge_target(j, c, limit, "every %s a sample is restored and compared", every);
		break;
	default:
		judge_target(j, c, limit, "every %s everything is restored", every);
	}
}

/* The i-th thing of which something is to be proved; false: there are no more. */
static bool unit(const struct judging *j, unsigned level, size_t i, struct slot *s, const struct policy_repository **r)
{
	*r = NULL;
	*s = (struct slot){ NULL, NULL };
	if (level & (LEVEL_DRILL | LEVEL_FULL_DRILL))
		*s = judge_slot(j, i);
	else
		*r = judge_repository(j, i);
	return s->host || *r;
}

/* Damage speaks against all that it may be about; what is good, for what is known to be in its snapshot. */
static enum held is_of(
	const struct judging *j, const struct fact_proof *p, const struct slot *s, const struct policy_repository *r)
{
	if (r)
		return strcmp(p->repository, r->id) == 0 ? HELD_YES : HELD_NOT;
	if (!policy_system_has(j->p, j->s, p->repository))
		return HELD_NOT;
	if (p->damage)
		return facts_damage_hits(j->f, p, s->host, s->path) ? HELD_YES : HELD_NOT;
	return judge_drilled(j, s, p);
}

static const struct fact_proof *newest_proof(const struct judging *j, unsigned level, bool damage, enum held held,
	const struct slot *s, const struct policy_repository *r)
{
	const struct fact_proof *found = NULL;

	for (size_t i = 0; i < j->f->n_proofs; i++) {
		const struct fact_proof *p = &j->f->proofs[i];

		if ((p->levels & level) && p->damage == damage && p->time <= j->now + DAY &&
			(!found || p->time > found->time) && is_of(j, p, s, r) >= held)
			found = p;
	}
	return found;
}

static void cite_proof(struct judging *j, struct check *c, const struct fact_proof *p)
{
	judge_cite(j, c, p->record, p->sha256, "", p->time);
}

/* "web1:/srv" or "repository main". */
static void name_unit(char *out, size_t size, const struct slot *s, const struct policy_repository *r)
{
	(void)snprintf(out, size, "%s%s%s", r ? r->name : s->host, r ? "" : ":", r ? "" : s->path);
}

/* Why nothing shows it. */
static void say_not_done(struct judging *j, struct check *c, unsigned level, const char *name, const struct slot *s,
	const struct policy_repository *r)
{
	judge_status(c, HZ_POLICY_NOT_EVIDENCED);
	if (s->host && newest_proof(j, level, false, HELD_UNKNOWN, s, r))
		judge_actual(j, c, -1, "%s: no fact shows that it is in the snapshot that was restored", name);
	else if (level == LEVEL_DRILL && newest_proof(j, LEVEL_RESTORED, false, HELD_YES, s, r))
		judge_actual(j, c, -1, "%s: restored and read back, nothing was compared", name);
	else
		judge_actual(j, c, -1, "%s: no record that it was done", name);
}

static void judge_cadence(struct judging *j, const struct cadence *k, int64_t limit)
{
	struct check *c = judge_begin(j, k->name, "8.13");
	char age[POLICY_DURATION_TEXT], when[CLOCK_TEXT_LEN], name[512];
	const struct fact_proof *worst = NULL;
	const struct policy_repository *r;
	struct slot s;

	cadence_target(j, c, k->level, limit);
	for (size_t i = 0; unit(j, k->level, i, &s, &r); i++) {
		const struct fact_proof *good = newest_proof(j, k->level, false, HELD_YES, &s, r),
					*bad = newest_proof(j, k->level, true, HELD_YES, &s, r);

		name_unit(name, sizeof(name), &s, r);
		if (bad && (!good || bad->time >= good->time)) {
			cite_proof(j, c, bad);
			judge_status(c, HZ_POLICY_MISSED);
			judge_actual(j, c, -1, "%s: at %s there was damage", name, clock_rfc3339(when, bad->time, 0));
			return;
		}
		if (good)
			cite_proof(j, c, good);
		if (!good && c->pub.status != HZ_POLICY_NOT_EVIDENCED)
			say_not_done(j, c, k->level, name, &s, r);
		worst = good && (!worst || good->time < worst->time) ? good : worst;
	}
	if (c->pub.status == HZ_POLICY_NOT_EVIDENCED)
		return;
	limit -= j->now - worst->time;
	judge_status(c, limit < 0 ? HZ_POLICY_OVERDUE : HZ_POLICY_MET);
	judge_actual(j, c, j->now > worst->time ? j->now - worst->time : 0, "last done at %s, %s ago",
		clock_rfc3339(when, worst->time, 0),
		policy_duration_text(age, j->now > worst->time ? j->now - worst->time : 0));
}

/* ---- how long it takes ---- */

static void judge_rto(struct judging *j)
{
	struct check *c = judge_begin(j, "rto", "8.13");
	char limit[POLICY_DURATION_TEXT], took[POLICY_DURATION_TEXT], when[CLOCK_TEXT_LEN];
	const struct fact_proof *worst = NULL;
	struct slot s;

	judge_target(j, c, j->s->rto, "all is restored within %s", policy_duration_text(limit, j->s->rto));
	for (size_t i = 0; (s = judge_slot(j, i)).host; i++) {
		const struct fact_proof *p = newest_proof(j, LEVEL_RESTORED, false, HELD_YES, &s, NULL),
					*bad = newest_proof(j, LEVEL_RESTORED, true, HELD_YES, &s, NULL);

		if (bad && (!p || bad->time >= p->time)) {
			cite_proof(j, c, bad);
			judge_status(c, HZ_POLICY_MISSED);
			judge_actual(j, c, -1, "%s:%s: the drill of %s found damage", s.host, s.path,
				clock_rfc3339(when, bad->time, 0));
			return;
		}
		if (!p || p->seconds < 0) {
			judge_status(c, HZ_POLICY_NOT_EVIDENCED);
			judge_actual(j, c, -1, "no drill of %s:%s says how long it takes", s.host, s.path);
			return;
		}
		cite_proof(j, c, p);
		worst = !worst || p->seconds > worst->seconds ? p : worst;
	}
	judge_status(c, worst->seconds > (double)j->s->rto ? HZ_POLICY_MISSED : HZ_POLICY_MET);
	/* What takes parts of a second has taken one. */
	(void)policy_duration_text(took, (int64_t)worst->seconds + 1);
	if (worst->levels & LEVEL_FULL_DRILL)
		judge_actual(j, c, (int64_t)worst->seconds + 1, "restoring all took %s", took);
	else
		judge_actual(
			j, c, (int64_t)worst->seconds + 1, "restoring all takes %s, by estimate from a sample", took);
}

/* ---- keys ---- */

static const struct fact_key *oldest_key(const struct judging *j, const char *repository)
{
	const struct fact_key *found = NULL;

	for (size_t i = 0; i < j->f->n_keys; i++) {
		const struct fact_key *k = &j->f->keys[i];

		if (strcmp(k->repository, repository) == 0 && (!found || k->time < found->time))
			found = k;
	}
	return found;
}

static void judge_keys(struct judging *j)
{
	struct check *c = NULL;
	char limit_text[POLICY_DURATION_TEXT], age[POLICY_DURATION_TEXT];
	const struct policy_repository *r;
	int64_t left = INT64_MAX;

	for (size_t i = 0; (r = judge_repository(j, i)); i++) {
		int64_t limit = r->key_age ? r->key_age : j->s->key_age;
		const struct fact_key *k = oldest_key(j, r->id);

		if (!limit)
			continue;
		if (!c) {
			c = judge_begin(j, "key_age", "8.24");
			judge_target(j, c, limit, "no key is older than %s", policy_duration_text(limit_text, limit));
		}
		if (!k && left >= 0 && c->pub.status != HZ_POLICY_NOT_EVIDENCED) {
			judge_status(c, HZ_POLICY_NOT_EVIDENCED);
			judge_actual(j, c, -1, "the keys of repository %s were not looked at", r->name);
		}
		if (!k || limit - (j->now - k->time) >= left)
			continue;
		left = limit - (j->now - k->time);
		if (left >= 0 && c->pub.status == HZ_POLICY_NOT_EVIDENCED)
			continue;
		judge_status(c, left < 0 ? HZ_POLICY_OVERDUE : HZ_POLICY_MET);
		judge_target(j, c, limit, "no key is older than %s", policy_duration_text(limit_text, limit));
		judge_actual(j, c, j->now - k->time, "the oldest of repository %s, %s, is %s old", r->name, k->what,
			policy_duration_text(age, j->now > k->time ? j->now - k->time : 0));
		c->pub.time = k->time;
	}
}

/* ---- review ---- */

static void judge_review(struct judging *j)
{
	struct check *c = judge_begin(j, "review", "5.1");
	int64_t until = j->s->review ? j->s->review : j->p->review;
	char by[POLICY_DATE_TEXT], approved[POLICY_DATE_TEXT];

	judge_target(j, c, until, "reviewed by %s", policy_date_text(by, until));
	(void)policy_date_text(approved, j->p->approved);
	if (j->p->approved > j->now + DAY) {
		judge_status(c, HZ_POLICY_MISSED);
		judge_actual(j, c, j->p->approved, "it is approved from %s on only", approved);
	} else {
		judge_status(c, j->now >= until + DAY ? HZ_POLICY_OVERDUE : HZ_POLICY_MET);
		judge_actual(j, c, j->p->approved, "approved at %s; the file's SHA-256 begins with %.16s", approved,
			j->p->sha256);
	}
	c->pub.time = j->p->approved;
}

void judge_proofs(struct judging *j)
{
	for (size_t i = 0; i < ARRAY_LEN(cadences); i++) {
		int64_t limit;

		memcpy(&limit, (const char *)j->s + cadences[i].at, sizeof(limit));
		if (limit)
			judge_cadence(j, &cadences[i], limit);
	}
	if (j->s->rto)
		judge_rto(j);
	judge_keys(j);
	judge_review(j);
}
