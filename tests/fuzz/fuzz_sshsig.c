/* SPDX-License-Identifier: BSD-2-Clause */
/* SSH signatures: what is taken is exactly what we would write. */
#include "report/sshsig.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char line[SSH_KEY_LINE_LEN];
	uint8_t pub[SIGN_PUB_LEN], again[SIGN_PUB_LEN];

	if (crypto_init(NULL) < 0)
		abort();
	(void)sshsig_check(pub, (const char *)data, len, "hozen-record", "hello\n", 6, NULL);
	if (ssh_key_parse(pub, (const char *)data, len)) {
		ssh_key_line(line, pub);
		if (!ssh_key_parse(again, line + 12, strlen(line) - 12) || memcmp(pub, again, sizeof(pub)) != 0)
			abort();
	}
	return 0;
}
