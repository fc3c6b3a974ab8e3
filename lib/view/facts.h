/* SPDX-License-Identifier: BSD-2-Clause */
/* Records as pages want them: parsed once, what is absent is NULL or negative. Borrowed from the request. */
#ifndef VIEW_FACTS_H
#define VIEW_FACTS_H

#include "base/json_read.h"
#include "report/view_module.h"
#include "view/doc.h"

struct view_fact {
	const struct view_record *record;
	struct json_value *about; /* the identity, or NULL */
	const struct json_value *predicate, *result;
	const char *uuid, *kind, *outcome, *command, *operator_name;
	const char *host;                  /* whose data; NULL: of a drill that could not look it up */
	const char *repository, *snapshot; /* of the identity; a repository that could not be opened: by its place */
	const struct json_value *paths;    /* whose data: of the result, or of the backup of the snapshot; or NULL */
	int64_t start, end;                /* seconds; end < 0: it was interrupted */
	bool trusted;
};

struct view_facts {
	const struct view_request *request;
	struct view_fact *list; /* in the order of their start */
	size_t n;
};

/* f borrows from what the request keeps, which is made the first time. HZ_E_CORRUPT: no record, which a verified one
 * cannot be; HZ_E_NOMEM. */
int facts_read(struct view_facts *f, const struct view_request *request, hz_error **err);
/* What a request kept. */
void facts_release(struct view_facts *all);

/* Seconds since 1970; -1: no RFC 3339 time in UTC. */
int64_t fact_time(const char *text);
/* When it was over, or began. */
int64_t fact_when(const struct view_fact *f);
/* Is it about paths (texts; more than none) that are in those of the other, or is one of them not known? */
bool fact_paths_in(const struct view_fact *f, const struct view_fact *of);
/* Is one path in the other, a folder? */
bool path_is_in(const char *path, const char *folder);
bool fact_is(const struct view_fact *f, const char *kind);
bool fact_has(const struct view_fact *f, const char *outcome);
/* Is this control among those that it serves? */
bool fact_serves(const struct view_fact *f, const char *control);
/* Does a list of texts have this one? */
bool list_has(const struct json_value *list, const char *text);

/* Words for people, of the page's language; what is not known is given back as it is. */
const char *word_of_kind(const struct view_lang *l, const char *kind);
const char *word_of_outcome(const struct view_lang *l, const char *outcome);
enum view_look look_of_outcome(const char *outcome);
const char *word_of_signer(const struct view_lang *l, uint32_t signer);
enum view_look look_of_signer(uint32_t signer);

#endif
