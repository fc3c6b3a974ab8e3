/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of whole restores: a tree that is written here, a repository that holds it, made once, and what a restore
 * of it came to. */
#ifndef UNIT_ARCHIVE_RESTORED_H
#define UNIT_ARCHIVE_RESTORED_H

#include "fixture.h"
#include "support/trees.h"
#include "archive/restore.h"
#include "hozen/backup.h"
#include <dirent.h>
#include <sys/stat.h>
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

/* Made once: hundreds of restores are compared with it. */
static UNUSED uint8_t *made_content[ARRAY_LEN(files)];

static UNUSED const uint8_t *content(size_t i)
{
	struct hzt_random r = { files[i].seed };

	if (!made_content[i]) {
		made_content[i] = malloc(files[i].len + 1);
		assert_non_null(made_content[i]);
		hzt_random_fill(&r, made_content[i], files[i].len);
	}
	return made_content[i];
}

static UNUSED void make_source(void)
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
		path = hzt_path(g.src, files[i].name);
		hzt_put(path, content(i), files[i].len);
		free(path);
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

static UNUSED int passphrase(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	(void)user, (void)confirm, (void)err;
	assert_true(cap > 8);
	memcpy(out, "a secret", 8);
	*len = 8;
	return 0;
}

static UNUSED hz_repo_options repo_options(const char *key)
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

static UNUSED int group_setup(void **state)
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

static UNUSED int group_teardown(void **state)
{
	(void)state;
	hz_reader_close(g.reader);
	assert_int_equal(chdir("/"), 0);
	hzt_tmpdir_remove(g.dir);
	free(g.src);
	free(g.out);
	free(g.aside);
	free(g.repo);
	free(g.key);
	free(g.reader_key);
	free(g.state);
	free(g.cache);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		free(made_content[i]);
	return 0;
}

/* Removes what a test has restored. */
static UNUSED int clean(void **state)
{
	const char *left[] = { g.out, g.aside };

	(void)state;
	vfs_install(NULL);
	restore_limits = (struct restore_limits){ (size_t)8 << 20, 64, 256 };
	g.reader->repo.store->remote = g.reader->repo.store->rotational = false;
	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		if (access(left[i], F_OK) == 0)
			hzt_tree_remove(left[i]);
	}
	return 0;
}

/* ---- restoring, and looking at it ---- */

static UNUSED int restore(uint32_t flags, hz_job *job, hz_restore_result *res, hz_error **err)
{
	hz_restore_options o = HZ_RESTORE_OPTIONS_INIT;

	o.target = g.out;
	o.flags = flags;
	*res = (hz_restore_result)HZ_RESTORE_RESULT_INIT;
	return hz_restore(g.reader, g.id, &o, job, res, err);
}

static UNUSED bool is_right(const char *path, const uint8_t *data, size_t len)
{
	size_t n = 0;
	uint8_t *got = hzt_get(path, &n);
	bool right = n == len && (len == 0 || memcmp(got, data, len) == 0);

	free(got);
	return right;
}

/* How many of files[] are there; each that is must be whole. */
static UNUSED size_t count_right(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = hzt_path(g.out, files[i].name);
		struct stat st;

		if (lstat(path, &st) == 0) {
			assert_true(is_right(path, content(i), files[i].len));
			n++;
		}
		free(path);
	}
	return n;
}

static UNUSED size_t count_temps(const char *path)
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

static UNUSED void expect_whole(uint32_t flags)
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

#define T(f) cmocka_unit_test_teardown(f, clean)

#endif
