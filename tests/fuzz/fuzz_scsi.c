/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of SCSI devices. */
#include "device/scsi.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t logs[] = { SCSI_LOG_READ_ERRORS, SCSI_LOG_TEMPERATURE, SCSI_LOG_SOLID_STATE,
		SCSI_LOG_BACKGROUND, SCSI_LOG_EXCEPTIONS };
	struct scsi_health h = SCSI_HEALTH_INIT;
	struct scsi_characteristics c;
	struct scsi_inquiry q;
	struct scsi_capacity cap;
	char text[16];

	(void)scsi_inquiry_parse(&q, data, len);
	(void)scsi_characteristics_parse(&c, data, len);
	if (scsi_serial_parse(text, sizeof(text), data, len) && strnlen(text, sizeof(text)) == sizeof(text))
		abort();
	if (scsi_name_parse(text, sizeof(text), data, len) && strnlen(text, sizeof(text)) == sizeof(text))
		abort();
	if (scsi_capacity_parse(&cap, data, len) && cap.blocks == 0)
		abort();
	(void)scsi_supported_parse(data, len);
	for (size_t i = 0; i < sizeof(logs); i++) {
		(void)scsi_log_parse(&h, logs[i], data, len);
		(void)scsi_log_has(logs[i], data, len);
	}
	return 0;
}
