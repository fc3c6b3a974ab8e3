/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs of a log: what is taken and has no extra data is what we would write. */
#include "report/proof.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_IN(buf_release) struct buf again = BUF_INIT;
	struct proof p;

	if (proof_parse(&p, (const char *)data, len, NULL) < 0 || memmem(data, len, "\nextra ", 7))
		return 0;
	if (proof_make(&again, &p, NULL) == 0 && (again.len != len || memcmp(again.data, data, len) != 0))
		abort();
	return 0;
}
