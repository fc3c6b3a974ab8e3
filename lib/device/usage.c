/* SPDX-License-Identifier: BSD-2-Clause */
/* Who stands on a device, mounted it, or swaps to it. A list that is missing or makes no sense is an obstacle itself.
 */
#include "device/usage.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX ((size_t)16 << 20)

/* "", or ", through vda1". */
static const char *through(char out[80], const struct usage *u, size_t i)
{
	*out = '\0';
	if (i != u->target)
		(void)snprintf(out, 80, err_text(", through %.60s"), u->b->at[i].name);
	return out;
}

static void holder(const struct usage *u, size_t i)
{
	char name[128] = "", kind[64] = "";
	const struct block *b = &u->b->at[i];

	/* What device mapper, md and loop call themselves. */
	if (attr_text(u->r->sys, name, sizeof(name), "%s/dm/name", b->sys) > 0)
		(void)attr_text(u->r->sys, kind, sizeof(kind), "%s/dm/uuid", b->sys);
	else if (attr_text(u->r->sys, name, sizeof(name), "%s/md/level", b->sys) <= 0)
		(void)attr_text(u->r->sys, name, sizeof(name), "%s/loop/backing_file", b->sys);
	kind[strcspn(kind, "-")] = '\0';
	info_obstacle(u->info, HZ_GATE_HOLDER, false, err_text("%s stands on it%s%s%s%s%s"), b->name, *name ? " (" : "",
		kind, *kind ? " " : "", name, *name ? ")" : "");
}

void usage_holders(const struct usage *u)
{
	for (size_t i = 0; i < u->b->n; i++)
		if (u->above[i] && u->b->at[i].disk == i && i != u->b->at[u->target].disk)
			holder(u, i);
}

/* The block of ours that is mounted there, or BLOCKS_NONE. File systems of several devices, and some of one, show an
 * anonymous number: then the source names one of them, or several with colons in between. */
static size_t mounted_block(const struct usage *u, const struct mount_line *m)
{
	char source[1024], *save = NULL;
	size_t i = blocks_by_number(u->b, m->major, m->minor);

	if (i != BLOCKS_NONE && u->above[i])
		return i;
	(void)snprintf(source, sizeof(source), "%s", m->source);
	for (char *s = strtok_r(source, ":", &save); s; s = strtok_r(NULL, ":", &save)) {
		i = blocks_by_path(u->b, u->r, s);
		if (i != BLOCKS_NONE && u->above[i])
			return i;
	}
	return BLOCKS_NONE;
}

static void mounted(const struct usage *u, const struct mount_line *m, size_t i)
{
	static const char *const system[] = { "/", "/usr", "/boot", "/boot/efi", "/efi" };
	char by[80];

	info_obstacle(u->info, HZ_GATE_MOUNTED, false, err_text("mounted on %.80s (%.20s%s)"), m->point, m->type,
		through(by, u, i));
	for (size_t s = 0; s < ARRAY_LEN(system); s++)
		if (strcmp(m->point, system[s]) == 0)
			info_obstacle(u->info, HZ_GATE_ROOT, false, err_text("the running system is on it: %s%s"),
				m->point, through(by, u, i));
}

/* A btrfs is in /sys/fs/btrfs while it is mounted anywhere, with all its devices; the mount names only one of them. */
static void btrfs_of(const struct usage *u, const char *uuid, const char *mounts, size_t *members, size_t n)
{
	AUTO_FREE char *copy = strdup(mounts);
	char *text = copy;
	struct mount_line m;
	bool bad = false, found = false;
	size_t ours = BLOCKS_NONE;

	for (size_t i = 0; i < n; i++)
		if (u->above[members[i]])
			ours = members[i];
	if (ours == BLOCKS_NONE)
		return;
	/* Without memory its place stays unknown, and the obstacle stands. */
	while (copy && mount_next(&m, &text, &bad)) {
		size_t source = strcmp(m.type, "btrfs") == 0 ? blocks_by_path(u->b, u->r, m.source) : BLOCKS_NONE;

		for (size_t i = 0; source != BLOCKS_NONE && i < n; i++) {
			if (members[i] != source)
				continue;
			mounted(u, &m, ours);
			found = true;
		}
	}
	if (!found)
		info_obstacle(u->info, HZ_GATE_MOUNTED, false, err_text("part of the mounted btrfs %s"), uuid);
}

/* One file system: its members are the names in devices. "features" and the like have none. */
static int btrfs_one(const struct usage *u, const char *uuid, const char *mounts, hz_error **err)
{
	struct attr_names devices AUTO_NAMES = ATTR_NAMES_INIT;
	AUTO_FREE size_t *members = NULL;
	size_t n = 0;
	int rc;

	errno = 0;
	rc = attr_names(&devices, u->r->sys, NULL, "fs/btrfs/%s/devices", uuid);
	if (rc < 0) {
		if (errno != ENOENT)
			info_obstacle(u->info, HZ_GATE_UNKNOWN, true,
				err_text("the devices of the mounted btrfs %s cannot be read"), uuid);
		return 0;
	}
	members = calloc(devices.n ? devices.n : 1, sizeof(*members));
	if (!members)
		return err_nomem(err);
	for (size_t d = 0; d < devices.n; d++) {
		members[n] = blocks_by_name(u->b, devices.at[d]);
		n += members[n] != BLOCKS_NONE;
	}
	btrfs_of(u, uuid, mounts, members, n);
	return 0;
}

static int btrfs(const struct usage *u, const char *mounts, hz_error **err)
{
	struct attr_names all AUTO_NAMES = ATTR_NAMES_INIT;
	int rc = 0;

	/* No btrfs in this kernel, or none was ever mounted. */
	if (attr_names(&all, u->r->sys, NULL, "fs/btrfs") < 0) {
		if (errno != ENOENT)
			info_obstacle(u->info, HZ_GATE_UNKNOWN, true, err_text("/sys/fs/btrfs cannot be read"));
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < all.n; i++)
		rc = btrfs_one(u, all.at[i], mounts, err);
	return rc;
}

static void swaps(const struct usage *u, char *text)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save), by[80];

	/* Filename Type Size Used Priority; the first line is a heading. */
	while ((line = strtok_r(NULL, "\n", &save))) {
		size_t i;

		line[strcspn(line, " \t")] = '\0';
		i = blocks_by_path(u->b, u->r, line);
		if (i != BLOCKS_NONE && u->above[i])
			info_obstacle(u->info, HZ_GATE_SWAP, false, err_text("swap space%s"), through(by, u, i));
	}
}

static int read_list(const struct usage *u, char **out, const char *path, hz_error **err)
{
	hz_error *why = NULL;
	int rc;

	if (u->r->proc < 0) {
		info_obstacle(u->info, HZ_GATE_UNKNOWN, true,
			err_text("/proc is not there: whether it is in use is not known"));
		return HZ_E_NOTFOUND;
	}
	rc = attr_all(u->r->proc, out, LIST_MAX, path, &why);
	if (rc == HZ_E_NOMEM)
		return err_nomem(err);
	if (rc < 0)
		info_obstacle(u->info, HZ_GATE_UNKNOWN, true, "/proc/%.150s", hz_error_message(why));
	hz_error_free(why);
	return rc;
}

int usage_mounts(const struct usage *u, hz_error **err)
{
	AUTO_FREE char *mounts = NULL, *copy = NULL, *swap = NULL;
	struct mount_line m;
	bool bad = false;
	char *text;
	int rc = read_list(u, &mounts, "self/mountinfo", err);

	if (rc == HZ_E_NOMEM)
		return rc;
	if (rc == 0) {
		copy = strdup(mounts);
		if (!copy)
			return err_nomem(err);
		text = copy;
		while (mount_next(&m, &text, &bad)) {
			size_t i = mounted_block(u, &m);

			if (i != BLOCKS_NONE)
				mounted(u, &m, i);
		}
		if (bad)
			info_obstacle(u->info, HZ_GATE_UNKNOWN, true,
				err_text("/proc/self/mountinfo has a line that makes no sense"));
		rc = btrfs(u, mounts, err);
		if (rc < 0)
			return rc;
	}
	rc = read_list(u, &swap, "swaps", err);
	if (rc == HZ_E_NOMEM)
		return rc;
	if (rc == 0)
		swaps(u, swap);
	return 0;
}

int usage_check(hz_device_info *info, const struct roots *r, const struct blocks *b, size_t i, hz_error **err)
{
	AUTO_FREE bool *above = calloc(b->n, sizeof(*above));
	struct usage u = { info, r, b, i, above };
	int rc;

	if (!above)
		return err_nomem(err);
	if (!blocks_above(b, i, above))
		info_obstacle(info, HZ_GATE_UNKNOWN, true, err_text("what stands on it could not be read from /sys"));
	usage_holders(&u);
	rc = usage_mounts(&u, err);
	return rc < 0 ? rc : usage_open(&u, err);
}
