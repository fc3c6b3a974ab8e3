/* SPDX-License-Identifier: BSD-2-Clause */
/* entry_decode: what it takes and has no field to be ignored is encoded to the very same bytes; what is encoded can be
 * decoded. */
#include "archive/entry.h"
#include "base/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool has_ignorable(const uint8_t *data, size_t len)
{
	struct dec d = dec_of(data, len);

	while (dec_left(&d) > 0) {
		size_t n = 0;

		if (dec_u8(&d) & 0x80)
			return true;
		(void)dec_blob(&d, len, &n);
	}
	return false;
}

static void demand(bool what)
{
	if (!what)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_free) struct arena *a = NULL;
	AUTO_IN(buf_release) struct buf once = BUF_INIT, twice = BUF_INIT;
	struct entry e, again;

	if (arena_new(&a, NULL) < 0 || entry_decode(&e, a, data, len, NULL) < 0)
		return 0;
	demand(entry_encode(&once, &e, NULL) == 0);
	demand(has_ignorable(data, len) || (once.len == len && memcmp(once.data, data, len) == 0));
	demand(entry_decode(&again, a, once.data, once.len, NULL) == 0);
	demand(entry_encode(&twice, &again, NULL) == 0);
	demand(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	return 0;
}
