/* SPDX-License-Identifier: BSD-2-Clause */
/* Going on with a journal: the medium it speaks of is looked for, and the job takes up what an earlier process did. */
#include "base/options.h"
#include "base/vfs.h"
#include "sanitize/sanitize.h"
#include <errno.h>
#include <fcntl.h>
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
	AUTO_IN(job_release) struct job j;
	struct journal_state s;
	int rc = erase_journal_open(&journal, &s, dirfd, name, &l->info, err);

	if (rc < 0) {
		sanitize_nothing_touched(summary, result, rc, err ? *err : NULL);
		return rc;
	}
	job_init(&j, l, o);
	j.sleep_ms = sleep_ms ? sleep_ms : sanitize_sleep;
	j.journal = journal;
	rc = take_state(&j, &s, err);
	hz_json_str(summary, "continues", s.job);
	if (rc == 0)
		rc = job_run(&j, err);
	job_report(&j, rc, rec, summary, result);
	journal_state_release(&s);
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

/* Under whatever name it has now; two that look alike are none. */
static int find(const char *path, const struct journal_device *want, hz_device_info *found, hz_error **err)
{
	struct search s = { want, found, 0 };
	int rc;

	if (path) {
		rc = hz_device_look(path, found, err);
		return rc < 0 ? rc : journal_device_same(want, found, err);
	}
	rc = hz_devices_list(NULL, on_device, &s, err);
	if (rc == 0 && s.n == 0)
		rc = err_set(err, HZ_E_NOTFOUND, "the medium of this journal (%s) is not here", want->confirm_id);
	else if (rc == 0 && s.n > 1)
		rc = err_set(err, HZ_E_REFUSED, "%u devices look like the medium of this journal (%s)", s.n,
			want->confirm_id);
	return rc;
}

/* The folder of a path, and its last part. */
static int open_folder(int *fd, const char **name, const char *path, hz_error **err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	if (!folder)
		return err_nomem(err);
	*name = slash ? slash + 1 : path;
	*fd = vfs()->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
	return *fd < 0 ? err_errno(err, "%s", folder) : 0;
}

static int resume(const char *journal, const char *path, hz_sanitize_options *o, hz_record *rec, hz_json *summary,
	hz_sanitize_result *r, hz_error **err)
{
	AUTO(link_close) struct link *l = NULL;
	AUTO(trace_free) struct trace *t = NULL;
	AUTO_FREE hz_device_info *d = calloc(1, sizeof(*d));
	AUTO_FREE uint8_t *data = NULL;
	AUTO_FD int dirfd = -1;
	struct journal_state s;
	const char *name;
	size_t len;
	int rc = d ? open_folder(&dirfd, &name, journal, err) : err_nomem(err);

	if (rc == 0)
		rc = vfs_read_file(&data, &len, dirfd, name, JOURNAL_FILE_MAX, true, err);
	if (rc == 0)
		rc = journal_state_read(&s, data, len, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", journal);
	d->size = sizeof(*d);
	if (s.finished)
		rc = err_set(err, HZ_E_REFUSED, "%s: this job came to its end", journal);
	if (rc == 0)
		rc = find(path, &s.device, d, err);
	journal_state_release(&s);
	if (rc == 0) {
		o->confirm_id = d->confirm_id;
		rc = sanitize_claim(&l, &t, d->path, o, err);
	}
	return rc < 0 ? rc : sanitize_resume_on(l, o, dirfd, name, NULL, rec, summary, r, err);
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
	if (rc < 0 && r.device.bytes == 0)
		sanitize_nothing_touched(summary, &r, rc, e);
	result_give(result, &r, sizeof(r));
	return rc < 0 ? err_copy(err, e) : rc;
}

/* ---- journals of a folder ---- */

struct listing {
	int dirfd;
	const char *folder;
	hz_journal_fn fn;
	void *user;
	uint64_t bad;
};

static void fill(hz_journal_info *info, const struct journal_state *s)
{
	const struct journal_step *last = s->n_steps > 0 ? &s->step[s->n_steps - 1] : NULL;

	(void)snprintf(info->record_id, sizeof(info->record_id), "%s", s->job);
	(void)snprintf(info->confirm_id, sizeof(info->confirm_id), "%s", s->device.confirm_id);
	(void)snprintf(info->path, sizeof(info->path), "%s", s->device.path);
	info->finished = s->finished;
	info->total_bytes = s->device.bytes;
	info->step = s->n_steps;
	info->steps = (uint32_t)job_plan_steps(s->plan);
	if (!last)
		return;
	(void)snprintf(info->method, sizeof(info->method), "%.39s", last->method);
	(void)snprintf(info->state, sizeof(info->state), "%s",
		last->has_verified          ? "verified"
			: last->ended       ? outcome_name(last->state)
			: last->n_notes > 0 ? last->note[last->n_notes - 1].state
					    : "running");
	info->durable_bytes = last->ended ? s->device.bytes : last->durable;
}

static int on_name(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct listing *l = user;
	AUTO_FREE uint8_t *data = NULL;
	AUTO_FREE char *path = NULL;
	hz_journal_info info = HZ_JOURNAL_INFO_INIT;
	struct journal_state s;
	size_t len, n = strlen(name), suffix = strlen(JOURNAL_SUFFIX);

	(void)ino;
	(void)type;
	if (n <= suffix || strcmp(name + n - suffix, JOURNAL_SUFFIX) != 0)
		return 0;
	if (asprintf(&path, "%s/%s", l->folder, name) < 0)
		return HZ_E_NOMEM;
	if (vfs_read_file(&data, &len, l->dirfd, name, JOURNAL_FILE_MAX, true, NULL) < 0 ||
		journal_state_read(&s, data, len, NULL) < 0) {
		l->bad++;
		return 0;
	}
	fill(&info, &s);
	journal_state_release(&s);
	return l->fn(l->user, path, &info);
}

int hz_journals_list(const char *report_dir, hz_journal_fn fn, void *user, uint64_t *bad, hz_error **err)
{
	AUTO_FREE char *folder = NULL;
	AUTO_FD int dirfd = -1;
	struct listing l = { .fn = fn, .user = user };
	size_t n = report_dir ? strlen(report_dir) : 0, suffix = strlen(JOURNAL_SUFFIX);
	int rc;

	/* One journal by its name. */
	if (n > suffix && strcmp(report_dir + n - suffix, JOURNAL_SUFFIX) == 0) {
		const char *slash = strrchr(report_dir, '/'), *name;

		rc = open_folder(&dirfd, &name, report_dir, err);
		folder = slash ? strndup(report_dir, (size_t)(slash - report_dir)) : strdup(".");
		l.folder = folder;
		l.dirfd = dirfd;
		if (rc == 0)
			rc = folder ? on_name(&l, name, 0, 0) : err_nomem(err);
	} else {
		rc = report_folder_open(&dirfd, &folder, report_dir, false, err);
		l.folder = folder;
		l.dirfd = dirfd;
		if (rc == 0)
			rc = vfs_readdir(dirfd, on_name, &l, err);
	}
	if (bad)
		*bad = l.bad;
	return rc;
}
