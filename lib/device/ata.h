/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ATA: what a device's answers mean (ACS-3), and the SCSI command that carries an ATA one (SAT-3). Pure.
 */
#ifndef DEVICE_ATA_H
#define DEVICE_ATA_H

#include "device/link.h"

#define ATA_SECTOR 512

enum {
	ATA_IDENTIFY_DEVICE = 0xec,
	ATA_READ_NATIVE_MAX_EXT = 0x27,
	ATA_READ_NATIVE_MAX = 0xf8,
	ATA_ACCESSIBLE_MAX = 0x78, /* feature 0: GET NATIVE MAX ADDRESS EXT */
	ATA_SANITIZE = 0xb4,
	ATA_SMART = 0xb0,
	ATA_DCO = 0xb1,
};
enum { ATA_SMART_READ_DATA = 0xd0, ATA_SMART_STATUS = 0xda, ATA_DCO_IDENTIFY = 0xc2 };
enum { ATA_STATUS_ERR = 0x01, ATA_STATUS_DF = 0x20, ATA_ERROR_ABRT = 0x04 };

struct ata_identity {
	char serial[21], firmware[9], model[41];
	char wwn[32]; /* "naa.5000..."; empty: none */
	uint64_t sectors;
	uint32_t logical_sector, physical_sector;
	bool lba48;
	uint32_t rotation; /* 0 not told, 1 flash, else rounds a minute */
	bool trim;
	uint64_t can; /* HZ_CAN_ATA_* */
	uint32_t state;
	uint64_t erase_s, enhanced_s; /* 0: not told */
	bool hpa, dco, ama, smart, smart_enabled, security, sanitize;
	uint16_t security_word; /* 128 as it is */
};
/* False: these 512 bytes are no answer to IDENTIFY DEVICE (a packet device, a wrong checksum, nothing at all). */
bool ata_identity_parse(struct ata_identity *id, const void *data, size_t len);

/* SMART READ DATA. False: the checksum is wrong. What a device does not tell stays as it was. */
struct ata_smart {
	int32_t temperature_c;                         /* INT32_MIN: none */
	uint64_t power_on_hours, reallocated, pending; /* UINT64_MAX: none */
};
bool ata_smart_parse(struct ata_smart *s, const void *data, size_t len);

/* DCO IDENTIFY: sectors of the device as made. False: the answer tells nothing (checksum, or a maximum of 0 or 1, as
 * modern drives and emulators give it). */
bool ata_dco_parse(uint64_t *sectors, const void *data, size_t len);

/* What the registers of SANITIZE STATUS EXT say (ACS-3). */
enum ata_sanitize_phase { ATA_SANITIZE_UNKNOWN, ATA_SANITIZE_IDLE, ATA_SANITIZE_RUNNING, ATA_SANITIZE_FAILED };
struct ata_sanitize_status {
	enum ata_sanitize_phase phase;
	bool completed_ok; /* the last one, since it was asked for */
	bool frozen, antifreeze;
	uint16_t progress; /* of 65536, while it runs */
};
struct ata_sanitize_status ata_sanitize_parse(const struct ata_answer *a);

/* ATA PASS-THROUGH (16). sectors: of data; 0 without. */
void ata_pass_through(uint8_t cdb[16], const struct ata_command *c);

/* Strings of ATA: two characters a word, the first in the high byte. out has room for 2 * words + 1. */
void ata_string(char *out, const uint8_t *words, size_t n_words);

#endif
