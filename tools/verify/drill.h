/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of the drill. Order: what is asked (cmd_drill.c), which files (drill_choose.c), a sandbox
 * (sandbox.h), the restore, the comparison with the source (drill_compare.c), the test command (drill_command.c), what
 * is said of it (drill_print.c).
 */
#ifndef VERIFY_DRILL_H
#define VERIFY_DRILL_H

#include "common/cli.h"
#include "verify/confidence.h"
#include "verify/sandbox.h"

struct drill {
	struct cli *cli;
	hz_reader *r;
	/* What was asked for. */
	bool whole;          /* L4 */
	const char *source;  /* root beneath which the stored paths are looked for; NULL: not compared */
	uint64_t want_files; /* 0: permille says how many */
	uint32_t permille;
	uint64_t seed;
	bool has_turn, remembers_turn; /* a part of the files in turn too; as this host remembers it */
	uint32_t turn_from, turn_next;
	int64_t rto, rpo; /* seconds; -1: not asked for */
	char system[64];  /* of the policy; empty: none */
	const char *command;
	int64_t command_seconds; /* it may take */
	struct confidence confidence;
	/* The snapshot. */
	char id[HZ_ID_HEX], host[256];
	bool is_ours;     /* of this host */
	bool is_absolute; /* paths are stored as they are on the host, from the root */
	bool *found;      /* of each path: the snapshot has it */
	struct strings paths;
	int64_t time_sec;
	uint32_t time_nsec;
	/* Regular files of the snapshot, and those that were chosen. */
	uint64_t all_files, all_bytes, n_chosen, chosen_bytes, too_long;
	uint64_t n_random, n_turn; /* chosen by chance, and in turn; some by both */
	uint64_t *chosen;          /* as numbers in the order of hz_ls, ascending; NULL: all */
	struct strings patterns;
	/* What came of it. */
	struct sandbox sandbox;
	hz_restore_result res;
	double seconds;    /* of the restore */
	int64_t began_sec; /* of the drill */
	uint64_t compared, files_compared, same, source_changed, source_gone, not_compared, damaged, missing, notes;
	bool command_ran, command_isolated;
	int command_exit; /* -1: by a signal, or it took too long */
	struct strings not_checked, assumptions;
	struct strings told[2]; /* the same in the language of the user */
};

/* What the record is not to be read as saying: HZ_SAYS_*. For it, the summary and people. */
void drill_says(struct drill *d, uint32_t which, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* An event with the path of an entry. */
void drill_event(struct drill *d, uint32_t kind, const hz_entry_info *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Non-zero stops and is returned. chosen: a regular file that was chosen; with no choice, everything. */
typedef int (*drill_entry_fn)(struct drill *d, const hz_entry_info *e, bool chosen);
/* Every entry of the snapshot, folders first. HZ_E_CANCELED after a signal. */
int drill_walk(struct drill *d, drill_entry_fn fn, hz_job *job, hz_error **err);
/* What a walk gave, as an exit code. Damaged lists of folders are told once; what else there is can be restored. */
int drill_walked(struct drill *d, int rc, hz_error **err, bool tell);
/* All of these give an exit code, after saying what is wrong. */
int drill_choose(struct drill *d);
int drill_compare(struct drill *d);
int drill_run_command(struct drill *d);
/* The summary, and for people what it says; gives code, or worse where a time was missed. */
int drill_conclude(struct drill *d, int code);
/* Is it the i-th path, or below it? */
bool drill_is_in(const struct drill *d, uint64_t i, const hz_entry_info *e);
/* Do two open entries (O_PATH) have the same extended attributes, ACLs and capabilities? 1, 0, or -1 with errno. */
int drill_same_attributes(int restored, int source);
/* The state of a chosen file, with --json. */
void drill_file_line(struct drill *d, const hz_entry_info *e, const char *state);

#endif
