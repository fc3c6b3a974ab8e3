/* SPDX-License-Identifier: BSD-2-Clause */
/* When a new cache takes the place of the old one, and what failures leave. */
#include "cachemade.h"
#include "support/faultvfs.h"
#include <errno.h>

static void a_pending_one_is_taken_only_if_its_commit_is_there(void **state)
{
	(void)state;
	make_cache(&commit_b, 2, PENDING);
	assert_true(exists(pending_path));
	expect_none(&key, never);
	expect_cache(&commit_b, 2, is_b);
	make_cache(&commit_a, 1, COMMITTED);
	make_cache(&commit_b, 2, PENDING);
	expect_cache(&commit_a, 1, never);
	expect_cache(&commit_b, 2, is_b);
	/* A damaged one does not hide the old one. */
	hzt_put(pending_path, "hzcache2", 8);
	expect_cache(&commit_a, 1, is_b);
}

static void the_newer_replaces_the_older(void **state)
{
	(void)state;
	make_cache(&commit_a, 1, COMMITTED);
	make_cache(&commit_b, 2, COMMITTED);
	expect_cache(&commit_b, 2, never);
	assert_int_equal(count_files(), 1);
}

static void discarding_leaves_nothing_but_a_pending_one(void **state)
{
	(void)state;
	make_cache(&commit_a, 1, WRITTEN);
	assert_int_equal(count_files(), 0);
	make_cache(&commit_a, 1, PENDING);
	assert_int_equal(count_files(), 1);
	assert_true(exists(pending_path));
	make_cache(&commit_a, 1, COMMITTED);
	assert_int_equal(count_files(), 1);
	assert_true(exists(path) && !exists(pending_path));
	cache_discard(NULL);
	cache_commit(NULL);
}

/* ---- failures ---- */

static void what_was_not_written_whole_is_never_prepared(void **state)
{
	AUTO(cache_discard) struct cache_writer *w = NULL;
	hz_error *err = NULL;
	uint64_t root = 1;

	(void)state;
	assert_ok(cache_create(&w, folder, &key, NULL), NULL);
	fault_start(FAULT_WRITE, 1, ENOSPC);
	for (unsigned i = 0; i < 400 && root; i++)
		root = write_folder(w, i, 100);
	assert_true(fault_stop());
	assert_true(root == 0);
	/* All further records too. */
	assert_true(write_folder(w, 1, 1) == 0);
	errno = ENOENT;
	assert_fails(cache_prepare(w, &commit_a, 4096, &err), HZ_E_NOSPACE, &err);
	assert_false(exists(pending_path));
	cache_discard(TAKE(w));
	assert_int_equal(count_files(), 0);
	/* Nor one without a root. */
	assert_ok(cache_create(&w, folder, &key, NULL), NULL);
	errno = ENOENT;
	assert_fails(cache_prepare(w, &commit_a, 0, &err), HZ_E_IO, &err);
}

/* One whole writing with every call failing once: afterwards there is the old cache or the new one. */
static void a_failing_call_leaves_a_cache_that_is_whole(void **state)
{
	unsigned failures = 0;

	(void)state;
	for (unsigned n = 1;; n++) {
		AUTO(cache_discard) struct cache_writer *w = NULL;
		uint64_t root = 0;
		int rc;

		make_cache(&commit_a, 1, COMMITTED);
		fault_start(FAULT_ALL, n, n % 2 ? EIO : ENOSPC);
		rc = cache_create(&w, folder, &key, NULL);
		if (rc == 0)
			root = write_folder(w, 2, CHILDREN);
		if (rc == 0)
			rc = cache_prepare(w, &commit_b, root, NULL);
		if (rc == 0)
			cache_commit(w);
		cache_discard(TAKE(w));
		if (!fault_stop()) {
			assert_int_equal(rc, 0);
			break;
		}
		failures++;
		if (exists(pending_path) || rc == 0)
			expect_cache(&commit_b, 2, is_b);
		else
			expect_cache(&commit_a, 1, is_b);
		(void)unlink(pending_path);
	}
	assert_true(failures > 5);
	expect_cache(&commit_b, 2, never);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_pending_one_is_taken_only_if_its_commit_is_there),
		IN_FOLDER(the_newer_replaces_the_older),
		IN_FOLDER(discarding_leaves_nothing_but_a_pending_one),
		IN_FOLDER(what_was_not_written_whole_is_never_prepared),
		IN_FOLDER(a_failing_call_leaves_a_cache_that_is_whole),
	};

	return cmocka_run_group_tests_name("archive/cache_pending", tests, NULL, NULL);
}
