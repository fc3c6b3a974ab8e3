/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 of RFC 4648, section 4: with padding, one spelling only. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With the NUL. */
#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4 + 1)

/* out has room for BASE64_LEN(len). */
void base64_encode(char *out, const uint8_t *in, size_t len);
/* text_len characters, all of them; *len is at most text_len / 4 * 3, for which out has room. False on anything that
 * base64_encode does not write: another character, missing padding, bits that are set behind the last byte. */
bool base64_decode(uint8_t *out, size_t *len, const char *text, size_t text_len);

#endif
