/* SPDX-License-Identifier: BSD-2-Clause */
/* See beneath.h. File systems are known by name: one that is in no list is unknown, whatever it may do. */
#include "device/beneath.h"
#include "base/vfs.h"
#include "device/texts.h"
#include "device/usage.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define MOUNTINFO_MAX ((size_t)16 << 20)
#define DEPTH_MAX     8

static const struct {
	const char *name;
	uint32_t missed;
} types[] = {
	{ "ext2", 0 },
	{ "ext3", 0 },
	{ "ext4", 0 },
	{ "xfs", 0 },
	{ "jfs", 0 },
	{ "vfat", 0 },
	{ "msdos", 0 },
	{ "exfat", 0 },
	{ "ntfs3", 0 },
	{ "hfs", 0 },
	{ "hfsplus", 0 },
	{ "minix", 0 },
	{ "btrfs", HZ_MISSED_COW },
	{ "bcachefs", HZ_MISSED_COW },
	{ "zfs", HZ_MISSED_COW },
	{ "f2fs", HZ_MISSED_COW },
	{ "nilfs2", HZ_MISSED_COW },
	{ "ubifs", HZ_MISSED_COW | HZ_MISSED_FLASH },
	{ "jffs2", HZ_MISSED_COW | HZ_MISSED_FLASH },
	{ "overlay", HZ_MISSED_COW },
	{ "aufs", HZ_MISSED_COW },
	{ "nfs", HZ_MISSED_NETWORK },
	{ "nfs4", HZ_MISSED_NETWORK },
	{ "cifs", HZ_MISSED_NETWORK },
	{ "smb3", HZ_MISSED_NETWORK },
	{ "9p", HZ_MISSED_NETWORK },
	{ "virtiofs", HZ_MISSED_NETWORK },
	{ "ceph", HZ_MISSED_NETWORK },
	{ "afs", HZ_MISSED_NETWORK },
	{ "lustre", HZ_MISSED_NETWORK },
	{ "fuse.sshfs", HZ_MISSED_NETWORK },
	{ "tmpfs", 0 },
	{ "ramfs", 0 },
};

bool beneath_is_memory(const char *type)
{
	return strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0;
}

static bool has_option(const char *options, const char *want)
{
	size_t n = strlen(want);

	for (const char *o = options; o; o = strchr(o, ',') ? strchr(o, ',') + 1 : NULL) {
		if (strncmp(o, want, n) == 0 && (o[n] == ',' || o[n] == '\0'))
			return true;
	}
	return false;
}

uint32_t beneath_of_type(const char *type, const char *options)
{
	uint32_t missed = HZ_MISSED_UNKNOWN;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, type) == 0)
			missed = types[i].missed;
	}
	if (has_option(options, "data=journal"))
		missed |= HZ_MISSED_JOURNAL;
	return missed;
}

/* ---- the device ---- */

static void look_device(struct beneath *b, const struct roots *r, uint32_t major, uint32_t minor, int depth);

static bool swaps(const struct roots *r)
{
	AUTO_FREE char *text = NULL;

	/* A title, and a line for each. Not readable: it may. */
	if (r->proc < 0 || attr_all(r->proc, &text, (size_t)1 << 20, "swaps", NULL) < 0)
		return true;
	return strchr(text, '\n') && strchr(text, '\n')[1] != '\0';
}

/* A loop device: its backing file lies on a file system too, and so on. */
static void look_backing(struct beneath *b, const struct roots *r, const char *file, int depth)
{
	struct beneath below;
	int fd AUTO_FD = vfs()->openat(AT_FDCWD, file, O_PATH, 0);

	if (fd < 0 || depth >= DEPTH_MAX || beneath_look(&below, r, fd, NULL) < 0) {
		b->missed |= HZ_MISSED_UNKNOWN;
		return;
	}
	b->missed |= below.missed & ~HZ_MISSED_FLASH;
}

/* What device mapper calls a snapshot, its origin, or a pool. The kernel's own word for the kind is not in sysfs. */
static bool keeps_versions(const char *uuid)
{
	static const char *const ends[] = { "-real", "-cow", "-tpool", "-pool", "-tdata", "-vpool", "-vdata" };
	size_t len = strlen(uuid);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);

		if (len > n && strcmp(uuid + len - n, ends[i]) == 0)
			return true;
	}
	return strncmp(uuid, "VDO-", 4) == 0;
}

static void look_slaves(struct beneath *b, const struct roots *r, const char *at, int depth)
{
	struct attr_names names AUTO_NAMES = ATTR_NAMES_INIT;

	if (attr_names(&names, r->sys, NULL, "%s/slaves", at) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		unsigned major, minor;
		char dev[32];

		if (attr_text(r->sys, dev, sizeof(dev), "%s/slaves/%s/dev", at, names.at[i]) > 0 &&
			sscanf(dev, "%u:%u", &major, &minor) == 2)
			look_device(b, r, major, minor, depth + 1);
		else
			b->missed |= HZ_MISSED_UNKNOWN;
	}
}

static void look_turning(struct beneath *b, const struct roots *r, const char *at)
{
	uint64_t turns;

	/* Without a queue: a partition, whose disk is the folder above. */
	if (!attr_u64(r->sys, &turns, "%s/queue/rotational", at) &&
		!attr_u64(r->sys, &turns, "%s/../queue/rotational", at)) {
		b->missed |= HZ_MISSED_UNKNOWN;
		return;
	}
	b->turns = turns ? b->turns != 0 : 0;
	if (!turns)
		b->missed |= HZ_MISSED_FLASH;
}

static void note_name(struct beneath *b, const struct roots *r, const char *at)
{
	char link[ROOTS_PATH];
	const char *name;

	if (attr_link(r->sys, link, sizeof(link), "%s", at) <= 0)
		return;
	name = strrchr(link, '/');
	text_set(b->disk, sizeof(b->disk), name ? name + 1 : link, strlen(name ? name + 1 : link));
}

static void look_device(struct beneath *b, const struct roots *r, uint32_t major, uint32_t minor, int depth)
{
	char at[64], text[ROOTS_PATH];

	(void)snprintf(at, sizeof(at), "dev/block/%u:%u", major, minor);
	note_name(b, r, at);
	if (depth >= DEPTH_MAX) {
		b->missed |= HZ_MISSED_UNKNOWN;
		return;
	}
	look_turning(b, r, at);
	if (attr_text(r->sys, text, sizeof(text), "%s/dm/uuid", at) > 0 && keeps_versions(text))
		b->missed |= HZ_MISSED_SNAPSHOT;
	if (attr_text(r->sys, text, sizeof(text), "%s/loop/backing_file", at) > 0 ||
		attr_text(r->sys, text, sizeof(text), "%s/../loop/backing_file", at) > 0)
		look_backing(b, r, text, depth + 1);
	if (strncmp(b->disk, "zram", 4) == 0 && swaps(r))
		b->missed |= HZ_MISSED_SWAP;
	if (strncmp(b->disk, "nbd", 3) == 0 || strncmp(b->disk, "rbd", 3) == 0)
		b->missed |= HZ_MISSED_NETWORK;
	if (strncmp(b->disk, "bcache", 6) == 0)
		b->missed |= HZ_MISSED_FLASH;
	look_slaves(b, r, at, depth);
}

/* ---- the mount ---- */

static void look_mount(struct beneath *b, const struct roots *r, const struct mount_line *m)
{
	struct statx st;
	uint32_t major = m->major, minor = m->minor;

	text_set(b->type, sizeof(b->type), m->type, strlen(m->type));
	text_set(b->source, sizeof(b->source), m->source, strlen(m->source));
	text_set(b->point, sizeof(b->point), m->point, strlen(m->point));
	b->major = major, b->minor = minor;
	b->missed |= beneath_of_type(m->type, m->options);
	if (b->missed & HZ_MISSED_NETWORK)
		return;
	if (beneath_is_memory(m->type)) {
		b->missed |= swaps(r) ? HZ_MISSED_SWAP : 0;
		return;
	}
	/* A file system of several devices has a number of its own, and its source names one of them. */
	if (major == 0 && m->source[0] == '/' && vfs()->statx(AT_FDCWD, m->source, 0, STATX_TYPE, &st) == 0 &&
		S_ISBLK(st.stx_mode))
		major = st.stx_rdev_major, minor = st.stx_rdev_minor;
	if (major == 0)
		b->missed |= HZ_MISSED_UNKNOWN;
	else
		look_device(b, r, major, minor, 0);
}

void beneath_of(struct beneath *b, const struct roots *r, uint64_t mount, char *text)
{
	struct mount_line m;
	bool bad = false, found = false;

	memset(b, 0, sizeof(*b));
	b->mount = mount;
	b->turns = -1;
	while (!found && *text) {
		if (!mount_next(&m, &text, &bad))
			continue;
		found = m.id == mount;
	}
	if (found)
		look_mount(b, r, &m);
	else
		b->missed = HZ_MISSED_UNKNOWN;
}

int beneath_look(struct beneath *b, const struct roots *r, int fd, hz_error **err)
{
	AUTO_FREE char *text = NULL;
	struct statx st;
	int rc;

	if (vfs()->statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return err_errno(err, "which mount a file is on");
	if (r->proc < 0)
		return err_set(err, HZ_E_IO, "/proc: which file system this is cannot be found out without it");
	rc = attr_all(r->proc, &text, MOUNTINFO_MAX, "self/mountinfo", err);
	/* Before Linux 5.8 there is no such number. */
	if (rc == 0)
		beneath_of(b, r, st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : UINT64_MAX, text);
	return rc;
}
