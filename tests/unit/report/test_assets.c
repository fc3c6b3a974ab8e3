/* SPDX-License-Identifier: BSD-2-Clause */
/* CSV and lists of assets: one way to read a file, or none. */
#include "support/hzt.h"
#include "base/error.h"
#include "report/assets.h"
#include "report/csv.h"

/* Rows as a|b;c|d. NULL: refused. */
static const char *rows(const char *text, size_t len, hz_error **err)
{
	static char out[1024];
	struct csv c;
	size_t at = 0;
	int rc;

	csv_begin(&c, text, len);
	while ((rc = csv_next(&c, err)) > 0) {
		for (size_t i = 0; i < c.n; i++)
			at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s",
				i            ? "|"
					: at ? ";"
					     : "",
				csv_field(&c, i));
	}
	csv_release(&c);
	out[at] = '\0';
	return rc < 0 ? NULL : out;
}

static void test_csv(void **state)
{
	static const struct {
		const char *text, *want; /* want NULL: refused */
	} cases[] = {
		{ "", "" },
		{ "a", "a" },
		{ "a,b\n", "a|b" },
		{ "a,b\r\nc,d\r\n", "a|b;c|d" },
		{ "\xef\xbb\xbf"
		  "a\n",
			"a" },
		{ "\n\r\na\n\n", "a" },
		{ "a,\n", "a|" },
		{ ",\n", "|" },
		{ "\"\"\n", "" },
		{ "\"a\",\"b\"", "a|b" },
		{ "\"a,b\"\n", "a,b" },
		{ "\"a\"\"b\"\n", "a\"b" },
		{ "\"a\nb\",c\n", "a\nb|c" },
		{ "\"a\r\nb\"", "a\r\nb" },
		{ " a , b ", " a | b " },
		{ "=1+1,-2", "=1+1|-2" },
		{ "a\"b", NULL },
		{ "\"a", NULL },
		{ "\"a\"b", NULL },
		{ "\"a\" ,b", NULL },
		{ "a\rb\n", NULL },
		{ "a\r", NULL },
		{ "\xff\n", NULL },
		{ "\"\xc3\"\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		hz_error *err = NULL;
		const char *got = rows(cases[i].text, strlen(cases[i].text), &err);

		if (!got != !cases[i].want || (got && strcmp(got, cases[i].want) != 0))
			fail_msg("%zu: %s", i, got ? got : hz_error_message(err));
		if (!got)
			assert_int_equal(hz_error_code(err), HZ_E_INVAL);
		hz_error_free(err);
	}
	assert_null(rows("a\0b", 3, NULL));
}

static void test_bounds_of_csv(void **state)
{
	char text[16384];
	hz_error *err = NULL;

	(void)state;
	memset(text, ',', 64);
	assert_null(rows(text, 64, NULL));
	assert_non_null(rows(text, 63, NULL));
	memset(text, 'x', sizeof(text));
	assert_null(rows(text, 4097, &err));
	assert_non_null(strstr(hz_error_message(err), "line 1: a field longer"));
	hz_error_free(err);
}

static void test_lists(void **state)
{
	static const struct {
		const char *text, *says; /* says NULL: taken */
		size_t n;
	} cases[] = {
		{ "asset\nA\nB\n", NULL, 2 },
		{ "id,asset,host,path\n1,A,h,/p\n2,B,,\n", NULL, 2 },
		{ "\xef\xbb\xbf\xe8\xb3\x87\xe7\x94\xa3\xe5\x90\x8d,"
		  "\xe3\x83\x9b\xe3\x82\xb9\xe3\x83\x88\xe5\x90\x8d\r\nA,h\r\n",
			NULL, 1 },
		{ "asset\n", NULL, 0 },
		{ "", "it is empty", 0 },
		{ "name\nA\n", "none is asset", 0 },
		{ "asset,asset\nA,B\n", "two columns are named asset", 0 },
		{ "asset,host\nA\n", "line 2: 1 fields, and the first row has 2", 0 },
		{ "asset,host\n\"A\nA\",h\n,h\n", "line 4: an asset without a name", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(hz_assets_free) hz_assets *a = NULL;
		hz_error *err = NULL;
		int rc = assets_parse(&a, cases[i].text, strlen(cases[i].text), "x.csv", &err);

		if (!cases[i].says) {
			assert_ok(rc, &err);
			assert_int_equal(a->n, cases[i].n);
			continue;
		}
		assert_int_equal(rc, HZ_E_INVAL);
		assert_null(a);
		if (!strstr(hz_error_message(err), cases[i].says))
			fail_msg("%zu: %s", i, hz_error_message(err));
		hz_error_free(err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_bounds_of_csv),
		cmocka_unit_test(test_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
