/* SPDX-License-Identifier: BSD-2-Clause */
/* See scene.h. */
#include "scene.h"
#include "support/trees.h"
#include "unit/archive/backups.h"
#include <malloc.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small packs, so that a create puts several. */
#define PACK_LOG2 20

const char *scene_path(const char *dir, const char *name)
{
	static __thread char ring[64][PATH_MAX];
	static __thread unsigned at;
	char *out = ring[at++ % ARRAY_LEN(ring)];

	(void)snprintf(out, PATH_MAX, "%s/%s", dir, name);
	return out;
}

/* Ordinary memory for secrets (--wrap): guard pages and locks are four calls each, which would be half of the time. */
void *__wrap_sodium_malloc(size_t n);
void *__wrap_sodium_malloc(size_t n)
{
	return aligned_alloc(64, (n + 63) & ~(size_t)63);
}

void __wrap_sodium_free(void *p);
void __wrap_sodium_free(void *p)
{
	free(p);
}

/* What one call frees the next one uses again: thousands are made, and page faults would cost most. */
static void keep_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
	(void)mallopt(M_ARENA_MAX, 1);
}

bool scene_begin(struct scene_part *part, int argc, char **argv)
{
	*part = (struct scene_part){ .seed = 1 };
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--all") == 0)
			part->all = true;
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			part->seed = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
			part->only = argv[++i];
		else
			return false;
	}
	keep_memory();
	return setenv("CMOCKA_TEST_ABORT", "1", 1) == 0;
}

bool scene_is_wanted(const struct scene_part *part, const char *name)
{
	return !part->only || strcmp(part->only, name) == 0;
}

/* The same for the address sanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8";
}

/* ---- sources ---- */

static void put_random(const char *dir, const char *name, size_t len, uint64_t seed)
{
	struct hzt_random r = { seed };
	uint8_t *data = malloc(len + 1);

	assert_non_null(data);
	hzt_random_fill(&r, data, len);
	hzt_put(scene_path(dir, name), data, len);
	free(data);
}

static void make_source(const char *dir, uint64_t seed)
{
	char name[32];

	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mkdir(scene_path(dir, "sub"), 0750), 0);
	assert_int_equal(mkdir(scene_path(dir, "sub/empty"), 0700), 0);
	put_random(dir, "large", 1200000, seed);
	put_random(dir, "nothing", 0, seed);
	for (unsigned i = 0; i < 6; i++) {
		(void)snprintf(name, sizeof(name), "sub/%u", i);
		put_random(dir, name, 200 + i * 900, seed + i);
	}
	assert_int_equal(symlink("sub/1", scene_path(dir, "link")), 0);
}

void scene_change(const struct scene *s, unsigned source, uint64_t seed)
{
	const char *dir = s->source[source];
	char name[32];

	(void)snprintf(name, sizeof(name), "new.%llu", (unsigned long long)seed);
	put_random(dir, name, 300000, seed);
	put_random(dir, "sub/2", 5000, seed + 1);
	(void)unlink(scene_path(dir, "sub/3"));
}

/* ---- the repository ---- */

static void make_repository(const struct scene *s)
{
	const char *keys = scene_path(s->world, "keys");
	struct store *st = NULL;
	struct fixture f;
	struct bundle *second;
	struct writer_info w;
	struct secret *group = NULL;
	struct uid id;

	assert_int_equal(mkdir(keys, 0700), 0);
	assert_ok(store_open(&st, scene_path(s->world, "repo"), STORE_CREATE, NULL), NULL);
	fixture_make(&f, st, SUITE_SODIUM, 2, PACK_LOG2);
	/* The second host is of the same group. */
	id = f.writer->group;
	assert_ok(secret_dup(&group, f.group_secret, NULL), NULL);
	second = fixture_writer(&f, &w, &id, group);
	fixture_add_writer(&f, &w, "second");
	fixture_head(&f, second);
	free(fixture_key_file(keys, "writer.0", f.writer));
	free(fixture_key_file(keys, "writer.1", second));
	free(fixture_key_file(keys, "reader", f.reader));
	free(fixture_key_file(keys, "admin", f.admin));
	bundle_free(second);
	secret_free(group);
	fixture_free(&f);
}

struct scene *scene_new(bool with_repository)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->dir = hzt_tmpdir();
	s->world = hzt_path(s->dir, "world");
	assert_int_equal(mkdir(s->world, 0700), 0);
	for (unsigned h = 0; h < SCENE_HOSTS; h++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "source.%u", h);
		s->source[h] = hzt_path(s->dir, name);
		make_source(s->source[h], 100 * (h + 1));
	}
	if (with_repository)
		make_repository(s);
	return s;
}

void scene_free(struct scene *s)
{
	for (unsigned h = 0; h < SCENE_HOSTS; h++)
		free(s->source[h]);
	free(s->world);
	hzt_tmpdir_remove(s->dir);
	free(s);
}

/* ---- calls ---- */

static int passphrase(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	(void)user, (void)confirm, (void)cap, (void)err;
	memcpy(out, "correct horse", 13);
	*len = 13;
	return 0;
}

hz_repo_options scene_options(const struct scene_at *at)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	char name[32];

	(void)snprintf(name, sizeof(name), "state.%u", at->host);
	o.state_dir = scene_path(at->world, name);
	(void)snprintf(name, sizeof(name), "cache.%u", at->host);
	o.cache_dir = scene_path(at->world, name);
	(void)snprintf(name, sizeof(name), "keys/%.20s", at->key);
	o.key_file = scene_path(at->world, name);
	o.location = scene_path(at->world, "repo");
	o.passphrase = passphrase;
	o.workers = 2;
	return o;
}

int scene_create(const struct scene *s, const struct scene_at *at, hz_backup_result *res, hz_error **err)
{
	hz_repo_options o = scene_options(at);
	hz_backup_options opts = HZ_BACKUP_OPTIONS_INIT;
	const char *paths[] = { s->source[at->source] };

	opts.paths = paths;
	opts.n_paths = 1;
	opts.host = at->host ? "second" : "first";
	return hz_backup(&o, &opts, NULL, res, err);
}

unsigned scene_remember(struct scene *s, unsigned source, const char id[HZ_ID_HEX])
{
	char name[16];

	assert_true(s->n < SCENE_SNAPSHOTS);
	memcpy(s->id[s->n], id, HZ_ID_HEX);
	s->of[s->n] = source;
	(void)snprintf(name, sizeof(name), "was.%u", s->n);
	hzt_tree_copy(s->source[source], scene_path(s->dir, name));
	return s->n++;
}

int scene_restore(const struct scene_at *at, const char *id, const char *target, hz_restore_result *res, hz_error **err)
{
	hz_repo_options o = scene_options(at);
	hz_restore_options opts = HZ_RESTORE_OPTIONS_INIT;
	hz_reader *r = NULL;
	int rc = hz_reader_open(&r, &o, HZ_NEED_READ, NULL, err);

	opts.target = target;
	if (rc == 0)
		rc = hz_restore(r, id, &opts, NULL, res, err);
	hz_reader_close(r);
	return rc;
}

/* ---- what has to be ---- */

static bool failed(char why[400], const char *what, int rc, hz_error *err)
{
	(void)snprintf(why, 400, "%s: %s: %.300s", what, hz_error_name(rc), hz_error_message(err));
	hz_error_free(err);
	return false;
}

static bool is_exactly(const struct scene_at *at, const char *id, const char *source, const char *was, char why[400])
{
	char *target = hzt_path(at->world, "restored");
	hz_restore_result res = HZ_RESTORE_RESULT_INIT;
	hz_error *err = NULL;
	int rc = scene_restore(at, id, target, &res, &err);
	bool ok;

	ok = rc == 0 && !hzt_trees_differ(was, scene_path(target, source + 1), why, 400);
	if (rc == 0)
		hzt_tmpdir_remove(target);
	else
		free(target);
	return rc < 0 ? failed(why, "restore", rc, err) : ok;
}

bool scene_is_exact(const struct scene *s, const struct scene_at *at, unsigned snapshot, char why[400])
{
	char name[16];

	(void)snprintf(name, sizeof(name), "was.%u", snapshot);
	return is_exactly(at, s->id[snapshot], s->source[s->of[snapshot]], scene_path(s->dir, name), why);
}

bool scene_is_source(const struct scene *s, const struct scene_at *at, const char *id, char why[400])
{
	return is_exactly(at, id, s->source[at->source], s->source[at->source], why);
}

static bool is_sound(const struct scene_at *at, bool may_mend, char why[400])
{
	hz_repo_options o = scene_options(at);
	hz_check_result res = HZ_CHECK_RESULT_INIT;
	const hz_check_options read_data = { .size = sizeof(read_data), .flags = HZ_CHECK_READ_DATA };
	hz_reader *r = NULL;
	hz_error *err = NULL;
	int rc = hz_reader_open(&r, &o, HZ_NEED_READ, NULL, &err);

	if (rc == 0)
		rc = hz_check(r, &read_data, NULL, &res, &err);
	hz_reader_close(r);
	if (rc < 0)
		return failed(why, "check", rc, err);
	if (may_mend)
		res.damaged -= res.mendable;
	if (res.damaged || res.snapshots_hurt)
		(void)snprintf(why, 400, "check: %llu damaged, %llu snapshots hurt", (unsigned long long)res.damaged,
			(unsigned long long)res.snapshots_hurt);
	return !res.damaged && !res.snapshots_hurt;
}

bool scene_is_sound(const struct scene_at *at, char why[400])
{
	return is_sound(at, false, why);
}

bool scene_loses_nothing(const struct scene_at *at, char why[400])
{
	return is_sound(at, true, why);
}

struct listed {
	const struct scene *s;
	unsigned seen;
	bool unknown;
	char new[HZ_ID_HEX];
};

static int list_one(void *user, const hz_snapshot_info *info)
{
	struct listed *l = user;

	for (unsigned i = 0; i < l->s->n; i++) {
		if (strcmp(info->id, l->s->id[i]) == 0) {
			l->seen |= 1u << i;
			l->unknown |= !info->complete;
			return 0;
		}
	}
	l->unknown |= !l->s->may_be_new || *l->new;
	memcpy(l->new, info->id, HZ_ID_HEX);
	return 0;
}

bool scene_snapshots_are_whole(const struct scene *s, const struct scene_at *at, unsigned must, char why[400])
{
	hz_repo_options o = scene_options(at);
	struct listed l = { .s = s };
	hz_reader *r = NULL;
	hz_error *err = NULL;
	int rc = hz_reader_open(&r, &o, HZ_NEED_READ, NULL, &err);

	if (rc == 0)
		rc = hz_snapshots(r, NULL, list_one, &l, NULL, &err);
	hz_reader_close(r);
	if (rc < 0)
		return failed(why, "snapshots", rc, err);
	if (l.unknown || (must & ~l.seen)) {
		(void)snprintf(why, 400, "snapshots: %#x are listed, %#x have to be%s", l.seen, must,
			l.unknown ? ", and there is one that nobody made" : "");
		return false;
	}
	for (unsigned i = 0; i < s->n; i++) {
		if ((l.seen & (1u << i)) && !scene_is_exact(s, at, i, why))
			return false;
	}
	return !*l.new || scene_is_source(s, at, l.new, why);
}

bool scene_goes_on(const struct scene *s, const struct scene_at *at, char why[400])
{
	struct scene_at reader = *at;
	hz_backup_result res = HZ_BACKUP_RESULT_INIT;
	hz_error *err = NULL;
	int rc = scene_create(s, at, &res, &err);

	if (rc < 0)
		return failed(why, "the next create", rc, err);
	if (res.alarm || !res.complete || !*res.snapshot_id) {
		(void)snprintf(why, 400, "the next create: alarms %#x, complete %u, snapshot %s", res.alarm,
			res.complete, res.snapshot_id);
		return false;
	}
	reader.key = "reader";
	return scene_is_source(s, &reader, res.snapshot_id, why);
}
