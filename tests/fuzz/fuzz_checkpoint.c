/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints, and the lines of a log. */
#include "report/checkpoint.h"
#include "report/logfile.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t pub[SIGN_PUB_LEN] = { 1 };
	struct checkpoint c;
	struct log_entry e;

	if (crypto_init(NULL) < 0)
		abort();
	(void)checkpoint_parse(&c, (const char *)data, len, NULL);
	(void)checkpoint_check(&c, pub, (const char *)data, len, NULL);
	if (len >= LOG_LINE_LEN && log_entry_read(&e, data)) {
		uint8_t line[LOG_LINE_LEN];

		log_entry_write(line, &e);
		if (memcmp(line, data, sizeof(line)) != 0)
			abort();
	}
	return 0;
}
