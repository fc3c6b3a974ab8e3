/* SPDX-License-Identifier: BSD-2-Clause */
/* WRITE ZEROES by the device: what it shows are zeros; what it keeps nobody knows. */
#include "sanitize/overwrite.h"

static int run(struct method_run *m, hz_error **err)
{
	return overwrite_hint(m, m->link->ops->write_zeroes, err);
}

const struct method method_write_zeroes = {
	.id = "write-zeroes",
	.title = "ask the device to show zeros: a hint, no erasure",
	.needs = HZ_CAN_WRITE_ZEROES,
	.hint = true,
	.run = run,
};
