/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What names a device. A serial number that a maker forgot to set is none, and one that two devices show names neither:
 * USB bridges show the same to the whole world. Namespaces of one NVMe medium share a serial by design and are told
 * apart by the number that the kernel and the person see.
 */
#include "device/facts.h"
#include "device/link.h"
#include "device/texts.h"
#include <stdio.h>
#include <string.h>

bool facts_are_siblings(const hz_device_info *a, const hz_device_info *b)
{
	return *a->subsystem && strcmp(a->subsystem, b->subsystem) == 0;
}

/* "n2" of "nvme0n2"; NULL: it is no namespace. */
static const char *namespace_of(const hz_device_info *info)
{
	return info->transport == HZ_TRANSPORT_NVME ? strrchr(info->name, 'n') : NULL;
}

void facts_identify(hz_device_info *info)
{
	const char *ns = namespace_of(info);

	if (*info->serial && !text_is_filler(info->serial)) {
		if (info->namespaces > 1 && ns)
			(void)snprintf(info->confirm_id, sizeof(info->confirm_id), "%s/%.20s", info->serial, ns);
		else
			(void)snprintf(info->confirm_id, sizeof(info->confirm_id), "%s", info->serial);
		return;
	}
	(void)snprintf(info->confirm_id, sizeof(info->confirm_id), "%.63s:%.63s:%llu", info->name,
		*info->serial          ? info->serial
			: *info->model ? info->model
				       : hz_transport_name(info->transport),
		(unsigned long long)info->bytes);
}

void facts_compare(hz_device_info *info, const hz_device_info *other)
{
	/* What is made of the name is unique by that; compared are those that the devices themselves show. */
	if (strcmp(info->name, other->name) == 0 || text_is_filler(info->serial))
		return;
	/* mmcblk0boot0 is an area of mmcblk0. */
	if (info->transport == HZ_TRANSPORT_MMC &&
		(strncmp(info->name, other->name, strlen(info->name)) == 0 ||
			strncmp(info->name, other->name, strlen(other->name)) == 0))
		return;
	/* Other namespaces of the same medium differ by their number. */
	if (facts_are_siblings(info, other) && strcmp(info->confirm_id, other->confirm_id) != 0)
		return;
	if (strcmp(info->serial, other->serial) != 0)
		return;
	if (*info->wwn && strcmp(info->wwn, other->wwn) == 0)
		info_obstacle(info, HZ_GATE_IDENTITY, false,
			err_text("%s is another path to the same medium: leave only one of them"), other->name);
	else
		info_obstacle(info, HZ_GATE_IDENTITY, false, err_text("%s shows the same serial number"), other->name);
}

static int differs(hz_error **err, const hz_device_info *then, const char *what, const char *was, const char *is)
{
	err_set(err, HZ_E_REFUSED, "%s is not the device that it was: its %s was %s and is %s", then->path, what, was,
		is);
	err_hint(err, "nothing more is written; look at the devices again");
	return HZ_E_REFUSED;
}

static int same_number(hz_error **err, const hz_device_info *then, const char *what, uint64_t was, uint64_t is)
{
	char a[24], b[24];

	if (was == is)
		return 0;
	(void)snprintf(a, sizeof(a), "%llu", (unsigned long long)was);
	(void)snprintf(b, sizeof(b), "%llu", (unsigned long long)is);
	return differs(err, then, what, a, b);
}

int link_same(const hz_device_info *then, const hz_device_info *now, hz_error **err)
{
	int rc;

	if (strcmp(then->serial, now->serial) != 0)
		return differs(err, then, "serial", then->serial, now->serial);
	if (strcmp(then->wwn, now->wwn) != 0)
		return differs(err, then, "WWN", then->wwn, now->wwn);
	/* Without a serial of its own, by what stands for it. */
	if (text_is_filler(then->serial) && strcmp(then->confirm_id, now->confirm_id) != 0)
		return differs(err, then, "identity", then->confirm_id, now->confirm_id);
	rc = same_number(err, then, "size", then->bytes, now->bytes);
	if (rc == 0)
		rc = same_number(err, then, "sector size", then->logical_sector, now->logical_sector);
	/* A number of each insertion: it differs when another device, or the same one again, took the name. */
	if (rc == 0 && then->diskseq && now->diskseq)
		rc = same_number(err, then, "diskseq", then->diskseq, now->diskseq);
	return rc;
}
