/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees are compared as text: name=real, * for a whole one, + for one below it, {children}; a root without a place of
 * its own has no "=".
 */
#include "support/hzt.h"
#include "archive/sources.h"

#define PATHS_MAX 6

struct text {
	char s[2048];
	size_t len;
};

static void put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	assert_true(t->len + n < sizeof(t->s));
	memcpy(t->s + t->len, s, n + 1);
	t->len += n;
}

static void describe(struct text *t, const struct source_node *n)
{
	put(t, n->name ? n->name : "");
	if (n->real) {
		put(t, "=");
		put(t, n->real);
	}
	put(t, n->whole ? "*" : "");
	put(t, n->covered ? "+" : "");
	if (!n->child)
		return;
	put(t, "{");
	for (const struct source_node *c = n->child; c; c = c->next) {
		describe(t, c);
		put(t, c->next ? " " : "");
	}
	put(t, "}");
}

static size_t count_paths(const char *const *paths)
{
	size_t n = 0;

	while (n < PATHS_MAX && paths[n])
		n++;
	return n;
}

struct good_case {
	const char *paths[PATHS_MAX];
	const char *tree;
};

static void expect_trees(const struct good_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(sources_free) struct sources *s = NULL;
		struct text t = { .len = 0 };
		hz_error *err = NULL;

		assert_ok(sources_new(&s, c[i].paths, count_paths(c[i].paths), "/home/u", &err), &err);
		describe(&t, &s->root);
		assert_string_equal(t.s, c[i].tree);
	}
}

static void names_are_stored_without_leading_slash_and_dots(void **state)
{
	static const struct good_case cases[] = {
		{ { "/etc" }, "{etc=/etc*}" },
		{ { "etc" }, "{etc=etc*}" },
		{ { "./a//b/./c/" }, "{a=a{b=a/b{c=a/b/c*}}}" },
		{ { "//usr///lib/." }, "{usr=/usr{lib=/usr/lib*}}" },
		{ { "a/..." }, "{a=a{...=a/...*}}" },
		{ { "..a", "b.." }, "{..a=..a* b..=b..*}" },
		{ { ".hidden" }, "{.hidden=.hidden*}" },
	};

	(void)state;
	expect_trees(cases, ARRAY_LEN(cases));
}

static void the_root_and_the_present_folder_are_the_tree_itself(void **state)
{
	static const struct good_case cases[] = {
		{ { "/" }, "=/*" },
		{ { "///" }, "=/*" },
		{ { "/." }, "=/*" },
		{ { "." }, "=.*" },
		{ { "././" }, "=.*" },
		{ { "/", "/etc" }, "=/*{etc=/etc*+}" },
		{ { "/etc/x", "/usr", "/" }, "=/*{etc=/etc+{x=/etc/x*+} usr=/usr*+}" },
		{ { ".", "a/b" }, "=.*{a=a+{b=a/b*+}}" },
		{ { "a/b", "." }, "=.*{a=a+{b=a/b*+}}" },
	};

	(void)state;
	expect_trees(cases, ARRAY_LEN(cases));
}

static void overlaps_are_merged_in_any_order(void **state)
{
	static const struct good_case cases[] = {
		{ { "/a", "/a" }, "{a=/a*}" },
		{ { "/a", "/a/b/c" }, "{a=/a*{b=/a/b+{c=/a/b/c*+}}}" },
		{ { "/a/b/c", "/a" }, "{a=/a*{b=/a/b+{c=/a/b/c*+}}}" },
		{ { "/a/b/c", "/a/d", "/a/b" }, "{a=/a{b=/a/b*{c=/a/b/c*+} d=/a/d*}}" },
		{ { "/a/b", "c" }, "{a=/a{b=/a/b*} c=c*}" },
		{ { "/a", "/ab", "/a/b" }, "{a=/a*{b=/a/b*+} ab=/ab*}" },
	};

	(void)state;
	expect_trees(cases, ARRAY_LEN(cases));
}

static void children_ascend_by_the_bytes_of_their_names(void **state)
{
	static const struct good_case cases[] = {
		{ { "b", "a", "c" }, "{a=a* b=b* c=c*}" },
		{ { "ab", "a", "b", "a-" }, "{a=a* a-=a-* ab=ab* b=b*}" },
		{ { "\xff", "a", "B", "\x01" }, "{\x01=\x01* B=B* a=a* \xff=\xff*}" },
		{ { "x/b", "x/a", "w/z" }, "{w=w{z=w/z*} x=x{a=x/a* b=x/b*}}" },
	};

	(void)state;
	expect_trees(cases, ARRAY_LEN(cases));
}

static void expect_invalid(const char *const paths[][PATHS_MAX], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sources *s = NULL;
		hz_error *err = NULL;

		assert_fails(sources_new(&s, paths[i], count_paths(paths[i]), "/home/u", &err), HZ_E_INVAL, &err);
		assert_null(s);
		/* Without an error object too. */
		assert_int_equal(sources_new(&s, paths[i], count_paths(paths[i]), "/home/u", NULL), HZ_E_INVAL);
	}
}

static void dotdot_and_empty_paths_are_refused(void **state)
{
	static const char *const paths[][PATHS_MAX] = {
		{ ".." },
		{ "../a" },
		{ "a/.." },
		{ "/a/../b" },
		{ "/.." },
		{ "fine", "./../b" },
		{ "" },
		{ "fine", "" },
	};
	static const char *const none[] = { "a", NULL };
	struct sources *s = NULL;

	(void)state;
	expect_invalid(paths, ARRAY_LEN(paths));
	assert_int_equal(sources_new(&s, none, 2, "/", NULL), HZ_E_INVAL);
}

static void two_places_under_one_name_are_refused(void **state)
{
	static const char *const paths[][PATHS_MAX] = {
		{ "/a", "a" },
		{ "a", "/a" },
		{ "/a/x", "a/y" },
		{ "a/b/c", "/a/b/d" },
		{ "/", "." },
		{ ".", "/" },
		{ ".", "/etc" },
		{ "/etc", "." },
		{ "/", "x" },
		{ "x", "/" },
		{ "x/y", "/z", "/" },
	};

	(void)state;
	expect_invalid(paths, ARRAY_LEN(paths));
}

static void absolute_paths_keep_order_and_overlaps(void **state)
{
	static const char *const paths[] = { "x/./y", "/b//c/", "/b", "x", "x/y" }, *const root[] = { "." };
	static const char *const want[] = { "/home/u/x/y", "/b/c", "/b", "/home/u/x", "/home/u/x/y" };
	static const char *const at_root[] = { "x", "/y" }, *const slash[] = { "/" };
	AUTO(sources_free) struct sources *s = NULL, *t = NULL, *u = NULL;
	hz_error *err = NULL;

	(void)state;
	assert_ok(sources_new(&s, paths, ARRAY_LEN(paths), "/home/u", &err), &err);
	assert_int_equal(s->n, ARRAY_LEN(want));
	for (size_t i = 0; i < s->n; i++)
		assert_string_equal(s->absolute[i], want[i]);
	assert_ok(sources_new(&t, root, 1, "/home/u", &err), &err);
	assert_string_equal(t->absolute[0], "/home/u");
	sources_free(TAKE(t));
	assert_ok(sources_new(&t, slash, 1, "/home/u", &err), &err);
	assert_string_equal(t->absolute[0], "/");
	assert_ok(sources_new(&u, at_root, 2, "/", &err), &err);
	assert_string_equal(u->absolute[0], "/x");
	assert_string_equal(u->absolute[1], "/y");
	sources_free(TAKE(u));
	assert_ok(sources_new(&u, root, 1, "/", &err), &err);
	assert_string_equal(u->absolute[0], "/");
}

static void no_paths_make_an_empty_tree(void **state)
{
	AUTO(sources_free) struct sources *s = NULL;

	(void)state;
	assert_ok(sources_new(&s, NULL, 0, "/", NULL), NULL);
	assert_int_equal(s->n, 0);
	assert_null(s->root.child);
	assert_false(s->root.whole);
}

/* ---- random paths against the plain rule: what has no prefix among the others is what stays ---- */

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static int cmp_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void collect(const struct source_node *n, const char **out, size_t *count)
{
	if (n->whole && !n->covered)
		out[(*count)++] = n->real;
	for (const struct source_node *c = n->child; c; c = c->next) {
		assert_int_equal(c->covered, n->whole || n->covered);
		collect(c, out, count);
	}
}

static void random_path(struct hzt_random *r, char out[16])
{
	size_t depth = 1 + hzt_random_below(r, 4), n = 0;

	for (size_t i = 0; i < depth; i++) {
		if (i)
			out[n++] = '/';
		out[n++] = (char)('a' + hzt_random_below(r, 3));
	}
	out[n] = '\0';
}

static void random_paths_leave_the_shortest_uncovered(void **state)
{
	struct hzt_random r = { 7 };

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		size_t n = 1 + hzt_random_below(&r, 12), kept = 0, found = 0;
		AUTO(sources_free) struct sources *s = NULL;
		const char *paths[12], *want[12], *got[12];
		char text[12][16];

		for (size_t i = 0; i < n; i++) {
			random_path(&r, text[i]);
			paths[i] = text[i];
		}
		for (size_t i = 0; i < n; i++) {
			bool stays = true;

			for (size_t k = 0; k < n; k++)
				stays &= k == i || !is_below(paths[i], paths[k]) ||
					(strcmp(paths[i], paths[k]) == 0 && i < k);
			if (stays)
				want[kept++] = paths[i];
		}
		qsort(want, kept, sizeof(want[0]), cmp_text);
		assert_ok(sources_new(&s, paths, n, "/", NULL), NULL);
		collect(&s->root, got, &found);
		assert_int_equal(found, kept);
		for (size_t i = 0; i < kept; i++)
			assert_string_equal(got[i], want[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_stored_without_leading_slash_and_dots),
		cmocka_unit_test(the_root_and_the_present_folder_are_the_tree_itself),
		cmocka_unit_test(overlaps_are_merged_in_any_order),
		cmocka_unit_test(children_ascend_by_the_bytes_of_their_names),
		cmocka_unit_test(dotdot_and_empty_paths_are_refused),
		cmocka_unit_test(two_places_under_one_name_are_refused),
		cmocka_unit_test(absolute_paths_keep_order_and_overlaps),
		cmocka_unit_test(no_paths_make_an_empty_tree),
		cmocka_unit_test(random_paths_leave_the_shortest_uncovered),
	};

	return cmocka_run_group_tests_name("archive/sources", tests, NULL, NULL);
}
