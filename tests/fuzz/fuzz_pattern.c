/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns: lines of patterns, an empty line, then lines of paths. */
#include "archive/pattern.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool fact)
{
	if (!fact)
		abort();
}

/* No name in it is empty: below "a" there is no "a/". */
static bool is_stored_path(const char *path, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (path[i] == '/' && (i == 0 || i + 1 == len || path[i - 1] == '/'))
			return false;
	return len > 0;
}

/* The three answers must not contradict each other. */
static void ask(const struct patterns *p, const char *path, size_t len)
{
	bool as_file = patterns_match(p, path, len, false), as_dir = patterns_match(p, path, len, true);
	bool any = patterns_match_or_parent(p, path, len, true);

	check(as_dir || !as_file);
	check(any || !as_dir);
	if (!is_stored_path(path, len))
		return;
	for (size_t i = 1; as_dir && i < len; i++)
		if (path[i] == '/')
			check(patterns_may_match_below(p, path, i));
	check(!as_dir || patterns_may_match_below(p, "", 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(patterns_free) struct patterns *p = NULL;
	AUTO_FREE char *text = malloc(len + 1);
	char *at = text, *end = text + len;
	bool paths = false;

	if (len > 1 << 14 || !text || patterns_new(&p, NULL) < 0)
		return 0;
	memcpy(text, data, len);
	*end = '\n';
	while (at < end) {
		char *line_end = memchr(at, '\n', (size_t)(end - at) + 1);

		*line_end = '\0';
		if (paths)
			ask(p, at, (size_t)(line_end - at));
		else if (line_end == at)
			paths = true;
		else
			(void)patterns_add(p, at, NULL);
		at = line_end + 1;
	}
	return 0;
}
