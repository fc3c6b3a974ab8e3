/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A member of a volume group, an array or a pool may hold data that no longer shows anywhere else on this machine, and
 * a locked container shows nothing at all. Those ask for a second look; what stands there in plain sight does not.
 */
#include "device/signature.h"
#include "base/error.h"
#include <blkid/blkid.h>
#include <stdio.h>
#include <string.h>

bool signature_counts(const char *type, const char *usage)
{
	/* By name where libblkid's usage is "filesystem" or "other". */
	static const char *const types[] = { "zfs_member", "bcache", "ceph_bluestore", "VMFS", "VMFS_volume_member",
		"btrfs", "swsuspend", "swap", "apfs" };

	if (usage && (strcmp(usage, "raid") == 0 || strcmp(usage, "crypto") == 0))
		return true;
	for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

/* All signatures of one area; off and len in bytes, len 0: to the end. */
static void probe_area(hz_device_info *info, int fd, uint64_t off, uint64_t len, int partition)
{
	blkid_probe p = blkid_new_probe();
	char where[48] = "";
	int rc = 0;

	if (partition)
		(void)snprintf(where, sizeof(where), err_text(", in partition %d"), partition);
	if (!p || blkid_probe_set_device(p, fd, (blkid_loff_t)off, (blkid_loff_t)len) != 0)
		rc = -1;
	if (rc == 0) {
		(void)blkid_probe_enable_superblocks(p, 1);
		(void)blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
		(void)blkid_probe_enable_partitions(p, 0);
		while ((rc = blkid_do_probe(p)) == 0) {
			const char *type = NULL, *usage = NULL;

			(void)blkid_probe_lookup_value(p, "TYPE", &type, NULL);
			(void)blkid_probe_lookup_value(p, "USAGE", &usage, NULL);
			if (type && signature_counts(type, usage))
				info_obstacle(info, HZ_GATE_SIGNATURE, true, err_text("it carries %s%s"), type, where);
		}
	}
	/* 1: no more. An area that cannot be read may carry anything; it will be written, if that is possible. */
	if (rc < 0)
		info_not_known(info, err_text("what it carries%s"), where);
	blkid_free_probe(p);
}

static void probe_partitions(hz_device_info *info, int fd)
{
	blkid_probe p = blkid_new_probe();
	blkid_partlist list = NULL;

	if (p && blkid_probe_set_device(p, fd, 0, 0) == 0 && blkid_probe_enable_partitions(p, 1) == 0)
		list = blkid_probe_get_partitions(p);
	for (int i = 0, n = list ? blkid_partlist_numof_partitions(list) : 0; i < n; i++) {
		blkid_partition part = blkid_partlist_get_partition(list, i);
		uint64_t start = (uint64_t)blkid_partition_get_start(part),
			 size = (uint64_t)blkid_partition_get_size(part);

		/* In units of 512 bytes; an extended partition is no area of its own. */
		if (size == 0 || blkid_partition_is_extended(part) || start >= info->bytes / 512 ||
			size > info->bytes / 512 - start)
			continue;
		probe_area(info, fd, start * 512, size * 512, blkid_partition_get_partno(part));
	}
	blkid_free_probe(p);
}

void signature_check(hz_device_info *info, int fd)
{
	if (info->bytes == 0)
		return;
	probe_area(info, fd, 0, 0, 0);
	probe_partitions(info, fd);
}
