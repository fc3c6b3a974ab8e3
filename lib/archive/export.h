/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of export: the archive as a whole, and one entry of it. */
#ifndef ARCHIVE_EXPORT_H
#define ARCHIVE_EXPORT_H

#include "archive/reader.h"

struct archive_entry;

/* What tar cannot hold of one entry, as text for one event. */
struct export_shorts {
	char text[512];
	size_t len;
	unsigned n;
};
void export_short(struct export_shorts *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Path, kind, rights, owner and times: what further names of an inode show, too. */
void export_fill_basics(struct archive_entry *a, const struct entry *e, const char *path);
/* Fills a with everything of e but its content: path, attributes, ACLs, xattrs, and where its holes are. HZ_E_CORRUPT:
 * the list of its extents cannot be read. */
int export_fill(struct archive_entry *a, struct reader_nodes *nodes, const struct entry *e, const char *path,
	struct export_shorts *s, hz_error **err);

#endif
