/* SPDX-License-Identifier: BSD-2-Clause */
/* Identify pages and logs of NVMe. */
#include "device/nvme.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nvme_controller c;
	struct nvme_namespace n;
	struct nvme_smart s;
	struct nvme_sanitize_log l;
	uint32_t count;

	(void)nvme_controller_parse(&c, data, len);
	if (nvme_namespace_parse(&n, data, len) && (n.block_bytes < 512 || n.blocks == 0))
		abort();
	if (nvme_allocated_parse(&count, data, len) && count > 1024)
		abort();
	(void)nvme_smart_parse(&s, data, len);
	(void)nvme_sanitize_parse(&l, data, len);
	return 0;
}
