/* SPDX-License-Identifier: BSD-2-Clause */
/* What is taken in is stored once and comes back, from many threads at once. test-label: tsan */
#include "taken.h"
#include "crypto/suite.h"

#define SHARED 160u
#define EACH   40u
#define ALL    (SHARED + WORKERS * EACH)

static char *folder;

static int set_up(void **state)
{
	(void)state;
	folder = hzt_tmpdir();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hzt_tmpdir_remove(folder);
	return 0;
}

static void expect_stats(const struct taking *t, bool are_new)
{
	uint64_t chunks = 0, bytes = 0, known = 0;

	for (unsigned n = 0; n < ALL; n++) {
		struct content c = content_of(n);

		if (c.kind != KIND_NODE) {
			chunks++;
			bytes += c.len;
			known += n < SHARED ? WORKERS - 1 : 0;
		}
		free(c.data);
	}
	assert_int_equal(ingest_stats(t->in)->new_chunks, are_new ? chunks : 0);
	assert_int_equal(ingest_stats(t->in)->new_bytes, are_new ? bytes : 0);
	assert_int_equal(ingest_stats(t->in)->known_chunks, known + (are_new ? 0 : chunks));
}

static void threads_store_each_id_once_and_all_comes_back(void **state)
{
	(void)state;
	for (unsigned suite = SUITE_SODIUM; suite <= SUITE_NIST; suite++) {
		const struct run_ref *runs = NULL;
		struct told_runs told;
		struct fixture f;
		struct taking t;
		uint64_t bytes;
		size_t n = 0;
		hz_error *err = NULL;

		fixture_new(&f, suite);
		taking_begin(&t, &f, folder, false);
		assert_int_equal(feed(&t, 0, SHARED, EACH), 0);
		assert_ok(ingest_finish(t.in, &runs, &n, &err), &err);
		assert_int_equal(n, 1);
		assert_true(fixture_has(f.store, name_run(&runs[0].uid).s));
		expect_stats(&t, true);
		told = told_runs_of(&f);
		assert_int_equal(told.n, ALL);
		assert_true(told.n_packs > 3);
		expect_no_id_twice(&told);
		expect_packs_there(&told);
		expect_content(&told, 0, ALL);
		assert_int_equal(count_objects(&f, "packs", &bytes), told.n_packs);
		assert_int_equal(ingest_stored(t.in), bytes);
		told_runs_free(&told);
		taking_end(&t);
		fixture_free(&f);
	}
}

static void ids_are_the_keyed_hashes_of_their_domain(void **state)
{
	struct fixture f;
	struct taking t;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	for (unsigned n = 0; n < 12; n++) {
		struct content c = content_of(n);
		struct id want = content_id(&f, &c), got, file;
		hz_error *err = NULL;

		assert_ok(take_in(t.in, n % WORKERS, n, &got, &err), &err);
		assert_true(id_eq(&got, &want));
		/* The same bytes as a link's and as a file's have other ids. */
		got = ingest_hardlink(t.in, 0, c.data, c.len);
		assert_false(id_eq(&got, &want));
		c.kind = c.kind == KIND_NODE ? KIND_SMALL : KIND_NODE;
		file = content_id(&f, &c);
		assert_false(id_eq(&file, &want));
		free(c.data);
	}
	taking_end(&t);
	fixture_free(&f);
}

static void a_second_session_stores_nothing_that_is_there(void **state)
{
	const struct run_ref *runs = NULL;
	struct fixture f;
	struct taking t;
	uint64_t before, after;
	size_t n = 0;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	assert_int_equal(feed(&t, 0, SHARED, EACH), 0);
	assert_ok(ingest_finish(t.in, &runs, &n, NULL), NULL);
	taking_end(&t);
	(void)count_objects(&f, "packs", &before);
	taking_begin(&t, &f, folder, false);
	assert_int_equal(feed(&t, 0, SHARED, EACH), 0);
	assert_ok(ingest_finish(t.in, &runs, &n, NULL), NULL);
	assert_int_equal(n, 0);
	assert_int_equal(ingest_stored(t.in), 0);
	expect_stats(&t, false);
	(void)count_objects(&f, "packs", &after);
	assert_int_equal(after, before);
	assert_int_equal(count_objects(&f, "index", NULL), 1);
	taking_end(&t);
	fixture_free(&f);
}

/* A pack that is gone is no place to refer to. */
static void what_stood_in_a_missing_pack_is_stored_again(void **state)
{
	const struct run_ref *runs = NULL;
	struct told_runs told;
	struct fixture f;
	struct taking t;
	struct uid gone;
	size_t n = 0, lost = 0;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	assert_int_equal(feed(&t, 0, SHARED, 0), 0);
	assert_ok(ingest_finish(t.in, &runs, &n, NULL), NULL);
	taking_end(&t);
	told = told_runs_of(&f);
	gone = told.packs[0].uid;
	for (size_t i = 0; i < told.n; i++)
		lost += told.v[i].pack == 0;
	assert_true(lost > 0 && lost < told.n);
	told_runs_free(&told);
	fixture_remove(f.store, name_pack(&gone).s);
	taking_begin(&t, &f, folder, false);
	assert_int_equal(feed(&t, 0, SHARED, 0), 0);
	assert_ok(ingest_finish(t.in, &runs, &n, NULL), NULL);
	assert_int_equal(n, 1);
	taking_end(&t);
	told = told_runs_of(&f);
	assert_int_equal(told.n, SHARED + lost);
	told_runs_free(&told);
	fixture_free(&f);
}

static void nothing_taken_in_makes_no_run(void **state)
{
	const struct run_ref *runs = NULL;
	struct fixture f;
	struct taking t;
	size_t n = 7;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	assert_ok(ingest_finish(t.in, &runs, &n, NULL), NULL);
	assert_int_equal(n, 0);
	assert_int_equal(count_objects(&f, "packs", NULL) + count_objects(&f, "index", NULL), 0);
	taking_end(&t);
	fixture_free(&f);
}

static void a_dry_run_counts_and_puts_nothing(void **state)
{
	const struct run_ref *runs = NULL;
	struct fixture f;
	struct taking t;
	size_t n = 7;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, true);
	assert_int_equal(feed(&t, 0, SHARED, EACH), 0);
	assert_ok(ingest_finish(t.in, &runs, &n, NULL), NULL);
	assert_int_equal(n, 0);
	expect_stats(&t, true);
	assert_true(ingest_stored(t.in) > 0);
	assert_int_equal(count_objects(&f, "packs", NULL) + count_objects(&f, "index", NULL), 0);
	taking_end(&t);
	fixture_free(&f);
}

/* ---- taking over ---- */

/* So many ids taken over that the first pack of this session makes a run in the midst of the threads' lookups. */
static void a_run_on_the_way_loses_nothing(void **state)
{
	size_t many = ((size_t)96 << 10) - 5, n = 0;
	const struct run_ref *runs = NULL;
	struct id *ids = calloc(many, sizeof(*ids));
	struct run_pack pack = { .size = 65536 };
	struct hzt_random r = { 5 };
	struct told_runs told;
	struct fixture f;
	struct taking t;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	hzt_random_fill(&r, ids, many * sizeof(*ids));
	random_bytes(pack.uid.b, UID_LEN);
	assert_ok(ingest_take_over(t.in, &pack, ids, many, &err), &err);
	free(ids);
	assert_int_equal(count_objects(&f, "index", NULL), 0);
	assert_int_equal(feed(&t, 0, SHARED, EACH), 0);
	assert_int_equal(count_objects(&f, "index", NULL), 1);
	assert_ok(ingest_finish(t.in, &runs, &n, &err), &err);
	assert_int_equal(n, 2);
	told = told_runs_of(&f);
	assert_int_equal(told.n_runs, 2);
	assert_int_equal(told.n, many + ALL);
	expect_no_id_twice(&told);
	expect_content(&told, 0, ALL);
	told_runs_free(&told);
	taking_end(&t);
	fixture_free(&f);
}

static void what_is_taken_over_is_not_stored_again(void **state)
{
	static const struct run_pack pack = { .uid = { { 9 } }, .size = 65536, .hash = { { 8 } } };
	const struct run_ref *runs = NULL;
	struct told_runs told;
	struct fixture f;
	struct taking t;
	struct id ids[3], id;
	size_t n = 0;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	for (unsigned i = 0; i < 3; i++) {
		struct content c = content_of(i);

		ids[i] = content_id(&f, &c);
		free(c.data);
	}
	assert_ok(ingest_take_over(t.in, &pack, ids, 3, &err), &err);
	for (unsigned i = 0; i < 3; i++)
		assert_ok(take_in(t.in, i, i, &id, &err), &err);
	assert_ok(ingest_finish(t.in, &runs, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(ingest_stored(t.in), 0);
	assert_int_equal(ingest_stats(t.in)->new_chunks, 0);
	told = told_runs_of(&f);
	assert_int_equal(told.n, 3);
	assert_int_equal(told.n_packs, 1);
	assert_true(uid_eq(&told.packs[0].uid, &pack.uid) && id_eq(&told.packs[0].hash, &pack.hash));
	assert_int_equal(told.packs[0].size, pack.size);
	told_runs_free(&told);
	taking_end(&t);
	fixture_free(&f);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(threads_store_each_id_once_and_all_comes_back),
		IN_FOLDER(ids_are_the_keyed_hashes_of_their_domain),
		IN_FOLDER(a_second_session_stores_nothing_that_is_there),
		IN_FOLDER(what_stood_in_a_missing_pack_is_stored_again),
		IN_FOLDER(nothing_taken_in_makes_no_run),
		IN_FOLDER(a_dry_run_counts_and_puts_nothing),
		IN_FOLDER(a_run_on_the_way_loses_nothing),
		IN_FOLDER(what_is_taken_over_is_not_stored_again),
	};

	return cmocka_run_group_tests_name("archive/ingest", tests, NULL, NULL);
}
