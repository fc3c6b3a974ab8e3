/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of devices are told apart by where they hang in /sys/devices, not by their names alone: a USB disk, a SATA
 * disk and one behind an HBA are all "sd". What is not told stays empty; later answers of the device itself replace
 * what is here (ask.c).
 */
#include "device/facts.h"
#include "device/scsi.h"
#include "device/texts.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct facts {
	hz_device_info *info;
	const struct roots *r;
	const char *sys;     /* "block/sda" */
	char at[ROOTS_PATH]; /* where it hangs: "../devices/pci0000:00/.../block/sda" */
};

static void set(const struct facts *f, char *out, size_t cap, const char *attribute)
{
	char text[256];
	int n = attr_text(f->r->sys, text, sizeof(text), "%s/%s", f->sys, attribute);

	if (n > 0)
		text_set(out, cap, text, (size_t)n);
}

static uint64_t number(const struct facts *f, const char *attribute)
{
	uint64_t v = 0;

	return attr_u64(f->r->sys, &v, "%s/%s", f->sys, attribute) ? v : 0;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* udev's notes: "E:ID_SERIAL_SHORT=..." */
static void from_udev(const struct facts *f, const char *key, char *out, size_t cap)
{
	char file[8192], want[64];
	const hz_device_info *info = f->info;
	char *line;

	if (*out || f->r->udev < 0 ||
		attr_text(f->r->udev, file, sizeof(file), "b%u:%u", info->major, info->minor) <= 0)
		return;
	(void)snprintf(want, sizeof(want), "\nE:%s=", key);
	line = strstr(file, want);
	if (!line)
		return;
	line += strlen(want);
	text_set(out, cap, line, strcspn(line, "\n"));
}

/* The folder of the USB device: the last part of the path before an interface ("1-2:1.0"). */
static void usb_facts(struct facts *f)
{
	char path[ROOTS_PATH], text[128];
	hz_device_info *info = f->info;
	char *colon;

	(void)snprintf(path, sizeof(path), "%s", begins(f->at, "../") ? f->at + 3 : f->at);
	for (colon = strchr(path, ':'); colon; colon = strchr(colon + 1, ':')) {
		char *slash = colon;

		while (slash > path && *slash != '/')
			slash--;
		/* "1-2.3:1.0", and not "pci0000:00" or "0:0:0:0". */
		if (*slash == '/' && isdigit((unsigned char)slash[1]) && memchr(slash, '-', (size_t)(colon - slash))) {
			*slash = '\0';
			break;
		}
	}
	if (!colon)
		return;
	if (attr_text(f->r->sys, text, sizeof(text), "%s/serial", path) > 0)
		text_set(info->bridge_serial, sizeof(info->bridge_serial), text, sizeof(text));
	memcpy(info->serial, info->bridge_serial, sizeof(info->serial));
	if (!*info->model && attr_text(f->r->sys, text, sizeof(text), "%s/product", path) > 0)
		text_set(info->model, sizeof(info->model), text, sizeof(text));
}

/* vendor and model of INQUIRY, eight and sixteen letters; libata puts "ATA" where the vendor stands. */
static void scsi_facts(struct facts *f)
{
	char vendor[32] = "", model[64] = "", wwid[80] = "";
	hz_device_info *info = f->info;
	uint8_t page[512];
	long n;

	set(f, vendor, sizeof(vendor), "device/vendor");
	set(f, model, sizeof(model), "device/model");
	set(f, info->firmware, sizeof(info->firmware), "device/rev");
	set(f, wwid, sizeof(wwid), "device/wwid");
	if (info->transport == HZ_TRANSPORT_SCSI && strcmp(vendor, "ATA") == 0)
		info->transport = HZ_TRANSPORT_ATA;
	(void)snprintf(info->model, sizeof(info->model), "%.16s%s%.40s", strcmp(vendor, "ATA") == 0 ? "" : vendor,
		*vendor && *model && strcmp(vendor, "ATA") != 0 ? " " : "", model);
	n = attr_bytes(f->r->sys, page, sizeof(page), "%s/device/vpd_pg80", f->sys);
	if (n > 0)
		(void)scsi_serial_parse(info->serial, sizeof(info->serial), page, (size_t)n);
	n = attr_bytes(f->r->sys, page, sizeof(page), "%s/device/vpd_pg83", f->sys);
	if (n > 0)
		(void)scsi_name_parse(info->wwn, sizeof(info->wwn), page, (size_t)n);
	/* t10 names are made of model and serial: no more than those. */
	if (begins(info->wwn, "t10."))
		info->wwn[0] = '\0';
	if (!*info->wwn && (begins(wwid, "naa.") || begins(wwid, "eui.")))
		memcpy(info->wwn, wwid, sizeof(info->wwn));
	if (info->transport == HZ_TRANSPORT_USB)
		usb_facts(f);
}

/* How many namespaces of this subsystem there are. */
static uint32_t count_namespaces(const struct facts *f, const struct blocks *b)
{
	uint32_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		char nqn[256];

		if (b->at[i].disk == i && !b->at[i].hidden && begins(b->at[i].name, "nvme") &&
			attr_text(f->r->sys, nqn, sizeof(nqn), "%s/device/subsysnqn", b->at[i].sys) > 0 &&
			strcmp(nqn, f->info->subsystem) == 0)
			n++;
	}
	return n;
}

static void nvme_facts(struct facts *f, const struct blocks *b)
{
	hz_device_info *info = f->info;

	set(f, info->serial, sizeof(info->serial), "device/serial");
	set(f, info->model, sizeof(info->model), "device/model");
	set(f, info->firmware, sizeof(info->firmware), "device/firmware_rev");
	set(f, info->subsystem, sizeof(info->subsystem), "device/subsysnqn");
	set(f, info->wwn, sizeof(info->wwn), "wwid");
	/* Without an EUI-64, NGUID or UUID the kernel makes a name of vendor, serial and model: nothing new. */
	if (begins(info->wwn, "nvme."))
		info->wwn[0] = '\0';
	info->nsid = (uint32_t)number(f, "nsid");
	if (*info->subsystem)
		info->namespaces = count_namespaces(f, b);
	else
		info_not_known(info, err_text("which namespaces share the medium"));
}

static void mmc_facts(struct facts *f)
{
	hz_device_info *info = f->info;
	char cid[64] = "", serial[32] = "";

	set(f, info->model, sizeof(info->model), "device/name");
	set(f, serial, sizeof(serial), "device/serial");
	set(f, info->firmware, sizeof(info->firmware), "device/fwrev");
	set(f, cid, sizeof(cid), "device/cid");
	(void)snprintf(info->serial, sizeof(info->serial), "%s", begins(serial, "0x") ? serial + 2 : serial);
	if (*cid)
		(void)snprintf(info->wwn, sizeof(info->wwn), "cid.%s", cid);
}

static uint32_t transport_of(const struct facts *f)
{
	static const struct {
		const char *begin;
		uint32_t transport;
	} names[] = { { "nvme", HZ_TRANSPORT_NVME }, { "mmcblk", HZ_TRANSPORT_MMC }, { "vd", HZ_TRANSPORT_VIRTIO },
		{ "loop", HZ_TRANSPORT_LOOP }, { "zram", HZ_TRANSPORT_ZRAM } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (begins(f->info->name, names[i].begin))
			return names[i].transport;
	if (!begins(f->info->name, "sd") && !begins(f->info->name, "sr"))
		return HZ_TRANSPORT_OTHER;
	if (strstr(f->at, "/usb"))
		return HZ_TRANSPORT_USB;
	return strstr(f->at, "/ata") ? HZ_TRANSPORT_ATA : HZ_TRANSPORT_SCSI;
}

/* The kernel says "rotates" of every USB and SCSI disk that does not say otherwise: of a bridge that is no answer. */
static uint32_t medium_of(const struct facts *f)
{
	const hz_device_info *info = f->info;

	if (strstr(f->at, "/virtio"))
		return HZ_MEDIUM_VIRTUAL;
	switch (info->transport) {
	case HZ_TRANSPORT_MMC:
		return HZ_MEDIUM_CARD;
	case HZ_TRANSPORT_VIRTIO:
	case HZ_TRANSPORT_LOOP:
	case HZ_TRANSPORT_ZRAM:
		return HZ_MEDIUM_VIRTUAL;
	case HZ_TRANSPORT_USB:
		return info->removable ? HZ_MEDIUM_CARD : info->rotational ? HZ_MEDIUM_UNKNOWN : HZ_MEDIUM_FLASH;
	case HZ_TRANSPORT_ATA:
	case HZ_TRANSPORT_SCSI:
	case HZ_TRANSPORT_NVME:
		return info->rotational ? HZ_MEDIUM_MAGNETIC : HZ_MEDIUM_FLASH;
	default:
		return strstr(f->at, "/virtual/") ? HZ_MEDIUM_VIRTUAL : HZ_MEDIUM_UNKNOWN;
	}
}

static void queue_facts(struct facts *f)
{
	hz_device_info *info = f->info;
	char zoned[32] = "";

	info->logical_sector = (uint32_t)number(f, "queue/logical_block_size");
	info->physical_sector = (uint32_t)number(f, "queue/physical_block_size");
	info->rotational = number(f, "queue/rotational") != 0;
	info->removable = number(f, "removable") != 0;
	info->max_io_bytes = (uint32_t)(number(f, "queue/max_sectors_kb") * 1024);
	info->diskseq = number(f, "diskseq");
	set(f, zoned, sizeof(zoned), "queue/zoned");
	info->zoned = *zoned && strcmp(zoned, "none") != 0;
	if (number(f, "queue/discard_max_bytes") > 0)
		info->can |= HZ_CAN_DISCARD;
	if (number(f, "queue/write_zeroes_max_bytes") > 0)
		info->can |= HZ_CAN_WRITE_ZEROES;
	if (number(f, "ro"))
		info->state |= HZ_STATE_READ_ONLY;
	else
		info->can |= HZ_CAN_WRITE;
}

static void obstacles(struct facts *f, const struct blocks *b, size_t i)
{
	hz_device_info *info = f->info;
	uint64_t sectors = 0;

	if (!attr_u64(f->r->sys, &sectors, "%s/size", b->at[i].sys) || sectors == 0)
		info_obstacle(info, HZ_GATE_SIZE, false, err_text("it has no size"));
	info->bytes = sectors > UINT64_MAX / 512 ? 0 : sectors * 512;
	if (info->logical_sector && info->bytes % info->logical_sector)
		info_obstacle(info, HZ_GATE_SIZE, false, err_text("its size is no multiple of its sectors of %u bytes"),
			info->logical_sector);
	if (info->state & HZ_STATE_READ_ONLY)
		info_obstacle(info, HZ_GATE_READ_ONLY, false, err_text("it is read-only"));
	if (b->at[i].disk != i)
		info_obstacle(info, HZ_GATE_PARTITION, false, err_text("a partition of %s: name the disk"),
			b->at[b->at[i].disk].name);
}

void facts_read(hz_device_info *info, const struct roots *r, const struct blocks *b, size_t i)
{
	const struct block *disk = &b->at[b->at[i].disk];
	struct facts f = { .info = info, .r = r, .sys = disk->sys };
	char node[80];

	info_init(info);
	blocks_node(node, sizeof(node), b->at[i].name);
	(void)snprintf(info->path, sizeof(info->path), "/dev/%s", node);
	(void)snprintf(info->name, sizeof(info->name), "%s", disk->name);
	info->major = b->at[i].major;
	info->minor = b->at[i].minor;
	(void)attr_link(r->sys, f.at, sizeof(f.at), "%s", disk->sys);
	info->transport = transport_of(&f);
	queue_facts(&f);
	if (info->transport == HZ_TRANSPORT_NVME)
		nvme_facts(&f, b);
	else if (info->transport == HZ_TRANSPORT_MMC)
		mmc_facts(&f);
	else if (info->transport == HZ_TRANSPORT_VIRTIO)
		set(&f, info->serial, sizeof(info->serial), "serial");
	else if (info->transport != HZ_TRANSPORT_LOOP && info->transport != HZ_TRANSPORT_ZRAM)
		scsi_facts(&f);
	if (info->transport == HZ_TRANSPORT_LOOP)
		set(&f, info->model, sizeof(info->model), "loop/backing_file");
	from_udev(&f, "ID_SERIAL_SHORT", info->serial, sizeof(info->serial));
	from_udev(&f, "ID_MODEL", info->model, sizeof(info->model));
	info->medium = medium_of(&f);
	obstacles(&f, b, i);
	memcpy(info->name, b->at[i].name, sizeof(info->name));
	facts_identify_again(info, r, b, i);
}

/* The path of a loop device's file may hold more than a model has room for, and more letters. */
void facts_identify_again(hz_device_info *info, const struct roots *r, const struct blocks *b, size_t i)
{
	const size_t room = sizeof(info->confirm_id) - 96;
	char file[ROOTS_PATH];
	size_t len;

	facts_identify(info);
	if (info->transport != HZ_TRANSPORT_LOOP ||
		attr_text(r->sys, file, sizeof(file), "%s/loop/backing_file", b->at[b->at[i].disk].sys) <= 0)
		return;
	len = strlen(file);
	(void)snprintf(info->confirm_id, sizeof(info->confirm_id), "%.63s:%s:%llu", info->name,
		file + (len > room ? len - room : 0), (unsigned long long)info->bytes);
}

bool facts_is_minor(const struct roots *r, const struct blocks *b, size_t i)
{
	static const char *const kinds[] = { "ram", "dm-", "md", "sr", "fd" };
	const char *name = b->at[i].name;
	char file[ROOTS_PATH];
	uint64_t sectors;

	if (!attr_u64(r->sys, &sectors, "%s/size", b->at[i].sys) || sectors == 0)
		return true;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		if (begins(name, kinds[k]))
			return true;
	if (begins(name, "mmcblk") && (strstr(name, "boot") || strstr(name, "rpmb") || strstr(name, "gp")))
		return true;
	return begins(name, "loop") && attr_text(r->sys, file, sizeof(file), "%s/loop/backing_file", b->at[i].sys) <= 0;
}
