/* SPDX-License-Identifier: BSD-2-Clause */
/* docs/schemas/device-v1.json. What is not known is null; lists of names are what programs search, not bits. */
#include "hozen/device.h"
#include "base/error.h"
#include <stdbool.h>

struct bit_name {
	uint64_t bit;
	const char *name;
};

static const struct bit_name abilities[] = {
	{ HZ_CAN_WRITE, "write" },
	{ HZ_CAN_DISCARD, "discard" },
	{ HZ_CAN_WRITE_ZEROES, "write-zeroes" },
	{ HZ_CAN_ATA_SECURITY, "ata-security-erase" },
	{ HZ_CAN_ATA_ENHANCED, "ata-security-erase-enhanced" },
	{ HZ_CAN_ATA_CRYPTO_SCRAMBLE, "ata-crypto-scramble" },
	{ HZ_CAN_ATA_BLOCK_ERASE, "ata-block-erase" },
	{ HZ_CAN_ATA_OVERWRITE, "ata-overwrite" },
	{ HZ_CAN_ATA_ANTIFREEZE, "ata-antifreeze-lock" },
	{ HZ_CAN_SCSI_CRYPTO, "scsi-crypto-erase" },
	{ HZ_CAN_SCSI_BLOCK, "scsi-block-erase" },
	{ HZ_CAN_SCSI_OVERWRITE, "scsi-overwrite" },
	{ HZ_CAN_NVME_CRYPTO, "nvme-crypto-erase" },
	{ HZ_CAN_NVME_BLOCK, "nvme-block-erase" },
	{ HZ_CAN_NVME_OVERWRITE, "nvme-overwrite" },
	{ HZ_CAN_NVME_FORMAT, "nvme-format" },
	{ HZ_CAN_NVME_FORMAT_CRYPTO, "nvme-format-crypto" },
	{ HZ_CAN_OPAL, "opal" },
};

static const struct bit_name states[] = {
	{ HZ_STATE_READ_ONLY, "read-only" },
	{ HZ_STATE_SECURITY_ENABLED, "security-enabled" },
	{ HZ_STATE_SECURITY_LOCKED, "security-locked" },
	{ HZ_STATE_SECURITY_FROZEN, "security-frozen" },
	{ HZ_STATE_SECURITY_EXPIRED, "security-expired" },
	{ HZ_STATE_SANITIZE_FROZEN, "sanitize-frozen" },
	{ HZ_STATE_SANITIZE_RUNNING, "sanitize-running" },
	{ HZ_STATE_SANITIZE_FAILED, "sanitize-failed" },
};

static void put_bits(hz_json *j, const char *key, uint64_t bits, const struct bit_name *names, size_t n)
{
	hz_json *list = hz_json_array(j, key);

	for (size_t i = 0; i < n; i++)
		if (bits & names[i].bit)
			hz_json_add_str(list, names[i].name);
}

static void put_known(hz_json *j, const char *key, bool known, uint64_t value)
{
	if (known)
		hz_json_u64(j, key, value);
	else
		hz_json_null(j, key);
}

static void put_text(hz_json *j, const char *key, const char *text)
{
	hz_json_str(j, key, *text ? text : NULL);
}

static void put_identity(hz_json *j, const hz_device_info *d)
{
	hz_json_str(j, "path", d->path);
	hz_json_str(j, "name", d->name);
	hz_json_str(j, "confirm_id", d->confirm_id);
	put_text(j, "model", d->model);
	put_text(j, "serial", d->serial);
	put_text(j, "firmware", d->firmware);
	put_text(j, "wwn", d->wwn);
	put_text(j, "bridge_serial", d->bridge_serial);
	hz_json_u64(j, "major", d->major);
	hz_json_u64(j, "minor", d->minor);
	put_known(j, "diskseq", d->diskseq != 0, d->diskseq);
	put_text(j, "subsystem", d->subsystem);
	put_known(j, "namespaces", d->namespaces != 0, d->namespaces);
	put_known(j, "nsid", d->nsid != 0, d->nsid);
}

static void put_shape(hz_json *j, const hz_device_info *d)
{
	hz_json_u64(j, "bytes", d->bytes);
	hz_json_u64(j, "logical_sector", d->logical_sector);
	hz_json_u64(j, "physical_sector", d->physical_sector);
	put_known(j, "max_io_bytes", d->max_io_bytes != 0, d->max_io_bytes);
	hz_json_str(j, "transport", hz_transport_name(d->transport));
	hz_json_str(j, "medium", hz_medium_name(d->medium));
	hz_json_bool(j, "rotational", d->rotational != 0);
	hz_json_bool(j, "removable", d->removable != 0);
	hz_json_bool(j, "zoned", d->zoned != 0);
	put_bits(j, "can", d->can, abilities, ARRAY_LEN(abilities));
	put_bits(j, "state", d->state, states, ARRAY_LEN(states));
}

static void put_estimates(hz_json *j, const hz_device_info *d)
{
	static const char *const names[] = { "ata_erase", "ata_erase_enhanced", "sanitize_block",
		"sanitize_overwrite" };
	hz_json *o = hz_json_object(j, "estimate_seconds");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put_known(o, names[i], d->estimate_s[i] != 0, d->estimate_s[i]);
}

static void put_hidden(hz_json *j, const hz_device_info *d)
{
	static const char *const words[] = { "not looked", "none", "present", "unclear" };
	hz_json *o = hz_json_object(j, "hidden");

	hz_json_str(o, "hpa", words[d->hidden.hpa & 3]);
	hz_json_str(o, "dco", words[d->hidden.dco & 3]);
	hz_json_str(o, "ama", words[d->hidden.ama & 3]);
	put_known(o, "native_sectors", d->hidden.native_sectors != 0, d->hidden.native_sectors);
	put_known(o, "dco_sectors", d->hidden.dco_sectors != 0, d->hidden.dco_sectors);
}

static void put_health(hz_json *j, const hz_device_info *d)
{
	static const char *const words[] = { "not told", "good", "failing" };
	hz_json *o = hz_json_object(j, "health");

	hz_json_str(o, "verdict", words[d->health_ok <= 2 ? d->health_ok : 0]);
	if (d->temperature_c == INT32_MIN)
		hz_json_null(o, "temperature_c");
	else
		hz_json_i64(o, "temperature_c", d->temperature_c);
	put_known(o, "power_on_hours", d->power_on_hours != UINT64_MAX, d->power_on_hours);
	put_known(o, "reallocated_sectors", d->reallocated_sectors != UINT64_MAX, d->reallocated_sectors);
	put_known(o, "pending_sectors", d->pending_sectors != UINT64_MAX, d->pending_sectors);
	put_known(o, "media_errors", d->media_errors != UINT64_MAX, d->media_errors);
	put_known(o, "wear_percent", d->wear_percent != UINT32_MAX, d->wear_percent);
}

static void put_obstacles(hz_json *j, const hz_device_info *d)
{
	hz_json *list = hz_json_array(j, "obstacles");

	for (uint32_t i = 0; i < d->obstacles && i < HZ_DEVICE_OBSTACLES; i++) {
		hz_json *o = hz_json_add_object(list);

		hz_json_str(o, "gate", hz_gate_name(d->obstacle[i].gate));
		hz_json_bool(o, "override", d->obstacle[i].override != 0);
		hz_json_str(o, "message", d->obstacle[i].text);
	}
	hz_json_u64(j, "obstacles_total", d->obstacles);
}

void hz_device_json(hz_json *j, const hz_device_info *info)
{
	put_identity(j, info);
	put_shape(j, info);
	put_estimates(j, info);
	put_hidden(j, info);
	put_health(j, info);
	put_text(j, "not_known", info->not_known);
	put_obstacles(j, info);
}
