/* SPDX-License-Identifier: BSD-2-Clause */
/* bundle_decode: what it takes, and has nothing to be ignored, is encoded to the very same bytes. */
#include "fuzz/signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool has_ignorable(const uint8_t *data, size_t len)
{
	struct dec d = dec_of(data, len);

	while (dec_left(&d) > 0) {
		if (dec_u16(&d) & SECTION_IGNORABLE)
			return true;
		(void)dec_bytes(&d, dec_u32(&d));
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct signing *s = signing_get();
	AUTO(bundle_free) struct bundle *b = NULL;
	AUTO(secret_free) struct secret *again = NULL;

	if (bundle_decode(&b, data, len, 1, &s->log.repo.id, NULL) < 0)
		return 0;
	demand(b->role >= HZ_ROLE_WRITER && b->role <= HZ_ROLE_ADMIN && b->roots.n >= 1);
	demand(!!b->group_secret == (b->role == HZ_ROLE_WRITER) && !!b->meta_sec == (b->role != HZ_ROLE_WRITER));
	demand(bundle_encode(&again, b, NULL) == 0);
	demand(has_ignorable(data, len) || (secret_len(again) == len && memcmp(secret_bytes(again), data, len) == 0));
	return 0;
}
