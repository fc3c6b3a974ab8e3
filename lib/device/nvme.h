/* SPDX-License-Identifier: BSD-2-Clause */
/* NVMe: what a controller's answers mean (NVM Express Base Specification 2.0; field names are its). Pure. */
#ifndef DEVICE_NVME_H
#define DEVICE_NVME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NVME_IDENTIFY_LEN 4096
#define NVME_LOG_LEN      512
enum { NVME_GET_LOG = 0x02, NVME_IDENTIFY = 0x06, NVME_FORMAT = 0x80, NVME_SANITIZE = 0x84 };
enum { NVME_CNS_NAMESPACE = 0x00, NVME_CNS_CONTROLLER = 0x01, NVME_CNS_ALLOCATED = 0x10 };
enum { NVME_LOG_SMART = 0x02, NVME_LOG_SANITIZE = 0x81 };

struct nvme_controller {
	char serial[21], model[41], firmware[9], subnqn[257];
	uint64_t can; /* HZ_CAN_NVME_*; format needs OACS bit 1 */
	uint16_t oacs;
	uint8_t fna;
	uint32_t sanicap;
	bool manages_namespaces;
	bool format_all, erase_all; /* FNA bits 0 and 1: a format, a secure erase by format, hits all namespaces */
	bool no_dealloc_inhibited;  /* SANICAP NDI */
};
/* False: too short, or no serial and no model at all. */
bool nvme_controller_parse(struct nvme_controller *c, const void *data, size_t len);

struct nvme_namespace {
	uint64_t blocks; /* NSZE */
	uint32_t block_bytes, metadata_bytes;
	uint8_t format; /* index in use */
	bool write_protected;
	char nguid[33], eui64[17]; /* hex; empty: none */
};
bool nvme_namespace_parse(struct nvme_namespace *n, const void *data, size_t len);
/* CNS 10h: how many namespaces are allocated. */
bool nvme_allocated_parse(uint32_t *n, const void *data, size_t len);

struct nvme_smart {
	uint8_t critical;      /* bits of CRITICAL WARNING */
	int32_t temperature_c; /* INT32_MIN: not told */
	uint8_t percent_used;
	uint64_t power_on_hours, media_errors; /* UINT64_MAX where the counter is larger */
};
bool nvme_smart_parse(struct nvme_smart *s, const void *data, size_t len);

enum nvme_sanitize_state {
	NVME_SANITIZE_NEVER = 0,
	NVME_SANITIZE_DONE = 1,
	NVME_SANITIZE_RUNS = 2,
	NVME_SANITIZE_FAILED = 3,
	NVME_SANITIZE_DONE_DEALLOCATED = 4
};
struct nvme_sanitize_log {
	uint16_t sprog, sstat;
	uint32_t scdw10;
	uint8_t state;      /* SSTAT 2:0 */
	uint8_t passes;     /* SSTAT 7:3 */
	bool global_erased; /* SSTAT 8: nothing was written since the last sanitize */
	/* Seconds: overwrite, block erase, crypto erase, and the same without deallocation; UINT32_MAX, or 0: no
	 * estimate. */
	uint32_t estimate[6];
};
bool nvme_sanitize_parse(struct nvme_sanitize_log *s, const void *data, size_t len);

#endif
