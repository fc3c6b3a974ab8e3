/* SPDX-License-Identifier: BSD-2-Clause */
/* Index runs (docs/format/run.md). Pages are encrypted one by one, so that a lookup reads one. */
#include "archive/run.h"
#include "crypto/suite.h"
#include <string.h>

enum { R_RUN = 0x0001, R_SUPERSEDES = 0x0002, R_PAGES = 0x4002 };
#define RUN_AD_LEN (2 + 3 * UID_LEN)

static const uint16_t known[] = { R_RUN, R_SUPERSEDES, TAG_SIGNATURES, R_PAGES };

void run_release(struct run *r)
{
	free(r->packs);
	free(r->supersedes);
	aead_free(r->aead);
	r->packs = NULL;
	r->supersedes = NULL;
	r->aead = NULL;
}

static void run_ad(
	uint8_t ad[RUN_AD_LEN], unsigned suite, const struct uid *repo, const struct uid *signer, const struct uid *run)
{
	ad[0] = OBJECT_RUN;
	ad[1] = (uint8_t)suite;
	memcpy(ad + 2, repo->b, UID_LEN);
	memcpy(ad + 2 + UID_LEN, signer->b, UID_LEN);
	memcpy(ad + 2 + 2 * UID_LEN, run->b, UID_LEN);
}

static void page_nonce(uint8_t nonce[NONCE_LEN], uint32_t page)
{
	memset(nonce, 0, NONCE_LEN);
	nonce[0] = 1;
	put_le64(nonce + 4, page);
}

static int run_aead(
	struct aead **a, unsigned suite, const struct secret *index_key, const struct uid *run, hz_error **err)
{
	struct iovec part = { (void *)run->b, UID_LEN };
	uint8_t key[KEY_LEN];
	int rc = kdf_raw(key, KEY_LEN, suite, index_key, "run", &part, 1, err);

	if (rc == 0)
		rc = aead_new(a, suite, key, err);
	wipe(key, sizeof(key));
	return rc;
}

/* ---- building ---- */

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
	qsort(p, n_packs, sizeof(*p), cmp_place);
	for (size_t i = 0; i < n_packs; i++) {
		packs[i] = p[i].pack;
		map[p[i].old] = (uint32_t)i;
	}
	for (size_t i = 0; i < n_entries; i++)
		entries[i].pack = map[entries[i].pack];
	qsort(entries, n_entries, sizeof(*entries), cmp_entry);
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
	page_nonce(nonce, p->n++);
	if (aead_seal(p->a, at, nonce, p->ad, RUN_AD_LEN, plain, RUN_PLAIN) < 0)
		return err_set(err, HZ_E_INTERNAL, "index run: cannot be encrypted");
	return 0;
}

static uint32_t pages_for(size_t n, size_t each)
{
	return (uint32_t)((n + each - 1) / each);
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

/* What the container holds besides the pages: header, three sections before them, and the head of theirs. */
#define RUN_CLEAR (OBJECT_HEADER + 6 + (3 * UID_LEN + UID_LEN + ID_LEN) + 6 + 2 + 6 + 1 + UID_LEN + SIG_LEN + 6)

static int build_pages(struct buf *out, const struct repo_header *repo, const struct uid *signer, const struct uid *run,
	const struct group *g, const struct run_pack *packs, size_t n_packs, const struct run_entry *entries,
	size_t n_entries, hz_error **err)
{
	AUTO(aead_free) struct aead *a = NULL;
	struct pages pg = { .out = out };
	uint8_t plain[RUN_PLAIN] = { 0 };
	uint32_t pp = pages_for(n_packs, RUN_PACKS), ep = pages_for(n_entries, RUN_ENTRIES);
	uint32_t blocks = object_blocks_padded(RUN_CLEAR + (uint64_t)(1 + pp + ep) * RUN_PAGE);
	uint64_t room = (uint64_t)object_data_blocks(blocks) * OBJECT_PAYLOAD - RUN_CLEAR;
	int rc = run_aead(&a, repo->suite, g->index, run, err);

	if (rc == 0 && blocks == 0)
		rc = err_set(err, HZ_E_UNSUPPORTED, "index run: too many entries");
	if (rc < 0)
		return rc;
	pg.a = a;
	run_ad(pg.ad, repo->suite, &repo->id, signer, run);
	put_le32(plain, (uint32_t)n_packs);
	put_le32(plain + 4, pp);
	put_le64(plain + 8, n_entries);
	put_le32(plain + 16, ep);
	rc = put_page(&pg, plain, err);
	if (rc == 0)
		rc = put_packs(&pg, packs, n_packs, err);
	if (rc == 0)
		rc = put_entries(&pg, entries, n_entries, err);
	memset(plain, 0, sizeof(plain));
	while (rc == 0 && (uint64_t)(pg.n + 1) * RUN_PAGE <= room)
		rc = put_page(&pg, plain, err);
	return rc;
}

int run_build(struct buf *out, struct run_ref *ref, const struct repo_header *repo, const struct uid *session,
	const struct uid *signer, const struct secret *seed, const struct group *g, struct run_pack *packs,
	size_t n_packs, struct run_entry *entries, size_t n_entries, hz_error **err)
{
	AUTO_IN(buf_release) struct buf sections = BUF_INIT;
	AUTO_IN(buf_release) struct buf pages = BUF_INIT;
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	AUTO_IN(buf_release) struct buf tail = BUF_INIT;
	struct enc e = enc_to(&t);
	struct name nm;
	struct id hash;
	int rc;

	random_bytes(ref->uid.b, UID_LEN);
	nm = name_run(&ref->uid);
	rc = sort_all(packs, n_packs, entries, n_entries, err);
	if (rc == 0)
		rc = build_pages(&pages, repo, signer, &ref->uid, g, packs, n_packs, entries, n_entries, err);
	if (rc < 0)
		return rc;
	hash = suite_hash1(repo->suite, pages.data, pages.len);
	enc_bytes(&e, ref->uid.b, UID_LEN);
	enc_bytes(&e, session->b, UID_LEN);
	enc_bytes(&e, signer->b, UID_LEN);
	enc_bytes(&e, g->id.b, UID_LEN);
	enc_bytes(&e, hash.b, ID_LEN);
	if (e.bad || section_put(&sections, R_RUN, t.data, t.len) < 0 ||
		section_put(&sections, R_SUPERSEDES, "\0\0", 2) < 0 ||
		section_put(&tail, R_PAGES, pages.data, pages.len) < 0)
		return err_nomem(err);

	struct signed_parts p = { .type = OBJECT_RUN,
		.suite = repo->suite,
		.repo = repo->id,
		.name = nm.s,
		.signed_sections = &sections,
		.seeds = &seed,
		.n_seeds = 1,
		.unsigned_sections = &tail,
		.padded = true };

	return signed_build(out, &ref->hash, &p, err);
}

/* ---- reading ---- */

static int decode_clear(struct run *r, const struct signed_object *so, const struct uid *uid,
	const struct admin_log *log, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, R_RUN);
	const struct section *pages = section_find(so->s, so->n, R_PAGES);
	const uint8_t *pub;
	struct id want, got;
	bool bad;

	dec_copy(&d, r->uid.b, UID_LEN);
	dec_copy(&d, r->session.b, UID_LEN);
	dec_copy(&d, r->signer.b, UID_LEN);
	dec_copy(&d, r->group.b, UID_LEN);
	dec_copy(&d, want.b, ID_LEN);
	bad = !dec_done(&d) || !uid_eq(&r->uid, uid) || !pages || pages->len < RUN_PAGE || pages->len % RUN_PAGE != 0;
	d = section_dec(so->s, so->n, R_SUPERSEDES);
	r->n_supersedes = dec_u16(&d);
	bad = bad || d.bad || dec_left(&d) != r->n_supersedes * ID_LEN;
	if (bad)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", so->obj.header.name);
	r->supersedes = calloc(r->n_supersedes + 1, ID_LEN);
	if (!r->supersedes)
		return err_nomem(err);
	dec_copy(&d, r->supersedes, r->n_supersedes * ID_LEN);
	pub = admin_signer(log, &r->signer);
	got = suite_hash1(so->obj.header.suite, pages->data, pages->len);
	if (!pub || !signed_only_by(so, pub) || !id_eq(&want, &got))
		return err_set(err, HZ_E_CORRUPT, "%s: bad signature", so->obj.header.name);
	r->hash = so->hash;
	r->blocks = so->obj.header.blocks;
	r->body_off = (uint32_t)(pages->data - so->obj.stream.data);
	r->suite = so->obj.header.suite;
	r->repo = so->obj.header.repo;
	return 0;
}

static int open_page(
	const struct run *r, uint8_t plain[RUN_PLAIN], const uint8_t *cipher, uint32_t page, hz_error **err)
{
	uint8_t nonce[NONCE_LEN], ad[RUN_AD_LEN];

	page_nonce(nonce, page);
	run_ad(ad, r->suite, &r->repo, &r->signer, &r->uid);
	if (aead_open(r->aead, plain, nonce, ad, sizeof(ad), cipher, RUN_PAGE) < 0)
		return err_set(err, HZ_E_CORRUPT, "%s: page %u does not decrypt", name_run(&r->uid).s, page);
	return 0;
}

static bool is_zero(const uint8_t *p, size_t len)
{
	uint8_t all = 0;

	for (size_t i = 0; i < len; i++)
		all |= p[i];
	return all == 0;
}

static int read_head(struct run *r, const uint8_t *pages, size_t n_pages, hz_error **err)
{
	uint8_t plain[RUN_PLAIN];
	uint32_t pack_pages;
	int rc = open_page(r, plain, pages, 0, err);

	if (rc < 0)
		return rc;
	r->n_packs = get_le32(plain);
	pack_pages = get_le32(plain + 4);
	r->n_entries = get_le64(plain + 8);
	r->entry_pages = get_le32(plain + 16);
	r->first_page = 1 + pack_pages;
	if (!is_zero(plain + 20, RUN_PLAIN - 20))
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", name_run(&r->uid).s);
	if (pack_pages != pages_for(r->n_packs, RUN_PACKS) || r->n_entries > (uint64_t)n_pages * RUN_ENTRIES ||
		r->entry_pages != pages_for((size_t)r->n_entries, RUN_ENTRIES) ||
		1 + (uint64_t)pack_pages + r->entry_pages > n_pages)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", name_run(&r->uid).s);
	r->packs = calloc((size_t)r->n_packs + 1, sizeof(*r->packs));
	if (!r->packs)
		return err_nomem(err);
	for (uint32_t i = 0; rc == 0 && i < r->n_packs; i++) {
		const uint8_t *at = plain + (i % RUN_PACKS) * RUN_PACK_LEN;

		if (i % RUN_PACKS == 0)
			rc = open_page(
				r, plain, pages + (size_t)(1 + i / RUN_PACKS) * RUN_PAGE, 1 + i / RUN_PACKS, err);
		if (rc == 0 && (i + 1 == r->n_packs || i % RUN_PACKS == RUN_PACKS - 1) &&
			!is_zero(at + RUN_PACK_LEN, (size_t)(plain + RUN_PLAIN - at) - RUN_PACK_LEN))
			rc = err_set(err, HZ_E_CORRUPT, "%s: the rest of a page is not empty", name_run(&r->uid).s);
		memcpy(r->packs[i].uid.b, at, UID_LEN);
		r->packs[i].size = get_le32(at + UID_LEN);
		memcpy(r->packs[i].hash.b, at + UID_LEN + 4, ID_LEN);
		if (rc == 0 && i > 0 && uid_cmp(&r->packs[i - 1].uid, &r->packs[i].uid) >= 0)
			rc = err_set(err, HZ_E_CORRUPT, "%s: packs out of order", name_run(&r->uid).s);
	}
	return rc;
}

static unsigned entries_on(const struct run *r, uint32_t page)
{
	uint64_t before = (uint64_t)page * RUN_ENTRIES;

	return r->n_entries - before < RUN_ENTRIES ? (unsigned)(r->n_entries - before) : RUN_ENTRIES;
}

static int decode_entries(
	const struct run *r, const uint8_t plain[RUN_PLAIN], unsigned n, struct run_entry *out, hz_error **err)
{
	for (unsigned i = 0; i < n; i++) {
		memcpy(out[i].id.b, plain + i * RUN_ENTRY_LEN, ID_LEN);
		out[i].pack = get_le32(plain + i * RUN_ENTRY_LEN + ID_LEN);
		if (out[i].pack >= r->n_packs)
			return err_set(err, HZ_E_CORRUPT, "%s: malformed", name_run(&r->uid).s);
	}
	return 0;
}

/* The pages behind the entries hold nothing. */
static int check_padding(const struct run *r, const uint8_t *pages, size_t n_pages, hz_error **err)
{
	uint8_t plain[RUN_PLAIN];

	for (size_t p = (size_t)r->first_page + r->entry_pages; p < n_pages; p++) {
		int rc = open_page(r, plain, pages + p * RUN_PAGE, (uint32_t)p, err);

		if (rc < 0)
			return rc;
		if (!is_zero(plain, RUN_PLAIN))
			return err_set(err, HZ_E_CORRUPT, "%s: its padding is not empty", name_run(&r->uid).s);
	}
	return 0;
}

static int each_entry(const struct run *r, const uint8_t *pages, run_entry_fn fn, void *user, hz_error **err)
{
	struct run_entry e[RUN_ENTRIES], last = { 0 };
	uint8_t plain[RUN_PLAIN];
	int rc = 0;

	for (uint32_t p = 0; rc == 0 && p < r->entry_pages; p++) {
		unsigned n = entries_on(r, p);

		rc = open_page(r, plain, pages + (size_t)(r->first_page + p) * RUN_PAGE, r->first_page + p, err);
		if (rc == 0 && !is_zero(plain + n * RUN_ENTRY_LEN, RUN_PLAIN - n * RUN_ENTRY_LEN))
			rc = err_set(err, HZ_E_CORRUPT, "%s: the rest of a page is not empty", name_run(&r->uid).s);
		if (rc == 0)
			rc = decode_entries(r, plain, n, e, err);
		for (unsigned i = 0; rc == 0 && i < n; i++) {
			if ((p || i) && cmp_entry(&last, &e[i]) >= 0)
				rc = err_set(err, HZ_E_CORRUPT, "%s: entries out of order", name_run(&r->uid).s);
			else
				rc = fn(user, &e[i], err);
			last = e[i];
		}
	}
	return rc;
}

int run_load(struct run *r, struct store *st, const struct uid *uid, const struct admin_log *log,
	const struct group *groups, size_t n_groups, run_entry_fn fn, void *user, const struct damage_sink *sink,
	hz_error **err)
{
	struct signed_object so = SIGNED_INIT;
	struct name nm = name_run(uid);
	const struct group *g = NULL;
	int rc;

	*r = (struct run){ 0 };
	rc = signed_load(&so, st, nm.s, OBJECT_RUN, &log->repo.id, false, known, ARRAY_LEN(known), sink, err);
	if (rc == 0)
		rc = decode_clear(r, &so, uid, log, err);
	for (size_t i = 0; rc == 0 && i < n_groups; i++) {
		if (uid_eq(&groups[i].id, &r->group))
			g = &groups[i];
	}
	if (rc == 0 && g) {
		const struct section *pages = section_find(so.s, so.n, R_PAGES);

		rc = run_aead(&r->aead, r->suite, g->index, &r->uid, err);
		if (rc == 0)
			rc = read_head(r, pages->data, pages->len / RUN_PAGE, err);
		if (rc == 0 && fn)
			rc = each_entry(r, pages->data, fn, user, err);
		if (rc == 0 && fn)
			rc = check_padding(r, pages->data, pages->len / RUN_PAGE, err);
	}
	signed_release(&so);
	if (rc < 0)
		run_release(r);
	return rc;
}

/* The page out of the whole object, mended through its parity: its own blocks do not verify. */
static int mended_page(const struct run *r, struct store *st, uint64_t from, uint8_t cipher[RUN_PAGE], hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	struct object o = OBJECT_INIT;
	struct name nm = name_run(&r->uid);
	size_t len = 0;
	int rc = store_get_all(st, nm.s, (size_t)OBJECT_BLOCKS_MAX * OBJECT_BLOCK, &data, &len, err);

	if (rc == 0)
		rc = object_decode(&o, nm.s, data, len, err);
	if (rc == 0 && from + RUN_PAGE > o.stream.len)
		rc = err_set(err, HZ_E_CORRUPT, "%s: shorter than it was", nm.s);
	if (rc == 0)
		memcpy(cipher, o.stream.data + from, RUN_PAGE);
	object_release(&o);
	return rc;
}

int run_read_page(const struct run *r, struct store *st, uint32_t page, struct run_entry out[RUN_ENTRIES], unsigned *n,
	hz_error **err)
{
	uint64_t from = r->body_off + (uint64_t)(r->first_page + page) * RUN_PAGE;
	uint32_t first = (uint32_t)(from / OBJECT_PAYLOAD), last = (uint32_t)((from + RUN_PAGE - 1) / OBJECT_PAYLOAD);
	uint8_t raw[3 * OBJECT_BLOCK], plain[RUN_PLAIN];
	struct name nm = name_run(&r->uid);
	const uint8_t *cipher = raw + (from - (uint64_t)first * OBJECT_PAYLOAD);
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = store_get(
		st, nm.s, (uint64_t)first * OBJECT_BLOCK, raw, (size_t)(last - first + 1) * OBJECT_BLOCK, &e);

	if (rc == HZ_E_CORRUPT || (rc == 0 && !object_unwrap(nm.s, r->blocks, first, last - first + 1, raw))) {
		cipher = raw;
		rc = mended_page(r, st, from, raw, err);
	} else if (rc < 0 && err && !*err) {
		*err = TAKE(e);
	}
	if (rc == 0)
		rc = open_page(r, plain, cipher, r->first_page + page, err);
	*n = entries_on(r, page);
	return rc < 0 ? rc : decode_entries(r, plain, *n, out, err);
}
