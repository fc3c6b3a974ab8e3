/* SPDX-License-Identifier: BSD-2-Clause */
/* The NVMe model: a controller with two namespaces, Sanitize, Format, Identify and the log 81h (Base
 * Specification 2.0). */
#include "support/hzt.h"
#include "support/fakedevice_models.h"
#include "base/codec.h"
#include "device/nvme.h"

enum { INVALID_OPCODE = 0x001, INVALID_FIELD = 0x002, SANITIZING = 0x01d, INTERNAL = 0x006 };
#define HALF (FAKE_BYTES / FAKE_NAMESPACES)

static int refuse(struct nvme_answer *a, uint16_t status)
{
	a->status = status;
	return 0;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static uint16_t sstat(const struct fake *f)
{
	uint16_t erased = fake_has(f, FAKE_WRITTEN_AFTER) ? 0 : 0x100;

	if (f->work == FAKE_WORKING)
		return 2;
	if (f->work == FAKE_BROKEN)
		return 3;
	if (!f->completed_ok)
		return 0;
	return (uint16_t)(erased | (fake_has(f, FAKE_DEALLOCATED) ? 4 : 1));
}

static int get_log(const struct fake *f, const struct nvme_command *c, uint8_t *p, size_t len, struct nvme_answer *a)
{
	uint32_t estimate = fake_has(f, FAKE_ESTIMATE_0) ? 0 : UINT32_MAX;

	if ((c->cdw10 & 0xff) != NVME_LOG_SANITIZE || len < NVME_LOG_LEN || fake_is_silent(f) ||
		fake_has(f, FAKE_STRIPS))
		return refuse(a, INVALID_FIELD);
	memset(p, 0, len);
	put16(p, f->work == FAKE_WORKING ? (uint16_t)(f->tenths * 65535u / 10) : 0xffff);
	put16(p + 2, sstat(f));
	put_le32(p + 4, fake_has(f, FAKE_FOREIGN_AFTER) && f->completed_ok ? 0xffu : f->cdw10);
	for (unsigned i = 0; i < 6; i++)
		put_le32(p + 8 + 4 * i, estimate);
	return 0;
}

static int identify(const struct fake *f, const struct nvme_command *c, uint8_t *p, size_t len, struct nvme_answer *a)
{
	uint32_t cns = c->cdw10 & 0xff;

	if (len != NVME_IDENTIFY_LEN)
		return refuse(a, INVALID_FIELD);
	memset(p, 0, len);
	if (cns == NVME_CNS_CONTROLLER) {
		memcpy(p + 4, f->link.info.serial, strlen(f->link.info.serial));
		memcpy(p + 24, f->link.info.model, strlen(f->link.info.model));
		put16(p + 256, 0x0a); /* OACS: format, namespace management */
		p[524] = f->link.info.can & HZ_CAN_NVME_FORMAT_CRYPTO ? 4 : 0;
		put_le32(p + 328, 7);
		put_le32(p + 516, FAKE_NAMESPACES);
	} else if (cns == 0x02 || cns == NVME_CNS_ALLOCATED) {
		put_le32(p, 1);
		put_le32(p + 4, 2);
	} else if (cns == NVME_CNS_NAMESPACE && (c->nsid == 1 || c->nsid == 2)) {
		put_le64(p, HALF / FAKE_SECTOR);
		p[26] = c->nsid == 1 ? 0x00 : 0x11; /* the second: format 1, metadata in line */
		p[29] = c->nsid == 1 ? 0x00 : 0x09; /* protection type 1, first bytes */
		p[32] = f->work == FAKE_WORKING ? (uint8_t)(0x80 | (100 - 10 * f->tenths)) : 0x80;
		p[128 + 2] = p[132 + 2] = 9;
	} else {
		return refuse(a, INVALID_FIELD);
	}
	return 0;
}

static int sanitize(struct fake *f, const struct nvme_command *c, struct nvme_answer *a, hz_error **err)
{
	uint32_t action = c->cdw10 & 7;

	if (fake_has(f, FAKE_REFUSES))
		return refuse(a, INVALID_OPCODE);
	if (f->work == FAKE_WORKING)
		return refuse(a, SANITIZING);
	/* Some firmware takes namespace 0 only; bits above 9 were sent by nobody who knows them. */
	if (c->nsid != 0 || action < 2 || action > 4 || c->cdw10 >> 10 || c->cdw11)
		return refuse(a, INVALID_FIELD);
	f->cdw10 = c->cdw10;
	fake_begin(f, action == 2 ? 0xff : action == 3 ? 0 : -1, 0, FAKE_BYTES);
	return fake_has(f, FAKE_SEND_TIMES_OUT) ? fake_timeout(err) : 0;
}

/* Keeps the format of the namespace, or is refused. */
static int format(struct fake *f, const struct nvme_command *c, struct nvme_answer *a, hz_error **err)
{
	static const uint32_t keeps[] = { 0, 0x000, 0x131 }; /* LBAF, MSET, PI, PIL */
	uint32_t ses = c->cdw10 >> 9 & 7;
	bool done;

	if (fake_has(f, FAKE_REFUSES))
		return refuse(a, INVALID_OPCODE);
	if (f->work == FAKE_WORKING)
		return refuse(a, SANITIZING);
	if ((c->nsid != 1 && c->nsid != 2) || (c->cdw10 & 0x1ff) != keeps[c->nsid] || ses < 1 || ses > 2)
		return refuse(a, INVALID_FIELD);
	if (fake_has(f, FAKE_IGNORES)) {
		f->begun = true;
		return 0;
	}
	done = fake_erase_now(f, ses == 1 ? 0xff : -1, c->nsid == 1 ? 0 : HALF, HALF);
	if (f->gone)
		return err_set(err, HZ_E_NOTFOUND, "the device went away");
	if (!done && f->work == FAKE_WORKING)
		return fake_timeout(err);
	f->work = FAKE_IDLE;
	if (!done)
		return refuse(a, INTERNAL);
	return fake_has(f, FAKE_SEND_TIMES_OUT) ? fake_timeout(err) : 0;
}

int fake_model_nvme(
	struct fake *f, const struct nvme_command *c, uint8_t *data, size_t len, struct nvme_answer *a, hz_error **err)
{
	switch (c->opcode) {
	case NVME_GET_LOG:
		return get_log(f, c, data, len, a);
	case NVME_IDENTIFY:
		return identify(f, c, data, len, a);
	case NVME_SANITIZE:
		return sanitize(f, c, a, err);
	case NVME_FORMAT:
		return format(f, c, a, err);
	default:
		return refuse(a, INVALID_OPCODE);
	}
}
