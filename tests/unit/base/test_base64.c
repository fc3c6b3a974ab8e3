/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 has one spelling: the vectors of RFC 4648, and everything else is refused. */
#include "support/hzt.h"
#include "base/base64.h"

static const struct {
	const char *bytes, *text;
} vectors[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "+/+/" } };

static void test_the_rfcs_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char text[16];
		uint8_t bytes[16];
		size_t len = strlen(vectors[i].bytes), n;

		base64_encode(text, (const uint8_t *)vectors[i].bytes, len);
		assert_string_equal(text, vectors[i].text);
		assert_true(base64_decode(bytes, &n, text, strlen(text)));
		assert_int_equal(n, len);
		assert_memory_equal(bytes, vectors[i].bytes, len);
	}
}

static void test_any_change_of_a_text_gives_other_bytes_or_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = strlen(vectors[i].text);

		for (size_t at = 0; at < len; at++) {
			for (unsigned c = 0; c < 256; c++) {
				char text[16];
				uint8_t bytes[16];
				size_t n;

				memcpy(text, vectors[i].text, len + 1);
				if ((uint8_t)text[at] == c)
					continue;
				text[at] = (char)c;
				if (base64_decode(bytes, &n, text, len) && n == strlen(vectors[i].bytes))
					assert_memory_not_equal(bytes, vectors[i].bytes, n);
			}
		}
	}
}

static void test_what_nobody_would_write_is_refused(void **state)
{
	static const char *const bad[] = { "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9vZg==Zm9v",
		"====", "Z===", "Zg= =", "Zm9v\n" };
	uint8_t bytes[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(base64_decode(bytes, &n, bad[i], strlen(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_rfcs_vectors),
		cmocka_unit_test(test_any_change_of_a_text_gives_other_bytes_or_none),
		cmocka_unit_test(test_what_nobody_would_write_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
