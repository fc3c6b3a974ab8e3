/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions, commits, marks: their objects (docs/format/session.md). */
#ifndef ARCHIVE_SESSION_H
#define ARCHIVE_SESSION_H

#include "archive/admin.h"
#include "archive/entry.h"
#include "base/clock.h"

enum pack_role { PACK_META = 1, PACK_DATA = 2 };

struct session {
	struct uid id, writer, group;
	uint32_t epoch;
	struct id base; /* zero: none */
	struct id part_hash;
	struct secret *key[3]; /* by pack_role; NULL: not ours to open */
};
void session_release(struct session *s);

/* Draws id and keys, builds the object under name_session(id). */
int session_create(struct session *s, struct buf *out, const struct admin_log *log, const struct bundle *writer,
	const struct id *base, hz_error **err);
/* Verifies signature by the writer in the log; opens what key can (NULL: nothing). */
int session_load(struct session *s, struct store *st, const struct uid *id, const struct admin_log *log,
	const struct bundle *key, const struct damage_sink *sink, hz_error **err);
/* The key of one pack, or of a commit's body. */
int session_pack_key(uint8_t out[KEY_LEN], unsigned suite, const struct session *s, enum pack_role role,
	const struct uid *pack, hz_error **err);

enum commit_kind { COMMIT_SNAPSHOT = 1, COMMIT_PLAIN = 2, COMMIT_ABANDONED = 3, COMMIT_EVICTED = 4 };

struct run_ref {
	struct uid uid;
	struct id hash;
};
/* The clear, signed part. */
struct commit {
	uint8_t kind;
	unsigned attempt;
	struct uid session, signer;
	uint64_t number;
	struct id session_hash, hash; /* hash: the id of the snapshot */
	struct id *parents;
	size_t n_parents;
	struct run_ref *runs;
	size_t n_runs;
	struct uid body;
	struct id body_hash;
	bool has_evidence; /* the signer vouches for this key of its host's evidence */
	uint8_t evidence[SIGN_PUB_LEN];
	bool damaged; /* container needed mending */
};
void commit_release(struct commit *c);

#define ERRORS_BYTES_MAX ((size_t)1 << 20)
#define COMMIT_TEXT_MAX  65536u /* a path, a tag, a reason */
enum body_count {
	COUNT_FILES,
	COUNT_DIRS,
	COUNT_OTHERS,
	COUNT_BYTES,
	COUNT_NEW,
	COUNT_KNOWN,
	COUNT_NEW_BYTES,
	COUNT_STORED,
	COUNT_ERRORS,
	COUNT_N
};
enum source_error { SOURCE_UNREADABLE = 1, SOURCE_MISSING = 2, SOURCE_CHANGED = 3, SOURCE_ATTRS = 4 };

struct bytes {
	const uint8_t *p;
	size_t len;
};
/* The encrypted part. Everything points into raw (decoded) or is borrowed (to encode). */
struct commit_body {
	struct walltime start, end;
	uint64_t duration_ns;
	struct bytes host, tool;
	struct bytes *paths, *tags;
	size_t n_paths, n_tags;
	uint64_t counts[COUNT_N];
	bool complete;
	struct bytes root; /* encoded entry */
	uint64_t n_errors; /* all, not only the listed */
	uint64_t n_listed;
	struct bytes errors; /* listed ones, encoded: u8 kind, blob path, blob reason */
	uint64_t admin_n;
	struct id admin_head;
	struct bytes others; /* ids of other writers' heads */
	struct id policy, source;
	struct buf raw;
};
void commit_body_release(struct commit_body *b);
int commit_body_encode(struct buf *out, const struct commit_body *b, hz_error **err);
/* raw is moved in. */
int commit_body_decode(struct commit_body *b, struct buf *raw, hz_error **err);

/* Builds a commit of kind 1 or 2 (body NULL for 2), or abandonment (kind 3), signed by seed. c: kind, attempt, session,
 * signer, number, session_hash, parents, runs, evidence are inputs; body, body_hash and hash are set. */
int commit_build(struct buf *out, struct commit *c, const struct repo_header *repo, const struct session *s,
	const struct secret *seed, const struct commit_body *body, hz_error **err);
/* Loads what stands at a session's commit name (lowest valid try). Verifies the signature against the log (kinds as to
 * who may). Opens the body when body is not NULL and s holds the metadata key. HZ_E_NOTFOUND: the session is open. */
int commit_load(struct commit *c, struct commit_body *body, struct store *st, const struct uid *session,
	unsigned attempt, const struct admin_log *log, const struct session *s, const struct damage_sink *sink,
	hz_error **err);

struct mark {
	uint64_t n;
	uint8_t kind; /* 1 prune, 2 lost packs */
	uint64_t admin_n;
	struct id admin_head, hash;
	struct uid *packs; /* ascending */
	size_t n_packs;
};
void mark_release(struct mark *m);
int mark_load(struct mark *m, struct store *st, uint64_t n, unsigned attempt, const struct admin_log *log,
	const struct damage_sink *sink, hz_error **err);
int mark_build(struct buf *out, struct mark *m, unsigned attempt, const struct repo_header *repo,
	const struct secret *seed, hz_error **err);

#endif
