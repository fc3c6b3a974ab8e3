/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading index runs (docs/format/run.md). Pages are encrypted one by one, so that a lookup reads one. */
#include "archive/run_internal.h"
#include "crypto/suite.h"
#include <string.h>

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

void run_object_release(struct run_object *o)
{
	signed_release(&o->so);
	o->pages = NULL;
	o->n_pages = 0;
}

void run_ad(
	uint8_t ad[RUN_AD_LEN], unsigned suite, const struct uid *repo, const struct uid *signer, const struct uid *run)
{
	ad[0] = OBJECT_RUN;
	ad[1] = (uint8_t)suite;
	memcpy(ad + 2, repo->b, UID_LEN);
	memcpy(ad + 2 + UID_LEN, signer->b, UID_LEN);
	memcpy(ad + 2 + 2 * UID_LEN, run->b, UID_LEN);
}

void run_page_nonce(uint8_t nonce[NONCE_LEN], uint32_t page)
{
	memset(nonce, 0, NONCE_LEN);
	nonce[0] = 1;
	put_le64(nonce + 4, page);
}

int run_aead(struct aead **a, unsigned suite, const struct secret *index_key, const struct uid *run, hz_error **err)
{
	struct iovec part = { (void *)run->b, UID_LEN };
	uint8_t key[KEY_LEN];
	int rc = kdf_raw(key, KEY_LEN, suite, index_key, "run", &part, 1, err);

	if (rc == 0)
		rc = aead_new(a, suite, key, err);
	wipe(key, sizeof(key));
	return rc;
}

int run_cipher(struct aead **a, const struct run *r, const struct group *g, hz_error **err)
{
	return run_aead(a, r->suite, g->index, &r->uid, err);
}

uint32_t run_pages_for(size_t n, size_t each)
{
	return (uint32_t)((n + each - 1) / each);
}

/* ---- what a page holds ---- */

static unsigned on_page(uint64_t n, uint32_t page, unsigned each)
{
	uint64_t before = (uint64_t)page * each;

	return n - before < each ? (unsigned)(n - before) : each;
}

unsigned run_packs_on(const struct run *r, uint32_t page)
{
	return on_page(r->n_packs, page, RUN_PACKS);
}

unsigned run_entries_on(const struct run *r, uint32_t page)
{
	return on_page(r->n_entries, page, RUN_ENTRIES);
}

struct run_pack run_pack_at(const uint8_t plain[RUN_PLAIN], unsigned i)
{
	const uint8_t *at = plain + i * RUN_PACK_LEN;
	struct run_pack p;

	memcpy(p.uid.b, at, UID_LEN);
	p.size = get_le32(at + UID_LEN);
	memcpy(p.hash.b, at + UID_LEN + 4, ID_LEN);
	return p;
}

struct run_entry run_entry_at(const uint8_t plain[RUN_PLAIN], unsigned i)
{
	const uint8_t *at = plain + i * RUN_ENTRY_LEN;
	struct run_entry e;

	memcpy(e.id.b, at, ID_LEN);
	e.pack = get_le32(at + ID_LEN);
	return e;
}

/* ---- the clear part ---- */

static int decode_clear(struct run *r, const struct signed_object *so, const struct uid *uid,
	const struct admin_log *log, hz_error **err)
{
	struct dec d = section_dec(so->s, so->n, R_RUN);
	const struct section *pages = section_find(so->s, so->n, R_PAGES);
	const uint8_t *pub;
	struct id want, got;
	bool bad;
	int rc;

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
	if (!pub || !id_eq(&want, &got))
		return err_set(err, HZ_E_CORRUPT, "%s: bad signature", so->obj.header.name);
	rc = signed_check_only(so, pub, err);
	if (rc < 0)
		return rc;
	r->blocks = so->obj.header.blocks;
	r->body_off = (uint32_t)(pages->data - so->obj.stream.data);
	r->suite = so->obj.header.suite;
	r->repo = so->obj.header.repo;
	return 0;
}

int run_open(struct run *r, struct run_object *o, struct store *st, const struct uid *uid, const struct admin_log *log,
	const struct damage_sink *sink, hz_error **err)
{
	const struct section *pages;
	struct name nm = name_run(uid);
	int rc;

	*r = (struct run){ 0 };
	*o = (struct run_object)RUN_OBJECT_INIT;
	rc = signed_load(&o->so, st, nm.s, OBJECT_RUN, &log->repo.id, false, known, ARRAY_LEN(known), sink, err);
	if (rc == 0)
		rc = decode_clear(r, &o->so, uid, log, err);
	if (rc < 0) {
		run_object_release(o);
		run_release(r);
		return rc;
	}
	pages = section_find(o->so.s, o->so.n, R_PAGES);
	o->pages = pages->data;
	o->n_pages = pages->len / RUN_PAGE;
	return 0;
}

/* ---- pages ---- */

static int open_page(const struct run *r, struct aead *a, uint8_t plain[RUN_PLAIN], const uint8_t *cipher,
	uint32_t page, hz_error **err)
{
	uint8_t nonce[NONCE_LEN], ad[RUN_AD_LEN];

	run_page_nonce(nonce, page);
	run_ad(ad, r->suite, &r->repo, &r->signer, &r->uid);
	if (aead_open(a, plain, nonce, ad, sizeof(ad), cipher, RUN_PAGE) < 0)
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

/* One of the pages that are in memory. */
static int open_loaded(
	const struct run *r, const struct run_object *o, uint8_t plain[RUN_PLAIN], uint32_t page, hz_error **err)
{
	return open_page(r, r->aead, plain, o->pages + (size_t)page * RUN_PAGE, page, err);
}

/* What stands after used bytes of a page. */
static int check_rest(const struct run *r, const uint8_t plain[RUN_PLAIN], size_t used, hz_error **err)
{
	if (is_zero(plain + used, RUN_PLAIN - used))
		return 0;
	return err_set(err, HZ_E_CORRUPT, "%s: the rest of a page is not empty", name_run(&r->uid).s);
}

static int read_packs(struct run *r, const struct run_object *o, hz_error **err)
{
	uint8_t plain[RUN_PLAIN];

	r->packs = calloc((size_t)r->n_packs + 1, sizeof(*r->packs));
	if (!r->packs)
		return err_nomem(err);
	for (uint32_t p = 0, k = 0; k < r->n_packs; p++) {
		unsigned n = run_packs_on(r, p);
		int rc = open_loaded(r, o, plain, 1 + p, err);

		if (rc == 0)
			rc = check_rest(r, plain, n * RUN_PACK_LEN, err);
		for (unsigned i = 0; rc == 0 && i < n; i++, k++) {
			r->packs[k] = run_pack_at(plain, i);
			if (k > 0 && uid_cmp(&r->packs[k - 1].uid, &r->packs[k].uid) >= 0)
				rc = err_set(err, HZ_E_CORRUPT, "%s: packs out of order", name_run(&r->uid).s);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

int run_unlock(struct run *r, const struct run_object *o, const struct group *g, hz_error **err)
{
	uint8_t plain[RUN_PLAIN];
	uint32_t pack_pages;
	int rc = run_cipher(&r->aead, r, g, err);

	if (rc == 0)
		rc = open_loaded(r, o, plain, 0, err);
	if (rc < 0)
		return rc;
	r->n_packs = get_le32(plain);
	pack_pages = get_le32(plain + 4);
	r->n_entries = get_le64(plain + 8);
	r->entry_pages = get_le32(plain + 16);
	r->first_page = 1 + pack_pages;
	if (!is_zero(plain + 20, RUN_PLAIN - 20) || pack_pages != run_pages_for(r->n_packs, RUN_PACKS) ||
		r->n_entries > (uint64_t)o->n_pages * RUN_ENTRIES ||
		r->entry_pages != run_pages_for((size_t)r->n_entries, RUN_ENTRIES) ||
		1 + (uint64_t)pack_pages + r->entry_pages > o->n_pages)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed", name_run(&r->uid).s);
	return read_packs(r, o, err);
}

/* The pages behind the entries hold nothing. */
static int check_padding(const struct run *r, const struct run_object *o, hz_error **err)
{
	uint8_t plain[RUN_PLAIN];

	for (size_t p = (size_t)r->first_page + r->entry_pages; p < o->n_pages; p++) {
		int rc = open_loaded(r, o, plain, (uint32_t)p, err);

		if (rc < 0)
			return rc;
		if (!is_zero(plain, RUN_PLAIN))
			return err_set(err, HZ_E_CORRUPT, "%s: its padding is not empty", name_run(&r->uid).s);
	}
	return 0;
}

static int cmp_entry(const struct run_entry *x, const struct run_entry *y)
{
	int c = id_cmp(&x->id, &y->id);

	return c ? c : (x->pack > y->pack) - (x->pack < y->pack);
}

/* *last: the entry before the page, which is the p-th of entries; then its last one. */
static int each_on_page(const struct run *r, const uint8_t plain[RUN_PLAIN], uint32_t p, struct run_entry *last,
	run_entry_fn fn, void *user, hz_error **err)
{
	unsigned n = run_entries_on(r, p);
	int rc = check_rest(r, plain, n * RUN_ENTRY_LEN, err);

	for (unsigned i = 0; rc == 0 && i < n; i++) {
		struct run_entry e = run_entry_at(plain, i);

		if (e.pack >= r->n_packs)
			rc = err_set(err, HZ_E_CORRUPT, "%s: malformed", name_run(&r->uid).s);
		else if ((p || i) && cmp_entry(last, &e) >= 0)
			rc = err_set(err, HZ_E_CORRUPT, "%s: entries out of order", name_run(&r->uid).s);
		else if (fn)
			rc = fn(user, &e, err);
		*last = e;
	}
	return rc;
}

int run_each(const struct run *r, const struct run_object *o, run_entry_fn fn, void *user, hz_error **err)
{
	struct run_entry last = { 0 };
	uint8_t plain[RUN_PLAIN];
	int rc = 0;

	for (uint32_t p = 0; rc == 0 && p < r->entry_pages; p++) {
		rc = open_loaded(r, o, plain, r->first_page + p, err);
		if (rc == 0)
			rc = each_on_page(r, plain, p, &last, fn, user, err);
	}
	return rc < 0 ? rc : check_padding(r, o, err);
}

int run_load(struct run *r, struct store *st, const struct uid *uid, const struct admin_log *log,
	const struct group *groups, size_t n_groups, run_entry_fn fn, void *user, const struct damage_sink *sink,
	hz_error **err)
{
	AUTO_IN(run_object_release) struct run_object o = RUN_OBJECT_INIT;
	const struct group *g = NULL;
	int rc = run_open(r, &o, st, uid, log, sink, err);

	if (rc < 0)
		return rc;
	r->hash = signed_hash(&o.so);
	for (size_t i = 0; i < n_groups; i++) {
		if (uid_eq(&groups[i].id, &r->group))
			g = &groups[i];
	}
	if (g)
		rc = run_unlock(r, &o, g, err);
	if (rc == 0 && g)
		rc = run_each(r, &o, fn, user, err);
	if (rc < 0)
		run_release(r);
	return rc;
}

/* ---- one page out of the store ---- */

/* The page out of the whole object, mended through its parity: its own blocks do not verify. */
static int mended_page(const struct run *r, struct store *st, uint64_t from, uint8_t cipher[RUN_PAGE], hz_error **err)
{
	uint8_t *data = NULL;
	struct object o = OBJECT_INIT;
	struct name nm = name_run(&r->uid);
	size_t len = 0;
	int rc = store_get_all(st, nm.s, (size_t)OBJECT_BLOCKS_MAX * OBJECT_BLOCK, &data, &len, err);

	if (rc == 0)
		rc = object_decode_own(&o, nm.s, data, len, err);
	if (rc == 0 && from + RUN_PAGE > o.stream.len)
		rc = err_set(err, HZ_E_CORRUPT, "%s: shorter than it was", nm.s);
	if (rc == 0)
		memcpy(cipher, o.stream.data + from, RUN_PAGE);
	object_release(&o);
	return rc;
}

int run_read_page(
	const struct run *r, struct aead *a, struct store *st, uint32_t page, uint8_t plain[RUN_PLAIN], hz_error **err)
{
	uint64_t from = r->body_off + (uint64_t)page * RUN_PAGE;
	uint32_t first = (uint32_t)(from / OBJECT_PAYLOAD), last = (uint32_t)((from + RUN_PAGE - 1) / OBJECT_PAYLOAD);
	uint8_t raw[3 * OBJECT_BLOCK];
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
	return rc < 0 ? rc : open_page(r, a, plain, cipher, page, err);
}
