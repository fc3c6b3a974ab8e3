/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of create: shared by backup.c (the whole), backup_heads.c (what the store shows of this writer),
 * backup_session.c (session, journals), backup_commit.c. Order: docs/format/names.md. */
#ifndef ARCHIVE_BACKUP_H
#define ARCHIVE_BACKUP_H

#include "archive/repo.h"
#include "archive/scan.h"
#include "hozen/backup.h"

struct own_commit {
	struct uid session;
	unsigned attempt;
	struct id hash;
	uint64_t number;
	uint8_t kind;
	bool named; /* by a later one */
};

struct dead_session {
	struct uid id;
	int lock;
};

struct backup {
	struct repo repo;
	hz_backup_options o;
	hz_job *job;
	hz_backup_result *result;
	struct sources *sources;
	struct patterns *excludes;
	struct state state;
	struct group group;
	struct chunker chunker;
	const char *host;
	char host_buf[256];
	struct id source; /* key of this source */
	int source_lock;

	struct own_commit *own;
	size_t n_own;
	struct id *heads;
	size_t n_heads;
	struct id_set other_heads,
		other_parents; /* of other writers, as far as they verify: the commit bears witness to them */
	uint64_t number;       /* highest of the heads */
	struct id_set missing; /* heads that this host made and the store does not show */

	struct mark *marks;
	size_t n_marks;
	uint64_t lost_seen, lost_newest; /* numbers plus one of lost-pack marks: known to this host, in the store */

	/* Of the present try (an evicted session is begun anew). */
	struct session session;
	int session_lock;
	struct journal *journal;
	struct index *index;
	struct ingest *ingest;
	struct cache_reader *cache;
	struct cache_writer *new_cache;
	struct dead_session *dead;
	size_t n_dead;
	uint64_t cache_root;
	bool trust_cache, has_base;
	struct id base;
	struct walltime start;
	uint64_t began_ns;
};

/* backup_heads.c */
int backup_find_heads(struct backup *b, hz_error **err); /* own commits and heads, alarms, adoption */
int backup_find_marks(struct backup *b, hz_error **err);
bool backup_pack_is_gone(void *user, const struct uid *pack);
bool backup_commit_is_ours(void *user, const struct id *commit);
/* Is the key one of the log, and not revoked? Otherwise nobody would take what it signs for a backup. */
int backup_check_writer(const struct backup *b, hz_error **err);
int backup_lost_remember(struct backup *b, hz_error **err);

/* backup_session.c */
struct cache_key backup_cache_key(const struct backup *b);
int backup_session_begin(struct backup *b, hz_error **err);
void backup_session_end(struct backup *b);
/* The admin log as it stands now; fails when the writer is no longer in it. */
int backup_reload_log(struct backup *b, hz_error **err);

/* backup_stream.c: what comes from standard input, a command or a tar. */
static inline bool backup_is_stream(const struct backup *b)
{
	return b->o.stream_name || b->o.command || b->o.tar;
}
/* Instead of the paths. */
int backup_stream_sources(struct backup *b, hz_error **err);
/* Instead of the walk. */
int backup_stream_scan(struct backup *b, const struct scan_options *so, struct scan_result *r, hz_error **err);

/* backup_commit.c */
/* 1: the session was evicted and must be begun anew. */
int backup_session_commit(
	struct backup *b, struct scan_result *scan, const struct run_ref *runs, size_t n_runs, hz_error **err);

#endif
