/* SPDX-License-Identifier: BSD-2-Clause */
/* Hex of names. One spelling only: lower case, so that a name has one file name. */
#include "base/id.h"

static bool all_zero(const uint8_t *p, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return any == 0;
}

bool id_is_zero(const struct id *a)
{
	return all_zero(a->b, ID_LEN);
}

bool uid_is_zero(const struct uid *a)
{
	return all_zero(a->b, UID_LEN);
}

void hex_encode(char *out, const uint8_t *in, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

struct id_hex id_hex(const struct id *a)
{
	struct id_hex h;

	hex_encode(h.s, a->b, ID_LEN);
	return h;
}

struct uid_hex uid_hex(const struct uid *a)
{
	struct uid_hex h;

	hex_encode(h.s, a->b, UID_LEN);
	return h;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool hex_decode(uint8_t *out, size_t len, const char *hex, size_t hex_len)
{
	if (hex_len / 2 != len || hex_len % 2 != 0)
		return false;
	for (size_t i = 0; i < hex_len; i++)
		if (digit(hex[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	return true;
}
