/* SPDX-License-Identifier: BSD-2-Clause */
/* A store that fails while content is taken in: the session ends, and nothing that stands in the store refers to what
 * does not. test-label: tsan
 * test-timeout: 300 */
#include "taken.h"
#include "crypto/suite.h"
#include <errno.h>

#define SHARED 60u
#define EACH   30u
#define ALL    (SHARED + WORKERS * EACH)

/* ---- a store whose n-th put below a prefix fails, as it is or after it was done ---- */

static struct {
	pthread_mutex_t lock;
	const struct store_ops *below;
	struct store_ops ops;
	const char *prefix;
	unsigned nth, seen;
	bool done_all_the_same;
} failing = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int failing_put(struct store *s, const char *name, const struct iovec *iov, size_t n, hz_error **err)
{
	bool fails = false;
	int rc;

	(void)pthread_mutex_lock(&failing.lock);
	if (strncmp(name, failing.prefix, strlen(failing.prefix)) == 0)
		fails = ++failing.seen == failing.nth;
	(void)pthread_mutex_unlock(&failing.lock);
	if (!fails)
		return failing.below->put(s, name, iov, n, err);
	rc = failing.done_all_the_same ? failing.below->put(s, name, iov, n, err) : 0;
	return rc < 0 ? rc : err_set(err, HZ_E_IO, "the medium failed");
}

static void fail_put(struct store *s, const char *prefix, unsigned nth, bool done_all_the_same)
{
	failing.below = s->ops;
	failing.ops = *s->ops;
	failing.ops.put = failing_put;
	failing.prefix = prefix;
	failing.nth = nth;
	failing.seen = 0;
	failing.done_all_the_same = done_all_the_same;
	s->ops = &failing.ops;
}

/* True when a put was made to fail. */
static bool fail_end(struct store *s)
{
	s->ops = failing.below;
	return failing.seen >= failing.nth;
}

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

static unsigned journal_fault; /* this fsync of a session fails; 0: none */

/* The first failure of a whole session; what it left in the store is checked. */
static int take_all(struct fixture *f)
{
	const struct run_ref *runs = NULL;
	struct told_runs told;
	struct taking t;
	size_t n = 0;
	int rc;

	taking_begin(&t, f, folder, false);
	if (journal_fault)
		fault_start(FAULT_FSYNC, journal_fault, ENOSPC);
	rc = feed(&t, 0, SHARED, EACH);
	if (rc == 0)
		rc = ingest_finish(t.in, &runs, &n, NULL);
	taking_end(&t);
	told = told_runs_of(f);
	expect_packs_there(&told);
	if (rc == 0) {
		assert_int_equal(told.n, ALL);
		expect_content(&told, 0, ALL);
	}
	told_runs_free(&told);
	return rc;
}

static void each_failing_put(const char *prefix, bool done_all_the_same, unsigned at_least)
{
	unsigned n;

	for (n = 1;; n++) {
		struct fixture f;
		bool fired;
		int rc;

		fixture_new(&f, SUITE_SODIUM);
		fail_put(f.store, prefix, n, done_all_the_same);
		rc = take_all(&f);
		fired = fail_end(f.store);
		assert_int_equal(rc, fired ? HZ_E_IO : 0);
		fixture_free(&f);
		if (!fired)
			break;
	}
	assert_true(n > at_least);
}

static void a_pack_that_is_not_put_ends_the_session(void **state)
{
	(void)state;
	each_failing_put("packs/", false, 3);
	each_failing_put("packs/", true, 3);
}

static void a_run_that_is_not_put_ends_the_session(void **state)
{
	(void)state;
	each_failing_put("index/", false, 1);
	each_failing_put("index/", true, 1);
}

/* ---- the journal ---- */

static void a_pack_is_put_only_after_the_journal_has_it(void **state)
{
	struct fixture f;
	struct taking t;
	struct id id;
	hz_error *err = NULL;
	int rc = 0;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	fault_start(FAULT_FSYNC, 1, ENOSPC);
	for (unsigned i = 0; rc == 0 && i < 4000; i++)
		rc = take_in(t.in, 0, i * 4, &id, &err);
	assert_true(fault_stop());
	assert_fails(rc, HZ_E_NOSPACE, &err);
	assert_int_equal(count_objects(&f, "packs", NULL), 0);
	taking_end(&t);
	fixture_free(&f);
}

/* Whichever record it is, others being put meanwhile: the session ends, and runs name what is there. */
static void each_failing_record_ends_the_session(void **state)
{
	unsigned n;

	(void)state;
	for (n = 1;; n++) {
		struct fixture f;
		bool fired;
		int rc;

		fixture_new(&f, SUITE_SODIUM);
		journal_fault = n;
		rc = take_all(&f);
		journal_fault = 0;
		fired = fault_stop();
		assert_int_equal(rc, fired ? HZ_E_NOSPACE : 0);
		fixture_free(&f);
		if (!fired)
			break;
	}
	assert_true(n > 3);
}

static void a_full_store_takes_no_pack(void **state)
{
	const struct run_ref *runs = NULL;
	struct fixture f;
	struct taking t;
	size_t n = 0;
	hz_error *err = NULL;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	assert_int_equal(feed(&t, 0, 3, 0), 0);
	/* More than a store in memory has. */
	assert_int_equal(setenv("HOZEN_RESERVE", "2000000G", 1), 0);
	assert_fails(ingest_finish(t.in, &runs, &n, &err), HZ_E_NOSPACE, &err);
	assert_int_equal(unsetenv("HOZEN_RESERVE"), 0);
	assert_int_equal(n, 0);
	assert_int_equal(count_objects(&f, "packs", NULL) + count_objects(&f, "index", NULL), 0);
	taking_end(&t);
	fixture_free(&f);
}

/* ---- a dead session ---- */

/* As backup does it: packs that are there, of the size that the journal says. */
static size_t take_over_all(struct taking *t, const struct uid *dead)
{
	struct journal_content c;
	size_t taken = 0;
	hz_error *err = NULL;

	assert_ok(journal_read(&c, &t->state, dead, &err), &err);
	for (size_t i = 0; i < c.n_packs; i++) {
		const struct journal_pack *p = &c.packs[i];

		if (!fixture_has(t->f->store, name_pack(&p->pack.uid).s))
			continue;
		assert_ok(ingest_take_over(t->in, &p->pack, c.ids + p->first, p->n, &err), &err);
		taken++;
	}
	journal_content_release(&c);
	return taken;
}

/* A session dies with its third pack; the next one takes over what stands and stores the rest. */
static void what_a_dead_session_stored_is_not_stored_again(void **state)
{
	const struct run_ref *runs = NULL;
	uint64_t before, packs;
	struct told_runs told;
	struct fixture f;
	struct taking t;
	struct uid dead;
	size_t n = 0, taken;
	int rc;

	(void)state;
	fixture_new(&f, SUITE_SODIUM);
	taking_begin(&t, &f, folder, false);
	dead = t.s.id;
	fail_put(f.store, "packs/", 3, false);
	rc = feed(&t, 0, SHARED, EACH);
	/* Who put it is not who brought its content: that may be told as late as at the end. */
	if (rc == 0)
		rc = ingest_finish(t.in, &runs, &n, NULL);
	assert_int_equal(rc, HZ_E_IO);
	/* Waits for those that are being put. */
	taking_end(&t);
	assert_true(fail_end(f.store));
	packs = count_objects(&f, "packs", &before);
	assert_true(packs >= 2);
	assert_int_equal(count_objects(&f, "index", NULL), 0);

	taking_begin(&t, &f, folder, false);
	taken = take_over_all(&t, &dead);
	assert_int_equal(taken, packs);
	assert_int_equal(feed(&t, 0, SHARED, EACH), 0);
	assert_ok(ingest_finish(t.in, &runs, &n, NULL), NULL);
	told = told_runs_of(&f);
	assert_int_equal(told.n, ALL);
	expect_no_id_twice(&told);
	expect_packs_there(&told);
	expect_content(&told, 0, ALL);
	told_runs_free(&told);
	taking_end(&t);
	fixture_free(&f);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_pack_that_is_not_put_ends_the_session),
		IN_FOLDER(a_run_that_is_not_put_ends_the_session),
		IN_FOLDER(a_pack_is_put_only_after_the_journal_has_it),
		IN_FOLDER(each_failing_record_ends_the_session),
		IN_FOLDER(a_full_store_takes_no_pack),
		IN_FOLDER(what_a_dead_session_stored_is_not_stored_again),
	};

	return cmocka_run_group_tests_name("archive/ingest_faults", tests, NULL, NULL);
}
