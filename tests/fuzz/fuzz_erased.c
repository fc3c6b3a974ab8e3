/* SPDX-License-Identifier: BSD-2-Clause */
/* The record of an erasure as those read it who check the medium. */
#include "mediacheck/erased.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct erased e = { 0 };
	uint64_t at = 0;

	if (erased_read(&e, (const char *)data, len, NULL) < 0)
		return 0;
	if (e.bytes < e.logical || e.bytes % e.logical)
		abort();
	for (size_t i = 0; i < e.n_bad; i++) {
		if (e.bad[i].first < at || e.bad[i].end <= e.bad[i].first || e.bad[i].end > e.bytes / e.logical)
			abort();
		at = e.bad[i].end;
	}
	erased_release(&e);
	return 0;
}
