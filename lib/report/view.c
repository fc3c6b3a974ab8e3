/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages: gathers verified facts, and has the module draw them (hozen/view.h, report/view_module.h). */
#include "hozen/view.h"
#include "base/clock.h"
#include "base/module.h"
#include "base/options.h"
#include "report/view_module.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RECENT ((int64_t)31 * 86400)

struct gathered {
	hz_report *list;
	struct view_record *records;
	size_t n, cap;
};

static void gathered_release(struct gathered *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->list[i].text);
	free(g->list);
	free(g->records);
}

static struct view_record record_of(const hz_report *r)
{
	return (struct view_record){ r->text, (size_t)r->text_len, r->signer, r->sha256, r->fingerprint,
		r->principals };
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
	const void *symbol;
	const struct view_module *m;
	int rc = module_symbol(&symbol, "view", "hozen_view_module", err);

	if (rc < 0) {
		err_hint(err,
			"pages need the module libhozen-view with cairo, pango and libqrencode; text without --format "
			"does not");
		return rc;
	}
	m = symbol;
	if (strcmp(m->version, HOZEN_VERSION) != 0)
		return err_set(err, HZ_E_UNSUPPORTED, "module 'view' is of version %.40s, the library of %s",
			m->version, HOZEN_VERSION);
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
	struct view_request q = { 0 };
	struct view_record one;
	hz_view_options o;
	hz_report r;
	int rc = take_options(&o, &q, opts, err);

	if (rc == 0)
		rc = options_copy(&r, sizeof(r), report, "hz_report", err);
	if (rc < 0)
		return rc;
	if (!r.text || r.text_len == 0)
		return err_set(err, HZ_E_INVAL, "view: no record; hz_report_check gives one");
	one = record_of(&r);
	q.records = &one;
	q.n_records = 1;
	return draw(page, len, &q, err);
}

static int gather(void *user, const hz_report *r)
{
	struct gathered *g = user;
	hz_report *more;

	if (g->n == g->cap) {
		size_t cap = g->cap ? 2 * g->cap : 64;

		more = realloc(g->list, cap * sizeof(*more));
		if (!more)
			return HZ_E_NOMEM;
		g->list = more;
		g->cap = cap;
	}
	g->list[g->n] = *r;
	g->list[g->n].text = malloc(r->text_len + 1);
	if (!g->list[g->n].text)
		return HZ_E_NOMEM;
	memcpy(g->list[g->n].text, r->text, r->text_len + 1);
	g->n++;
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

static int read_log(struct view_request *q, hz_log_result *log, struct gathered *g, const hz_trust *trust,
	const hz_view_options *o, hz_error **err)
{
	int rc = hz_records_walk(o->folder, o->state_dir, trust, gather, g, &q->bad, err);

	if (rc == HZ_E_NOMEM)
		(void)err_nomem(err);
	if (rc == 0)
		rc = hz_log_check(o->folder, o->state_dir, trust, NULL, NULL, NULL, log, err);
	if (rc < 0)
		return rc;
	q->log = (struct view_log){ log->entries, log->findings, log->pending, log->records_good, log->records_unknown,
		log->signer, log->root, log->fingerprint };
	g->records = calloc(g->n + 1, sizeof(*g->records));
	if (!g->records)
		return err_nomem(err);
	for (size_t i = 0; i < g->n; i++)
		g->records[i] = record_of(&g->list[i]);
	q->records = g->records;
	q->n_records = g->n;
	return 0;
}

int hz_view_overview(void **page, uint64_t *len, const hz_trust *trust, const hz_view_options *opts,
	hz_view_result *result, hz_error **err)
{
	AUTO_IN(gathered_release) struct gathered g = { 0 };
	struct view_request q = { .overview = true };
	hz_view_result res = HZ_VIEW_RESULT_INIT;
	hz_log_result log = HZ_LOG_RESULT_INIT;
	hz_view_options o;
	int rc = take_options(&o, &q, opts, err);

	if (rc == 0)
		rc = take_period(&q, &o, err);
	if (rc == 0)
		rc = read_log(&q, &log, &g, trust, &o, err);
	if (rc == 0)
		rc = draw(page, len, &q, err);
	if (rc < 0)
		return rc;
	res.log_signer = log.signer;
	res.records = g.n;
	res.findings = log.findings;
	res.bad = q.bad;
	for (size_t i = 0; i < g.n; i++)
		res.untrusted += g.list[i].signer != HZ_SIGNER_TRUSTED;
	result_give(result, &res, sizeof(res));
	return 0;
}
