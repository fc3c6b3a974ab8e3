/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys as anybody can make and use them: roles, and that nothing is overwritten or half made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hozen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 400

static char folder[] = "/tmp/hozen-keys.XXXXXX";
static const char *phrase = "right";
static char repo_id[HZ_UID_HEX], writer_id[HZ_UID_HEX];

struct path {
	char s[PATH_LEN];
};

/* folder/name. */
static struct path at(const char *name)
{
	struct path p;

	(void)snprintf(p.s, sizeof(p.s), "%s/%s", folder, name);
	return p;
}

static int say(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	const char *what = *(const char *const *)user;

	(void)confirm, (void)err;
	*len = strlen(what);
	if (*len > cap)
		return HZ_E_AUTH;
	memcpy(out, what, *len);
	return 0;
}

/* Static: the paths must live as long as the options. */
static hz_repo_options options_for(const char *location, const char *key_file)
{
	static struct path loc, key, state, cache;
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;

	loc = at(location);
	key = at(key_file);
	state = at("state");
	cache = at("cache");
	o.location = loc.s;
	o.key_file = key.s;
	o.state_dir = state.s;
	o.cache_dir = cache.s;
	o.workers = 2;
	return o;
}

static hz_repo_options with_phrase(hz_repo_options o, const char **what)
{
	o.passphrase = say;
	o.passphrase_user = what;
	return o;
}

static int init_at(const char *location, const char *key_file, hz_init_result *res)
{
	hz_repo_options o = with_phrase(options_for(location, key_file), &phrase);
	hz_init_options i = HZ_INIT_OPTIONS_INIT;
	hz_error *err = NULL;
	int rc;

	i.suite = 1;
	i.writer_name = "first";
	rc = hz_init(&o, &i, NULL, res, &err);
	assert_int_equal(hz_error_code(err), rc);
	hz_error_free(err);
	return rc;
}

static int set_up(void **state)
{
	hz_init_result res = HZ_INIT_RESULT_INIT;
	FILE *f;

	(void)state;
	if (!mkdtemp(folder) || init_at("repo", "w.key", &res) != 0)
		return -1;
	memcpy(repo_id, res.repo_id, sizeof(repo_id));
	memcpy(writer_id, res.writer_id, sizeof(writer_id));
	hz_free(res.key_file);
	f = fopen(at("source").s, "w");
	return f && fputs("content", f) >= 0 && fclose(f) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[PATH_LEN];

	(void)state;
	(void)snprintf(command, sizeof(command), "chmod -R u+rwX '%s'; rm -rf '%s'", folder, folder);
	return system(command) == 0 ? 0 : -1;
}

/* ---- asking ---- */

/* What a key file by itself can do: the code of opening for need. */
static int open_with(const char *location, const char *key_file, uint32_t need, uint32_t *can)
{
	hz_repo_options o = options_for(location, key_file);
	hz_reader *r = NULL;
	hz_error *err = NULL;
	int rc = hz_reader_open(&r, &o, need, NULL, &err);

	assert_int_equal(hz_error_code(err), rc);
	if (rc == 0 && can)
		*can = hz_reader_can(r);
	hz_reader_close(r);
	hz_error_free(err);
	return rc;
}

static int backup_with(const char *key_file)
{
	hz_repo_options o = options_for("repo", key_file);
	hz_backup_options b = HZ_BACKUP_OPTIONS_INIT;
	hz_backup_result res = HZ_BACKUP_RESULT_INIT;
	struct path source = at("source");
	const char *paths[] = { source.s };
	hz_error *err = NULL;
	int rc;

	b.paths = paths;
	b.n_paths = 1;
	rc = hz_backup(&o, &b, NULL, &res, &err);
	assert_int_equal(hz_error_code(err), rc);
	assert_int_equal(strlen(res.snapshot_id), rc == 0 ? 64 : 0);
	hz_error_free(err);
	return rc;
}

struct export
{
	uint32_t role;
	const char *out, *name, *join;
	hz_key_export_result result;
};

static int export_with(hz_repo_options o, struct export *x)
{
	hz_key_export_options k = HZ_KEY_EXPORT_OPTIONS_INIT;
	struct path out = at(x->out ? x->out : "");
	hz_error *err = NULL;
	int rc;

	k.role = x->role;
	k.out = x->out ? out.s : NULL;
	k.name = x->name;
	k.join = x->join;
	x->result = (hz_key_export_result)HZ_KEY_EXPORT_RESULT_INIT;
	rc = hz_key_export(&o, &k, &x->result, &err);
	assert_int_equal(hz_error_code(err), rc);
	assert_int_equal(strlen(x->result.key_id), rc == 0 ? 32 : 0);
	hz_error_free(err);
	return rc;
}

static int export_key(struct export *x)
{
	return export_with(with_phrase(options_for("repo", "no such key"), &phrase), x);
}

/* One line of the key list, by id. */
struct found {
	const char *id;
	unsigned all, hits;
	uint32_t role;
	char kind[16], group[HZ_UID_HEX], name[32];
};

static int on_key(void *user, const hz_key_info *k)
{
	struct found *f = user;

	f->all++;
	if (!f->id || strcmp(k->id, f->id) != 0)
		return 0;
	f->hits++;
	f->role = k->role;
	(void)snprintf(f->kind, sizeof(f->kind), "%s", k->kind);
	(void)snprintf(f->group, sizeof(f->group), "%s", k->group);
	(void)snprintf(f->name, sizeof(f->name), "%s", k->name);
	return 0;
}

static struct found list_keys(const char *id)
{
	struct found f = { .id = id };
	hz_repo_options o = with_phrase(options_for("repo", "no such key"), &phrase);
	hz_reader *r = NULL;

	assert_int_equal(hz_reader_open(&r, &o, HZ_NEED_LIST, NULL, NULL), 0);
	assert_string_equal(hz_reader_repo_id(r), repo_id);
	assert_int_equal(hz_key_list(r, on_key, &f, NULL), 0);
	hz_reader_close(r);
	return f;
}

static int mode_of(const char *name)
{
	struct stat st;

	return stat(at(name).s, &st) < 0 ? -1 : (int)(st.st_mode & 07777);
}

/* ---- roles ---- */

static void the_first_writer_key_writes_and_reads_nothing(void **state)
{
	struct found f;

	(void)state;
	assert_int_equal(mode_of("w.key"), 0600);
	assert_int_equal(open_with("repo", "w.key", HZ_NEED_LIST, NULL), HZ_E_AUTH);
	assert_int_equal(open_with("repo", "w.key", HZ_NEED_READ, NULL), HZ_E_AUTH);
	assert_int_equal(open_with("repo", "w.key", HZ_NEED_NOTHING, NULL), 0);
	assert_int_equal(backup_with("w.key"), 0);
	f = list_keys(writer_id);
	assert_int_equal(f.hits, 1);
	assert_string_equal(f.kind, "writer");
	assert_string_equal(f.name, "first");
	assert_int_equal(strlen(f.group), 32);
}

static void a_lister_key_lists_and_a_reader_key_reads(void **state)
{
	struct export lister = { HZ_ROLE_LISTER, "l.key", "office", NULL, HZ_KEY_EXPORT_RESULT_INIT },
		      reader = { HZ_ROLE_READER, "r.key", NULL, NULL, HZ_KEY_EXPORT_RESULT_INIT };
	uint32_t can = 0;
	struct found f;

	(void)state;
	assert_int_equal(export_key(&lister), 0);
	assert_int_equal(export_key(&reader), 0);
	assert_int_equal(lister.result.role, HZ_ROLE_LISTER);
	assert_int_equal(mode_of("l.key"), 0600);
	assert_int_equal(open_with("repo", "l.key", HZ_NEED_LIST, &can), 0);
	assert_int_equal(can, HZ_NEED_LIST);
	assert_int_equal(open_with("repo", "l.key", HZ_NEED_READ, NULL), HZ_E_AUTH);
	assert_int_equal(open_with("repo", "r.key", HZ_NEED_LIST | HZ_NEED_READ, &can), 0);
	assert_int_equal(can, HZ_NEED_LIST | HZ_NEED_READ);
	assert_int_equal(backup_with("l.key"), HZ_E_AUTH);
	assert_int_equal(backup_with("r.key"), HZ_E_AUTH);
	f = list_keys(lister.result.key_id);
	assert_int_equal(f.hits, 1);
	assert_string_equal(f.kind, "key-file");
	assert_string_equal(f.name, "office");
	assert_int_equal(f.role, HZ_ROLE_LISTER);
}

static void only_the_admin_exports(void **state)
{
	struct export x = { HZ_ROLE_READER, "stolen.key", NULL, NULL, HZ_KEY_EXPORT_RESULT_INIT },
		      r = { HZ_ROLE_READER, "r2.key", NULL, NULL, HZ_KEY_EXPORT_RESULT_INIT };
	static const char *const wrong[] = { "wrong", "right ", "", "Right" };

	(void)state;
	assert_int_equal(export_with(options_for("repo", "w.key"), &x), HZ_E_AUTH);
	assert_int_equal(export_key(&r), 0);
	assert_int_equal(export_with(options_for("repo", "r2.key"), &x), HZ_E_AUTH);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *what = wrong[i];

		assert_int_equal(export_with(with_phrase(options_for("repo", "none"), &what), &x), HZ_E_AUTH);
	}
	assert_int_equal(mode_of("stolen.key"), -1);
	/* The passphrase helps a writer's key out. */
	x.out = "helped.key";
	assert_int_equal(export_with(with_phrase(options_for("repo", "w.key"), &phrase), &x), 0);
}

static void a_wrong_passphrase_opens_nothing(void **state)
{
	const char *wrong = "wrong";
	hz_repo_options o = with_phrase(options_for("repo", "none"), &wrong);
	hz_reader *r = NULL;
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(hz_reader_open(&r, &o, HZ_NEED_LIST, NULL, &err), HZ_E_AUTH);
	assert_null(r);
	assert_non_null(hz_error_hint(err));
	hz_error_free(err);
}

/* ---- groups ---- */

static void a_writer_has_its_own_group_or_joins_one(void **state)
{
	struct export own = { HZ_ROLE_WRITER, "own.key", "own", NULL, HZ_KEY_EXPORT_RESULT_INIT },
		      by_name = { HZ_ROLE_WRITER, "j1.key", "j1", "first", HZ_KEY_EXPORT_RESULT_INIT },
		      by_id = { HZ_ROLE_WRITER, "j2.key", "j2", NULL, HZ_KEY_EXPORT_RESULT_INIT };
	char prefix[9] = "";
	struct found first, f;

	(void)state;
	memcpy(prefix, writer_id, 8);
	by_id.join = prefix;
	assert_int_equal(export_key(&own), 0);
	assert_int_equal(export_key(&by_name), 0);
	assert_int_equal(export_key(&by_id), 0);
	first = list_keys(writer_id);
	f = list_keys(own.result.key_id);
	assert_string_equal(f.kind, "writer");
	assert_string_not_equal(f.group, first.group);
	f = list_keys(by_name.result.key_id);
	assert_string_equal(f.group, first.group);
	assert_string_equal(f.name, "j1");
	f = list_keys(by_id.result.key_id);
	assert_string_equal(f.group, first.group);
	assert_int_equal(backup_with("own.key"), 0);
	assert_int_equal(backup_with("j1.key"), 0);
}

static void whom_nobody_knows_cannot_be_joined(void **state)
{
	struct export x = { HZ_ROLE_WRITER, "j3.key", NULL, "nobody", HZ_KEY_EXPORT_RESULT_INIT },
		      twin = { HZ_ROLE_WRITER, "t1.key", "twin", NULL, HZ_KEY_EXPORT_RESULT_INIT };

	(void)state;
	assert_int_equal(export_key(&x), HZ_E_NOTFOUND);
	/* A name that two have, and a reader, which has no group. */
	assert_int_equal(export_key(&twin), 0);
	twin.out = "t2.key";
	assert_int_equal(export_key(&twin), 0);
	x.join = "twin";
	assert_int_equal(export_key(&x), HZ_E_INVAL);
	x.join = "first";
	x.role = HZ_ROLE_READER;
	assert_int_equal(export_key(&x), HZ_E_INVAL);
	assert_int_equal(mode_of("j3.key"), -1);
}

static void other_roles_are_not_exported(void **state)
{
	static const uint32_t roles[] = { 0, HZ_ROLE_KEEPER, HZ_ROLE_ATTESTER, HZ_ROLE_ADMIN, 77 };
	struct export x = { 0, "other.key", NULL, NULL, HZ_KEY_EXPORT_RESULT_INIT };

	(void)state;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		x.role = roles[i];
		assert_int_equal(export_key(&x), HZ_E_INVAL);
	}
	x.role = HZ_ROLE_READER;
	x.out = NULL;
	assert_int_equal(export_key(&x), HZ_E_INVAL);
	assert_int_equal(mode_of("other.key"), -1);
}

/* ---- refusals ---- */

static void no_file_is_overwritten_and_nothing_is_registered(void **state)
{
	struct export x = { HZ_ROLE_READER, "w.key", NULL, NULL, HZ_KEY_EXPORT_RESULT_INIT };
	unsigned before = list_keys(NULL).all;

	(void)state;
	assert_int_equal(export_key(&x), HZ_E_EXISTS);
	x.role = HZ_ROLE_WRITER;
	assert_int_equal(export_key(&x), HZ_E_EXISTS);
	/* A folder, and a link to nothing, are something too. */
	x.out = "state";
	assert_int_equal(export_key(&x), HZ_E_EXISTS);
	assert_int_equal(symlink("nowhere", at("dangling").s), 0);
	x.out = "dangling";
	assert_int_equal(export_key(&x), HZ_E_EXISTS);
	/* Below a file there is no folder. */
	x.out = "source/sub/x.key";
	assert_int_equal(export_key(&x), HZ_E_IO);
	assert_int_equal(list_keys(NULL).all, before);
	assert_int_equal(backup_with("w.key"), 0);
}

static void a_name_that_cannot_be_is_not_called_taken(void **state)
{
	char name[300];
	struct export x = { HZ_ROLE_READER, name, NULL, NULL, HZ_KEY_EXPORT_RESULT_INIT };

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(export_key(&x), HZ_E_IO);
	x.out = "w.key/x";
	assert_int_equal(export_key(&x), HZ_E_IO);
}

static void a_key_that_others_can_read_is_not_used(void **state)
{
	struct export x = { HZ_ROLE_READER, "open.key", NULL, NULL, HZ_KEY_EXPORT_RESULT_INIT };

	(void)state;
	assert_int_equal(export_key(&x), 0);
	assert_int_equal(chmod(at("open.key").s, 0640), 0);
	assert_int_equal(open_with("repo", "open.key", HZ_NEED_LIST, NULL), HZ_E_AUTH);
	assert_int_equal(chmod(at("open.key").s, 0600), 0);
	assert_int_equal(open_with("repo", "open.key", HZ_NEED_LIST, NULL), 0);
}

static void a_key_is_of_one_repository(void **state)
{
	hz_init_result res = HZ_INIT_RESULT_INIT;

	(void)state;
	assert_int_equal(init_at("second", "second.key", &res), 0);
	assert_string_not_equal(res.repo_id, repo_id);
	hz_free(res.key_file);
	assert_int_equal(open_with("second", "second.key", HZ_NEED_NOTHING, NULL), 0);
	assert_int_equal(open_with("repo", "second.key", HZ_NEED_NOTHING, NULL), HZ_E_AUTH);
	assert_int_equal(backup_with("second.key"), HZ_E_AUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_writer_key_writes_and_reads_nothing),
		cmocka_unit_test(a_lister_key_lists_and_a_reader_key_reads),
		cmocka_unit_test(only_the_admin_exports),
		cmocka_unit_test(a_wrong_passphrase_opens_nothing),
		cmocka_unit_test(a_writer_has_its_own_group_or_joins_one),
		cmocka_unit_test(whom_nobody_knows_cannot_be_joined),
		cmocka_unit_test(other_roles_are_not_exported),
		cmocka_unit_test(no_file_is_overwritten_and_nothing_is_registered),
		cmocka_unit_test(a_name_that_cannot_be_is_not_called_taken),
		cmocka_unit_test(a_key_that_others_can_read_is_not_used),
		cmocka_unit_test(a_key_is_of_one_repository),
	};

	return cmocka_run_group_tests_name("api/keys", tests, set_up, tear_down);
}
