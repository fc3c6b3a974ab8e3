/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every store promises, asked of each backend in turn.
 * test-label: tsan
 */
#include "store/store.h"
#include "support/hzt.h"
#include "support/slowstore.h"
#include <pthread.h>
#include <stdatomic.h>

struct fixture {
	struct store *s;
	char *dir; /* NULL for a store in memory */
};

static int setup_mem(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	return f ? store_mem_new(&f->s, NULL) : -1;
}

static int setup_local(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	AUTO_FREE char *location = NULL;

	*state = f;
	if (!f)
		return -1;
	f->dir = hzt_tmpdir();
	location = hzt_path(f->dir, "a/store");
	return store_open(&f->s, location, STORE_CREATE, NULL);
}

static int setup_slow(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	AUTO_FREE char *location = NULL;

	*state = f;
	if (!f)
		return -1;
	f->dir = hzt_tmpdir();
	return asprintf(&location, "slow://1ms,50M%s/a", f->dir) < 0
		? -1
		: slowstore_open(&f->s, location, STORE_CREATE, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	hzt_tmpdir_remove(f->dir);
	free(f);
	return 0;
}

static int put(struct store *s, const char *name, const char *text)
{
	struct iovec iov[3] = { { (void *)(uintptr_t)text, strlen(text) / 2 }, { NULL, 0 } };

	iov[2].iov_base = (char *)iov[0].iov_base + iov[0].iov_len;
	iov[2].iov_len = strlen(text) - iov[0].iov_len;
	return store_put(s, name, iov, 3, NULL);
}

static void assert_content(struct store *s, const char *name, const char *text)
{
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;

	assert_int_equal(store_get_all(s, name, 1 << 20, &data, &len, NULL), 0);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(data, text, len);
}

static bool has(struct store *s, const char *name)
{
	hz_error *err = NULL;
	int rc = 1;
	bool there = store_has(s, name, &rc, &err);

	assert_int_equal(rc, 0);
	assert_null(err);
	return there;
}

static void what_was_put_is_got(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_false(has(s, "packs/ab"));
	assert_int_equal(put(s, "packs/ab", "hello, world"), 0);
	assert_true(has(s, "packs/ab"));
	assert_content(s, "packs/ab", "hello, world");
	assert_int_equal(put(s, "repo", "top"), 0);
	assert_content(s, "repo", "top");
	assert_int_equal(put(s, "keys/none", ""), 0);
	assert_content(s, "keys/none", "");
}

static void second_put_is_refused_and_changes_nothing(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	AUTO(hz_error_free) hz_error *err = NULL;
	struct iovec iov = { (void *)(uintptr_t) "zwei", 4 };

	assert_int_equal(put(s, "admin/0.0", "eins"), 0);
	assert_int_equal(store_put(s, "admin/0.0", &iov, 1, &err), HZ_E_EXISTS);
	assert_int_equal(hz_error_code(err), HZ_E_EXISTS);
	assert_non_null(strstr(hz_error_message(err), "admin/0.0"));
	assert_content(s, "admin/0.0", "eins");
}

static void ranges_are_exact(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	uint64_t size = 0;
	char buf[8] = "";

	assert_int_equal(put(s, "index/r", "0123456789"), 0);
	assert_int_equal(store_size(s, "index/r", &size, NULL), 0);
	assert_int_equal(size, 10);
	assert_int_equal(store_get(s, "index/r", 3, buf, 4, NULL), 0);
	assert_memory_equal(buf, "3456", 4);
	assert_int_equal(store_get(s, "index/r", 6, buf, 4, NULL), 0);
	assert_memory_equal(buf, "6789", 4);
	assert_int_equal(store_get(s, "index/r", 10, buf, 0, NULL), 0);
	assert_int_equal(store_get(s, "index/r", 7, buf, 4, NULL), HZ_E_CORRUPT);
	assert_int_equal(store_get(s, "index/r", 11, buf, 1, NULL), HZ_E_CORRUPT);
	assert_true(store_get(s, "index/r", UINT64_MAX - 1, buf, 4, NULL) < 0);
}

static void what_is_missing_is_not_found(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	AUTO(hz_error_free) hz_error *err = NULL;
	AUTO_FREE uint8_t *data = NULL;
	uint64_t size = 77;
	size_t len;
	char byte;

	assert_int_equal(store_get(s, "packs/no", 0, &byte, 1, &err), HZ_E_NOTFOUND);
	assert_non_null(strstr(hz_error_message(err), "packs/no"));
	assert_int_equal(store_size(s, "packs/no", &size, NULL), HZ_E_NOTFOUND);
	assert_int_equal(size, 77);
	assert_int_equal(store_remove(s, "packs/no", NULL), HZ_E_NOTFOUND);
	assert_int_equal(store_get_all(s, "packs/no", 10, &data, &len, NULL), HZ_E_NOTFOUND);
	assert_null(data);
}

static void whole_objects_have_a_limit(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	AUTO_FREE uint8_t *data = NULL;
	size_t len;

	assert_int_equal(put(s, "keys/k", "12345"), 0);
	assert_int_equal(store_get_all(s, "keys/k", 4, &data, &len, NULL), HZ_E_CORRUPT);
	assert_int_equal(store_get_all(s, "keys/k", 5, &data, &len, NULL), 0);
}

static void removed_objects_are_gone_and_may_come_back(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;

	assert_int_equal(put(s, "packs/x", "1"), 0);
	assert_int_equal(store_remove(s, "packs/x", NULL), 0);
	assert_false(has(s, "packs/x"));
	assert_int_equal(store_remove(s, "packs/x", NULL), HZ_E_NOTFOUND);
	assert_int_equal(put(s, "packs/x", "2"), 0);
	assert_content(s, "packs/x", "2");
}

struct seen {
	char names[64][STORE_NAME_MAX];
	uint64_t sizes[64];
	size_t n;
	size_t stop_at;
	struct store *remove_in;
};

static int see(void *user, const char *name, uint64_t size)
{
	struct seen *seen = user;

	assert_true(seen->n < 64);
	strcpy(seen->names[seen->n], name);
	seen->sizes[seen->n++] = size;
	if (seen->remove_in)
		assert_int_equal(store_remove(seen->remove_in, name, NULL), 0);
	return seen->stop_at == seen->n ? 42 : 0;
}

static bool was_seen(const struct seen *seen, const char *name, uint64_t size)
{
	for (size_t i = 0; i < seen->n; i++)
		if (strcmp(seen->names[i], name) == 0)
			return seen->sizes[i] == size;
	return false;
}

static void listing_gives_the_names_of_one_folder(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	struct seen packs = { .n = 0 }, top = { .n = 0 }, none = { .n = 0 }, one = { .stop_at = 1 };

	assert_int_equal(put(s, "packs/a", "1"), 0);
	assert_int_equal(put(s, "packs/b", "22"), 0);
	assert_int_equal(put(s, "parity/c", "333"), 0);
	assert_int_equal(put(s, "repo", "4444"), 0);
	assert_int_equal(store_list(s, "packs", see, &packs, NULL), 0);
	assert_int_equal(packs.n, 2);
	assert_true(was_seen(&packs, "packs/a", 1) && was_seen(&packs, "packs/b", 2));
	assert_int_equal(store_list(s, "", see, &top, NULL), 0);
	assert_int_equal(top.n, 1);
	assert_true(was_seen(&top, "repo", 4));
	assert_int_equal(store_list(s, "audit", see, &none, NULL), 0);
	assert_int_equal(none.n, 0);
	assert_int_equal(store_list(s, "packs", see, &one, NULL), 42);
	assert_int_equal(one.n, 1);
	assert_int_equal(store_list(s, "nowhere", see, &none, NULL), HZ_E_INVAL);
}

static void objects_may_be_removed_while_they_are_listed(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	struct seen seen = { .remove_in = s }, after = { .n = 0 };
	char name[32];

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "packs/%d", i);
		assert_int_equal(put(s, name, "x"), 0);
	}
	assert_int_equal(store_list(s, "packs", see, &seen, NULL), 0);
	assert_int_equal(seen.n, 50);
	assert_int_equal(store_list(s, "packs", see, &after, NULL), 0);
	assert_int_equal(after.n, 0);
}

static void invalid_names_are_refused(void **state)
{
	static const char *const bad[] = { "", "x", "repository", "repo/", "packs", "packs/", "/packs/a", "packs/a/b",
		"packs/.a", "packs/..", "packs/A", "packs/a_b", "packs/a b", "other/a", "../repo", "packs//a",
		"packs/\xc3\xa4", "foldersthatdonotexistatall/a", "Packs/a" };
	struct store *s = ((struct fixture *)*state)->s;
	char name[STORE_NAME_MAX + 1] = "sessions/", byte;
	uint64_t size;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(store_name_is_valid(bad[i]));
		assert_int_equal(put(s, bad[i], "1"), HZ_E_INVAL);
		assert_int_equal(store_get(s, bad[i], 0, &byte, 1, NULL), HZ_E_INVAL);
		assert_int_equal(store_size(s, bad[i], &size, NULL), HZ_E_INVAL);
		assert_int_equal(store_remove(s, bad[i], NULL), HZ_E_INVAL);
		assert_false(store_has(s, bad[i], &rc, NULL));
		assert_int_equal(rc, HZ_E_INVAL);
	}
	memset(name + 9, 'a', 120);
	assert_true(strlen(name) < STORE_NAME_MAX);
	assert_int_equal(put(s, name, "longest"), 0);
	assert_content(s, name, "longest");
	name[129] = 'a';
	assert_int_equal(put(s, name, "1"), HZ_E_INVAL);
	assert_int_equal(put(s, "repo.copy", "1"), 0);
	assert_int_equal(put(s, "admin/0000000001.0.copy", "1"), 0);
}

#define THREADS 8
#define NAMES   20

struct racer {
	struct store *s;
	int id;
	int won;
	atomic_int *wrong;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	char name[32], text[32];

	for (int i = 0; i < NAMES; i++) {
		int rc;

		snprintf(name, sizeof(name), "commits/%d.0", i);
		snprintf(text, sizeof(text), "thread %d", r->id);
		rc = put(r->s, name, text);
		r->won += rc == 0;
		if (rc != 0 && rc != HZ_E_EXISTS)
			atomic_fetch_add(r->wrong, 1);
		/* Whoever won, the object is there and whole. */
		if (store_get(r->s, name, 0, text, 8, NULL) != 0 || memcmp(text, "thread ", 7) != 0)
			atomic_fetch_add(r->wrong, 1);
	}
	return NULL;
}

static void of_many_puts_exactly_one_wins(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	atomic_int wrong = 0;
	int won = 0;

	for (int i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ s, i, 0, &wrong };
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		won += racers[i].won;
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(won, NAMES);
}

static void space_is_told(void **state)
{
	struct store *s = ((struct fixture *)*state)->s;
	uint64_t free_bytes = 0, total = 0;

	assert_int_equal(store_space(s, &free_bytes, &total, NULL), 0);
	assert_true(free_bytes > 0 && free_bytes <= total);
	assert_false(s->protects);
	assert_true(strlen(s->location) > 0);
}

#define EACH(t)                                                                                               \
	{ #t " (folder)", t, setup_local, teardown, NULL }, { #t " (memory)", t, setup_mem, teardown, NULL }, \
	{                                                                                                     \
#t " (slow)", t, setup_slow, teardown, NULL                                                   \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_was_put_is_got),
		EACH(second_put_is_refused_and_changes_nothing),
		EACH(ranges_are_exact),
		EACH(what_is_missing_is_not_found),
		EACH(whole_objects_have_a_limit),
		EACH(removed_objects_are_gone_and_may_come_back),
		EACH(listing_gives_the_names_of_one_folder),
		EACH(objects_may_be_removed_while_they_are_listed),
		EACH(invalid_names_are_refused),
		EACH(of_many_puts_exactly_one_wins),
		EACH(space_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
