/* SPDX-License-Identifier: BSD-2-Clause */
/* test-timeout: 300 */
/* Keys that the store cannot read just now are not damaged, and no passphrase is wrong because of that. */
#include "fixture.h"
#include "support/faultvfs.h"
#include "hozen.h"
#include <errno.h>

#define READS  (FAULT_OPEN | FAULT_READ | FAULT_STAT)
#define PHRASE "correct horse"

struct keys {
	char *dir, *location, *state, *cache;
	struct fixture f;
	struct uid slot;
};

static void put_slot(struct keys *k)
{
	struct buf object = BUF_INIT, items = BUF_INIT;
	struct secret *pass = NULL;
	struct id hash;
	hz_error *err = NULL;

	assert_ok(secret_from(&pass, PHRASE, sizeof(PHRASE) - 1, &err), &err);
	assert_ok(slot_build(&object, &k->slot, &hash, k->f.admin, pass, k->f.root, &err), &err);
	assert_ok(signed_put(k->f.store, name_slot(&k->slot).s, &object, true, &err), &err);
	assert_ok(item_key(&items, KEY_SLOT, &k->slot, &hash, &err), &err);
	fixture_append(&k->f, &items);
	buf_release(&object);
	secret_free(pass);
}

static int setup(void **state)
{
	struct keys *k = calloc(1, sizeof(*k));
	struct store *st = NULL;
	hz_error *err = NULL;

	k->dir = hzt_tmpdir();
	k->location = hzt_path(k->dir, "repo");
	k->state = hzt_path(k->dir, "state");
	k->cache = hzt_path(k->dir, "cache");
	assert_ok(store_open(&st, k->location, STORE_CREATE, &err), &err);
	fixture_make(&k->f, st, SUITE_SODIUM, 1, 16);
	put_slot(k);
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	struct keys *k = *state;

	fixture_free(&k->f);
	free(k->location);
	free(k->state);
	free(k->cache);
	hzt_tmpdir_remove(k->dir);
	free(k);
	return 0;
}

/* ---- groups ---- */

static int load(struct keys *k, size_t *n, struct told *told, hz_error **err)
{
	struct damage_sink sink = { told_fn, told };
	struct group *v = NULL;
	int rc;

	*told = (struct told){ 0 };
	*n = 0;
	rc = groups_load(&v, n, k->f.store, &k->f.log, k->f.reader, &sink, err);
	for (size_t i = 0; i < *n; i++)
		group_release(&v[i]);
	free(v);
	return rc;
}

static void a_store_that_fails_is_no_damage_of_a_group(void **state)
{
	static const int codes[] = { EIO, EACCES };
	struct keys *k = *state;
	struct told told;
	hz_error *err = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		int rc;

		fault_start_forever(READS, 1, codes[i]);
		rc = load(k, &n, &told, &err);
		assert_true(fault_stop());
		assert_fails(rc, HZ_E_IO, &err);
		assert_int_equal(told.lost + told.mended, 0);
		err_clear(&err);
	}
}

/* Each call once. Where the copy is all there is no group is missing without an error. */
static void one_failing_call_never_loses_a_group(void **state)
{
	struct keys *k = *state;
	unsigned errors = 0, copies = 0;

	for (unsigned damaged = 0; damaged < 2; damaged++) {
		bool fired = true;

		if (damaged)
			fixture_damage(k->f.store, name_group(&k->f.group_object).s, 50, 3);
		for (unsigned call = 1; fired; call++) {
			struct told told;
			hz_error *err = NULL;
			size_t n = 0;
			int rc;

			fault_start(READS, call, EIO);
			rc = load(k, &n, &told, &err);
			fired = fault_stop();
			if (rc < 0)
				assert_fails(rc, HZ_E_IO, &err);
			assert_int_equal(told.lost, 0);
			assert_int_equal(n, rc < 0 ? 0 : 1);
			errors += rc < 0;
			copies += told.mended > 0;
		}
	}
	assert_true(errors > 0 && copies > 0);
}

/* ---- slots ---- */

static int give_phrase(void *user, int confirm, char *out, size_t cap, size_t *len, hz_error **err)
{
	(void)confirm, (void)cap, (void)err;
	/* From now on the store fails: what was read before is not what this is about. */
	if (user)
		fault_start_forever(READS, 1, *(int *)user);
	memcpy(out, PHRASE, sizeof(PHRASE) - 1);
	*len = sizeof(PHRASE) - 1;
	return 0;
}

static int open_by_phrase(const struct keys *k, int *code, hz_error **err)
{
	hz_repo_options o = HZ_REPO_OPTIONS_INIT;
	hz_reader *r = NULL;
	int rc;

	o.location = k->location;
	o.state_dir = k->state;
	o.cache_dir = k->cache;
	o.key_file = "/nowhere/none";
	o.passphrase = give_phrase;
	o.passphrase_user = code;
	rc = hz_reader_open(&r, &o, HZ_NEED_READ, NULL, err);
	hz_reader_close(r);
	return rc;
}

static void a_store_that_fails_makes_no_passphrase_wrong(void **state)
{
	struct keys *k = *state;
	hz_error *err = NULL;
	int code = EIO, rc;

	assert_ok(open_by_phrase(k, NULL, &err), &err);
	rc = open_by_phrase(k, &code, &err);
	assert_true(fault_stop());
	assert_fails(rc, HZ_E_IO, &err);
	/* A slot that is damaged is one less; then the passphrase opens none, which is all that can be said. */
	fixture_damage(k->f.store, name_slot(&k->slot).s, 50, 3);
	fixture_damage(k->f.store, name_copy(name_slot(&k->slot).s).s, 50, 3);
	assert_fails(open_by_phrase(k, NULL, &err), HZ_E_AUTH, &err);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_store_that_fails_is_no_damage_of_a_group),
		T(one_failing_call_never_loses_a_group),
		T(a_store_that_fails_makes_no_passphrase_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
