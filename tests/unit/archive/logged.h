/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of the admin log: entries as nobody ought to make them, items of every kind, and what loading tells. */
#ifndef UNIT_ARCHIVE_LOGGED_H
#define UNIT_ARCHIVE_LOGGED_H

#include "fixture.h"

static UNUSED int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_new(f, SUITE_SODIUM);
	*state = f;
	return 0;
}

static UNUSED int teardown(void **state)
{
	fixture_free(*state);
	free(*state);
	return 0;
}

static UNUSED int load(struct fixture *f, struct admin_log *log, struct told *told, hz_error **err)
{
	struct damage_sink sink = { told_fn, told };
	struct repo_header h = { .suite = 0 };
	int rc;

	*told = (struct told){ 0 };
	*log = (struct admin_log){ .n = 0 };
	rc = repo_header_load(&h, f->store, &sink, err);
	log->repo = h;
	return rc < 0 ? rc : admin_log_load(log, f->store, &sink, err);
}

static UNUSED int reload(struct fixture *f, hz_error **err)
{
	struct admin_log log;
	struct told told;
	int rc = load(f, &log, &told, err);

	if (rc == 0)
		admin_log_release(&log);
	return rc;
}

static UNUSED void item(struct buf *items, uint16_t tag, const struct buf *content)
{
	assert_int_equal(section_put(items, tag, content->data, content->len), 0);
}

struct forged {
	struct uid repo;
	uint64_t n;
	unsigned attempt;
	struct id prev;
	const struct buf *items;
	const struct secret *seeds[3];
	size_t n_seeds;
};

/* What the next entry would be, signed by root. */
static UNUSED struct forged next_entry(const struct fixture *f, const struct buf *items)
{
	return (struct forged){ f->repo.id, f->log.n, 0, f->log.hashes[f->log.n - 1], items, { f->root }, 1 };
}

static UNUSED void put(struct fixture *f, const struct forged *x)
{
	AUTO_IN(buf_release) struct buf sections = BUF_INIT;
	AUTO_IN(buf_release) struct buf head = BUF_INIT;
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	struct enc e = enc_to(&head);
	struct name name = name_admin(x->n, x->attempt);
	struct signed_parts p = { .type = OBJECT_ADMIN,
		.suite = f->repo.suite,
		.repo = x->repo,
		.name = name.s,
		.signed_sections = &sections,
		.seeds = x->seeds,
		.n_seeds = x->n_seeds };
	hz_error *err = NULL;

	enc_u64(&e, x->n);
	enc_bytes(&e, x->prev.b, ID_LEN);
	enc_i64(&e, 1000);
	enc_u32(&e, 0);
	enc_u8(&e, 1);
	assert_false(e.bad);
	assert_int_equal(section_put(&sections, 1, head.data, head.len), 0);
	assert_int_equal(section_put(&sections, 2, x->items->data, x->items->len), 0);
	assert_ok(signed_build(&object, NULL, &p, &err), &err);
	assert_ok(signed_put(f->store, name.s, &object, true, &err), &err);
}

static UNUSED struct buf agent_item(uint8_t role, struct secret **seed, struct uid *id, unsigned suite)
{
	struct buf items = BUF_INIT, t = BUF_INIT;
	struct enc e = enc_to(&t);
	uint8_t pub[SIGN_PUB_LEN];

	if (!*seed)
		assert_ok(sign_keypair(seed, pub, NULL), NULL);
	assert_ok(sign_public(pub, *seed, NULL), NULL);
	*id = signer_id(suite, pub);
	enc_u8(&e, role);
	enc_bytes(&e, pub, sizeof(pub));
	enc_blob(&e, "", 0);
	item(&items, ITEM_AGENT, &t);
	buf_release(&t);
	return items;
}

static UNUSED struct buf ids_item(uint16_t tag, uint8_t by, const struct id *ids, size_t n)
{
	struct buf items = BUF_INIT, t = BUF_INIT;
	struct enc e = enc_to(&t);
	static const struct id none;

	if (tag == ITEM_TOMBSTONE)
		enc_u8(&e, by);
	enc_var(&e, n);
	enc_bytes(&e, ids, n * ID_LEN);
	if (tag == ITEM_TOMBSTONE) {
		enc_bytes(&e, none.b, ID_LEN);
		enc_u32(&e, 30);
	}
	if (tag != ITEM_UNDELETE)
		enc_blob(&e, "", 0);
	item(&items, tag, &t);
	buf_release(&t);
	return items;
}

static UNUSED struct buf final_item(uint64_t mark, const struct uid *packs, size_t n)
{
	struct buf items = BUF_INIT, t = BUF_INIT;
	struct enc e = enc_to(&t);
	static const struct id hash;

	enc_u64(&e, mark);
	enc_bytes(&e, hash.b, ID_LEN);
	enc_var(&e, n);
	enc_bytes(&e, packs, n * UID_LEN);
	item(&items, ITEM_FINAL, &t);
	buf_release(&t);
	return items;
}

static UNUSED struct buf small_item(uint16_t tag)
{
	struct buf items = BUF_INIT, t = BUF_INIT;
	struct enc e = enc_to(&t);
	static const uint8_t zeros[64];

	switch (tag) {
	case ITEM_HOLD:
		enc_bytes(&e, zeros, UID_LEN);
		enc_u8(&e, 1);
		enc_var(&e, 1);
		enc_bytes(&e, zeros, ID_LEN);
		enc_blob(&e, "", 0);
		break;
	case ITEM_HOLD_END:
		enc_bytes(&e, zeros, UID_LEN);
		enc_blob(&e, "", 0);
		break;
	case ITEM_FINAL_END:
		enc_u64(&e, 0);
		break;
	case ITEM_POLICY:
		enc_bytes(&e, zeros, ID_LEN);
		enc_blob(&e, "", 0);
		break;
	case ITEM_ISSUED:
		enc_u8(&e, HZ_ROLE_READER);
		enc_bytes(&e, zeros, UID_LEN);
		enc_blob(&e, "", 0);
		break;
	default:
		fail();
	}
	item(&items, tag, &t);
	buf_release(&t);
	return items;
}

static UNUSED int append_by(struct fixture *f, struct buf *items, const struct secret *seed)
{
	struct forged x = next_entry(f, items);
	struct told told;
	int rc;

	x.seeds[0] = seed;
	put(f, &x);
	admin_log_release(&f->log);
	rc = load(f, &f->log, &told, NULL);
	buf_release(items);
	return rc;
}

/* Undoes an entry that made the log unreadable. */
static UNUSED void take_back(struct fixture *f, uint64_t n)
{
	struct told told;
	hz_error *err = NULL;

	fixture_remove(f->store, name_admin(n, 0).s);
	fixture_remove(f->store, name_copy(name_admin(n, 0).s).s);
	assert_ok(load(f, &f->log, &told, &err), &err);
}

#endif
