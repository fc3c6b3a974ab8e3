/* SPDX-License-Identifier: BSD-2-Clause */
/* Index runs (docs/format/run.md): building one, and looking into one page by page. */
#ifndef ARCHIVE_RUN_H
#define ARCHIVE_RUN_H

#include "archive/keyring.h"
#include "archive/session.h"
#include "archive/signed.h"

#define RUN_PAGE      4096u
#define RUN_PLAIN     4080u
#define RUN_PACKS     78u
#define RUN_ENTRIES   113u
#define RUN_PACK_LEN  52u
#define RUN_ENTRY_LEN 36u

struct run_pack {
	struct uid uid;
	uint32_t size;
	struct id hash;
};
struct run_entry {
	struct id id;
	uint32_t pack; /* place in the packs */
};

/* Builds a run: sorts packs and entries (entries[].pack is rewritten to follow). */
int run_build(struct buf *out, struct run_ref *ref, const struct repo_header *repo, const struct uid *session,
	const struct uid *signer, const struct secret *seed, const struct group *g, struct run_pack *packs,
	size_t n_packs, struct run_entry *entries, size_t n_entries, hz_error **err);

struct run {
	struct uid uid, session, signer, group;
	struct id hash;
	struct id *supersedes;
	size_t n_supersedes;
	uint32_t blocks;
	uint32_t body_off; /* of page 0, in the payload stream */
	struct run_pack *packs;
	uint32_t n_packs;
	uint64_t n_entries;
	uint32_t first_page, entry_pages; /* of the entries */
	struct aead *aead;
	unsigned suite;
	struct uid repo;
};
void run_release(struct run *r);

/* A run's object while it is read; pages point into it. */
struct run_object {
	struct signed_object so;
	const uint8_t *pages;
	size_t n_pages;
};
#define RUN_OBJECT_INIT           \
	{                         \
		.so = SIGNED_INIT \
	}
void run_object_release(struct run_object *o);
/* Loads the object, verifies container, signature by log and body hash, and hands out the clear part but for the
 * object hash, which costs as much again. HZ_E_CORRUPT and so on as signed_load. */
int run_open(struct run *r, struct run_object *o, struct store *st, const struct uid *uid, const struct admin_log *log,
	const struct damage_sink *sink, hz_error **err);
/* Opens the pages with the key of the run's group: cipher, head, packs. Then run_each verifies all that is left (order
 * and range of entries, padding) and calls fn (NULL: nobody) with every entry in order. After a failure r is to be
 * released. */
typedef int (*run_entry_fn)(void *user, const struct run_entry *e, hz_error **err);
int run_unlock(struct run *r, const struct run_object *o, const struct group *g, hz_error **err);
int run_each(const struct run *r, const struct run_object *o, run_entry_fn fn, void *user, hz_error **err);
/* All of that, and the object hash. groups: those whose keys are at hand; where the run's is not among them only the
 * clear part is loaded, and the cipher is NULL. r is released on failure. */
int run_load(struct run *r, struct store *st, const struct uid *uid, const struct admin_log *log,
	const struct group *groups, size_t n_groups, run_entry_fn fn, void *user, const struct damage_sink *sink,
	hz_error **err);

/* A loaded run needs its packs no more: any page can be had out of the store. */
int run_cipher(struct aead **a, const struct run *r, const struct group *g, hz_error **err);
/* Reads and decrypts one page, packs from 1 on, entries from r->first_page on; mends it through the parity. Places
 * that entries name are as the store gives them: to be compared with n_packs. */
int run_read_page(
	const struct run *r, struct aead *a, struct store *st, uint32_t page, uint8_t plain[RUN_PLAIN], hz_error **err);
/* How many stand on the page-th page of packs or entries, and the i-th of them. */
unsigned run_packs_on(const struct run *r, uint32_t page);
unsigned run_entries_on(const struct run *r, uint32_t page);
struct run_pack run_pack_at(const uint8_t plain[RUN_PLAIN], unsigned i);
struct run_entry run_entry_at(const uint8_t plain[RUN_PLAIN], unsigned i);

#endif
