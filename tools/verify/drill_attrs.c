/* SPDX-License-Identifier: BSD-2-Clause */
/* Extended attributes, ACLs and capabilities of a restored entry against those of the source. */
#include "verify/drill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define LIST_MAX  65536u
#define VALUE_MAX 65536u

/* What a file system or a security module makes of itself is not compared: labels, and views of ACLs. */
static bool is_compared(const char *name)
{
	return strncmp(name, "user.", 5) == 0 || strncmp(name, "system.posix_acl_", 17) == 0 ||
		strcmp(name, "security.capability") == 0 ||
		(strncmp(name, "trusted.", 8) == 0 && strncmp(name, "trusted.SGI_ACL_", 16) != 0 &&
			strncmp(name, "trusted.overlay.", 16) != 0);
}

/* -1 with errno. A file system without any has none. */
static ssize_t list_of(const char *path, char *list)
{
	ssize_t n = listxattr(path, list, LIST_MAX);

	return n < 0 && (errno == EOPNOTSUPP || errno == EPERM) ? 0 : n;
}

/* Does b have all that a has, with the same values? -1 with errno. */
static int holds(const char *a, const char *list, ssize_t n, const char *b, char *values)
{
	for (const char *name = list; name < list + n; name += strlen(name) + 1) {
		ssize_t x, y;

		if (!is_compared(name))
			continue;
		x = getxattr(a, name, values, VALUE_MAX);
		y = getxattr(b, name, values + VALUE_MAX, VALUE_MAX);
		if (x < 0)
			return -1;
		if (x != y || memcmp(values, values + VALUE_MAX, (size_t)x) != 0)
			return 0;
	}
	return 1;
}

int drill_same_attributes(int restored, int source)
{
	char a[32], b[32], *room = malloc(2 * LIST_MAX + 2 * VALUE_MAX);
	char *lists[2] = { room, room ? room + LIST_MAX : NULL };
	ssize_t n, m;
	int same = -1, e;

	if (!room) {
		errno = ENOMEM;
		return -1;
	}
	(void)snprintf(a, sizeof(a), "/proc/self/fd/%d", restored);
	(void)snprintf(b, sizeof(b), "/proc/self/fd/%d", source);
	n = list_of(a, lists[0]);
	m = n < 0 ? -1 : list_of(b, lists[1]);
	if (m >= 0)
		same = holds(a, lists[0], n, b, room + 2 * LIST_MAX);
	if (same == 1)
		same = holds(b, lists[1], m, a, room + 2 * LIST_MAX);
	e = errno;
	free(room);
	errno = e;
	return same;
}
