/* SPDX-License-Identifier: BSD-2-Clause */
/* Well-formed UTF-8: shortest form, no surrogates, at most U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the letter that begins here; 0: none, or none is left. */
size_t utf8_letter(const void *text, size_t len);
bool utf8_is(const void *text, size_t len);
/* The same, and nothing in it moves a cursor: no control characters but tabs. */
bool utf8_is_line(const void *text, size_t len);

#endif
