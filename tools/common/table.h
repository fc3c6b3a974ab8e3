/* SPDX-License-Identifier: BSD-2-Clause */
/* A table whose columns are as wide as their widest cell. Printed at once, so it is for lists, not for streams. */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include "common/strings.h"
#include <stdio.h>

struct table {
	uint32_t columns;
	const char *right; /* a letter per column: 'r' right-aligned, else left */
	struct strings cells;
};
#define TABLE_INIT(columns, right)           \
	{                                    \
		columns, right, STRINGS_INIT \
	}

/* columns cells follow, const char * each. HZ_E_NOMEM. */
int table_row(struct table *t, ...);
/* escape as in text_put. */
void table_print(const struct table *t, FILE *f, int escape);
void table_release(struct table *t);
#define AUTO_TABLE __attribute__((cleanup(table_release)))

#endif
