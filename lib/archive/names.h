/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of objects in a store (docs/format/names.md). */
#ifndef ARCHIVE_NAMES_H
#define ARCHIVE_NAMES_H

#include "base/id.h"
#include "store/store.h"

struct name {
	char s[STORE_NAME_MAX];
};

struct name name_admin(uint64_t n, unsigned attempt);
struct name name_repo_copy(const struct uid *repo);
struct name name_slot(const struct uid *u);
struct name name_group(const struct uid *u);
struct name name_session(const struct uid *u);
struct name name_mark(uint64_t n, unsigned attempt);
struct name name_pack(const struct uid *u);
struct name name_run(const struct uid *u);
struct name name_audit(const struct uid *u);
struct name name_commit(const struct uid *session, unsigned attempt);
struct name name_copy(const char *primary);

/* Parsers of the names that list gives; false for what does not fit, copies too. */
bool name_is_copy(const char *name);
bool name_parse_uid(struct uid *u, const char *name, const char *prefix); /* prefix + 32 hex, nothing after */
bool name_parse_commit(struct uid *session, unsigned *attempt, const char *name);
bool name_parse_numbered(uint64_t *n, unsigned *attempt, const char *name, const char *prefix);

#define NAME_TRIES_MAX 1000u

#endif
