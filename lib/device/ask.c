/* SPDX-License-Identifier: BSD-2-Clause */
/* Which questions a device is asked. */
#include "device/ask.h"

void ask_device(struct link *l, hz_device_info *info)
{
	switch (info->transport) {
	case HZ_TRANSPORT_ATA:
		if (!ask_ata(l, info))
			ask_scsi(l, info);
		break;
	case HZ_TRANSPORT_USB:
		/* A stick has nothing behind it that would answer, and some hang at a command that they do not know. */
		if (info->removable || !ask_ata(l, info))
			ask_scsi(l, info);
		break;
	case HZ_TRANSPORT_SCSI:
		ask_scsi(l, info);
		break;
	case HZ_TRANSPORT_NVME:
		ask_nvme(l, info);
		break;
	default:
		break;
	}
}
