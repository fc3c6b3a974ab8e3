/* SPDX-License-Identifier: BSD-2-Clause */
/* The struct that callers see, and the words for its numbers. */
#include "device/info.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const transports[] = { "other", "ata", "scsi", "nvme", "usb", "mmc", "virtio", "loop", "zram" };
static const char *const media[] = { "unknown", "magnetic", "flash", "card", "virtual" };
static const char *const gates[] = { "unknown", "mounted", "swap", "holder", "root", "busy", "open", "read-only",
	"size", "identity", "signature", "sibling", "partition", "unknown", "permission" };

const char *hz_transport_name(uint32_t transport)
{
	return transport < ARRAY_LEN(transports) ? transports[transport] : "other";
}

const char *hz_medium_name(uint32_t medium)
{
	return medium < ARRAY_LEN(media) ? media[medium] : "unknown";
}

const char *hz_gate_name(uint32_t gate)
{
	return gate < ARRAY_LEN(gates) ? gates[gate] : "unknown";
}

uint32_t gate_of(const char *name)
{
	for (uint32_t i = 1; i < ARRAY_LEN(gates); i++)
		if (strcmp(gates[i], name) == 0)
			return i;
	return 0;
}

void info_init(hz_device_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->temperature_c = INT32_MIN;
	info->power_on_hours = info->reallocated_sectors = info->pending_sectors = info->media_errors = UINT64_MAX;
	info->wear_percent = UINT32_MAX;
}

bool info_has(const hz_device_info *info, uint32_t gate)
{
	for (uint32_t i = 0; i < info->obstacles && i < HZ_DEVICE_OBSTACLES; i++)
		if (info->obstacle[i].gate == gate)
			return true;
	return false;
}

void info_obstacle(hz_device_info *info, uint32_t gate, bool override, const char *fmt, ...)
{
	hz_obstacle o = { .gate = gate, .override = override };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(o.text, sizeof(o.text), fmt, ap);
	va_end(ap);
	for (uint32_t i = 0; i < info->obstacles && i < HZ_DEVICE_OBSTACLES; i++)
		if (info->obstacle[i].gate == gate && strcmp(info->obstacle[i].text, o.text) == 0)
			return;
	if (info->obstacles < HZ_DEVICE_OBSTACLES) {
		info->obstacle[info->obstacles] = o;
	} else if (!override && info->obstacle[HZ_DEVICE_OBSTACLES - 1].override) {
		/* One that nobody may override must not be the one that is not kept. */
		info->obstacle[HZ_DEVICE_OBSTACLES - 1] = o;
	}
	info->obstacles++;
}

void info_not_known(hz_device_info *info, const char *fmt, ...)
{
	size_t len = strlen(info->not_known);
	va_list ap;

	if (len > 0 && len + 3 < sizeof(info->not_known)) {
		memcpy(info->not_known + len, "; ", 3);
		len += 2;
	}
	va_start(ap, fmt);
	(void)vsnprintf(info->not_known + len, sizeof(info->not_known) - len, fmt, ap);
	va_end(ap);
}
