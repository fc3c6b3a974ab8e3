/* SPDX-License-Identifier: BSD-2-Clause */
/* Index runs (docs/format/run.md): building one, and looking into one page by page. */
#ifndef ARCHIVE_RUN_H
#define ARCHIVE_RUN_H

#include "archive/keyring.h"
#include "archive/session.h"

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
/* Loads the clear part and verifies container, signature by log, body hash. g (may be NULL: only the clear part) opens
 * pages: then the pack table is read, and fn is called with every entry in order (also checks order and range).
 * HZ_E_CORRUPT and so on as signed_load. */
typedef int (*run_entry_fn)(void *user, const struct run_entry *e, hz_error **err);
int run_load(struct run *r, struct store *st, const struct uid *uid, const struct admin_log *log,
	const struct group *groups, size_t n_groups, run_entry_fn fn, void *user, const struct damage_sink *sink,
	hz_error **err);
/* Reads and decrypts one entry page: at most RUN_ENTRIES entries into out. */
int run_read_page(const struct run *r, struct store *st, uint32_t page, struct run_entry out[RUN_ENTRIES], unsigned *n,
	hz_error **err);

#endif
