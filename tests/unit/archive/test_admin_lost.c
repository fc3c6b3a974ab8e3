/* SPDX-License-Identifier: BSD-2-Clause */
/* The admin log and the repo object when objects are lost, another repository's, or not to be trusted. */
#include "logged.h"

static void objects_of_another_repository_are_passed_over(void **state)
{
	struct fixture *f = *state;
	struct buf items = small_item(ITEM_POLICY);
	struct forged x = next_entry(f, &items);
	const struct secret *seed = f->root;
	struct told told;
	hz_error *err = NULL;

	random_bytes(x.repo.b, UID_LEN);
	put(f, &x);
	x.attempt = 1;
	put(f, &x);
	admin_log_release(&f->log);
	assert_ok(load(f, &f->log, &told, &err), &err);
	assert_true(f->log.n == 2);
	assert_int_equal(f->log.next_try, 2);
	for (unsigned i = 0; i < 2; i++)
		assert_ok(admin_log_append(&f->log, f->store, &items, &seed, 1, &err), &err);
	assert_true(fixture_has(f->store, "admin/0000000002.2"));
	assert_true(fixture_has(f->store, "admin/0000000002.2.copy"));
	assert_true(fixture_has(f->store, "admin/0000000003.0"));
	assert_ok(reload(f, &err), &err);
	buf_release(&items);
}

static void one_of_an_entry_and_its_copy_is_enough(void **state)
{
	struct fixture *f = *state;
	struct buf items = small_item(ITEM_POLICY);
	struct admin_log log;
	struct told told;
	hz_error *err = NULL;

	fixture_remove(f->store, "admin/0000000001.0");
	fixture_damage(f->store, "admin/0000000000.0", 0, 3);
	assert_ok(load(f, &log, &told, &err), &err);
	assert_int_equal(told.mended, 2);
	assert_true(log.n == 2);
	admin_log_release(&log);
	/* Who appends puts back what is missing of the entry before. */
	fixture_append(f, &items);
	assert_true(fixture_has(f->store, "admin/0000000001.0"));
	fixture_damage(f->store, "admin/0000000000.0.copy", 0, 3);
	assert_fails(reload(f, &err), HZ_E_CORRUPT, &err);
	fixture_remove(f->store, "admin/0000000000.0");
	fixture_remove(f->store, "admin/0000000000.0.copy");
	assert_fails(reload(f, &err), HZ_E_CORRUPT, &err);
}

static void an_entry_lost_before_the_end_is_no_end(void **state)
{
	struct fixture *f = *state;
	struct buf items = small_item(ITEM_POLICY), more = small_item(ITEM_POLICY);
	hz_error *err = NULL;

	fixture_append(f, &items);
	fixture_append(f, &more);
	assert_ok(reload(f, &err), &err);
	fixture_remove(f->store, "admin/0000000002.0");
	fixture_remove(f->store, "admin/0000000002.0.copy");
	assert_fails(reload(f, &err), HZ_E_CORRUPT, &err);
	/* The copy of a later one is enough to tell. */
	fixture_remove(f->store, "admin/0000000003.0");
	assert_fails(reload(f, &err), HZ_E_CORRUPT, &err);
	fixture_remove(f->store, "admin/0000000003.0.copy");
	assert_ok(reload(f, &err), &err);
}

static void without_repo_its_copy_counts_only_beside_commits(void **state)
{
	struct fixture *f = *state;
	static const struct uid session = { { 1 } };
	struct repo_header h = { .suite = 0 };
	struct told told = { 0 };
	struct damage_sink sink = { told_fn, &told };
	hz_error *err = NULL;

	fixture_remove(f->store, "repo");
	assert_fails(repo_header_load(&h, f->store, &sink, &err), HZ_E_NOTFOUND, &err);
	fixture_replace(f->store, name_commit(&session, 0).s, "x", 1);
	assert_ok(repo_header_load(&h, f->store, &sink, &err), &err);
	assert_int_equal(told.mended, 1);
	assert_true(uid_eq(&h.id, &f->repo.id));
	assert_int_equal(h.pack_log2, 16);
	/* There are snapshots: damage, and no place for a new repository. */
	fixture_damage(f->store, name_repo_copy(&f->repo.id).s, 0, 3);
	assert_fails(repo_header_load(&h, f->store, &sink, &err), HZ_E_CORRUPT, &err);
	fixture_remove(f->store, name_repo_copy(&f->repo.id).s);
	assert_fails(repo_header_load(&h, f->store, &sink, &err), HZ_E_CORRUPT, &err);
}

/* A repo object with one byte of its first section changed, signed by root all the same. */
static int load_changed_repo(struct fixture *f, size_t at, uint8_t value, hz_error **err)
{
	AUTO_IN(buf_release) struct buf body = BUF_INIT;
	AUTO_IN(buf_release) struct buf t = BUF_INIT;
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	const struct secret *seed = f->root;
	struct signed_parts p = { .type = OBJECT_REPO,
		.suite = 1,
		.repo = f->repo.id,
		.name = "repo",
		.signed_sections = &body,
		.seeds = &seed,
		.n_seeds = 1 };
	struct enc e = enc_to(&t);
	struct repo_header h = { .suite = 0 };

	enc_u16(&e, 1);
	enc_u64(&e, 0), enc_u64(&e, 0), enc_u64(&e, 0);
	enc_i64(&e, 0);
	enc_u8(&e, 1), enc_u8(&e, 24);
	t.data[at] = value;
	assert_int_equal(section_put(&body, 1, t.data, t.len), 0);
	t.len = 0;
	enc_u8(&e, 1);
	enc_bytes(&e, f->repo.roots.pub[0], SIGN_PUB_LEN);
	assert_int_equal(section_put(&body, 2, t.data, t.len), 0);
	assert_int_equal(section_put(&body, 3, f->repo.admin0.b, ID_LEN), 0);
	assert_ok(signed_build(&object, NULL, &p, NULL), NULL);
	fixture_replace(f->store, "repo", object.data, object.len);
	return repo_header_load(&h, f->store, NULL, err);
}

static void features_that_are_not_known_are_a_newer_version(void **state)
{
	struct fixture *f = *state;
	hz_error *err = NULL;

	assert_ok(load_changed_repo(f, 0, 1, &err), &err);
	/* Compatible ones may be passed over. */
	assert_ok(load_changed_repo(f, 2, 1, &err), &err);
	assert_fails(load_changed_repo(f, 18, 1, &err), HZ_E_TOONEW, &err);
	/* Read-only ones are a writer's matter, and so is the chunker. */
	assert_ok(load_changed_repo(f, 10, 1, &err), &err);
	assert_ok(load_changed_repo(f, 34, 4, &err), &err);
	assert_fails(load_changed_repo(f, 0, 2, &err), HZ_E_TOONEW, &err);
	assert_fails(load_changed_repo(f, 35, 27, &err), HZ_E_CORRUPT, &err);
}

static void a_repo_signed_by_another_is_refused(void **state)
{
	struct fixture *f = *state;
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	const struct secret *seed = f->writer->sign_seed;
	struct repo_header h = { .suite = 0 };
	hz_error *err = NULL;

	assert_ok(repo_header_build(&object, &f->repo, &seed, 1, &err), &err);
	fixture_replace(f->store, "repo", object.data, object.len);
	assert_fails(repo_header_load(&h, f->store, NULL, &err), HZ_E_CORRUPT, &err);
}

static void an_empty_store_is_no_repository(void **state)
{
	struct store *st = NULL;
	struct repo_header h = { .suite = 0 };
	hz_error *err = NULL;

	(void)state;
	assert_ok(store_mem_new(&st, &err), &err);
	assert_fails(repo_header_load(&h, st, NULL, &err), HZ_E_NOTFOUND, &err);
	store_close(st);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(objects_of_another_repository_are_passed_over),
		T(one_of_an_entry_and_its_copy_is_enough),
		T(an_entry_lost_before_the_end_is_no_end),
		T(without_repo_its_copy_counts_only_beside_commits),
		T(features_that_are_not_known_are_a_newer_version),
		T(a_repo_signed_by_another_is_refused),
		T(an_empty_store_is_no_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
