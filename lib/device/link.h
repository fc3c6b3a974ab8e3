/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command table: the only way to a medium. A link is an open, claimed device; its operations are the kernel's, or
 * those of a model in a test. Operations return 0 when the device *answered*, whatever it said: what it said is in the
 * answer, and nothing here turns it into success. HZ_E_UNSUPPORTED: there is no such path to this device.
 * HZ_E_NOTFOUND: the device is gone (ENODEV, ENXIO, ENOSPC inside its size, another diskseq). HZ_E_IO: anything else,
 * with errno in the error.
 */
#ifndef DEVICE_LINK_H
#define DEVICE_LINK_H

#include "base/error.h"
#include "hozen/device.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_data { LINK_NO_DATA, LINK_FROM_DEVICE, LINK_TO_DEVICE };

/* ATA, 28 or 48 bit, as ACS calls the fields. */
struct ata_command {
	uint8_t command, device;
	bool ext; /* 48 bit */
	bool dma;
	enum link_data data;
	uint16_t feature, count;
	uint64_t lba;
	uint32_t timeout_ms;
};
struct ata_answer {
	bool has_registers; /* false: the path gave none back: the outcome is not known, whatever the rest says */
	bool has_high;      /* false: COUNT(15:8) and LBA above 24 bit are not there (fixed format sense) */
	uint8_t status, error, device;
	uint16_t count;
	uint64_t lba;
};

struct scsi_command {
	uint8_t cdb[16];
	uint8_t cdb_len;
	enum link_data data;
	uint32_t timeout_ms;
};
struct scsi_answer {
	uint8_t status;         /* SAM: 0 good, 2 check condition, ... */
	uint8_t key, asc, ascq; /* of the sense, 0 without */
	bool has_sense, has_progress;
	uint16_t progress;     /* of 65536 */
	uint32_t host, driver; /* the kernel's; not 0: the command may not have arrived */
	uint32_t residual;
};

struct nvme_command {
	uint8_t opcode;
	uint32_t nsid, cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
	enum link_data data;
	uint32_t timeout_ms;
};
struct nvme_answer {
	uint16_t status; /* status field without the phase bit: SCT in 10:8, SC in 7:0; 0 success */
	uint32_t result;
};

struct link;
struct link_ops {
	/* Commands. data_len is exact; NULL where data is LINK_NO_DATA. ata with LINK_FROM_DEVICE: 0 without registers
	 * means that the path called the command good and data is there; one that failed without registers is an
	 * error. */
	int (*ata)(struct link *l, const struct ata_command *c, void *data, size_t data_len, struct ata_answer *a,
		hz_error **err);
	int (*scsi)(struct link *l, const struct scsi_command *c, void *data, size_t data_len, struct scsi_answer *a,
		hz_error **err);
	int (*nvme)(struct link *l, const struct nvme_command *c, void *data, size_t data_len, struct nvme_answer *a,
		hz_error **err);
	/* Blocks, past all caches: offsets, lengths and addresses are multiples of the logical sector. All of it or an
	 * error; which part of a failed write arrived is not known. */
	int (*read)(struct link *l, void *data, size_t len, uint64_t off, hz_error **err);
	int (*write)(struct link *l, const void *data, size_t len, uint64_t off, hz_error **err);
	/* Durable on the medium, as far as the device tells the truth. */
	int (*flush)(struct link *l, hz_error **err);
	int (*discard)(struct link *l, uint64_t off, uint64_t len, hz_error **err);
	int (*write_zeroes)(struct link *l, uint64_t off, uint64_t len, hz_error **err);
	/* The facts once more, asked of the device now: identity before the first write and before the certificate. */
	int (*look)(struct link *l, hz_device_info *info, hz_error **err);
	/* A descriptor for O_DIRECT through io_uring, or -1: read and write above are all there is. */
	int (*fd)(struct link *l);
	void (*close)(struct link *l);
};

/* Embedded first in what implements it. */
struct link {
	const struct link_ops *ops;
	hz_device_info info; /* as it was when the link was opened */
	/* Each command sent and its answer, in the order of sending (struct trace); NULL: not kept. */
	struct trace *trace;
};

/* Opens a disk for a job: O_RDWR|O_EXCL|O_DIRECT on it and on all that shares its medium, held until the close. Every
 * gate is asked again after the claim. HZ_E_REFUSED: an obstacle, in the message, that overrides does not name;
 * HZ_E_BUSY: claimed by somebody else; HZ_E_NOTFOUND, HZ_E_INVAL, HZ_E_AUTH (no permission). Nothing was written.
 * overrides: names of gates (hz_gate_name) that the operator overrides for exactly this confirm_id. */
int link_open(struct link **ret, const char *path, const char *confirm_id, const char *const *overrides,
	size_t n_overrides, hz_error **err);
/* For reading only, without a claim: hozen-verify media. */
int link_open_read(struct link **ret, const char *path, hz_error **err);
void link_close(struct link *l);
DEFINE_AUTO(struct link, link_close)

/* HZ_E_REFUSED, with what differs, unless now is the same device as then: serial, WWN, size, sectors, diskseq. */
int link_same(const hz_device_info *then, const hz_device_info *now, hz_error **err);

/* Every command and its answer as JSON lines {"op","in","out","sense","t_ns"}: command evidence of the certificate,
 * which has their SHA-256. Data of commands, reads and writes is not kept. */
struct trace;
int trace_new(struct trace **ret, hz_error **err);
void trace_free(struct trace *t);
DEFINE_AUTO(struct trace, trace_free)
void trace_add(struct trace *t, const char *op, const char *in, const char *out);
/* The lines so far, borrowed and ended by NUL, and how many bytes; NULL: memory ran out on the way, and it is not
 * whole. */
const char *trace_text(const struct trace *t, size_t *len);

#endif
