/* SPDX-License-Identifier: BSD-2-Clause */
/* Names by RFC 9562, of random bits. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>

#define UUID_TEXT 37 /* with NUL */

void uuid_make(char out[UUID_TEXT]);
/* Exactly one of lower-case digits, which ends with stop. */
bool uuid_is(const char *text, char stop);

#endif
