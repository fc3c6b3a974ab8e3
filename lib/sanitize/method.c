/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of methods. */
#include "sanitize/method.h"
#include <string.h>

static const struct method *const table[] = {
	NULL,
};

const struct method *const *methods(void)
{
	return table;
}

const struct method *method_find(const char *id)
{
	for (const struct method *const *m = methods(); *m; m++)
		if (strcmp((*m)->id, id) == 0)
			return *m;
	return NULL;
}
