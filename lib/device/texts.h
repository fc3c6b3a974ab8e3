/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts that devices give. */
#ifndef DEVICE_TEXTS_H
#define DEVICE_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* len bytes up to the first NUL, without blanks at both ends, what is not printable ASCII as '?'. out has room for
 * len + 1 and may be in. */
void text_clean(char *out, const void *in, size_t len);
/* The same into room for cap, cut. */
void text_set(char *out, size_t cap, const void *in, size_t len);
/* Bytes as hexadecimal; out has room for 2 * len + 1. */
void text_hex(char *out, const uint8_t *p, size_t len);
/* A serial number that is none: empty, of one character, or a maker's sample. */
bool text_is_filler(const char *serial);

#endif
