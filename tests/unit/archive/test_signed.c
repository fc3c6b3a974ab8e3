/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#define NAME "sessions/00000000000000000000000000000001"
static const uint16_t known[] = { 1, 2, TAG_SIGNATURES, 0x4002 };

struct thing {
	struct store *store;
	struct secret *seed[2];
	uint8_t pub[2][SIGN_PUB_LEN];
	struct uid repo;
	struct buf object;
	struct id hash;
};

static void build(struct thing *t, size_t n_seeds)
{
	AUTO_IN(buf_release) struct buf body = BUF_INIT;
	AUTO_IN(buf_release) struct buf tail = BUF_INIT;
	const struct secret *seeds[2] = { t->seed[0], t->seed[1] };
	struct signed_parts p = { .type = OBJECT_SESSION,
		.suite = 1,
		.repo = t->repo,
		.name = NAME,
		.signed_sections = &body,
		.seeds = seeds,
		.n_seeds = n_seeds,
		.unsigned_sections = &tail };
	hz_error *err = NULL;

	assert_int_equal(section_put(&body, 1, "signed", 6), 0);
	assert_int_equal(section_put(&tail, 0x4002, "unsigned", 8), 0);
	buf_release(&t->object);
	assert_ok(signed_build(&t->object, &t->hash, &p, &err), &err);
}

static int setup(void **state)
{
	struct thing *t = calloc(1, sizeof(*t));

	assert_ok(crypto_init(NULL), NULL);
	assert_ok(store_mem_new(&t->store, NULL), NULL);
	for (unsigned i = 0; i < 2; i++)
		assert_ok(sign_keypair(&t->seed[i], t->pub[i], NULL), NULL);
	random_bytes(t->repo.b, UID_LEN);
	build(t, 1);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct thing *t = *state;

	store_close(t->store);
	secret_free(t->seed[0]);
	secret_free(t->seed[1]);
	buf_release(&t->object);
	free(t);
	return 0;
}

static int load(struct thing *t, struct signed_object *so, struct told *told, hz_error **err)
{
	struct damage_sink sink = { told_fn, told };

	*told = (struct told){ 0 };
	*so = (struct signed_object)SIGNED_INIT;
	return signed_load(so, t->store, NAME, OBJECT_SESSION, &t->repo, true, known, ARRAY_LEN(known), &sink, err);
}

static void an_object_comes_back_with_hash_and_signature(void **state)
{
	struct thing *t = *state;
	struct signed_object so;
	struct told told;
	hz_error *err = NULL;

	assert_ok(signed_put(t->store, NAME, &t->object, true, &err), &err);
	assert_true(fixture_has(t->store, NAME ".copy"));
	assert_ok(load(t, &so, &told, &err), &err);
	struct id hash = signed_hash(&so);

	assert_true(id_eq(&hash, &t->hash));
	assert_ok(signed_check(&so, t->pub[0], NULL), NULL);
	assert_fails(signed_check(&so, t->pub[1], NULL), HZ_E_CORRUPT, NULL);
	assert_memory_equal(section_find(so.s, so.n, 0x4002)->data, "unsigned", 8);
	assert_int_equal(told.mended + told.lost, 0);
	signed_release(&so);
}

static void signers_stand_in_order(void **state)
{
	struct thing *t = *state;
	struct uid ids[SIGNERS_MAX], want[2] = { signer_id(1, t->pub[0]), signer_id(1, t->pub[1]) };
	struct signed_object so;
	struct told told;
	size_t n = 0;
	hz_error *err = NULL;

	build(t, 2);
	assert_ok(signed_put(t->store, NAME, &t->object, false, &err), &err);
	assert_ok(load(t, &so, &told, &err), &err);
	assert_ok(signed_signers(ids, &n, &so, &err), &err);
	assert_int_equal(n, 2);
	assert_true(uid_cmp(&ids[0], &ids[1]) < 0);
	assert_true(uid_eq(&ids[0], &want[0]) || uid_eq(&ids[0], &want[1]));
	assert_ok(signed_check(&so, t->pub[0], NULL), NULL);
	assert_ok(signed_check(&so, t->pub[1], NULL), NULL);
	signed_release(&so);
}

static void a_changed_body_is_not_signed(void **state)
{
	struct thing *t = *state;
	struct signed_object so;
	struct told told;
	struct object_header h = { .type = OBJECT_SESSION, .suite = 1, .repo = t->repo, .name = NAME };
	struct buf forged = BUF_INIT;
	struct object o = OBJECT_INIT;
	hz_error *err = NULL;

	/* The container is made anew, so that only the signature can tell. */
	assert_ok(object_decode(&o, NAME, t->object.data, t->object.len, &err), &err);
	o.stream.data[OBJECT_HEADER + 6] ^= 1;
	assert_ok(object_encode(&forged, &h, o.body, (size_t)o.header.length, false, &err), &err);
	assert_ok(signed_put(t->store, NAME, &forged, false, &err), &err);
	assert_ok(load(t, &so, &told, &err), &err);
	assert_fails(signed_check(&so, t->pub[0], NULL), HZ_E_CORRUPT, NULL);
	signed_release(&so);
	object_release(&o);
	buf_release(&forged);
}

static void another_type_is_damage_and_another_repository_is_not(void **state)
{
	struct thing *t = *state;
	struct signed_object so = SIGNED_INIT;
	struct told told;
	hz_error *err = NULL;

	assert_ok(signed_put(t->store, NAME, &t->object, true, &err), &err);
	assert_fails(
		signed_load(&so, t->store, NAME, OBJECT_MARK, &t->repo, false, known, ARRAY_LEN(known), NULL, &err),
		HZ_E_CORRUPT, &err);
	random_bytes(t->repo.b, UID_LEN);
	assert_fails(load(t, &so, &told, &err), HZ_E_REFUSED, &err);
	assert_int_equal(told.lost, 0);
}

static void the_copy_serves_when_the_primary_is_lost(void **state)
{
	struct thing *t = *state;
	struct signed_object so;
	struct told told;
	hz_error *err = NULL;

	assert_ok(signed_put(t->store, NAME, &t->object, true, &err), &err);
	fixture_remove(t->store, NAME);
	assert_ok(load(t, &so, &told, &err), &err);
	assert_int_equal(told.mended, 1);
	assert_ok(signed_check(&so, t->pub[0], NULL), NULL);
	signed_release(&so);
	assert_ok(signed_ensure_copy(t->store, NAME, &err), &err);
	fixture_damage(t->store, NAME, 100, 3);
	assert_ok(load(t, &so, &told, &err), &err);
	assert_int_equal(told.mended, 1);
	signed_release(&so);
	fixture_damage(t->store, NAME ".copy", 100, 3);
	assert_fails(load(t, &so, &told, &err), HZ_E_CORRUPT, &err);
}

static void parity_mends_and_says_so(void **state)
{
	struct thing *t = *state;
	struct signed_object so;
	struct told told;
	hz_error *err = NULL;

	assert_ok(signed_put(t->store, NAME, &t->object, true, &err), &err);
	fixture_damage(t->store, NAME, 200, 1);
	assert_ok(load(t, &so, &told, &err), &err);
	assert_int_equal(told.mended, 1);
	struct id hash = signed_hash(&so);

	assert_true(id_eq(&hash, &t->hash));
	signed_release(&so);
}

static void nothing_anywhere_is_not_found(void **state)
{
	struct thing *t = *state;
	struct signed_object so;
	struct told told;
	hz_error *err = NULL;

	assert_fails(load(t, &so, &told, &err), HZ_E_NOTFOUND, &err);
}

static void only_the_winner_writes_the_copy(void **state)
{
	struct thing *t = *state;
	struct buf other = BUF_INIT;
	hz_error *err = NULL;

	assert_ok(signed_put(t->store, NAME, &t->object, false, &err), &err);
	assert_int_equal(buf_append(&other, "other", 5), 0);
	assert_fails(signed_put(t->store, NAME, &other, true, &err), HZ_E_EXISTS, &err);
	assert_false(fixture_has(t->store, NAME ".copy"));
	buf_release(&other);
}

static void the_missing_one_of_two_is_put(void **state)
{
	struct thing *t = *state;
	hz_error *err = NULL;

	assert_fails(signed_ensure_copy(t->store, NAME, &err), HZ_E_NOTFOUND, &err);
	assert_ok(signed_put(t->store, NAME, &t->object, false, &err), &err);
	assert_ok(signed_ensure_copy(t->store, NAME, &err), &err);
	assert_true(fixture_has(t->store, NAME ".copy"));
	fixture_remove(t->store, NAME);
	assert_ok(signed_ensure_copy(t->store, NAME, &err), &err);
	assert_true(fixture_has(t->store, NAME));
	assert_ok(signed_ensure_copy(t->store, NAME, &err), &err);
}

static void no_signature_is_no_signature(void **state)
{
	struct thing *t = *state;
	struct object_header h = { .type = OBJECT_SESSION, .suite = 1, .repo = t->repo, .name = NAME };
	struct buf body = BUF_INIT, object = BUF_INIT;
	struct signed_object so;
	struct uid ids[SIGNERS_MAX];
	struct told told;
	size_t n = 0;
	hz_error *err = NULL;

	assert_int_equal(section_put(&body, 1, "signed", 6), 0);
	assert_ok(object_encode(&object, &h, body.data, body.len, false, &err), &err);
	assert_ok(signed_put(t->store, NAME, &object, false, &err), &err);
	assert_ok(load(t, &so, &told, &err), &err);
	assert_fails(signed_signers(ids, &n, &so, &err), HZ_E_CORRUPT, &err);
	assert_fails(signed_check(&so, t->pub[0], NULL), HZ_E_CORRUPT, NULL);
	signed_release(&so);
	buf_release(&body);
	buf_release(&object);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_object_comes_back_with_hash_and_signature),
		T(signers_stand_in_order),
		T(a_changed_body_is_not_signed),
		T(another_type_is_damage_and_another_repository_is_not),
		T(the_copy_serves_when_the_primary_is_lost),
		T(parity_mends_and_says_so),
		T(nothing_anywhere_is_not_found),
		T(only_the_winner_writes_the_copy),
		T(the_missing_one_of_two_is_put),
		T(no_signature_is_no_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
