/* SPDX-License-Identifier: BSD-2-Clause */
/* A repository in a folder with two snapshots of a small tree of many kinds, and key files of every role. */
#ifndef UNIT_ARCHIVE_BACKUPS_H
#define UNIT_ARCHIVE_BACKUPS_H

#include "fixture.h"
#include "hozen.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEP 120

struct backups {
	char *dir, *source, *location, *state, *cache;
	char *key[HZ_ROLE_ADMIN + 1]; /* by role; NULL: none */
	struct fixture f;
	char id[2][HZ_ID_HEX];
};

/* What a call told, and what it was. */
struct events {
	unsigned notes, damage, paths;
	char last_path[512];
	char text[8192]; /* all messages */
};

static UNUSED void on_event(void *user, const hz_event *e)
{
	struct events *v = user;
	size_t at = strlen(v->text);

	if (e->kind == HZ_EVENT_DAMAGE && e->path) {
		v->paths++;
		(void)snprintf(v->last_path, sizeof(v->last_path), "%.*s", (int)e->path_len, e->path);
	} else if (e->kind == HZ_EVENT_DAMAGE) {
		v->damage++;
	} else {
		v->notes++;
	}
	(void)snprintf(v->text + at, sizeof(v->text) - at, "%u %.*s: %s\n", e->kind, (int)e->path_len,
		e->path ? e->path : "", e->message);
}

static UNUSED hz_job *backups_job(struct events *v)
{
	hz_job *job = NULL;

	*v = (struct events){ 0 };
	assert_ok(hz_job_new(&job, NULL), NULL);
	hz_job_on_event(job, on_event, v);
	return job;
}

static UNUSED hz_repo_options backups_options(const struct backups *b, uint32_t role)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;

	o.location = b->location;
	o.state_dir = b->state;
	o.cache_dir = b->cache;
	o.key_file = role ? b->key[role] : "/nowhere/none";
	o.workers = 3;
	return o;
}

static UNUSED hz_reader *backups_reader(const struct backups *b, uint32_t role, uint32_t need)
{
	hz_repo_options o = backups_options(b, role);
	hz_reader *r = NULL;
	hz_error *err = NULL;

	assert_ok(hz_reader_open(&r, &o, need, NULL, &err), &err);
	return r;
}

static UNUSED void source_file(const struct backups *b, const char *name, size_t len, uint64_t seed)
{
	struct hzt_random r = { seed };
	uint8_t *data = malloc(len + 1);
	char *path = hzt_path(b->source, name);

	hzt_random_fill(&r, data, len);
	hzt_put(path, data, len);
	free(path);
	free(data);
}

static UNUSED void source_dir(const struct backups *b, const char *name)
{
	char *path = hzt_path(b->source, name);

	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
}

static UNUSED void source_sparse(const struct backups *b, const char *name)
{
	char *path = hzt_path(b->source, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(pwrite(fd, path, 10, (off_t)i << 20), 10);
	assert_int_equal(ftruncate(fd, (off_t)21 << 20), 0);
	(void)close(fd);
	free(path);
}

static UNUSED void source_make(const struct backups *b)
{
	char deep[DEEP * 2 + 16] = "deep";
	char *a = hzt_path(b->source, "shared/hard"), *c = hzt_path(b->source, "hard"),
	     *to = hzt_path(b->source, "link");

	source_dir(b, "shared");
	source_dir(b, "shared/empty");
	source_dir(b, "shared/many");
	source_file(b, "shared/large", 3u << 20, 1);
	source_file(b, "shared/hard", 3000, 2);
	source_file(b, "shared/nothing", 0, 2);
	source_sparse(b, "shared/sparse");
	for (unsigned i = 0; i < 300; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "shared/many/%u", i);
		source_file(b, name, 100 + i, i);
	}
	source_file(b, "not\xFFutf8", 10, 3);
	source_dir(b, deep);
	for (unsigned i = 0; i < DEEP; i++) {
		strcat(deep, "/d");
		source_dir(b, deep);
	}
	strcat(deep, "/leaf");
	source_file(b, deep, 5000, 4);
	assert_int_equal(link(a, c), 0);
	assert_int_equal(symlink("shared/large", to), 0);
	free(a);
	free(c);
	free(to);
}

static UNUSED void backups_run(struct backups *b, char id[HZ_ID_HEX])
{
	hz_repo_options o = backups_options(b, HZ_ROLE_WRITER);
	hz_backup_options opts = HZ_BACKUP_OPTIONS_INIT;
	hz_backup_result res = HZ_BACKUP_RESULT_INIT;
	const char *paths[] = { b->source }, *tags[] = { "one", "two" };
	hz_error *err = NULL;

	opts.paths = paths;
	opts.n_paths = 1;
	opts.tags = tags;
	opts.n_tags = 2;
	opts.host = "testhost";
	assert_ok(hz_backup(&o, &opts, NULL, &res, &err), &err);
	assert_true(res.complete);
	if (id)
		memcpy(id, res.snapshot_id, HZ_ID_HEX);
}

/* The source is "/tmp/.../source", so that it is stored under its whole path. */
static UNUSED struct backups *backups_new_packs(uint8_t pack_log2)
{
	struct backups *b = calloc(1, sizeof(*b));
	struct store *st = NULL;
	hz_error *err = NULL;

	b->dir = hzt_tmpdir();
	b->source = hzt_path(b->dir, "source");
	b->location = hzt_path(b->dir, "repo");
	b->state = hzt_path(b->dir, "state");
	b->cache = hzt_path(b->dir, "cache");
	assert_int_equal(mkdir(b->source, 0755), 0);
	source_make(b);
	assert_ok(store_open(&st, b->location, STORE_CREATE, &err), &err);
	fixture_make(&b->f, st, SUITE_SODIUM, 2, pack_log2);
	b->key[HZ_ROLE_WRITER] = fixture_key_file(b->dir, "writer.key", b->f.writer);
	b->key[HZ_ROLE_LISTER] = fixture_key_file(b->dir, "lister.key", b->f.lister);
	b->key[HZ_ROLE_READER] = fixture_key_file(b->dir, "reader.key", b->f.reader);
	b->key[HZ_ROLE_ADMIN] = fixture_key_file(b->dir, "admin.key", b->f.admin);
	backups_run(b, b->id[0]);
	source_file(b, "added", 70000, 9);
	backups_run(b, b->id[1]);
	return b;
}

static UNUSED struct backups *backups_new(void)
{
	return backups_new_packs(24);
}

static UNUSED void backups_free(struct backups *b)
{
	for (unsigned i = 0; i < ARRAY_LEN(b->key); i++)
		free(b->key[i]);
	fixture_free(&b->f);
	free(b->source);
	free(b->location);
	free(b->state);
	free(b->cache);
	hzt_tmpdir_remove(b->dir);
	free(b);
}

/* Names of a folder of the store, in order. */
struct names {
	struct name v[256];
	size_t n;
};

static UNUSED int names_add(void *user, const char *name, uint64_t size)
{
	struct names *l = user;

	(void)size;
	assert_true(l->n < ARRAY_LEN(l->v));
	(void)snprintf(l->v[l->n++].s, sizeof(l->v[0].s), "%s", name);
	return 0;
}

static UNUSED int names_cmp(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->s, ((const struct name *)b)->s);
}

static UNUSED struct names *names_of(struct store *st, const char *folder)
{
	struct names *l = calloc(1, sizeof(*l));

	assert_ok(store_list(st, folder, names_add, l, NULL), NULL);
	qsort(l->v, l->n, sizeof(l->v[0]), names_cmp);
	return l;
}

#endif
