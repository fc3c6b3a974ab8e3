/* SPDX-License-Identifier: BSD-2-Clause */
/* Signed objects: parsing, verifying and making the signatures section (docs/format/admin.md), loading from a store
 * with the copy as a second source. */
#ifndef ARCHIVE_SIGNED_H
#define ARCHIVE_SIGNED_H

#include "archive/names.h"
#include "archive/object.h"
#include "archive/section.h"
#include "crypto/seal.h"

#define TAG_SIGNATURES 0x4001u
#define SIGNERS_MAX    16u

struct uid signer_id(unsigned suite, const uint8_t pub[SIGN_PUB_LEN]);

/* Told of each object that was damaged; mended: parity or the copy made it whole again in memory. */
typedef void (*damage_fn)(void *user, const char *name, const char *what, bool mended);
struct damage_sink {
	damage_fn fn;
	void *user;
};

/* A loaded object with its sections. */
#define SIGNED_SECTIONS_MAX 8u
struct signed_object {
	struct object obj;
	struct section s[SIGNED_SECTIONS_MAX];
	size_t n;
	size_t signed_len;
};
#define SIGNED_INIT                \
	{                          \
		.obj = OBJECT_INIT \
	}
void signed_release(struct signed_object *so);
/* The object hash, by which others name it. */
struct id signed_hash(const struct signed_object *so);

/* Does this result of loading an object say something of the object? Otherwise of the store, or of this process. */
bool signed_is_verdict(int rc);
/* Reads, verifies as a container, mends, checks type and repository id (NULL: any), parses sections. The copy is tried
 * where the primary is missing or beyond repair. HZ_E_NOTFOUND: neither is there. HZ_E_REFUSED: it belongs to another
 * repository. HZ_E_IO: the store could not say of one of them, and the other is of no use. */
int signed_load(struct signed_object *so, struct store *st, const char *name, uint8_t type, const struct uid *repo,
	bool has_copy, const uint16_t *known, size_t n_known, const struct damage_sink *sink, hz_error **err);
/* Does an object of another repository stand there, as far as its first block shows? *whose is that repository. */
bool signed_is_foreign(struct uid *whose, struct store *st, const char *stored_name, const struct uid *repo);
/* From memory (len bytes under name). */
int signed_parse(struct signed_object *so, const char *name, uint8_t *data, size_t len, uint8_t type,
	const struct uid *repo, const uint16_t *known, size_t n_known, hz_error **err);

/* The signed message of an object. */
int signed_message(struct buf *msg, uint8_t type, unsigned suite, const struct uid *repo, const uint8_t *sections,
	size_t len, hz_error **err);
/* 0: pub's signature stands in the object and is good. HZ_E_CORRUPT: not so. HZ_E_NOMEM says nothing about it. */
int signed_check(const struct signed_object *so, const uint8_t pub[SIGN_PUB_LEN], hz_error **err);
/* The same, and it is the only one: more than is asked for could be put in by anybody. */
int signed_check_only(const struct signed_object *so, const uint8_t pub[SIGN_PUB_LEN], hz_error **err);
/* Checks the form of the signatures section and hands out the signers' ids. */
int signed_signers(struct uid out[SIGNERS_MAX], size_t *n, const struct signed_object *so, hz_error **err);
/* Suite's hash over the signed message (the "session hash"). */
int signed_part_hash(struct id *out, const struct signed_object *so, hz_error **err);

/* Builds the body: signed sections (already encoded), the signatures of n seeds, then unsigned sections (already
 * encoded), and encodes the container. */
struct signed_parts {
	uint8_t type;
	unsigned suite;
	struct uid repo;
	const char *name;
	const struct buf *signed_sections;
	const struct secret *const *seeds;
	size_t n_seeds;
	const struct buf *unsigned_sections; /* NULL: none */
	bool padded;
};
int signed_build(struct buf *out, struct id *hash, const struct signed_parts *p, hz_error **err);
/* The signatures section alone, for who puts a large body together himself. */
int signed_put_signatures(struct buf *body, const struct signed_parts *p, hz_error **err);

/* Puts the primary, then, once that is won, the copy (names.md). HZ_E_EXISTS as store_put of the primary. */
int signed_put(struct store *st, const char *name, const struct buf *object, bool with_copy, hz_error **err);
/* Before referring to an object: puts whichever of primary and copy is missing from the other one. */
int signed_ensure_copy(struct store *st, const char *name, hz_error **err);

#endif
