/* SPDX-License-Identifier: BSD-2-Clause */
/* What a store in a folder adds to the promises of all: durability, what others do in the folder, sweeping, failing
 * calls. */
#include "base/vfs.h"
#include "store/store.h"
#include "support/faultvfs.h"
#include "support/hzt.h"
#include <errno.h>
#include <unistd.h>

struct fixture {
	struct store *s;
	char *dir, *location;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f)
		return -1;
	f->dir = hzt_tmpdir();
	f->location = hzt_path(f->dir, "a/store");
	return store_open(&f->s, f->location, STORE_CREATE, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	vfs_install(NULL);
	store_close(f->s);
	hzt_tmpdir_remove(f->dir);
	free(f->location);
	free(f);
	return 0;
}

static int put(struct store *s, const char *name, const char *text)
{
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };

	return store_put(s, name, &iov, 1, NULL);
}

static bool holds(struct store *s, const char *name, const char *text)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;

	return store_get_all(s, name, 1 << 20, &data, &len, NULL) == 0 && len == strlen(text) &&
		memcmp(data, text, len) == 0;
}

static void make_file(const struct fixture *f, const char *name)
{
	AUTO_FREE char *path = hzt_path(f->location, name);

	hzt_put(path, "", 0);
}

static bool file_is_there(const struct fixture *f, const char *name)
{
	AUTO_FREE char *path = hzt_path(f->location, name);

	return access(path, F_OK) == 0;
}

/* All names in a folder, also those that are no objects. */
static size_t count_files(const struct fixture *f, const char *folder)
{
	AUTO_FREE char *path = hzt_path(f->location, folder);

	return hzt_count_names(path);
}

static void remove_folder(const struct fixture *f, const char *folder)
{
	AUTO_FREE char *path = hzt_path(f->location, folder);

	assert_int_equal(rmdir(path), 0);
}

static int count_one(void *user, const char *name, uint64_t size)
{
	assert_true(store_name_is_valid(name));
	(void)size;
	(*(size_t *)user)++;
	return 0;
}

static size_t count_objects(struct store *s, const char *folder)
{
	size_t n = 0;

	assert_ok(store_list(s, folder, count_one, &n, NULL), NULL);
	return n;
}

static void what_is_no_object_is_not_listed(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *folder = hzt_path(f->location, "packs/folder"), *link = hzt_path(f->location, "packs/link");

	make_file(f, "packs/.tmp.a.b.c");
	make_file(f, "packs/UPPER");
	make_file(f, "packs/a~");
	make_file(f, "README");
	make_file(f, "packs/good");
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(symlink("good", link), 0);
	assert_int_equal(count_objects(f->s, "packs"), 1);
	assert_int_equal(count_objects(f->s, ""), 0);
}

static void what_is_no_file_is_no_object(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *pipe = hzt_path(f->location, "packs/pipe"), *link = hzt_path(f->location, "packs/link");
	uint64_t size;
	char byte;

	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(symlink("pipe", link), 0);
	assert_int_equal(store_size(f->s, "packs/pipe", &size, NULL), HZ_E_CORRUPT);
	assert_true(store_get(f->s, "packs/pipe", 0, &byte, 1, NULL) < 0);
	assert_true(store_get(f->s, "packs/link", 0, &byte, 1, NULL) < 0);
	assert_int_equal(put(f->s, "packs/link", "x"), HZ_E_EXISTS);
}

static void a_missing_folder_is_empty_and_made_at_need(void **state)
{
	struct fixture *f = *state;
	AUTO(store_close) struct store *s = NULL;
	int rc = 1;

	remove_folder(f, "audit");
	assert_ok(store_open(&s, f->location, STORE_EXISTING, NULL), NULL);
	assert_int_equal(count_objects(s, "audit"), 0);
	assert_false(store_has(s, "audit/a", &rc, NULL));
	assert_int_equal(rc, 0);
	assert_int_equal(store_remove(s, "audit/a", NULL), HZ_E_NOTFOUND);
	assert_int_equal(put(s, "audit/a", "x"), 0);
	assert_true(holds(s, "audit/a", "x"));
}

static void opening_asks_for_an_existing_folder(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *missing = hzt_path(f->location, "not/there"), *file = hzt_path(f->location, "file");
	AUTO(hz_error_free) hz_error *err = NULL;
	struct store *s = NULL;

	assert_int_equal(store_open(&s, missing, STORE_EXISTING, &err), HZ_E_NOTFOUND);
	assert_non_null(strstr(hz_error_message(err), missing));
	assert_non_null(strstr(hz_error_hint(err), "mounted"));
	assert_int_equal(store_open(&s, "s3://bucket/x", STORE_CREATE, NULL), HZ_E_UNSUPPORTED);
	assert_int_equal(store_open(&s, "", STORE_EXISTING, NULL), HZ_E_INVAL);
	make_file(f, "file");
	assert_true(store_open(&s, file, STORE_EXISTING, NULL) < 0);
	assert_true(store_open(&s, file, STORE_CREATE, NULL) < 0);
	assert_null(s);
}

static void creating_again_keeps_what_is_there(void **state)
{
	struct fixture *f = *state;
	AUTO(store_close) struct store *s = NULL;

	assert_int_equal(put(f->s, "repo", "kept"), 0);
	assert_ok(store_open(&s, f->location, STORE_CREATE, NULL), NULL);
	assert_true(holds(s, "repo", "kept"));
	/* The probe leaves nothing: the folders and repo. */
	assert_int_equal(count_files(f, "."), 9);
}

static void only_the_owner_has_access(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *object = hzt_path(f->location, "keys/a"), *folder = hzt_path(f->location, "keys");
	struct stat st;

	assert_int_equal(put(f->s, "keys/a", "x"), 0);
	assert_int_equal(stat(object, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static bool live_is_live(void *user, const char *session)
{
	(*(int *)user)++;
	return strcmp(session, "live") == 0;
}

static void sweep_takes_what_dead_sessions_of_the_owner_left(void **state)
{
	static const char *const gone[] = { ".tmp.me.dead.1", "packs/.tmp.me.dead.2", "commits/.tmp.me.dead2.3" };
	static const char *const kept[] = { "packs/.tmp.me.live.1", "packs/.tmp.you.dead.1", "packs/.tmp.me",
		"packs/.tmp.me.dead", "packs/.tmp.mee.dead.1", "packs/me.dead.1", "packs/.tmp..dead.1",
		"packs/.tmp.me..1" };
	struct fixture *f = *state;
	int asked = 0;

	remove_folder(f, "audit");
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		make_file(f, gone[i]);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		make_file(f, kept[i]);
	assert_ok(store_sweep(f->s, "me", live_is_live, &asked, NULL), NULL);
	assert_int_equal(asked, 4);
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		assert_false(file_is_there(f, gone[i]));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		assert_true(file_is_there(f, kept[i]));
}

/* --- what reaches the disk, and when --- */

/* The line of the log that begins with text, from line from on. */
static size_t line_of(size_t from, const char *text)
{
	for (size_t i = from; fault_log(i); i++)
		if (strncmp(fault_log(i), text, strlen(text)) == 0)
			return i;
	fail_msg("no \"%s\" in the log from line %zu on", text, from);
	return 0;
}

static void put_flushes_file_then_names_it_then_flushes_the_folder(void **state)
{
	struct fixture *f = *state;
	size_t at;

	fault_start(0, 0, 0);
	fault_record(f->location);
	assert_int_equal(put(f->s, "packs/a", "x"), 0);
	assert_false(fault_stop());
	at = line_of(0, "create packs/.tmp.-.-.");
	at = line_of(at, "write packs/.tmp.");
	at = line_of(at, "fsync packs/.tmp.");
	at = line_of(at, "rename packs/.tmp.");
	at = line_of(at, "fsync packs");
	assert_null(fault_log(at + 1));
}

static void remove_flushes_the_folder(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f->s, "packs/a", "x"), 0);
	fault_start(0, 0, 0);
	fault_record(f->location);
	assert_ok(store_remove(f->s, "packs/a", NULL), NULL);
	assert_false(fault_stop());
	assert_int_equal(fault_log_find(0, "unlink packs/a"), 0);
	assert_int_equal(fault_log_find(1, "fsync packs"), 1);
}

static void made_folder_is_flushed_before_anything_is_in_it(void **state)
{
	struct fixture *f = *state;
	AUTO(store_close) struct store *s = NULL;
	size_t at;

	remove_folder(f, "audit");
	assert_ok(store_open(&s, f->location, STORE_EXISTING, NULL), NULL);
	fault_start(FAULT_FSYNC, 1, EIO);
	assert_int_equal(put(s, "audit/a", "x"), HZ_E_IO);
	assert_true(fault_stop());
	assert_int_equal(count_files(f, "audit"), 0);
	/* It is there now, but nobody knows for how long: it is flushed again. */
	fault_start(0, 0, 0);
	fault_record(f->location);
	assert_int_equal(put(s, "audit/a", "x"), 0);
	assert_false(fault_stop());
	at = line_of(0, "fsync .");
	line_of(at, "create audit/.tmp.");
	/* Once is enough. */
	fault_start(0, 0, 0);
	fault_record(f->location);
	assert_int_equal(put(s, "audit/b", "x"), 0);
	assert_false(fault_stop());
	assert_int_equal(fault_log_find(0, "fsync ."), -1);
}

static void temporary_names_carry_owner_and_session(void **state)
{
	struct fixture *f = *state;

	strcpy(f->s->owner, "0123456789abcdef0123456789abcdef");
	strcpy(f->s->session, "fedcba9876543210fedcba9876543210");
	fault_start(0, 0, 0);
	fault_record(f->location);
	assert_int_equal(put(f->s, "packs/a", "x"), 0);
	fault_stop();
	line_of(0, "create packs/.tmp.0123456789abcdef0123456789abcdef.fedcba9876543210fedcba9876543210.");
}

/* --- failing calls --- */

static void full_disk_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	AUTO(hz_error_free) hz_error *err = NULL;
	struct iovec iov = { (void *)(uintptr_t) "hello", 5 };

	fault_start(FAULT_WRITE, 1, ENOSPC);
	assert_int_equal(store_put(f->s, "packs/full", &iov, 1, &err), HZ_E_NOSPACE);
	assert_true(fault_stop());
	assert_non_null(strstr(hz_error_message(err), "packs/full"));
	assert_int_equal(count_files(f, "packs"), 0);
	assert_int_equal(put(f->s, "packs/full", "room again"), 0);
}

/* Every call of a put fails once: an error, and the object whole or not there; only a failed removal may leave litter.
 */
static void each_failing_call_of_a_put_is_an_error(void **state)
{
	struct fixture *f = *state;
	char name[32];
	unsigned n;

	for (n = 1;; n++) {
		int there, rc;

		snprintf(name, sizeof(name), "packs/%u", n);
		fault_start(FAULT_ALL, n, EIO);
		rc = put(f->s, name, "whole");
		if (!fault_stop()) {
			assert_int_equal(rc, 0);
			break;
		}
		there = store_has(f->s, name, &(int){ 0 }, NULL);
		assert_true(!there || holds(f->s, name, "whole"));
		/* Closing the folder is the one call that may fail unseen. */
		if (rc == 0)
			assert_true(there);
		else
			assert_int_equal(rc, HZ_E_IO);
		assert_int_equal(count_files(f, "packs"), count_objects(f->s, "packs"));
	}
	assert_true(n > 6);
}

static void short_writes_go_on(void **state)
{
	struct fixture *f = *state;

	fault_start(FAULT_WRITE, 1, FAULT_SHORT);
	assert_int_equal(put(f->s, "packs/a", "0123456789"), 0);
	assert_true(fault_stop());
	assert_true(holds(f->s, "packs/a", "0123456789"));
}

static void failed_flush_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f->s, "packs/c", "x"), 0);
	fault_start(FAULT_FSYNC, 1, EIO);
	assert_int_equal(put(f->s, "packs/a", "x"), HZ_E_IO);
	assert_true(fault_stop());
	assert_int_equal(count_files(f, "packs"), 1);
	fault_start(FAULT_FSYNC, 2, EIO);
	assert_int_equal(put(f->s, "packs/b", "x"), HZ_E_IO);
	assert_true(fault_stop());
	fault_start(FAULT_FSYNC, 1, EIO);
	assert_int_equal(store_remove(f->s, "packs/c", NULL), HZ_E_IO);
	assert_true(fault_stop());
}

static void failing_reads_are_errors_that_name_the_object(void **state)
{
	struct fixture *f = *state;
	AUTO(hz_error_free) hz_error *err = NULL;
	size_t n = 0;
	char byte;
	int rc = 0;

	assert_int_equal(put(f->s, "packs/a", "0123456789"), 0);
	fault_start(FAULT_READ, 1, EIO);
	assert_int_equal(store_get(f->s, "packs/a", 0, &byte, 1, &err), HZ_E_IO);
	assert_true(fault_stop());
	assert_non_null(strstr(hz_error_message(err), "packs/a: read"));
	fault_start(FAULT_STAT, 1, EIO);
	assert_false(store_has(f->s, "packs/a", &rc, NULL));
	assert_true(fault_stop());
	assert_int_equal(rc, HZ_E_IO);
	fault_start(FAULT_READ, 1, EIO);
	assert_int_equal(store_list(f->s, "packs", count_one, &n, NULL), HZ_E_IO);
	assert_true(fault_stop());
}

static void listing_skips_what_vanished_and_fails_on_the_rest(void **state)
{
	struct fixture *f = *state;
	size_t n = 0;

	assert_int_equal(put(f->s, "packs/a", "x"), 0);
	fault_start(FAULT_STAT, 1, ENOENT);
	assert_int_equal(count_objects(f->s, "packs"), 0);
	assert_true(fault_stop());
	fault_start(FAULT_STAT, 1, EIO);
	assert_int_equal(store_list(f->s, "packs", count_one, &n, NULL), HZ_E_IO);
	assert_true(fault_stop());
}

static void failing_removals_are_errors(void **state)
{
	struct fixture *f = *state;
	int asked = 0;

	assert_int_equal(put(f->s, "packs/a", "x"), 0);
	make_file(f, "packs/.tmp.me.dead.1");
	fault_start(FAULT_UNLINK, 1, EROFS);
	assert_int_equal(store_remove(f->s, "packs/a", NULL), HZ_E_IO);
	assert_true(fault_stop());
	fault_start(FAULT_UNLINK, 1, EROFS);
	assert_int_equal(store_sweep(f->s, "me", live_is_live, &asked, NULL), HZ_E_IO);
	assert_true(fault_stop());
	fault_start(FAULT_UNLINK, 1, ENOENT);
	assert_ok(store_sweep(f->s, "me", live_is_live, &asked, NULL), NULL);
	assert_true(fault_stop());
}

/* --- file systems that cannot do it --- */

static struct vfs table;
static bool link_works, replaces;

static int odd_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	errno = EEXIST;
	return strncmp(path, ".tmp.", 5) == 0 ? -1 : vfs_system()->openat(dirfd, path, flags, mode);
}

static int odd_renameat2(int olddir, const char *oldp, int newdir, const char *newp, unsigned flags)
{
	(void)flags;
	errno = EINVAL;
	return replaces ? vfs_system()->renameat2(olddir, oldp, newdir, newp, 0) : -1;
}

static int odd_linkat(int olddir, const char *oldp, int newdir, const char *newp, int flags)
{
	errno = EPERM;
	return link_works ? vfs_system()->linkat(olddir, oldp, newdir, newp, flags) : -1;
}

/* EXISTS of a temporary name must not be taken for the object being there. */
static void taken_temporary_name_is_not_a_taken_name(void **state)
{
	struct fixture *f = *state;

	table = *vfs_system();
	table.openat = odd_openat;
	vfs_install(&table);
	assert_int_equal(put(f->s, "packs/a", "x"), HZ_E_IO);
}

static void file_system_without_atomic_put_is_unsupported(void **state)
{
	struct fixture *f = *state;
	AUTO(store_close) struct store *by_link = NULL;
	AUTO(hz_error_free) hz_error *err = NULL;
	struct store *s = NULL;

	table = *vfs_system();
	table.renameat2 = odd_renameat2;
	table.linkat = odd_linkat;
	vfs_install(&table);
	link_works = true;
	replaces = false;
	assert_ok(store_open(&by_link, f->location, STORE_CREATE, NULL), NULL);
	assert_int_equal(put(by_link, "packs/a", "x"), 0);
	assert_int_equal(put(by_link, "packs/a", "y"), HZ_E_EXISTS);
	assert_int_equal(count_files(f, "packs"), 1);
	link_works = false;
	assert_int_equal(store_open(&s, f->location, STORE_CREATE, &err), HZ_E_UNSUPPORTED);
	assert_non_null(hz_error_hint(err));
	replaces = true;
	assert_int_equal(store_open(&s, f->location, STORE_CREATE, NULL), HZ_E_UNSUPPORTED);
	assert_null(s);
	assert_int_equal(count_files(f, "."), 8);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_object_is_not_listed),
		TEST(what_is_no_file_is_no_object),
		TEST(a_missing_folder_is_empty_and_made_at_need),
		TEST(opening_asks_for_an_existing_folder),
		TEST(creating_again_keeps_what_is_there),
		TEST(only_the_owner_has_access),
		TEST(sweep_takes_what_dead_sessions_of_the_owner_left),
		TEST(put_flushes_file_then_names_it_then_flushes_the_folder),
		TEST(remove_flushes_the_folder),
		TEST(made_folder_is_flushed_before_anything_is_in_it),
		TEST(temporary_names_carry_owner_and_session),
		TEST(full_disk_leaves_nothing),
		TEST(each_failing_call_of_a_put_is_an_error),
		TEST(short_writes_go_on),
		TEST(failed_flush_is_an_error),
		TEST(failing_reads_are_errors_that_name_the_object),
		TEST(listing_skips_what_vanished_and_fails_on_the_rest),
		TEST(failing_removals_are_errors),
		TEST(taken_temporary_name_is_not_a_taken_name),
		TEST(file_system_without_atomic_put_is_unsupported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
