/* SPDX-License-Identifier: BSD-2-Clause */
/* The public calls: options, report folder, journal and link around a job. */
#include "base/json.h"
#include "base/options.h"
#include "base/places.h"
#include "base/vfs.h"
#include "sanitize/sanitize.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void sanitize_sleep(void *user, uint32_t ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)user;
	(void)nanosleep(&ts, NULL);
}

const char *hz_level_name(uint32_t level)
{
	return level <= LEVEL_PURGE ? level_name((enum level)level) : "none";
}

/* ---- report folder ---- */

int report_folder_open(int *fd, char **path, const char *given, bool make, hz_error **err)
{
	AUTO_FREE char *state = NULL;
	int rc = 0;

	*path = NULL;
	if (given)
		*path = strdup(given);
	else
		rc = place_state_base(&state, NULL, err);
	if (rc == 0 && !given && asprintf(path, "%s/erase", state) < 0)
		*path = NULL;
	if (rc == 0 && !*path)
		rc = err_nomem(err);
	if (rc < 0)
		return rc;
	if (make)
		return vfs_mkdirs(fd, *path, 0700, err);
	*fd = vfs()->openat(AT_FDCWD, *path, O_RDONLY | O_DIRECTORY, 0);
	return *fd < 0 ? err_errno(err, "report folder %s", *path) : 0;
}

static int journal_name(char *out, size_t len, const char *record_id)
{
	return snprintf(out, len, "%s" JOURNAL_SUFFIX, record_id);
}

/* ---- one run ---- */

int sanitize_options_check(hz_sanitize_options *o, const hz_sanitize_options *given, hz_error **err)
{
	int rc = options_copy(o, sizeof(*o), given, "hz_sanitize_options", err);

	if (rc < 0)
		return rc;
	if (o->flags || !o->confirm_id || !o->record_id || strlen(o->record_id) != UUID_TEXT - 1)
		return err_set(err, HZ_E_INVAL, "hz_sanitize_options: confirm_id or record_id is missing");
	return 0;
}

int sanitize_claim(struct link **l, struct trace **t, const char *path, const hz_sanitize_options *o, hz_error **err)
{
	size_t n = 0;
	int rc;

	while (o->overrides && o->overrides[n])
		n++;
	rc = trace_new(t, err);
	if (rc == 0)
		rc = link_open(l, path, o->confirm_id, o->overrides, n, err);
	if (rc == 0)
		(*l)->trace = *t;
	return rc;
}

/* The line of the trail that says it. */
static const char *why_not(const struct plan *p)
{
	for (size_t i = 0; i < p->n_reasons; i++)
		if (strstr(p->reason[i], "destroy it") || strstr(p->reason[i], "cannot be reached"))
			return p->reason[i];
	return p->n_reasons ? p->reason[p->n_reasons - 1] : "the goal cannot be reached";
}

static int plan_for(struct job *j, const hz_plan_options *po, hz_error **err)
{
	AUTO(hz_plan_free) hz_plan *p = NULL;
	int rc = hz_plan_make(&p, &j->before, po, err);

	if (rc < 0)
		return rc;
	j->plan = *plan_of(p, &j->wanted);
	j->method_options.strict = j->wanted.strict;
	if (j->plan.reachable)
		return 0;
	rc = err_set(err, HZ_E_REFUSED, "%s: %s", j->before.path, why_not(&j->plan));
	err_hint(err, "'hozen-erase plan' shows why, with every method that was looked at");
	return rc;
}

int sanitize_on(struct link *l, const hz_sanitize_options *o, int dirfd, void (*sleep_ms)(void *, uint32_t),
	hz_record *rec, hz_json *summary, hz_sanitize_result *result, hz_error **err)
{
	AUTO(erase_journal_close) struct erase_journal *journal = NULL;
	AUTO_IN(job_release) struct job j;
	AUTO_FREE char *text = NULL;
	char name[64];
	int rc;

	job_init(&j, l, o);
	j.sleep_ms = sleep_ms ? sleep_ms : sanitize_sleep;
	rc = plan_for(&j, &o->plan, err);
	if (rc == 0)
		rc = job_plan_text(&j, summary, &text, err);
	(void)journal_name(name, sizeof(name), o->record_id);
	if (rc == 0)
		rc = erase_journal_create(&journal, dirfd, name, o->record_id, &j.before, text, err);
	j.journal = journal;
	/* Durable before the first write: what another job left half done here must not be gone on with. */
	if (rc == 0) {
		rc = journals_supersede(dirfd, name, o->record_id, &j.before, err);
		if (rc < 0)
			(void)erase_journal_finished(journal, NULL);
	}
	if (rc == 0)
		rc = job_run(&j, err);
	job_report(&j, rc, rec, summary, result);
	return rc;
}

void sanitize_nothing_touched(hz_json *summary, hz_sanitize_result *result, int rc, const hz_error *err)
{
	hz_json_str(summary, "goal", hz_level_name(result->goal));
	hz_json_str(summary, "level", "none");
	hz_json_bool(summary, "certificate", 0);
	hz_json_str(summary, "why", err ? hz_error_message(err) : hz_error_name(rc));
	hz_json_str(summary, "touched", "no");
	(void)hz_json_array(summary, "steps");
}

void sanitize_why(hz_json *summary, hz_sanitize_result *r, int rc, const hz_error *e)
{
	if (rc == 0 || !e)
		return;
	(void)snprintf(r->why, sizeof(r->why), "%s", hz_error_message(e));
	json_put_text(summary, "why", r->why, sizeof(r->why));
}

int hz_sanitize_run(const char *path, const hz_sanitize_options *opts, hz_record *rec, hz_json *summary,
	hz_sanitize_result *result, hz_error **err)
{
	AUTO(link_close) struct link *l = NULL;
	AUTO(trace_free) struct trace *t = NULL;
	AUTO(hz_error_free) hz_error *e = NULL;
	AUTO_FREE char *folder = NULL;
	AUTO_FD int dirfd = -1;
	hz_sanitize_options o;
	hz_sanitize_result r = HZ_SANITIZE_RESULT_INIT;
	int rc = sanitize_options_check(&o, opts, &e);

	if (rc == 0) {
		r.goal = o.plan.goal;
		rc = report_folder_open(&dirfd, &folder, o.report_dir, true, &e);
	}
	if (rc == 0)
		rc = sanitize_claim(&l, &t, path, &o, &e);
	if (rc == 0)
		rc = sanitize_on(l, &o, dirfd, NULL, rec, summary, &r, &e);
	else
		sanitize_nothing_touched(summary, &r, rc, e);
	sanitize_why(summary, &r, rc, e);
	result_give(result, &r, sizeof(r));
	return rc < 0 ? err_copy(err, e) : rc;
}
