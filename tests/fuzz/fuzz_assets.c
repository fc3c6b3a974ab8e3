/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of assets in CSV: each that is taken has a name. */
#include "report/assets.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(hz_assets_free) hz_assets *a = NULL;

	if (assets_parse(&a, (const char *)data, len, "fuzz", NULL) < 0)
		return 0;
	for (size_t i = 0; i < a->n; i++) {
		if (!a->v[i].name || !*a->v[i].name)
			abort();
	}
	return 0;
}
