/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands to the device: SG_IO and NVME_IOCTL_ADMIN_CMD on the block device itself. Nothing here decides what an
 * answer means for a job. What is decided is only whether there was an answer: a host or driver status, a timeout or a
 * path that does not know the command is none.
 */
#include "device/kernel.h"
#include "device/ata.h"
#include "device/sense.h"
#include "device/texts.h"
#include "base/vfs.h"
#include <errno.h>
#include <inttypes.h>
#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

enum { SAM_GOOD = 0, SAM_CHECK_CONDITION = 2, DRIVER_SENSE = 8 };
/* Of the kernel's scsi_status.h; <scsi/...> of the C library lacks them. */
enum { HOST_NO_CONNECT = 1, HOST_TIME_OUT = 3, HOST_BAD_TARGET = 4 };

struct sent {
	struct sg_io_hdr io;
	uint8_t sense_data[252];
	struct sense sense;
};

/* -1 with errno: the kernel did not take it. */
static int send_scsi(struct link *l, struct sent *s, uint8_t *cdb, uint8_t cdb_len, enum link_data dir, void *data,
	size_t len, uint32_t timeout_ms)
{
	memset(s, 0, sizeof(*s));
	s->io.interface_id = 'S';
	s->io.cmdp = cdb;
	s->io.cmd_len = cdb_len;
	s->io.dxfer_direction = dir == LINK_FROM_DEVICE ? SG_DXFER_FROM_DEV
		: dir == LINK_TO_DEVICE                 ? SG_DXFER_TO_DEV
							: SG_DXFER_NONE;
	s->io.dxferp = dir == LINK_NO_DATA ? NULL : data;
	s->io.dxfer_len = dir == LINK_NO_DATA ? 0 : (unsigned)len;
	s->io.sbp = s->sense_data;
	s->io.mx_sb_len = sizeof(s->sense_data);
	s->io.timeout = timeout_ms;
	if (vfs()->ioctl(l->ops->fd(l), SG_IO, &s->io) < 0)
		return -1;
	s->sense = sense_parse(s->sense_data, s->io.sb_len_wr);
	/* That there is sense data is no trouble of the driver. */
	if ((s->io.driver_status & 0x0f) == DRIVER_SENSE)
		s->io.driver_status = 0;
	return 0;
}

/* The kernel refused the ioctl. EINVAL, ENOTTY: this device takes no such commands. */
static int refused(struct link *l, const char *what, hz_error **err)
{
	if (errno == EINVAL || errno == ENOTTY || errno == EOPNOTSUPP)
		return err_errno_as(err, HZ_E_UNSUPPORTED, "%s: %s", l->info.path, what);
	return kernel_failed(l, err, what);
}

static void note(struct link *l, const char *op, const uint8_t *cdb, size_t cdb_len, const struct sent *s)
{
	char in[2 * 16 + 1], out[2 * sizeof(s->sense_data) + 80];
	int n;

	if (!l->trace)
		return;
	text_hex(in, cdb, cdb_len);
	n = snprintf(out, sizeof(out), "status=%02x host=%04x driver=%04x sense=", s->io.status, s->io.host_status,
		s->io.driver_status);
	text_hex(out + n, s->sense_data, s->io.sb_len_wr);
	trace_add(l->trace, op, in, out);
}

static void note_refused(struct link *l, const char *op, const uint8_t *cdb, size_t cdb_len)
{
	char in[2 * 16 + 1], out[32];
	int e = errno;

	if (l->trace) {
		text_hex(in, cdb, cdb_len);
		(void)snprintf(out, sizeof(out), "errno=%d", e);
		trace_add(l->trace, op, in, out);
	}
	errno = e;
}

static int no_answer(struct link *l, const struct sent *s, hz_error **err)
{
	if (s->io.host_status == HOST_NO_CONNECT || s->io.host_status == HOST_BAD_TARGET)
		return err_set(err, HZ_E_NOTFOUND, "%s: the device is gone", l->info.path);
	errno = s->io.host_status == HOST_TIME_OUT ? ETIMEDOUT : EIO;
	return err_errno_as(err, HZ_E_IO, "%s: no answer to the command (host status %x, driver status %x)",
		l->info.path, s->io.host_status, s->io.driver_status);
}

int kernel_scsi(
	struct link *l, const struct scsi_command *c, void *data, size_t len, struct scsi_answer *a, hz_error **err)
{
	uint8_t cdb[16];
	struct sent s;

	memcpy(cdb, c->cdb, sizeof(cdb));
	if (c->cdb_len < 6 || c->cdb_len > sizeof(cdb))
		return err_set(err, HZ_E_INVAL, "a command of %u bytes", c->cdb_len);
	if (send_scsi(l, &s, cdb, c->cdb_len, c->data, data, len, c->timeout_ms) < 0) {
		note_refused(l, "scsi", cdb, c->cdb_len);
		return refused(l, "SCSI command", err);
	}
	note(l, "scsi", cdb, c->cdb_len, &s);
	memset(a, 0, sizeof(*a));
	a->status = s.io.status;
	a->has_sense = s.sense.present;
	a->key = s.sense.key;
	a->asc = s.sense.asc;
	a->ascq = s.sense.ascq;
	a->has_progress = s.sense.has_progress;
	a->progress = s.sense.progress;
	a->host = s.io.host_status;
	a->driver = s.io.driver_status;
	a->residual = s.io.resid > 0 ? (uint32_t)s.io.resid : 0;
	if (a->host == HOST_NO_CONNECT || a->host == HOST_BAD_TARGET)
		return no_answer(l, &s, err);
	return 0;
}

int kernel_ata(
	struct link *l, const struct ata_command *c, void *data, size_t len, struct ata_answer *a, hz_error **err)
{
	uint8_t cdb[16];
	struct sent s;

	/* The length is told in sectors, by COUNT. */
	if (c->data != LINK_NO_DATA && (len != (size_t)c->count * ATA_SECTOR || !len))
		return err_set(err, HZ_E_INVAL, "%zu bytes for a command of %u sectors", len, c->count);
	ata_pass_through(cdb, c);
	if (send_scsi(l, &s, cdb, sizeof(cdb), c->data, data, len, c->timeout_ms) < 0) {
		note_refused(l, "ata", cdb, sizeof(cdb));
		return refused(l, "ATA command", err);
	}
	note(l, "ata", cdb, sizeof(cdb), &s);
	if (s.io.host_status || s.io.driver_status)
		return no_answer(l, &s, err);
	*a = s.sense.ata;
	if (a->has_registers)
		return 0;
	/* INVALID COMMAND OPERATION CODE, or a field of it: this path carries no ATA commands, or not this one. */
	if (s.io.status == SAM_CHECK_CONDITION && s.sense.key == 5 && (s.sense.asc == 0x20 || s.sense.asc == 0x24))
		return err_set(err, HZ_E_UNSUPPORTED, "%s: no ATA commands get through to it", l->info.path);
	if (c->data == LINK_FROM_DEVICE && (s.io.status != SAM_GOOD || s.io.resid > 0))
		return err_set(err, HZ_E_IO, "%s: ATA command %02x failed (status %02x, sense %x/%02x/%02x)",
			l->info.path, c->command, s.io.status, s.sense.key, s.sense.asc, s.sense.ascq);
	return 0;
}

int kernel_nvme(
	struct link *l, const struct nvme_command *c, void *data, size_t len, struct nvme_answer *a, hz_error **err)
{
	struct nvme_admin_cmd cmd = { .opcode = c->opcode,
		.nsid = c->nsid,
		.cdw10 = c->cdw10,
		.cdw11 = c->cdw11,
		.cdw12 = c->cdw12,
		.cdw13 = c->cdw13,
		.cdw14 = c->cdw14,
		.cdw15 = c->cdw15,
		.timeout_ms = c->timeout_ms };
	char in[160], out[64];
	int rc;

	if (c->data != LINK_NO_DATA) {
		cmd.addr = (uint64_t)(uintptr_t)data;
		cmd.data_len = (uint32_t)len;
	}
	rc = vfs()->ioctl(l->ops->fd(l), NVME_IOCTL_ADMIN_CMD, &cmd);
	if (l->trace) {
		int e = errno;

		(void)snprintf(in, sizeof(in),
			"opcode=%02x nsid=%08x cdw10=%08x cdw11=%08x cdw12=%08x cdw13=%08x cdw14=%08x cdw15=%08x",
			c->opcode, c->nsid, c->cdw10, c->cdw11, c->cdw12, c->cdw13, c->cdw14, c->cdw15);
		(void)snprintf(out, sizeof(out), rc < 0 ? "errno=%d" : "status=%04x", rc < 0 ? e : rc);
		trace_add(l->trace, "nvme", in, out);
		errno = e;
	}
	if (rc < 0)
		return refused(l, "NVMe command", err);
	/* The kernel gives the status field with DNR (bit 14) and MORE (bit 13); the code is the rest. */
	a->status = (uint16_t)(rc & 0x07ff);
	a->result = cmd.result;
	return 0;
}
