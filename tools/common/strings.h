/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing list of strings, as the library's options take them: v and n. */
#ifndef COMMON_STRINGS_H
#define COMMON_STRINGS_H

#include <hozen/error.h>
#include <stddef.h>
#include <stdint.h>

struct strings {
	char **v;
	uint64_t n;
};
#define STRINGS_INIT    \
	{               \
		NULL, 0 \
	}

/* Appends a copy; HZ_E_NOMEM. */
int strings_add(struct strings *s, const char *text);
/* Appends every line of a file but blank ones and those that begin with #. HZ_E_IO with errno; HZ_E_INVAL: a NUL byte.
 */
int strings_add_lines(struct strings *s, const char *file);
/* Appends every name of a file of names, each but the last ended by a NUL; "-": standard input. HZ_E_IO with errno. */
int strings_add_names(struct strings *s, const char *file);
void strings_release(struct strings *s);
/* v in the shape that the library's options want. */
static inline const char *const *strings_list(const struct strings *s)
{
	return (const char *const *)s->v;
}

#define AUTO_STRINGS __attribute__((cleanup(strings_release)))

#endif
