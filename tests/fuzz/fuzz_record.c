/* SPDX-License-Identifier: BSD-2-Clause */
/* Records: what is taken has everything that others rely on. */
#include "report/statement.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(json_read_free) struct json_value *root = NULL;
	struct record_view v;

	if (record_read(&root, &v, (const char *)data, len, NULL) < 0)
		return 0;
	if (!uuid_is(v.uuid, '\0') || !record_kind_is_known(v.kind) || !v.outcome || !v.command || !v.start ||
		!v.predicate)
		abort();
	return 0;
}
