/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots, what is in them, how much it is, and keys. */
#include "backups.h"

static struct backups *b;
static hz_reader *r;

static int group_setup(void **state)
{
	(void)state;
	b = backups_new();
	r = backups_reader(b, HZ_ROLE_LISTER, HZ_NEED_LIST);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	hz_reader_close(r);
	backups_free(b);
	return 0;
}

/* ---- snapshots ---- */

struct snapshots {
	unsigned n;
	char id[4][HZ_ID_HEX];
	int stop_after, code;
};

static int see_snapshot(void *user, const hz_snapshot_info *s)
{
	struct snapshots *l = user;

	assert_true(l->n < 4);
	memcpy(l->id[l->n++], s->id, HZ_ID_HEX);
	assert_string_equal(s->hostname, "testhost");
	assert_int_equal(s->n_paths, 1);
	assert_string_equal(s->paths[0], b->source);
	assert_int_equal(s->n_tags, 2);
	assert_string_equal(s->tags[1], "two");
	assert_true(s->complete && !s->forgotten && s->source_errors == 0);
	assert_true(
		s->total_files >= 306 && s->total_dirs > DEEP && s->total_others == 1 && s->total_bytes > (3u << 20));
	assert_true(s->stored_bytes > 0 && s->time_sec > 1600000000);
	assert_string_equal(s->writer_id, uid_hex(&b->f.writer->key_id).s);
	return l->stop_after && (int)l->n == l->stop_after ? l->code : 0;
}

static void snapshots_come_oldest_first(void **state)
{
	struct snapshots l = { .n = 0 };
	hz_error *err = NULL;

	(void)state;
	assert_ok(hz_snapshots(r, NULL, see_snapshot, &l, NULL, &err), &err);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.id[0], b->id[0]);
	assert_string_equal(l.id[1], b->id[1]);
}

static void who_lists_can_stop(void **state)
{
	struct snapshots l = { .stop_after = 1, .code = 7 };

	(void)state;
	assert_int_equal(hz_snapshots(r, NULL, see_snapshot, &l, NULL, NULL), 7);
	assert_int_equal(l.n, 1);
}

static void a_damaged_commit_is_told_and_the_others_are_given(void **state)
{
	struct names *names = names_of(b->f.store, "commits");
	struct snapshots l = { .n = 0 };
	struct events v;
	hz_job *job = backups_job(&v);
	hz_reader *own;
	hz_error *err = NULL;

	(void)state;
	fixture_damage(b->f.store, names->v[0].s, 0, 3);
	own = backups_reader(b, HZ_ROLE_LISTER, HZ_NEED_LIST);
	for (unsigned round = 0; round < 2; round++) {
		l.n = 0;
		assert_fails(hz_snapshots(own, NULL, see_snapshot, &l, job, &err), HZ_E_CORRUPT, &err);
		assert_int_equal(l.n, 1);
	}
	assert_true(v.damage >= 1);
	hz_reader_close(own);
	fixture_damage(b->f.store, names->v[0].s, 0, 3);
	hz_job_free(job);
	free(names);
}

static void a_snapshot_is_found_by_prefix_latest_and_time(void **state)
{
	char id[HZ_ID_HEX] = "", prefix[HZ_ID_HEX];
	hz_error *err = NULL;

	(void)state;
	assert_ok(hz_snapshot_find(id, r, "latest", NULL, NULL, &err), &err);
	assert_string_equal(id, b->id[1]);
	(void)snprintf(prefix, sizeof(prefix), "%.12s", b->id[0]);
	assert_ok(hz_snapshot_find(id, r, prefix, NULL, NULL, &err), &err);
	assert_string_equal(id, b->id[0]);
	assert_ok(hz_snapshot_find(id, r, "2999-01-01T00:00Z", NULL, NULL, &err), &err);
	assert_string_equal(id, b->id[1]);
	assert_fails(hz_snapshot_find(id, r, "2001-01-01", NULL, NULL, &err), HZ_E_NOTFOUND, &err);
	assert_fails(hz_snapshot_find(id, r, "00000000000", NULL, NULL, &err), HZ_E_NOTFOUND, &err);
	assert_fails(hz_snapshot_find(id, r, "xyz", NULL, NULL, &err), HZ_E_NOTFOUND, &err);
}

/* ---- ls ---- */

#define ENTRIES_MAX 2000u
struct listing {
	size_t n;
	struct listed {
		char path[1024];
		hz_entry_info info;
		char link[256], user[64];
	} * v;
	int stop_after;
};

static int see_entry(void *user, const hz_entry_info *e)
{
	struct listing *l = user;
	struct listed *at;

	assert_true(l->n < ENTRIES_MAX);
	at = &l->v[l->n++];
	assert_true(e->path_len < sizeof(at->path));
	memcpy(at->path, e->path, e->path_len);
	at->path[e->path_len] = '\0';
	at->info = *e;
	(void)snprintf(at->link, sizeof(at->link), "%.*s", (int)e->link_len, e->link ? e->link : "");
	(void)snprintf(at->user, sizeof(at->user), "%s", e->user);
	return l->stop_after && (int)l->n == l->stop_after ? HZ_E_CANCELED : 0;
}

static int ls(struct listing *l, hz_reader *reader, const char *id, const char *path, hz_job *job, hz_error **err)
{
	if (!l->v)
		l->v = calloc(ENTRIES_MAX, sizeof(*l->v));
	l->n = 0;
	return hz_ls(reader, id, path, see_entry, l, job, err);
}

/* The stored path of something in the source. */
static char *stored(const char *name)
{
	char *whole = hzt_path(b->source, name), *path = strdup(whole + 1);

	free(whole);
	return path;
}

static struct listed *find(struct listing *l, const char *name)
{
	char *path = *name ? stored(name) : strdup(b->source + 1);
	struct listed *found = NULL;

	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].path, path) == 0)
			found = &l->v[i];
	}
	free(path);
	return found;
}

/* As bytes, a slash before everything: so stand parents before children and siblings in order. */
static int cmp_paths(const char *a, const char *c)
{
	while (*a && *a == *c)
		a++, c++;
	int x = *a == '/' ? 1 : (uint8_t)*a + 1, y = *c == '/' ? 1 : (uint8_t)*c + 1;

	if (!*a || !*c)
		return (*a != 0) - (*c != 0);
	return x - y;
}

static void everything_is_listed_in_order(void **state)
{
	struct listing l = { .n = 0 };
	unsigned many = 0, deep = 0;
	struct listed *e;
	hz_error *err = NULL;

	(void)state;
	assert_ok(ls(&l, r, b->id[1], NULL, NULL, &err), &err);
	for (size_t i = 0; i < l.n; i++) {
		assert_true(l.v[i].path[0] != '/' && l.v[i].path[0] != '\0');
		if (i > 0)
			assert_true(cmp_paths(l.v[i - 1].path, l.v[i].path) < 0);
		many += strstr(l.v[i].path, "shared/many/") != NULL;
		deep += strstr(l.v[i].path, "/d/d") != NULL;
	}
	assert_int_equal(many, 300);
	assert_int_equal(deep, DEEP);
	e = find(&l, "shared/large");
	assert_true(e && e->info.type == HZ_TYPE_FILE && e->info.content_bytes == 3u << 20);
	e = find(&l, "shared/sparse");
	assert_true(e && e->info.content_bytes == 21u << 20);
	e = find(&l, "link");
	assert_true(e && e->info.type == HZ_TYPE_SYMLINK);
	assert_string_equal(e->link, "shared/large");
	e = find(&l, "hard");
	assert_true(e && e->info.has_hardlinks && e->info.content_bytes == 3000);
	e = find(&l, "shared/empty");
	assert_true(e && e->info.type == HZ_TYPE_DIR && e->info.mode == 0755);
	assert_non_null(find(&l, "not\xFFutf8"));
	assert_non_null(find(&l, "added"));
	assert_ok(ls(&l, r, b->id[0], "", NULL, &err), &err);
	assert_null(find(&l, "added"));
	free(l.v);
}

static void a_path_lists_itself_and_what_is_below(void **state)
{
	static const char *const forms[][2] = { { "", "" }, { "/", "" }, { "", "/" }, { "//", "//" }, { "./", "/." },
		{ "/./", "" } };
	struct listing l = { .n = 0 };
	char *path = stored("shared/empty"), *file = stored("shared/large"), *dir = stored("shared");
	hz_error *err = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		char arg[1200];

		(void)snprintf(arg, sizeof(arg), "%s%s%s", forms[i][0], path, forms[i][1]);
		assert_ok(ls(&l, r, b->id[1], arg, NULL, &err), &err);
		assert_int_equal(l.n, 1);
		assert_string_equal(l.v[0].path, path);
	}
	assert_ok(ls(&l, r, b->id[1], file, NULL, &err), &err);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].path, file);
	assert_ok(ls(&l, r, b->id[1], dir, NULL, &err), &err);
	assert_int_equal(l.n, 1 + 6 + 300);
	assert_string_equal(l.v[0].path, dir);
	free(path);
	free(file);
	free(dir);
	free(l.v);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct listing l = { .n = 0 };
	char *below = stored("shared/large/x"), *slash = stored("shared/large/"), *none = stored("nothing"),
	     *prefix = stored("share");
	char *const bad[] = { below, slash, none, prefix };
	hz_error *err = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_fails(ls(&l, r, b->id[1], bad[i], NULL, &err), HZ_E_NOTFOUND, &err);
		assert_int_equal(l.n, 0);
		free(bad[i]);
	}
	assert_fails(ls(&l, r, b->id[1], "tmp/../etc", NULL, &err), HZ_E_INVAL, &err);
	assert_fails(ls(&l, r, b->id[1], "..", NULL, &err), HZ_E_INVAL, &err);
	assert_fails(ls(&l, r, b->id[1], "...", NULL, &err), HZ_E_NOTFOUND, &err);
	assert_fails(ls(&l, r, "abcd", NULL, NULL, &err), HZ_E_INVAL, &err);
	assert_fails(ls(&l, r, "0000000000000000000000000000000000000000000000000000000000000000", NULL, NULL, &err),
		HZ_E_NOTFOUND, &err);
	free(l.v);
}

static void who_looks_can_stop(void **state)
{
	struct listing l = { .stop_after = 5 };

	(void)state;
	assert_int_equal(ls(&l, r, b->id[1], NULL, NULL, NULL), HZ_E_CANCELED);
	assert_int_equal(l.n, 5);
	free(l.v);
}

static void a_folder_that_cannot_be_read_does_not_hide_the_others(void **state)
{
	struct names *packs = names_of(b->f.store, "packs");
	unsigned partial = 0;

	(void)state;
	for (size_t i = 0; i < packs->n; i++) {
		struct listing l = { .n = 0 };
		struct events v;
		hz_job *job = backups_job(&v);
		uint8_t *data = NULL;
		size_t len = 0;
		hz_error *err = NULL;

		assert_ok(store_get_all(b->f.store, packs->v[i].s, (size_t)1 << 30, &data, &len, NULL), NULL);
		fixture_remove(b->f.store, packs->v[i].s);
		hz_reader *own = backups_reader(b, HZ_ROLE_LISTER, HZ_NEED_LIST);
		int rc = ls(&l, own, b->id[1], NULL, job, &err);

		/* The second backup's metadata is that of the changed folders: what did not change is in the first's.
		 */
		if (rc == HZ_E_CORRUPT && l.n > 5) {
			partial++;
			assert_true(v.paths > 0);
			assert_non_null(find(&l, "added"));
		}
		assert_true(rc == 0 || rc == HZ_E_CORRUPT);
		hz_error_free(err);
		hz_reader_close(own);
		fixture_replace(b->f.store, packs->v[i].s, data, len);
		free(data);
		free(l.v);
		hz_job_free(job);
	}
	assert_true(partial >= 1);
	free(packs);
}

/* ---- stats ---- */

static void stats_count_what_is_there(void **state)
{
	hz_stats s = HZ_STATS_INIT, more = HZ_STATS_INIT;
	struct uid dead = { { 5 } };
	hz_error *err = NULL;

	(void)state;
	assert_ok(hz_stats_collect(r, &s, NULL, &err), &err);
	assert_int_equal(s.snapshots, 2);
	assert_int_equal(s.runs, 2);
	assert_int_equal(s.dead_packs, 0);
	assert_true(s.files > 2 * 306 && s.restore_bytes > (6u << 20) && s.packs >= 2 && s.pack_bytes > (3u << 20));
	assert_true(s.chunks > 300 && s.objects > s.packs + s.runs && s.store_bytes > s.pack_bytes + s.run_bytes);
	fixture_replace(b->f.store, name_pack(&dead).s, "dead", 4);
	assert_ok(hz_stats_collect(r, &more, NULL, &err), &err);
	assert_int_equal(more.dead_packs, 1);
	assert_int_equal(more.dead_pack_bytes, 4);
	assert_true(more.packs == s.packs + 1 && more.objects == s.objects + 1 &&
		more.store_bytes == s.store_bytes + 4 && more.chunks == s.chunks);
	fixture_remove(b->f.store, name_pack(&dead).s);
}

/* ---- keys ---- */

struct keys {
	unsigned n, writers, slots, files, roots, self;
	int64_t last;
	char text[2048];
};

static int see_key(void *user, const hz_key_info *k)
{
	struct keys *l = user;
	size_t at = strlen(l->text);

	l->n++;
	l->writers += strcmp(k->kind, "writer") == 0;
	l->slots += strcmp(k->kind, "slot") == 0;
	l->files += strcmp(k->kind, "key-file") == 0;
	l->roots += strcmp(k->kind, "root") == 0;
	l->self += k->self != 0;
	assert_true(k->time_sec >= l->last);
	l->last = k->time_sec;
	(void)snprintf(l->text + at, sizeof(l->text) - at, "%s %u %s %s %s %s %u %u\n", k->kind, k->role, k->id,
		k->group, k->name, k->detail, k->present, k->self);
	return 0;
}

static void keys_are_listed_with_their_names(void **state)
{
	struct buf items = BUF_INIT;
	struct keys l = { .n = 0 };
	struct uid slot = { { 3 } }, other = { { 4 } };
	struct id hash = { { 1 } };
	hz_reader *own;
	hz_error *err = NULL;

	(void)state;
	/* A slot whose object is missing, and key files: the lister's own, and another. */
	assert_ok(item_key(&items, KEY_SLOT, &slot, &hash, &err), &err);
	assert_ok(item_issued(&items, HZ_ROLE_LISTER, &b->f.lister->key_id, 1, &b->f.repo.id, &b->f.recipients,
			  "monitoring", &err),
		&err);
	assert_ok(item_issued(&items, HZ_ROLE_READER, &other, 1, &b->f.repo.id, &b->f.recipients, NULL, &err), &err);
	fixture_append(&b->f, &items);
	own = backups_reader(b, HZ_ROLE_LISTER, HZ_NEED_LIST);
	assert_ok(hz_key_list(own, see_key, &l, &err), &err);
	assert_true(l.n == 5 && l.writers == 1 && l.slots == 1 && l.files == 2 && l.roots == 1);
	assert_int_equal(l.self, 1);
	assert_non_null(strstr(l.text, " monitoring "));
	assert_non_null(strstr(l.text, " first "));
	assert_non_null(strstr(l.text, "missing 0 0"));
	hz_reader_close(own);
	/* The admin's key is that of the root. */
	own = backups_reader(b, HZ_ROLE_ADMIN, HZ_NEED_LIST);
	l = (struct keys){ .n = 0 };
	assert_ok(hz_key_list(own, see_key, &l, &err), &err);
	assert_int_equal(l.self, 1);
	assert_non_null(strstr(l.text, "root 6 "));
	hz_reader_close(own);
	/* Without reading rights the names stay sealed. */
	own = backups_reader(b, HZ_ROLE_WRITER, HZ_NEED_NOTHING);
	l = (struct keys){ .n = 0 };
	assert_ok(hz_key_list(own, see_key, &l, &err), &err);
	assert_int_equal(l.n, 5);
	assert_null(strstr(l.text, "first"));
	hz_reader_close(own);
}

static void the_process_is_hardened(void **state)
{
	hz_error *err = NULL;

	(void)state;
	assert_ok(hz_harden_process(&err), &err);
	assert_string_equal(hz_version(), HOZEN_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshots_come_oldest_first),
		cmocka_unit_test(who_lists_can_stop),
		cmocka_unit_test(a_damaged_commit_is_told_and_the_others_are_given),
		cmocka_unit_test(a_snapshot_is_found_by_prefix_latest_and_time),
		cmocka_unit_test(everything_is_listed_in_order),
		cmocka_unit_test(a_path_lists_itself_and_what_is_below),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(who_looks_can_stop),
		cmocka_unit_test(a_folder_that_cannot_be_read_does_not_hide_the_others),
		cmocka_unit_test(stats_count_what_is_there),
		cmocka_unit_test(keys_are_listed_with_their_names),
		cmocka_unit_test(the_process_is_hardened),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
