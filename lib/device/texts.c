/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from outside is made harmless where it comes in: what goes on is printable. */
#include "device/texts.h"
#include "base/auto.h"
#include <string.h>
#include <strings.h>

void text_clean(char *out, const void *in, size_t len)
{
	const char *p = in;
	size_t n = 0, first = 0;

	while (n < len && p[n])
		n++;
	while (first < n && p[first] == ' ')
		first++;
	while (n > first && p[n - 1] == ' ')
		n--;
	for (size_t i = first; i < n; i++)
		out[i - first] = p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '?';
	out[n - first] = '\0';
}

void text_set(char *out, size_t cap, const void *in, size_t len)
{
	char all[256];

	if (len >= sizeof(all))
		len = sizeof(all) - 1;
	text_clean(all, in, len);
	len = strnlen(all, cap - 1);
	memcpy(out, all, len);
	out[len] = '\0';
}

void text_hex(char *out, const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}

bool text_is_filler(const char *serial)
{
	static const char *const samples[] = { "0123456789", "1234567890", "12345678", "000000000001", "DEADBEEF",
		"none", "unknown", "To be filled" };
	size_t len = strlen(serial);

	if (strspn(serial, "0") == len || strspn(serial, "?") == len ||
		(len && strspn(serial, (char[2]){ serial[0] }) == len))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		if (strncasecmp(serial, samples[i], strlen(samples[i])) == 0)
			return true;
	return false;
}
