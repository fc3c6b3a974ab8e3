/* SPDX-License-Identifier: BSD-2-Clause */
/* The parsers of names in a store: what they take they would make the same, and none takes another's. */
#include "fuzz/signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool makes(const struct name *made, const char *text)
{
	return strcmp(made->s, text) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[300];
	struct uid u;
	unsigned attempt = 0, taken = 0;
	struct name name;
	uint64_t n = 0;

	if (len >= sizeof(text))
		return 0;
	memcpy(text, data, len);
	text[len] = 0;
	if (name_parse_uid(&u, text, "packs/")) {
		name = name_pack(&u);
		demand(makes(&name, text));
		taken++;
	}
	if (name_parse_uid(&u, text, "keys/slot.")) {
		name = name_slot(&u);
		demand(makes(&name, text));
		taken++;
	}
	if (name_parse_commit(&u, &attempt, text)) {
		name = name_commit(&u, attempt);
		demand(attempt < NAME_TRIES_MAX && makes(&name, text));
		taken++;
	}
	if (name_parse_numbered(&n, &attempt, text, "admin/")) {
		name = name_admin(n, attempt);
		demand(attempt < NAME_TRIES_MAX && makes(&name, text));
		taken++;
	}
	demand(taken <= 1 && (!taken || (store_name_is_valid(text) && !name_is_copy(text))));
	return 0;
}
