/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole restores, with a file system that fails, lies, is old, or that somebody plays with meanwhile. The repository is
 * made once; the tree that it holds is written here.
 * test-label: tsan
 * test-timeout: 600
 */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "archive/restore.h"
#include "hozen/backup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SMALL 40u

static struct {
	char *dir, *src, *out, *aside;
	char *repo, *key, *reader_key, *state, *cache;
	char id[HZ_ID_HEX];
	hz_reader *reader;
} g;

/* ---- the tree ---- */

struct made {
	const char *name;
	size_t len;
	uint64_t seed;
};
static const struct made files[] = { { "a/one", 1000, 1 }, { "a/empty", 0, 2 }, { "a/b/two", 70000, 3 },
	{ "big", 6 << 20, 4 }, { "z/three", 3, 5 }, { "z/large", (2 << 20) + 1, 6 } };

static uint8_t *content(const struct made *m)
{
	struct hzt_random r = { m->seed };
	uint8_t *data = malloc(m->len + 1);

	assert_non_null(data);
	hzt_random_fill(&r, data, m->len);
	return data;
}

static void make_source(void)
{
	static const char *const dirs[] = { "a", "a/b", "z", "many" };
	char *path, *other;

	assert_int_equal(mkdir(g.src, 0755), 0);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		path = hzt_path(g.src, dirs[i]);
		assert_int_equal(mkdir(path, 0755), 0);
		free(path);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		uint8_t *data = content(&files[i]);

		path = hzt_path(g.src, files[i].name);
		hzt_put(path, data, files[i].len);
		free(path);
		free(data);
	}
	for (unsigned i = 0; i < SMALL; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "many/%u", i);
		path = hzt_path(g.src, name);
		hzt_put(path, name, strlen(name));
		free(path);
	}
	path = hzt_path(g.src, "a/one");
	other = hzt_path(g.src, "z/linked");
	assert_int_equal(link(path, other), 0);
	free(path);
	free(other);
	path = hzt_path(g.src, "z/symlink");
	assert_int_equal(symlink("/nowhere", path), 0);
	free(path);
	path = hzt_path(g.src, "z/fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	free(path);
}

/* ---- the repository ---- */

static int passphrase(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	(void)user, (void)confirm, (void)err;
	assert_true(cap > 8);
	memcpy(out, "a secret", 8);
	*len = 8;
	return 0;
}

static hz_repo_options repo_options(const char *key)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;

	o.location = g.repo;
	o.key_file = key;
	o.state_dir = g.state;
	o.cache_dir = g.cache;
	o.passphrase = passphrase;
	o.workers = 2;
	return o;
}

static int group_setup(void **state)
{
	hz_key_export_options ko = HZ_KEY_EXPORT_OPTIONS_INIT;
	hz_key_export_result kr = HZ_KEY_EXPORT_RESULT_INIT;
	hz_init_options io = HZ_INIT_OPTIONS_INIT;
	hz_init_result ir = HZ_INIT_RESULT_INIT;
	hz_backup_options bo = HZ_BACKUP_OPTIONS_INIT;
	hz_backup_result br = HZ_BACKUP_RESULT_INIT;
	hz_repo_options o;
	hz_error *err = NULL;
	const char *paths[1];

	(void)state;
	g.dir = hzt_tmpdir();
	g.src = hzt_path(g.dir, "src");
	g.out = hzt_path(g.dir, "out");
	g.aside = hzt_path(g.dir, "aside");
	g.repo = hzt_path(g.dir, "repo");
	g.key = hzt_path(g.dir, "writer.key");
	g.reader_key = hzt_path(g.dir, "reader.key");
	g.state = hzt_path(g.dir, "state");
	g.cache = hzt_path(g.dir, "cache");
	make_source();
	o = repo_options(g.key);
	assert_ok(hz_init(&o, &io, NULL, &ir, &err), &err);
	hz_free(ir.key_file);
	ko.role = HZ_ROLE_READER;
	ko.out = g.reader_key;
	assert_ok(hz_key_export(&o, &ko, &kr, &err), &err);
	assert_int_equal(chdir(g.src), 0);
	paths[0] = ".";
	bo.paths = paths;
	bo.n_paths = 1;
	assert_ok(hz_backup(&o, &bo, NULL, &br, &err), &err);
	assert_int_equal(br.complete, 1);
	memcpy(g.id, br.snapshot_id, sizeof(g.id));
	o = repo_options(g.reader_key);
	assert_ok(hz_reader_open(&g.reader, &o, HZ_NEED_READ, NULL, &err), &err);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	hz_reader_close(g.reader);
	(void)chdir("/");
	hzt_tmpdir_remove(g.dir);
	free(g.src);
	free(g.out);
	free(g.aside);
	free(g.repo);
	free(g.key);
	free(g.reader_key);
	free(g.state);
	free(g.cache);
	return 0;
}

/* Removes what a test has restored. */
static int clean(void **state)
{
	char *argv[] = { (char *)(uintptr_t) "rm", (char *)(uintptr_t) "-rf", g.out, g.aside, NULL };
	pid_t pid;
	int status = -1;

	(void)state;
	vfs_install(NULL);
	restore_limits = (struct restore_limits){ (size_t)8 << 20, 64, 256 };
	g.reader->repo.store->remote = g.reader->repo.store->rotational = false;
	pid = fork();
	if (pid == 0) {
		(void)execvp("rm", argv);
		_exit(127);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return 0;
}

/* ---- restoring, and looking at it ---- */

static int restore(uint32_t flags, hz_job *job, hz_restore_result *res, hz_error **err)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;

	o.target = g.out;
	o.flags = flags;
	*res = (hz_restore_result)HZ_RESTORE_RESULT_INIT;
	return hz_restore(g.reader, g.id, &o, job, res, err);
}

static bool is_right(const char *path, const uint8_t *data, size_t len)
{
	size_t n = 0;
	uint8_t *got = hzt_get(path, &n);
	bool right = n == len && (len == 0 || memcmp(got, data, len) == 0);

	free(got);
	return right;
}

/* How many of files[] are there; each that is must be whole. */
static size_t count_right(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = hzt_path(g.out, files[i].name);
		uint8_t *data = content(&files[i]);
		struct stat st;

		if (lstat(path, &st) == 0) {
			assert_true(is_right(path, data, files[i].len));
			n++;
		}
		free(path);
		free(data);
	}
	return n;
}

static size_t count_temps(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		char *below = hzt_path(path, e->d_name);

		n += strncmp(e->d_name, ".hozen-", 7) == 0 && strstr(e->d_name, ".part");
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			n += count_temps(below);
		free(below);
	}
	if (d)
		(void)closedir(d);
	return n;
}

static void expect_whole(uint32_t flags)
{
	hz_restore_result res;
	hz_error *err = NULL;

	assert_ok(restore(flags, NULL, &res, &err), &err);
	assert_int_equal(count_right(), ARRAY_LEN(files));
	assert_int_equal(res.files, ARRAY_LEN(files) + SMALL + 1);
	assert_int_equal(res.dirs, 4);
	assert_int_equal(res.others, 2);
	assert_int_equal(res.meta_short + res.failed_damage + res.failed_target + res.left_existing, 0);
	assert_int_equal(res.verify_mismatch, 0);
	if (flags & HZ_RESTORE_VERIFY)
		assert_int_equal(res.verified, res.files + res.dirs + res.others + 1);
	assert_int_equal(count_temps(g.out), 0);
}

static void everything_is_restored_and_verified(void **state)
{
	(void)state;
	expect_whole(HZ_RESTORE_VERIFY);
}

static void small_limits_change_nothing(void **state)
{
	(void)state;
	/* A batch a chunk, so files are carried from one to the next; hardly a descriptor. */
	restore_limits = (struct restore_limits){ 1, 1, 1 };
	expect_whole(HZ_RESTORE_VERIFY);
	(void)clean(NULL);
	restore_limits = (struct restore_limits){ 2000, 1, 2 };
	expect_whole(HZ_RESTORE_VERIFY);
}

/* Packs are read whole then, from a disk that turns in its order. */
static void what_the_store_says_of_itself_changes_nothing(void **state)
{
	struct store *st = g.reader->repo.store;

	(void)state;
	st->remote = true;
	expect_whole(HZ_RESTORE_VERIFY);
	(void)clean(NULL);
	st->rotational = true;
	expect_whole(HZ_RESTORE_VERIFY);
	(void)clean(NULL);
	st->rotational = true;
	restore_limits = (struct restore_limits){ 2000, 1, 2 };
	expect_whole(HZ_RESTORE_VERIFY);
}

/* An access ACL that it would give to all that is made in it: u::rwx, u:5:rwx, g::rwx, m::rwx, o::--- */
static void a_target_that_hands_down_acls_gives_none(void **state)
{
	static const uint8_t acl[] = { 2, 0, 0, 0, 1, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 2, 0, 7, 0, 5, 0, 0, 0, 4, 0, 7,
		0, 0xff, 0xff, 0xff, 0xff, 0x10, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 0, 0, 0xff, 0xff, 0xff,
		0xff };
	char *path;

	(void)state;
	assert_int_equal(mkdir(g.out, 0755), 0);
	if (setxattr(g.out, "system.posix_acl_default", acl, sizeof(acl), 0) < 0)
		skip();
	expect_whole(HZ_RESTORE_VERIFY);
	path = hzt_path(g.out, "a/one");
	assert_int_equal(getxattr(path, "system.posix_acl_access", NULL, 0), -1);
	free(path);
}

static void a_dry_run_counts_the_same_and_writes_nothing(void **state)
{
	hz_restore_result dry, res;
	hz_error *err = NULL;

	(void)state;
	assert_ok(restore(HZ_RESTORE_DRY_RUN, NULL, &dry, &err), &err);
	assert_int_equal(access(g.out, F_OK), -1);
	assert_ok(restore(0, NULL, &res, &err), &err);
	assert_int_equal(dry.files, res.files);
	assert_int_equal(dry.dirs, res.dirs);
	assert_int_equal(dry.others, res.others);
	assert_int_equal(dry.bytes, res.bytes);
	assert_int_equal(dry.matched, res.matched);
}

static void options_of_no_meaning_are_refused(void **state)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;
	const char *const bad[] = { "[a" };
	hz_error *err = NULL;

	(void)state;
	assert_fails(hz_restore(g.reader, g.id, &o, NULL, &res, &err), HZ_E_INVAL, &err);
	o.target = g.out;
	o.flags = 1u << 30;
	assert_fails(hz_restore(g.reader, g.id, &o, NULL, &res, &err), HZ_E_UNSUPPORTED, &err);
	o.flags = 0;
	o.patterns = bad;
	o.n_patterns = 1;
	assert_fails(hz_restore(g.reader, g.id, &o, NULL, &res, &err), HZ_E_INVAL, &err);
	o.n_patterns = 0;
	assert_fails(hz_restore(g.reader, "beef", &o, NULL, &res, &err), HZ_E_INVAL, &err);
	assert_int_equal(access(g.out, F_OK), -1);
}

/* ---- calls that fail ---- */

/* All but the many: each call is made to fail in its turn. */
static int restore_some(hz_restore_result *res, hz_error **err)
{
	static const char *const some[] = { "/a/", "/z/", "/big", "/many/1" };
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;

	o.target = g.out;
	o.patterns = some;
	o.n_patterns = ARRAY_LEN(some);
	*res = (hz_restore_result)HZ_RESTORE_RESULT_INIT;
	return hz_restore(g.reader, g.id, &o, NULL, res, err);
}

static void fail_each(unsigned set, int errnum)
{
	hz_restore_result res;
	hz_error *err = NULL;
	unsigned n = 1;

	/* The index and what it takes is loaded. */
	assert_ok(restore(HZ_RESTORE_DRY_RUN, NULL, &res, &err), &err);
	/* In test_calls each one. */
	for (;; n += 1 + n / 16) {
		bool fired;
		int rc;

		fault_start(set, n, errnum);
		rc = restore_some(&res, &err);
		fired = fault_stop();
		if (rc < 0) {
			assert_non_null(err);
			assert_int_equal(hz_error_code(err), rc);
			hz_error_free(err);
			err = NULL;
		}
		/* Whole or not there; and when not all is there, that was said. */
		if (count_right() < ARRAY_LEN(files))
			assert_true(rc < 0 || res.failed_target + res.failed_damage > 0);
		if (rc == 0 && fired && errnum == EIO)
			assert_true(res.failed_target + res.failed_damage + res.meta_short > 0);
		assert_int_equal(count_temps(g.out), 0);
		(void)clean(NULL);
		if (!fired)
			break;
	}
	assert_true(n > 5);
}

static void a_disk_that_fails_leaves_only_whole_files(void **state)
{
	(void)state;
	fail_each(FAULT_WRITE | FAULT_TRUNCATE | FAULT_RENAME | FAULT_MKDIR | FAULT_LINK | FAULT_META, EIO);
}

static void a_full_disk_leaves_only_whole_files(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	fail_each(FAULT_WRITE | FAULT_MKDIR, ENOSPC);
	fault_start_forever(FAULT_WRITE, 5, ENOSPC);
	assert_fails(restore(0, NULL, &res, &err), HZ_E_NOSPACE, &err);
	assert_true(fault_stop());
	(void)count_right();
	assert_int_equal(count_temps(g.out), 0);
}

static void what_may_not_be_written_is_left_out(void **state)
{
	(void)state;
	fail_each(FAULT_OPEN | FAULT_RENAME | FAULT_MKDIR | FAULT_LINK | FAULT_META, EACCES);
}

static void short_writes_are_completed(void **state)
{
	(void)state;
	fault_start_forever(FAULT_WRITE, 1, FAULT_SHORT);
	expect_whole(0);
	assert_true(fault_stop());
}

/* ---- onto what is there ---- */

/* What files[i] was before: most of it the same. */
static uint8_t *old_content(size_t i)
{
	uint8_t *data = content(&files[i]);

	if (files[i].len > 0)
		data[files[i].len / 2] ^= 1;
	return data;
}

/* An older tree: other content, a name too many, a symlink and a folder where files go, a file where a folder goes. */
static void make_old(void)
{
	static const char *const dirs[] = { "", "a", "a/b", "z", "too", "too/many", "z/fifo" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		char *path = hzt_path(g.out, dirs[i]);

		assert_int_equal(mkdir(path, 0755), 0);
		free(path);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = hzt_path(g.out, files[i].name);
		uint8_t *data = old_content(i);

		hzt_put(path, data, files[i].len);
		free(path);
		free(data);
	}
	char *other = hzt_path(g.out, "z/linked"), *many = hzt_path(g.out, "many");

	assert_int_equal(symlink("/nowhere", other), 0);
	hzt_put(many, "no folder", 9);
	free(other);
	free(many);
}

/* Whatever stands under a name is the old file or the new one. */
static void expect_old_or_new(void)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = hzt_path(g.out, files[i].name);
		uint8_t *old = old_content(i), *new = content(&files[i]);

		if (access(path, F_OK) == 0)
			assert_true(is_right(path, old, files[i].len) || is_right(path, new, files[i].len));
		free(path);
		free(old);
		free(new);
	}
}

static void an_update_makes_an_older_tree_the_same(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	make_old();
	assert_ok(restore(HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE | HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	assert_int_equal(count_right(), ARRAY_LEN(files));
	assert_int_equal(res.verify_mismatch + res.left_existing + res.failed_target + res.meta_short, 0);
	/* The folders too and many, and the one where the pipe is. */
	assert_int_equal(res.deleted, 3);
	assert_int_equal(count_temps(g.out), 0);
	assert_ok(restore(HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE, NULL, &res, &err), &err);
	assert_int_equal(res.bytes + res.deleted, 0);
	assert_int_equal(res.unchanged, ARRAY_LEN(files) + SMALL);
}

static uint64_t written; /* atomic */

static ssize_t count_written(int fd, const struct iovec *iov, int n, off_t off)
{
	ssize_t len = vfs_system()->pwritev(fd, iov, n, off);

	if (len > 0)
		(void)__atomic_add_fetch(&written, (uint64_t)len, __ATOMIC_RELAXED);
	return len;
}

static void an_update_writes_only_the_chunks_that_differ(void **state)
{
	struct vfs counting = *vfs_system();
	hz_restore_result res;
	hz_error *err = NULL;
	char *path = hzt_path(g.out, "big");
	uint8_t *data = old_content(3);

	(void)state;
	assert_string_equal(files[3].name, "big");
	assert_ok(restore(0, NULL, &res, &err), &err);
	hzt_put(path, data, files[3].len);
	counting.pwritev = count_written;
	written = 0;
	vfs_install(&counting);
	assert_ok(restore(HZ_RESTORE_UPDATE, NULL, &res, &err), &err);
	vfs_install(NULL);
	assert_int_equal(count_right(), ARRAY_LEN(files));
	/* The journal is written too. */
	assert_in_range(written, res.bytes, res.bytes + 4096);
	assert_in_range(res.bytes, 1, files[3].len / 2);
	free(path);
	free(data);
}

/* Each of the first calls of an update fails in its turn, then fewer and fewer. */
static void update_each(unsigned set, int errnum)
{
	unsigned n = 1;

	for (bool fired = true; fired; n += n) {
		hz_restore_result res;
		hz_error *err = NULL;
		int rc;

		make_old();
		fault_start(set, n, errnum);
		rc = restore(HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE, NULL, &res, &err);
		fired = fault_stop();
		assert_true(rc == 0 || err);
		hz_error_free(err);
		err = NULL;
		expect_old_or_new();
		if (rc == 0 && res.failed_target + res.failed_damage + res.left_existing == 0)
			assert_int_equal(count_right(), ARRAY_LEN(files));
		assert_ok(restore(HZ_RESTORE_UPDATE | HZ_RESTORE_DELETE | HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
		assert_int_equal(count_right(), ARRAY_LEN(files));
		assert_int_equal(res.verify_mismatch + res.failed_target + res.left_existing, 0);
		assert_int_equal(count_temps(g.out), 0);
		(void)clean(NULL);
	}
	assert_true(n > 20);
}

static void an_update_that_fails_leaves_old_files_or_new_ones(void **state)
{
	(void)state;
	update_each(FAULT_WRITE | FAULT_TRUNCATE | FAULT_RENAME | FAULT_MKDIR | FAULT_LINK | FAULT_UNLINK, EIO);
	update_each(FAULT_OPEN | FAULT_RENAME | FAULT_UNLINK, EACCES);
}

static void a_flush_that_fails_is_an_error(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(mkdir(g.out, 0700), 0);
	fault_start(FAULT_FSYNC, 1, EIO);
	assert_fails(restore(0, NULL, &res, &err), HZ_E_IO, &err);
	assert_true(fault_stop());
}

/* ---- systems that lack something ---- */

static struct vfs table;

static int no_noreplace(int olddir, const char *oldp, int newdir, const char *newp, unsigned flags)
{
	if (!flags)
		return vfs_system()->renameat2(olddir, oldp, newdir, newp, 0);
	errno = EINVAL;
	return -1;
}

static int no_link(int olddir, const char *oldp, int newdir, const char *newp, int flags)
{
	(void)olddir, (void)oldp, (void)newdir, (void)newp, (void)flags;
	errno = EPERM;
	return -1;
}

static int no_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	(void)dirfd, (void)path, (void)flags, (void)mode, (void)resolve;
	errno = ENOSYS;
	return -1;
}

static void neither_openat2_nor_noreplace_is_needed(void **state)
{
	(void)state;
	table = *vfs_system();
	table.renameat2 = no_noreplace;
	table.openat2 = no_openat2;
	vfs_install(&table);
	expect_whole(HZ_RESTORE_VERIFY);
}

static void without_hard_links_there_are_copies_and_that_is_said(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	table = *vfs_system();
	table.renameat2 = no_noreplace;
	table.linkat = no_link;
	vfs_install(&table);
	assert_ok(restore(HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	assert_int_equal(res.files, ARRAY_LEN(files) + SMALL + 1);
	assert_int_equal(res.meta_short, 1);
	assert_int_equal(res.verify_mismatch, 0);
	assert_int_equal(count_right(), ARRAY_LEN(files));
}

/* ---- systems that lie ---- */

static ssize_t wrong_byte(int fd, const struct iovec *iov, int n, off_t off)
{
	static const uint8_t zero;
	struct iovec one = { (void *)(uintptr_t)&zero, 1 };
	ssize_t done = vfs_system()->pwritev(fd, iov, n, off);

	if (off == 0 && done > 100000)
		(void)vfs_system()->pwritev(fd, &one, 1, 5);
	return done;
}

static int no_mode(int fd, mode_t mode)
{
	(void)fd, (void)mode;
	return 0;
}

static void verify_finds_bytes_that_the_disk_made_up(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	table = *vfs_system();
	table.pwritev = wrong_byte;
	vfs_install(&table);
	assert_ok(restore(HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	/* big and large. */
	assert_int_equal(res.verify_mismatch, 2);
}

static void verify_finds_attributes_that_were_not_kept(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	const mode_t mask = umask(077);

	table = *vfs_system();
	table.fchmod = no_mode;
	vfs_install(&table);
	assert_ok(restore(HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	(void)umask(mask);
	/* All but the symlink and the pipe, which is made with its rights. */
	assert_int_equal(res.verify_mismatch, res.verified - 2);
}

/* ---- somebody else in the target ---- */

/* A folder that was just made is moved away, and a symlink leads elsewhere in its place. */
static int swapped_mkdir(int dirfd, const char *path, mode_t mode)
{
	int rc = vfs_system()->mkdirat(dirfd, path, mode);

	if (rc == 0 && (strcmp(path, "a") == 0 || strcmp(path, "many") == 0)) {
		assert_int_equal(renameat(dirfd, path, dirfd, "moved"), 0);
		assert_int_equal(symlinkat(g.aside, dirfd, path), 0);
	}
	return rc;
}

static void a_symlink_in_place_of_a_folder_leads_nowhere(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(mkdir(g.aside, 0700), 0);
	table = *vfs_system();
	table.mkdirat = swapped_mkdir;
	vfs_install(&table);
	assert_ok(restore(HZ_RESTORE_VERIFY, NULL, &res, &err), &err);
	assert_int_equal(hzt_count_names(g.aside), 0);
	assert_true(res.failed_target >= SMALL);
	/* The link to a file that is not there is made from the content. */
	assert_int_equal(res.files, 4);
}

/* Whatever is opened for writing finds its final name taken. */
static int planting_open(int dirfd, const char *path, int flags, mode_t mode)
{
	if ((flags & O_CREAT) && strncmp(path, ".hozen-", 7) == 0) {
		int fd = openat(dirfd, "big", O_WRONLY | O_CREAT, 0600);

		assert_true(fd >= 0);
		(void)!write(fd, "mine", 4);
		(void)close(fd);
	}
	return vfs_system()->openat(dirfd, path, flags, mode);
}

static void a_file_that_appears_is_not_replaced(void **state)
{
	hz_restore_result res;
	hz_error *err = NULL;
	char *path = hzt_path(g.out, "big");

	(void)state;
	table = *vfs_system();
	table.openat = planting_open;
	vfs_install(&table);
	assert_ok(restore(0, NULL, &res, &err), &err);
	assert_int_equal(res.left_existing, 1);
	assert_true(is_right(path, (const uint8_t *)"mine", 4));
	assert_int_equal(count_temps(g.out), 0);
	free(path);
}

/* ---- stopping ---- */

static int stop(void *user, const hz_progress *p)
{
	return p->phase == *(const uint32_t *)user;
}

static void a_restore_can_be_stopped_anywhere(void **state)
{
	static const uint32_t phases[] = { HZ_PHASE_PLAN, HZ_PHASE_DATA, HZ_PHASE_ATTRS, HZ_PHASE_VERIFY };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
		hz_restore_result res;
		hz_error *err = NULL;
		hz_job *job = NULL;
		uint32_t phase = phases[i];

		assert_ok(hz_job_new(&job, &err), &err);
		hz_job_on_progress(job, stop, &phase);
		assert_fails(restore(HZ_RESTORE_VERIFY, job, &res, &err), HZ_E_CANCELED, &err);
		(void)count_right();
		assert_int_equal(count_temps(g.out), 0);
		hz_job_free(job);
		(void)clean(NULL);
	}
}

#define T(f) cmocka_unit_test_teardown(f, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(everything_is_restored_and_verified),
		T(small_limits_change_nothing),
		T(what_the_store_says_of_itself_changes_nothing),
		T(a_target_that_hands_down_acls_gives_none),
		T(a_dry_run_counts_the_same_and_writes_nothing),
		T(options_of_no_meaning_are_refused),
		T(a_disk_that_fails_leaves_only_whole_files),
		T(a_full_disk_leaves_only_whole_files),
		T(what_may_not_be_written_is_left_out),
		T(short_writes_are_completed),
		T(an_update_makes_an_older_tree_the_same),
		T(an_update_writes_only_the_chunks_that_differ),
		T(an_update_that_fails_leaves_old_files_or_new_ones),
		T(a_flush_that_fails_is_an_error),
		T(neither_openat2_nor_noreplace_is_needed),
		T(without_hard_links_there_are_copies_and_that_is_said),
		T(verify_finds_bytes_that_the_disk_made_up),
		T(verify_finds_attributes_that_were_not_kept),
		T(a_symlink_in_place_of_a_folder_leads_nowhere),
		T(a_file_that_appears_is_not_replaced),
		T(a_restore_can_be_stopped_anywhere),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
