/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries and their bytes: every entry comes back, everything else is refused, and nothing has two encodings. */
#include "unit/archive/entrygen.h"
#include "base/codec.h"

#define RANDOM_ENTRIES 4000

static void random_entries_come_back_equal(void **state)
{
	AUTO(arena_free) struct arena *a = arena_here();
	AUTO_IN(buf_release) struct buf once = BUF_INIT, twice = BUF_INIT;
	struct hzt_random r = { 7 };

	(void)state;
	for (int i = 0; i < RANDOM_ENTRIES; i++) {
		struct entry e = random_entry(&r, a), read;
		hz_error *err = NULL;

		buf_reset(&once);
		buf_reset(&twice);
		assert_ok(entry_encode(&once, &e, &err), &err);
		assert_ok(entry_decode(&read, a, once.data, once.len, &err), &err);
		assert_entry_equal(&e, &read);
		assert_ok(entry_encode(&twice, &read, &err), &err);
		assert_int_equal(once.len, twice.len);
		assert_memory_equal(once.data, twice.data, once.len);
		arena_reset(a);
	}
}

static bool has_ignorable(const uint8_t *data, size_t len)
{
	struct dec d = dec_of(data, len);

	while (dec_left(&d) > 0) {
		size_t n = 0;

		if (dec_u8(&d) & 0x80)
			return true;
		(void)dec_blob(&d, len, &n);
	}
	return false;
}

/* Decodes a copy of exactly that size; what is taken has to be canonical. True when it was. */
static bool is_taken(struct arena *a, const uint8_t *data, size_t len)
{
	AUTO_IN(buf_release) struct buf again = BUF_INIT;
	AUTO_FREE uint8_t *copy = malloc(len ? len : 1);
	struct entry e = { .name = NULL };
	int rc;

	assert_non_null(copy);
	memcpy(copy, data, len);
	rc = entry_decode(&e, a, copy, len, NULL);
	if (rc < 0) {
		assert_true(rc == HZ_E_CORRUPT || rc == HZ_E_TOONEW);
		assert_null(e.name);
		return false;
	}
	assert_ok(entry_encode(&again, &e, NULL), NULL);
	if (!has_ignorable(data, len)) {
		assert_int_equal(again.len, len);
		assert_memory_equal(again.data, data, len);
	}
	return true;
}

static void cut_off_entries_are_refused_or_whole(void **state)
{
	AUTO(arena_free) struct arena *a = arena_here();
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct hzt_random r = { 11 };
	size_t taken = 0, tried = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct entry e = random_entry(&r, a);

		buf_reset(&b);
		assert_ok(entry_encode(&b, &e, NULL), NULL);
		for (size_t len = 0; len < b.len; len++, tried++)
			taken += is_taken(a, b.data, len);
		arena_reset(a);
	}
	/* Only cuts between two fields leave an entry: at most nineteen of each. */
	assert_true(taken <= 60 * 19);
	assert_true(tried > 20 * taken);
}

static void flipped_bytes_never_give_a_second_encoding(void **state)
{
	AUTO(arena_free) struct arena *a = arena_here();
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct hzt_random r = { 13 };

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct entry e = random_entry(&r, a);

		buf_reset(&b);
		assert_ok(entry_encode(&b, &e, NULL), NULL);
		for (size_t at = 0; at < b.len; at++) {
			uint8_t was = b.data[at];

			b.data[at] = (uint8_t)(was ^ 1u << hzt_random_below(&r, 8));
			(void)is_taken(a, b.data, b.len);
			b.data[at] = (uint8_t)hzt_random_next(&r);
			(void)is_taken(a, b.data, b.len);
			b.data[at] = was;
		}
		arena_reset(a);
	}
}

static struct entry plain(void)
{
	struct entry e = {
		.name = (const uint8_t *)"a", .name_len = 1, .mode = S_IFREG | 0644, .user = "", .group = ""
	};

	return e;
}

static int decode_with(struct arena *a, const void *more, size_t len, struct entry *e)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct entry base = plain();
	uint8_t *copy;

	assert_ok(entry_encode(&b, &base, NULL), NULL);
	assert_int_equal(buf_append(&b, more, len), 0);
	copy = arena_copy(a, b.data, b.len);
	assert_non_null(copy);
	return entry_decode(e, a, copy, b.len, NULL);
}

static void unknown_fields_are_skipped_only_when_marked_so(void **state)
{
	AUTO(arena_free) struct arena *a = arena_here();
	struct entry e, base = plain();

	(void)state;
	assert_ok(decode_with(a, "\x80\x02xy\xff\0", 6, &e), NULL);
	assert_entry_equal(&base, &e);
	assert_fails(decode_with(a, "\x15\x02xy", 4, &e), HZ_E_TOONEW, NULL);
	assert_fails(decode_with(a, "\x7f\0", 2, &e), HZ_E_TOONEW, NULL);
	assert_fails(decode_with(a, "\x81\0\x80\0", 4, &e), HZ_E_CORRUPT, NULL);
	assert_fails(decode_with(a, "\x80\x03xy", 4, &e), HZ_E_CORRUPT, NULL);
	assert_fails(decode_with(a, "\x0f\x01\x08", 3, &e), HZ_E_TOONEW, NULL);
}

static void refused(const struct entry *e)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	hz_error *err = NULL;

	assert_int_equal(buf_append(&b, "before", 6), 0);
	assert_fails(entry_encode(&b, e, &err), HZ_E_INVAL, &err);
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.data, "before", 6);
}

/* Runs the statement on a plain entry, which then must be refused. */
#define REFUSED(change)                   \
	do {                              \
		struct entry e = plain(); \
		change;                   \
		refused(&e);              \
	} while (0)

static void names_that_lead_elsewhere_are_not_written(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "/" };
	static const uint8_t with_nul[] = { 'a', 0 };
	static const uint8_t longest[256] = { [0 ... 255] = 'n' };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		REFUSED(e.name = (const uint8_t *)names[i]; e.name_len = (uint32_t)strlen(names[i]));
	REFUSED(e.name = with_nul; e.name_len = 2);
	REFUSED(e.name = longest; e.name_len = 256);
}

static void fields_that_a_type_cannot_have_are_not_written(void **state)
{
	const struct xattr unsorted[] = { { "user.b", NULL, 0 }, { "user.a", NULL, 0 } };
	const struct xattr empty = { "", NULL, 0 };

	(void)state;
	REFUSED(e.mode = 0644);
	REFUSED(e.mode |= 0x10000);
	REFUSED(e.mode = S_IFLNK | 0777);
	REFUSED(e.link = e.name; e.link_len = 1);
	REFUSED(e.mode = S_IFDIR; e.size = 1);
	REFUSED(e.mode = S_IFDIR; e.has_hardlink = true);
	REFUSED(e.mode = S_IFIFO; e.inode_flags = 1);
	REFUSED(e.rdev_minor = 1);
	REFUSED(e.has_tree = true);
	REFUSED(e.flags = ENTRY_PARTIAL);
	REFUSED(e.flags = 8);
	REFUSED(e.mtime_nsec = 1000000000);
	REFUSED(e.has_btime = true; e.btime_nsec = 1000000000);
	REFUSED(e.size = (uint64_t)1 << 63);
	REFUSED(e.xattrs = unsorted; e.n_xattrs = 2);
	REFUSED(e.xattrs = &empty; e.n_xattrs = 1);
}

static void lists_that_contradict_themselves_are_not_written(void **state)
{
	static const struct chunk_ref chunks[17] = { [0 ... 16] = { .len = 1 } };
	static const struct chunk_ref empty = { .len = 0 };
	const struct extent touching[] = { { 0, 1 }, { 1, 1 } }, none = { 5, 0 }, beyond = { 5, 5 };
	const struct extent around = { 5, UINT64_MAX };

	(void)state;
	REFUSED(e.chunks = chunks; e.n_chunks = 17);
	REFUSED(e.chunks = &empty; e.n_chunks = 1);
	REFUSED(e.chunks = chunks; e.n_chunks = 1; e.has_chunk_list = true);
	REFUSED(e.has_chunk_list = true; e.chunk_list.level = 6);
	REFUSED(e.mode = S_IFDIR; e.has_tree = true; e.tree.level = 6);
	REFUSED(e.size = 9; e.has_extents = true; e.n_extents = 2; e.extents = touching);
	REFUSED(e.size = 9; e.has_extents = true; e.n_extents = 1; e.extents = &none);
	REFUSED(e.size = 9; e.has_extents = true; e.n_extents = 1; e.extents = &beyond);
	REFUSED(e.size = 9; e.has_extents = true; e.n_extents = 1; e.extents = &around);
	REFUSED(e.size = 9; e.n_extents = 1; e.extents = &around);
	REFUSED(e.size = 9; e.has_extents = true; e.has_extent_list = true);
}

static void extents_that_say_nothing_are_left_out(void **state)
{
	AUTO_IN(buf_release) struct buf with = BUF_INIT, without = BUF_INIT;
	const struct extent all = { 0, 9 };
	struct entry e = plain();

	(void)state;
	e.size = 9;
	assert_ok(entry_encode(&without, &e, NULL), NULL);
	e.has_extents = true;
	e.extents = &all;
	e.n_extents = 1;
	assert_ok(entry_encode(&with, &e, NULL), NULL);
	assert_int_equal(with.len, without.len);
	assert_memory_equal(with.data, without.data, with.len);
}

static void xattrs_have_a_limit_together(void **state)
{
	AUTO(arena_free) struct arena *a = arena_here();
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	AUTO_FREE uint8_t *value = calloc(1, ENTRY_XATTRS_MAX);
	struct xattr x = { "user.a", value, ENTRY_XATTRS_MAX - 6 };
	struct entry e = plain(), read;

	(void)state;
	assert_non_null(value);
	e.xattrs = &x;
	e.n_xattrs = 1;
	assert_ok(entry_encode(&b, &e, NULL), NULL);
	assert_ok(entry_decode(&read, a, b.data, b.len, NULL), NULL);
	assert_entry_equal(&e, &read);
	x.len++;
	refused(&e);
}

static void an_entry_longer_than_allowed_is_refused(void **state)
{
	AUTO(arena_free) struct arena *a = arena_here();
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc o = enc_to(&b);
	struct entry e = plain();

	(void)state;
	assert_ok(entry_encode(&b, &e, NULL), NULL);
	enc_u8(&o, 0x80);
	enc_var(&o, ENTRY_MAX - b.len - 3);
	assert_int_equal(buf_append_zero(&b, ENTRY_MAX - b.len), 0);
	/* The length was one for a value that ends exactly where an entry may. */
	assert_ok(entry_decode(&e, a, b.data, b.len, NULL), NULL);
	assert_int_equal(buf_append_zero(&b, 1), 0);
	assert_fails(entry_decode(&e, a, b.data, b.len, NULL), HZ_E_CORRUPT, NULL);
}

static void a_full_buffer_is_left_as_it_was(void **state)
{
	AUTO_IN(buf_release) struct buf b = { .max = 24 };
	struct entry e = plain();
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(buf_append(&b, "0123456789", 10), 0);
	e.uid = e.gid = 70000;
	e.mtime_sec = 1700000000;
	assert_fails(entry_encode(&b, &e, &err), HZ_E_NOMEM, &err);
	assert_int_equal(b.len, 10);
}

static void arenas_keep_what_they_gave_until_reset(void **state)
{
	AUTO(arena_free) struct arena *a = arena_here();
	uint8_t *kept[300];

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		kept[i] = arena_alloc(a, i * 7);
		assert_non_null(kept[i]);
		assert_int_equal((uintptr_t)kept[i] % 16, 0);
		memset(kept[i], (int)i, i * 7);
	}
	assert_non_null(arena_alloc(a, 1u << 20));
	for (size_t i = 0; i < 300; i++)
		for (size_t k = 0; k < i * 7; k++)
			assert_int_equal(kept[i][k], (uint8_t)i);
	assert_true(arena_used(a) >= 300 * 299 / 2 * 7 + (1u << 20));
	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 64));
	assert_non_null(arena_alloc(a, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_entries_come_back_equal),
		cmocka_unit_test(cut_off_entries_are_refused_or_whole),
		cmocka_unit_test(flipped_bytes_never_give_a_second_encoding),
		cmocka_unit_test(unknown_fields_are_skipped_only_when_marked_so),
		cmocka_unit_test(names_that_lead_elsewhere_are_not_written),
		cmocka_unit_test(fields_that_a_type_cannot_have_are_not_written),
		cmocka_unit_test(lists_that_contradict_themselves_are_not_written),
		cmocka_unit_test(extents_that_say_nothing_are_left_out),
		cmocka_unit_test(xattrs_have_a_limit_together),
		cmocka_unit_test(an_entry_longer_than_allowed_is_refused),
		cmocka_unit_test(a_full_buffer_is_left_as_it_was),
		cmocka_unit_test(arenas_keep_what_they_gave_until_reset),
	};

	return cmocka_run_group_tests_name("archive/entry", tests, NULL, NULL);
}
