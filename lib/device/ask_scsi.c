/* SPDX-License-Identifier: BSD-2-Clause */
/* SCSI devices, and USB disks behind which nothing else answers. */
#include "device/ask.h"
#include "device/scsi.h"
#include "base/error.h"
#include <stdio.h>
#include <string.h>

#define ROOM 252

/* How many bytes came; -1: no good answer. */
static long ask(struct link *l, const uint8_t *cdb, uint8_t cdb_len, void *out, size_t len)
{
	struct scsi_command c = { .cdb_len = cdb_len, .data = LINK_FROM_DEVICE, .timeout_ms = ASK_TIMEOUT_MS };
	struct scsi_answer a = { 0 };

	memcpy(c.cdb, cdb, cdb_len);
	memset(out, 0, len);
	if (l->ops->scsi(l, &c, out, len, &a, NULL) < 0 || a.status != 0 || a.host || a.driver || a.residual > len)
		return -1;
	return (long)(len - a.residual);
}

static long vital_page(struct link *l, uint8_t page, uint8_t out[ROOM])
{
	const uint8_t cdb[6] = { SCSI_INQUIRY, 1, page, 0, ROOM, 0 };

	return ask(l, cdb, sizeof(cdb), out, ROOM);
}

static void identity(struct link *l, hz_device_info *info)
{
	const uint8_t cdb[6] = { SCSI_INQUIRY, 0, 0, 0, 96, 0 };
	struct scsi_inquiry q;
	char name[80] = "";
	uint8_t page[ROOM];
	long n = ask(l, cdb, sizeof(cdb), page, 96);

	if (n >= 0 && scsi_inquiry_parse(&q, page, (size_t)n) && !*info->model)
		(void)snprintf(info->model, sizeof(info->model), "%s %s", q.vendor, q.product);
	n = vital_page(l, 0x80, page);
	if (n >= 0)
		(void)scsi_serial_parse(info->serial, sizeof(info->serial), page, (size_t)n);
	n = vital_page(l, 0x83, page);
	if (n >= 0 && scsi_name_parse(name, sizeof(name), page, (size_t)n) && strncmp(name, "t10.", 4) != 0)
		memcpy(info->wwn, name, sizeof(info->wwn));
}

static void medium(struct link *l, hz_device_info *info)
{
	struct scsi_characteristics c;
	uint8_t page[ROOM];
	long n = vital_page(l, 0xb1, page);

	/* A stick stays a card whatever it says of rotation; a virtual disk stays virtual. */
	if (n < 0 || !scsi_characteristics_parse(&c, page, (size_t)n) || c.rotation == 0 ||
		info->medium == HZ_MEDIUM_CARD || info->medium == HZ_MEDIUM_VIRTUAL)
		return;
	info->medium = c.rotation == 1 ? HZ_MEDIUM_FLASH : HZ_MEDIUM_MAGNETIC;
	info->zoned |= c.zoned != 0;
}

static void capacity(struct link *l, hz_device_info *info)
{
	const uint8_t cdb[16] = { SCSI_SERVICE_ACTION_IN, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0 };
	struct scsi_capacity c;
	uint8_t page[32];
	long n = ask(l, cdb, sizeof(cdb), page, sizeof(page));

	if (n < 0 || !scsi_capacity_parse(&c, page, (size_t)n))
		return;
	/* 520 and the like: the kernel shows such a disk without a size. */
	if (c.block_bytes % 512)
		info_not_known(info, err_text("it is formatted in blocks of %u bytes, which the kernel cannot use"),
			c.block_bytes);
	else if (info->bytes && c.blocks != info->bytes / c.block_bytes)
		info_not_known(info, err_text("it has %llu blocks of %u bytes, which is not what the kernel shows"),
			(unsigned long long)c.blocks, c.block_bytes);
}

static void sanitize(struct link *l, hz_device_info *info)
{
	static const struct {
		uint8_t action;
		uint64_t can;
	} actions[] = { { SCSI_SANITIZE_OVERWRITE, HZ_CAN_SCSI_OVERWRITE }, { SCSI_SANITIZE_BLOCK, HZ_CAN_SCSI_BLOCK },
		{ SCSI_SANITIZE_CRYPTO, HZ_CAN_SCSI_CRYPTO } };

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		/* REPORTING OPTIONS 011b: this operation code with this service action, where it has one. */
		const uint8_t cdb[12] = { SCSI_MAINTENANCE_IN, 0x0c, 3, SCSI_SANITIZE, 0, actions[i].action, 0, 0, 0,
			64 };
		uint8_t page[64];
		long n = ask(l, cdb, sizeof(cdb), page, sizeof(page));
		int supported = n < 0 ? -1 : scsi_supported_parse(page, (size_t)n);

		if (supported > 0) {
			info->can |= actions[i].can;
		} else if (supported < 0) {
			info_not_known(info, err_text("whether it knows SANITIZE"));
			return;
		}
	}
}

/* While it sanitizes, or once that failed, it says so to every REQUEST SENSE (SBC-4). */
static void sanitize_state(struct link *l, hz_device_info *info)
{
	struct scsi_command c = { .cdb = { SCSI_REQUEST_SENSE, 1, 0, 0, ROOM, 0 },
		.cdb_len = 6,
		.data = LINK_FROM_DEVICE,
		.timeout_ms = ASK_TIMEOUT_MS };
	struct scsi_answer a = { 0 };
	uint8_t page[ROOM] = { 0 };
	uint8_t asc, ascq;

	if (l->ops->scsi(l, &c, page, sizeof(page), &a, NULL) < 0 || a.status != 0)
		return;
	/* Here sense data is the data. */
	if ((page[0] & 0x7f) == 0x72)
		asc = page[2], ascq = page[3];
	else if ((page[0] & 0x7f) == 0x70)
		asc = page[12], ascq = page[13];
	else
		return;
	if (asc == 0x04 && ascq == 0x1b)
		info->state |= HZ_STATE_SANITIZE_RUNNING;
	else if (asc == 0x31 && ascq == 0x03)
		info->state |= HZ_STATE_SANITIZE_FAILED;
}

static long log_page(struct link *l, uint8_t page, uint8_t out[ROOM])
{
	/* PC 01b: cumulative values. */
	const uint8_t cdb[10] = { SCSI_LOG_SENSE, 0, (uint8_t)(0x40 | page), 0, 0, 0, 0, 0, ROOM, 0 };

	return ask(l, cdb, sizeof(cdb), out, ROOM);
}

static void health(struct link *l, hz_device_info *info)
{
	static const uint8_t wanted[] = { SCSI_LOG_TEMPERATURE, SCSI_LOG_READ_ERRORS, SCSI_LOG_SOLID_STATE,
		SCSI_LOG_BACKGROUND, SCSI_LOG_EXCEPTIONS };
	struct scsi_health h = SCSI_HEALTH_INIT;
	uint8_t pages[ROOM], page[ROOM];
	long n = log_page(l, SCSI_LOG_PAGES, pages);

	/* No log pages at all: sticks, emulators, arrays. */
	if (n < 0)
		return;
	for (size_t i = 0; i < sizeof(wanted); i++) {
		long got = scsi_log_has(wanted[i], pages, (size_t)n) ? log_page(l, wanted[i], page) : -1;

		if (got >= 0)
			(void)scsi_log_parse(&h, wanted[i], page, (size_t)got);
	}
	info->temperature_c = h.temperature_c;
	info->media_errors = h.uncorrected;
	info->power_on_hours = h.power_on_hours;
	info->wear_percent = h.wear_percent;
	info->health_ok = h.ok;
}

void ask_scsi(struct link *l, hz_device_info *info)
{
	identity(l, info);
	medium(l, info);
	/* Sticks know nothing of the rest, and some hang at it. */
	if (info->medium == HZ_MEDIUM_CARD)
		return;
	sanitize_state(l, info);
	if (info->state & HZ_STATE_SANITIZE_RUNNING)
		return;
	capacity(l, info);
	sanitize(l, info);
	health(l, info);
}
