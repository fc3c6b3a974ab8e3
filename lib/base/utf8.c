/* SPDX-License-Identifier: BSD-2-Clause */
/* See utf8.h. */
#include "base/utf8.h"
#include <stdint.h>

size_t utf8_letter(const void *text, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = text;
	unsigned n;
	uint32_t c;

	if (len == 0 || (p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return 0;
	n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	c = n == 1 ? p[0] : p[0] & (0x7fU >> n);
	if (n > len)
		return 0;
	for (unsigned k = 1; k < n; k++) {
		if ((p[k] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[k] & 0x3f);
	}
	if ((n > 1 && c < least[n]) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

bool utf8_is(const void *text, size_t len)
{
	const uint8_t *p = text;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_letter(p + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

bool utf8_is_line(const void *text, size_t len)
{
	const uint8_t *p = text;

	for (size_t i = 0; i < len; i++) {
		if ((p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
			return false;
	}
	return utf8_is(text, len);
}
