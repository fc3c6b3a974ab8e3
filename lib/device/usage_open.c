/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors of other processes: a virtual machine that was given the disk, a partitioning tool, another wipe. They
 * make no claim, so O_EXCL does not see them. Where /proc hides processes, as it does from ordinary users and in
 * containers, that is said.
 */
#include "device/usage.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct search {
	const struct usage *u;
	uint32_t sg_major, sg_minor; /* the generic node of the same disk; major 0: none */
	bool has_sg;
	unsigned hidden; /* processes that could not be looked into */
};

static void generic_unknown(const struct search *s)
{
	info_obstacle(s->u->info, HZ_GATE_UNKNOWN, true,
		err_text("its SCSI generic node could not be read from /sys: who has that open is not known"));
}

static void find_generic(struct search *s)
{
	struct attr_names names AUTO_NAMES = ATTR_NAMES_INIT;
	const char *sys = s->u->b->at[s->u->b->at[s->u->target].disk].sys;
	unsigned major, minor;
	char dev[32];

	errno = 0;
	if (attr_names(&names, s->u->r->sys, NULL, "%s/device/scsi_generic", sys) < 0) {
		/* Most disks have none. */
		if (errno != ENOENT)
			generic_unknown(s);
		return;
	}
	if (names.n == 0)
		return;
	if (attr_text(s->u->r->sys, dev, sizeof(dev), "%s/device/scsi_generic/%s/dev", sys, names.at[0]) > 0 &&
		sscanf(dev, "%u:%u", &major, &minor) == 2) {
		s->sg_major = major, s->sg_minor = minor;
		s->has_sg = true;
	} else {
		generic_unknown(s);
	}
}

static bool is_ours(const struct search *s, const struct statx *st)
{
	size_t i;

	if (S_ISCHR(st->stx_mode))
		return s->has_sg && st->stx_rdev_major == s->sg_major && st->stx_rdev_minor == s->sg_minor;
	if (!S_ISBLK(st->stx_mode))
		return false;
	i = blocks_by_number(s->u->b, st->stx_rdev_major, st->stx_rdev_minor);
	return i != BLOCKS_NONE && s->u->above[i];
}

static void look_into(struct search *s, const char *pid)
{
	struct attr_names fds AUTO_NAMES = ATTR_NAMES_INIT;
	char name[64] = "";

	if (attr_names(&fds, s->u->r->proc, NULL, "%s/fd", pid) < 0) {
		/* It ended meanwhile: it has nothing open. */
		if (errno != ENOENT && errno != ESRCH)
			s->hidden++;
		return;
	}
	for (size_t i = 0; i < fds.n; i++) {
		char path[ROOTS_PATH];
		struct statx st;

		(void)snprintf(path, sizeof(path), "%s/fd/%s", pid, fds.at[i]);
		/* Not asking a server: a dead one would hold us. */
		if (vfs()->statx(s->u->r->proc, path, AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0 || !is_ours(s, &st))
			continue;
		(void)attr_text(s->u->r->proc, name, sizeof(name), "%s/comm", pid);
		info_obstacle(s->u->info, HZ_GATE_OPEN, true, err_text("open in process %s (%s)"), pid, name);
		return;
	}
}

int usage_open(const struct usage *u, hz_error **err)
{
	struct attr_names pids AUTO_NAMES = ATTR_NAMES_INIT;
	struct search s = { .u = u };
	char self[24];
	int rc;

	if (u->r->proc < 0)
		return 0;
	rc = attr_names(&pids, u->r->proc, NULL, ".");
	if (rc == HZ_E_NOMEM)
		return err_nomem(err);
	if (rc < 0) {
		info_obstacle(
			u->info, HZ_GATE_UNKNOWN, true, err_text("/proc cannot be read: who has it open is not known"));
		return 0;
	}
	find_generic(&s);
	(void)snprintf(self, sizeof(self), "%d", (int)getpid());
	for (size_t i = 0; i < pids.n; i++)
		if (strspn(pids.at[i], "0123456789") == strlen(pids.at[i]) && strcmp(pids.at[i], self) != 0)
			look_into(&s, pids.at[i]);
	if (s.hidden > 0)
		info_obstacle(u->info, HZ_GATE_UNKNOWN, true,
			err_text("what %u processes have open could not be seen: ask as root"), s.hidden);
	return 0;
}
