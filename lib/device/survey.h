/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking at many devices at once and comparing them: what sysfs says of all, what the wanted ones say themselves, who
 * uses them, and who shares a name or a medium with whom. Each device is asked in a process of its own (base/child.h):
 * a drive that hangs holds up nobody but its own line.
 */
#ifndef DEVICE_SURVEY_H
#define DEVICE_SURVEY_H

#include "device/blocks.h"
#include "device/info.h"

struct survey {
	struct roots roots;
	struct blocks blocks;
	hz_device_info *info; /* one a block */
	bool *wanted;         /* asked, and to be told */
};
#define SURVEY_INIT                                 \
	{                                           \
		ROOTS_INIT, BLOCKS_INIT, NULL, NULL \
	}
/* How long a device may take to answer everything. */
#define SURVEY_ANSWER_NS UINT64_C(20000000000)

/* Reads sysfs; nothing is wanted yet. base as in roots_open. */
int survey_open(struct survey *s, const char *base, hz_error **err);
void survey_release(struct survey *s);
#define AUTO_SURVEY __attribute__((cleanup(survey_release)))
/* Marks each disk, those that a plain list leaves out only with all. */
void survey_want_all(struct survey *s, bool all);
/* Marks i, and all that shares its medium. */
void survey_want(struct survey *s, size_t i);
/* Asks and compares. */
int survey_run(struct survey *s, hz_error **err);
/* survey_open to survey_run for one device: again, for two seconds, while that is passing which stands in its way. */
typedef bool (*survey_passing_fn)(const void *user, const hz_device_info *info);
int survey_patiently(
	struct survey *s, const char *path, size_t *i, survey_passing_fn is_passing, const void *user, hz_error **err);
/* Others open a disk for a moment: udev after each close, smartd now and then, another list. */
bool survey_may_pass(const hz_obstacle *o);
/* The block that the path leads to. HZ_E_NOTFOUND, HZ_E_INVAL: no block device. */
int survey_find(const struct survey *s, const char *path, size_t *i, hz_error **err);

/* What only an open device tells: its answers, size, signatures, and whether it can be claimed. */
void examine(hz_device_info *info, const struct roots *r, const struct blocks *b, size_t i);
/* Opens its node and makes sure that it is one. -1 with errno; EINVAL: it is no node of this device. */
int open_node(const struct roots *r, const struct block *b, int flags);

#endif
