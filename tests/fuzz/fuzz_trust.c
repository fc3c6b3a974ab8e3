/* SPDX-License-Identifier: BSD-2-Clause */
/* allowed_signers files: a file that fails adds no key. */
#include "report/trust.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(hz_trust_free) hz_trust *t = NULL;
	const struct trust_signer *who;

	if (hz_trust_new(&t, NULL) < 0)
		return 0;
	if (trust_add(t, (const char *)data, len, "fuzz", NULL) < 0 && t->n > 0)
		abort();
	for (size_t i = 0; i < t->n; i++)
		(void)trust_find(t, t->v[i].pub, 1600000000, &who);
	return 0;
}
