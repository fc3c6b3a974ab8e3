/* SPDX-License-Identifier: BSD-2-Clause */
/* Packs (docs/format/pack.md): filling them from many threads, and reading them. */
#ifndef ARCHIVE_PACK_H
#define ARCHIVE_PACK_H

#include "archive/session.h"
#include "crypto/suite.h"

#define PACK_FRAMES     352u /* where frames begin in the payload stream */
#define FRAME_RAW_MAX   (16u << 20)
#define FRAME_ENTRY     19u /* bytes of a frame in the table */
#define MEMBER_ENTRY    36u
#define PACK_TABLE_HEAD (2u + UID_LEN + 4u)
/* A writer puts no more into one pack: lists of them take memory here and wherever the pack is read. */
#define PACK_MEMBERS_MAX (192u << 10)
enum frame_method { METHOD_RAW = 0, METHOD_ZSTD = 1, METHOD_PAD = 2 };

struct frame_member {
	struct id id;
	uint32_t len;
};

/* ---- writing ---- */

/* A finished pack, after it was put. ids: of all members, both roles. */
struct pack_done {
	struct uid uid;
	uint32_t size;
	struct id hash;
	const struct id *ids;
	size_t n_ids;
	uint64_t raw_bytes;
};
struct packer_hooks {
	/* Before a pack is put: makes the record durable (names.md, journal). */
	int (*before_put)(void *user, const struct pack_done *p, hz_error **err);
	/* After. Both are called from threads of the packer, for one pack once, never two at a time. */
	int (*after_put)(void *user, const struct pack_done *p, hz_error **err);
	void *user;
	/* May be NULL. Asked now and then, from any thread, by those who wait for a pack to be put: below 0 ends the
	 * wait with this result. */
	int (*check)(void *user, hz_error **err);
};

struct packer;
/* store NULL: a dry run, everything but the put. session, header and store are borrowed. puts: so many packs may be on
 * their way to the store at once; with those being filled (one a role) that bounds the memory that it takes. */
int packer_new(struct packer **ret, struct store *st, const struct repo_header *repo, const struct session *s,
	unsigned workers, unsigned puts, const struct packer_hooks *hooks, hz_error **err);
/* Waits for what is being put; nothing more is. */
void packer_free(struct packer *p);
DEFINE_AUTO(struct packer, packer_free)

/* Adds one frame: stored bytes (already compressed or not, as method says) of raw_len bytes, with its n members.
 * Encrypts into the open pack of the role; a full pack is finished and put by a thread of the packer. Waits while as
 * many as may be are under way. worker: which of the workers calls. The first failure, of a put too, is the result of
 * this and all later calls, and no further pack is put. */
int packer_add(struct packer *p, unsigned worker, enum pack_role role, enum frame_method method, const void *data,
	size_t len, uint32_t raw_len, const struct frame_member *m, size_t n, hz_error **err);
/* Ends the open packs and waits until all are put. No other thread may use the packer now. */
int packer_finish(struct packer *p, hz_error **err);
/* Bytes put to the store so far. */
uint64_t packer_stored(const struct packer *p);

/* ---- reading ---- */

struct pack_frame {
	uint32_t off, stored, raw;
	uint8_t method;
	struct uid writer;
	uint32_t first, members;
};
struct pack_member {
	struct id id;
	uint32_t frame, off, len;
};
struct pack_table {
	bool loaded;
	struct pack_frame *frames;
	uint32_t n_frames;
	struct pack_member *members; /* in order of frames */
	uint32_t n_members;
	uint32_t *by_id; /* places in members, sorted by id */
};
/* A pack opened for reading. */
struct pack {
	struct uid uid, session, writer;
	struct name name;
	uint32_t blocks;
	unsigned suite;
	struct uid repo;
	struct store *store;
	struct buf whole; /* the payload stream, once it was read whole */
	struct buf sums;  /* then: the checksums of its blocks as they should be */
	struct object_health health;
	struct pack_table t[3]; /* by role */
	struct aead *aead[3];
	uint32_t rest;     /* end of the last table that was opened */
	void *dctx;        /* decompressor, made at need */
	struct buf stored; /* the frame that it reads */
};
void pack_close(struct pack *p);
/* Reads the head (whole = false: only the first blocks; true: everything, verified and mended) and the plain fields.
 * HZ_E_NOTFOUND: it is not there. */
int pack_open(struct pack **ret, struct store *st, const struct repo_header *repo, const struct uid *uid, bool whole,
	hz_error **err);
DEFINE_AUTO(struct pack, pack_close)
/* Opens a role's table with the session's key for this pack. A pack without frames of the role gives an empty table. */
int pack_open_table(struct pack *p, enum pack_role role, const uint8_t key[KEY_LEN], hz_error **err);
/* The member with this id, or NULL. */
const struct pack_member *pack_find(const struct pack *p, enum pack_role role, const struct id *id);
/* Decrypts and decompresses frame i into out (raw bytes). Damage is mended through parity when the pack's bytes do not
 * verify. */
int pack_read_frame(struct pack *p, enum pack_role role, uint32_t i, struct buf *out, hz_error **err);
/* Verifies the bytes after the last frame (the pad, or the zeros in its place); the data table must be open. */
int pack_check_rest(struct pack *p, hz_error **err);

/* The order in which n packs are best read: on a disk that turns, as it comes by them; *order, the caller's, is left
 * alone elsewhere: then it is theirs. at: 1 and the uid of the i-th, 0 where nothing will be read, or a failure. */
typedef int (*pack_at_fn)(void *user, uint32_t i, struct uid *uid, hz_error **err);
int pack_order(uint32_t **order, struct store *st, uint32_t n, pack_at_fn at, void *user, hz_error **err);

/* Decodes a table; exposed for fuzzing. limit: where the data blocks end. */
int pack_table_decode(
	struct pack_table *t, const uint8_t *data, size_t len, enum pack_role role, uint32_t limit, hz_error **err);
void pack_table_release(struct pack_table *t);

/* Shared by both sides. */
#define FRAME_AD_LEN (2 + 3 * UID_LEN + 2 + 8)
enum pack_space { SPACE_FRAME = 1, SPACE_TABLE = 2, SPACE_ROOT = 3 };
void frame_nonce(uint8_t nonce[NONCE_LEN], enum pack_space space, uint64_t counter);
void frame_ad(uint8_t ad[FRAME_AD_LEN], unsigned suite, const struct uid *repo, const struct uid *writer,
	const struct uid *pack, enum pack_role role, enum pack_space space, uint64_t counter);

#endif
