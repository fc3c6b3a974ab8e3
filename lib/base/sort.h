/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting what begins with random bytes: ids, and what is keyed by them. */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>

#define SORT_EACH_MAX 64u

/* Sorts n elements of each (at most SORT_EACH_MAX) bytes as qsort does. The first byte of an element must be the first
 * thing that cmp looks at, ascending. Where these are spread evenly it takes next to no memory; qsort takes as much as
 * there is to sort. */
void sort_spread(void *v, size_t n, size_t each, int (*cmp)(const void *a, const void *b));

#endif
