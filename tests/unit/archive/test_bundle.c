/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_new(f, SUITE_SODIUM);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	free(*state);
	return 0;
}

static bool same_secret(const struct secret *a, const struct secret *b)
{
	if (!a || !b)
		return !a && !b;
	return secret_len(a) == secret_len(b) && memcmp(secret_bytes(a), secret_bytes(b), secret_len(a)) == 0;
}

static void assert_same(const struct bundle *a, const struct bundle *b)
{
	assert_int_equal(a->role, b->role);
	assert_true(uid_eq(&a->repo, &b->repo));
	assert_true(uid_eq(&a->key_id, &b->key_id));
	assert_int_equal(a->epoch, b->epoch);
	assert_int_equal(a->roots.n, b->roots.n);
	assert_memory_equal(a->roots.pub, b->roots.pub, sizeof(a->roots.pub));
	assert_true(a->head_n == b->head_n);
	assert_true(id_eq(&a->head, &b->head));
	assert_true(same_secret(a->sign_seed, b->sign_seed));
	assert_true(same_secret(a->box, b->box));
	assert_true(same_secret(a->group_secret, b->group_secret));
	assert_true(uid_eq(&a->group, &b->group));
	assert_memory_equal(a->meta_pub, b->meta_pub, BOX_PUB_LEN);
	assert_memory_equal(a->data_pub, b->data_pub, BOX_PUB_LEN);
	assert_true(same_secret(a->meta_sec, b->meta_sec));
	assert_true(same_secret(a->data_sec, b->data_sec));
}

/* Copies a bundle's bytes, leaves one section out, and adds one. */
static struct buf altered(const struct secret *s, uint16_t without, uint16_t with, size_t with_len)
{
	static const uint8_t zeros[64];
	struct dec d = dec_of(secret_bytes(s), secret_len(s));
	struct buf out = BUF_INIT;

	while (dec_left(&d) > 0) {
		uint16_t tag = dec_u16(&d);
		uint32_t len = dec_u32(&d);
		const uint8_t *p = dec_bytes(&d, len);

		if (with && with < tag) {
			assert_int_equal(section_put(&out, with, zeros, with_len), 0);
			with = 0;
		}
		if (tag != without)
			assert_int_equal(section_put(&out, tag, p, len), 0);
	}
	if (with)
		assert_int_equal(section_put(&out, with, zeros, with_len), 0);
	return out;
}

static bool decodes(const struct fixture *f, const struct buf *b)
{
	struct bundle *got = NULL;
	hz_error *err = NULL;
	int rc = bundle_decode(&got, b->data, b->len, f->repo.suite, &f->repo.id, &err);

	assert_true(rc == 0 || rc == HZ_E_CORRUPT);
	hz_error_free(err);
	bundle_free(got);
	return rc == 0;
}

static void each_role_holds_exactly_its_sections(void **state)
{
	struct fixture *f = *state;
	static const size_t lens[10] = { [4] = 32, [5] = 32, [6] = 48, [8] = 32, [9] = 32 };
	const struct {
		struct bundle *b;
		unsigned has;
		uint32_t can;
	} all[] = {
		{ f->writer, 1u << 4 | 1u << 5 | 1u << 6, HZ_NEED_WRITE },
		{ f->lister, 1u << 8, HZ_NEED_LIST },
		{ f->reader, 1u << 8 | 1u << 9, HZ_NEED_LIST | HZ_NEED_READ },
		{ f->admin, 1u << 4 | 1u << 8 | 1u << 9, HZ_NEED_LIST | HZ_NEED_READ | HZ_NEED_ADMIN },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct secret *s = NULL;
		struct bundle *got = NULL;
		hz_error *err = NULL;

		assert_int_equal(bundle_can(all[i].b), all[i].can);
		assert_ok(bundle_encode(&s, all[i].b, &err), &err);
		assert_ok(bundle_decode(&got, secret_bytes(s), secret_len(s), f->repo.suite, &f->repo.id, &err), &err);
		assert_same(got, all[i].b);
		for (uint16_t tag = 1; tag <= 9; tag++) {
			bool has = tag <= 3 || tag == 7 || (all[i].has & 1u << tag);
			struct buf b = altered(s, has ? tag : 0, has ? 0 : tag, lens[tag]);

			assert_false(decodes(f, &b));
			buf_release(&b);
		}
		struct buf same = altered(s, 0, 0, 0);

		assert_true(decodes(f, &same));
		buf_release(&same);
		bundle_free(got);
		secret_free(s);
	}
}

static void a_bundle_cut_off_is_damage(void **state)
{
	struct fixture *f = *state;
	struct secret *s = NULL;
	hz_error *err = NULL;

	assert_ok(bundle_encode(&s, f->writer, &err), &err);
	for (size_t len = 0; len < secret_len(s); len++) {
		struct buf part = { (uint8_t *)(uintptr_t)secret_bytes(s), len, 0, 0 };

		assert_false(decodes(f, &part));
	}
	secret_free(s);
}

static int write_key(const char *path, const struct bundle *b, hz_error **err)
{
	struct newfile *nf = NULL;
	int fd = -1, rc = keyfile_prepare(&nf, &fd, path, b, err);

	if (rc == 0)
		rc = newfile_commit(nf, NEWFILE_KEEP, err);
	fd_close(&fd);
	return rc;
}

static void a_key_file_is_private_and_comes_back(void **state)
{
	struct fixture *f = *state;
	char *dir = hzt_tmpdir(), *path = hzt_path(dir, "sub/writer.key");
	struct bundle *got = NULL;
	struct stat st;
	hz_error *err = NULL;

	assert_ok(write_key(path, f->writer, &err), &err);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(keyfile_read(&got, path, NULL, &err), &err);
	assert_same(got, f->writer);
	bundle_free(got);
	free(path);
	hzt_tmpdir_remove(dir);
}

static void a_key_file_is_never_overwritten(void **state)
{
	struct fixture *f = *state;
	char *dir = hzt_tmpdir(), *path = hzt_path(dir, "key"), *link = hzt_path(dir, "link");
	hz_error *err = NULL;

	hzt_put(path, "mine", 4);
	assert_fails(write_key(path, f->writer, &err), HZ_E_EXISTS, &err);
	assert_int_equal(symlink("nowhere", link), 0);
	assert_fails(write_key(link, f->writer, &err), HZ_E_EXISTS, &err);
	assert_int_equal(hzt_count_names(dir), 2);
	free(path);
	free(link);
	hzt_tmpdir_remove(dir);
}

static void a_readable_damaged_or_missing_key_file_is_refused(void **state)
{
	struct fixture *f = *state;
	char *dir = hzt_tmpdir(), *path = hzt_path(dir, "key"), *none = hzt_path(dir, "none");
	struct bundle *got = NULL;
	hz_error *err = NULL;

	assert_ok(write_key(path, f->reader, &err), &err);
	assert_int_equal(chmod(path, 0640), 0);
	assert_fails(keyfile_read(&got, path, NULL, &err), HZ_E_AUTH, &err);
	assert_int_equal(chmod(path, 0604), 0);
	assert_fails(keyfile_read(&got, path, NULL, &err), HZ_E_AUTH, &err);
	assert_int_equal(unlink(path), 0);
	hzt_put(path, "not a key file at all", 21);
	assert_int_equal(chmod(path, 0600), 0);
	assert_fails(keyfile_read(&got, path, NULL, &err), HZ_E_CORRUPT, &err);
	assert_fails(keyfile_read(&got, none, NULL, &err), HZ_E_NOTFOUND, &err);
	assert_null(got);
	free(path);
	free(none);
	hzt_tmpdir_remove(dir);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_role_holds_exactly_its_sections),
		T(a_bundle_cut_off_is_damage),
		T(a_key_file_is_private_and_comes_back),
		T(a_key_file_is_never_overwritten),
		T(a_readable_damaged_or_missing_key_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
