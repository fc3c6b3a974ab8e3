/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_new(f, SUITE_SODIUM);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	free(*state);
	return 0;
}

static bool same(const struct secret *a, const struct secret *b)
{
	return a && b && memcmp(secret_bytes(a), secret_bytes(b), KEY_LEN) == 0;
}

/* ---- sessions ---- */

static void each_role_opens_its_keys_of_a_session(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer), got;
	uint8_t a[KEY_LEN], b[KEY_LEN];
	struct uid pack = { { 1 } };
	hz_error *err = NULL;

	assert_ok(session_load(&got, f->store, &s.id, &f->log, f->reader, NULL, &err), &err);
	assert_true(same(got.key[PACK_META], s.key[PACK_META]) && same(got.key[PACK_DATA], s.key[PACK_DATA]));
	assert_true(uid_eq(&got.writer, &f->writer->key_id) && uid_eq(&got.group, &f->keys.id) &&
		id_eq(&got.part_hash, &s.part_hash));
	assert_ok(session_pack_key(a, 1, &got, PACK_META, &pack, &err), &err);
	assert_ok(session_pack_key(b, 1, &got, PACK_DATA, &pack, &err), &err);
	assert_memory_not_equal(a, b, KEY_LEN);
	session_release(&got);
	assert_ok(session_load(&got, f->store, &s.id, &f->log, f->lister, NULL, &err), &err);
	assert_true(same(got.key[PACK_META], s.key[PACK_META]));
	assert_null(got.key[PACK_DATA]);
	assert_fails(session_pack_key(b, 1, &got, PACK_DATA, &pack, &err), HZ_E_AUTH, &err);
	session_release(&got);
	/* The nightly key opens nothing, not even what it made itself. */
	assert_ok(session_load(&got, f->store, &s.id, &f->log, f->writer, NULL, &err), &err);
	assert_null(got.key[PACK_META]);
	assert_null(got.key[PACK_DATA]);
	session_release(&got);
	session_release(&s);
}

struct parts {
	struct buf clear, tail;
};

static struct parts take_apart(struct fixture *f, const struct session *s)
{
	struct object o = OBJECT_INIT;
	struct parts p = { BUF_INIT, BUF_INIT };
	struct name name = name_session(&s->id);
	uint8_t *data = NULL;
	size_t len = 0;
	struct dec d;

	assert_ok(store_get_all(f->store, name.s, 1 << 20, &data, &len, NULL), NULL);
	assert_ok(object_decode(&o, name.s, data, len, NULL), NULL);
	d = dec_of(o.body, (size_t)o.header.length);
	while (dec_left(&d) > 0) {
		uint16_t tag = dec_u16(&d);
		uint32_t n = dec_u32(&d);
		const uint8_t *at = dec_bytes(&d, n);

		if (tag != TAG_SIGNATURES)
			assert_int_equal(section_put(tag & SECTION_UNSIGNED ? &p.tail : &p.clear, tag, at, n), 0);
	}
	object_release(&o);
	free(data);
	return p;
}

static int put_together(
	struct fixture *f, const struct session *s, struct parts *p, const struct secret *seed, hz_error **err)
{
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	struct name name = name_session(&s->id), copy = name_copy(name.s);
	struct signed_parts sp = { .type = OBJECT_SESSION,
		.suite = 1,
		.repo = f->repo.id,
		.name = name.s,
		.signed_sections = &p->clear,
		.seeds = &seed,
		.n_seeds = 1,
		.unsigned_sections = &p->tail };
	struct session got;
	int rc;

	assert_ok(signed_build(&object, NULL, &sp, NULL), NULL);
	fixture_replace(f->store, name.s, object.data, object.len);
	fixture_replace(f->store, copy.s, object.data, object.len);
	rc = session_load(&got, f->store, &s->id, &f->log, f->reader, NULL, err);
	if (rc == 0)
		session_release(&got);
	buf_release(&p->clear);
	buf_release(&p->tail);
	return rc;
}

static void a_key_that_was_not_committed_to_is_refused(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer);
	struct parts p = take_apart(f, &s);
	uint8_t key[KEY_LEN] = { 1 }, role = PACK_DATA, suite = 1, epoch[4] = { 1, 0, 0, 0 };
	struct iovec ctx[6] = { { f->repo.id.b, UID_LEN }, { s.id.b, UID_LEN }, { s.writer.b, UID_LEN }, { &role, 1 },
		{ epoch, 4 }, { &suite, 1 } };
	size_t sealed = KEY_LEN + SEAL_OVERHEAD;
	hz_error *err = NULL;

	assert_ok(put_together(f, &s, &p, f->writer->sign_seed, &err), &err);
	/* Sealed well to the right recipient, in the unsigned part: another key than the signed commitment says. */
	p = take_apart(f, &s);
	assert_ok(seal_make(p.tail.data + p.tail.len - sealed, 1, f->recipients.data, "session", ctx, 6, key, KEY_LEN,
			  &err),
		&err);
	assert_fails(put_together(f, &s, &p, f->writer->sign_seed, &err), HZ_E_CORRUPT, &err);
	session_release(&s);
}

static void a_damaged_seal_is_damage(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer);
	struct parts p = take_apart(f, &s);
	hz_error *err = NULL;

	p.tail.data[p.tail.len - 1] ^= 1;
	assert_fails(put_together(f, &s, &p, f->writer->sign_seed, &err), HZ_E_CORRUPT, &err);
	session_release(&s);
}

static void only_its_writer_signs_a_session(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer);
	struct parts p = take_apart(f, &s);
	struct uid other = { { 9 } };
	struct session got;
	hz_error *err = NULL;

	assert_fails(put_together(f, &s, &p, f->root, &err), HZ_E_CORRUPT, &err);
	/* In a group that is not the writer's. */
	p = take_apart(f, &s);
	memcpy(p.clear.data + 6 + 2 * UID_LEN, other.b, UID_LEN);
	assert_fails(put_together(f, &s, &p, f->writer->sign_seed, &err), HZ_E_CORRUPT, &err);
	assert_fails(session_load(&got, f->store, &other, &f->log, NULL, NULL, &err), HZ_E_NOTFOUND, &err);
	session_release(&s);
}

/* ---- commits ---- */

static struct commit_body example_body(void)
{
	static struct bytes paths[] = { { (const uint8_t *)"/srv/data", 9 }, { (const uint8_t *)"/etc", 4 } },
			    tags[] = { { (const uint8_t *)"nightly", 7 } };
	struct commit_body b = { .start = { 1700000000, 5, true },
		.end = { 1700000100, 6, false },
		.duration_ns = 99,
		.paths = paths,
		.n_paths = 2,
		.tags = tags,
		.n_tags = 1,
		.complete = true,
		.admin_n = 1,
		.raw = BUF_INIT };

	b.host = (struct bytes){ (const uint8_t *)"host", 4 };
	b.tool = (struct bytes){ (const uint8_t *)"test 1", 6 };
	b.root = (struct bytes){ (const uint8_t *)"root", 4 };
	b.others = (struct bytes){ (const uint8_t *)"", 0 };
	b.errors = (struct bytes){ (const uint8_t *)"\x01\x01p\x01r", 5 };
	b.n_errors = 3, b.n_listed = 1;
	for (unsigned i = 0; i < COUNT_N; i++)
		b.counts[i] = 1000 + i;
	b.source.b[0] = 8;
	return b;
}

static struct commit example_commit(const struct session *s, uint8_t kind, const struct uid *signer)
{
	return (struct commit){
		.kind = kind, .session = s->id, .signer = *signer, .number = 1, .session_hash = s->part_hash
	};
}

static void put_commit(struct fixture *f, struct commit *c, const struct session *s, const struct secret *seed)
{
	struct commit_body body = example_body();
	struct buf object = BUF_INIT;
	hz_error *err = NULL;

	assert_ok(commit_build(&object, c, &f->repo, s, seed, c->kind == COMMIT_SNAPSHOT ? &body : NULL, &err), &err);
	fixture_replace(f->store, name_commit(&s->id, c->attempt).s, object.data, object.len);
	buf_release(&object);
}

static int load(struct fixture *f, struct commit *c, struct commit_body *body, const struct session *s, hz_error **err)
{
	return commit_load(c, body, f->store, &s->id, 0, &f->log, s, NULL, err);
}

/* Puts a commit of a kind signed by seed, and says what loading makes of it. */
static int try_kind(
	struct fixture *f, const struct session *s, uint8_t kind, const struct uid *signer, const struct secret *seed)
{
	struct commit c = example_commit(s, kind, signer), got;
	struct commit_body body;
	int rc;

	put_commit(f, &c, s, seed);
	rc = load(f, &got, &body, s, NULL);
	if (rc == 0) {
		assert_int_equal(got.kind, kind);
		commit_release(&got);
		commit_body_release(&body);
	}
	return rc;
}

static void a_snapshot_comes_back_whole(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer);
	struct commit c = example_commit(&s, COMMIT_SNAPSHOT, &f->writer->key_id), got;
	struct commit_body want = example_body(), body;
	struct id parents[] = { { { 3 } }, { { 1 } } };
	struct run_ref runs[] = { { { { 2 } }, { { 7 } } }, { { { 1 } }, { { 8 } } } };
	hz_error *err = NULL;

	c.parents = parents, c.n_parents = 2, c.runs = runs, c.n_runs = 2;
	c.has_evidence = true;
	memset(c.evidence, 5, sizeof(c.evidence));
	put_commit(f, &c, &s, f->writer->sign_seed);
	assert_ok(load(f, &got, &body, &s, &err), &err);
	assert_true(id_eq(&got.hash, &c.hash) && got.number == 1 && got.n_parents == 2 && got.n_runs == 2);
	assert_true(got.has_evidence && got.evidence[0] == 5 && got.evidence[31] == 5);
	assert_int_equal(got.parents[0].b[0], 1);
	assert_int_equal(got.runs[0].uid.b[0], 1);
	assert_int_equal(got.runs[0].hash.b[0], 8);
	assert_false(got.damaged);
	assert_true(body.start.sec == want.start.sec && body.start.synchronized && !body.end.synchronized &&
		body.duration_ns == 99);
	assert_int_equal(body.n_paths, 2);
	assert_memory_equal(body.paths[1].p, "/etc", 4);
	assert_memory_equal(body.tags[0].p, "nightly", 7);
	assert_memory_equal(body.counts, want.counts, sizeof(want.counts));
	assert_true(body.complete && body.n_errors == 3 && body.n_listed == 1);
	assert_memory_equal(body.root.p, "root", 4);
	commit_release(&got);
	commit_body_release(&body);
	session_release(&s);
}

static void without_its_key_a_commit_is_verified_and_its_body_is_not_opened(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer), closed;
	struct commit c = example_commit(&s, COMMIT_SNAPSHOT, &f->writer->key_id), got;
	struct commit_body body;
	hz_error *err = NULL;

	put_commit(f, &c, &s, f->writer->sign_seed);
	assert_ok(session_load(&closed, f->store, &s.id, &f->log, NULL, NULL, &err), &err);
	assert_ok(load(f, &got, &body, &closed, &err), &err);
	assert_int_equal(got.kind, COMMIT_SNAPSHOT);
	assert_int_equal(body.n_paths, 0);
	commit_release(&got);
	commit_body_release(&body);
	session_release(&closed);
	session_release(&s);
}

static void kinds_are_signed_by_who_may(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer);
	struct writer_info w;
	struct bundle *other = fixture_writer(f, &w, &f->keys.id, f->group_secret);
	struct uid root = signer_id(1, f->repo.roots.pub[0]);
	const struct uid *me = &f->writer->key_id;
	const struct secret *seed = f->writer->sign_seed;

	fixture_add_writer(f, &w, "second");
	for (uint8_t kind = COMMIT_SNAPSHOT; kind <= COMMIT_ABANDONED; kind++) {
		assert_int_equal(try_kind(f, &s, kind, me, seed), 0);
		/* Another writer, also one that says it were the first. */
		assert_int_equal(try_kind(f, &s, kind, &other->key_id, other->sign_seed), HZ_E_CORRUPT);
		assert_int_equal(try_kind(f, &s, kind, me, other->sign_seed), HZ_E_CORRUPT);
		assert_int_equal(try_kind(f, &s, kind, &root, f->root), HZ_E_CORRUPT);
	}
	assert_int_equal(try_kind(f, &s, COMMIT_EVICTED, &root, f->root), 0);
	assert_int_equal(try_kind(f, &s, COMMIT_EVICTED, me, seed), HZ_E_CORRUPT);
	assert_int_equal(try_kind(f, &s, COMMIT_EVICTED, &other->key_id, other->sign_seed), HZ_E_CORRUPT);
	assert_int_equal(try_kind(f, &s, 5, me, seed), HZ_E_CORRUPT);
	assert_int_equal(try_kind(f, &s, 0, me, seed), HZ_E_CORRUPT);
	bundle_free(other);
	session_release(&s);
}

static void a_keeper_evicts_until_it_ends(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer);
	struct secret *seed = NULL;
	uint8_t pub[SIGN_PUB_LEN];
	struct buf items = BUF_INIT, t = BUF_INIT;
	struct enc e = enc_to(&t);

	assert_ok(sign_keypair(&seed, pub, NULL), NULL);
	struct uid id = signer_id(1, pub);

	assert_int_equal(try_kind(f, &s, COMMIT_EVICTED, &id, seed), HZ_E_CORRUPT);
	enc_u8(&e, HZ_ROLE_KEEPER);
	enc_bytes(&e, pub, sizeof(pub));
	enc_blob(&e, "", 0);
	assert_int_equal(section_put(&items, ITEM_AGENT, t.data, t.len), 0);
	fixture_append(f, &items);
	assert_int_equal(try_kind(f, &s, COMMIT_EVICTED, &id, seed), 0);
	assert_int_equal(try_kind(f, &s, COMMIT_SNAPSHOT, &id, seed), HZ_E_CORRUPT);
	assert_int_equal(try_kind(f, &s, COMMIT_ABANDONED, &id, seed), HZ_E_CORRUPT);
	buf_release(&t);
	secret_free(seed);
	session_release(&s);
}

static void a_commit_of_another_session_is_refused(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer), other = fixture_session(f, f->writer);
	struct commit c = example_commit(&s, COMMIT_SNAPSHOT, &f->writer->key_id), got;
	hz_error *err = NULL;

	c.session_hash = other.part_hash;
	put_commit(f, &c, &s, f->writer->sign_seed);
	assert_fails(load(f, &got, NULL, &s, &err), HZ_E_CORRUPT, &err);
	/* An open session has no commit. */
	assert_fails(load(f, &got, NULL, &other, &err), HZ_E_NOTFOUND, &err);
	session_release(&s);
	session_release(&other);
}

static void a_damaged_commit_is_mended_or_refused(void **state)
{
	struct fixture *f = *state;
	struct session s = fixture_session(f, f->writer);
	struct commit c = example_commit(&s, COMMIT_SNAPSHOT, &f->writer->key_id), got;
	struct name name = name_commit(&s.id, 0);
	struct told told = { 0 };
	struct damage_sink sink = { told_fn, &told };
	hz_error *err = NULL;

	put_commit(f, &c, &s, f->writer->sign_seed);
	fixture_damage(f->store, name.s, 0, 1);
	assert_ok(commit_load(&got, NULL, f->store, &s.id, 0, &f->log, &s, &sink, &err), &err);
	assert_true(got.damaged && told.mended == 1 && id_eq(&got.hash, &c.hash));
	commit_release(&got);
	fixture_damage(f->store, name.s, 4096, 3);
	assert_fails(load(f, &got, NULL, &s, &err), HZ_E_CORRUPT, &err);
	session_release(&s);
}

static void bodies_cut_off_or_longer_are_damage(void **state)
{
	struct commit_body b = example_body(), got;
	struct buf plain = BUF_INIT;
	hz_error *err = NULL;

	(void)state;
	assert_ok(commit_body_encode(&plain, &b, &err), &err);
	for (size_t len = 0; len <= plain.len; len++) {
		struct buf part = BUF_INIT;

		assert_int_equal(buf_append(&part, plain.data, len), 0);
		if (len == plain.len) {
			assert_ok(commit_body_decode(&got, &part, &err), &err);
			commit_body_release(&got);
		} else {
			assert_fails(commit_body_decode(&got, &part, &err), HZ_E_CORRUPT, &err);
		}
	}
	assert_int_equal(buf_append(&plain, "x", 1), 0);
	assert_fails(commit_body_decode(&got, &plain, &err), HZ_E_CORRUPT, &err);
}

static void more_listed_errors_than_there_were_are_damage(void **state)
{
	struct commit_body b = example_body(), got;
	struct buf plain = BUF_INIT;
	hz_error *err = NULL;

	(void)state;
	b.n_errors = 0;
	assert_ok(commit_body_encode(&plain, &b, &err), &err);
	assert_fails(commit_body_decode(&got, &plain, &err), HZ_E_CORRUPT, &err);
}

/* ---- marks ---- */

static int try_mark(struct fixture *f, struct mark *m, const struct secret *seed, struct mark *got)
{
	struct buf object = BUF_INIT;
	struct name name = name_mark(m->n, 0);
	hz_error *err = NULL;

	assert_ok(mark_build(&object, m, 0, &f->repo, seed, &err), &err);
	fixture_replace(f->store, name.s, object.data, object.len);
	buf_release(&object);
	return mark_load(got, f->store, m->n, 0, &f->log, NULL, NULL);
}

static void a_mark_comes_back_and_only_from_who_may(void **state)
{
	struct fixture *f = *state;
	struct uid packs[] = { { { 1 } }, { { 2 } }, { { 3 } } }, wrong[] = { { { 2 } }, { { 1 } } };
	struct mark m = { .n = 5, .kind = 2, .admin_n = 1, .packs = packs, .n_packs = 3 }, got;

	assert_int_equal(try_mark(f, &m, f->root, &got), 0);
	assert_true(got.n == 5 && got.kind == 2 && got.n_packs == 3 && id_eq(&got.hash, &m.hash) &&
		uid_eq(&got.packs[2], &packs[2]));
	mark_release(&got);
	assert_int_equal(try_mark(f, &m, f->writer->sign_seed, &got), HZ_E_CORRUPT);
	m.kind = 3;
	assert_int_equal(try_mark(f, &m, f->root, &got), HZ_E_CORRUPT);
	m.kind = 1, m.packs = wrong, m.n_packs = 2;
	assert_int_equal(try_mark(f, &m, f->root, &got), HZ_E_CORRUPT);
	m.n_packs = 0;
	assert_int_equal(try_mark(f, &m, f->root, &got), 0);
	mark_release(&got);
	assert_int_equal(mark_load(&got, f->store, 6, 0, &f->log, NULL, NULL), HZ_E_NOTFOUND);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_role_opens_its_keys_of_a_session),
		T(a_key_that_was_not_committed_to_is_refused),
		T(a_damaged_seal_is_damage),
		T(only_its_writer_signs_a_session),
		T(a_snapshot_comes_back_whole),
		T(without_its_key_a_commit_is_verified_and_its_body_is_not_opened),
		T(kinds_are_signed_by_who_may),
		T(a_keeper_evicts_until_it_ends),
		T(a_commit_of_another_session_is_refused),
		T(a_damaged_commit_is_mended_or_refused),
		T(bodies_cut_off_or_longer_are_damage),
		T(more_listed_errors_than_there_were_are_damage),
		T(a_mark_comes_back_and_only_from_who_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
