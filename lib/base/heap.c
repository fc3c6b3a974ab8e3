/* SPDX-License-Identifier: BSD-2-Clause */
/* What the allocator keeps: only glibc's is known to keep much, holes between what is in use among it. */
#include "base/heap.h"
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void heap_trim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}
