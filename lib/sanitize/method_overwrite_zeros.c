/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass of zeros, written by us: no offload. */
#include "sanitize/overwrite.h"

static int run(struct method_run *m, hz_error **err)
{
	static const struct fill zeros = { .kind = FILL_BYTES, .pattern = { 0 }, .pattern_len = 1 };

	return overwrite_passes(m, &zeros, 1, err);
}

const struct method method_overwrite_zeros = {
	.id = "overwrite-zeros",
	.title = "overwrite with zeros",
	.needs = HZ_CAN_WRITE,
	.run = run,
};
