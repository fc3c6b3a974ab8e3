/* SPDX-License-Identifier: BSD-2-Clause */
/* Cuts: as the vectors of tests/vectors/chunker say, and what must hold for any data. */
#include "archive/chunker.h"
#include "base/auto.h"
#include "support/hzt.h"
#include <jansson.h>

#define KIB ((size_t)1024)

/* The generator of make_chunker.py. */
static void noise(uint64_t seed, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(seed >> 56);
	}
}

static struct chunker chunker_of(unsigned profile, uint64_t seed)
{
	uint8_t table[CHUNKER_TABLE_LEN];
	struct chunker c;

	noise(seed, table, sizeof(table));
	assert_int_equal(chunker_init(&c, profile, table), 0);
	return c;
}

static uint8_t *new_noise(uint64_t seed, size_t len)
{
	uint8_t *data = malloc(len);

	assert_non_null(data);
	noise(seed, data, len);
	return data;
}

static void only_known_profiles_are_taken(void **state)
{
	uint8_t table[CHUNKER_TABLE_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct chunker c;

	(void)state;
	assert_int_equal(chunker_init(&c, 0, table), -1);
	assert_int_equal(chunker_init(&c, 4, table), -1);
	assert_int_equal(chunker_init(&c, CHUNKER_DEFAULT, table), 0);
	assert_true(c.gear[0] == 0x0807060504030201u);
	assert_true(c.min == 512 * KIB && c.normal == 1024 * KIB && c.max == 8192 * KIB);
	assert_int_equal(chunker_init(&c, CHUNKER_SMALL, table), 0);
	assert_true(c.min == 16 * KIB && c.normal == 64 * KIB && c.max == 256 * KIB);
	assert_int_equal(chunker_init(&c, CHUNKER_FIXED, table), 0);
	assert_true(c.min == 1024 * KIB && c.max == c.min);
}

/* The data that a vector describes. */
static uint8_t *data_of(const json_t *parts, size_t *len)
{
	uint8_t *data;
	size_t i, at = 0;
	json_t *part;

	*len = 0;
	json_array_foreach(parts, i, part) *len += (size_t)json_integer_value(json_array_get(part, 1));
	data = calloc(1, *len);
	assert_non_null(data);
	json_array_foreach(parts, i, part)
	{
		size_t n = (size_t)json_integer_value(json_array_get(part, 1));

		if (json_is_integer(json_array_get(part, 0)))
			noise((uint64_t)json_integer_value(json_array_get(part, 0)), data + at, n);
		at += n;
	}
	return data;
}

static void vectors_give_the_same_cuts(void **state)
{
	json_t *all = json_load_file(TEST_DIR "/vectors/chunker/cuts.json", 0, NULL), *v, *cut;
	size_t i, k;

	(void)state;
	assert_true(json_array_size(all) >= 10);
	json_array_foreach(all, i, v)
	{
		struct chunker c = chunker_of((unsigned)json_integer_value(json_object_get(v, "profile")),
			(uint64_t)json_integer_value(json_object_get(v, "table_seed")));
		size_t len, at = 0;
		AUTO_FREE uint8_t *data = data_of(json_object_get(v, "data"), &len);

		json_array_foreach(json_object_get(v, "cuts"), k, cut)
		{
			assert_true(at < len);
			assert_int_equal(chunker_cut(&c, data + at, len - at), json_integer_value(cut));
			at += (size_t)json_integer_value(cut);
		}
		assert_int_equal(at, len);
	}
	json_decref(all);
}

static void cuts_make_up_the_input_and_keep_the_limits(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 6; seed++) {
		struct chunker c = chunker_of(CHUNKER_SMALL, seed);
		size_t len = 2000 * KIB + seed * 777, at = 0;
		AUTO_FREE uint8_t *data = new_noise(seed + 100, len);

		/* Data of few different bytes cuts differently, but no less within the limits. */
		for (size_t i = 0; seed == 3 && i < len; i++)
			data[i] &= 1;
		while (at < len) {
			size_t cut = chunker_cut(&c, data + at, len - at);

			assert_true(cut > 0 && cut <= c.max && cut <= len - at);
			assert_true(cut >= c.min || at + cut == len);
			at += cut;
		}
		assert_int_equal(at, len);
	}
}

/* Nothing before the chunk counts, and nothing behind its end; at least max bytes are enough. */
static void a_cut_depends_on_its_own_bytes_only(void **state)
{
	struct chunker c = chunker_of(CHUNKER_SMALL, 1);
	size_t len = 1500 * KIB;
	AUTO_FREE uint8_t *data = new_noise(11, len);

	(void)state;
	for (size_t at = 0; at + c.max <= len;) {
		size_t cut = chunker_cut(&c, data + at, len - at);
		AUTO_FREE uint8_t *copy = malloc(c.max);

		noise(at, copy, c.max);
		memcpy(copy, data + at, cut);
		assert_int_equal(chunker_cut(&c, data + at, c.max), cut);
		assert_int_equal(chunker_cut(&c, copy, c.max), cut);
		at += cut;
	}
}

static void what_is_shorter_than_the_minimum_is_one_chunk(void **state)
{
	struct chunker c = chunker_of(CHUNKER_SMALL, 1);
	AUTO_FREE uint8_t *data = new_noise(1, 20 * KIB);

	(void)state;
	for (size_t len = 1; len <= c.min; len += 511) {
		/* Exactly len bytes, so that a read beyond is seen. */
		AUTO_FREE uint8_t *exact = malloc(len);

		memcpy(exact, data, len);
		assert_int_equal(chunker_cut(&c, exact, len), len);
	}
	assert_int_equal(chunker_cut(&c, data, c.min), c.min);
}

/* With gear[0] = 0 and gear[1] = 1 the hash shows where in the window a one stands. */
static void a_byte_counts_for_64_bytes(void **state)
{
	uint8_t table[CHUNKER_TABLE_LEN] = { [8] = 1 };
	AUTO_FREE uint8_t *data = calloc(1, 256 * KIB);
	struct chunker c;

	(void)state;
	assert_int_equal(chunker_init(&c, CHUNKER_SMALL, table), 0);
	assert_int_equal(chunker_cut(&c, data, 256 * KIB), c.min);
	data[c.min - 65] = 1;
	assert_int_equal(chunker_cut(&c, data, 256 * KIB), c.min);
	data[c.min - 64] = 1;
	assert_int_equal(chunker_cut(&c, data, 256 * KIB), c.min + 1);
	/* Ones so close that one is always in the upper 14 bits, to which the mask shrinks: never a cut. */
	for (size_t i = c.min - 60; i < 256 * KIB; i += 14)
		data[i] = 1;
	assert_int_equal(chunker_cut(&c, data, 256 * KIB), c.max);
}

/* The end of each chunk, as an offset. */
static size_t ends_of(const struct chunker *c, const uint8_t *data, size_t len, size_t *ends)
{
	size_t n = 0;

	for (size_t at = 0; at < len; n++)
		ends[n] = at += chunker_cut(c, data + at, len - at);
	return n;
}

/* How many ends of a stand, moved by shift, among those of b. */
static size_t count_common(const size_t *a, size_t na, const size_t *b, size_t nb, size_t shift)
{
	size_t common = 0;

	for (size_t i = 0; i < na; i++)
		for (size_t k = 0; k < nb; k++)
			common += a[i] + shift == b[k];
	return common;
}

static void cuts_fall_into_step_behind_an_insertion(void **state)
{
	enum { LEN = 4096 * 1024, SHIFT = 1 };
	struct chunker c = chunker_of(CHUNKER_SMALL, 1);
	AUTO_FREE uint8_t *data = new_noise(5, LEN), *moved = malloc(LEN + SHIFT);
	size_t a[512], b[512], na, nb;

	(void)state;
	na = ends_of(&c, data, LEN, a);
	for (size_t at = 0; at < 1000000; at += 99991) {
		memcpy(moved, data, at);
		moved[at] = 0x5a;
		memcpy(moved + at + SHIFT, data + at, LEN - at);
		nb = ends_of(&c, moved, LEN + SHIFT, b);
		/* Before the insertion the same, behind it the same but for the few until a cut is common. */
		assert_true(count_common(a, na, b, nb, 0) + count_common(a, na, b, nb, SHIFT) + 8 >= na);
	}
}

static void chunks_are_about_as_large_as_meant(void **state)
{
	size_t len = 16384 * KIB, n;
	AUTO_FREE uint8_t *data = new_noise(77, len);
	AUTO_FREE size_t *ends = calloc(len / (16 * KIB) + 1, sizeof(*ends));
	struct chunker c = chunker_of(CHUNKER_SMALL, 21);

	(void)state;
	n = ends_of(&c, data, len, ends);
	assert_in_range(len / n, 64 * KIB, 88 * KIB);
	c = chunker_of(CHUNKER_DEFAULT, 21);
	n = ends_of(&c, data, len, ends);
	assert_in_range(len / n, 800 * KIB, 1800 * KIB);
}

static void another_table_cuts_elsewhere(void **state)
{
	size_t len = 2048 * KIB, a[256], b[256], na, nb;
	AUTO_FREE uint8_t *data = new_noise(77, len);
	struct chunker c = chunker_of(CHUNKER_SMALL, 1), d = chunker_of(CHUNKER_SMALL, 2);

	(void)state;
	na = ends_of(&c, data, len, a);
	nb = ends_of(&d, data, len, b);
	assert_int_equal(count_common(a, na, b, nb, 0), 1); /* the end */
}

static void fixed_profile_cuts_at_every_mebibyte(void **state)
{
	struct chunker c = chunker_of(CHUNKER_FIXED, 1);
	AUTO_FREE uint8_t *data = new_noise(3, 1024 * KIB + 5);

	(void)state;
	assert_int_equal(chunker_cut(&c, data, 1024 * KIB + 5), 1024 * KIB);
	assert_int_equal(chunker_cut(&c, data, 1024 * KIB), 1024 * KIB);
	assert_int_equal(chunker_cut(&c, data, 5), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_known_profiles_are_taken),
		cmocka_unit_test(vectors_give_the_same_cuts),
		cmocka_unit_test(cuts_make_up_the_input_and_keep_the_limits),
		cmocka_unit_test(a_cut_depends_on_its_own_bytes_only),
		cmocka_unit_test(what_is_shorter_than_the_minimum_is_one_chunk),
		cmocka_unit_test(a_byte_counts_for_64_bytes),
		cmocka_unit_test(cuts_fall_into_step_behind_an_insertion),
		cmocka_unit_test(chunks_are_about_as_large_as_meant),
		cmocka_unit_test(another_table_cuts_elsewhere),
		cmocka_unit_test(fixed_profile_cuts_at_every_mebibyte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
