/* SPDX-License-Identifier: BSD-2-Clause */
/* Going on with a journal: the medium it speaks of is looked for, and the job takes up what an earlier process did. */
#include "base/options.h"
#include "base/vfs.h"
#include "sanitize/sanitize.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an earlier process did, into the job. */
static int take_state(struct job *j, struct journal_state *s, hz_error **err)
{
	int rc = job_plan_read(j, s->plan, err);

	j->resumed = true;
	for (unsigned i = 0; i < s->n_steps && i < j->plan.n_steps && rc == 0; i++) {
		struct journal_step *step = &s->step[i];
		struct step_facts *f = &j->facts[i];

		if (strcmp(step->method, j->plan.step[i].method->id) != 0)
			return err_set(err, HZ_E_CORRUPT, "the journal's steps are not those of its plan");
		if (step->has_seed)
			memcpy(f->seed, step->seed, sizeof(f->seed));
		if (step->n_notes > 0)
			(void)snprintf(f->note, sizeof(f->note), "%.63s", step->note[step->n_notes - 1].state);
		f->key = TAKE(step->key);
		f->left = step->fill;
		f->left.key = f->key;
		f->over.pass = step->pass;
		f->over.from = step->durable;
		f->over.key = f->key;
		f->over.cipher = step->fill.cipher;
		f->over.missed = step->missed;
		step->missed = (struct extents){ 0 };
		f->in_journal = true;
		f->done_before = step->ended;
		j->outcome[i].bad = step->bad;
		step->bad = (struct extents){ 0 };
		j->outcome[i].touched = step->has_fill || step->n_notes ? TOUCHED_UNKNOWN : TOUCHED_NO;
		if (step->ended) {
			j->outcome[i].state = step->state;
			j->outcome[i].touched = step->touched;
			j->outcome[i].flushed = step->state == OUTCOME_COMPLETED || step->state == OUTCOME_EXCEPTIONS;
		}
		if (step->has_verified)
			j->verified[i] = step->verified;
	}
	return rc;
}

int sanitize_resume_on(struct link *l, const hz_sanitize_options *o, int dirfd, const char *name,
	void (*sleep_ms)(void *, uint32_t), hz_record *rec, hz_json *summary, hz_sanitize_result *result,
	hz_error **err)
{
	AUTO(erase_journal_close) struct erase_journal *journal = NULL;
	AUTO_IN(journal_state_release) struct journal_state s = { 0 };
	AUTO_IN(job_release) struct job j;
	int rc;

	job_init(&j, l, o);
	j.sleep_ms = sleep_ms ? sleep_ms : sanitize_sleep;
	rc = erase_journal_open(&journal, &s, dirfd, name, &l->info, err);
	j.journal = journal;
	if (rc == 0) {
		hz_json_str(summary, "continues", s.job);
		rc = take_state(&j, &s, err);
	}
	if (rc == 0)
		rc = job_kept_take(&j, summary, rec, err);
	if (rc == 0)
		rc = job_stands(&j, err);
	if (rc < 0) {
		if (j.plan.goal != LEVEL_NONE)
			result->goal = (uint32_t)j.plan.goal;
		result->device = l->info;
		sanitize_nothing_touched(summary, result, rc, err ? *err : NULL);
		return rc;
	}
	rc = job_run(&j, err);
	job_report(&j, rc, rec, summary, result);
	return rc;
}

struct search {
	const struct journal_device *want;
	hz_device_info *found;
	unsigned n;
};

static int on_device(void *user, const hz_device_info *d)
{
	struct search *s = user;

	if (journal_device_same(s->want, d, NULL) == 0 && s->n++ == 0)
		*s->found = *d;
	return 0;
}

/* Under the name that was given. */
static int find_there(const char *path, const struct journal_device *want, hz_device_info *found, hz_error **err)
{
	int rc = hz_device_look(path, found, err);

	if (rc == 0)
		rc = journal_device_same(want, found, err);
	if (rc == HZ_E_NOTFOUND || rc == HZ_E_REFUSED)
		return err_wrap(err, rc, "the medium of this journal (%s) is not here", want->confirm_id);
	return rc;
}

/* Under whatever name it has now; two that look alike are none. */
static int find(const char *path, const struct journal_device *want, hz_device_info *found, hz_error **err)
{
	struct search s = { want, found, 0 };
	int rc;

	found->size = sizeof(*found);
	if (path)
		return find_there(path, want, found, err);
	rc = hz_devices_list(NULL, on_device, &s, err);
	if (rc == 0 && s.n == 0)
		rc = err_set(err, HZ_E_NOTFOUND, "the medium of this journal (%s) is not here", want->confirm_id);
	else if (rc == 0 && s.n > 1)
		rc = err_set(err, HZ_E_REFUSED, "%u devices look like the medium of this journal (%s)", s.n,
			want->confirm_id);
	return rc;
}

static int read_journal(struct journal_state *s, int *dirfd, const char **name, const char *journal, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;
	int rc = journal_folder_open(dirfd, name, journal, err);

	if (rc == 0)
		rc = vfs_read_file(&data, &len, *dirfd, *name, JOURNAL_FILE_MAX, true, err);
	if (rc == 0)
		rc = journal_state_read(s, data, len, err);
	if (data)
		wipe(data, len);
	if (rc == 0 && *s->superseded)
		rc = err_set(err, HZ_E_REFUSED, "a later job (%s) began anew on this medium: this one is over",
			s->superseded);
	else if (rc == 0 && s->finished)
		rc = err_set(err, HZ_E_REFUSED, "this job came to its end");
	return err_wrap(err, rc, "%s", journal);
}

static int resume(const char *journal, const char *path, const hz_sanitize_options *o, hz_record *rec, hz_json *summary,
	hz_sanitize_result *r, hz_error **err)
{
	AUTO(link_close) struct link *l = NULL;
	AUTO(trace_free) struct trace *t = NULL;
	AUTO_FREE hz_device_info *d = calloc(1, sizeof(*d));
	AUTO_IN(journal_state_release) struct journal_state s = { 0 };
	AUTO_FD int dirfd = -1;
	enum level goal;
	const char *name;
	int rc = d ? read_journal(&s, &dirfd, &name, journal, err) : err_nomem(err);

	hz_json_path(summary, "journal", journal, strlen(journal));
	if (*s.job)
		hz_json_str(summary, "continues", s.job);
	(void)job_plan_steps(s.plan, &goal);
	r->goal = (uint32_t)goal;
	if (rc == 0)
		rc = find(path, &s.device, d, err);
	/* The same gates as before a run, and what the operator named has to be this medium. */
	if (rc == 0)
		rc = sanitize_claim(&l, &t, d->path, o, err);
	if (rc == 0)
		return sanitize_resume_on(l, o, dirfd, name, NULL, rec, summary, r, err);
	if (d)
		r->device = *d;
	sanitize_nothing_touched(summary, r, rc, err ? *err : NULL);
	return rc;
}

int hz_sanitize_resume(const char *journal, const char *path, const hz_sanitize_options *opts, hz_record *rec,
	hz_json *summary, hz_sanitize_result *result, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	hz_sanitize_options o;
	hz_sanitize_result r = HZ_SANITIZE_RESULT_INIT;
	int rc = sanitize_options_check(&o, opts, &e);

	if (rc == 0)
		rc = resume(journal, path, &o, rec, summary, &r, &e);
	else
		sanitize_nothing_touched(summary, &r, rc, e);
	sanitize_why(summary, &r, rc, e);
	result_give(result, &r, sizeof(r));
	return rc < 0 ? err_copy(err, e) : rc;
}
