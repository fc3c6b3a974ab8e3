/* SPDX-License-Identifier: BSD-2-Clause */
/* SCSI: what a device's answers mean (SPC-4, SBC-3, SBC-4). Pure; every answer may be shorter than it says. */
#ifndef DEVICE_SCSI_H
#define DEVICE_SCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SCSI_INQUIRY = 0x12,
	SCSI_LOG_SENSE = 0x4d,
	SCSI_SANITIZE = 0x48,
	SCSI_REQUEST_SENSE = 0x03,
	SCSI_SERVICE_ACTION_IN = 0x9e, /* 10h: READ CAPACITY (16) */
	SCSI_MAINTENANCE_IN = 0xa3     /* 0Ch: REPORT SUPPORTED OPERATION CODES */
};
enum { SCSI_SANITIZE_OVERWRITE = 1, SCSI_SANITIZE_BLOCK = 2, SCSI_SANITIZE_CRYPTO = 3 };

struct scsi_inquiry {
	uint8_t type; /* of peripheral device; 0: disk, 14h: zoned by the host */
	bool removable;
	char vendor[9], product[17], revision[5];
};
bool scsi_inquiry_parse(struct scsi_inquiry *q, const void *data, size_t len);

/* VPD page 80h: the unit serial number. out has room for cap; false: not that page, or empty. */
bool scsi_serial_parse(char *out, size_t cap, const void *data, size_t len);
/* VPD page 83h: the best name of the logical unit: "naa.5000...", "eui.0025...", "t10...."; of the unit, not of a port
 * or target. */
bool scsi_name_parse(char *out, size_t cap, const void *data, size_t len);

/* VPD page B1h. */
struct scsi_characteristics {
	uint32_t rotation; /* 0 not told, 1 does not rotate, else rounds a minute */
	uint8_t zoned;     /* 1 host aware, 2 managed by the device */
};
bool scsi_characteristics_parse(struct scsi_characteristics *c, const void *data, size_t len);

struct scsi_capacity {
	uint64_t blocks;
	uint32_t block_bytes, physical_bytes;
	bool provisioned, protected_info; /* LBPME; PROT_EN: sectors carry more than their data */
};
bool scsi_capacity_parse(struct scsi_capacity *c, const void *data, size_t len);

/* REPORT SUPPORTED OPERATION CODES, one command: 1 supported, 0 not, -1 the answer does not say. */
int scsi_supported_parse(const void *data, size_t len);

/* Log pages. What a page does not tell stays as it was. False: it is not that page. */
struct scsi_health {
	int32_t temperature_c;   /* INT32_MIN */
	uint64_t uncorrected;    /* UINT64_MAX */
	uint64_t power_on_hours; /* UINT64_MAX */
	uint32_t wear_percent;   /* UINT32_MAX */
	uint32_t ok;             /* 0 not told, 1 good, 2 failing */
};
#define SCSI_HEALTH_INIT                                         \
	{                                                        \
		INT32_MIN, UINT64_MAX, UINT64_MAX, UINT32_MAX, 0 \
	}
enum {
	SCSI_LOG_PAGES = 0x00,
	SCSI_LOG_READ_ERRORS = 0x03,
	SCSI_LOG_TEMPERATURE = 0x0d,
	SCSI_LOG_SOLID_STATE = 0x11,
	SCSI_LOG_BACKGROUND = 0x15,
	SCSI_LOG_EXCEPTIONS = 0x2f
};
bool scsi_log_parse(struct scsi_health *h, uint8_t page, const void *data, size_t len);
/* Is page among those that log page 00h lists? */
bool scsi_log_has(uint8_t page, const void *pages, size_t len);

#endif
