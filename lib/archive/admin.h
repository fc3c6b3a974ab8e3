/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `repo` and the admin log (docs/format/admin.md): who may do what, and what was decided. Loading verifies the whole
 * chain; the state is what its items add up to. Nothing here needs a secret; names and reasons stay sealed blobs.
 */
#ifndef ARCHIVE_ADMIN_H
#define ARCHIVE_ADMIN_H

#include "archive/bundle.h"

enum admin_item {
	ITEM_SIGNERS = 1,
	ITEM_RECIPIENTS,
	ITEM_WRITER,
	ITEM_CUT,
	ITEM_AGENT,
	ITEM_AGENT_END,
	ITEM_KEY,
	ITEM_ISSUED,
	ITEM_KEY_END,
	ITEM_POLICY,
	ITEM_HOLD,
	ITEM_HOLD_END,
	ITEM_TOMBSTONE,
	ITEM_UNDELETE,
	ITEM_FINAL,
	ITEM_FINAL_END,
	ITEM_LOSS,
	ITEM_ROLLBACK,
	ITEM_EVIDENCE = 0x8013 /* older readers skip it */
};
enum admin_class { CLASS_SIGNERS, CLASS_KEYS, CLASS_POLICY, CLASS_FORGET, CLASS_HOLD, CLASS_HOLD_END, CLASS_COUNT };
enum key_kind { KEY_SLOT = 1, KEY_GROUP = 2, KEY_TABLE = 3 };

struct repo_header {
	struct uid id;
	unsigned suite;
	uint64_t read_only; /* features that a writer must know: none are known */
	uint8_t chunker, pack_log2;
	int64_t created;
	struct roots roots;
	struct id admin0;
};

struct recipients {
	uint32_t epoch;
	uint8_t meta[BOX_PUB_LEN], data[BOX_PUB_LEN];
};
struct writer_info {
	struct uid id, group;
	uint8_t pub[SIGN_PUB_LEN], box[BOX_PUB_LEN];
	uint8_t *name; /* sealed, owned */
	size_t name_len;
	int64_t time;
	bool is_cut;
	struct id cut; /* zero: everything */
};
struct agent_info {
	uint8_t role;
	struct uid id;
	uint8_t pub[SIGN_PUB_LEN];
	bool ended;
};
struct key_info {
	uint8_t kind, role; /* role: of an issued key file (kind 0) */
	struct uid uid;
	struct id hash;
	uint8_t *name; /* sealed, of an issued key */
	size_t name_len;
	int64_t time;
	bool ended;
};
/* A host's key for evidence: what it signs is that host's. */
struct evidence_key {
	uint8_t pub[SIGN_PUB_LEN];
	uint8_t *name; /* sealed, owned */
	size_t name_len;
	int64_t time;
};
struct final_list {
	uint64_t mark;
	struct id mark_hash;
	struct uid *packs; /* ascending */
	size_t n;
};
struct id_set {
	struct id *v; /* ascending */
	size_t n, cap;
};
bool id_set_has(const struct id_set *s, const struct id *id);
int id_set_add(struct id_set *s, const struct id *id);
void id_set_del(struct id_set *s, const struct id *id);

struct admin_log {
	struct repo_header repo;
	uint64_t n;        /* entries */
	struct id *hashes; /* of each */
	unsigned next_try; /* the first free one after the head */
	unsigned head_try; /* under which the head stands */
	int64_t last_time;
	struct roots roots;
	uint8_t (*past_roots)[SIGN_PUB_LEN]; /* of earlier signer sets: what they signed stays valid */
	size_t n_past;
	uint8_t threshold[CLASS_COUNT];
	struct recipients *recipients;
	size_t n_recipients;
	struct writer_info *writers;
	size_t n_writers;
	struct agent_info *agents;
	size_t n_agents;
	struct key_info *keys;
	size_t n_keys;
	struct evidence_key *evidence;
	size_t n_evidence;
	struct final_list *finals;
	size_t n_finals;
	struct id_set tombstones, losses;
};

void admin_log_release(struct admin_log *log);

/* Reads `repo` alone (with its copy as a second source). HZ_E_NOTFOUND: not a repository. */
int repo_header_load(struct repo_header *h, struct store *st, const struct damage_sink *sink, hz_error **err);
int repo_header_build(
	struct buf *out, const struct repo_header *h, const struct secret *const *seeds, size_t n, hz_error **err);

/* Loads and verifies entries 0.. to the end; log->repo must be set. On failure log is released. */
int admin_log_load(struct admin_log *log, struct store *st, const struct damage_sink *sink, hz_error **err);
/* Only for init, which has no `repo` yet: an empty log that starts at the first free try. */
int admin_log_begin(struct admin_log *log, const struct repo_header *h, struct store *st, hz_error **err);
/* Appends an entry with the items (sections by ascending tag) signed by the seeds, on exactly this head; the state
 * follows. HZ_E_BUSY: somebody else appended; load again. */
int admin_log_append(struct admin_log *log, struct store *st, const struct buf *items,
	const struct secret *const *seeds, size_t n, hz_error **err);

const struct recipients *admin_recipients(const struct admin_log *log); /* newest */
const struct recipients *admin_recipients_of(const struct admin_log *log, uint32_t epoch);
const struct writer_info *admin_writer(const struct admin_log *log, const struct uid *id);
const struct agent_info *admin_agent(const struct admin_log *log, const struct uid *id); /* living ones */
/* The public key of whoever signs or signed as id: a writer, an agent (also an ended one), or a root key; NULL: nobody.
 */
const uint8_t *admin_signer(const struct admin_log *log, const struct uid *id);
bool admin_is_root(const struct admin_log *log, const struct uid *id);
const struct key_info *admin_key(const struct admin_log *log, const struct uid *uid);
const struct evidence_key *admin_evidence(const struct admin_log *log, const uint8_t pub[SIGN_PUB_LEN]);
bool admin_pack_is_final(const struct admin_log *log, const struct uid *pack);
bool admin_has_hash(const struct admin_log *log, uint64_t n, const struct id *hash);

/* Makes items. Names are sealed to the recipients' metadata key (NULL or "": empty blob). */
int item_signers(struct buf *out, const struct roots *r, const uint8_t threshold[CLASS_COUNT], hz_error **err);
int item_recipients(struct buf *out, const struct recipients *r, hz_error **err);
int item_writer(struct buf *out, const struct writer_info *w, unsigned suite, const struct uid *repo,
	const struct recipients *r, const char *name, hz_error **err);
int item_key(struct buf *out, enum key_kind kind, const struct uid *uid, const struct id *hash, hz_error **err);
int item_issued(struct buf *out, uint8_t role, const struct uid *uid, unsigned suite, const struct uid *repo,
	const struct recipients *r, const char *name, hz_error **err);
/* The key as hz_record_info has it ("ssh-ed25519 ..."; HZ_E_INVAL: it is none). Nothing is appended when text is NULL
 * or the log has the key. */
int item_evidence(struct buf *out, const char *text, const struct admin_log *log, const struct recipients *r,
	const char *name, hz_error **err);
/* The key in such a text. */
int evidence_key_parse(uint8_t pub[SIGN_PUB_LEN], const char *text, hz_error **err);
/* Opens a sealed name; *name is the caller's (free), "" for an empty blob or one that does not open. */
int item_open_name(char **name, unsigned suite, const struct uid *repo, const struct secret *meta_sec,
	const uint8_t *blob, size_t len, hz_error **err);

/* Applies one decoded items section to the state, checking that the n signers (ids) may; used by load and append;
 * exposed for fuzzing. */
int admin_apply(struct admin_log *log, const uint8_t *items, size_t len, const struct uid *signers, size_t n,
	int64_t time, hz_error **err);

#endif
