/* SPDX-License-Identifier: BSD-2-Clause */
/* What erases and what checks have nothing in common but a page: they must find the same places and the same bytes. */
#include "support/hzt.h"
#include "mediacheck/expected.h"
#include "mediacheck/spots.h"
#include "sanitize/engine.h"

static void same_places(const uint8_t seed[32], uint64_t sectors, uint32_t logical, uint32_t physical)
{
	AUTO_IN(samples_release) struct samples s = { 0 };
	AUTO_FREE struct spot *list = NULL;
	hz_error *err = NULL;
	size_t n;

	assert_ok(samples_make(&s, seed, sectors, logical, physical, &err), &err);
	assert_ok(spots_draw(&list, &n, seed, sectors, logical, physical, &err), &err);
	assert_int_equal(n, s.n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list[i].first, s.at[i].lba);
		assert_int_equal(list[i].end, s.at[i].lba + s.at[i].count);
	}
}

static void places_are_the_same_for_many_seeds_and_sizes(void **state)
{
	static const uint32_t physical[] = { 512, 4096, 8192, 520, 0 };
	struct hzt_random r = { 2883 };
	uint8_t seed[32];

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		uint64_t sectors = 1 + hzt_random_next(&r) % (UINT64_C(1) << (1 + hzt_random_below(&r, 55)));

		hzt_random_fill(&r, seed, sizeof(seed));
		same_places(seed, sectors, 512, physical[i % 5]);
	}
	for (uint64_t sectors = 19990; sectors < 20030; sectors++)
		same_places(seed, sectors, 4096, 4096);
	same_places(seed, UINT64_MAX / 512, 512, 4096);
}

static void same_bytes(const struct fill *f, const struct expected_of *of, uint64_t off)
{
	AUTO(filler_free) struct filler *g = NULL;
	AUTO(expected_free) struct expected *e = NULL;
	static uint8_t a[65536], b[65536];
	hz_error *err = NULL;

	assert_ok(filler_new(&g, f, &err), &err);
	assert_ok(expected_new(&e, of, &err), &err);
	assert_int_equal(filler_make(g, a, sizeof(a), off), 0);
	assert_int_equal(expected_at(e, b, sizeof(b), off), 0);
	assert_memory_equal(a, b, sizeof(a));
}

static void bytes_are_the_same_at_any_address(void **state)
{
	struct hzt_random r = { 800 };

	(void)state;
	assert_int_equal(crypto_init(NULL), 0);
	for (unsigned i = 0; i < 60; i++) {
		AUTO(secret_free) struct secret *key = NULL;
		struct expected_of of = { .kind = i % 3 ? (int)(i % 3) : EXPECT_BYTES };
		struct fill f = { .kind = i % 3 ? FILL_STREAM : FILL_BYTES, .cipher = i % 3 };
		uint64_t off = hzt_random_next(&r) >> hzt_random_below(&r, 60) >> 1;

		off -= off % 512;
		hzt_random_fill(&r, of.key, sizeof(of.key));
		hzt_random_fill(&r, of.pattern, sizeof(of.pattern));
		of.pattern_len = f.pattern_len = 1 + hzt_random_below(&r, PATTERN_MAX);
		memcpy(f.pattern, of.pattern, sizeof(f.pattern));
		assert_int_equal(secret_from(&key, of.key, sizeof(of.key), NULL), 0);
		f.key = key;
		same_bytes(&f, &of, off);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_the_same_for_many_seeds_and_sizes),
		cmocka_unit_test(bytes_are_the_same_at_any_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
