/* SPDX-License-Identifier: BSD-2-Clause */
/* Making index runs (docs/format/run.md). A run is put together in the bytes of its object, so that it takes no more
 * memory than that beside what it is made of. */
#include "archive/run_internal.h"
#include "base/sort.h"
#include "crypto/suite.h"
#include <string.h>

struct place {
	struct run_pack pack;
	uint32_t old;
};

static int cmp_place(const void *a, const void *b)
{
	return uid_cmp(&((const struct place *)a)->pack.uid, &((const struct place *)b)->pack.uid);
}

static int cmp_entry(const void *a, const void *b)
{
	const struct run_entry *x = a, *y = b;
	int c = id_cmp(&x->id, &y->id);

	return c ? c : (x->pack > y->pack) - (x->pack < y->pack);
}

static int sort_all(struct run_pack *packs, size_t n_packs, struct run_entry *entries, size_t n_entries, hz_error **err)
{
	AUTO_FREE struct place *p = calloc(n_packs + 1, sizeof(*p));
	AUTO_FREE uint32_t *map = calloc(n_packs + 1, sizeof(*map));

	if (!p || !map)
		return err_nomem(err);
	for (size_t i = 0; i < n_packs; i++)
		p[i] = (struct place){ packs[i], (uint32_t)i };
	sort_spread(p, n_packs, sizeof(*p), cmp_place);
	for (size_t i = 0; i < n_packs; i++) {
		packs[i] = p[i].pack;
		map[p[i].old] = (uint32_t)i;
	}
	for (size_t i = 0; i < n_entries; i++)
		entries[i].pack = map[entries[i].pack];
	sort_spread(entries, n_entries, sizeof(*entries), cmp_entry);
	return 0;
}

struct pages {
	struct buf *out;
	struct aead *a;
	uint8_t ad[RUN_AD_LEN];
	uint32_t n;
};

static int put_page(struct pages *p, const uint8_t plain[RUN_PLAIN], hz_error **err)
{
	uint8_t nonce[NONCE_LEN];
	uint8_t *at = buf_extend(p->out, RUN_PAGE);

	if (!at)
		return err_nomem(err);
	run_page_nonce(nonce, p->n++);
	if (aead_seal(p->a, at, nonce, p->ad, RUN_AD_LEN, plain, RUN_PLAIN) < 0)
		return err_set(err, HZ_E_INTERNAL, "index run: cannot be encrypted");
	return 0;
}

static int put_packs(struct pages *pg, const struct run_pack *packs, size_t n, hz_error **err)
{
	uint8_t plain[RUN_PLAIN];

	for (size_t i = 0; i < n; i += RUN_PACKS) {
		memset(plain, 0, sizeof(plain));
		for (size_t j = 0; j < RUN_PACKS && i + j < n; j++) {
			uint8_t *at = plain + j * RUN_PACK_LEN;

			memcpy(at, packs[i + j].uid.b, UID_LEN);
			put_le32(at + UID_LEN, packs[i + j].size);
			memcpy(at + UID_LEN + 4, packs[i + j].hash.b, ID_LEN);
		}
		int rc = put_page(pg, plain, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int put_entries(struct pages *pg, const struct run_entry *e, size_t n, hz_error **err)
{
	uint8_t plain[RUN_PLAIN];

	for (size_t i = 0; i < n; i += RUN_ENTRIES) {
		memset(plain, 0, sizeof(plain));
		for (size_t j = 0; j < RUN_ENTRIES && i + j < n; j++) {
			memcpy(plain + j * RUN_ENTRY_LEN, e[i + j].id.b, ID_LEN);
			put_le32(plain + j * RUN_ENTRY_LEN + ID_LEN, e[i + j].pack);
		}
		int rc = put_page(pg, plain, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What the container holds besides the pages: three sections before them, and the head of theirs. */
#define RUN_SECTIONS (6 + (3 * UID_LEN + UID_LEN + ID_LEN) + 6 + 2 + 6 + 1 + UID_LEN + SIG_LEN + 6)
#define RUN_CLEAR    (OBJECT_HEADER + RUN_SECTIONS)

struct making {
	const struct repo_header *repo;
	const struct uid *session, *signer;
	const struct secret *seed;
	const struct group *g;
	struct uid uid;
};

static int put_head(struct pages *pg, size_t n_packs, size_t n_entries, hz_error **err)
{
	uint8_t plain[RUN_PLAIN] = { 0 };

	put_le32(plain, (uint32_t)n_packs);
	put_le32(plain + 4, run_pages_for(n_packs, RUN_PACKS));
	put_le64(plain + 8, n_entries);
	put_le32(plain + 16, run_pages_for(n_entries, RUN_ENTRIES));
	return put_page(pg, plain, err);
}

/* Room for the header and the clear part, then all pages, in a buffer that has room for the whole object. */
static int build_pages(struct buf *out, const struct making *m, const struct run_pack *packs, size_t n_packs,
	const struct run_entry *entries, size_t n_entries, hz_error **err)
{
	AUTO(aead_free) struct aead *a = NULL;
	struct pages pg = { .out = out };
	static const uint8_t zero[RUN_PLAIN];
	uint64_t n_pages = 1 + (uint64_t)run_pages_for(n_packs, RUN_PACKS) + run_pages_for(n_entries, RUN_ENTRIES);
	uint32_t blocks = object_blocks_padded(RUN_CLEAR + n_pages * RUN_PAGE);
	uint64_t room = (uint64_t)object_data_blocks(blocks) * OBJECT_PAYLOAD - RUN_CLEAR;
	int rc;

	if (blocks == 0)
		return err_set(err, HZ_E_UNSUPPORTED, "index run: too many entries");
	if (buf_reserve(out, (size_t)blocks * OBJECT_BLOCK) < 0 || buf_append_zero(out, RUN_CLEAR) < 0)
		return err_nomem(err);
	rc = run_aead(&a, m->repo->suite, m->g->index, &m->uid, err);
	if (rc < 0)
		return rc;
	pg.a = a;
	run_ad(pg.ad, m->repo->suite, &m->repo->id, m->signer, &m->uid);
	rc = put_head(&pg, n_packs, n_entries, err);
	if (rc == 0)
		rc = put_packs(&pg, packs, n_packs, err);
	if (rc == 0)
		rc = put_entries(&pg, entries, n_entries, err);
	while (rc == 0 && (uint64_t)(pg.n + 1) * RUN_PAGE <= room)
		rc = put_page(&pg, zero, err);
	return rc;
}

/* The sections before the pages, which they vouch for. */
static int build_clear(struct buf *clear, const struct making *m, const struct buf *object, hz_error **err)
{
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);
	size_t len = object->len - RUN_CLEAR;
	struct id hash = suite_hash1(m->repo->suite, object->data + RUN_CLEAR, len);
	struct signed_parts p = { .type = OBJECT_RUN,
		.suite = m->repo->suite,
		.repo = m->repo->id,
		.signed_sections = clear,
		.seeds = &m->seed,
		.n_seeds = 1 };
	int rc;

	enc_bytes(&e, m->uid.b, UID_LEN);
	enc_bytes(&e, m->session->b, UID_LEN);
	enc_bytes(&e, m->signer->b, UID_LEN);
	enc_bytes(&e, m->g->id.b, UID_LEN);
	enc_bytes(&e, hash.b, ID_LEN);
	if (e.bad || section_put(clear, R_RUN, t.data, t.len) < 0 || section_put(clear, R_SUPERSEDES, "\0\0", 2) < 0)
		return err_nomem(err);
	rc = signed_put_signatures(clear, &p, err);
	if (rc == 0 && section_head(clear, R_PAGES, len) < 0)
		return err_nomem(err);
	if (rc == 0 && clear->len != RUN_SECTIONS)
		return err_set(err, HZ_E_INTERNAL, "index run: its clear part has %zu bytes", clear->len);
	return rc;
}

int run_build(struct buf *out, struct run_ref *ref, const struct repo_header *repo, const struct uid *session,
	const struct uid *signer, const struct secret *seed, const struct group *g, struct run_pack *packs,
	size_t n_packs, struct run_entry *entries, size_t n_entries, hz_error **err)
{
	AUTO_IN(buf_release) struct buf clear = BUF_INIT;
	struct object_header h = { .type = OBJECT_RUN, .suite = (uint8_t)repo->suite, .repo = repo->id };
	struct making m = { repo, session, signer, seed, g, { { 0 } } };
	struct name nm;
	int rc;

	random_bytes(m.uid.b, UID_LEN);
	nm = name_run(&m.uid);
	memcpy(h.name, nm.s, strlen(nm.s) + 1);
	buf_reset(out);
	rc = sort_all(packs, n_packs, entries, n_entries, err);
	if (rc == 0)
		rc = build_pages(out, &m, packs, n_packs, entries, n_entries, err);
	if (rc == 0)
		rc = build_clear(&clear, &m, out, err);
	if (rc < 0)
		return rc;
	memcpy(out->data + OBJECT_HEADER, clear.data, clear.len);
	rc = object_head(out, &h, true, err);
	if (rc < 0)
		return rc;
	*ref = (struct run_ref){ m.uid, suite_hash1(repo->suite, out->data, out->len) };
	return object_finish(out, &h, err);
}
