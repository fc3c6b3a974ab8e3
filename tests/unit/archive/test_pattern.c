/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns against single facts, and against a matcher that is plain and slow. */
#include "archive/pattern.h"
#include "support/hzt.h"

static struct patterns *one(const char *text)
{
	struct patterns *p = NULL;
	hz_error *err = NULL;

	assert_int_equal(patterns_new(&p, &err), 0);
	if (patterns_add(p, text, &err) < 0)
		fail_msg("%s", hz_error_message(err));
	return p;
}

static bool matches_kind(const char *text, const char *path, bool is_dir)
{
	AUTO(patterns_free) struct patterns *p = one(text);

	return patterns_match(p, path, strlen(path), is_dir);
}

static bool matches(const char *text, const char *path)
{
	return matches_kind(text, path, false);
}

static int add_result(const char *text)
{
	AUTO(patterns_free) struct patterns *p = NULL;
	AUTO(hz_error_free) hz_error *err = NULL;
	int rc;

	assert_int_equal(patterns_new(&p, NULL), 0);
	rc = patterns_add(p, text, &err);
	assert_int_equal(hz_error_code(err), rc);
	assert_int_equal(patterns_is_empty(p), rc < 0);
	return rc;
}

static void pattern_without_leading_slash_matches_at_any_depth(void **state)
{
	(void)state;
	assert_true(matches("node_modules", "node_modules"));
	assert_true(matches("node_modules", "a/b/node_modules"));
	assert_false(matches("node_modules", "a/xnode_modules"));
	assert_false(matches("node_modules", "node_modules/x"));
	assert_true(matches("b/c", "a/b/c"));
	assert_true(matches("*.o", "src/deep/x.o"));
	assert_false(matches("*.o", "x.o/y"));
}

static void leading_slash_anchors_at_the_root(void **state)
{
	(void)state;
	assert_true(matches("/srv", "srv"));
	assert_false(matches("/srv", "x/srv"));
	assert_true(matches("/srv/*/log", "srv/a/log"));
	assert_false(matches("/srv/*/log", "srv/a/b/log"));
	assert_true(matches("//srv///a", "srv/a"));
}

static void trailing_slash_matches_folders_only(void **state)
{
	(void)state;
	assert_true(matches_kind("cache/", "a/cache", true));
	assert_false(matches_kind("cache/", "a/cache", false));
	assert_true(matches_kind("cache//", "cache", true));
	assert_true(matches_kind("cache", "cache", true));
}

static void star_stops_at_a_slash_and_two_stars_do_not(void **state)
{
	(void)state;
	assert_true(matches("/a/*", "a/b"));
	assert_true(matches("/a*c", "ac"));
	assert_false(matches("/a/*", "a/b/c"));
	assert_true(matches("/a/**", "a/b/c"));
	assert_false(matches("/a/**", "a"));
	assert_true(matches("/a**c", "axx/yyc"));
	assert_true(matches("/a**c", "ac"));
	assert_true(matches("/***", "a/b"));
	assert_true(matches("*", "a/b"));
	assert_true(matches("**", "a/b"));
	assert_false(matches("/*", "a/b"));
}

static void two_stars_and_a_slash_are_any_folders_or_none(void **state)
{
	(void)state;
	assert_true(matches("/a/**/b", "a/b"));
	assert_true(matches("/a/**/b", "a/x/b"));
	assert_true(matches("/a/**/b", "a/x/y/b"));
	assert_false(matches("/a/**/b", "a/xb"));
	assert_true(matches("/**/b", "b"));
	assert_true(matches("**/b", "b"));
	assert_true(matches("**/**/b", "x/b"));
	assert_true(matches("/**/*.o", "x.o"));
	assert_true(matches("/**/**", "x"));
	assert_false(matches("/a/x**/b", "a/b"));
}

static void question_mark_is_one_byte_but_a_slash(void **state)
{
	(void)state;
	assert_true(matches("/a?c", "abc"));
	assert_false(matches("/a?c", "a/c"));
	assert_false(matches("/a?c", "ac"));
	/* Bytes, not characters. */
	assert_false(matches("/?", "\xc3\xa4"));
	assert_true(matches("/\?\?", "\xc3\xa4"));
}

static void sets_hold_members_ranges_and_their_complement(void **state)
{
	(void)state;
	assert_true(matches("/[abc]", "b"));
	assert_false(matches("/[abc]", "d"));
	assert_true(matches("/[a-c]x", "cx"));
	assert_false(matches("/[a-c]x", "dx"));
	assert_true(matches("/[!a-c]", "d"));
	assert_false(matches("/[!a-c]", "b"));
	assert_true(matches("/[]a]", "]"));
	assert_false(matches("/[!]a]", "]"));
	assert_true(matches("/[a-]", "-"));
	assert_true(matches("/[-a]", "-"));
	assert_false(matches("/[a-]", "b"));
	assert_true(matches("/[\\]]", "]"));
	assert_true(matches("/[\\!a]", "!"));
	assert_true(matches("/[a\\-c]", "-"));
	assert_false(matches("/[a\\-c]", "b"));
}

static void sets_never_hold_a_slash(void **state)
{
	(void)state;
	assert_false(matches("/a[!x]b", "a/b"));
	assert_false(matches("/a[/]b", "a/b"));
	assert_false(matches("/a[.-0]b", "a/b"));
	assert_true(matches("/a[.-0]b", "a.b"));
}

static void bytes_above_127_are_bytes(void **state)
{
	(void)state;
	assert_true(matches("/\xff*", "\xff\xfe"));
	assert_true(matches("/[\x80-\xff]", "\xc3"));
	assert_false(matches("/[\x80-\xff]", "a"));
	assert_true(matches("/[!a]", "\xff"));
	assert_true(matches("/\xe4\xbf\x9d\xe5\x85\xa8", "\xe4\xbf\x9d\xe5\x85\xa8"));
}

static void backslash_takes_the_next_byte_as_it_is(void **state)
{
	(void)state;
	assert_true(matches("/\\*", "*"));
	assert_false(matches("/\\*", "a"));
	assert_true(matches("/a\\\\", "a\\"));
	assert_true(matches("/\\a", "a"));
	assert_true(matches_kind("/a\\\\/", "a\\", true));
}

static void malformed_patterns_are_refused(void **state)
{
	char text[PATTERN_LEN_MAX + 2];

	(void)state;
	assert_int_equal(add_result(""), HZ_E_INVAL);
	assert_int_equal(add_result("/"), HZ_E_INVAL);
	assert_int_equal(add_result("//"), HZ_E_INVAL);
	assert_int_equal(add_result("["), HZ_E_INVAL);
	assert_int_equal(add_result("a[b"), HZ_E_INVAL);
	assert_int_equal(add_result("a[]"), HZ_E_INVAL);
	assert_int_equal(add_result("a[!]"), HZ_E_INVAL);
	assert_int_equal(add_result("a[a-"), HZ_E_INVAL);
	assert_int_equal(add_result("a[a\\"), HZ_E_INVAL);
	assert_int_equal(add_result("a[\\]"), HZ_E_INVAL);
	assert_int_equal(add_result("a[b/"), HZ_E_INVAL);
	assert_int_equal(add_result("[b-a]"), HZ_E_INVAL);
	assert_int_equal(add_result("a\\"), HZ_E_INVAL);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(add_result(text), HZ_E_INVAL);
	text[PATTERN_LEN_MAX] = 0;
	assert_int_equal(add_result(text), 0);
	assert_true(matches(text, text));
}

static void a_set_matches_when_one_pattern_does(void **state)
{
	AUTO(patterns_free) struct patterns *p = NULL;

	(void)state;
	assert_int_equal(patterns_new(&p, NULL), 0);
	assert_true(patterns_is_empty(p));
	assert_false(patterns_match(p, "a", 1, false));
	assert_false(patterns_may_match_below(p, "", 0));
	assert_int_equal(patterns_add(p, "/a", NULL), 0);
	assert_int_equal(patterns_add(p, "/b", NULL), 0);
	assert_false(patterns_is_empty(p));
	assert_true(patterns_match(p, "a", 1, false));
	assert_true(patterns_match(p, "b", 1, false));
	assert_false(patterns_match(p, "c", 1, false));
	assert_false(patterns_match(p, "", 0, true));
	patterns_free(NULL);
}

static bool or_parent(const char *text, const char *path, bool is_dir)
{
	AUTO(patterns_free) struct patterns *p = one(text);

	return patterns_match_or_parent(p, path, strlen(path), is_dir);
}

static void matched_folder_takes_what_is_below(void **state)
{
	(void)state;
	assert_true(or_parent("/a/b/", "a/b/c/d", false));
	assert_true(or_parent("b/", "a/b/c", false));
	assert_false(or_parent("c/", "a/b/c", false));
	assert_true(or_parent("c/", "a/b/c", true));
	assert_false(or_parent("/b", "a/b/c", false));
}

static bool below(const char *text, const char *dir)
{
	AUTO(patterns_free) struct patterns *p = one(text);

	return patterns_may_match_below(p, dir, strlen(dir));
}

static void folders_without_possible_matches_are_known(void **state)
{
	(void)state;
	assert_true(below("/srv/data/x", ""));
	assert_true(below("/srv/data/x", "srv"));
	assert_true(below("/srv/data/x", "srv/data"));
	assert_false(below("/srv/data/x", "srv/data/x"));
	assert_false(below("/srv/data/x", "srv/log"));
	assert_false(below("/srv/data/x", "usr"));
	assert_true(below("/srv/*/x", "srv/any"));
	assert_false(below("/srv/*/x", "srv/any/other"));
	assert_true(below("/srv/**", "srv/any/other"));
	assert_true(below("x", "any/where"));
	assert_false(below("/s?v", "srv"));
}

/* --- against a plain matcher --- */

/* The text of t below is made so that each token is one of: byte, '?', '*', "**", "**" + '/'. */
static bool slow(const char *t, const char *path, bool begins)
{
	if (*t == 0)
		return *path == 0;
	if (t[0] == '*' && t[1] == '*') {
		const char *rest = t + 2 + strspn(t + 2, "*");
		bool dirs = begins && *rest == '/';

		if (dirs)
			rest++;
		if (slow(rest, path, dirs))
			return true;
		for (const char *s = path; *s; s++)
			if ((!dirs || *s == '/') && slow(rest, s + 1, dirs))
				return true;
		return false;
	}
	if (*t == '*') {
		for (const char *s = path;; s++) {
			if (slow(t + 1, s, false))
				return true;
			if (*s == 0 || *s == '/')
				return false;
		}
	}
	if (*path == 0 || (*t == '?' ? *path == '/' : *path != *t))
		return false;
	return slow(t + 1, path + 1, *t == '/');
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

static void random_text(uint32_t *x, char *out, size_t max, const char *alphabet)
{
	size_t len = 1 + next_random(x) % max, n = 0;

	while (n < len) {
		char c = alphabet[next_random(x) % strlen(alphabet)];

		if (c == '/' && (n == 0 || out[n - 1] == '/'))
			continue;
		out[n++] = c;
	}
	while (n > 0 && out[n - 1] == '/')
		n--;
	out[n] = 0;
}

static void agrees_with_a_plain_matcher(void **state)
{
	uint32_t x = 1, hits = 0;
	char text[16] = "/", path[16];

	(void)state;
	for (int i = 0; i < 60000; i++) {
		bool expected;

		random_text(&x, text + 1, 9, "ab/***?");
		random_text(&x, path, 10, "aab/");
		if (text[1] == 0 || path[0] == 0)
			continue;
		expected = slow(text + 1, path, true);
		hits += expected;
		if (matches(text, path) != expected)
			fail_msg("\"%s\" and \"%s\": %d expected", text, path, expected);
	}
	assert_true(hits > 1000);
}

/* What a folder's answer promises: no path that matches lies below a folder that was ruled out. Counts those ruled out.
 */
static uint32_t count_ruled_out(const char *text, const char *path)
{
	AUTO(patterns_free) struct patterns *p = one(text);
	uint32_t n = 0;

	assert_true(patterns_may_match_below(p, "", 0));
	for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
		if (patterns_may_match_below(p, path, (size_t)(s - path)))
			continue;
		n++;
		assert_false(patterns_match(p, path, strlen(path), true));
	}
	return n;
}

static void no_match_lies_below_a_folder_ruled_out(void **state)
{
	uint32_t x = 7, ruled_out = 0;
	char text[16] = "/", path[16];

	(void)state;
	for (int i = 0; i < 40000; i++) {
		random_text(&x, text + 1, 8, "ab/*?");
		random_text(&x, path, 10, "aab//");
		if (text[1] == 0 || path[0] == 0)
			continue;
		/* Not anchored: below any folder something may match. */
		assert_int_equal(count_ruled_out(text + 1, path), 0);
		ruled_out += count_ruled_out(text, path);
	}
	assert_true(ruled_out > 1000);
}

/* These take a matcher that tries one star after the other years; here they take as long as any other. */
static void many_stars_take_no_longer(void **state)
{
	static char text[PATTERN_LEN_MAX + 1], path[20001];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	for (size_t i = 0; i + 3 <= PATTERN_LEN_MAX; i += 3)
		memcpy(text + i, "a**", 4);
	text[PATTERN_LEN_MAX - 2] = 'b';
	assert_false(matches(text, path));
	path[sizeof(path) - 2] = 'b';
	assert_true(matches(text, path));
	for (size_t i = 0; i + 2 <= PATTERN_LEN_MAX; i += 2)
		memcpy(text + i, "*a", 3);
	assert_false(matches(text, path));
	for (size_t i = 1; i < sizeof(path) - 1; i += 2)
		path[i] = '/';
	path[sizeof(path) - 2] = 'a';
	for (size_t i = 0; i + 5 <= PATTERN_LEN_MAX; i += 5)
		memcpy(text + i, "**/a/", 6);
	assert_false(matches(text, path));
}

/* Sets of positions are words: tokens on both sides of a boundary. */
static void stars_work_across_words(void **state)
{
	char text[200], path[200];

	(void)state;
	for (int n = 55; n < 70; n++) {
		snprintf(text, sizeof(text), "/%.*s**/*b", n,
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/");
		text[n] = '/';
		snprintf(path, sizeof(path), "%.*s/b", n - 1, text + 1);
		assert_true(matches(text, path));
		snprintf(path, sizeof(path), "%.*s/x/yyb", n - 1, text + 1);
		assert_true(matches(text, path));
		snprintf(path, sizeof(path), "%.*s/x/yyc", n - 1, text + 1);
		assert_false(matches(text, path));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pattern_without_leading_slash_matches_at_any_depth),
		cmocka_unit_test(leading_slash_anchors_at_the_root),
		cmocka_unit_test(trailing_slash_matches_folders_only),
		cmocka_unit_test(star_stops_at_a_slash_and_two_stars_do_not),
		cmocka_unit_test(two_stars_and_a_slash_are_any_folders_or_none),
		cmocka_unit_test(question_mark_is_one_byte_but_a_slash),
		cmocka_unit_test(sets_hold_members_ranges_and_their_complement),
		cmocka_unit_test(sets_never_hold_a_slash),
		cmocka_unit_test(bytes_above_127_are_bytes),
		cmocka_unit_test(backslash_takes_the_next_byte_as_it_is),
		cmocka_unit_test(malformed_patterns_are_refused),
		cmocka_unit_test(a_set_matches_when_one_pattern_does),
		cmocka_unit_test(matched_folder_takes_what_is_below),
		cmocka_unit_test(folders_without_possible_matches_are_known),
		cmocka_unit_test(agrees_with_a_plain_matcher),
		cmocka_unit_test(no_match_lies_below_a_folder_ruled_out),
		cmocka_unit_test(many_stars_take_no_longer),
		cmocka_unit_test(stars_work_across_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
