/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The profiles as data; docs/erase/profiles.md shows them. Changing a row changes what certificates claim: the row, the
 * page and the version of the profile change together.
 *
 * No row was taken from the text of a standard that we had before us: SP 800-88r1 is as published descriptions and our
 * knowledge have it, IEEE 2883 as a drive vendor's open tool reads it, the guideline of 総務省 as a vendor sums it up.
 * So every row is `secondary`.
 */
#include "sanitize/plan.h"
#include <string.h>

#define ANY UINT32_MAX

#define R1_ATA_DISK  "SP 800-88r1 Table A-5 (ATA hard disk)"
#define R1_SCSI_DISK "SP 800-88r1 Table A-5 (SCSI hard disk)"
#define R1_DISK      "SP 800-88r1 Table A-5 (hard disk)"
#define R1_ATA_SSD   "SP 800-88r1 Table A-8 (ATA SSD)"
#define R1_SCSI_SSD  "SP 800-88r1 Table A-8 (SCSI SSD)"
#define R1_NVME      "SP 800-88r1 Table A-8 (NVM Express SSD)"
#define R1_CARD      "SP 800-88r1 Table A-8 (USB removable media, memory cards): two passes, pattern and complement"
#define R1_CLEAR     "SP 800-88r1 2.5 (all addressable locations)"
#define R1_LATER     "NVMe Sanitize is later than SP 800-88r1; counted as its SANITIZE rows of Table A-8"

#define I_ATA_DISK  "IEEE 2883-2022 (ATA hard disk)"
#define I_SCSI_DISK "IEEE 2883-2022 (SCSI hard disk)"
#define I_DISK      "IEEE 2883-2022 (hard disk)"
#define I_ATA_SSD   "IEEE 2883-2022 (ATA SSD)"
#define I_SCSI_SSD  "IEEE 2883-2022 (SCSI SSD)"
#define I_NVME      "IEEE 2883-2022 (NVMe SSD)"
#define I_CARD      "IEEE 2883-2022 (removable flash): two passes, pattern and complement"
#define I_CLEAR     "IEEE 2883-2022 (logical techniques on all addressable locations)"

/* SP 800-88r1 2.6 and Appendix D: what must hold before destroying a key destroys data. */
#define CRYPTO                                                                                                   \
	"every byte of user data was encrypted from the first write on, with a key of 128 bits or more from an " \
	"approved "                                                                                              \
	"generator, and no copy of the key is left elsewhere"
#define BELOW   "what lies below a virtual disk (copies, snapshots, journals, blocks moved elsewhere) is not reached"
#define UNKNOWN "what kind of medium this is could not be found out: two passes are what the strictest row asks for"

/* One pass of anything, or two. */
#define OVERWRITE(medium, transport, clause, assumes)                                         \
	{ medium, transport, "overwrite-stream", LEVEL_CLEAR, clause, true, assumes },        \
		{ medium, transport, "overwrite-zeros", LEVEL_CLEAR, clause, true, assumes }, \
	{                                                                                     \
		medium, transport, "overwrite-pattern", LEVEL_CLEAR, clause, true, assumes    \
	}
#define TWO_PASSES(medium, transport, clause, assumes)                                     \
	{                                                                                  \
		medium, transport, "overwrite-pattern", LEVEL_CLEAR, clause, true, assumes \
	}
/* What both technique standards have alike; the clause differs. */
#define BOTH(disk, ata_disk, scsi_disk, ata_ssd, scsi_ssd, nvme, card, clear)                                         \
	OVERWRITE(HZ_MEDIUM_MAGNETIC, ANY, disk, NULL), OVERWRITE(HZ_MEDIUM_FLASH, HZ_TRANSPORT_ATA, ata_ssd, NULL),  \
		OVERWRITE(HZ_MEDIUM_FLASH, HZ_TRANSPORT_SCSI, scsi_ssd, NULL),                                        \
		OVERWRITE(HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, nvme, NULL),                                            \
		TWO_PASSES(HZ_MEDIUM_FLASH, ANY, card, NULL), TWO_PASSES(HZ_MEDIUM_CARD, ANY, card, NULL),            \
		TWO_PASSES(HZ_MEDIUM_UNKNOWN, ANY, clear, UNKNOWN), OVERWRITE(HZ_MEDIUM_VIRTUAL, ANY, clear, BELOW),  \
		{ HZ_MEDIUM_MAGNETIC, ANY, "ata-overwrite", LEVEL_PURGE, ata_disk, true, NULL },                      \
		{ HZ_MEDIUM_MAGNETIC, ANY, "ata-crypto-scramble", LEVEL_PURGE, ata_disk, true, CRYPTO },              \
		{ HZ_MEDIUM_MAGNETIC, ANY, "ata-security-erase", LEVEL_CLEAR, ata_disk, true, NULL },                 \
		{ HZ_MEDIUM_MAGNETIC, ANY, "ata-security-erase-enhanced", LEVEL_PURGE, ata_disk, true, NULL },        \
		{ HZ_MEDIUM_FLASH, ANY, "ata-block-erase", LEVEL_PURGE, ata_ssd, true, NULL },                        \
		{ HZ_MEDIUM_FLASH, ANY, "ata-crypto-scramble", LEVEL_PURGE, ata_ssd, true, CRYPTO },                  \
		{ HZ_MEDIUM_FLASH, ANY, "ata-security-erase", LEVEL_CLEAR, ata_ssd, true, NULL },                     \
		{ HZ_MEDIUM_MAGNETIC, HZ_TRANSPORT_SCSI, "scsi-overwrite", LEVEL_PURGE, scsi_disk, true, NULL },      \
		{ HZ_MEDIUM_MAGNETIC, HZ_TRANSPORT_SCSI, "scsi-crypto-erase", LEVEL_PURGE, scsi_disk, true, CRYPTO }, \
		{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_SCSI, "scsi-block-erase", LEVEL_PURGE, scsi_ssd, true, NULL },        \
	{                                                                                                             \
		HZ_MEDIUM_FLASH, HZ_TRANSPORT_SCSI, "scsi-crypto-erase", LEVEL_PURGE, scsi_ssd, true, CRYPTO          \
	}

static const struct profile_row r1_rows[] = {
	BOTH(R1_DISK, R1_ATA_DISK, R1_SCSI_DISK, R1_ATA_SSD, R1_SCSI_SSD, R1_NVME, R1_CARD, R1_CLEAR),
	{ HZ_MEDIUM_FLASH, ANY, "ata-security-erase-enhanced", LEVEL_CLEAR, R1_ATA_SSD, true, NULL },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-format", LEVEL_PURGE, R1_NVME, true, NULL },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-format-crypto", LEVEL_PURGE, R1_NVME, true, CRYPTO },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-block-erase", LEVEL_PURGE, R1_LATER, true, NULL },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-overwrite", LEVEL_PURGE, R1_LATER, true, NULL },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-crypto-erase", LEVEL_PURGE, R1_LATER, true, CRYPTO },
};

static const struct profile_row ieee_rows[] = {
	BOTH(I_DISK, I_ATA_DISK, I_SCSI_DISK, I_ATA_SSD, I_SCSI_SSD, I_NVME, I_CARD, I_CLEAR),
	{ HZ_MEDIUM_FLASH, ANY, "ata-security-erase-enhanced", LEVEL_PURGE, I_ATA_SSD, true, NULL },
	/* Not purge: Format need not reach what is not addressable. */
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-format", LEVEL_CLEAR, I_NVME, true, NULL },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-format-crypto", LEVEL_CLEAR, I_NVME, true, CRYPTO },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-block-erase", LEVEL_PURGE, I_NVME, true, NULL },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-overwrite", LEVEL_PURGE, I_NVME, true, NULL },
	{ HZ_MEDIUM_FLASH, HZ_TRANSPORT_NVME, "nvme-crypto-erase", LEVEL_PURGE, I_NVME, true, CRYPTO },
};

/* [confidentiality][reused][leaves control]; not said is high. */
#define NIST_FLOW                                                                               \
	{                                                                                       \
		{ { DECIDE_DESTROY, DECIDE_DESTROY }, { DECIDE_PURGE, DECIDE_DESTROY } },       \
			{ { DECIDE_CLEAR, DECIDE_PURGE }, { DECIDE_CLEAR, DECIDE_PURGE } },     \
			{ { DECIDE_DESTROY, DECIDE_DESTROY }, { DECIDE_CLEAR, DECIDE_PURGE } }, \
		{                                                                               \
			{ DECIDE_DESTROY, DECIDE_DESTROY },                                     \
			{                                                                       \
				DECIDE_PURGE, DECIDE_DESTROY                                    \
			}                                                                       \
		}                                                                               \
	}
/* low: 機密性1, moderate: 機密性2 and above, high: systems that handle マイナンバー. */
#define SOUMU_FLOW                                                                          \
	{                                                                                   \
		{ { DECIDE_DESTROY, DECIDE_DESTROY }, { DECIDE_CLEAR, DECIDE_DESTROY } },   \
			{ { DECIDE_CLEAR, DECIDE_CLEAR }, { DECIDE_CLEAR, DECIDE_CLEAR } }, \
			{ { DECIDE_CLEAR, DECIDE_PURGE }, { DECIDE_CLEAR, DECIDE_PURGE } }, \
		{                                                                           \
			{ DECIDE_DESTROY, DECIDE_DESTROY },                                 \
			{                                                                   \
				DECIDE_CLEAR, DECIDE_DESTROY                                \
			}                                                                   \
		}                                                                           \
	}

static const struct profile table[] = {
	{ "nist-800-88r1", "2014-12", "NIST SP 800-88 Rev. 1 (withdrawn 2025-09-26, still what most contracts name)",
		"NIST SP 800-88 Rev. 1, Appendix A", r1_rows, sizeof(r1_rows) / sizeof(r1_rows[0]), NIST_FLOW,
		"SP 800-88r1 Figure 4-1" },
	{ "nist-800-88r2+ieee2883", "2025-09", "NIST SP 800-88 Rev. 2 with IEEE 2883", "IEEE 2883-2022", ieee_rows,
		sizeof(ieee_rows) / sizeof(ieee_rows[0]), NIST_FLOW,
		"SP 800-88r1 Figure 4-1 (that Rev. 2 keeps it was not confirmed)" },
	{ "soumu-jp", "2020-12",
		"総務省 地方公共団体における情報セキュリティポリシーに関するガイドライン (令和2年12月)",
		"NIST SP 800-88 Rev. 1, Appendix A", r1_rows, sizeof(r1_rows) / sizeof(r1_rows[0]), SOUMU_FLOW,
		"総務省 guideline of 2020-12, three classes, as a vendor sums it up" },
	{ 0 },
};

const struct profile *profiles(void)
{
	return table;
}

const struct profile *profile_find(const char *id)
{
	for (const struct profile *p = table; p->id; p++)
		if (strcmp(p->id, id) == 0)
			return p;
	return NULL;
}

/* A row that names the transport comes before one for any. */
const struct profile_row *profile_row_find(const struct profile *p, const hz_device_info *d, const char *method)
{
	const struct profile_row *any = NULL;

	for (size_t i = 0; i < p->n_rows; i++) {
		const struct profile_row *r = &p->rows[i];

		if (r->medium != d->medium || strcmp(r->method, method) != 0)
			continue;
		if (r->transport == d->transport)
			return r;
		if (r->transport == ANY)
			any = r;
	}
	return any;
}

enum level profile_row_level(const struct profile_row *r, bool vouched)
{
	if (!r)
		return LEVEL_NONE;
	return r->assumes && !vouched && r->level > LEVEL_CLEAR ? LEVEL_CLEAR : r->level;
}
