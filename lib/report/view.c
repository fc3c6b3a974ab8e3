/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages: gathers verified facts, and has the module draw them (hozen/view.h, report/view_module.h). */
#include "hozen/view.h"
#include "base/clock.h"
#include "base/module.h"
#include "base/options.h"
#include "report/check.h"
#include "report/view_module.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RECENT ((int64_t)31 * 86400)

struct gathered {
	hz_report report; /* without its text */
	struct json_value *root;
};

struct hz_view {
	struct gathered *list;
	struct view_record *records;
	size_t n, cap;
	hz_log_result log;
	void *kept; /* by the module */
};

static int module_of(const struct view_module **m, hz_error **err)
{
	const void *symbol;
	int rc = module_symbol(&symbol, "view", "hozen_view_module", err);

	if (rc < 0) {
		err_hint(err,
			"pages need the module libhozen-view with cairo, pango and libqrencode; text without --format "
			"does not");
		return rc;
	}
	*m = symbol;
	if (strcmp((*m)->version, HOZEN_VERSION) != 0)
		return err_set(err, HZ_E_UNSUPPORTED, "module 'view' is of version %.40s, the library of %s",
			(*m)->version, HOZEN_VERSION);
	if ((*m)->request_size != sizeof(struct view_request) || (*m)->record_size != sizeof(struct view_record))
		return err_set(err, HZ_E_UNSUPPORTED, "module 'view' is of another build than the library");
	return 0;
}

static void drop(void *kept)
{
	const struct view_module *m;

	if (kept && module_of(&m, NULL) == 0)
		m->drop(kept);
}

void hz_view_close(hz_view *v)
{
	if (v)
		drop(v->kept);
	for (size_t i = 0; v && i < v->n; i++)
		json_read_free(v->list[i].root);
	if (v) {
		free(v->list);
		free(v->records);
	}
	free(v);
}
DEFINE_AUTO(struct hz_view, hz_view_close)

static struct view_record record_of(const hz_report *r, const struct json_value *root)
{
	return (struct view_record){ root, r->signer, r->sha256, r->fingerprint, r->principals };
}

static int take_options(hz_view_options *o, struct view_request *q, const hz_view_options *given, hz_error **err)
{
	int rc = options_copy(o, sizeof(*o), given, "hz_view_options", err);

	if (rc < 0)
		return rc;
	if (o->format < HZ_VIEW_TEXT || o->format > HZ_VIEW_PDF || (o->flags & ~HZ_VIEW_UTC) || o->reserved)
		return err_set(err, HZ_E_INVAL, "view: no such format or flag");
	if (o->language && strcmp(o->language, "en") != 0 && strcmp(o->language, "ja") != 0)
		return err_set(err, HZ_E_INVAL, "view: no such language: %.20s; there are en and ja", o->language);
	q->format = o->format;
	q->japanese = o->language && strcmp(o->language, "ja") == 0;
	q->utc = (o->flags & HZ_VIEW_UTC) != 0;
	return 0;
}

static int draw(void **page, uint64_t *len, const struct view_request *q, hz_error **err)
{
	struct view_answer a = { 0 };
	const struct view_module *m;
	int rc = module_of(&m, err);

	if (rc < 0)
		return rc;
	rc = m->draw(q, &a);
	if (rc < 0) {
		rc = err_set(err, rc, "%s", a.message);
		if (*a.hint)
			err_hint(err, "%s", a.hint);
		return rc;
	}
	*page = a.data;
	*len = a.len;
	return 0;
}

int hz_view_record(void **page, uint64_t *len, const hz_report *report, const hz_view_options *opts, hz_error **err)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	struct view_request q = { 0 };
	struct view_record one;
	hz_view_options o;
	void *kept = NULL;
	hz_report r;
	int rc = take_options(&o, &q, opts, err);

	if (rc == 0)
		rc = options_copy(&r, sizeof(r), report, "hz_report", err);
	if (rc < 0)
		return rc;
	if (!r.text || r.text_len == 0)
		return err_set(err, HZ_E_INVAL, "view: no record; hz_report_check gives one");
	rc = json_read(&root, r.text, r.text_len, err);
	if (rc < 0)
		return rc;
	one = record_of(&r, root);
	q.records = &one;
	q.n_records = 1;
	q.kept = &kept;
	rc = draw(page, len, &q, err);
	drop(kept);
	return rc;
}

static int gather(void *user, const hz_report *r, struct json_value **root)
{
	struct hz_view *g = user;
	struct gathered *more;

	if (g->n == g->cap) {
		size_t cap = g->cap ? 2 * g->cap : 64;

		more = realloc(g->list, cap * sizeof(*more));
		if (!more)
			return HZ_E_NOMEM;
		g->list = more;
		g->cap = cap;
	}
	g->list[g->n].report = *r;
	g->list[g->n].report.text = NULL;
	g->list[g->n++].root = TAKE(*root);
	return 0;
}

static int64_t first_of(bool utc, int year, int month)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 1, .tm_isdst = -1 };

	return (int64_t)(utc ? timegm(&tm) : mktime(&tm));
}

/* "2026", "2026-11": from its first second on, to that of the next. */
static int take_period(struct view_request *q, const hz_view_options *o, hz_error **err)
{
	int64_t now = o->now ? o->now : clock_wall().sec;
	int year = 0, month = 0, end = 0;
	bool whole;

	q->period = o->period;
	q->now = now;
	q->from = now - RECENT;
	q->to = now + 1;
	if (!o->period)
		return 0;
	whole = strlen(o->period) == 4;
	if ((!whole && strlen(o->period) != 7) ||
		sscanf(o->period, whole ? "%4d%n" : "%4d-%2d%n", &year, whole ? &end : &month, &end) <
			(whole ? 1 : 2) ||
		(size_t)end != strlen(o->period) || year < 1970 || (!whole && (month < 1 || month > 12)))
		return err_set(err, HZ_E_INVAL, "no such period: %.20s; a year or a month, such as 2026 or 2026-11",
			o->period);
	q->from = first_of(q->utc, year, whole ? 1 : month);
	q->to = whole ? first_of(q->utc, year + 1, 1) : first_of(q->utc, year, month + 1);
	if (!o->now && q->to <= now)
		q->now = q->to - 1;
	return 0;
}

int hz_view_open(hz_view **view, const char *folder, const char *state_dir, const hz_trust *trust,
	hz_view_result *result, hz_error **err)
{
	AUTO(hz_view_close) hz_view *v = calloc(1, sizeof(*v));
	const struct log_eyes eyes = { .roots = true, .each = gather, .each_user = v };
	hz_view_result res = HZ_VIEW_RESULT_INIT;
	int rc;

	if (!v)
		return err_nomem(err);
	v->log = (hz_log_result)HZ_LOG_RESULT_INIT;
	rc = log_look(folder, state_dir, trust, NULL, &eyes, &v->log, err);
	if (rc == 0)
		v->records = calloc(v->n + 1, sizeof(*v->records));
	if (rc == HZ_E_NOMEM || (rc == 0 && !v->records))
		return err_nomem(err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < v->n; i++) {
		v->records[i] = record_of(&v->list[i].report, v->list[i].root);
		res.untrusted += v->records[i].signer != HZ_SIGNER_TRUSTED;
	}
	res.log_signer = v->log.signer;
	res.records = v->n;
	res.findings = v->log.findings;
	res.bad = v->log.entries - v->n;
	result_give(result, &res, sizeof(res));
	*view = TAKE(v);
	return 0;
}

int hz_view_overview(void **page, uint64_t *len, hz_view *v, const hz_view_options *opts, hz_error **err)
{
	struct view_request q = { .overview = true };
	hz_view_options o;
	int rc = take_options(&o, &q, opts, err);

	if (rc == 0)
		rc = take_period(&q, &o, err);
	if (rc < 0)
		return rc;
	q.bad = v->log.entries - v->n;
	q.log = (struct view_log){ v->log.entries, v->log.findings, v->log.pending, v->log.records_good,
		v->log.records_unknown, v->log.signer, v->log.root, v->log.fingerprint };
	q.records = v->records;
	q.n_records = v->n;
	q.kept = &v->kept;
	return draw(page, len, &q, err);
}
