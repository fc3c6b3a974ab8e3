/* SPDX-License-Identifier: BSD-2-Clause */
/* run_load and run_read_page of a run whose pages say what the input says: u8 supersedes, then the plaintext of pages,
 * as many as it takes, each u16 length, bytes, zeros to the end. */
#include "fuzz/signing.h"
#include "crypto/suite.h"

#define PAGES_MAX 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct group *group_get(void)
{
	static struct group *g;
	struct uid id = uid_of(0x22);

	if (!g) {
		struct secret *secret = seed_of(3);

		g = calloc(1, sizeof(*g));
		demand(g && group_from_secret(g, 1, &id, secret, NULL) == 0);
		secret_free(secret);
	}
	return g;
}

static struct aead *cipher_new(const struct uid *run)
{
	struct aead *a = NULL;
	struct iovec part = { (void *)(uintptr_t)run->b, UID_LEN };
	uint8_t key[KEY_LEN];

	demand(kdf_raw(key, sizeof(key), 1, group_get()->index, "run", &part, 1, NULL) == 0);
	demand(aead_new(&a, 1, key, NULL) == 0);
	return a;
}

static void put_page(
	struct buf *pages, struct aead *a, const struct signing *s, uint32_t n, const uint8_t plain[RUN_PLAIN])
{
	uint8_t nonce[NONCE_LEN] = { 1 }, ad[2 + 3 * UID_LEN] = { OBJECT_RUN, 1 };
	uint8_t *room = buf_extend(pages, RUN_PAGE);

	demand(room != NULL);
	put_le64(nonce + 4, n);
	memcpy(ad + 2, s->log.repo.id.b, UID_LEN);
	memcpy(ad + 2 + UID_LEN, s->writer.id.b, UID_LEN);
	memcpy(ad + 2 + 2 * UID_LEN, s->object.b, UID_LEN);
	demand(aead_seal(a, room, nonce, ad, sizeof(ad), plain, RUN_PLAIN) == 0);
}

static void make_pages(struct buf *pages, const struct signing *s, struct dec *d)
{
	AUTO(aead_free) struct aead *a = cipher_new(&s->object);

	for (uint32_t n = 0; n == 0 || (dec_left(d) > 0 && n < PAGES_MAX); n++) {
		uint8_t plain[RUN_PLAIN] = { 0 };
		size_t len = dec_u16(d);

		len = len < dec_left(d) ? len : dec_left(d);
		len = len < sizeof(plain) ? len : sizeof(plain);
		if (!d->bad)
			dec_copy(d, plain, len);
		put_page(pages, a, s, n, plain);
	}
}

static void make_clear(struct buf *clear, const struct signing *s, const struct buf *pages, uint8_t supersedes)
{
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	struct enc e = enc_to(&t);
	struct id hash = suite_hash1(1, pages->data, pages->len);
	struct uid group = uid_of(0x22);

	enc_bytes(&e, s->object.b, UID_LEN);
	enc_bytes(&e, s->object.b, UID_LEN);
	enc_bytes(&e, s->writer.id.b, UID_LEN);
	enc_bytes(&e, group.b, UID_LEN);
	enc_bytes(&e, hash.b, ID_LEN);
	demand(section_put(clear, 1, t.data, t.len) == 0);
	t.len = 0;
	enc_u16(&e, supersedes);
	for (unsigned i = 0; i < supersedes; i++)
		enc_bytes(&e, hash.b, ID_LEN);
	demand(!e.bad && section_put(clear, 2, t.data, t.len) == 0);
}

struct seen {
	const struct run *run;
	uint64_t n;
	struct id last;
};

static int see(void *user, const struct run_entry *e, hz_error **err)
{
	struct seen *s = user;

	(void)err;
	demand(e->pack < s->run->n_packs && (s->n == 0 || id_cmp(&s->last, &e->id) <= 0));
	s->last = e->id;
	s->n++;
	return 0;
}

static void look(struct signing *s)
{
	struct run r;
	struct seen seen = { .run = &r };
	uint8_t page[RUN_PLAIN];

	if (run_load(&r, s->store, &s->object, &s->log, group_get(), 1, see, &seen, NULL, NULL) < 0)
		return;
	demand(seen.n == r.n_entries);
	for (uint32_t i = 0; i < r.entry_pages; i++) {
		unsigned n = run_entries_on(&r, i);

		demand(run_read_page(&r, r.aead, s->store, r.first_page + i, page, NULL) == 0);
		demand(n > 0 && n <= RUN_ENTRIES && run_entry_at(page, n - 1).pack < r.n_packs);
	}
	run_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct signing *s = signing_get();
	AUTO_IN(buf_release) struct buf clear = BUF_INIT, pages = BUF_INIT, tail = BUF_INIT;
	struct name name = name_run(&s->object);
	struct dec d = dec_of(data, len);
	uint8_t supersedes = dec_u8(&d);

	if (d.bad)
		return 0;
	make_pages(&pages, s, &d);
	make_clear(&clear, s, &pages, supersedes);
	demand(section_put(&tail, 0x4002, pages.data, pages.len) == 0);
	if (!signing_put(s, name.s, OBJECT_RUN, false, &clear, &tail))
		return 0;
	look(s);
	demand(store_remove(s->store, name.s, NULL) == 0);
	return 0;
}
