/* SPDX-License-Identifier: BSD-2-Clause */
/* sections_parse: what it takes lies inside the input, in order, and covers all but what may be ignored. */
#include "archive/section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool what)
{
	if (!what)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint16_t known[] = { 1, 2, 3, 7, 0x4001, 0x4002 };
	struct section s[4];
	size_t n = 0, signed_len = 0, total = 0;

	if (sections_parse(s, 4, &n, &signed_len, known, 6, data, len, "input", NULL) < 0)
		return 0;
	demand(n <= 4 && signed_len <= len);
	for (size_t i = 0; i < n; i++) {
		struct dec d = section_dec(s, n, s[i].tag);

		demand(s[i].data >= data && s[i].data + s[i].len <= data + len);
		demand(section_find(s, n, s[i].tag) == &s[i] && dec_left(&d) == s[i].len);
		demand((s[i].tag & SECTION_UNSIGNED) ? s[i].data > data + signed_len
						     : s[i].data + s[i].len <= data + signed_len);
		total += 6 + s[i].len;
	}
	demand(total <= len);
	return 0;
}
