/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a writer remembers on its host, in <state>/<repository id>/<writer id>/: the heads that it made, commits about
 *to be put, journals of running sessions, and locks. Nothing in it is secret but chunk ids; it is 0700.
 *
 *	heads              known heads and pending commits (replaced whole)
 *	past               commits that were heads (appended): not foreign when a store that was set back shows them
 *again lock               guards heads and past session.<id>.lock  held while the session runs source.<key>.lock  held
 *while the source is backed up journal.<id>       packs of a session before they stand in a run
 */
#ifndef ARCHIVE_STATE_H
#define ARCHIVE_STATE_H

#include "archive/admin.h"
#include "archive/pack.h"
#include "archive/run.h"

struct state {
	int dirfd;
	char *path;
	bool existed; /* there was a heads file: this host has a memory */
	struct id_set heads, pending;
};

/* Makes the folder, reads the memory. */
int state_open(struct state *s, const char *state_dir, const struct uid *writer, hz_error **err);
void state_close(struct state *s);
/* Reads the memory anew: another process may have committed. */
int state_refresh(struct state *s, hz_error **err);
/* Under the lock: reads anew, changes, writes durably. */
int state_add_pending(struct state *s, const struct id *commit, hz_error **err);
/* The commit stands in the store: it is a head, its parents are none any more. */
int state_committed(struct state *s, const struct id *commit, const struct id *parents, size_t n, hz_error **err);
/* Was it known as a head once? */
bool state_was_head(const struct state *s, const struct id *commit);
/* Takes heads found in the store as its own (after a lost state, or because they were pending). */
int state_adopt(struct state *s, const struct id *heads, size_t n, hz_error **err);

/* Locks: *fd holds it. */
int state_lock_session(int *fd, const struct state *s, const struct uid *session, hz_error **err);
int state_lock_source(int *fd, const struct state *s, const struct id *source, hz_error **err); /* HZ_E_BUSY */
bool state_session_is_live(const struct state *s, const struct uid *session);
/* Removes a session's lock file; the lock must be held by the caller. */
void state_forget_session(const struct state *s, const struct uid *session);

/* Journal of a running session. */
struct journal;
int journal_new(struct journal **ret, const struct state *s, const struct uid *session, hz_error **err);
/* Appends and fsyncs. */
int journal_add(struct journal *j, const struct pack_done *p, hz_error **err);
void journal_close(struct journal *j);
int journal_remove(const struct state *s, const struct uid *session, hz_error **err);
/* Journals of sessions whose lock is free; fn gets each and may take its lock. */
int journal_each_dead(const struct state *s, int (*fn)(void *user, const struct uid *session, hz_error **err),
	void *user, hz_error **err);
/* Each pack in a journal up to a torn end, with its ids (borrowed). HZ_E_NOTFOUND: another run has done with it. */
typedef int (*journal_fn)(void *user, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err);
int journal_each_pack(const struct state *s, const struct uid *session, journal_fn fn, void *user, hz_error **err);
/* The same all at once, for journals that are known to be small. */
struct journal_pack {
	struct run_pack pack;
	size_t first, n; /* of ids */
};
struct journal_content {
	struct journal_pack *packs;
	size_t n_packs;
	struct id *ids;
	size_t n_ids;
};
int journal_read(struct journal_content *c, const struct state *s, const struct uid *session, hz_error **err);
void journal_content_release(struct journal_content *c);

#endif
