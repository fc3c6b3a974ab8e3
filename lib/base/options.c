/* SPDX-License-Identifier: BSD-2-Clause */
/* See options.h. */
#include "base/options.h"
#include <string.h>

int options_copy(void *out, size_t size, const void *in, const char *what, hz_error **err)
{
	uint32_t given;

	memcpy(&given, in, sizeof(given));
	if (given < sizeof(given))
		return err_set(err, HZ_E_INVAL, "%s: its size is not set", what);
	for (size_t i = size; i < given; i++) {
		if (((const uint8_t *)in)[i] != 0)
			return err_set(err, HZ_E_UNSUPPORTED, "%s: options of a newer version", what);
	}
	memset(out, 0, size);
	memcpy(out, in, given < size ? given : size);
	return 0;
}

void result_give(void *callers, const void *ours, size_t size)
{
	uint32_t room;

	if (!callers)
		return;
	memcpy(&room, callers, sizeof(room));
	if (room > size)
		room = (uint32_t)size;
	memcpy(callers, ours, room);
	memcpy(callers, &room, sizeof(room));
}
