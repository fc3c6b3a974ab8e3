/* SPDX-License-Identifier: BSD-2-Clause */
/* Sense data of both formats. */
#include "device/sense.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sense s = sense_parse(data, len);

	if (!s.present && (s.ata.has_registers || s.has_progress || s.key))
		abort();
	if (s.ata.has_high && !s.ata.has_registers)
		abort();
	return 0;
}
