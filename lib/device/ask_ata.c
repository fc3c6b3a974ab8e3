/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ATA devices, also behind bridges and HBAs. A hidden area counts as present when the device has the feature and its
 * answer cannot be had or makes no sense: only a clear "no" is a no.
 */
#include "device/ask.h"
#include "device/ata.h"
#include "base/error.h"
#include <stdio.h>
#include <string.h>

static int pio_in(struct link *l, uint8_t command, uint16_t feature, uint64_t lba, uint8_t page[ATA_SECTOR])
{
	struct ata_command c = { .command = command,
		.feature = feature,
		.count = 1,
		.lba = lba,
		.device = 0x40,
		.data = LINK_FROM_DEVICE,
		.timeout_ms = ASK_TIMEOUT_MS };
	struct ata_answer a = { 0 };
	int rc;

	memset(page, 0, ATA_SECTOR);
	rc = l->ops->ata(l, &c, page, ATA_SECTOR, &a, NULL);
	if (rc == 0 && a.has_registers && (a.status & (ATA_STATUS_ERR | ATA_STATUS_DF)))
		rc = HZ_E_IO;
	return rc;
}

static int non_data(struct link *l, const struct ata_command *how, struct ata_answer *a)
{
	struct ata_command c = *how;

	c.device = 0x40;
	c.data = LINK_NO_DATA;
	c.timeout_ms = ASK_TIMEOUT_MS;
	memset(a, 0, sizeof(*a));
	return l->ops->ata(l, &c, NULL, 0, a, NULL);
}

static bool succeeded(const struct ata_answer *a)
{
	return a->has_registers && !(a->status & (ATA_STATUS_ERR | ATA_STATUS_DF));
}

static void identity(hz_device_info *info, const struct ata_identity *id)
{
	if (strcmp(info->serial, id->serial) != 0)
		memcpy(info->bridge_serial, info->serial, sizeof(info->bridge_serial));
	else
		info->bridge_serial[0] = '\0';
	if (*id->serial)
		(void)snprintf(info->serial, sizeof(info->serial), "%s", id->serial);
	if (*id->model)
		(void)snprintf(info->model, sizeof(info->model), "%s", id->model);
	if (*id->firmware)
		(void)snprintf(info->firmware, sizeof(info->firmware), "%s", id->firmware);
	if (*id->wwn)
		(void)snprintf(info->wwn, sizeof(info->wwn), "%s", id->wwn);
	info->can |= id->can;
	info->state |= id->state;
	info->estimate_s[0] = id->erase_s;
	info->estimate_s[1] = id->enhanced_s;
	if (id->rotation == 1)
		info->medium = HZ_MEDIUM_FLASH;
	else if (id->rotation > 1)
		info->medium = HZ_MEDIUM_MAGNETIC;
	else
		/* Old disks do not tell that they rotate; what can be trimmed may be either. */
		info->medium = id->trim ? HZ_MEDIUM_UNKNOWN : HZ_MEDIUM_MAGNETIC;
	/* The bridge shows another size than the disk: parts of it are out of reach. */
	if (info->bytes && id->sectors > info->bytes / id->logical_sector)
		info_not_known(info, err_text("the disk has %llu sectors, %llu of them within reach"),
			(unsigned long long)id->sectors, (unsigned long long)(info->bytes / id->logical_sector));
}

static void sanitize_status(struct link *l, hz_device_info *info)
{
	struct ata_command c = { .command = ATA_SANITIZE, .ext = true };
	struct ata_sanitize_status s = { 0 };
	struct ata_answer a;

	if (non_data(l, &c, &a) == 0)
		s = ata_sanitize_parse(&a);
	if (s.phase == ATA_SANITIZE_UNKNOWN)
		info_not_known(info, err_text("whether a sanitize runs"));
	info->state |= (s.phase == ATA_SANITIZE_RUNNING ? HZ_STATE_SANITIZE_RUNNING : 0) |
		(s.phase == ATA_SANITIZE_FAILED ? HZ_STATE_SANITIZE_FAILED : 0) |
		(s.frozen ? HZ_STATE_SANITIZE_FROZEN : 0);
}

/* Sectors that are native beyond those that are addressable. */
static uint32_t compare_max(const struct ata_identity *id, uint64_t native)
{
	return native == id->sectors ? HZ_HIDDEN_NONE : native > id->sectors ? HZ_HIDDEN_PRESENT : HZ_HIDDEN_UNCLEAR;
}

static void host_protected(struct link *l, hz_device_info *info, const struct ata_identity *id)
{
	struct ata_command c = { .command = id->lba48 ? ATA_READ_NATIVE_MAX_EXT : ATA_READ_NATIVE_MAX,
		.ext = id->lba48 };
	struct ata_answer a;
	uint64_t native;

	info->hidden.hpa = HZ_HIDDEN_UNCLEAR;
	if (non_data(l, &c, &a) < 0 || !succeeded(&a) || (id->lba48 && !a.has_high)) {
		info_not_known(info, err_text("the end of the host protected area"));
		return;
	}
	/* 28 bit: LBA 27:24 is in the device register. */
	native = (id->lba48 ? a.lba : (a.lba & 0xffffff) | (uint64_t)(a.device & 0x0f) << 24) + 1;
	info->hidden.native_sectors = native;
	info->hidden.hpa = compare_max(id, native);
}

static void accessible_max(struct link *l, hz_device_info *info, const struct ata_identity *id)
{
	struct ata_command c = { .command = ATA_ACCESSIBLE_MAX, .ext = true };
	struct ata_answer a;

	info->hidden.ama = HZ_HIDDEN_UNCLEAR;
	if (non_data(l, &c, &a) < 0 || !succeeded(&a) || !a.has_high) {
		info_not_known(info, err_text("the native size behind the accessible one"));
		return;
	}
	info->hidden.native_sectors = a.lba + 1;
	info->hidden.ama = compare_max(id, a.lba + 1);
}

static void configuration_overlay(struct link *l, hz_device_info *info, const struct ata_identity *id)
{
	uint64_t sectors = 0, native = info->hidden.native_sectors ? info->hidden.native_sectors : id->sectors;
	uint8_t page[ATA_SECTOR];

	/* Frozen, or an answer that is none: modern drives and emulators announce the feature and tell nothing. */
	if (pio_in(l, ATA_DCO, ATA_DCO_IDENTIFY, 0, page) < 0 || !ata_dco_parse(&sectors, page, sizeof(page))) {
		info_not_known(info, err_text("the size in the device configuration overlay"));
		return;
	}
	info->hidden.dco_sectors = sectors;
	info->hidden.dco = sectors == native ? HZ_HIDDEN_NONE
		: sectors > native           ? HZ_HIDDEN_PRESENT
					     : HZ_HIDDEN_UNCLEAR;
}

static void hidden_areas(struct link *l, hz_device_info *info, const struct ata_identity *id)
{
	info->hidden.hpa = info->hidden.dco = info->hidden.ama = HZ_HIDDEN_NONE;
	if (id->hpa)
		host_protected(l, info, id);
	if (id->ama)
		accessible_max(l, info, id);
	if (id->dco) {
		info->hidden.dco = HZ_HIDDEN_NOT_LOOKED;
		configuration_overlay(l, info, id);
	}
}

static void health(struct link *l, hz_device_info *info)
{
	struct ata_command status = { .command = ATA_SMART, .feature = ATA_SMART_STATUS, .lba = 0xc24f00 };
	uint8_t page[ATA_SECTOR];
	struct ata_smart s;
	struct ata_answer a;

	if (pio_in(l, ATA_SMART, ATA_SMART_READ_DATA, 0xc24f00, page) == 0 && ata_smart_parse(&s, page, sizeof(page))) {
		info->temperature_c = s.temperature_c;
		info->power_on_hours = s.power_on_hours;
		info->reallocated_sectors = s.reallocated;
		info->pending_sectors = s.pending;
	} else {
		info_not_known(info, err_text("SMART attributes"));
	}
	/* LBA 23:8 stays C24Fh where all is well and becomes 2CF4h where a threshold is exceeded. */
	if (non_data(l, &status, &a) < 0 || !succeeded(&a))
		return;
	if ((a.lba & 0xffff00) == 0xc24f00)
		info->health_ok = 1;
	else if ((a.lba & 0xffff00) == 0x2cf400)
		info->health_ok = 2;
}

bool ask_ata(struct link *l, hz_device_info *info)
{
	uint8_t page[ATA_SECTOR];
	struct ata_identity id;

	if (pio_in(l, ATA_IDENTIFY_DEVICE, 0, 0, page) < 0 || !ata_identity_parse(&id, page, sizeof(page)))
		return false;
	identity(info, &id);
	/* While it erases it answers little else, and each other question may be refused. */
	if (id.sanitize)
		sanitize_status(l, info);
	if (info->state & HZ_STATE_SANITIZE_RUNNING)
		return true;
	hidden_areas(l, info, &id);
	if (id.smart_enabled)
		health(l, info);
	return true;
}
