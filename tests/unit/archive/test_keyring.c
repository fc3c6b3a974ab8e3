/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 300 */
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
	return a && b && secret_len(a) == secret_len(b) && memcmp(secret_bytes(a), secret_bytes(b), secret_len(a)) == 0;
}

/* ---- groups ---- */

static struct group open_one(struct fixture *f, const struct bundle *key, size_t *n, struct told *told)
{
	struct damage_sink sink = { told_fn, told };
	struct group *v = NULL, g = { .index = NULL };
	hz_error *err = NULL;

	*told = (struct told){ 0 };
	assert_ok(groups_load(&v, n, f->store, &f->log, key, &sink, &err), &err);
	if (*n > 0)
		g = v[0];
	free(v);
	return g;
}

static void a_reader_opens_all_of_a_group_and_a_lister_its_names(void **state)
{
	struct fixture *f = *state;
	static const uint8_t none[CHUNKER_TABLE_LEN];
	struct told told;
	size_t n = 0;
	struct group r = open_one(f, f->reader, &n, &told);

	assert_int_equal(n, 1);
	assert_true(uid_eq(&r.id, &f->keys.id));
	assert_true(
		same(r.content, f->keys.content) && same(r.metadata, f->keys.metadata) && same(r.index, f->keys.index));
	assert_memory_equal(r.table, f->keys.table, sizeof(r.table));
	struct group l = open_one(f, f->lister, &n, &told);

	assert_int_equal(n, 1);
	assert_null(l.content);
	assert_true(same(l.metadata, f->keys.metadata) && same(l.index, f->keys.index));
	assert_memory_equal(l.table, none, sizeof(none));
	assert_int_equal(told.lost + told.mended, 0);
	group_release(&r);
	group_release(&l);
}

static void keys_of_a_group_differ_from_each_other(void **state)
{
	struct fixture *f = *state;

	assert_false(same(f->keys.content, f->keys.metadata));
	assert_false(same(f->keys.content, f->keys.index));
	assert_false(same(f->keys.metadata, f->keys.index));
	assert_memory_not_equal(f->keys.table, f->keys.table + 512, 512);
}

static void a_strange_key_opens_no_group(void **state)
{
	struct fixture *f = *state;
	struct bundle *b = fixture_bundle(f, HZ_ROLE_LISTER);
	uint8_t pub[BOX_PUB_LEN];
	struct told told;
	size_t n = 0;

	assert_ok(box_keypair(&b->meta_sec, pub, NULL), NULL);
	(void)open_one(f, b, &n, &told);
	assert_int_equal(n, 0);
	assert_int_equal(told.lost, 1);
	bundle_free(b);
}

static void another_group_object_under_the_name_is_refused(void **state)
{
	struct fixture *f = *state;
	struct buf object = BUF_INIT;
	struct uid uid;
	struct id hash;
	struct object_header h = { .type = OBJECT_KEYS, .suite = 1, .repo = f->repo.id };
	struct object o = OBJECT_INIT;
	struct buf forged = BUF_INIT;
	struct name name = name_group(&f->group_object), copy = name_copy(name.s);
	struct told told;
	size_t n = 0;
	hz_error *err = NULL;

	/* Signed by root, but of another making than the one in the log. */
	assert_ok(group_build(
			  &object, &uid, &hash, &f->repo, &f->recipients, &f->keys.id, f->group_secret, f->root, &err),
		&err);
	assert_ok(object_decode(&o, name_group(&uid).s, object.data, object.len, &err), &err);
	(void)snprintf(h.name, sizeof(h.name), "%.80s", name.s);
	assert_ok(object_encode(&forged, &h, o.body, (size_t)o.header.length, false, &err), &err);
	fixture_replace(f->store, name.s, forged.data, forged.len);
	fixture_replace(f->store, copy.s, forged.data, forged.len);
	(void)open_one(f, f->reader, &n, &told);
	assert_int_equal(n, 0);
	assert_int_equal(told.lost, 1);
	object_release(&o);
	buf_release(&object);
	buf_release(&forged);
}

static void a_groups_copy_serves(void **state)
{
	struct fixture *f = *state;
	struct name name = name_group(&f->group_object);
	struct told told;
	size_t n = 0;

	fixture_damage(f->store, name.s, 50, 3);
	struct group g = open_one(f, f->reader, &n, &told);

	assert_int_equal(n, 1);
	assert_int_equal(told.mended, 1);
	group_release(&g);
}

static void the_whole_secret_opens_for_joining(void **state)
{
	struct fixture *f = *state;
	struct secret *got = NULL;
	struct uid no = { { 1 } };
	hz_error *err = NULL;

	assert_ok(group_open_secret(&got, f->store, &f->log, f->admin, &f->keys.id, &err), &err);
	assert_true(same(got, f->group_secret));
	secret_free(got);
	assert_fails(group_open_secret(&got, f->store, &f->log, f->admin, &no, &err), HZ_E_NOTFOUND, &err);
}

/* ---- slots ---- */

static struct key_info put_slot(
	struct fixture *f, const struct buf *object, const struct uid *uid, const struct id *hash)
{
	struct buf items = BUF_INIT;
	hz_error *err = NULL;

	assert_ok(signed_put(f->store, name_slot(uid).s, object, true, &err), &err);
	assert_ok(item_key(&items, KEY_SLOT, uid, hash, &err), &err);
	fixture_append(f, &items);
	return *admin_key(&f->log, uid);
}

static int open_slot(struct fixture *f, const struct key_info *k, const char *pass, struct bundle **b,
	struct slot_info *info, hz_error **err)
{
	struct secret *s = NULL;
	int rc;

	if (pass)
		assert_ok(secret_from(&s, pass, strlen(pass), NULL), NULL);
	rc = slot_open(b, info, f->store, &f->log, k, s, NULL, err);
	secret_free(s);
	return rc;
}

static void a_slot_opens_by_its_passphrase_only(void **state)
{
	struct fixture *f = *state;
	struct buf object = BUF_INIT;
	struct secret *pass = NULL;
	struct bundle *b = NULL;
	struct slot_info info;
	struct uid uid;
	struct id hash;
	hz_error *err = NULL;

	assert_ok(secret_from(&pass, "correct horse", 13, &err), &err);
	assert_ok(slot_build(&object, &uid, &hash, f->admin, pass, f->root, &err), &err);
	struct key_info k = put_slot(f, &object, &uid, &hash);

	assert_ok(open_slot(f, &k, NULL, &b, &info, &err), &err);
	assert_null(b);
	assert_int_equal(info.role, HZ_ROLE_ADMIN);
	assert_true(uid_eq(&info.key_id, &f->admin->key_id));
	assert_int_equal(info.mem_kib, 64 * 1024);
	assert_true(info.passes >= 4);
	assert_fails(open_slot(f, &k, "wrong horse", &b, &info, &err), HZ_E_AUTH, &err);
	assert_null(b);
	assert_ok(open_slot(f, &k, "correct horse", &b, &info, &err), &err);
	assert_true(same(b->sign_seed, f->admin->sign_seed) && same(b->data_sec, f->admin->data_sec));
	assert_ok(bundle_check(b, &f->log, &err), &err);
	bundle_free(b);
	buf_release(&object);
	secret_free(pass);
}

/* A slot like slot_build's whose parameters are what is given; the wrap is not looked at before them. */
static struct key_info weak_slot(
	struct fixture *f, uint8_t lock, uint8_t kdf, uint32_t mem, uint32_t passes, size_t salt_len)
{
	AUTO_IN(buf_release) struct buf body = BUF_INIT;
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	static const uint8_t zeros[200];
	const struct secret *seed = f->root;
	struct enc e = enc_to(&t);
	struct uid uid;
	struct name name;
	struct id hash;

	random_bytes(uid.b, UID_LEN);
	name = name_slot(&uid);
	enc_u8(&e, KEY_SLOT);
	enc_bytes(&e, uid.b, UID_LEN);
	assert_int_equal(section_put(&body, 1, t.data, t.len), 0);
	t.len = 0;
	enc_u8(&e, HZ_ROLE_ADMIN);
	enc_u8(&e, lock);
	enc_bytes(&e, f->admin->key_id.b, UID_LEN);
	enc_u32(&e, 1);
	assert_int_equal(section_put(&body, 2, t.data, t.len), 0);
	t.len = 0;
	enc_u8(&e, kdf);
	enc_u32(&e, mem);
	enc_u32(&e, passes);
	enc_bytes(&e, zeros, salt_len);
	assert_int_equal(section_put(&body, 3, t.data, t.len), 0);
	assert_int_equal(section_put(&body, 4, zeros, sizeof(zeros)), 0);
	struct signed_parts p = { .type = OBJECT_KEYS,
		.suite = 1,
		.repo = f->repo.id,
		.name = name.s,
		.signed_sections = &body,
		.seeds = &seed,
		.n_seeds = 1 };

	assert_ok(signed_build(&object, &hash, &p, NULL), NULL);
	return put_slot(f, &object, &uid, &hash);
}

static void parameters_out_of_bounds_are_refused(void **state)
{
	struct fixture *f = *state;
	const struct {
		uint8_t lock, kdf;
		uint32_t mem, passes;
		size_t salt;
		int code;
	} all[] = { { 1, 1, ARGON_MEM_MIN - 1, ARGON_PASS_MIN, 16, HZ_E_CORRUPT },
		{ 1, 1, ARGON_MEM_MIN, ARGON_PASS_MIN - 1, 16, HZ_E_CORRUPT },
		{ 1, 1, ARGON_MEM_MAX + 1, ARGON_PASS_MIN, 16, HZ_E_UNSUPPORTED },
		{ 1, 1, ARGON_MEM_MIN, ARGON_PASS_MAX + 1, 16, HZ_E_UNSUPPORTED },
		{ 1, 1, ARGON_MEM_MIN, ARGON_PASS_MIN, 15, HZ_E_CORRUPT },
		{ 1, 1, ARGON_MEM_MIN, ARGON_PASS_MIN, 17, HZ_E_CORRUPT },
		{ 2, 1, ARGON_MEM_MIN, ARGON_PASS_MIN, 16, HZ_E_UNSUPPORTED },
		{ 1, 2, ARGON_MEM_MIN, ARGON_PASS_MIN, 16, HZ_E_UNSUPPORTED } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct key_info k = weak_slot(f, all[i].lock, all[i].kdf, all[i].mem, all[i].passes, all[i].salt);
		struct slot_info info;
		struct bundle *b = NULL;
		hz_error *err = NULL;

		assert_fails(open_slot(f, &k, "any", &b, &info, &err), all[i].code, &err);
		assert_null(b);
	}
}

static void a_missing_slot_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct key_info k = weak_slot(f, 1, 1, ARGON_MEM_MIN, ARGON_PASS_MIN, 16);
	struct slot_info info;
	struct bundle *b = NULL;
	hz_error *err = NULL;

	fixture_remove(f->store, name_slot(&k.uid).s);
	assert_ok(open_slot(f, &k, NULL, &b, &info, &err), &err);
	fixture_remove(f->store, name_copy(name_slot(&k.uid).s).s);
	assert_fails(open_slot(f, &k, NULL, &b, &info, &err), HZ_E_NOTFOUND, &err);
}

/* ---- bundles against the log ---- */

static void a_bundle_of_another_repository_is_refused(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	assert_ok(bundle_check(f->writer, &f->log, &err), &err);
	f->writer->repo.b[0] ^= 1;
	assert_fails(bundle_check(f->writer, &f->log, &err), HZ_E_AUTH, &err);
}

static void a_log_that_lost_entries_is_a_rollback(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	f->writer->head_n = f->log.n;
	assert_fails(bundle_check(f->writer, &f->log, &err), HZ_E_CORRUPT, &err);
	f->writer->head_n = 0;
	assert_fails(bundle_check(f->writer, &f->log, &err), HZ_E_CORRUPT, &err);
	f->reader->roots.pub[0][0] ^= 1;
	assert_fails(bundle_check(f->reader, &f->log, &err), HZ_E_CORRUPT, &err);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_reader_opens_all_of_a_group_and_a_lister_its_names),
		T(keys_of_a_group_differ_from_each_other),
		T(a_strange_key_opens_no_group),
		T(another_group_object_under_the_name_is_refused),
		T(a_groups_copy_serves),
		T(the_whole_secret_opens_for_joining),
		T(a_slot_opens_by_its_passphrase_only),
		T(parameters_out_of_bounds_are_refused),
		T(a_missing_slot_is_not_found),
		T(a_bundle_of_another_repository_is_refused),
		T(a_log_that_lost_entries_is_a_rollback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
