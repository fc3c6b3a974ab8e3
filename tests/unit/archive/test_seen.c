/* SPDX-License-Identifier: BSD-2-Clause */
/* Commits that were verified once: kept whole, or not at all. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "archive/seen.h"
#include <errno.h>
#include <sys/stat.h>

static const struct uid writer = { { 0x11 } }, other = { { 0x12 } };
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

struct made {
	struct seen_commit c;
	struct id parents[255];
};

static void make(struct made *m, uint64_t seed)
{
	struct hzt_random r = { seed / 3 };

	/* Three tries of one session each. */
	hzt_random_fill(&r, m->c.session.b, UID_LEN);
	m->c.attempt = (uint32_t)(seed % 3);
	r.state = seed;
	hzt_random_fill(&r, m->c.hash.b, ID_LEN);
	hzt_random_fill(&r, m->parents, sizeof(m->parents));
	m->c.kind = (uint8_t)hzt_random_below(&r, 5);
	m->c.number = hzt_random_next(&r);
	m->c.n_parents = seed % 7 == 0 ? (uint32_t)hzt_random_below(&r, 256) : (uint32_t)(seed % 3);
	m->c.parents = m->c.n_parents ? m->parents : NULL;
}

static void add(struct seen *s, uint64_t seed)
{
	struct made m;

	make(&m, seed);
	assert_int_equal(seen_add(s, &m.c), 0);
}

static void expect(const struct seen *s, uint64_t seed, bool there)
{
	const struct seen_commit *c;
	struct made m;

	make(&m, seed);
	c = seen_find(s, &m.c.session, m.c.attempt);
	if (!there) {
		assert_null(c);
		return;
	}
	assert_non_null(c);
	assert_true(uid_eq(&c->session, &m.c.session) && id_eq(&c->hash, &m.c.hash));
	assert_int_equal(c->attempt, m.c.attempt);
	assert_int_equal(c->kind, m.c.kind);
	assert_true(c->number == m.c.number);
	assert_int_equal(c->n_parents, m.c.n_parents);
	assert_memory_equal(c->parents, m.parents, m.c.n_parents * ID_LEN);
}

static size_t count_loaded(const struct uid *who)
{
	struct seen s;
	size_t n;

	assert_int_equal(seen_load(&s, folder, who), 0);
	n = s.n;
	seen_release(&s);
	return n;
}

static char *file_path(void)
{
	AUTO_FREE char *dir = hzt_path(folder, uid_hex(&writer).s);

	return hzt_path(dir, "commits");
}

static void save_some(uint64_t from, uint64_t to)
{
	struct seen s = { 0 };

	for (uint64_t i = from; i < to; i++)
		add(&s, i);
	seen_save(&s, folder, &writer);
	seen_release(&s);
}

static void what_was_saved_is_found(void **state)
{
	struct seen s;

	(void)state;
	save_some(100, 400);
	assert_int_equal(seen_load(&s, folder, &writer), 0);
	assert_int_equal(s.n, 300);
	for (uint64_t i = 100; i < 400; i++)
		expect(&s, i, true);
	for (uint64_t i = 400; i < 420; i++)
		expect(&s, i, false);
	seen_release(&s);
	assert_int_equal(s.n, 0);
	seen_release(&s);
}

static void what_is_added_is_found_after_the_next_load(void **state)
{
	struct seen s;

	(void)state;
	save_some(0, 10);
	assert_int_equal(seen_load(&s, folder, &writer), 0);
	add(&s, 50);
	assert_true(s.n > s.sorted);
	expect(&s, 5, true);
	seen_save(&s, folder, &writer);
	seen_release(&s);
	assert_int_equal(seen_load(&s, folder, &writer), 0);
	assert_int_equal(s.n, 11);
	assert_int_equal(s.sorted, 11);
	expect(&s, 5, true);
	expect(&s, 50, true);
	seen_release(&s);
}

static void there_may_be_nothing(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(seen_load(&s, folder, &writer), 0);
	assert_int_equal(s.n, 0);
	expect(&s, 1, false);
	seen_save(&s, folder, &writer);
	assert_int_equal(count_loaded(&writer), 0);
	seen_release(&s);
	assert_int_equal(seen_load(&s, "/nonexistent", &writer), 0);
	assert_int_equal(s.n, 0);
}

static void writers_see_their_own(void **state)
{
	(void)state;
	save_some(0, 5);
	assert_int_equal(count_loaded(&writer), 5);
	assert_int_equal(count_loaded(&other), 0);
}

static void a_damaged_file_says_nothing(void **state)
{
	AUTO_FREE char *path = file_path();
	AUTO_FREE uint8_t *data = NULL;
	struct stat st;
	size_t len;

	(void)state;
	save_some(1, 4);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	data = hzt_get(path, &len);
	for (size_t i = 0; i < len; i++) {
		data[i] ^= 0x10;
		hzt_put(path, data, len);
		assert_int_equal(count_loaded(&writer), 0);
		data[i] ^= 0x10;
		hzt_put(path, data, i);
		assert_int_equal(count_loaded(&writer), 0);
	}
	hzt_put(path, data, len);
	assert_int_equal(count_loaded(&writer), 3);
}

static void a_file_that_others_can_read_or_write_is_not_believed(void **state)
{
	AUTO_FREE char *path = file_path();

	(void)state;
	save_some(1, 4);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(count_loaded(&writer), 0);
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(count_loaded(&writer), 0);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(count_loaded(&writer), 3);
}

static void a_save_that_fails_leaves_the_old_file(void **state)
{
	(void)state;
	save_some(0, 5);
	for (unsigned n = 1;; n++) {
		bool fired;
		size_t left;

		fault_start(FAULT_ALL & ~(unsigned)FAULT_CLOSE, n, ENOSPC);
		save_some(0, 8);
		fired = fault_stop();
		left = count_loaded(&writer);
		assert_true(left == 5 || left == 8);
		if (!fired) {
			assert_int_equal(left, 8);
			break;
		}
		save_some(0, 5);
	}
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(what_was_saved_is_found),
		IN_FOLDER(what_is_added_is_found_after_the_next_load),
		IN_FOLDER(there_may_be_nothing),
		IN_FOLDER(writers_see_their_own),
		IN_FOLDER(a_damaged_file_says_nothing),
		IN_FOLDER(a_file_that_others_can_read_or_write_is_not_believed),
		IN_FOLDER(a_save_that_fails_leaves_the_old_file),
	};

	return cmocka_run_group_tests_name("archive/seen", tests, NULL, NULL);
}
