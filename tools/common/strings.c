/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of options and lines of pattern files. Every string is the list's own copy. */
#include "common/strings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int strings_add(struct strings *s, const char *text)
{
	char **grown = realloc(s->v, (size_t)(s->n + 1) * sizeof(*grown));

	if (!grown)
		return HZ_E_NOMEM;
	s->v = grown;
	grown[s->n] = strdup(text);
	if (!grown[s->n])
		return HZ_E_NOMEM;
	s->n++;
	return 0;
}

static int add_line(struct strings *s, char *line, size_t len)
{
	if (memchr(line, '\0', len))
		return HZ_E_INVAL;
	if (len > 0 && line[len - 1] == '\n')
		line[len - 1] = '\0';
	if (line[strspn(line, " \t\r")] == '\0' || line[0] == '#')
		return 0;
	return strings_add(s, line);
}

static int add_each(struct strings *s, const char *file, int end, int (*add)(struct strings *s, char *text, size_t len))
{
	const bool is_stdin = strcmp(file, "-") == 0 && end == '\0';
	FILE *f = is_stdin ? stdin : fopen(file, "re");
	char *line = NULL;
	size_t cap = 0;
	int rc = 0, saved;
	ssize_t n;

	if (!f)
		return HZ_E_IO;
	errno = 0;
	while (rc == 0 && (n = getdelim(&line, &cap, end, f)) >= 0)
		rc = add(s, line, (size_t)n);
	/* A folder opens and fails at the first read; a pattern file read in part would back up what it excludes. */
	if (rc == 0 && !feof(f))
		rc = HZ_E_IO;
	saved = errno;
	free(line);
	if (!is_stdin)
		(void)fclose(f);
	errno = saved;
	return rc;
}

static int add_name(struct strings *s, char *name, size_t len)
{
	(void)len;
	return strings_add(s, name);
}

int strings_add_lines(struct strings *s, const char *file)
{
	return add_each(s, file, '\n', add_line);
}

int strings_add_names(struct strings *s, const char *file)
{
	return add_each(s, file, '\0', add_name);
}

void strings_release(struct strings *s)
{
	for (uint64_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	s->v = NULL;
	s->n = 0;
}
