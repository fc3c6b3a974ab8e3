/* SPDX-License-Identifier: BSD-2-Clause */
/* See uuid.h. */
#include "base/uuid.h"
#include <string.h>
#include <uuid/uuid.h>

void uuid_make(char out[UUID_TEXT])
{
	uuid_t u;

	uuid_generate_random(u);
	uuid_unparse_lower(u, out);
}

bool uuid_is(const char *text, char stop)
{
	for (unsigned i = 0; i < UUID_TEXT - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (!text[i] || (dash ? text[i] != '-' : !strchr("0123456789abcdef", text[i])))
			return false;
	}
	return text[UUID_TEXT - 1] == stop;
}
