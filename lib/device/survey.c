/* SPDX-License-Identifier: BSD-2-Clause */
/* Order matters: who uses a device is looked up before children of ours open it. */
#include "device/survey.h"
#include "device/facts.h"
#include "device/usage.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define TRIES  10
#define NAP_NS 200000000

/* So many are asked at once. */
#define AT_ONCE 32

int survey_open(struct survey *s, const char *base, hz_error **err)
{
	int rc = roots_open(&s->roots, base, err);

	if (rc == 0)
		rc = blocks_read(&s->blocks, &s->roots, err);
	if (rc < 0)
		return rc;
	s->info = calloc(s->blocks.n ? s->blocks.n : 1, sizeof(*s->info));
	s->wanted = calloc(s->blocks.n ? s->blocks.n : 1, sizeof(*s->wanted));
	if (!s->info || !s->wanted)
		return err_nomem(err);
	for (size_t i = 0; i < s->blocks.n; i++)
		facts_read(&s->info[i], &s->roots, &s->blocks, i);
	return 0;
}

void survey_release(struct survey *s)
{
	free(s->info);
	free(s->wanted);
	blocks_release(&s->blocks);
	roots_close(&s->roots);
}

void survey_want_all(struct survey *s, bool all)
{
	for (size_t i = 0; i < s->blocks.n; i++)
		s->wanted[i] = s->blocks.at[i].disk == i && !s->blocks.at[i].hidden &&
			(all || !facts_is_minor(&s->roots, &s->blocks, i));
}

void survey_want(struct survey *s, size_t target)
{
	for (size_t i = 0; i < s->blocks.n; i++)
		if (i == target ||
			(s->blocks.at[i].disk == i && !s->blocks.at[i].hidden &&
				facts_are_siblings(&s->info[i], &s->info[target])))
			s->wanted[i] = true;
}

int survey_find(const struct survey *s, const char *path, size_t *found, hz_error **err)
{
	struct statx st;

	if (vfs()->statx(AT_FDCWD, path, 0, STATX_TYPE, &st) < 0)
		return err_errno(err, "%s", path);
	if (!S_ISBLK(st.stx_mode)) {
		err_set(err, HZ_E_INVAL, "%s is no block device", path);
		err_hint(err,
			S_ISREG(st.stx_mode) ? "files are erased with the command file"
					     : "name a disk, such as /dev/sdb");
		return HZ_E_INVAL;
	}
	*found = blocks_by_number(&s->blocks, st.stx_rdev_major, st.stx_rdev_minor);
	if (*found == BLOCKS_NONE)
		return err_set(err, HZ_E_NOTFOUND, "%s: the kernel knows no device %u:%u", path, st.stx_rdev_major,
			st.stx_rdev_minor);
	return 0;
}

struct question {
	struct survey *s;
	size_t i;
	struct child child;
	uint64_t deadline_ns;
};

static void ask_one(void *arg)
{
	struct question *q = arg;

	examine(&q->s->info[q->i], &q->s->roots, &q->s->blocks, q->i);
}

static void begin(struct question *q)
{
	hz_device_info *info = &q->s->info[q->i];

	q->child = (struct child)CHILD_INIT;
	q->deadline_ns = clock_mono_ns() + SURVEY_ANSWER_NS;
	if (child_start(&q->child, ask_one, q, info, sizeof(*info), NULL) < 0)
		info_obstacle(info, HZ_GATE_UNKNOWN, false, err_text("no process could be started to ask it"));
}

static void end(struct question *q)
{
	hz_device_info *info = &q->s->info[q->i], answer;
	int rc;

	if (q->child.pid == 0)
		return;
	rc = child_take(&q->child, &answer, sizeof(answer), q->deadline_ns, NULL);
	if (rc == 0)
		*info = answer;
	else if (rc == HZ_E_BUSY)
		info_obstacle(info, HZ_GATE_UNKNOWN, false, err_text("it does not answer"));
	else
		info_obstacle(info, HZ_GATE_UNKNOWN, false, err_text("asking it failed"));
	child_release(&q->child);
}

/* A window of AT_ONCE moves over the wanted ones. */
static int ask_all(struct survey *s, hz_error **err)
{
	AUTO_FREE struct question *q = calloc(s->blocks.n ? s->blocks.n : 1, sizeof(*q));
	size_t n = 0, begun = 0;

	if (!q)
		return err_nomem(err);
	for (size_t i = 0; i < s->blocks.n; i++)
		if (s->wanted[i])
			q[n++] = (struct question){ .s = s, .i = i };
	for (size_t ended = 0; ended < n; ended++) {
		while (begun < n && begun < ended + AT_ONCE)
			begin(&q[begun++]);
		end(&q[ended]);
	}
	return 0;
}

/* Why a sibling keeps this one from being erased: what a firmware does reaches it too, so all that would keep it itself
 * does; each thing, for one that may be overridden must not hide one that may not. */
static void sibling(hz_device_info *info, const hz_device_info *other)
{
	for (uint32_t i = 0; i < other->obstacles && i < HZ_DEVICE_OBSTACLES; i++)
		if (other->obstacle[i].gate != HZ_GATE_SIBLING && other->obstacle[i].gate != HZ_GATE_PARTITION)
			info_obstacle(info, HZ_GATE_SIBLING, other->obstacle[i].override,
				err_text("%s on the same medium: %.120s"), other->name, other->obstacle[i].text);
	if (other->obstacles > HZ_DEVICE_OBSTACLES)
		info_obstacle(info, HZ_GATE_SIBLING, false,
			err_text("%s on the same medium: more stands in the way than can be listed"), other->name);
}

static bool is_other_disk(const struct blocks *b, size_t i, size_t k)
{
	return k != b->at[i].disk && k != i && b->at[k].disk == k && !b->at[k].hidden;
}

static void compare_all(struct survey *s)
{
	const size_t n = s->blocks.n;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; s->wanted[i] && k < n; k++)
			if (is_other_disk(&s->blocks, i, k))
				facts_compare(&s->info[i], &s->info[k]);
	/* Only now is all known of each. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; s->wanted[i] && k < n; k++)
			if (is_other_disk(&s->blocks, i, k) && facts_are_siblings(&s->info[i], &s->info[k]))
				sibling(&s->info[i], &s->info[k]);
}

int survey_run(struct survey *s, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->blocks.n; i++)
		if (s->wanted[i])
			rc = usage_check(&s->info[i], &s->roots, &s->blocks, i, err);
	if (rc == 0)
		rc = ask_all(s, err);
	if (rc == 0)
		compare_all(s);
	return rc;
}

bool survey_may_pass(const hz_obstacle *o)
{
	return o->gate == HZ_GATE_BUSY || o->gate == HZ_GATE_OPEN;
}

int survey_patiently(
	struct survey *s, const char *path, size_t *i, survey_passing_fn is_passing, const void *user, hz_error **err)
{
	const struct timespec nap = { 0, NAP_NS };
	int rc;

	for (int tries = 1;; tries++) {
		rc = survey_open(s, NULL, err);
		if (rc == 0)
			rc = survey_find(s, path, i, err);
		if (rc < 0)
			return rc;
		survey_want(s, *i);
		rc = survey_run(s, err);
		if (rc < 0 || tries == TRIES || !is_passing(user, &s->info[*i]))
			return rc;
		survey_release(s);
		*s = (struct survey)SURVEY_INIT;
		(void)nanosleep(&nap, NULL);
	}
}
