/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Include and exclude patterns over stored paths ("srv/data/x", no leading slash; docs/man). Bytes, not characters.
 *
 *	*	any bytes but /
 *	**	any bytes
 *	**	and a / behind it, where a folder name may begin: any folders, also none
 *	?	one byte but /
 *	[a-z]	one byte of the set, never /; a ] that comes first is a member
 *	[!a-z]	one byte not of the set, never /
 *	\x	x itself, in a set too
 *
 * A leading / anchors at the root; without one the pattern matches at any depth, as if any folders stood before it.
 * A trailing / matches folders only; a matched folder takes all below it. Several / count as one.
 */
#ifndef ARCHIVE_PATTERN_H
#define ARCHIVE_PATTERN_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct patterns;

/* An empty set; HZ_E_NOMEM. */
int patterns_new(struct patterns **ret, hz_error **err);

#define PATTERN_LEN_MAX 4096u
/* HZ_E_INVAL: empty (or nothing but /), an unclosed [, a range that runs backwards, a trailing backslash, or longer
 * than 4096 bytes. */
int patterns_add(struct patterns *p, const char *text, hz_error **err);
bool patterns_is_empty(const struct patterns *p);
void patterns_free(struct patterns *p);
DEFINE_AUTO(struct patterns, patterns_free)

/* Does some pattern match exactly this path? (The caller that walks down handles "takes all below".) Linear in the
 * number of patterns; each match is at worst len(pattern) * len(path), never exponential. */
bool patterns_match(const struct patterns *p, const char *path, size_t len, bool is_dir);
/* Does some pattern match this path or any of its parent folders? */
bool patterns_match_or_parent(const struct patterns *p, const char *path, size_t len, bool is_dir);
/* Could some pattern match a path below this folder? May say true too often, never false wrongly. Lets restore skip
 * subtrees. */
bool patterns_may_match_below(const struct patterns *p, const char *dir, size_t len);

#endif
