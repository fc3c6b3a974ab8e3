/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands on what is learned from both ends (holders below, slaves above), because the kernel makes the two links
 * one after the other, and from backing files that are block devices, for which it makes none. A folder that cannot be
 * read marks its block: who asks about it must not take silence for "nothing".
 */
#include "device/blocks.h"
#include "base/vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool room(void **v, size_t n, size_t *cap, size_t each)
{
	size_t more = *cap ? *cap * 2 : 32;
	void *p;

	if (n < *cap)
		return true;
	p = realloc(*v, more * each);
	if (!p)
		return false;
	*v = p;
	*cap = more;
	return true;
}

static int add_block(struct blocks *b, const struct roots *r, const char *sys, const char *name, size_t disk)
{
	struct block *n;
	char dev[32], *end;
	uint64_t hidden = 0;

	if (!room((void **)&b->at, b->n, &b->cap, sizeof(*b->at)))
		return HZ_E_NOMEM;
	n = &b->at[b->n];
	memset(n, 0, sizeof(*n));
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	(void)snprintf(n->sys, sizeof(n->sys), "%s", sys);
	n->disk = disk == BLOCKS_NONE ? b->n : disk;
	n->hidden = attr_u64(r->sys, &hidden, "%s/hidden", sys) && hidden;
	if (attr_text(r->sys, dev, sizeof(dev), "%s/dev", sys) > 0) {
		n->major = (uint32_t)strtoul(dev, &end, 10);
		n->minor = *end == ':' ? (uint32_t)strtoul(end + 1, NULL, 10) : 0;
	} else if (!n->hidden) {
		/* It went away while we read, or it has no number that anything could be compared with. */
		n->unread = true;
	}
	b->n++;
	return 0;
}

static int add_partitions(struct blocks *b, const struct roots *r, size_t disk)
{
	struct attr_names names AUTO_NAMES = ATTR_NAMES_INIT;
	char sys[136];
	int rc;

	/* By value: the table may move. */
	memcpy(sys, b->at[disk].sys, sizeof(sys));
	if (attr_names(&names, r->sys, NULL, "%s", sys) < 0) {
		b->at[disk].unread = true;
		return 0;
	}
	for (size_t i = 0; i < names.n; i++) {
		char child[sizeof(sys) + 66];
		uint64_t number;

		(void)snprintf(child, sizeof(child), "%s/%s", sys, names.at[i]);
		if (strlen(child) >= sizeof(sys) || !attr_u64(r->sys, &number, "%s/partition", child))
			continue;
		rc = add_block(b, r, child, names.at[i], disk);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_edge(struct blocks *b, size_t upper, size_t lower)
{
	if (upper == BLOCKS_NONE || lower == BLOCKS_NONE || upper == lower)
		return 0;
	if (!room((void **)&b->edge, b->n_edges, &b->cap_edges, sizeof(*b->edge)))
		return HZ_E_NOMEM;
	b->edge[b->n_edges++] = (struct block_edge){ upper, lower };
	return 0;
}

/* holders: those in the folder stand on i; slaves: i stands on them. */
static int add_edges(struct blocks *b, const struct roots *r, size_t i, bool holders)
{
	struct attr_names names AUTO_NAMES = ATTR_NAMES_INIT;
	int rc = attr_names(&names, r->sys, NULL, "%s/%s", b->at[i].sys, holders ? "holders" : "slaves");

	/* Partitions have no slaves of their own. */
	if (rc < 0 && (holders || b->at[i].disk == i))
		b->at[i].unread = true;
	rc = 0;
	for (size_t n = 0; rc == 0 && n < names.n; n++) {
		size_t other = blocks_by_name(b, names.at[n]);

		/* It appeared after the table was read, or is no block device: something is there. */
		if (other == BLOCKS_NONE)
			b->at[i].unread = true;
		rc = holders ? add_edge(b, other, i) : add_edge(b, i, other);
	}
	return rc;
}

static int add_backing(struct blocks *b, const struct roots *r, size_t i)
{
	char file[ROOTS_PATH];

	if (attr_text(r->sys, file, sizeof(file), "%s/loop/backing_file", b->at[i].sys) <= 0 ||
		strncmp(file, "/dev/", 5) != 0)
		return 0;
	return add_edge(b, i, blocks_by_path(b, r, file));
}

int blocks_read(struct blocks *b, const struct roots *r, hz_error **err)
{
	struct attr_names names AUTO_NAMES = ATTR_NAMES_INIT;
	int rc = attr_names(&names, r->sys, err, "block");

	if (rc < 0) {
		rc = err_wrap(err, HZ_E_IO, "/sys");
		err_hint(err, "what a disk is and who uses it is asked there: mount it (mount -t sysfs sysfs /sys)");
		return rc;
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char sys[80];

		(void)snprintf(sys, sizeof(sys), "block/%s", names.at[i]);
		rc = add_block(b, r, sys, names.at[i], BLOCKS_NONE);
		if (rc == 0)
			rc = add_partitions(b, r, b->n - 1);
	}
	for (size_t i = 0; rc == 0 && i < b->n; i++) {
		if (b->at[i].hidden)
			continue;
		rc = add_edges(b, r, i, true);
		if (rc == 0 && b->at[i].disk == i)
			rc = add_edges(b, r, i, false);
		if (rc == 0 && b->at[i].disk == i)
			rc = add_backing(b, r, i);
	}
	return rc < 0 ? err_nomem(err) : 0;
}

void blocks_release(struct blocks *b)
{
	free(b->at);
	free(b->edge);
	*b = (struct blocks)BLOCKS_INIT;
}

size_t blocks_by_name(const struct blocks *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->at[i].name, name) == 0)
			return i;
	return BLOCKS_NONE;
}

size_t blocks_by_number(const struct blocks *b, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->at[i].major == major && b->at[i].minor == minor && !b->at[i].hidden)
			return i;
	return BLOCKS_NONE;
}

size_t blocks_by_path(const struct blocks *b, const struct roots *r, const char *path)
{
	char name[64];
	struct statx st;

	if (strncmp(path, "/dev/", 5) != 0)
		return BLOCKS_NONE;
	path += 5;
	if (r->dev >= 0 && vfs()->statx(r->dev, path, AT_STATX_DONT_SYNC, STATX_TYPE, &st) == 0 && S_ISBLK(st.stx_mode))
		return blocks_by_number(b, st.stx_rdev_major, st.stx_rdev_minor);
	/* No node: by the name of the kernel. */
	if (strlen(path) >= sizeof(name))
		return BLOCKS_NONE;
	memcpy(name, path, strlen(path) + 1);
	for (char *s = name; *s; s++)
		if (*s == '/')
			*s = '!';
	return blocks_by_name(b, name);
}

bool blocks_above(const struct blocks *b, size_t start, bool *above)
{
	bool all = true, more = true;

	memset(above, 0, b->n * sizeof(*above));
	above[start] = true;
	while (more) {
		more = false;
		for (size_t i = 0; i < b->n; i++)
			if (!above[i] && above[b->at[i].disk])
				above[i] = more = true;
		for (size_t i = 0; i < b->n_edges; i++)
			if (above[b->edge[i].lower] && !above[b->edge[i].upper])
				above[b->edge[i].upper] = more = true;
	}
	for (size_t i = 0; i < b->n; i++)
		if (above[i] && b->at[i].unread)
			all = false;
	return all;
}

void blocks_node(char *out, size_t cap, const char *name)
{
	(void)snprintf(out, cap, "%s", name);
	for (char *s = out; *s; s++)
		if (*s == '!')
			*s = '/';
}
