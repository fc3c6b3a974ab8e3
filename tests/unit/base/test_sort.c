/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/hzt.h"
#include "base/auto.h"
#include "base/sort.h"

#define EACH 36u
#define MOST 3000u

static int cmp(const void *a, const void *b)
{
	return memcmp(a, b, EACH);
}

/* Against qsort. mask: of the first byte, so that few or none of the parts have anything. */
static void sort_against_qsort(size_t n, uint8_t mask)
{
	struct hzt_random r = { n * 256 + mask };
	uint8_t *got = malloc((MOST + 1) * EACH), *want = malloc((MOST + 1) * EACH);

	hzt_random_fill(&r, got, n * EACH);
	for (size_t i = 0; i < n; i++)
		got[i * EACH] &= mask;
	memcpy(want, got, n * EACH);
	sort_spread(got, n, EACH, cmp);
	if (n > 0)
		qsort(want, n, EACH, cmp);
	assert_memory_equal(got, want, n * EACH);
	free(got);
	free(want);
}

static void all_sizes_and_spreads_are_sorted(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 255, 256, 257, MOST };
	static const uint8_t masks[] = { 0xFF, 0xF0, 0x81, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (size_t k = 0; k < ARRAY_LEN(masks); k++)
			sort_against_qsort(sizes[i], masks[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_sizes_and_spreads_are_sorted) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
