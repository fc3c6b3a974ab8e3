/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the log's check: checkpoint and heads (log_check.c), records (log_examine.c), entries and
 * folders (log_entries.c). */
#ifndef REPORT_LOG_LOOK_H
#define REPORT_LOG_LOOK_H

#include "report/check.h"

struct head {
	uint64_t size, from; /* from: the entry that says so; UINT64_MAX: the checkpoint, or one from elsewhere */
	struct id root;
};

struct look {
	int dir, records, pending, lock;
	struct log_text log;
	uint64_t covered; /* entries that the checkpoint covers */
	const hz_trust *trust;
	uint8_t own[SIGN_PUB_LEN]; /* the key of the checkpoint, where it is trusted */
	bool has_own;
	struct head *heads;
	size_t n_heads, cap_heads;
	char (*names)[LOG_NAME_LEN]; /* of entries, sorted */
	size_t n_names;
	const struct log_eyes *eyes;
	hz_log_result res;
};

/* What an entry shows by itself. */
struct examined {
	bool is_entry;
	struct log_entry e;
	uint32_t kind; /* of a finding, with its text; 0: the record is good, and what follows is set */
	char why[768];
	uint8_t pub[SIGN_PUB_LEN];
	int64_t time;
	uint64_t log_size; /* when its command began */
	struct id log_root;
	hz_report report; /* where somebody wants it, with its root */
	struct json_value *root;
	int rc; /* of what could not be examined, with err */
	hz_error *err;
};
typedef int (*log_take_fn)(void *user, uint64_t i, struct examined *x, hz_error **err);
/* Every entry, from several threads; take gets them on this one, by their order. Another result than 0 of it ends the
 * walk and is returned. */
int log_examine(const struct look *l, log_take_fn take, void *user, hz_error **err);

/* A finding: of entries first to last (UINT64_MAX: of none), and their name. */
void log_tell(struct look *l, uint32_t kind, uint64_t first, uint64_t last, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
int log_add_head(struct look *l, uint64_t size, const struct id *root, uint64_t from, hz_error **err);
/* Every entry, and the record that it names. */
int log_look_entries(struct look *l, hz_error **err);
/* What no entry names. */
int log_look_folders(struct look *l, hz_error **err);

#endif
