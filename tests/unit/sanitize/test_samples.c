/* SPDX-License-Identifier: BSD-2-Clause */
/* The places are those of docs/erase/sampling.md, and what SP 800-88r1 4.7 asks for holds for every size. */
#include "support/hzt.h"
#include "base/codec.h"
#include "crypto/digest.h"
#include "sanitize/engine.h"

static struct id digest_of(const struct samples *s)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);

	for (size_t i = 0; i < s->n; i++) {
		enc_u64(&e, s->at[i].lba);
		enc_u64(&e, s->at[i].count);
	}
	assert_false(e.bad);
	return sha256(b.data, b.len);
}

static void places_are_those_of_the_vectors(void **state)
{
	FILE *f = fopen(TEST_DIR "/vectors/sampling/vectors.txt", "re");
	char line[512];
	unsigned n = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		AUTO_IN(samples_release) struct samples s = { 0 };
		uint64_t sectors, total, lba0, n0, lba1, n1;
		uint8_t seed[SAMPLE_SEED_LEN];
		uint32_t logical, physical;
		char hex[65], hash[65];
		struct id is;
		size_t count;
		hz_error *err = NULL;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%64[0-9a-f] %lu %u %u: %zu %lu %64[0-9a-f] %lu+%lu %lu+%lu", hex,
					 &sectors, &logical, &physical, &count, &total, hash, &lba0, &n0, &lba1, &n1),
			11);
		assert_true(hex_decode(seed, sizeof(seed), hex, 64));
		assert_ok(samples_make(&s, seed, sectors, logical, physical, &err), &err);
		assert_int_equal(s.n, count);
		assert_int_equal(s.sectors, total);
		assert_int_equal(s.at[0].lba, lba0);
		assert_int_equal(s.at[0].count, n0);
		assert_int_equal(s.at[s.n - 1].lba, lba1);
		assert_int_equal(s.at[s.n - 1].count, n1);
		is = digest_of(&s);
		assert_string_equal(id_hex(&is).s, hash);
		n++;
	}
	(void)fclose(f);
	assert_true(n >= 12);
}

/* Two samples of a twentieth in each of 1000 subsections, both ends, a tenth in all, nothing twice. */
static void check_rules(const struct samples *s, uint64_t sectors, uint64_t grain)
{
	uint64_t end = 0;
	size_t two = 0;

	assert_int_equal(s->at[0].lba, 0);
	for (size_t i = 0; i < s->n; i++) {
		assert_true(s->at[i].lba >= end);
		end = s->at[i].lba + s->at[i].count;
		assert_true(end <= sectors);
	}
	assert_int_equal(end, sectors);
	if (s->everything)
		return;
	assert_int_equal(s->subsections, 1000);
	assert_true(s->sectors * 10 >= sectors);
	for (uint64_t i = 0; i < 1000; i++) {
		const uint64_t grains = sectors / grain;
		const uint64_t from = (uint64_t)((unsigned __int128)i * grains / 1000) * grain,
			       to = (uint64_t)((unsigned __int128)(i + 1) * grains / 1000) * grain;
		size_t inside = 0;

		while (two < s->n && s->at[two].lba < to) {
			inside += s->at[two].lba >= from && s->at[two].lba + s->at[two].count <= to &&
				s->at[two].count * 20 >= to - from;
			two++;
		}
		assert_true(inside >= 2);
	}
}

static void the_rules_hold_for_every_size(void **state)
{
	struct hzt_random r = { 88 };

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		AUTO_IN(samples_release) struct samples s = { 0 };
		uint64_t sectors = 1 + hzt_random_next(&r) % (UINT64_C(1) << (1 + hzt_random_below(&r, 54)));
		uint32_t physical = i % 3 ? 512 : 4096;
		uint8_t seed[SAMPLE_SEED_LEN];
		hz_error *err = NULL;

		hzt_random_fill(&r, seed, sizeof(seed));
		assert_ok(samples_make(&s, seed, sectors, 512, physical, &err), &err);
		assert_int_equal(s.everything, sectors / (physical / 512) < 20000);
		check_rules(&s, sectors, physical / 512);
	}
}

static void another_seed_gives_other_places_and_the_same_the_same(void **state)
{
	static const uint8_t a[SAMPLE_SEED_LEN] = { 1 }, b[SAMPLE_SEED_LEN] = { 2 };
	AUTO_IN(samples_release) struct samples x = { 0 }, y = { 0 }, z = { 0 };
	struct id ix, iy, iz;
	hz_error *err = NULL;

	(void)state;
	assert_ok(samples_make(&x, a, 1000000, 512, 512, &err), &err);
	assert_ok(samples_make(&y, b, 1000000, 512, 512, &err), &err);
	assert_ok(samples_make(&z, a, 1000000, 512, 512, &err), &err);
	ix = digest_of(&x), iy = digest_of(&y), iz = digest_of(&z);
	assert_false(id_eq(&ix, &iy));
	assert_true(id_eq(&ix, &iz));
}

static void a_medium_without_sectors_is_refused(void **state)
{
	static const uint8_t seed[SAMPLE_SEED_LEN];
	struct samples s = { 0 };
	hz_error *err = NULL;

	(void)state;
	assert_fails(samples_make(&s, seed, 0, 512, 512, &err), HZ_E_INVAL, &err);
	assert_fails(samples_make(&s, seed, 8, 0, 512, &err), HZ_E_INVAL, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_those_of_the_vectors),
		cmocka_unit_test(the_rules_hold_for_every_size),
		cmocka_unit_test(another_seed_gives_other_places_and_the_same_the_same),
		cmocka_unit_test(a_medium_without_sectors_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
