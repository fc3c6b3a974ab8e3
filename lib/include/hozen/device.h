/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Block devices: what they are, what they can do, and why one may not be erased. NIST SP 800-88 2.4 and 4.3 (know the
 * medium), research on identity and use.
 *
 *	hz_device_info d = HZ_DEVICE_INFO_INIT;
 *
 *	if (hz_device_look("/dev/sda", &d, &err) == 0)
 *		printf("%s %s: %s\n", d.path, d.confirm_id, d.obstacles ? d.obstacle[0].text : "free");
 *
 * Nothing here writes to a device. Texts come from the device as they are but for control characters and blanks at
 * both ends: they prove nothing.
 */
#ifndef HOZEN_DEVICE_H
#define HOZEN_DEVICE_H

#include "hozen/error.h"
#include "hozen/json.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	HZ_TRANSPORT_OTHER = 0,
	HZ_TRANSPORT_ATA = 1,
	HZ_TRANSPORT_SCSI = 2, /* SAS, FC, iSCSI */
	HZ_TRANSPORT_NVME = 3,
	HZ_TRANSPORT_USB = 4, /* mass storage behind a bridge: what it answers may be the bridge's */
	HZ_TRANSPORT_MMC = 5,
	HZ_TRANSPORT_VIRTIO = 6,
	HZ_TRANSPORT_LOOP = 7,
	HZ_TRANSPORT_ZRAM = 8
};
/* "ata", ...; static. */
HZ_API const char *hz_transport_name(uint32_t transport);

/* The kinds that SP 800-88r1 Appendix A and IEEE 2883 tell apart. */
enum {
	HZ_MEDIUM_UNKNOWN = 0,
	HZ_MEDIUM_MAGNETIC = 1, /* rotating disk */
	HZ_MEDIUM_FLASH = 2,    /* SSD behind ATA, SCSI or NVMe */
	HZ_MEDIUM_CARD = 3,     /* eMMC, SD, USB stick: flash with no command set to speak of */
	HZ_MEDIUM_VIRTUAL = 4   /* loop, zram, virtio: what lies below is not known */
};
HZ_API const char *hz_medium_name(uint32_t medium);

/* What a device says it can do, or the kernel for it. */
#define HZ_CAN_WRITE               (UINT64_C(1) << 0)
#define HZ_CAN_DISCARD             (UINT64_C(1) << 1)
#define HZ_CAN_WRITE_ZEROES        (UINT64_C(1) << 2)
#define HZ_CAN_ATA_SECURITY        (UINT64_C(1) << 8)
#define HZ_CAN_ATA_ENHANCED        (UINT64_C(1) << 9)
#define HZ_CAN_ATA_CRYPTO_SCRAMBLE (UINT64_C(1) << 10)
#define HZ_CAN_ATA_BLOCK_ERASE     (UINT64_C(1) << 11)
#define HZ_CAN_ATA_OVERWRITE       (UINT64_C(1) << 12)
#define HZ_CAN_ATA_ANTIFREEZE      (UINT64_C(1) << 13)
#define HZ_CAN_SCSI_CRYPTO         (UINT64_C(1) << 16)
#define HZ_CAN_SCSI_BLOCK          (UINT64_C(1) << 17)
#define HZ_CAN_SCSI_OVERWRITE      (UINT64_C(1) << 18)
#define HZ_CAN_NVME_CRYPTO         (UINT64_C(1) << 24)
#define HZ_CAN_NVME_BLOCK          (UINT64_C(1) << 25)
#define HZ_CAN_NVME_OVERWRITE      (UINT64_C(1) << 26)
#define HZ_CAN_NVME_FORMAT         (UINT64_C(1) << 27)
#define HZ_CAN_NVME_FORMAT_CRYPTO  (UINT64_C(1) << 28)
#define HZ_CAN_OPAL                (UINT64_C(1) << 32)

/* States that stand in the way of commands. */
#define HZ_STATE_READ_ONLY        (1u << 0)
#define HZ_STATE_SECURITY_ENABLED (1u << 1) /* ATA: a password is set */
#define HZ_STATE_SECURITY_LOCKED  (1u << 2)
#define HZ_STATE_SECURITY_FROZEN  (1u << 3)
#define HZ_STATE_SECURITY_EXPIRED (1u << 4)
#define HZ_STATE_SANITIZE_FROZEN  (1u << 5)
#define HZ_STATE_SANITIZE_RUNNING (1u << 6) /* the firmware erases now, whoever started it */
#define HZ_STATE_SANITIZE_FAILED  (1u << 7)

/* Areas that reads and writes do not reach. */
enum {
	HZ_HIDDEN_NOT_LOOKED = 0, /* this kind of device has none that we know of, or it could not be asked: see text */
	HZ_HIDDEN_NONE = 1,
	HZ_HIDDEN_PRESENT = 2,
	HZ_HIDDEN_UNCLEAR = 3 /* the answer makes no sense; counts as present */
};
typedef struct hz_hidden {
	uint32_t hpa, dco, ama; /* HZ_HIDDEN_* */
	uint32_t reserved;
	uint64_t native_sectors, dco_sectors; /* logical sectors with them; 0: not known */
} hz_hidden;

/* Why a device may not be erased. */
enum {
	HZ_GATE_MOUNTED = 1,
	HZ_GATE_SWAP = 2,
	HZ_GATE_HOLDER = 3, /* device mapper, md, bcache, ... stand on it */
	HZ_GATE_ROOT = 4,   /* the running system lives on it */
	HZ_GATE_BUSY = 5,   /* O_EXCL is refused: somebody has claimed it */
	HZ_GATE_OPEN = 6,   /* another process has it open */
	HZ_GATE_READ_ONLY = 7,
	HZ_GATE_SIZE = 8,       /* size zero, or not one number */
	HZ_GATE_IDENTITY = 9,   /* no identity, or one that another device shows too */
	HZ_GATE_SIGNATURE = 10, /* LUKS, LVM, md, zfs, ...: may be part of something; wants a stronger confirmation */
	HZ_GATE_SIBLING = 11,   /* another namespace or path of the same medium is in use */
	HZ_GATE_PARTITION = 12, /* a partition, not a disk */
	HZ_GATE_UNKNOWN = 13,   /* it could not be found out whether it is in use: counts as in use */
	HZ_GATE_PERMISSION = 14
};
HZ_API const char *hz_gate_name(uint32_t gate);
typedef struct hz_obstacle {
	uint32_t gate;     /* HZ_GATE_* */
	uint32_t override; /* 1: may be overridden by naming gate and identity; 0: never */
	char text[200];    /* what was found: "mounted on /srv (btrfs, through loop1)" */
} hz_obstacle;

#define HZ_DEVICE_OBSTACLES 16

typedef struct hz_device_info {
	uint32_t size;
	uint32_t transport, medium; /* HZ_TRANSPORT_*, HZ_MEDIUM_* */
	uint32_t state;             /* HZ_STATE_* */
	char path[256];             /* "/dev/sda" */
	char name[64];              /* of the kernel: "sda" */
	char model[64], serial[64], firmware[32];
	char wwn[80]; /* WWN, EUI-64 or NGUID in hex with its kind: "naa.5000...", "eui.0025..."; empty: none */
	/* What a person types to confirm: the serial; for a device without a unique one a name made of what it has
	 * ("loop0:/srv/disk.img:67108864"); unique among the devices of this machine, or an obstacle says that it is
	 * not. */
	char confirm_id[200];
	char bridge_serial[64]; /* what a bridge or controller shows where the device itself says something else */
	uint32_t major, minor;
	uint64_t diskseq; /* 0: this kernel does not tell */
	uint64_t bytes;
	uint32_t logical_sector, physical_sector; /* bytes */
	uint32_t rotational, removable, zoned;
	uint32_t max_io_bytes;  /* of one request; 0: not known */
	uint64_t can;           /* HZ_CAN_* */
	uint64_t estimate_s[4]; /* the device's own: ATA erase normal, enhanced; sanitize block, overwrite; 0: none */
	hz_hidden hidden;
	/* Health, where the device tells: INT32_MIN and UINT64_MAX for what it does not. */
	int32_t temperature_c;
	uint32_t health_ok; /* 1 good, 2 failing by its own account, 0 not told */
	uint64_t power_on_hours, reallocated_sectors, pending_sectors, media_errors;
	uint32_t wear_percent; /* used; UINT32_MAX: not told */
	/* NVMe: of the subsystem, because sanitize reaches all of it. */
	char subsystem[256];
	uint32_t namespaces;
	uint32_t nsid; /* of this one; 0: none, or not known */
	/* What was not found out and why, one line; empty: nothing. */
	char not_known[256];
	uint32_t obstacles; /* how many; more than fit count, and are not kept */
	hz_obstacle obstacle[HZ_DEVICE_OBSTACLES];
} hz_device_info;

#define HZ_DEVICE_INFO_INIT                    \
	{                                      \
		.size = sizeof(hz_device_info) \
	}

typedef int (*hz_device_fn)(void *user, const hz_device_info *device);

typedef struct hz_device_options {
	uint32_t size;
	uint32_t flags; /* HZ_DEVICE_* */
} hz_device_options;
#define HZ_DEVICE_OPTIONS_INIT               \
	{                                    \
		sizeof(hz_device_options), 0 \
	}
#define HZ_DEVICE_ALL 1u /* also those of size zero, ram disks, unused loop devices, device mapper and md */

/* Each disk of this machine, by name; opens them for reading only, without O_EXCL but for a moment, each in a process
 * of its own that is given 20 seconds (fork: call it where no other thread may hold a lock just then). fn ends it by
 * another value than 0, which is returned. What cannot be asked of a device is in its info: one that hangs or fails
 * does not hide others. HZ_E_IO: /sys is not there. Since: 0.1 */
HZ_API int hz_devices_list(const hz_device_options *opts, hz_device_fn fn, void *user, hz_error **err);
/* One of them, by any path that leads to it (/dev/disk/by-id/...). HZ_E_NOTFOUND: nothing there. HZ_E_INVAL: no block
 * device. A partition is described with the obstacle HZ_GATE_PARTITION. info->size is set before; 0: that of this
 * version. Since: 0.1 */
HZ_API int hz_device_look(const char *path, hz_device_info *info, hz_error **err);
/* Everything of info under the names of docs/schemas/device-v1.json. Since: 0.1 */
HZ_API void hz_device_json(hz_json *j, const hz_device_info *info);

#ifdef __cplusplus
}
#endif
#endif
