/* SPDX-License-Identifier: BSD-2-Clause */
/* Asserts on results, and random bytes that can be had again. */
#include "support/hzt.h"

void hzt_assert_rc(int rc, int expected, hz_error **err, const char *what, const char *file, int line)
{
	hz_error *e = err ? *err : NULL;

	if (rc != expected || (err && hz_error_code(e) != expected)) {
		print_error("%s: %s, expected %s; the error object says %s: %s\n", what, hz_error_name(rc),
			hz_error_name(expected), hz_error_name(hz_error_code(e)), hz_error_message(e));
		_fail(file, line);
	}
	if (err) {
		hz_error_free(e);
		*err = NULL;
	}
}

uint64_t hzt_random_next(struct hzt_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

uint64_t hzt_random_below(struct hzt_random *r, uint64_t n)
{
	return hzt_random_next(r) % n;
}

void hzt_random_fill(struct hzt_random *r, void *out, size_t len)
{
	uint8_t *p = out;

	/* Whole words: tests make hundreds of megabytes, and a sanitizer looks at each write. */
	for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t word = hzt_random_next(r);

		memcpy(p + i, &word, len - i < sizeof(word) ? len - i : sizeof(word));
	}
}
