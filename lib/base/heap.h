/* SPDX-License-Identifier: BSD-2-Clause */
/* What the allocator keeps. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

/* Gives the system back what was freed, where the allocator would keep it: after large buffers that will not be needed
 * again. */
void heap_trim(void);

#endif
