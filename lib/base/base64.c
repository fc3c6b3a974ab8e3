/* SPDX-License-Identifier: BSD-2-Clause */
/* See base64.h. Nothing secret goes through here: the time that it takes depends on the bytes. */
#include "base/base64.h"
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *out, const uint8_t *in, size_t len)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)in[i] << 16;

		v |= n > 1 ? (uint32_t)in[i + 1] << 8 : 0;
		v |= n > 2 ? (uint32_t)in[i + 2] : 0;
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = n > 1 ? digits[v >> 6 & 63] : '=';
		*out++ = n > 2 ? digits[v & 63] : '=';
	}
	*out = '\0';
}

static bool decode_group(uint8_t *out, size_t *n, const char *text)
{
	size_t pads = text[3] == '=' ? text[2] == '=' ? 2 : 1 : 0;
	uint32_t v = 0;

	for (size_t i = 0; i < 4 - pads; i++) {
		const char *at = text[i] ? strchr(digits, text[i]) : NULL;

		if (!at)
			return false;
		v |= (uint32_t)(at - digits) << (18 - 6 * i);
	}
	*n = 3 - pads;
	for (size_t i = 0; i < 3; i++) {
		uint8_t byte = (uint8_t)(v >> (16 - 8 * i));

		if (i < *n)
			out[i] = byte;
		else if (byte)
			return false;
	}
	return true;
}

bool base64_decode(uint8_t *out, size_t *len, const char *text, size_t text_len)
{
	size_t n = 3;

	*len = 0;
	if (text_len % 4 != 0)
		return false;
	for (size_t i = 0; i < text_len; i += 4) {
		/* Padding stands at the end only. */
		if (n != 3 || !decode_group(out + *len, &n, text + i))
			return false;
		*len += n;
	}
	return true;
}
