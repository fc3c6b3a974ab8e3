/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folders that are worked through in slices: whatever the slices are, a second run finds what changed and nothing else,
 * and its tree is the one that a first run of the same source makes.
 * test-label: tsan
 * test-timeout: 900
 */
#include "backups.h"
#include "support/faultvfs.h"
#include "archive/scan.h"
#include "hozen/restore.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <sys/xattr.h>
#include <time.h>

#define FLAT  300u
#define EACH  20u /* every so many entries are a folder */
#define EMPTY 50u

static struct backups *b;
static hz_backup_result last;

/* Ahead, so that no file was changed just before it is read. */
static struct walltime ahead(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (struct walltime){ t.tv_sec + 100, (uint32_t)t.tv_nsec, true };
}

static uint64_t mono(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void remove_all(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int set_up(void **state)
{
	(void)state;
	b = backups_new();
	/* The source is the tree itself: the folders above it are others' too, and change. */
	assert_int_equal(chdir(b->source), 0);
	clock_install(ahead, mono);
	return 0;
}

/* The same, with nothing in the source yet: for what asks one folder again and again whether a first run agrees. */
static int set_up_empty(void **state)
{
	int rc = set_up(state);

	remove_all(b->source);
	assert_int_equal(mkdir(b->source, 0755), 0);
	assert_int_equal(chdir(b->source), 0);
	return rc;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	clock_install(NULL, NULL);
	vfs_install(NULL);
	scan_limits = (struct scan_limits){ .children = 4096, .children_min = 256 };
	backups_free(b);
	return 0;
}

static void slices_of(uint32_t children, uint32_t min)
{
	scan_limits = (struct scan_limits){ .children = children, .children_min = min };
}

/* ---- a source ---- */

static const char *flat_name(char name[64], unsigned i)
{
	(void)snprintf(name, 64, "flat/e%05u", i);
	return name;
}

static bool is_folder(unsigned i)
{
	return i % EACH == EACH / 2;
}

/* Files of all sizes and folders, in no order; some folders are empty. */
static void flat_add(unsigned i, uint64_t seed)
{
	char name[64];

	flat_name(name, i);
	if (!is_folder(i)) {
		source_file(b, name, i % 7 ? i % 50 : 3000, seed);
		return;
	}
	source_dir(b, name);
	for (unsigned k = 0; i % EMPTY != EACH / 2 && k < 5; k++) {
		(void)snprintf(name, sizeof(name), "flat/e%05u/%u", i, k);
		source_file(b, name, 10 + k, seed);
	}
}

static void flat_make(unsigned n)
{
	source_dir(b, "flat");
	for (unsigned i = 0; i < n; i++)
		flat_add(i * 7 % n, i);
}

static void flat_remove(unsigned i)
{
	char name[64], *path = hzt_path(b->source, flat_name(name, i));

	remove_all(path);
	free(path);
}

/* ---- running, and what came of it ---- */

static int try_backup(hz_job *job, hz_error **err)
{
	hz_repo_options o = backups_options(b, HZ_ROLE_WRITER);
	hz_backup_options opts = HZ_BACKUP_OPTIONS_INIT;
	const char *paths[] = { "." };

	opts.paths = paths;
	opts.n_paths = 1;
	opts.host = "testhost";
	last = (hz_backup_result)HZ_BACKUP_RESULT_INIT;
	return hz_backup(&o, &opts, job, &last, err);
}

static void back_up(void)
{
	hz_error *err = NULL;

	assert_ok(try_backup(NULL, &err), &err);
	assert_true(last.complete);
}

static void back_up_anew(void)
{
	remove_all(b->cache);
	back_up();
}

struct root {
	uint8_t entry[512];
	size_t len;
};

static struct root root_of_last(void)
{
	struct names *l = names_of(b->f.store, "commits");
	struct root r = { .len = 0 };

	for (size_t i = 0; i < l->n && !r.len; i++) {
		struct commit_body body;
		struct session s;
		struct commit c;
		struct uid u;
		unsigned attempt;

		if (!name_parse_commit(&u, &attempt, l->v[i].s))
			continue;
		assert_ok(session_load(&s, b->f.store, &u, &b->f.log, b->f.reader, NULL, NULL), NULL);
		assert_ok(commit_load(&c, &body, b->f.store, &u, attempt, &b->f.log, &s, NULL, NULL), NULL);
		if (strcmp(id_hex(&c.hash).s, last.snapshot_id) == 0) {
			r.len = body.root.len;
			assert_in_range(r.len, 1, sizeof(r.entry));
			memcpy(r.entry, body.root.p, r.len);
		}
		commit_body_release(&body);
		commit_release(&c);
		session_release(&s);
	}
	free(l);
	assert_true(r.len > 0);
	return r;
}

static void expect_root(const struct root *r)
{
	struct root now = root_of_last();

	assert_int_equal(now.len, r->len);
	assert_memory_equal(now.entry, r->entry, r->len);
}

static void expect_counts(uint64_t new, uint64_t changed)
{
	assert_int_equal(last.files_new, new);
	assert_int_equal(last.files_changed, changed);
	assert_int_equal(last.files_unmodified, last.total_files - new - changed);
}

static void expect_same(void)
{
	expect_counts(0, 0);
	assert_int_equal(last.dirs_new, 0);
	assert_int_equal(last.dirs_changed, 0);
	assert_int_equal(last.chunks_new, 0);
	assert_int_equal(last.files_read_bytes, 0);
}

/* What the first run of a source makes, in slices as large as they come; and it restores. */
static struct root expect_as_anew(void)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;
	struct scan_limits limits = scan_limits;
	struct root r = root_of_last();
	char *target = hzt_path(b->dir, "restored");
	hz_reader *reader = backups_reader(b, HZ_ROLE_READER, HZ_NEED_READ);
	hz_error *err = NULL;

	o.target = target;
	o.flags = HZ_RESTORE_VERIFY;
	assert_ok(hz_restore(reader, last.snapshot_id, &o, NULL, &res, &err), &err);
	assert_int_equal(res.verify_mismatch + res.failed_damage, 0);
	assert_int_equal(res.files, last.total_files);
	hz_reader_close(reader);
	remove_all(target);
	free(target);
	slices_of(4096, 256);
	back_up_anew();
	expect_root(&r);
	scan_limits = limits;
	return r;
}

/* ---- slices ---- */

static void the_slices_do_not_show(void **state)
{
	static const uint32_t sizes[] = { 1, 3, 21, FLAT - 1, FLAT };
	struct root r;

	(void)state;
	flat_make(FLAT);
	back_up_anew();
	r = expect_as_anew();
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		slices_of(sizes[i], 1);
		back_up_anew();
		expect_root(&r);
		expect_counts(last.total_files, 0);
		/* The cache of one is read in slices of another. */
		slices_of(sizes[(i + 2) % ARRAY_LEN(sizes)], 1 + (uint32_t)i % 3);
		back_up();
		expect_root(&r);
		expect_counts(0, 0);
		expect_same();
	}
}

static void one_change_anywhere_is_found(void **state)
{
	static const unsigned at[] = { 0, 6, 7, 149, FLAT - 1 };
	char name[64];

	(void)state;
	flat_make(FLAT);
	slices_of(7, 1);
	back_up();
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		bool folder = is_folder(at[i]);

		assert_false(folder);
		source_file(b, flat_name(name, at[i]), 77, 1000 + i);
		back_up();
		expect_counts(0, 1);
		flat_remove(at[i]);
		back_up();
		expect_counts(0, 0);
		expect_as_anew();
		flat_add(at[i], 2000 + i);
		back_up();
		expect_counts(1, 0);
		expect_as_anew();
	}
}

static void a_change_in_a_folder_of_any_slice_is_found(void **state)
{
	(void)state;
	flat_make(FLAT);
	slices_of(7, 1);
	back_up();
	for (unsigned i = EACH / 2; i < FLAT; i += 3 * EACH) {
		char name[64];

		(void)snprintf(name, sizeof(name), "flat/e%05u/added", i);
		source_file(b, name, 5, i);
		back_up();
		expect_counts(1, 0);
		assert_int_equal(last.dirs_new, 0);
		assert_int_equal(last.dirs_changed, 3);
		expect_as_anew();
	}
}

/* Whole slices vanish, whole slices come, a file becomes a folder and back. */
static void many_changes_are_found(void **state)
{
	struct hzt_random r = { 11 };

	(void)state;
	flat_make(FLAT);
	slices_of(5, 1);
	back_up();
	for (unsigned i = 100; i < 150; i++)
		flat_remove(i);
	back_up();
	expect_counts(0, 0);
	expect_as_anew();
	for (unsigned i = 100; i < 150; i++)
		flat_add(i, 1);
	for (unsigned i = FLAT; i < FLAT + 30; i++)
		flat_add(i, 1);
	back_up();
	expect_as_anew();
	for (unsigned round = 0; round < 6; round++) {
		char name[64];

		for (unsigned k = 0; k < 2u << round; k++) {
			unsigned i = (unsigned)hzt_random_below(&r, FLAT + 60);

			flat_remove(i);
			if (hzt_random_below(&r, 3) == 0)
				source_dir(b, flat_name(name, i));
			else if (hzt_random_below(&r, 2))
				source_file(b, flat_name(name, i), i % 90, hzt_random_next(&r));
		}
		slices_of(1 + (uint32_t)hzt_random_below(&r, 40), 1);
		back_up();
		expect_as_anew();
	}
}

static void more_than_one_slice_as_they_are(void **state)
{
	char name[64];

	(void)state;
	flat_make(10000);
	back_up();
	back_up();
	expect_counts(0, 0);
	expect_same();
	source_file(b, flat_name(name, 1), 9, 1);
	source_file(b, flat_name(name, 5000), 9, 2);
	source_file(b, flat_name(name, 9999), 9, 3);
	flat_remove(4095);
	flat_remove(4097);
	source_file(b, "flat/e04094x", 9, 4);
	source_file(b, "flat/e99999", 9, 4);
	back_up();
	expect_counts(2, 3);
	assert_int_equal(last.dirs_new, 0);
	expect_as_anew();
}

/* A damaged cache costs time only, wherever it is damaged. */
static void a_damaged_cache_changes_nothing(void **state)
{
	struct root r;

	(void)state;
	flat_make(FLAT);
	slices_of(7, 1);
	back_up_anew();
	r = root_of_last();
	for (unsigned i = 0; i < 6; i++) {
		char *command = NULL;

		/* One byte of each file of the cache, somewhere else each time. */
		assert_true(asprintf(&command,
				    "find '%s' -type f -size +8k | while read -r f; do printf x | dd of=\"$f\" bs=1 "
				    "seek=$(($(stat -c %%s \"$f\") * %u / 6 + 137)) conv=notrunc 2>/dev/null; done",
				    b->cache, i) > 0);
		assert_int_equal(system(command), 0);
		free(command);
		back_up();
		expect_root(&r);
	}
}

/* ---- what a folder's list says ---- */

static void a_folders_own_attributes_are_found(void **state)
{
	char name[64], *path;
	struct timespec times[2] = { { 5, 6 }, { 7, 8 } };

	(void)state;
	flat_make(FLAT);
	slices_of(7, 1);
	back_up();
	path = hzt_path(b->source, flat_name(name, EACH / 2));
	for (unsigned i = 0; i < 3; i++) {
		if (i == 0)
			assert_int_equal(chmod(path, 0711), 0);
		else if (i == 1)
			assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		else if (setxattr(path, "user.hozen", "x", 1, 0) < 0)
			break;
		back_up();
		expect_counts(0, 0);
		assert_int_equal(last.dirs_changed, 3);
		expect_as_anew();
		back_up();
		expect_same();
	}
	free(path);
}

static struct vfs table;
static unsigned char (*type_of)(unsigned char type);

static ssize_t getdents_typed(int fd, void *buf, size_t len)
{
	ssize_t n = vfs_system()->getdents64(fd, buf, len);

	for (ssize_t at = 0; at < n;) {
		struct dirent64 *e = (struct dirent64 *)(void *)((uint8_t *)buf + at);

		e->d_type = type_of(e->d_type);
		at += e->d_reclen;
	}
	return n;
}

static void install_types(unsigned char (*fn)(unsigned char type))
{
	type_of = fn;
	table = *vfs_system();
	table.getdents64 = getdents_typed;
	vfs_install(&table);
}

static unsigned char no_type(unsigned char type)
{
	(void)type;
	return DT_UNKNOWN;
}

static void a_list_without_types_gives_the_same(void **state)
{
	struct root r;

	(void)state;
	flat_make(FLAT);
	slices_of(7, 1);
	back_up();
	r = root_of_last();
	install_types(no_type);
	back_up();
	expect_same();
	expect_root(&r);
	back_up_anew();
	expect_root(&r);
}

static unsigned char file_for_dir(unsigned char type)
{
	return type == DT_DIR ? DT_REG : type;
}

static unsigned char dir_for_file(unsigned char type)
{
	return type == DT_REG ? DT_DIR : type;
}

/* As when one takes the place of the other after it was listed: it is told, and the rest is stored. */
static void a_type_that_is_no_more_is_an_error_of_the_source(void **state)
{
	hz_error *err = NULL;
	struct root r;

	(void)state;
	flat_make(FLAT);
	slices_of(7, 1);
	back_up();
	r = root_of_last();
	install_types(file_for_dir);
	remove_all(b->cache);
	assert_ok(try_backup(NULL, &err), &err);
	assert_false(last.complete);
	assert_int_equal(last.dirs_new, 1);
	install_types(dir_for_file);
	assert_ok(try_backup(NULL, &err), &err);
	assert_false(last.complete);
	/* With a cache what it remembers is looked at. */
	vfs_install(NULL);
	back_up();
	install_types(file_for_dir);
	back_up();
	expect_same();
	expect_root(&r);
}

/* ---- stopped ---- */

static void a_failing_repository_stops_it_anywhere(void **state)
{
	unsigned failures = 0;

	(void)state;
	flat_make(FLAT);
	slices_of(7, 1);
	back_up();
	for (unsigned n = 1; n < 400; n += 1 + n / 2) {
		hz_error *err = NULL;
		int rc;

		remove_all(b->cache);
		for (unsigned i = 0; i < FLAT; i += 17) {
			flat_remove(i);
			flat_add(i, n);
		}
		fault_start_forever(FAULT_WRITE | FAULT_FSYNC, n, EIO);
		rc = try_backup(NULL, &err);
		failures += fault_stop() && rc < 0;
		hz_error_free(err);
	}
	assert_true(failures > 2);
	back_up();
	expect_as_anew();
}

static hz_job *job;
static int calls_left; /* atomic */

static ssize_t cancel_at_getdents(int fd, void *buf, size_t len)
{
	if (__atomic_sub_fetch(&calls_left, 1, __ATOMIC_RELAXED) == 0) {
		struct timespec nap = { 0, 250000000 };

		hz_job_cancel(job);
		(void)nanosleep(&nap, NULL);
	}
	return vfs_system()->getdents64(fd, buf, len);
}

static void canceled_anywhere_it_ends(void **state)
{
	(void)state;
	flat_make(FLAT);
	slices_of(3, 1);
	table = *vfs_system();
	table.getdents64 = cancel_at_getdents;
	vfs_install(&table);
	for (int n = 1; n < 200; n += 1 + n) {
		hz_error *err = NULL;

		assert_ok(hz_job_new(&job, NULL), NULL);
		__atomic_store_n(&calls_left, n, __ATOMIC_RELAXED);
		assert_fails(try_backup(job, &err), HZ_E_CANCELED, &err);
		hz_job_free(job);
	}
	__atomic_store_n(&calls_left, 0, __ATOMIC_RELAXED);
	back_up();
	expect_as_anew();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define E(f) cmocka_unit_test_setup_teardown(f, set_up_empty, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_slices_do_not_show),
		E(one_change_anywhere_is_found),
		E(a_change_in_a_folder_of_any_slice_is_found),
		T(many_changes_are_found),
		E(more_than_one_slice_as_they_are),
		T(a_damaged_cache_changes_nothing),
		E(a_folders_own_attributes_are_found),
		T(a_list_without_types_gives_the_same),
		T(a_type_that_is_no_more_is_an_error_of_the_source),
		T(a_failing_repository_stops_it_anywhere),
		T(canceled_anywhere_it_ends),
	};

	return cmocka_run_group_tests_name("archive/scan", tests, NULL, NULL);
}
