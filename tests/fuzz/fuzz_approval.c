/* SPDX-License-Identifier: BSD-2-Clause */
/* Approvals of others: what is read names a goal and a device, each a text of its own. */
#include "report/approval.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct approval_text a;

	if (!text || size > 65536 || memchr(data, '\0', size)) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (approval_parse(&a, text, NULL) == 0) {
		if (!*a.goal || a.n == 0 || a.n > APPROVAL_DEVICES)
			abort();
		for (size_t i = 0; i < a.n; i++)
			if (!*a.device[i] || strchr(a.device[i], '\n') || !approval_names(&a, a.device[i]))
				abort();
	}
	free(text);
	return 0;
}
