/* SPDX-License-Identifier: BSD-2-Clause */
/* Structs that cross the library's border carry their size as their first member, so that they can grow. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/error.h"
#include <stddef.h>

/* Copies a caller's struct of the size it states into ours: *out is zeroed, the smaller size copied. HZ_E_UNSUPPORTED
 * for a larger one with a non-zero tail. */
int options_copy(void *out, size_t size, const void *in, const char *what, hz_error **err);
/* The way back: ours into the caller's, as much as the caller's has room for (the size that it states, which is set to
 * what was given). A caller's NULL is fine. */
void result_give(void *callers, const void *ours, size_t size);

#endif
