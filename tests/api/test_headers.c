/* SPDX-License-Identifier: BSD-2-Clause */
/* The public headers as a stranger finds them: each compiles alone, their examples compile, what they declare is in the
 * library and in the changelog. Compiles with the system's cc and c++ (CC and CXX name others). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hozen.h>
#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INCLUDE TEST_DIR "/../lib/include"

static glob_t headers;

static int find_headers(void **state)
{
	(void)state;
	return glob(INCLUDE "/hozen/*.h", 0, NULL, &headers);
}

static int forget_headers(void **state)
{
	(void)state;
	globfree(&headers);
	return 0;
}

/* The whole file, the caller's. */
static char *text_of(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t cap = 0;

	assert_non_null(f);
	assert_true(getdelim(&text, &cap, '\0', f) > 0);
	(void)fclose(f);
	return text;
}

static int compiles(const char *compiler, const char *fallback, const char *options, const char *source)
{
	const char *name = getenv(compiler);
	char *command;
	FILE *pipe;
	int status;

	assert_true(asprintf(&command,
			    "%s %s -pedantic -Wall -Wextra -Werror -Wno-unused-variable -Wno-unused-function "
			    "-fsyntax-only -I%s -",
			    name && *name ? name : fallback, options, INCLUDE) > 0);
	pipe = popen(command, "we");
	assert_non_null(pipe);
	assert_true(fputs(source, pipe) >= 0);
	status = pclose(pipe);
	free(command);
	return status == 0;
}

static void every_header_compiles_alone_in_c11_and_in_cxx11(void **state)
{
	(void)state;
	assert_true(headers.gl_pathc >= 9);
	for (size_t i = 0; i < headers.gl_pathc; i++) {
		char *source;

		assert_true(asprintf(&source, "#include <hozen/%s>\n", strrchr(headers.gl_pathv[i], '/') + 1) > 0);
		if (!compiles("CC", "cc", "-std=c11 -x c", source) ||
			!compiles("CXX", "c++", "-std=c++11 -x c++", source))
			fail_msg("%s", source);
		free(source);
	}
	assert_false(compiles("CC", "cc", "-std=c11 -x c 2>/dev/null", "#include <hozen/no-such.h>\n"));
}

/* What the examples take for granted. */
static const char around[] = "#include <hozen.h>\n#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n"
			     "int ask(void *, int, char *, size_t, size_t *, hz_error **);\n"
			     "int print_one(void *, const hz_snapshot_info *);\n"
			     "int put(void *, const void *, size_t);\n"
			     "int draw(void *, const hz_progress *);\n"
			     "void print_event(void *, const hz_event *);\n"
			     "int example(hz_job *job, hz_repo_options repo, hz_repo_options repo_options, "
			     "hz_repo_options opts, hz_error *err,\n"
			     "	hz_backup_options options, hz_backup_result result, int screen);\n"
			     "int example(hz_job *job, hz_repo_options repo, hz_repo_options repo_options, "
			     "hz_repo_options opts, hz_error *err,\n"
			     "	hz_backup_options options, hz_backup_result result, int screen)\n"
			     "{\n\tint rc = 0;\n\t(void)job, (void)repo, (void)repo_options, (void)opts, (void)err, "
			     "(void)options, (void)result;\n"
			     "\t(void)screen;\n\t{\n";

/* The lines of the comments that begin with a tab; NULL: none. */
static char *example_of(const char *text)
{
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	int lines = 0;

	assert_non_null(f);
	assert_true(fputs(around, f) >= 0);
	for (const char *p = text; (p = strstr(p, "\n *")) != NULL;) {
		const char *end = strchr(p + 1, '\n');

		/* An empty comment line parts blocks of an example. */
		if (p[3] == '\t' && end) {
			(void)fprintf(f, "%.*s\n", (int)(end - p - 3), p + 3);
			lines++;
		}
		p++;
	}
	(void)fputs("\t}\n\treturn rc;\n}\n", f);
	assert_int_equal(fclose(f), 0);
	if (lines > 0)
		return out;
	free(out);
	return NULL;
}

static void the_examples_in_the_headers_compile(void **state)
{
	int n = 0;

	(void)state;
	for (size_t i = 0; i < headers.gl_pathc; i++) {
		char *text = text_of(headers.gl_pathv[i]), *source = example_of(text);

		if (source && !compiles("CC", "cc", "-std=c11 -D_GNU_SOURCE -x c", source))
			fail_msg("%s:\n%s", headers.gl_pathv[i], source);
		n += source != NULL;
		free(source);
		free(text);
	}
	assert_true(n >= 5);
}

static void check_function(const char *name, size_t len, const char *changelog)
{
	char symbol[64], quoted[80];

	assert_true(len < sizeof(symbol));
	(void)snprintf(symbol, sizeof(symbol), "%.*s", (int)len, name);
	(void)snprintf(quoted, sizeof(quoted), "`%s`", symbol);
	if (!dlsym(RTLD_DEFAULT, symbol))
		fail_msg("%s is declared, but not exported", symbol);
	if (!strstr(changelog, quoted))
		fail_msg("%s is not in docs/CHANGELOG.md", symbol);
}

static void every_function_is_exported_and_in_the_changelog(void **state)
{
	char *changelog = text_of(TEST_DIR "/../docs/CHANGELOG.md");
	int n = 0;

	(void)state;
	for (size_t i = 0; i < headers.gl_pathc; i++) {
		char *text = text_of(headers.gl_pathv[i]);

		for (const char *p = text; (p = strstr(p, "\nHZ_API ")) != NULL; n++) {
			const char *open = strchr(p, '('), *name = open;

			assert_non_null(open);
			while (name[-1] == '_' || (name[-1] >= 'a' && name[-1] <= 'z') ||
				(name[-1] >= '0' && name[-1] <= '9'))
				name--;
			check_function(name, (size_t)(open - name), changelog);
			p = open;
		}
		free(text);
	}
	assert_true(n >= 40);
	free(changelog);
}

#define CHECK_INIT(type, init)                                     \
	do {                                                       \
		static type filled = init, zero;                   \
                                                                   \
		memset(&zero, 0, sizeof(zero));                    \
		zero.size = (uint32_t)sizeof(zero);                \
		assert_int_equal(filled.size, sizeof(filled));     \
		assert_memory_equal(&filled, &zero, sizeof(zero)); \
	} while (0)

static void initializers_set_the_size_and_zero_the_rest(void **state)
{
	(void)state;
	CHECK_INIT(hz_repo_options, HZ_REPO_OPTIONS_INIT);
	CHECK_INIT(hz_init_options, HZ_INIT_OPTIONS_INIT);
	CHECK_INIT(hz_init_result, HZ_INIT_RESULT_INIT);
	CHECK_INIT(hz_key_export_options, HZ_KEY_EXPORT_OPTIONS_INIT);
	CHECK_INIT(hz_key_export_result, HZ_KEY_EXPORT_RESULT_INIT);
	CHECK_INIT(hz_snapshot_filter, HZ_SNAPSHOT_FILTER_INIT);
	CHECK_INIT(hz_check_options, HZ_CHECK_OPTIONS_INIT);
	CHECK_INIT(hz_export_options, HZ_EXPORT_OPTIONS_INIT);
	CHECK_INIT(hz_export_result, HZ_EXPORT_RESULT_INIT);
	CHECK_INIT(hz_diff_result, HZ_DIFF_RESULT_INIT);
	CHECK_INIT(hz_backup_options, HZ_BACKUP_OPTIONS_INIT);
	CHECK_INIT(hz_backup_result, HZ_BACKUP_RESULT_INIT);
	CHECK_INIT(hz_restore_options, HZ_RESTORE_OPTIONS_INIT);
	CHECK_INIT(hz_restore_result, HZ_RESTORE_RESULT_INIT);
	CHECK_INIT(hz_check_result, HZ_CHECK_RESULT_INIT);
	CHECK_INIT(hz_stats, HZ_STATS_INIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_header_compiles_alone_in_c11_and_in_cxx11),
		cmocka_unit_test(the_examples_in_the_headers_compile),
		cmocka_unit_test(every_function_is_exported_and_in_the_changelog),
		cmocka_unit_test(initializers_set_the_size_and_zero_the_rest),
	};

	return cmocka_run_group_tests(tests, find_headers, forget_headers);
}
