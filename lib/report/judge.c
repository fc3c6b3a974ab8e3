/* SPDX-License-Identifier: BSD-2-Clause */
/* Systems, assets, and the result that is built: see judge.h. */
#include "report/judge.h"
#include "base/error.h"
#include "report/assets.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *hz_policy_status_name(uint32_t status)
{
	static const char *const names[] = { "met", "not_evidenced", "overdue", "missed" };

	return status < ARRAY_LEN(names) ? names[status] : "unknown";
}

/* ---- what the result owns ---- */

/* Takes p; NULL is memory that is out, and stays NULL. */
static void *keep(struct building *b, void *p)
{
	if (p && b->n_kept == b->cap_kept) {
		size_t cap = b->cap_kept ? b->cap_kept * 2 : 64;
		void **v = realloc(b->kept, cap * sizeof(*v));

		if (!v) {
			free(p);
			p = NULL;
		} else {
			b->kept = v;
			b->cap_kept = cap;
		}
	}
	if (p)
		b->kept[b->n_kept++] = p;
	else
		b->failed = true;
	return p;
}

static char *keep_text(struct building *b, const char *text)
{
	return keep(b, strdup(text));
}

void hz_policy_result_free(hz_policy_result *result)
{
	struct building *b = (struct building *)(void *)result;

	if (!b)
		return;
	for (size_t i = 0; i < b->n_kept; i++)
		free(b->kept[i]);
	free(b->kept);
	free(b);
}

static void auto_building(hz_policy_result **r)
{
	hz_policy_result_free(*r);
}

/* ---- a check ---- */

struct check *judge_begin(struct judging *j, const char *name, const char *control)
{
	static _Thread_local struct check lost;
	struct check *c = j->n_checks < CHECKS_MAX ? keep(j->b, calloc(1, sizeof(*c))) : NULL;

	if (!c) {
		j->b->failed = true;
		memset(&lost, 0, sizeof(lost));
		c = &lost;
	} else {
		j->checks[j->n_checks++] = &c->pub;
	}
	c->pub.size = sizeof(c->pub);
	c->pub.name = name;
	c->pub.control = control;
	c->pub.target_value = c->pub.actual_value = -1;
	c->pub.records = c->records;
	c->pub.records_sha256 = c->sha256;
	c->pub.snapshots = c->snapshots;
	return c;
}

void judge_status(struct check *c, uint32_t status)
{
	c->pub.status = status;
}

/* English, and as the process speaks. */
static void say(struct judging *j, const char **english, const char **local, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));
static void say(struct judging *j, const char **english, const char **local, const char *fmt, va_list ap)
{
	va_list again;
	char *text = NULL;

	va_copy(again, ap);
	*english = keep(j->b, vasprintf(&text, fmt, ap) < 0 ? NULL : text);
	text = NULL;
	*local = keep(j->b, vasprintf(&text, err_text(fmt), again) < 0 ? NULL : text);
	va_end(again);
}

void judge_target(struct judging *j, struct check *c, int64_t value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(j, &c->pub.target, &c->pub.target_local, fmt, ap);
	va_end(ap);
	c->pub.target_value = value;
}

void judge_actual(struct judging *j, struct check *c, int64_t value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(j, &c->pub.actual, &c->pub.actual_local, fmt, ap);
	va_end(ap);
	c->pub.actual_value = value;
}

static bool has(const char *const *v, uint64_t n, const char *text)
{
	for (uint64_t i = 0; i < n; i++) {
		if (v[i] && strcmp(v[i], text) == 0)
			return true;
	}
	return false;
}

void judge_cite(
	struct judging *j, struct check *c, const char *record, const char *sha256, const char *snapshot, int64_t time)
{
	if (*record && c->pub.n_records < CITED_MAX && !has(c->records, c->pub.n_records, record)) {
		c->records[c->pub.n_records] = keep_text(j->b, record);
		c->sha256[c->pub.n_records++] = keep_text(j->b, sha256);
	}
	if (*snapshot && c->pub.n_snapshots < CITED_MAX && !has(c->snapshots, c->pub.n_snapshots, snapshot))
		c->snapshots[c->pub.n_snapshots++] = keep_text(j->b, snapshot);
	c->pub.time = time > c->pub.time ? time : c->pub.time;
}

/* A snapshot that is there, and the record of its backup, where there is one. */
void judge_cite_copy(struct judging *j, struct check *c, const struct fact_copy *copy)
{
	const struct fact_copy *record = copy->in_repository ? judge_record_of(j, copy) : NULL;

	if (record)
		judge_cite(j, c, record->record, record->sha256, "", 0);
	judge_cite(j, c, copy->record, copy->sha256, copy->in_repository ? copy->snapshot : "", copy->time);
}

/* ---- slots ---- */

struct slot judge_slot(const struct judging *j, size_t i)
{
	size_t paths = j->s->paths.n;

	if (i >= j->s->hosts.n * paths)
		return (struct slot){ NULL, NULL };
	return (struct slot){ j->s->hosts.v[i / paths], j->s->paths.v[i % paths] };
}

bool judge_is_there(const struct judging *j, const struct fact_copy *c)
{
	return c->in_repository || !facts_has_opened(j->f, c->repository);
}

const struct policy_repository *judge_repository(const struct judging *j, size_t i)
{
	return i < j->s->repositories.n ? policy_repository(j->p, j->s->repositories.v[i]) : NULL;
}

const struct fact_copy *judge_newest(
	const struct judging *j, const struct slot *s, const char *repository, enum held held)
{
	for (size_t i = j->n_mine; i-- > 0;) {
		const struct fact_copy *c = j->mine[i];

		if ((!repository || strcmp(c->repository, repository) == 0) && judge_is_there(j, c) &&
			judge_held(j, s, c) >= held)
			return c;
	}
	return NULL;
}

bool judge_all_opened(const struct judging *j, const char **which)
{
	const struct policy_repository *r;

	for (size_t i = 0; (r = judge_repository(j, i)); i++) {
		*which = r->name;
		if (!facts_has_opened(j->f, r->id))
			return false;
	}
	return true;
}

/* ---- systems ---- */

/* By time; of one snapshot first what the record says, then what the repository does. */
static int cmp_copies(const void *a, const void *b)
{
	const struct fact_copy *x = *(const struct fact_copy *const *)a, *y = *(const struct fact_copy *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->in_repository != y->in_repository ? (x->in_repository ? 1 : -1) : strcmp(x->snapshot, y->snapshot);
}

/* A clock that was ahead once must not make everything new for ever. */
static bool is_mine(const struct judging *j, const struct fact_copy *c)
{
	return c->time <= j->now + DAY && policy_list_has(&j->s->hosts, c->host) &&
		policy_system_has(j->p, j->s, c->repository);
}

static bool collect(struct judging *j)
{
	j->n_mine = 0;
	j->mine = malloc((j->f->n_copies + 1) * sizeof(*j->mine));
	if (!j->mine)
		return false;
	for (size_t i = 0; i < j->f->n_copies; i++) {
		if (is_mine(j, &j->f->copies[i]))
			j->mine[j->n_mine++] = &j->f->copies[i];
	}
	if (j->n_mine > 1)
		qsort(j->mine, j->n_mine, sizeof(*j->mine), cmp_copies);
	return true;
}

static const char *const *keep_list(struct building *b, const struct policy_list *l)
{
	const char **v = keep(b, calloc(l->n + 1, sizeof(*v)));

	for (size_t i = 0; v && i < l->n; i++)
		v[i] = keep_text(b, l->v[i]);
	return v;
}

static const char *const *keep_ids(struct judging *j)
{
	const char **v = keep(j->b, calloc(j->s->repositories.n + 1, sizeof(*v)));
	const struct policy_repository *r;

	for (size_t i = 0; v && (r = judge_repository(j, i)); i++)
		v[i] = keep_text(j->b, r->id);
	return v;
}

static hz_policy_system *judge_system(struct judging *j)
{
	hz_policy_system *out = keep(j->b, calloc(1, sizeof(*out)));
	hz_policy_check **checks;

	j->n_checks = 0;
	if (!out || !collect(j)) {
		j->b->failed = true;
		return NULL;
	}
	judge_copies(j);
	judge_proofs(j);
	free(j->mine);
	j->mine = NULL;
	out->size = sizeof(*out);
	out->name = keep_text(j->b, j->s->name);
	out->owner = keep_text(j->b, j->s->owner);
	out->repositories = keep_list(j->b, &j->s->repositories);
	out->n_repositories = j->s->repositories.n;
	out->repository_ids = keep_ids(j);
	out->hosts = keep_list(j->b, &j->s->hosts);
	out->n_hosts = j->s->hosts.n;
	out->paths = keep_list(j->b, &j->s->paths);
	out->n_paths = j->s->paths.n;
	out->rpo = j->s->rpo;
	out->rto = j->s->rto ? j->s->rto : -1;
	checks = keep(j->b, calloc(CHECKS_MAX, sizeof(*checks)));
	if (!checks)
		return NULL;
	for (size_t i = 0; i < j->n_checks; i++) {
		checks[i] = j->checks[i];
		out->status = checks[i]->status > out->status ? checks[i]->status : out->status;
		j->b->pub.by_status[checks[i]->status]++;
	}
	out->checks = (const hz_policy_check *const *)checks;
	out->n_checks = j->n_checks;
	return out;
}

static bool judge_systems(struct judging *j)
{
	hz_policy_result *r = &j->b->pub;
	hz_policy_system **v = keep(j->b, calloc(j->p->n_systems + 1, sizeof(hz_policy_system *)));

	for (size_t i = 0; v && i < j->p->n_systems; i++) {
		j->s = &j->p->systems[i];
		v[i] = judge_system(j);
		if (!v[i])
			return false;
		r->status = v[i]->status > r->status ? v[i]->status : r->status;
	}
	r->systems = (const hz_policy_system *const *)v;
	r->n_systems = j->p->n_systems;
	return v;
}

/* ---- assets ---- */

/* What the list says of a host without a path is all of it. */
static bool covers(const struct policy_system *s, const struct asset *a)
{
	const char *path = a->path ? a->path : "/";

	if (policy_list_has(&s->assets, a->name))
		return true;
	if (!a->host || !policy_list_has(&s->hosts, a->host))
		return false;
	for (size_t i = 0; i < s->paths.n; i++) {
		if (policy_path_is_in(path, s->paths.v[i]))
			return true;
	}
	return false;
}

static bool judge_assets(struct judging *j, const hz_assets *assets)
{
	hz_policy_result *r = &j->b->pub;
	hz_policy_asset **v = keep(j->b, calloc(assets->n + 1, sizeof(hz_policy_asset *)));
	hz_policy_asset *out = keep(j->b, calloc(assets->n + 1, sizeof(*out)));

	for (size_t i = 0; v && out && i < assets->n; i++) {
		const struct asset *a = &assets->v[i];

		v[i] = &out[i];
		out[i].size = sizeof(out[i]);
		out[i].name = keep_text(j->b, a->name);
		out[i].line = a->line;
		for (size_t k = 0; k < j->p->n_systems && !out[i].covered; k++) {
			out[i].covered = covers(&j->p->systems[k], a);
			out[i].system = out[i].covered ? r->systems[k]->name : NULL;
			out[i].status = r->systems[k]->status;
		}
		if (!out[i].covered)
			out[i].status = HZ_POLICY_NOT_EVIDENCED;
		r->not_covered += !out[i].covered;
	}
	r->assets = (const hz_policy_asset *const *)v;
	r->n_assets = assets->n;
	return v && out;
}

int hz_policy_evaluate(hz_policy_result **result, const hz_policy *policy, const hz_facts *facts,
	const hz_assets *assets, int64_t now, hz_error **err)
{
	struct building *b = calloc(1, sizeof(*b));
	__attribute__((cleanup(auto_building))) hz_policy_result *owned = (hz_policy_result *)b;
	struct judging j = { .b = b, .p = policy, .f = facts, .now = now };

	if (!b)
		return err_nomem(err);
	b->pub.size = sizeof(b->pub);
	b->pub.now = now;
	if (!judge_systems(&j) || (assets && !judge_assets(&j, assets)) || b->failed)
		return err_nomem(err);
	*result = TAKE(owned);
	return 0;
}
