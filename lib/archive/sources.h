/* SPDX-License-Identifier: BSD-2-Clause */
/* What create was asked for, as a tree of stored names (docs/man, "paths"): leading / and ./ dropped, overlaps merged.
 */
#ifndef ARCHIVE_SOURCES_H
#define ARCHIVE_SOURCES_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct source_node {
	char *name;
	char *real;   /* how to open it: as given, for a node that was asked for; else the way there */
	bool whole;   /* it was asked for: everything below belongs to it */
	bool covered; /* below a whole one: what lies beside its children belongs there too */
	struct source_node *child, *next; /* children ascending by name */
};

struct sources {
	struct source_node root; /* whole: "." was asked for */
	char **absolute;         /* the paths made absolute, in the order given, overlaps too */
	size_t n;
};

/* HZ_E_INVAL: "..", an empty path, or two different places that would be stored under one name. cwd: absolute. */
int sources_new(struct sources **ret, const char *const *paths, size_t n, const char *cwd, hz_error **err);
void sources_free(struct sources *s);
DEFINE_AUTO(struct sources, sources_free)

#endif
