/* SPDX-License-Identifier: BSD-2-Clause */
/* The journals of a report folder: what each says, and those that a new job makes void. */
#include "base/vfs.h"
#include "sanitize/sanitize.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int journal_folder_open(int *fd, const char **name, const char *path, hz_error **err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	if (!folder)
		return err_nomem(err);
	*name = slash ? slash + 1 : path;
	*fd = vfs()->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
	return *fd < 0 ? err_errno(err, "%s", folder) : 0;
}

static bool is_journal(const char *name)
{
	size_t n = strlen(name), suffix = strlen(JOURNAL_SUFFIX);

	return n > suffix && strcmp(name + n - suffix, JOURNAL_SUFFIX) == 0;
}

/* ---- void by a new job ---- */

struct superseding {
	int dirfd;
	const char *own, *by;
	const hz_device_info *d;
	hz_error **err;
};

static int supersede(void *user, const char *name, uint64_t ino, unsigned char type)
{
	const struct superseding *s = user;

	(void)ino;
	(void)type;
	if (!is_journal(name) || strcmp(name, s->own) == 0)
		return 0;
	return erase_journal_supersede(s->dirfd, name, s->d, s->by, s->err);
}

int journals_supersede(int dirfd, const char *own, const char *by, const hz_device_info *d, hz_error **err)
{
	struct superseding s = { dirfd, own, by, d, err };

	return vfs_readdir(dirfd, supersede, &s, err);
}

/* ---- what they say ---- */

struct listing {
	int dirfd;
	const char *folder;
	hz_journal_fn fn;
	void *user;
	uint64_t bad;
};

/* Of the step begun last. */
static const char *state_of(const struct journal_state *s, const struct journal_step *last)
{
	if (*s->superseded)
		return "superseded";
	if (last->has_verified)
		return last->verified.passed ? "verified" : "verified-not-passed";
	if (last->ended && !s->finished && (last->state == OUTCOME_COMPLETED || last->state == OUTCOME_EXCEPTIONS))
		return "done-not-verified";
	if (last->ended)
		return outcome_name(last->state);
	return last->n_notes > 0 ? last->note[last->n_notes - 1].state : "running";
}

static void fill(hz_journal_info *info, const struct journal_state *s)
{
	const struct journal_step *last = s->n_steps > 0 ? &s->step[s->n_steps - 1] : NULL;
	enum level goal;

	(void)snprintf(info->record_id, sizeof(info->record_id), "%s", s->job);
	(void)snprintf(info->confirm_id, sizeof(info->confirm_id), "%s", s->device.confirm_id);
	(void)snprintf(info->path, sizeof(info->path), "%s", s->device.path);
	info->finished = s->finished;
	info->total_bytes = s->device.bytes;
	info->step = s->n_steps;
	info->steps = (uint32_t)job_plan_steps(s->plan, &goal);
	info->goal = (uint32_t)goal;
	(void)snprintf(info->state, sizeof(info->state), "%s", *s->superseded ? "superseded" : "not-begun");
	if (!last)
		return;
	(void)snprintf(info->method, sizeof(info->method), "%.39s", last->method);
	(void)snprintf(info->state, sizeof(info->state), "%.39s", state_of(s, last));
	info->durable_bytes = last->ended ? s->device.bytes : last->durable;
}

static int on_name(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct listing *l = user;
	AUTO_FREE uint8_t *data = NULL;
	AUTO_FREE char *path = NULL;
	hz_journal_info info = HZ_JOURNAL_INFO_INIT;
	struct journal_state s;
	size_t len;

	(void)ino;
	(void)type;
	if (!is_journal(name))
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
	int rc;

	/* One journal by its name. */
	if (report_dir && is_journal(report_dir)) {
		const char *slash = strrchr(report_dir, '/'), *name;

		rc = journal_folder_open(&dirfd, &name, report_dir, err);
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
