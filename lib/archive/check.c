/* SPDX-License-Identifier: BSD-2-Clause */
/* The check as a whole: its order, what is told of damage, and what it counts. */
#include "archive/check_internal.h"
#include "archive/content.h"
#include "base/clock.h"
#include "crypto/suite.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- telling ---- */

static struct id name_key(const struct check *c, const char *name)
{
	return suite_hash1(c->r->repo.log.repo.suite, name, strlen(name));
}

/* With the lock held. True when it is news. */
static bool remember(struct check *c, const char *name, bool mendable)
{
	struct id key = name_key(c, name);
	uint32_t at = 0;
	int added;

	if (c->n_told == c->cap_told) {
		size_t cap = c->cap_told ? c->cap_told * 2 : 64;
		bool *v = realloc(c->lost, cap * sizeof(*v));

		if (!v) {
			c->out_of_memory = true;
			return true;
		}
		c->lost = v;
		c->cap_told = cap;
	}
	added = idmap_add(&c->told, &key, (uint32_t)c->n_told, &at);
	if (added < 0) {
		c->out_of_memory = true;
		return true;
	}
	if (added == 1) {
		c->lost[c->n_told++] = !mendable;
		return true;
	}
	if (mendable || c->lost[at])
		return false;
	c->lost[at] = true;
	return true;
}

static void tell(struct check *c, const char *name, bool mendable, const char *what)
{
	size_t len = strlen(name);
	bool news;

	(void)pthread_mutex_lock(&c->lock);
	news = remember(c, name, mendable);
	(void)pthread_mutex_unlock(&c->lock);
	if (!news)
		return;
	/* Messages of errors mostly begin with the object. */
	if (strncmp(what, name, len) == 0 && what[len] == ':')
		job_event(c->job, HZ_EVENT_DAMAGE, NULL, 0, "%s", what);
	else
		job_event(c->job, HZ_EVENT_DAMAGE, NULL, 0, "%s: %s", name, what);
}

void check_damage(struct check *c, const char *name, bool mendable, const char *fmt, ...)
{
	char what[768];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), err_text(fmt), ap);
	va_end(ap);
	tell(c, name, mendable, what);
}

bool check_is_told(struct check *c, const char *name)
{
	struct id key = name_key(c, name);
	bool told;

	(void)pthread_mutex_lock(&c->lock);
	told = idmap_get(&c->told, &key, NULL);
	(void)pthread_mutex_unlock(&c->lock);
	return told;
}

/* What loading told on the way. Objects of sessions that were broken off are nobody's loss. */
static void on_damage(void *user, const char *name, const char *what, bool mended)
{
	struct check *c = user;
	struct uid u;

	if (name_parse_uid(&u, name, "index/") && !uid_list_has(&c->named, &u))
		return;
	if (name_parse_uid(&u, name, "packs/") && check_pack_number(c, &u) < 0)
		return;
	tell(c, name, mended, what);
}

int check_verdict(struct check *c, const char *name, int rc, hz_error **e, hz_error **err)
{
	switch (rc) {
	case 0:
		return 0;
	case HZ_E_REFUSED:
		job_event(c->job, HZ_EVENT_NOTE, NULL, 0, "%s; it is left alone", hz_error_message(*e));
		break;
	case HZ_E_IO:
		/* A place of the medium that cannot be read; the rest can be looked at all the same. */
		if (hz_error_errno(*e) != EIO)
			goto fail;
		tell(c, name, false, hz_error_message(*e));
		break;
	case HZ_E_TOONEW:
		job_event(c->job, HZ_EVENT_NOTE, NULL, 0, "%s: %s", name, hz_error_message(*e));
		if (!c->newer)
			c->newer = TAKE(*e);
		break;
	case HZ_E_CORRUPT:
	case HZ_E_NOTFOUND:
	case HZ_E_AUTH:
	case HZ_E_UNSUPPORTED:
		tell(c, name, false, hz_error_message(*e));
		break;
	default:
		goto fail;
	}
	err_clear(e);
	return 0;
fail:
	if (err && !*err)
		*err = TAKE(*e);
	return rc;
}

int check_tick(struct check *c, hz_error **err)
{
	if (job_tick(c->job, &c->progress) == 0)
		return 0;
	return job_check(c->job, err);
}

/* ---- lists ---- */

int uid_list_add(struct uid_list *l, const struct uid *u, hz_error **err)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct uid *v = realloc(l->v, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *u;
	return 0;
}

static int cmp_uid(const void *a, const void *b)
{
	return memcmp(a, b, UID_LEN);
}

void uid_list_sort(struct uid_list *l)
{
	size_t n = 0;

	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), cmp_uid);
	for (size_t i = 0; i < l->n; i++) {
		if (n == 0 || !uid_eq(&l->v[n - 1], &l->v[i]))
			l->v[n++] = l->v[i];
	}
	l->n = n;
}

bool uid_list_has(const struct uid_list *l, const struct uid *u)
{
	return l->n > 0 && bsearch(u, l->v, l->n, sizeof(*l->v), cmp_uid) != NULL;
}

/* ---- the whole ---- */

/* Group keys of a reader or lister are the handle's; a writer has its own group's. */
static int take_groups(struct check *c, hz_error **err)
{
	const struct bundle *key = c->r->repo.key;
	size_t n = c->r->n_groups;

	c->groups = calloc(n + 1, sizeof(*c->groups));
	if (!c->groups)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++)
		c->groups[i] = c->r->groups[i].keys;
	c->n_groups = n;
	if (n > 0 || !key || !key->group_secret)
		return 0;
	int rc = group_from_secret(&c->groups[0], c->r->repo.log.repo.suite, &key->group, key->group_secret, err);

	c->n_groups = rc == 0;
	return rc;
}

static void check_release(struct check *c)
{
	if (c->groups && c->r->n_groups == 0 && c->n_groups > 0)
		group_release(&c->groups[0]);
	if (c->groups)
		wipe(c->groups, c->n_groups * sizeof(*c->groups));
	free(c->groups);
	hz_error_free(c->newer);
	idmap_release(&c->told);
	free(c->lost);
	free(c->committed.v);
	free(c->damaged_commits.v);
	free(c->named.v);
	check_runs_release(c);
	free(c->stored);
	free(c->strangers.v);
	idmap_release(&c->bad_members);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_mutex_destroy(&c->page_lock);
}

static int run_phases(struct check *c, hz_error **err)
{
	bool list = (c->r->repo.can & HZ_NEED_LIST) && !(c->opts.flags & HZ_CHECK_PRESENCE);
	bool data = c->opts.flags & HZ_CHECK_READ_DATA;
	int rc = take_groups(c, err);

	c->progress.phase = HZ_PHASE_START;
	if (rc == 0)
		rc = check_objects(c, err);
	if (rc == 0)
		rc = check_runs(c, err);
	if (rc == 0)
		rc = check_packs(c, err);
	if (rc == 0)
		rc = check_named_runs(c, err);
	if (rc == 0)
		rc = check_audit(c, err);
	if (rc == 0)
		rc = check_foreign(c, err);
	if (rc == 0 && c->closed_runs == 0)
		c->res.looked_at |= HZ_LOOKED_STRUCTURE;
	else if (rc == 0)
		job_event(c->job, HZ_EVENT_NOTE, NULL, 0,
			"%zu index runs do not open with this key: whether their packs are there was not looked at",
			c->closed_runs);
	if (rc == 0 && data) {
		c->progress.phase = HZ_PHASE_DATA;
		rc = check_data(c, err);
	}
	if (rc == 0 && list) {
		c->progress = (hz_progress){ .phase = HZ_PHASE_PLAN };
		rc = check_trees(c, err);
	}
	if (rc == 0 && c->out_of_memory)
		rc = err_nomem(err);
	return rc;
}

static void count(struct check *c)
{
	c->res.damaged = c->n_told;
	for (size_t i = 0; i < c->n_told; i++)
		c->res.mendable += !c->lost[i];
}

static int take_options(struct check *c, const hz_check_options *opts, hz_error **err)
{
	hz_check_options *o = &c->opts;
	uint32_t seed = 0;
	int rc = 0;

	*o = (hz_check_options)HZ_CHECK_OPTIONS_INIT;
	if (opts)
		rc = options_copy(o, sizeof(*o), opts, "hz_check_options", err);
	if (rc == 0 && (o->flags & ~(HZ_CHECK_READ_DATA | HZ_CHECK_PRESENCE | HZ_CHECK_TURN)))
		rc = err_set(err, HZ_E_UNSUPPORTED, "hz_check: flags of a newer version");
	if (rc == 0 && (o->flags & HZ_CHECK_READ_DATA) && (o->flags & HZ_CHECK_PRESENCE))
		rc = err_set(err, HZ_E_INVAL, "hz_check: presence only, and data too");
	if (rc == 0 && o->data_permille && o->data_packs)
		rc = err_set(err, HZ_E_INVAL, "hz_check: a part of the packs, and a number of them");
	if (rc == 0 && (o->flags & HZ_CHECK_TURN) && !o->data_permille && !o->data_packs)
		rc = err_set(err, HZ_E_INVAL, "hz_check: a turn, and no part of the packs");
	if (rc == 0 && o->data_permille > 1000)
		rc = err_set(err, HZ_E_INVAL, "hz_check: more than 1000 of 1000 packs");
	if (rc == 0 && (o->flags & HZ_CHECK_READ_DATA))
		rc = content_need(c->r, err);
	while (rc == 0 && o->seed == 0) {
		random_bytes(&seed, sizeof(seed));
		o->seed = seed;
	}
	return rc;
}

int hz_check(hz_reader *r, const hz_check_options *opts, hz_job *job, hz_check_result *result, hz_error **err)
{
	struct check c = { .r = r, .job = job };
	struct damage_sink before = r->repo.sink;
	uint64_t began = clock_mono_ns();
	int rc = take_options(&c, opts, err);

	if (rc < 0)
		return rc;
	(void)pthread_mutex_init(&c.lock, NULL);
	(void)pthread_mutex_init(&c.page_lock, NULL);
	job_begin(job);
	r->repo.job = job;
	r->repo.sink = (struct damage_sink){ on_damage, &c };
	if (r->repo.rolled_back)
		check_damage(&c, "admin log", false,
			"shows less than this host has seen: the store was rolled back or swapped");
	rc = run_phases(&c, err);
	(void)job_tick(job, NULL);
	if (rc == 0 && c.newer) {
		rc = hz_error_code(c.newer);
		if (err && !*err)
			*err = TAKE(c.newer);
	}
	r->repo.sink = before;
	r->repo.job = NULL;
	count(&c);
	c.res.duration_ns = clock_mono_ns() - began;
	if (result) {
		c.res.size = result->size;
		memcpy(result, &c.res, c.res.size < sizeof(c.res) ? c.res.size : sizeof(c.res));
	}
	check_release(&c);
	return rc;
}
