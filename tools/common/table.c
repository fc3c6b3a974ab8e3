/* SPDX-License-Identifier: BSD-2-Clause */
/* Cells are kept row after row; widths are counted in columns of the terminal. The last column is never padded. */
#include "common/table.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int table_row(struct table *t, ...)
{
	va_list ap;
	int rc = 0;

	va_start(ap, t);
	for (uint32_t i = 0; i < t->columns && rc == 0; i++)
		rc = strings_add(&t->cells, va_arg(ap, const char *));
	va_end(ap);
	return rc;
}

static size_t column_width(const struct table *t, uint32_t column)
{
	size_t widest = 0;

	for (uint64_t i = column; i < t->cells.n; i += t->columns) {
		size_t w = text_width(t->cells.v[i]);

		if (w > widest)
			widest = w;
	}
	return widest;
}

static void put_cell(const char *cell, size_t width, int right, int last, FILE *f, int escape)
{
	size_t used = text_width(cell);
	int pad = width > used ? (int)(width - used) : 0;

	if (right)
		(void)fprintf(f, "%*s", pad, "");
	text_put(f, cell, strlen(cell), escape);
	if (!last)
		(void)fprintf(f, "%*s", (right ? 0 : pad) + 2, "");
}

void table_print(const struct table *t, FILE *f, int escape)
{
	size_t *widths = calloc(t->columns, sizeof(*widths));

	/* Without memory for widths the table is ragged, and still complete. */
	for (uint32_t c = 0; widths && c < t->columns; c++)
		widths[c] = column_width(t, c);
	for (uint64_t i = 0; i < t->cells.n; i++) {
		uint32_t c = (uint32_t)(i % t->columns);
		int last = c + 1 == t->columns;

		put_cell(t->cells.v[i], widths ? widths[c] : 0, t->right[c] == 'r', last, f, escape);
		if (last)
			(void)fputc('\n', f);
	}
	free(widths);
}

void table_release(struct table *t)
{
	strings_release(&t->cells);
}
