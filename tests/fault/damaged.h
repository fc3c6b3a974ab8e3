/* SPDX-License-Identifier: BSD-2-Clause */
/* A small repository with every type of object in a folder, the trees that it holds, and what check and restore make
 * of it once it is damaged. */
#ifndef FAULT_DAMAGED_H
#define FAULT_DAMAGED_H

#include "unit/archive/fixture.h"
#include "archive/restore.h"
#include "hozen.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECTS_MAX 40u
#define STAGES      3u /* after init, after the first backup, after the second */
#define SNAPSHOTS   2u
#define LOST_MAX    16u
#define PASSPHRASE  "correct horse"

struct stored {
	char name[STORE_NAME_MAX]; /* or "keyfile" */
	char *path;
	uint8_t *data;
	size_t len;
	unsigned stage; /* the first in which it is there */
};

static struct damaged {
	char *dir, *source, *location, *state, *cache, *target, *key, *writer_key;
	struct fixture f;
	char id[SNAPSHOTS][HZ_ID_HEX];
	struct stored v[OBJECTS_MAX];
	size_t n;
} d;

/* What is in the source at each backup; NULL: not there. Sizes in bytes of a seeded stream, or a symlink's target. */
static const struct wanted {
	const char *path, *link;
	size_t len[SNAPSHOTS];
	uint64_t seed;
} wanted[] = {
	{ "empty", NULL, { 0, 0 }, 1 },
	{ "one", NULL, { 700, 700 }, 2 },
	{ "folder/two", NULL, { 9000, 9000 }, 3 },
	{ "folder/deeper/three", NULL, { 30, 30 }, 4 },
	{ "grows", NULL, { 50, 20000 }, 5 },
	{ "link", "folder/two", { 0, 0 }, 0 },
};

static uint8_t *content_of(const struct wanted *w, unsigned snapshot)
{
	struct hzt_random r = { w->seed };
	uint8_t *data = malloc(w->len[snapshot] + 1);

	assert_non_null(data);
	hzt_random_fill(&r, data, w->len[snapshot]);
	return data;
}

static void source_write(unsigned snapshot)
{
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		AUTO_FREE char *path = hzt_path(d.source, wanted[i].path);
		AUTO_FREE uint8_t *data = content_of(&wanted[i], snapshot);

		if (!wanted[i].link)
			hzt_put(path, data, wanted[i].len[snapshot]);
		else if (snapshot == 0)
			assert_int_equal(symlink(wanted[i].link, path), 0);
	}
}

static hz_repo_options options_of(const char *key)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;

	o.location = d.location;
	o.state_dir = d.state;
	o.cache_dir = d.cache;
	o.key_file = key;
	o.workers = 1;
	return o;
}

static void back_up(unsigned snapshot)
{
	hz_repo_options o = options_of(d.writer_key);
	hz_backup_options opts = HZ_BACKUP_OPTIONS_INIT;
	hz_backup_result res = HZ_BACKUP_RESULT_INIT;
	const char *paths[] = { d.source };
	hz_error *err = NULL;

	source_write(snapshot);
	opts.paths = paths;
	opts.n_paths = 1;
	opts.host = "testhost";
	assert_ok(hz_backup(&o, &opts, NULL, &res, &err), &err);
	assert_true(res.complete);
	memcpy(d.id[snapshot], res.snapshot_id, HZ_ID_HEX);
}

/* ---- its objects ---- */

struct listing_at {
	unsigned stage;
};

static int object_add(void *user, const char *name, uint64_t size)
{
	const struct listing_at *at = user;
	struct stored *o = &d.v[d.n];

	for (size_t i = 0; i < d.n; i++) {
		if (strcmp(d.v[i].name, name) == 0)
			return 0;
	}
	assert_true(d.n < OBJECTS_MAX);
	(void)snprintf(o->name, sizeof(o->name), "%s", name);
	o->path = hzt_path(d.location, name);
	o->data = hzt_get(o->path, &o->len);
	assert_int_equal(o->len, size);
	assert_int_equal(chmod(o->path, 0600), 0);
	o->stage = at->stage;
	d.n++;
	return 0;
}

static void objects_list(unsigned stage)
{
	struct listing_at at = { stage };

	assert_ok(store_list(d.f.store, "", object_add, &at, NULL), NULL);
	for (size_t i = 0; store_folders[i]; i++)
		assert_ok(store_list(d.f.store, store_folders[i], object_add, &at, NULL), NULL);
}

static void slot_and_mark_put(void)
{
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	AUTO(secret_free) struct secret *pass = NULL;
	struct buf items = BUF_INIT;
	struct mark m = { .n = 1, .kind = 1 };
	struct uid uid;
	struct id hash;
	hz_error *err = NULL;

	assert_ok(secret_from(&pass, PASSPHRASE, strlen(PASSPHRASE), &err), &err);
	assert_ok(slot_build(&object, &uid, &hash, d.f.admin, pass, d.f.root, &err), &err);
	assert_ok(signed_put(d.f.store, name_slot(&uid).s, &object, true, &err), &err);
	assert_ok(item_key(&items, KEY_SLOT, &uid, &hash, &err), &err);
	fixture_append(&d.f, &items);
	buf_reset(&object);
	m.admin_n = d.f.log.n - 1;
	m.admin_head = d.f.log.hashes[m.admin_n];
	assert_ok(mark_build(&object, &m, 0, &d.f.repo, d.f.root, &err), &err);
	assert_ok(signed_put(d.f.store, name_mark(1, 0).s, &object, true, &err), &err);
}

static void keyfile_add(void)
{
	struct stored *o = &d.v[d.n++];

	(void)snprintf(o->name, sizeof(o->name), "keyfile");
	o->path = strdup(d.key);
	o->data = hzt_get(d.key, &o->len);
}

/* The store's folder and the target want to be on a tmpfs: each of many restores flushes the target's file system. */
static void damaged_new(void)
{
	struct store *st = NULL;
	hz_error *err = NULL;

	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
	d.dir = hzt_tmpdir();
	d.source = hzt_path(d.dir, "source");
	d.location = hzt_path(d.dir, "repo");
	d.state = hzt_path(d.dir, "state");
	d.cache = hzt_path(d.dir, "cache");
	d.target = hzt_path(d.dir, "target");
	AUTO_FREE char *folder = hzt_path(d.source, "folder"), *deeper = hzt_path(folder, "deeper");

	assert_int_equal(mkdir(d.source, 0755) | mkdir(folder, 0755) | mkdir(deeper, 0755), 0);
	assert_ok(store_open(&st, d.location, STORE_CREATE, &err), &err);
	fixture_make(&d.f, st, SUITE_SODIUM, 2, 16);
	d.writer_key = fixture_key_file(d.dir, "writer.key", d.f.writer);
	objects_list(0);
	back_up(0);
	objects_list(1);
	back_up(1);
	slot_and_mark_put();
	objects_list(2);
	/* It knows the newest admin head. */
	fixture_head(&d.f, d.f.reader);
	d.key = fixture_key_file(d.dir, "reader.key", d.f.reader);
	keyfile_add();
}

static void damaged_free(void)
{
	for (size_t i = 0; i < d.n; i++) {
		free(d.v[i].path);
		free(d.v[i].data);
	}
	fixture_free(&d.f);
	free(d.source);
	free(d.location);
	free(d.state);
	free(d.cache);
	free(d.target);
	free(d.key);
	free(d.writer_key);
	hzt_tmpdir_remove(d.dir);
}

/* ---- what is said of it ---- */

struct verdict {
	const char *name; /* of the object that is damaged */
	char alias[64];   /* what it is called where its name cannot be known; or empty */
	bool named;       /* by an event or an error of check */
	uint64_t damaged, mendable;
	bool refused;    /* nothing can be restored, which an error says */
	unsigned lost;   /* paths */
	char text[4096]; /* what was said, for a failure */
	/* Of the restore at hand. */
	char *paths[LOST_MAX];
	size_t n_paths;
};

static bool is_name_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '/';
}

/* Does the text name the object, and not one whose name is longer? */
static bool names_it(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strstr(text, name); p; p = strstr(p + 1, name)) {
		bool begins = p == text || (!is_name_char(p[-1]) && p[-1] != '.');
		bool ends = !is_name_char(p[len]) && !(p[len] == '.' && is_name_char(p[len + 1]));

		if (begins && ends)
			return true;
	}
	return false;
}

static bool is_said(const struct verdict *v, const char *text)
{
	return names_it(text, v->name) || (*v->alias && strstr(text, v->alias));
}

static void say(struct verdict *v, const char *text)
{
	size_t at = strlen(v->text);

	(void)snprintf(v->text + at, sizeof(v->text) - at, "%s\n", text);
}

static void on_event(void *user, const hz_event *e)
{
	struct verdict *v = user;

	say(v, e->message);
	v->named = v->named || (e->kind != HZ_EVENT_META && is_said(v, e->message));
	if (e->kind == HZ_EVENT_DAMAGE && e->path && v->n_paths < LOST_MAX)
		v->paths[v->n_paths++] = strndup(e->path, e->path_len);
}

static void paths_forget(struct verdict *v)
{
	while (v->n_paths > 0)
		free(v->paths[--v->n_paths]);
}

/* Was path, or a folder above it, told as lost? */
static bool is_told(const struct verdict *v, const char *path)
{
	for (size_t i = 0; i < v->n_paths; i++) {
		size_t n = strlen(v->paths[i]);

		if (strcmp(v->paths[i], ".") == 0) /* the target itself */
			return true;
		if (strncmp(path, v->paths[i], n) == 0 && (path[n] == 0 || path[n] == '/'))
			return true;
	}
	return false;
}

static size_t entries_left; /* nftw takes no pointer of ours */

static int count_and_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	/* The journal of a restore that failed stays. */
	if (ftw->level > 0 && type != FTW_DP && strcmp(path + ftw->base, RESTORE_JOURNAL) != 0)
		entries_left++;
	return remove(path);
}

/* True: it is there and is right. False: it is not there. Fails when it is there and wrong. */
static bool is_right(const struct wanted *w, unsigned snapshot, const char *path, const char *now)
{
	AUTO_FREE char *full = hzt_path(d.target, path);
	AUTO_FREE uint8_t *want = content_of(w, snapshot);
	char got[64] = { 0 };
	struct stat st;

	if (lstat(full, &st) < 0)
		return false;
	if (w->link) {
		if (!S_ISLNK(st.st_mode) || readlink(full, got, sizeof(got) - 1) < 0 || strcmp(got, w->link) != 0)
			fail_msg("%s: another symlink at %s", now, path);
		return true;
	}
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;

	if (!S_ISREG(st.st_mode))
		fail_msg("%s: no file at %s", now, path);
	data = hzt_get(full, &len);
	if (len != w->len[snapshot] || memcmp(data, want, len) != 0)
		fail_msg("%s: WRONG DATA at %s", now, path);
	return true;
}

/* Whatever stands in the target is right, and what is missing was told. */
static void look_at_target(struct verdict *v, unsigned snapshot, bool failed, const char *now)
{
	size_t right = 0;

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		AUTO_FREE char *path = hzt_path(d.source + 1, wanted[i].path);

		if (is_right(&wanted[i], snapshot, path, now)) {
			right++;
			continue;
		}
		v->lost++;
		if (!failed && !is_told(v, path))
			fail_msg("%s: %s is missing, and nothing says so:\n%s", now, path, v->text);
	}
	entries_left = 0;
	if (nftw(d.target, count_and_remove, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		fail_msg("%s: the target: %s", now, strerror(errno));
	if (entries_left != right)
		fail_msg("%s: %zu things too many in the target", now, entries_left - right);
}

static void take_error(struct verdict *v, hz_error **err)
{
	say(v, hz_error_message(*err));
	v->named = v->named || is_said(v, hz_error_message(*err));
	hz_error_free(*err);
	*err = NULL;
}

static hz_reader *reader_open(struct verdict *v, hz_job *job)
{
	hz_repo_options o = options_of(d.key);
	hz_reader *r = NULL;
	hz_error *err = NULL;

	if (hz_reader_open(&r, &o, HZ_NEED_READ, job, &err) < 0)
		take_error(v, &err);
	return r;
}

static hz_job *job_for(struct verdict *v)
{
	hz_job *job = NULL;

	assert_ok(hz_job_new(&job, NULL), NULL);
	hz_job_on_event(job, on_event, v);
	return job;
}

/* One snapshot into the empty target; r NULL: it could not be opened. */
static void restore_with(struct verdict *v, hz_reader *r, hz_job *job, unsigned snapshot, const char *now)
{
	hz_restore_options opts = HZ_RESTORE_OPTIONS_INIT;
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;
	bool named = v->named; /* what check said counts */
	hz_error *err = NULL;
	int rc = -1;

	opts.target = d.target;
	if (r)
		rc = hz_restore(r, d.id[snapshot], &opts, job, &res, &err);
	if (r && rc < 0)
		take_error(v, &err);
	v->refused = v->refused || rc < 0;
	look_at_target(v, snapshot, rc < 0, now);
	paths_forget(v);
	v->named = named;
}

/* The check, and a restore of the newest snapshot by the same reader. */
static void check_and_restore(struct verdict *v, const char *now)
{
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	const hz_check_options read_data = { .size = sizeof(read_data), .flags = HZ_CHECK_READ_DATA };
	hz_job *job = job_for(v);
	hz_reader *r = reader_open(v, job);
	hz_error *err = NULL;

	v->refused = !r;
	if (r && hz_check(r, &read_data, job, &res, &err) < 0)
		take_error(v, &err);
	v->damaged = res.damaged;
	v->mendable = res.mendable;
	paths_forget(v);
	restore_with(v, r, job, SNAPSHOTS - 1, now);
	hz_reader_close(r);
	hz_job_free(job);
}

/* By a reader of its own. */
static void restore_one(struct verdict *v, unsigned snapshot, const char *now)
{
	hz_job *job = job_for(v);
	hz_reader *r = reader_open(v, job);

	restore_with(v, r, job, snapshot, now);
	hz_reader_close(r);
	hz_job_free(job);
}

#endif
