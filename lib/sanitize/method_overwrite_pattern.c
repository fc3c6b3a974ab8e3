/* SPDX-License-Identifier: BSD-2-Clause */
/* Two passes, a pattern and its complement: SP 800-88r1 for flash without a command set. */
#include "sanitize/overwrite.h"
#include <string.h>

static int run(struct method_run *m, hz_error **err)
{
	struct overwrite *w = m->overwrite;
	struct fill two[2] = { { .kind = FILL_BYTES, .pattern = { 0x55 }, .pattern_len = 1 } };

	if (w->pattern_len > PATTERN_MAX)
		return err_set(err, HZ_E_INVAL, "a pattern has 1 to %d bytes", PATTERN_MAX);
	if (w->pattern_len > 0) {
		memcpy(two[0].pattern, w->pattern, w->pattern_len);
		two[0].pattern_len = w->pattern_len;
	}
	two[1] = two[0];
	for (size_t i = 0; i < two[1].pattern_len; i++)
		two[1].pattern[i] = (uint8_t)~two[1].pattern[i];
	return overwrite_passes(m, two, 2, err);
}

const struct method method_overwrite_pattern = {
	.id = "overwrite-pattern",
	.title = "overwrite with a pattern, then with its complement",
	.needs = HZ_CAN_WRITE,
	.run = run,
};
