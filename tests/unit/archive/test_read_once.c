/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What restore and check ask the store for: each pack once, and from a disk that turns in the order in which it comes
 * by them. By the store's own account, see support/logstore.h; packs are small, so that there are many.
 */
#include "backups.h"
#include "support/logstore.h"
#include "archive/restore.h"
#include "archive/reader.h"

#define PACK_LOG2 20
#define PACKS_MIN 10u
#define HEAD      65536u /* where a pack's header and roots stand, which are read before anything else is known */

static struct backups *b;
static char newest[HZ_ID_HEX];
static struct names *packs, *meta; /* all of them; those in which there are lists of folders, which are walked */

static hz_reader *reader(unsigned workers, bool rotational)
{
	hz_repo_options o = backups_options(b, HZ_ROLE_READER);
	struct store *outer = NULL;
	hz_reader *r = NULL;
	hz_error *err = NULL;

	o.workers = workers;
	assert_ok(hz_reader_open(&r, &o, HZ_NEED_READ, NULL, &err), &err);
	assert_ok(logstore_new(&outer, r->repo.store, &err), &err);
	r->repo.store = outer;
	outer->rotational = rotational;
	return r;
}

static bool has(const struct names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].s, name) == 0)
			return true;
	}
	return false;
}

static bool is_pack(const struct log_read *r)
{
	return strncmp(r->name, "packs/", 6) == 0;
}

static bool is_whole(const struct log_read *r)
{
	return r->off == 0 && r->len == r->size;
}

static hz_check_result check(hz_reader *r, uint32_t flags)
{
	hz_check_options o = HZ_CHECK_OPTIONS_INIT;
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	hz_error *err = NULL;

	o.flags = flags;
	assert_ok(hz_check(r, &o, NULL, &res, &err), &err);
	assert_int_equal(res.damaged, 0);
	return res;
}

static void restore(hz_reader *r)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;
	char *target = hzt_path(b->dir, "target");
	hz_error *err = NULL;

	o.target = target;
	assert_ok(hz_restore(r, newest, &o, NULL, &res, &err), &err);
	assert_true(res.files > 300);
	hzt_tmpdir_remove(target);
}

/* Those whose tables have metadata, and the small ones, which are whole in what is read of any to open it. */
static struct names *packs_with_lists(void)
{
	struct names *l = calloc(1, sizeof(*l));
	hz_reader *r = reader(1, false);
	hz_error *err = NULL;

	assert_non_null(l);
	for (size_t i = 0; i < packs->n; i++) {
		AUTO_FREE char *path = hzt_path(b->location, packs->v[i].s);
		struct pack *p = NULL;
		struct stat st;
		struct uid uid;

		assert_true(name_parse_uid(&uid, packs->v[i].s, "packs/"));
		assert_ok(reader_open_pack(&p, r, &uid, false, READER_META, &err), &err);
		assert_int_equal(stat(path, &st), 0);
		if (p->t[PACK_META].n_members > 0 || st.st_size <= 4 * HEAD)
			assert_int_equal(names_add(l, packs->v[i].s, 0), 0);
		pack_close(p);
	}
	hz_reader_close(r);
	return l;
}

static int group_setup(void **state)
{
	(void)state;
	b = backups_new_packs(PACK_LOG2);
	for (unsigned i = 0; i < 4; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "big%u", i);
		source_file(b, name, 3u << 20, 100 + i);
	}
	backups_run(b, newest);
	packs = names_of(b->f.store, "packs");
	meta = packs_with_lists();
	/* The last pack of each session, at least. */
	assert_true(meta->n >= 3);
	assert_true(packs->n >= PACKS_MIN + meta->n);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	free(packs);
	free(meta);
	backups_free(b);
	return 0;
}

/* ---- what the account says ---- */

/* How often a pack was read, in whatever parts; whole: as one. */
static unsigned times_read(struct store *s, const char *name, bool whole)
{
	size_t n = 0;
	const struct log_read *v = logstore_reads(s, &n);
	unsigned times = 0;

	for (size_t i = 0; i < n; i++)
		times += strcmp(v[i].name, name) == 0 && (!whole || is_whole(&v[i]));
	return times;
}

/* Packs of content alone are read whole, and not again. */
static void assert_content_read_whole_once(struct store *s)
{
	unsigned seen = 0;

	for (size_t i = 0; i < packs->n; i++) {
		if (has(meta, packs->v[i].s))
			continue;
		assert_int_equal(times_read(s, packs->v[i].s, true), 1);
		assert_int_equal(times_read(s, packs->v[i].s, false), 1);
		seen++;
	}
	assert_true(seen >= PACKS_MIN);
}

/* Small ones look whole in whatever was read of them. */
static void assert_all_read_whole_once(struct store *s)
{
	for (size_t i = 0; i < packs->n; i++) {
		AUTO_FREE char *path = hzt_path(b->location, packs->v[i].s);
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		if (st.st_size > 4 * HEAD)
			assert_int_equal(times_read(s, packs->v[i].s, true), 1);
	}
}

static void assert_in_order_of_places(struct store *s)
{
	size_t n = 0;
	const struct log_read *v = logstore_reads(s, &n);
	uint64_t last = 0;
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_pack(&v[i]) || has(meta, v[i].name))
			continue;
		assert_true(store_place(s, v[i].name) > last);
		last = store_place(s, v[i].name);
		seen++;
	}
	assert_true(seen >= PACKS_MIN);
}

/* ---- restore ---- */

static void a_restore_from_a_turning_disk_reads_packs_in_its_order(void **state)
{
	hz_reader *r = reader(1, true);

	(void)state;
	restore(r);
	assert_content_read_whole_once(r->repo.store);
	assert_in_order_of_places(r->repo.store);
	hz_reader_close(r);
}

static void several_workers_of_a_restore_share_the_packs(void **state)
{
	hz_reader *r = reader(3, true);

	(void)state;
	restore(r);
	assert_content_read_whole_once(r->repo.store);
	hz_reader_close(r);
}

/* ---- from a store where requests cost little ---- */

#define OPENING 3u /* requests to open one */

struct range {
	uint64_t off, len;
};
struct ranges {
	struct range v[256];
	size_t n;
};

static void ranges_add(struct ranges *l, uint64_t off, uint64_t len)
{
	assert_true(l->n < ARRAY_LEN(l->v));
	l->v[l->n++] = (struct range){ off, len };
}

/* What is asked for to get these bytes of the payload stream: whole steps of 64 KiB. */
static void ranges_add_stream(struct ranges *l, const struct pack *p, uint32_t off, uint32_t len)
{
	uint64_t from = off / OBJECT_PAYLOAD * OBJECT_BLOCK, size = (uint64_t)p->blocks * OBJECT_BLOCK;
	uint64_t end = ((uint64_t)(off + len - 1) / OBJECT_PAYLOAD + 1) * OBJECT_BLOCK;

	from -= from % HEAD;
	end += (HEAD - end % HEAD) % HEAD;
	ranges_add(l, from, (end < size ? end : size) - from);
}

static int cmp_range(const void *one, const void *other)
{
	const struct range *x = one, *y = other;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return (x->len > y->len) - (x->len < y->len);
}

/* One block to know its size by, the root and the table, as often as it was opened, and each frame once. Two that lie
 * in the same 64 KiB are two requests for the same: the second is a copy out of the system's cache, which costs less
 * than to keep it here would. */
static void ranges_expect(struct ranges *l, const char *name, size_t opened)
{
	hz_reader *r = reader(1, false);
	const struct pack_table *t;
	struct pack *p = NULL;
	struct uid uid;
	hz_error *err = NULL;
	const struct log_read *v;
	size_t n = 0;

	assert_true(name_parse_uid(&uid, name, "packs/"));
	assert_ok(reader_open_pack(&p, r, &uid, false, READER_DATA, &err), &err);
	/* Opening asks for what it needs whoever opens: the table's place is in its root. */
	v = logstore_reads(r->repo.store, &n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < opened && strcmp(v[i].name, name) == 0; k++)
			ranges_add(l, v[i].off, v[i].len);
	}
	assert_int_equal(l->n, OPENING * opened);
	t = &p->t[PACK_DATA];
	for (uint32_t i = 0; i < t->n_frames; i++) {
		if (t->frames[i].method != METHOD_PAD)
			ranges_add_stream(l, p, t->frames[i].off, t->frames[i].stored);
	}
	pack_close(p);
	hz_reader_close(r);
	qsort(l->v, l->n, sizeof(l->v[0]), cmp_range);
}

static void ranges_read(struct ranges *l, struct store *s, const char *name)
{
	size_t n = 0;
	const struct log_read *v = logstore_reads(s, &n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].name, name) == 0)
			ranges_add(l, v[i].off, v[i].len);
	}
	qsort(l->v, l->n, sizeof(l->v[0]), cmp_range);
}

/* Each that helps opens the pack for itself: what opening asks for is there as often as it was opened. */
static void assert_opened_and_each_frame_once(const char *name, struct store *s, unsigned workers)
{
	struct ranges expected = { .n = 0 }, got = { .n = 0 };
	size_t opened;

	ranges_read(&got, s, name);
	ranges_expect(&expected, name, 1);
	opened = 1 + (got.n - expected.n) / OPENING;
	assert_in_range(opened, 1, workers);
	expected.n = 0;
	ranges_expect(&expected, name, opened);
	assert_int_equal(got.n, expected.n);
	assert_memory_equal(got.v, expected.v, got.n * sizeof(got.v[0]));
}

static void a_restore_from_elsewhere_asks_for_each_frame_once(void **state)
{
	(void)state;
	for (unsigned workers = 1; workers <= 9; workers += 4) {
		hz_reader *r = reader(workers, false);
		unsigned seen = 0;

		restore(r);
		for (size_t i = 0; i < packs->n; i++) {
			if (has(meta, packs->v[i].s))
				continue;
			assert_opened_and_each_frame_once(packs->v[i].s, r->repo.store, workers);
			seen++;
		}
		assert_true(seen >= PACKS_MIN);
		hz_reader_close(r);
	}
}

/* ---- check ---- */

static void a_check_on_a_turning_disk_reads_packs_in_its_order(void **state)
{
	hz_reader *r = reader(1, true);
	hz_check_result res = check(r, HZ_CHECK_READ_DATA);

	(void)state;
	assert_int_equal(res.packs, packs->n);
	assert_all_read_whole_once(r->repo.store);
	assert_content_read_whole_once(r->repo.store);
	assert_in_order_of_places(r->repo.store);
	hz_reader_close(r);
}

static void several_workers_of_a_check_share_the_packs(void **state)
{
	(void)state;
	for (unsigned rotational = 0; rotational < 2; rotational++) {
		hz_reader *r = reader(3, rotational);

		(void)check(r, HZ_CHECK_READ_DATA);
		assert_all_read_whole_once(r->repo.store);
		assert_content_read_whole_once(r->repo.store);
		hz_reader_close(r);
	}
}

/* Places are not in the order of names, or the tests above would show nothing. */
static void places_are_not_in_the_order_of_names(void **state)
{
	hz_reader *r = reader(1, true);
	unsigned down = 0;

	(void)state;
	for (size_t i = 1; i < packs->n; i++)
		down += store_place(r->repo.store, packs->v[i].s) < store_place(r->repo.store, packs->v[i - 1].s);
	assert_true(down > 0);
	hz_reader_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_not_in_the_order_of_names),
		cmocka_unit_test(a_restore_from_a_turning_disk_reads_packs_in_its_order),
		cmocka_unit_test(several_workers_of_a_restore_share_the_packs),
		cmocka_unit_test(a_restore_from_elsewhere_asks_for_each_frame_once),
		cmocka_unit_test(a_check_on_a_turning_disk_reads_packs_in_its_order),
		cmocka_unit_test(several_workers_of_a_check_share_the_packs),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
