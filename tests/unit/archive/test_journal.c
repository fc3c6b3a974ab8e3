/* SPDX-License-Identifier: BSD-2-Clause */
/* What a session says of its packs before it puts them, and what of that a later one can read. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "archive/state.h"
#include <errno.h>
#include <unistd.h>

#define IDS_MAX 700u

static const struct uid writer = { { 1 } }, first = { { 2 } }, second = { { 3 } }, third = { { 4 } };
static char *folder;
static struct state mine;

static int set_up(void **state)
{
	(void)state;
	folder = hzt_tmpdir();
	return state_open(&mine, folder, &writer, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	state_close(&mine);
	hzt_tmpdir_remove(folder);
	return 0;
}

struct made {
	struct pack_done done;
	struct id ids[IDS_MAX];
};

static void make(struct made *m, uint64_t seed, size_t n)
{
	struct hzt_random r = { seed };

	hzt_random_fill(&r, m->ids, sizeof(m->ids));
	m->done = (struct pack_done){ .size = 65536u + (uint32_t)seed, .ids = m->ids, .n_ids = n };
	hzt_random_fill(&r, m->done.uid.b, UID_LEN);
	hzt_random_fill(&r, m->done.hash.b, ID_LEN);
}

static struct journal *journal_with(const struct uid *session, size_t packs, size_t ids)
{
	struct journal *j = NULL;
	struct made m;
	hz_error *err = NULL;

	assert_ok(journal_new(&j, &mine, session, &err), &err);
	for (size_t i = 0; i < packs; i++) {
		make(&m, i, ids);
		assert_ok(journal_add(j, &m.done, &err), &err);
	}
	return j;
}

static void expect_pack(const struct journal_content *c, size_t i, uint64_t seed, size_t n)
{
	const struct journal_pack *p = &c->packs[i];
	struct made m;

	make(&m, seed, n);
	assert_true(uid_eq(&p->pack.uid, &m.done.uid));
	assert_int_equal(p->pack.size, m.done.size);
	assert_true(id_eq(&p->pack.hash, &m.done.hash));
	assert_int_equal(p->n, n);
	assert_true(p->first + n <= c->n_ids);
	assert_memory_equal(c->ids + p->first, m.ids, n * ID_LEN);
}

static void expect_packs(const struct uid *session, size_t packs, size_t ids)
{
	struct journal_content c;
	hz_error *err = NULL;

	assert_ok(journal_read(&c, &mine, session, &err), &err);
	assert_int_equal(c.n_packs, packs);
	assert_int_equal(c.n_ids, packs * ids);
	for (size_t i = 0; i < packs; i++)
		expect_pack(&c, i, i, ids);
	journal_content_release(&c);
}

static char *path_of(const struct uid *session)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "journal.%s", uid_hex(session).s);
	return hzt_path(mine.path, name);
}

static void records_survive(void **state)
{
	static const size_t n[] = { 0, 1, IDS_MAX, 3 };
	struct journal *j = NULL;
	struct journal_content c;
	struct made m;
	hz_error *err = NULL;

	(void)state;
	assert_ok(journal_new(&j, &mine, &first, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		make(&m, i, n[i]);
		assert_ok(journal_add(j, &m.done, &err), &err);
	}
	/* As a crash leaves it: nobody closed it. */
	assert_ok(journal_read(&c, &mine, &first, &err), &err);
	assert_int_equal(c.n_packs, ARRAY_LEN(n));
	assert_int_equal(c.n_ids, 0 + 1 + IDS_MAX + 3);
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		expect_pack(&c, i, i, n[i]);
	journal_content_release(&c);
	journal_close(j);
	journal_close(NULL);
}

static void a_new_one_is_empty_and_private(void **state)
{
	struct journal *j = journal_with(&first, 0, 0);
	struct stat st;
	AUTO_FREE char *path = path_of(&first);

	(void)state;
	expect_packs(&first, 0, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	journal_close(j);
}

static void no_journal_is_written_twice(void **state)
{
	struct journal *j = journal_with(&first, 1, 2), *again = NULL;
	hz_error *err = NULL;

	(void)state;
	assert_fails(journal_new(&again, &mine, &first, &err), HZ_E_EXISTS, &err);
	assert_null(again);
	expect_packs(&first, 1, 2);
	journal_close(j);
}

static void a_torn_tail_of_any_length_is_ignored(void **state)
{
	AUTO_FREE char *path = path_of(&first);
	AUTO_FREE uint8_t *data = NULL;
	size_t len, each;

	(void)state;
	journal_close(journal_with(&first, 3, 2));
	data = hzt_get(path, &len);
	each = len / 3;
	assert_int_equal(len, 3 * each);
	for (size_t n = 0; n <= len; n++) {
		hzt_put(path, data, n);
		expect_packs(&first, n / each, 2);
	}
}

static void a_flipped_byte_ends_it(void **state)
{
	AUTO_FREE char *path = path_of(&first);
	AUTO_FREE uint8_t *data = NULL;
	size_t len, each;

	(void)state;
	journal_close(journal_with(&first, 3, 2));
	data = hzt_get(path, &len);
	each = len / 3;
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit += 7) {
			data[i] ^= (uint8_t)(1u << bit);
			hzt_put(path, data, len);
			expect_packs(&first, i / each, 2);
			data[i] ^= (uint8_t)(1u << bit);
		}
	}
	/* A length that is larger than any file. */
	memset(data + each, 0xFF, 4);
	hzt_put(path, data, len);
	expect_packs(&first, 1, 2);
}

/* ---- one pack at a time ---- */

struct packs_seen {
	unsigned n, stop_at;
};

static int note_pack(void *user, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err)
{
	struct packs_seen *v = user;
	struct made m;

	make(&m, v->n++, n);
	assert_true(uid_eq(&pack->uid, &m.done.uid));
	assert_memory_equal(ids, m.ids, n * ID_LEN);
	return v->n == v->stop_at ? err_set(err, HZ_E_NOSPACE, "stop") : 0;
}

static void each_pack_is_told_until_somebody_refuses(void **state)
{
	struct packs_seen v = { .n = 0 };
	hz_error *err = NULL;

	(void)state;
	journal_close(journal_with(&first, 5, 3));
	assert_ok(journal_each_pack(&mine, &first, note_pack, &v, &err), &err);
	assert_int_equal(v.n, 5);
	v = (struct packs_seen){ .stop_at = 2 };
	assert_fails(journal_each_pack(&mine, &first, note_pack, &v, &err), HZ_E_NOSPACE, &err);
	assert_int_equal(v.n, 2);
	assert_fails(journal_each_pack(&mine, &second, note_pack, &v, &err), HZ_E_NOTFOUND, &err);
}

/* A medium that fails is no torn end: what follows may be whole. */
static void a_journal_that_cannot_be_read_says_so(void **state)
{
	hz_error *err = NULL;
	unsigned n;

	(void)state;
	journal_close(journal_with(&first, 2, 3));
	for (n = 1;; n++) {
		struct packs_seen v = { .n = 0 };
		int rc;

		fault_start(FAULT_OPEN | FAULT_STAT | FAULT_READ, n, EIO);
		rc = journal_each_pack(&mine, &first, note_pack, &v, &err);
		if (!fault_stop()) {
			assert_ok(rc, &err);
			break;
		}
		assert_fails(rc, HZ_E_IO, &err);
	}
	assert_true(n > 4);
}

/* ---- dead ones ---- */

struct dead {
	struct uid v[8];
	size_t n;
	int answer;
};

static int note_dead(void *user, const struct uid *session, hz_error **err)
{
	struct dead *d = user;

	assert_true(d->n < ARRAY_LEN(d->v));
	d->v[d->n++] = *session;
	return d->answer ? err_set(err, d->answer, "stop") : 0;
}

static void dead_sessions_are_those_without_their_lock(void **state)
{
	struct dead d = { .n = 0 };
	int live = -1, ended = -1;
	hz_error *err = NULL;

	(void)state;
	assert_ok(state_lock_session(&live, &mine, &first, &err), &err);
	assert_ok(state_lock_session(&ended, &mine, &second, &err), &err);
	journal_close(journal_with(&first, 1, 1));
	journal_close(journal_with(&second, 1, 1));
	journal_close(journal_with(&third, 1, 1)); /* whose lock file is gone */
	fd_close(&ended);
	assert_ok(journal_each_dead(&mine, note_dead, &d, &err), &err);
	assert_int_equal(d.n, 2);
	assert_true(uid_eq(&d.v[0], &second) || uid_eq(&d.v[1], &second));
	assert_true(uid_eq(&d.v[0], &third) || uid_eq(&d.v[1], &third));
	fd_close(&live);
	d.n = 0;
	assert_ok(journal_each_dead(&mine, note_dead, &d, &err), &err);
	assert_int_equal(d.n, 3);
}

static void other_names_are_no_journals(void **state)
{
	static const char *const names[] = { "journal.", "journal.xyz", "journal.00000000000000000000000000000000x",
		"journals.00000000000000000000000000000000", "heads" };
	struct dead d = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *path = hzt_path(mine.path, names[i]);

		hzt_put(path, "x", 1);
	}
	assert_ok(journal_each_dead(&mine, note_dead, &d, NULL), NULL);
	assert_int_equal(d.n, 0);
}

static void the_first_refusal_stops_the_search(void **state)
{
	struct dead d = { .answer = HZ_E_NOSPACE };
	hz_error *err = NULL;

	(void)state;
	journal_close(journal_with(&first, 0, 0));
	journal_close(journal_with(&second, 0, 0));
	assert_fails(journal_each_dead(&mine, note_dead, &d, &err), HZ_E_NOSPACE, &err);
	assert_int_equal(d.n, 1);
}

static void a_removed_journal_is_gone(void **state)
{
	struct journal_content c;
	struct dead d = { .n = 0 };
	hz_error *err = NULL;

	(void)state;
	journal_close(journal_with(&first, 1, 1));
	assert_ok(journal_remove(&mine, &first, &err), &err);
	assert_int_equal(hzt_count_names(mine.path), 0);
	assert_fails(journal_read(&c, &mine, &first, &err), HZ_E_NOTFOUND, &err);
	assert_ok(journal_each_dead(&mine, note_dead, &d, &err), &err);
	assert_int_equal(d.n, 0);
	assert_ok(journal_remove(&mine, &first, &err), &err);
}

/* ---- failures ---- */

static void a_record_is_durable_when_add_returns(void **state)
{
	struct journal *j = journal_with(&first, 0, 0);
	struct made m;
	char line[96];
	long written;

	(void)state;
	make(&m, 0, 4);
	fault_start(FAULT_ALL, 0, 0);
	fault_record(mine.path);
	assert_ok(journal_add(j, &m.done, NULL), NULL);
	(void)fault_stop();
	(void)snprintf(line, sizeof(line), "write journal.%s", uid_hex(&first).s);
	written = fault_log_find(0, line);
	assert_true(written >= 0);
	(void)snprintf(line, sizeof(line), "fsync journal.%s", uid_hex(&first).s);
	assert_true(fault_log_find((size_t)written, line) > written);
	journal_close(j);
}

static void a_journal_that_cannot_be_written_says_so(void **state)
{
	static const int errors[] = { EIO, ENOSPC };
	hz_error *err = NULL;
	unsigned failures = 0;

	(void)state;
	for (unsigned n = 1;; n++) {
		struct uid u = { { 9, (uint8_t)n } };
		struct journal *j = NULL;
		struct made m;
		int rc;

		make(&m, 0, 4);
		fault_start(FAULT_OPEN | FAULT_WRITE | FAULT_FSYNC, n, errors[n % 2]);
		rc = journal_new(&j, &mine, &u, &err);
		if (rc == 0)
			rc = journal_add(j, &m.done, &err);
		journal_close(j);
		if (!fault_stop()) {
			assert_ok(rc, &err);
			expect_packs(&u, 1, 4);
			break;
		}
		assert_fails(rc, err_code_of(errors[n % 2]), &err);
		failures++;
	}
	assert_int_equal(failures, 6);
}

static void a_short_write_is_written_on(void **state)
{
	struct journal *j = journal_with(&first, 0, 0);
	struct made m;

	(void)state;
	make(&m, 0, 4);
	fault_start(FAULT_WRITE, 1, FAULT_SHORT);
	assert_ok(journal_add(j, &m.done, NULL), NULL);
	assert_true(fault_stop());
	expect_packs(&first, 1, 4);
	journal_close(j);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(records_survive),
		IN_FOLDER(a_new_one_is_empty_and_private),
		IN_FOLDER(no_journal_is_written_twice),
		IN_FOLDER(a_torn_tail_of_any_length_is_ignored),
		IN_FOLDER(a_flipped_byte_ends_it),
		IN_FOLDER(each_pack_is_told_until_somebody_refuses),
		IN_FOLDER(a_journal_that_cannot_be_read_says_so),
		IN_FOLDER(dead_sessions_are_those_without_their_lock),
		IN_FOLDER(other_names_are_no_journals),
		IN_FOLDER(the_first_refusal_stops_the_search),
		IN_FOLDER(a_removed_journal_is_gone),
		IN_FOLDER(a_record_is_durable_when_add_returns),
		IN_FOLDER(a_journal_that_cannot_be_written_says_so),
		IN_FOLDER(a_short_write_is_written_on),
	};

	return cmocka_run_group_tests_name("archive/journal", tests, NULL, NULL);
}
