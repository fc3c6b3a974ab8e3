/* SPDX-License-Identifier: BSD-2-Clause */
/* Shapes taken from /sys of Linux 6.1 and 6.18. */
#include "support/devtree.h"
#include "support/hzt.h"
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_folders(char *path)
{
	for (char *s = path + 1; (s = strchr(s, '/')); s++) {
		*s = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			fail_msg("%s: %s", path, strerror(errno));
		*s = '/';
	}
}

static char *below(const char *tree, const char *path)
{
	char *full = hzt_path(tree, path);

	make_folders(full);
	return full;
}

void devtree_put(const char *tree, const char *path, const char *fmt, ...)
{
	char *full = below(tree, path), *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		fail_msg("%s", "out of memory");
	va_end(ap);
	hzt_put(full, text, strlen(text));
	free(text);
	free(full);
}

void devtree_link(const char *tree, const char *target, const char *path)
{
	char *full = below(tree, path);

	if (symlink(target, full) < 0)
		fail_msg("%s: %s", full, strerror(errno));
	free(full);
}

char *devtree_new(void)
{
	char *tree = hzt_tmpdir();

	free(below(tree, "sys/block/x"));
	devtree_put(tree, "proc/self/mountinfo", "21 1 0:20 / /proc rw - proc proc rw\n");
	devtree_put(tree, "proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	devtree_put(tree, "proc/1/comm", "init\n");
	devtree_put(tree, "proc/1/fd/0", "%s", "");
	devtree_put(tree, "dev/null", "%s", "");
	return tree;
}

static void attribute(const char *tree, const char *folder, const char *name, const char *text)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		fail_msg("%s", "out of memory");
	devtree_put(tree, path, "%s\n", text);
	free(path);
}

static void folder(const char *tree, const char *parent, const char *name)
{
	char *path = NULL, *full;

	if (asprintf(&path, "%s/%s/x", parent, name) < 0)
		fail_msg("%s", "out of memory");
	full = below(tree, path);
	free(full);
	free(path);
}

void devtree_disk(const char *tree, const char *name, const char *where, const char *number, unsigned long long sectors)
{
	static const char *const attributes[][2] = { { "ro", "0" }, { "removable", "0" }, { "hidden", "0" },
		{ "diskseq", "7" }, { "queue/logical_block_size", "512" }, { "queue/physical_block_size", "4096" },
		{ "queue/rotational", "1" }, { "queue/max_sectors_kb", "1280" }, { "queue/discard_max_bytes", "0" },
		{ "queue/write_zeroes_max_bytes", "0" }, { "queue/zoned", "none" } };
	char *at = NULL, *link = NULL, *target = NULL, size[32];

	if (asprintf(&at, "sys/devices/%s/block/%s", where, name) < 0 || asprintf(&link, "sys/block/%s", name) < 0 ||
		asprintf(&target, "../devices/%s/block/%s", where, name) < 0)
		fail_msg("%s", "out of memory");
	(void)snprintf(size, sizeof(size), "%llu", sectors);
	attribute(tree, at, "dev", number);
	attribute(tree, at, "size", size);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		attribute(tree, at, attributes[i][0], attributes[i][1]);
	folder(tree, at, "holders");
	folder(tree, at, "slaves");
	devtree_link(tree, target, link);
	free(at);
	free(link);
	free(target);
}

void devtree_partition(const char *tree, const char *disk, const char *name, const char *number)
{
	char *at = NULL;

	if (asprintf(&at, "sys/block/%s/%s", disk, name) < 0)
		fail_msg("%s", "out of memory");
	attribute(tree, at, "partition", "1");
	attribute(tree, at, "dev", number);
	attribute(tree, at, "size", "2048");
	attribute(tree, at, "start", "2048");
	folder(tree, at, "holders");
	free(at);
}

void devtree_stack(const char *tree, const char *upper, const char *lower)
{
	const char *name = strrchr(lower, '/') ? strrchr(lower, '/') + 1 : lower;
	char *path = NULL;

	if (asprintf(&path, "sys/block/%s/holders/%s", lower, upper) < 0)
		fail_msg("%s", "out of memory");
	devtree_link(tree, "x", path);
	free(path);
	if (asprintf(&path, "sys/block/%s/slaves/%s", upper, name) < 0)
		fail_msg("%s", "out of memory");
	devtree_link(tree, "x", path);
	free(path);
}

void devtree_mount(const char *tree, const char *number, const char *point, const char *type, const char *source)
{
	char *full = hzt_path(tree, "proc/self/mountinfo");
	FILE *f = fopen(full, "a");

	if (!f || fprintf(f, "36 21 %s / %s rw,relatime shared:1 - %s %s rw\n", number, point, type, source) < 0)
		fail_msg("%s: %s", full, strerror(errno));
	(void)fclose(f);
	free(full);
}
