/* SPDX-License-Identifier: BSD-2-Clause */
/* What a folder of the store lists of one kind of object, in order. */
#ifndef ARCHIVE_LISTING_H
#define ARCHIVE_LISTING_H

#include "archive/names.h"

struct listed {
	struct uid uid;  /* of a run, a copy of evidence; of a commit its session; zero for a mark */
	uint64_t number; /* of a mark */
	unsigned attempt;
	uint64_t size;
};
struct listing {
	struct listed *v; /* ascending by uid, number, attempt; each once */
	size_t n, cap;
};
/* False: not of the kind. A name and its copy's are the same object. */
typedef bool (*listing_parse_fn)(struct listed *l, const char *name);
bool listed_run(struct listed *l, const char *name);
bool listed_commit(struct listed *l, const char *name);
bool listed_audit(struct listed *l, const char *name);
bool listed_mark(struct listed *l, const char *name);
bool listed_admin(struct listed *l, const char *name);

int listing_load(struct listing *l, struct store *st, const char *folder, listing_parse_fn parse, hz_error **err);
void listing_release(struct listing *l);

#endif
