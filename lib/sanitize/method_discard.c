/* SPDX-License-Identifier: BSD-2-Clause */
/* DISCARD (TRIM, UNMAP): the device may forget, or not, or later. */
#include "sanitize/overwrite.h"

static int run(struct method_run *m, hz_error **err)
{
	return overwrite_hint(m, m->link->ops->discard, err);
}

const struct method method_discard = {
	.id = "discard",
	.title = "discard all addresses: a hint, no erasure",
	.needs = HZ_CAN_DISCARD,
	.hint = true,
	.run = run,
};
